use crate::support::{
    A, AARCH64, AX, EXEC, Elf, FUNC, GLOBAL, LE64, LOCAL, NOTYPE, OBJECT, REL, RISCV, SHAPES,
    Shape, UNDEF, WA,
};
use twinlto_facts::elf::{ElfError, ExportEntry, Image, exports};

const TEXT: u64 = 0x8000_1000;
const TABLE: u64 = 0x8000_2000;
const STRINGS: u64 = 0x8000_3000;
/// "" at 0, "alpha" at 1, "NS" at 7, "beta" at 10, "gamma" at 15.
const NAMES: &[u8] = b"\0alpha\0NS\0beta\0gamma\0";

fn word(shape: Shape, relative: bool) -> u64 {
    if relative { 4 } else { shape.word() as u64 }
}

/// Value, name and namespace of each entry, as the table at `TABLE` stores them.
fn table(shape: Shape, relative: bool, entries: &[[u64; 3]]) -> Vec<u8> {
    let word = word(shape, relative);
    let place = |index: usize| TABLE + index as u64 * word;
    let field = |(index, value): (usize, &u64)| {
        let value = if relative { value.wrapping_sub(place(index)) } else { *value };
        shape.int(value, word as usize)
    };
    entries.as_flattened().iter().enumerate().flat_map(field).collect()
}

/// A linked kernel that exports beta, alpha (GPL, in NS) and gamma.
fn kernel(shape: Shape, relative: bool) -> Elf {
    let mut elf = Elf::new(shape, EXEC, if relative { AARCH64 } else { RISCV });
    let text = elf.section(".text", AX, TEXT, &[0; 64]);
    let entries = [
        [TEXT + 8, STRINGS + 10, STRINGS],
        [TEXT, STRINGS + 1, STRINGS + 7],
        [TEXT + 16, STRINGS + 15, STRINGS],
    ];
    let data = table(shape, relative, &entries);
    let ksymtab = elf.section("__ksymtab", A, TABLE, &data);
    elf.section("__ksymtab_strings", A, STRINGS, NAMES);
    let crcs = [0xbbbb, 0xaaaa_aaaa, 0].map(|crc| shape.int(crc, 4)).concat();
    elf.section("__kcrctab", A, 0x8000_4000, &crcs);
    elf.section("__kflagstab", A, 0x8000_5000, &[0, 1, 0]);
    let entry = 3 * word(shape, relative);
    elf.symbol("__ksymtab_beta", LOCAL, NOTYPE, ksymtab, TABLE);
    elf.symbol("__ksymtab_alpha", LOCAL, NOTYPE, ksymtab, TABLE + entry);
    elf.symbol("aaa_alias", GLOBAL, FUNC, text, TEXT);
    elf.symbol("alpha", GLOBAL, FUNC, text, TEXT);
    elf.symbol("beta", LOCAL, OBJECT, text, TEXT + 8);
    elf.symbol("other", LOCAL, FUNC, text, TEXT + 16);
    elf
}

fn brief(entries: &[ExportEntry]) -> Vec<String> {
    let line = |it: &ExportEntry| {
        let crc = it.crc.map_or("-".to_owned(), |crc| crc.to_string());
        let address = it.value.address.map_or("-".to_owned(), |at| format!("{at:x}"));
        let symbol = it.value.symbol.as_deref().unwrap_or("-");
        let gpl = if it.gpl { "GPL" } else { "any" };
        format!("{} [{}] {crc} {gpl} {symbol} {address}", it.name, it.namespace)
    };
    entries.iter().map(line).collect()
}

fn read(elf: &Elf) -> Result<Vec<String>, ElfError> {
    let bytes = elf.bytes();
    exports(&Image::parse(&bytes)?).map(|entries| brief(&entries))
}

fn refusal(elf: &Elf) -> String {
    read(elf).unwrap_err().to_string()
}

#[test]
fn both_encodings_read_the_same_in_every_shape() {
    for shape in SHAPES {
        for relative in [false, true] {
            assert_eq!(
                read(&kernel(shape, relative)).unwrap(),
                [
                    "alpha [NS] 0xaaaaaaaa GPL alpha 80001000",
                    "beta [] 0x0000bbbb any beta 80001008",
                    "gamma [] 0x00000000 any other 80001010",
                ],
                "{shape:?}, relative: {relative}"
            );
        }
    }
}

#[test]
fn a_file_without_tables_exports_nothing() {
    let mut elf = Elf::new(LE64, EXEC, AARCH64);
    elf.section(".text", AX, TEXT, &[0; 4]);
    assert_eq!(read(&elf).unwrap(), [""; 0]);
}

#[test]
fn without_modversions_there_is_no_crc() {
    let mut elf = kernel(LE64, true);
    elf.section_mut(4).name = "other".to_owned();
    assert_eq!(read(&elf).unwrap()[0], "alpha [NS] - GPL alpha 80001000");
}

#[test]
fn older_kernels_keep_gpl_symbols_in_tables_of_their_own() {
    let mut elf = kernel(LE64, true);
    elf.section_mut(2).name = "__ksymtab_gpl".to_owned();
    elf.section_mut(4).name = "__kcrctab_gpl".to_owned();
    elf.section_mut(5).name = "other".to_owned();
    let seen = read(&elf).unwrap();
    assert_eq!(seen[1], "beta [] 0x0000bbbb GPL beta 80001008");
    assert_eq!(seen.len(), 3);
}

#[test]
fn a_crc_table_of_another_length_is_refused() {
    let mut elf = kernel(LE64, true);
    elf.section_mut(4).data.truncate(8);
    let why = refusal(&elf);
    assert!(why.contains("__kcrctab has 8 bytes for 3 entries of 4"), "{why}");
    let mut elf = kernel(LE64, true);
    elf.section_mut(5).data.push(0);
    let why = refusal(&elf);
    assert!(why.contains("__kflagstab has 4 bytes for 3 entries of 1"), "{why}");
}

#[test]
fn an_entry_whose_symbol_names_another_is_refused() {
    let mut elf = kernel(LE64, true);
    elf.symbols[0].name = b"__ksymtab_delta".to_vec();
    let why = refusal(&elf);
    assert!(why.contains("'__ksymtab_delta' stands at the entry of 'beta'"), "{why}");
}

#[test]
fn a_name_outside_the_strings_is_refused_both_ways() {
    let mut elf = kernel(LE64, false);
    elf.section_mut(3).name = "elsewhere".to_owned();
    assert_eq!(
        refusal(&elf),
        "cannot decode __ksymtab: as relative pointers: __kcrctab has 12 bytes for 6 entries of 4; \
         as absolute pointers: entry 0 of __ksymtab: a name lies outside __ksymtab_strings"
    );
}

#[test]
fn a_table_of_odd_length_is_refused() {
    let mut elf = kernel(LE64, true);
    elf.section_mut(2).data.push(0);
    let why = refusal(&elf);
    assert!(why.contains("__ksymtab has 37 bytes, no multiple of 12"), "{why}");
}

/// `--no-apply-dynamic-relocs` leaves zeros in place.
#[test]
fn addresses_may_stand_in_the_dynamic_relocations_alone() {
    let mut elf = kernel(LE64, false);
    let whole = read(&elf).unwrap();
    let data = std::mem::replace(&mut elf.section_mut(2).data, vec![0; 72]);
    assert!(refusal(&elf).contains("outside"), "zeros lead nowhere");
    let list: Vec<(u64, u32, u32, i64)> = (0..)
        .zip(data.chunks_exact(8))
        .map(|(index, field)| {
            let value = u64::from_le_bytes(field.try_into().unwrap());
            (TABLE + index * 8, 0, 3, value as i64)
        })
        .collect();
    elf.rela(0, &list);
    assert_eq!(read(&elf).unwrap(), whole);
}

/// What `ld -r` or modpost leaves: `___ksymtab+name` per export, pointers as relocations.
fn module(shape: Shape, relative: bool) -> Elf {
    let mut elf = Elf::new(shape, REL, AARCH64);
    let text = elf.section(".text", AX, 0, &[0; 64]);
    let strings = elf.section("__ksymtab_strings", A, 0, NAMES);
    let start = elf.symbol("", LOCAL, crate::support::SECTION, strings, 0);
    let alpha = elf.symbol("alpha", GLOBAL, FUNC, text, 4);
    let beta = elf.symbol("beta", GLOBAL, NOTYPE, UNDEF, 0);
    let word = word(shape, relative);
    for (name, value, at, namespace) in [("beta", beta, 10, 0), ("alpha", alpha, 1, 7)] {
        let data = vec![0; 3 * word as usize];
        let table = elf.section(&format!("___ksymtab+{name}"), A, 0, &data);
        elf.rela(table, &[(0, value, 1, 0), (word, start, 1, at), (2 * word, start, 1, namespace)]);
        elf.section(&format!("___kcrctab+{name}"), A, 0, &shape.int(at as u64, 4));
        elf.section(&format!("___kflagstab+{name}"), A, 0, &[u8::from(name == "alpha")]);
    }
    elf
}

#[test]
fn relocations_are_followed_before_the_link() {
    for shape in SHAPES {
        for relative in [false, true] {
            assert_eq!(
                read(&module(shape, relative)).unwrap(),
                ["alpha [NS] 0x00000001 GPL alpha -", "beta [] 0x0000000a any beta -"],
                "{shape:?}, relative: {relative}"
            );
        }
    }
}

#[test]
fn addends_may_stand_in_place() {
    let shape = Shape { wide: false, big: true };
    let mut elf = module(shape, true);
    elf.addends_in_place();
    assert_eq!(read(&elf).unwrap()[0], "alpha [NS] 0x00000001 GPL alpha -");
}

#[test]
fn a_module_that_lost_its_relocations_is_refused() {
    let mut elf = module(LE64, false);
    elf.sections.retain(|it| it.sh_type != 4);
    assert!(refusal(&elf).contains("no relocation"));
}

#[test]
fn two_relocations_in_one_place_are_refused() {
    let mut elf = module(LE64, false);
    let target = 1 + elf.sections.iter().position(|it| it.name == "___ksymtab+beta").unwrap();
    elf.rela(target, &[(0, 2, 1, 0)]);
    assert!(refusal(&elf).contains("more than one relocation"));
}

#[test]
fn exported_data_is_found_in_writable_sections_too() {
    let mut elf = kernel(LE64, false);
    let data = elf.section(".data", WA, 0x9000_0000, &[0; 8]);
    elf.section_mut(2).data[..8].copy_from_slice(&0x9000_0004_u64.to_le_bytes());
    elf.symbol("beta", GLOBAL, OBJECT, data, 0x9000_0004);
    assert_eq!(read(&elf).unwrap()[1], "beta [] 0x0000bbbb any beta 90000004");
}
