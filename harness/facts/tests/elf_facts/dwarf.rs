use crate::support::{
    A, AARCH64, ARM, EXEC, Elf, LE64, LOCAL, LOONGARCH, REL, RISCV, SECTION, SHAPES, Shape, X86_64,
};
use twinlto_facts::dwarf::units;

/// "clang 22" at 0, "b.c" at 9, "a.c" at 13.
const STRINGS: &[u8] = b"clang 22\0b.c\0a.c\0";

/// One abbreviation: a compile unit with name, producer, language and line table.
const ABBREV: [u8; 14] = [1, 0x11, 0, 0x03, 0x0e, 0x25, 0x0e, 0x13, 0x05, 0x10, 0x17, 0, 0, 0];

/// A DWARF 4 unit; `name`, `producer` and `lines` are offsets in their sections.
fn unit(shape: Shape, name: u64, producer: u64, lines: u64) -> Vec<u8> {
    let body = [
        shape.int(4, 2),
        shape.int(0, 4),
        vec![shape.word() as u8, 1],
        shape.int(name, 4),
        shape.int(producer, 4),
        shape.int(0x1d, 2), // DW_LANG_C11
        shape.int(lines, 4),
    ]
    .concat();
    [shape.int(body.len() as u64, 4), body].concat()
}

/// Places of the name, the producer and the line table in a unit.
const FIELDS: [u64; 3] = [12, 16, 22];

/// A DWARF 4 line table with this program, no directories and no files.
fn lines(shape: Shape, program: &[u8]) -> Vec<u8> {
    let header = [1, 1, 1, 0, 1, 1, 0, 0];
    let rest =
        [shape.int(4, 2), shape.int(header.len() as u64, 4), header.to_vec(), program.to_vec()]
            .concat();
    [shape.int(rest.len() as u64, 4), rest].concat()
}

/// A linked file with b.c, which has lines, and a.c, whose table is empty.
pub(crate) fn linked(shape: Shape) -> Elf {
    let mut elf = Elf::new(shape, EXEC, AARCH64);
    let (full, empty) = (lines(shape, &[0, 1, 1]), lines(shape, &[]));
    let info = [unit(shape, 9, 0, 0), unit(shape, 13, 0, full.len() as u64)].concat();
    elf.section(".debug_info", 0, 0, &info);
    elf.section(".debug_abbrev", 0, 0, &ABBREV);
    elf.section(".debug_str", 0x30, 0, STRINGS);
    elf.section(".debug_line", 0, 0, &[full, empty].concat());
    elf
}

/// The same before the link: offsets are relocations.
pub(crate) fn unlinked(shape: Shape, machine: u16, kind: u32) -> Elf {
    let mut elf = linked(shape);
    (elf.e_type, elf.machine) = (REL, machine);
    let full = lines(shape, &[0, 1, 1]).len() as i64;
    elf.section_mut(1).data = unit(shape, 0, 0, 0).repeat(2);
    let size = elf.section_mut(1).data.len() as u64 / 2;
    let strings = elf.symbol("", LOCAL, SECTION, 3, 0);
    let table = elf.symbol("", LOCAL, SECTION, 4, 0);
    let [name, producer, line] = FIELDS;
    let next = FIELDS.map(|place| place + size);
    elf.rela(
        1,
        &[
            (name, strings, kind, 9),
            (producer, strings, kind, 0),
            (line, table, kind, 0),
            (next[0], strings, kind, 13),
            (next[1], strings, kind, 0),
            (next[2], table, kind, full),
        ],
    );
    elf
}

fn brief(elf: &Elf) -> Vec<String> {
    let line = |it: &twinlto_facts::dwarf::Unit| {
        let lines = if it.has_lines { "lines" } else { "no lines" };
        format!("{} by {} in {} {}, {lines}", it.name, it.producer, it.language, it.version)
    };
    units(&elf.bytes()).unwrap().iter().map(line).collect()
}

fn refusal(elf: &Elf) -> String {
    units(&elf.bytes()).unwrap_err().to_string()
}

const BOTH: [&str; 2] =
    ["a.c by clang 22 in DW_LANG_C11 4, no lines", "b.c by clang 22 in DW_LANG_C11 4, lines"];

#[test]
fn units_are_read_in_every_shape_and_sorted() {
    for shape in SHAPES {
        assert_eq!(brief(&linked(shape)), BOTH, "{shape:?}");
    }
}

#[test]
fn relocations_are_applied_before_the_link() {
    for shape in SHAPES {
        assert_eq!(brief(&unlinked(shape, RISCV, 1)), BOTH, "{shape:?}");
    }
    // R_AARCH64_ABS32, R_X86_64_32, R_LARCH_32.
    for (machine, kind) in [(AARCH64, 258), (X86_64, 10), (LOONGARCH, 1)] {
        assert_eq!(brief(&unlinked(LE64, machine, kind)), BOTH, "machine {machine}");
    }
}

#[test]
fn addends_may_stand_in_place() {
    for big in [false, true] {
        let mut elf = unlinked(Shape { wide: false, big }, ARM, 2); // R_ARM_ABS32
        elf.addends_in_place();
        assert_eq!(brief(&elf), BOTH);
    }
}

/// With relaxation, riscv writes a difference as ADD32 and SUB32 in one place.
#[test]
fn sums_are_relocated_too() {
    let mut elf = unlinked(LE64, RISCV, 1);
    let strings = 1;
    let number = elf.sections.len();
    let name = FIELDS[0];
    elf.section_mut(number).data.drain(..24);
    elf.rela(1, &[(name, strings, 35, 20), (name, strings, 39, 11)]);
    assert_eq!(brief(&elf), BOTH);
}

#[test]
fn a_file_without_debug_information_has_no_units() {
    assert_eq!(brief(&Elf::new(LE64, EXEC, AARCH64)), [""; 0]);
}

#[test]
fn compressed_sections_are_named() {
    let mut elf = linked(LE64);
    elf.section_mut(3).flags |= 0x800;
    assert_eq!(refusal(&elf), "section '.debug_str' is compressed");
    let mut elf = linked(LE64);
    elf.section_mut(1).name = ".zdebug_info".to_owned();
    assert_eq!(refusal(&elf), "section '.zdebug_info' is compressed");
}

#[test]
fn relocations_of_an_unknown_machine_are_an_error() {
    assert_eq!(refusal(&unlinked(LE64, 8, 2)), "relocations of machine 8 are not known");
}

#[test]
fn two_sections_with_units_are_an_error_before_the_link() {
    let mut elf = unlinked(LE64, AARCH64, 258);
    elf.section(".debug_info", A, 0, &[]);
    assert_eq!(refusal(&elf), "more than one section '.debug_info'");
}

#[test]
fn the_damaged_unit_is_named_by_its_place() {
    let mut elf = linked(LE64);
    let size = elf.section_mut(1).data.len() / 2;
    elf.section_mut(1).data[size + 4] = 99; // version of the second unit
    let why = refusal(&elf);
    assert!(why.starts_with(&format!("damaged unit at {size:#x} in .debug_info: ")), "{why}");
    let mut elf = linked(LE64);
    elf.section_mut(3).data.truncate(4);
    let why = refusal(&elf);
    assert!(why.starts_with("damaged unit at 0x0 in .debug_info: "), "{why}");
}
