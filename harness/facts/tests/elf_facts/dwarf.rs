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

/// A stream of zlib.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

/// The header of a compressed section, and what it holds.
fn with_header(shape: Shape, method: u64, size: u64, packed: &[u8]) -> Vec<u8> {
    let fields = if shape.word() == 8 {
        vec![shape.int(method, 4), shape.int(0, 4), shape.int(size, 8), shape.int(1, 8)]
    } else {
        vec![shape.int(method, 4), shape.int(size, 4), shape.int(1, 4)]
    };
    [fields.concat(), packed.to_vec()].concat()
}

/// All debug sections compressed, in the form of the ABI or in that of GNU before it.
pub(crate) fn compressed(mut elf: Elf, old: bool) -> Elf {
    for index in 1..=elf.sections.len() {
        let shape = elf.shape;
        let section = elf.section_mut(index);
        let Some(rest) = section.name.strip_prefix(".debug_").map(str::to_owned) else { continue };
        let (size, packed) = (section.data.len() as u64, zlib(&section.data));
        if old {
            section.name = format!(".zdebug_{rest}");
            section.data = [b"ZLIB".to_vec(), size.to_be_bytes().to_vec(), packed].concat();
        } else {
            section.flags |= 0x800;
            section.data = with_header(shape, 1, size, &packed);
        }
    }
    elf
}

#[test]
fn compressed_sections_are_read_in_every_shape() {
    for shape in SHAPES {
        for old in [false, true] {
            assert_eq!(brief(&compressed(linked(shape), old)), BOTH, "{shape:?} {old}");
            let before = unlinked(shape, RISCV, 1);
            assert_eq!(brief(&compressed(before, old)), BOTH, "{shape:?} {old}");
        }
    }
}

#[test]
fn a_compressed_section_that_cannot_be_unpacked_says_why() {
    let with = |flags: u64, name: &str, data: Vec<u8>| {
        let mut elf = linked(LE64);
        let section = elf.section_mut(3);
        section.flags |= flags;
        name.clone_into(&mut section.name);
        section.data = data;
        refusal(&elf)
    };
    let packed = zlib(STRINGS);
    let size = STRINGS.len() as u64;
    let header = |method, size| with_header(LE64, method, size, &packed);
    let mut cut = header(1, size);
    cut.truncate(30);
    let mut bad = header(1, size);
    bad[26] ^= 0xff;
    for (data, why) in [
        (vec![1, 0, 0], "it ends before its compression header"),
        (header(7, size), "its method of compression is not known"),
        (header(1, size - 1), "it does not hold as much as its header says"),
        (header(1, size + 1), "it does not hold as much as its header says"),
        (header(1, u64::MAX), "it claims to hold more than the file is worth"),
        (header(1, 1 << 30), "it claims to hold more than the file is worth"),
        (cut, ""),
        (bad, ""),
        (header(2, size), ""),
    ] {
        let said = with(0x800, ".debug_str", data);
        assert!(said.starts_with("section '.debug_str' is compressed: "), "{said}");
        assert!(said.contains(why), "{said}");
    }
    let said = with(0, ".zdebug_str", b"ZLIB\0".to_vec());
    assert_eq!(said, "section '.zdebug_str' is compressed: it does not begin with ZLIB and a size");
}

/// What is not read may be as large as it likes.
#[test]
fn a_compressed_section_that_nobody_needs_is_left_alone() {
    let mut elf = linked(LE64);
    elf.section(".debug_loc", 0x800, 0, &with_header(LE64, 9, u64::MAX, &[]));
    assert_eq!(brief(&elf), BOTH);
}

#[test]
fn relocations_of_an_unknown_machine_are_an_error() {
    assert_eq!(refusal(&unlinked(LE64, 8, 2)), "relocations of machine 8 are not known");
}

/// Before the link types have sections of their own; after it one is damaged.
#[test]
fn two_sections_with_units_count_as_one_before_the_link() {
    let mut elf = unlinked(LE64, AARCH64, 258);
    let unit = unit(LE64, 9, 0, 0);
    elf.section(".debug_info", A, 0, &unit);
    let plain =
        ["a.c by clang 22 in DW_LANG_C11 4, no lines", "b.c by clang 22 in DW_LANG_C11 4, lines"];
    let mut three = vec![plain[0], plain[1], plain[1]];
    three.sort_unstable();
    assert_eq!(brief(&elf), three);
    let mut elf = linked(LE64);
    elf.section(".debug_info", A, 0, &unit);
    assert_eq!(refusal(&elf), "more than one section '.debug_info'");
}

#[test]
fn sections_that_claim_the_same_bytes_over_and_over_end() {
    let mut elf = unlinked(LE64, AARCH64, 258);
    let unit = unit(LE64, 9, 0, 0).repeat(100);
    elf.section(".debug_info", A, 0, &unit);
    let mut bytes = elf.bytes();
    assert_eq!(units(&bytes).unwrap().len(), 102);
    // Each of the last section headers becomes that of the section added above.
    let image = twinlto_facts::elf::Image::parse(&bytes).unwrap();
    let (index, _) =
        image.sections.iter().enumerate().rfind(|(_, it)| it.name == ".debug_info").unwrap();
    let table = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    let header = bytes[table + 64 * index..table + 64 * (index + 1)].to_vec();
    let headers = bytes[table..].to_vec();
    bytes.truncate(table);
    bytes.extend(headers);
    for _ in 0..5000 {
        bytes.extend(&header);
    }
    let count = (bytes.len() - table) / 64;
    bytes[60..62].copy_from_slice(&(count as u16).to_le_bytes());
    assert_eq!(units(&bytes).unwrap_err().to_string(), "more than one section '.debug_info'");
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
