use crate::support::{
    A, AARCH64, ARM, AX, EXEC, Elf, FUNC, GLOBAL, LE64, LOCAL, LOONGARCH, NOTYPE, OBJECT, REL,
    RISCV, SECTION, SHAPES, Shape, WA, X86_64,
};
use twinlto_facts::elf::{Image, KernelTable, table, tables};

/// One field of a table.
#[derive(Clone, Copy)]
enum Field {
    /// A number and its size.
    Int(u64, usize),
    /// A pointer of 32 bits relative to itself: section, offset.
    Relative(usize, u64),
    /// The same as wide as an address.
    RelativeLong(usize, u64),
    /// An address.
    Address(usize, u64),
    /// Nothing, up to the next multiple.
    Align(usize),
}
use Field::{Address, Align, Int, Relative, RelativeLong};

const TEXT: usize = 1;
const RODATA: usize = 2;
const DATA: usize = 3;

/// A file with code `f` and `g`, texts and the object `key`, linked or not.
fn start(shape: Shape, e_type: u16, machine: u16) -> Elf {
    let mut elf = Elf::new(shape, e_type, machine);
    let address = |section: usize| if e_type == EXEC { 0x10_0000 * section as u64 } else { 0 };
    elf.section(".text", AX, address(TEXT), &[0; 64]);
    elf.section(".rodata", A, address(RODATA), b"lib/a.c\0%d texts\0\0");
    elf.section(".data", WA, address(DATA), &[0; 32]);
    for section in [TEXT, RODATA, DATA] {
        elf.symbol("", LOCAL, SECTION, section, address(section));
    }
    for (name, kind, section, at, size) in
        [("f", FUNC, TEXT, 0, 32), ("g", FUNC, TEXT, 32, 32), ("key", OBJECT, DATA, 8, 16)]
    {
        elf.symbol(name, GLOBAL, kind, section, address(section) + at);
        elf.symbols.last_mut().unwrap().size = size;
    }
    elf
}

/// Adds a table; in a file that is not linked with its relocations.
fn add(elf: &mut Elf, name: &str, fields: &[Field]) -> usize {
    let (shape, linked) = (elf.shape, elf.e_type == EXEC);
    let number = elf.sections.len() + 1;
    let start = if linked { 0x10_0000 * number as u64 } else { 0 };
    let mut data: Vec<u8> = Vec::new();
    let mut relocations = Vec::new();
    for field in fields {
        let here = data.len() as u64;
        let (size, section, offset, relative) = match *field {
            Int(value, size) => {
                data.extend(shape.int(value, size));
                continue;
            }
            Align(to) => {
                data.resize(data.len().next_multiple_of(to), 0);
                continue;
            }
            Relative(section, offset) => (4, section, offset, true),
            RelativeLong(section, offset) => (shape.word(), section, offset, true),
            Address(section, offset) => (shape.word(), section, offset, false),
        };
        let target = 0x10_0000 * section as u64 + offset;
        let from = if relative { start + here } else { 0 };
        data.extend(shape.int(if linked { target.wrapping_sub(from) } else { 0 }, size));
        relocations.push((here, section as u32, 1, offset as i64));
    }
    let section = elf.section(name, A, start, &data);
    if !linked {
        elf.rela(section, &relocations);
    }
    section
}

/// A file with something in every table.
pub(crate) fn tabled(shape: Shape, e_type: u16, machine: u16) -> Elf {
    let mut elf = start(shape, e_type, machine);
    let word = shape.word();
    let name = Address(RODATA, 0);
    let small = [Int(0o644, 2), Int(0xff, 1), Int(0, 1)];
    let param = [&[name, Int(0, word), Address(DATA, 8)], small.as_slice(), &[Int(0, word)]];
    let mut param = param.concat();
    param.insert(6, Align(word));
    add(&mut elf, "__param", &param);
    add(&mut elf, ".init.setup", &[name, Address(TEXT, 32), Int(1, 4), Align(word)]);
    add(&mut elf, "__ex_table", &[Relative(TEXT, 8), Relative(TEXT, 40), Int(1, 2), Int(0, 2)]);
    add(&mut elf, "__bug_table", &[Relative(TEXT, 36), Relative(RODATA, 0), Int(7, 2), Int(3, 2)]);
    let code = [Relative(TEXT, 4), Relative(TEXT, 32)];
    let rest: &[Field] = match machine {
        X86_64 => &[Int(5, 2), Int(0, 2), Int(4, 1), Int(4, 1)],
        RISCV => &[Int(0, 2), Int(4, 2), Int(5, 4)],
        _ => &[Int(5, 2), Int(4, 1), Int(4, 1)],
    };
    add(&mut elf, ".altinstructions", &[&code, rest].concat());
    add(&mut elf, "__jump_table", &[code[0], code[1], RelativeLong(DATA, 9)]);
    add(&mut elf, ".static_call_sites", &[Relative(TEXT, 4), Relative(DATA, 9)]);
    add(&mut elf, ".static_call_tramp_key", &[Relative(TEXT, 0), Relative(DATA, 8)]);
    let text = u64::from_le_bytes(*b"GPL\0NS\0\0");
    let text: Vec<Field> = text.to_le_bytes().map(|byte| Int(byte.into(), 1)).to_vec();
    let export = add(&mut elf, ".export_symbol", &[text, vec![Address(TEXT, 0)]].concat());
    let at = elf.section_mut(export).address;
    elf.symbol("__export_symbol_f", LOCAL, NOTYPE, export, at);
    let fixup = [Int(0x8086, 2), Int(0xffff, 2), Int(0xffff_ffff, 4), Int(0, 4)];
    let relative = matches!(machine, X86_64 | AARCH64);
    let hook = if relative { Relative(TEXT, 0) } else { Address(TEXT, 0) };
    let hook = [if relative { Align(4) } else { Align(word) }, hook];
    add(&mut elf, ".pci_fixup_early", &[fixup.as_slice(), &hook].concat());
    elf
}

fn read(elf: &Elf, which: KernelTable) -> Result<Vec<String>, String> {
    let bytes = elf.bytes();
    let found = table(&Image::parse(&bytes).unwrap(), which).map_err(|it| it.to_string())?;
    Ok(found.entries.iter().map(ToString::to_string).collect())
}

/// A linked file with one table.
fn one(machine: u16, which: KernelTable, fields: &[Field]) -> Result<Vec<String>, String> {
    let mut elf = start(LE64, EXEC, machine);
    add(&mut elf, which.name(), fields);
    read(&elf, which)
}

#[test]
fn every_shape_has_every_table() {
    for shape in SHAPES {
        for (e_type, machine) in [EXEC, REL].into_iter().zip([RISCV, X86_64, AARCH64, LOONGARCH]) {
            let bytes = tabled(shape, e_type, machine).bytes();
            for (which, found) in tables(&Image::parse(&bytes).unwrap()) {
                let found = found.unwrap();
                assert_eq!(found.entries.len(), 1, "{shape:?} {e_type} {machine} {which}");
            }
        }
    }
}

#[test]
fn a_table_that_is_no_whole_number_of_entries_is_refused() {
    for which in KernelTable::ALL {
        if which == KernelTable::PciFixups {
            continue;
        }
        let why = one(AARCH64, which, &[Int(0, 4), Int(0, 3)]).unwrap_err();
        assert!(why.starts_with(&format!("cannot decode {which}: ")), "{why}");
    }
    let why = one(AARCH64, KernelTable::Extable, &[Int(0, 8), Int(0, 5)]).unwrap_err();
    assert_eq!(why, "cannot decode __ex_table: 13 bytes, no multiple of 12");
    let mut elf = start(LE64, EXEC, LOONGARCH);
    add(&mut elf, ".pci_fixup_final", &[Int(0, 8), Int(0, 8)]);
    let why = read(&elf, KernelTable::PciFixups).unwrap_err();
    assert_eq!(why, "cannot decode .pci_fixup: final: 16 bytes, no multiple of 24");
}

#[test]
fn a_table_of_another_machine_is_refused() {
    let entry = [Relative(TEXT, 0), Relative(TEXT, 0), Int(0, 4)];
    let why = one(ARM, KernelTable::Extable, &entry).unwrap_err();
    assert_eq!(why, "cannot decode __ex_table: not known for machine 40");
}

#[test]
fn a_pointer_to_no_code_is_refused() {
    let entry = [Relative(DATA, 0), Relative(TEXT, 0), Int(0, 4)];
    let why = one(AARCH64, KernelTable::Extable, &entry).unwrap_err();
    assert_eq!(why, "cannot decode __ex_table: entry 0: a pointer leads to no code");
}

#[test]
fn bugs_are_read_in_the_layout_that_makes_sense() {
    let code = Relative(TEXT, 36);
    let (file, format) = (Relative(RODATA, 0), Relative(RODATA, 8));
    let bug = |fields: &[Field]| one(X86_64, KernelTable::Bugs, fields);
    let short = [code, Int(1, 2), Int(0, 2)];
    assert_eq!(bug(&short).unwrap(), ["warn: g+0x4"]);
    let with_file = [code, file, Int(9, 2), Int(0, 2)];
    assert_eq!(bug(&with_file), Err(
        "cannot decode __bug_table: both as entries with file and as entries with format it makes sense"
            .to_owned()
    ));
    let with_file = [code, file, Int(9, 2), Int(3, 2)];
    assert_eq!(bug(&with_file).unwrap(), ["warn once at lib/a.c:9: g+0x4"]);
    let with_format = [code, format, Int(0xb, 2), Int(0, 2)];
    assert_eq!(bug(&with_format).unwrap(), ["warn once no-cut-here: g+0x4"]);
    let with_both = [code, format, file, Int(9, 2), Int(0x117, 2)];
    assert_eq!(bug(&with_both).unwrap(), ["warn once done args taint 1 at lib/a.c:9: g+0x4"]);
}

#[test]
fn the_last_bug_of_loongarch_may_lack_its_padding() {
    let code = Relative(TEXT, 36);
    let entries = [code, Int(0, 2), Int(0, 2), Relative(TEXT, 0), Int(1, 2)];
    assert_eq!(one(LOONGARCH, KernelTable::Bugs, &entries).unwrap(), ["bug: g+0x4", "warn: f"]);
    assert!(one(RISCV, KernelTable::Bugs, &entries).is_err());
}

#[test]
fn alternatives_of_older_x86_have_no_flags() {
    let entry = [Relative(TEXT, 36), Relative(TEXT, 0), Int(0x8000 + 70, 2), Int(0x0305, 2)];
    let read = one(X86_64, KernelTable::Alternatives, &entry).unwrap();
    assert_eq!(read, ["feature 2*32+6 not, 5 to 3 bytes: g+0x4"]);
}

#[test]
fn code_outside_every_symbol_goes_by_its_section() {
    let mut elf = start(LE64, EXEC, AARCH64);
    elf.symbols.retain(|it| it.name != b"f" && it.name != b"g");
    add(&mut elf, "__ex_table", &[Relative(TEXT, 0), Relative(TEXT, 0), Int(1, 4)]);
    assert_eq!(read(&elf, KernelTable::Extable).unwrap(), ["bpf: .text, .text"]);
}

#[test]
fn a_symbol_that_lasts_is_better_than_a_label() {
    let mut elf = start(LE64, EXEC, AARCH64);
    elf.symbol("label", GLOBAL, NOTYPE, TEXT, 0x10_0004);
    add(&mut elf, "__ex_table", &[Relative(TEXT, 8), Relative(TEXT, 0), Int(1, 4)]);
    assert_eq!(read(&elf, KernelTable::Extable).unwrap(), ["bpf: f+0x8, f"]);
}

/// Linking makes hidden symbols local, which must not change the name of a place.
#[test]
fn a_hidden_alias_is_not_preferred() {
    for binding in [GLOBAL, LOCAL] {
        let mut elf = start(LE64, EXEC, AARCH64);
        elf.symbol("a_hidden", binding, FUNC, TEXT, 0x10_0000);
        let alias = elf.symbols.last_mut().unwrap();
        (alias.size, alias.other) = (32, 2);
        add(&mut elf, "__ex_table", &[Relative(TEXT, 8), Relative(TEXT, 0), Int(1, 4)]);
        assert_eq!(read(&elf, KernelTable::Extable).unwrap(), ["bpf: f+0x8, f"]);
    }
}

#[test]
fn linked_fixups_without_symbols_are_refused() {
    let mut elf = start(LE64, EXEC, AARCH64);
    add(&mut elf, ".pci_fixup", &[Int(0, 8), Int(0, 8)]);
    let why = read(&elf, KernelTable::PciFixups).unwrap_err();
    assert_eq!(why, "cannot decode .pci_fixup: no symbols tell its passes apart");
}

#[test]
fn labels_in_the_wrong_order_are_refused() {
    let mut elf = start(LE64, EXEC, AARCH64);
    elf.symbol("__start___jump_table", GLOBAL, NOTYPE, RODATA, 0x20_0008);
    elf.symbol("__stop___jump_table", GLOBAL, NOTYPE, RODATA, 0x20_0000);
    let why = read(&elf, KernelTable::JumpLabels).unwrap_err();
    assert!(why.ends_with("'__start___jump_table' lies after '__stop___jump_table'"), "{why}");
    elf.symbols.last_mut().unwrap().value = 0x30_0000;
    let why = read(&elf, KernelTable::JumpLabels).unwrap_err();
    assert!(why.ends_with("lie in different sections"), "{why}");
}

#[test]
fn a_text_without_bound_is_refused() {
    let mut elf = start(LE64, EXEC, AARCH64);
    elf.section_mut(RODATA).data = vec![b'x'; 5000];
    elf.section_mut(RODATA).data.push(0);
    add(&mut elf, ".init.setup", &[Address(RODATA, 0), Address(TEXT, 0), Int(0, 8)]);
    let why = read(&elf, KernelTable::Setup).unwrap_err();
    assert!(why.contains("a text of 5000 bytes, more than 4096"), "{why}");
}

#[test]
fn tallies_do_not_know_the_order() {
    let entry = |at| [Relative(TEXT, at), Relative(TEXT, 0), Int(1, 4)];
    let table = |first, second| {
        let mut elf = start(LE64, EXEC, AARCH64);
        add(&mut elf, "__ex_table", &[entry(first), entry(second)].concat());
        let bytes = elf.bytes();
        table(&Image::parse(&bytes).unwrap(), KernelTable::Extable).unwrap()
    };
    let (one, other) = (table(0, 40), table(40, 0));
    assert_ne!(one, other);
    assert_eq!(one.tally(), other.tally());
    assert_eq!(one.facts().into_iter().collect::<Vec<_>>(), [("bpf", 2)]);
}
