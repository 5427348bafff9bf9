use crate::support::{
    AARCH64, ABS, AX, EXEC, Elf, FUNC, GLOBAL, LE64, LOCAL, NOTYPE, OBJECT, REL, RISCV, SHAPES,
    Shape, WA,
};
use proptest::prelude::*;
use twinlto_facts::elf::{ElfError, Image, Level, initcalls, initcalls_lds};

const TEXT: u64 = 0x8000_1000;
const TABLE: u64 = 0x8000_2000;
/// `(level, place in .text)` in the order of the table.
const CALLS: [(&str, u64); 6] =
    [("early", 8), ("1", 0), ("1s", 16), ("rootfs", 24), ("7", 8), ("con", 0)];

fn kernel(shape: Shape, relative: bool) -> Elf {
    let mut elf = Elf::new(shape, EXEC, if relative { AARCH64 } else { RISCV });
    let text = elf.section(".init.text", AX, TEXT, &[0; 64]);
    let word = if relative { 4 } else { shape.word() as u64 };
    let mut data = Vec::new();
    for (index, (_, place)) in (0..).zip(CALLS) {
        let here = TABLE + index * word;
        let value = if relative { (TEXT + place).wrapping_sub(here) } else { TEXT + place };
        data.extend(shape.int(value, word as usize));
    }
    let table = elf.section(".init.data", WA, TABLE, &data);
    for (name, place) in [("start", 0), ("mid", 8), ("sync", 16), ("rootfs", 24)] {
        elf.symbol(name, LOCAL, FUNC, text, TEXT + place);
    }
    for (index, (level, _)) in (0..).zip(CALLS) {
        let name = format!("__initcall__kmod_m__{index}_1_f{level}");
        elf.symbol(&name, LOCAL, OBJECT, table, TABLE + index * word);
    }
    let bounds = [
        ("__initcall_start", 0),
        ("__initcall0_start", 1),
        ("__initcall1_start", 1),
        ("__initcall2_start", 3),
        ("__initcall3_start", 3),
        ("__initcall4_start", 3),
        ("__initcall5_start", 3),
        ("__initcallrootfs_start", 3),
        ("__initcall6_start", 4),
        ("__initcall7_start", 4),
        ("__initcall_end", 5),
        ("__con_initcall_start", 5),
        ("__con_initcall_end", 6),
    ];
    for (name, index) in bounds {
        elf.symbol(name, GLOBAL, NOTYPE, table, TABLE + index * word);
    }
    elf
}

fn read(elf: &Elf) -> Result<Vec<String>, ElfError> {
    let bytes = elf.bytes();
    let calls = initcalls(&Image::parse(&bytes)?)?;
    let line = |it: &twinlto_facts::elf::Initcall| {
        format!("{} {} {}", it.level, it.function, it.entry.as_deref().unwrap_or("-"))
    };
    Ok(calls.iter().map(line).collect())
}

fn refusal(elf: &Elf) -> String {
    read(elf).unwrap_err().to_string()
}

fn symbol_mut<'e>(elf: &'e mut Elf, name: &str) -> &'e mut crate::support::Symbol {
    elf.symbols.iter_mut().find(|it| it.name == name.as_bytes()).unwrap()
}

#[test]
fn both_encodings_give_the_order_of_calling_in_every_shape() {
    for shape in SHAPES {
        for relative in [false, true] {
            assert_eq!(
                read(&kernel(shape, relative)).unwrap(),
                [
                    "early mid __initcall__kmod_m__0_1_fearly",
                    "1 start __initcall__kmod_m__1_1_f1",
                    "1 sync __initcall__kmod_m__2_1_f1s",
                    "rootfs rootfs __initcall__kmod_m__3_1_frootfs",
                    "7 mid __initcall__kmod_m__4_1_f7",
                    "con start __initcall__kmod_m__5_1_fcon",
                ],
                "{shape:?}, relative: {relative}"
            );
        }
    }
}

#[test]
fn two_entries_that_change_places_are_seen() {
    let plain = kernel(LE64, false);
    let mut swapped = kernel(LE64, false);
    swapped.section_mut(2).data[8..24].rotate_left(8);
    assert_ne!(read(&plain).unwrap(), read(&swapped).unwrap());
    assert_eq!(read(&swapped).unwrap()[1], "1 sync __initcall__kmod_m__1_1_f1");
}

#[test]
fn of_several_symbols_the_best_names_the_function() {
    let mut elf = kernel(LE64, true);
    for (name, binding, kind) in [
        ("$x", GLOBAL, NOTYPE),
        ("a_label", GLOBAL, NOTYPE),
        ("b_hashed.llvm.7", GLOBAL, FUNC),
        ("d_func", GLOBAL, FUNC),
        ("c_func", GLOBAL, FUNC),
        ("a_local", LOCAL, FUNC),
        ("a_table", GLOBAL, OBJECT),
    ] {
        elf.symbol(name, binding, kind, 1, TEXT);
    }
    let function = |elf: &Elf| read(elf).unwrap()[1].split(' ').nth(1).unwrap().to_owned();
    assert_eq!(function(&elf), "c_func");
    elf.symbols.reverse();
    assert_eq!(function(&elf), "c_func", "the order of symbols does not matter");
}

#[test]
fn a_mapping_symbol_names_no_function() {
    let mut elf = kernel(LE64, true);
    symbol_mut(&mut elf, "sync").name = b"$x".to_vec();
    assert!(refusal(&elf).contains("no function stands at 0x80001010"));
}

#[test]
fn without_entry_symbols_the_order_is_still_known() {
    let mut elf = kernel(LE64, true);
    elf.symbols.retain(|it| !it.name.starts_with(b"__initcall__"));
    assert_eq!(read(&elf).unwrap()[2], "1 sync -");
}

#[test]
fn addresses_may_stand_in_the_dynamic_relocations_alone() {
    let mut elf = kernel(LE64, false);
    let whole = read(&elf).unwrap();
    elf.section_mut(2).data.fill(0);
    assert!(refusal(&elf).contains("is no code"), "zeros lead nowhere");
    let list: Vec<_> = (0..)
        .zip(CALLS)
        .map(|(index, (_, place))| (TABLE + index * 8, 0, 3, (TEXT + place) as i64))
        .collect();
    elf.rela(0, &list);
    assert_eq!(read(&elf).unwrap(), whole);
}

/// `--emit-relocs` leaves tables that are not loaded, whose symbols are numbered otherwise.
#[test]
fn relocations_that_are_not_loaded_do_not_count() {
    let mut elf = kernel(LE64, false);
    let whole = read(&elf).unwrap();
    elf.rela(2, &[(TABLE, 1, 1, 0)]);
    assert_eq!(read(&elf).unwrap(), whole);
}

#[test]
fn an_entry_that_leads_to_no_function_is_refused() {
    let mut elf = kernel(LE64, true);
    symbol_mut(&mut elf, "sync").value += 4;
    let why = refusal(&elf);
    assert!(why.contains("entry of level 1: no function stands at 0x80001010"), "{why}");
    assert!(
        why.contains("as absolute pointers: level early has 4 bytes, no multiple of 8"),
        "{why}"
    );
}

#[test]
fn a_file_without_the_bounds_is_refused() {
    let mut elf = kernel(LE64, true);
    symbol_mut(&mut elf, "__initcall_end").name = b"x".to_vec();
    assert_eq!(refusal(&elf), "no symbol '__initcall_end'");
    let mut elf = kernel(LE64, true);
    symbol_mut(&mut elf, "__initcall_start").name = b"x".to_vec();
    assert_eq!(refusal(&elf), "no symbol '__initcall_start'");
}

#[test]
fn bounds_in_the_wrong_order_are_refused() {
    let mut elf = kernel(LE64, true);
    symbol_mut(&mut elf, "__initcall2_start").value += 8;
    assert_eq!(
        refusal(&elf),
        "cannot decode initcalls: '__initcall2_start' and '__initcall3_start' are in the wrong order"
    );
    let mut elf = kernel(LE64, true);
    symbol_mut(&mut elf, "__initcall_start").section = ABS;
    assert!(refusal(&elf).contains("lie in different sections"));
}

#[test]
fn an_object_has_no_order_yet() {
    let mut elf = kernel(LE64, true);
    elf.e_type = REL;
    assert!(refusal(&elf).contains("a linked vmlinux is needed"));
}

#[test]
fn levels_come_in_the_order_of_the_table() {
    let mut names = vec!["early"];
    names.extend(Level::NUMBERED.map(Level::name));
    names.push("con");
    let levels: Vec<_> = names.iter().map(|name| Level::from_name(name).unwrap().0).collect();
    assert!(levels.is_sorted_by(|a, b| a < b));
    assert_eq!(Level::from_name("3s"), Some((Level::Arch, true)));
    assert_eq!(Level::from_name("earlys"), None);
    assert_eq!(Level::from_name("8"), None);
}

const SCRIPT: &str = "SECTIONS {
\t.initcall1s.init : {
\t\t*(.initcall1s.init..kmod_b__1_2_sync) ;
\t}
\t.initcall1.init : {
\t\t*(.initcall1.init..kmod_a__1_2_one) ;
\t}
\t.con_initcall.init : {
\t\t*(.con_initcall.init..kmod_c__1_2_con) ;
\t}
\t.initcallearly.init : {
\t\t*(.initcallearly.init..kmod_z__1_2_first) ;
\t\t*(.initcallearly.init..kmod_a__1_2_second) ;
\t}
}
";

#[test]
fn the_script_gives_the_order_of_calling() {
    let entries: Vec<_> = initcalls_lds(SCRIPT).unwrap().iter().map(|it| it.entry()).collect();
    assert_eq!(
        entries,
        [
            "__initcall__kmod_z__1_2_firstearly",
            "__initcall__kmod_a__1_2_secondearly",
            "__initcall__kmod_a__1_2_one1",
            "__initcall__kmod_b__1_2_sync1s",
            "__initcall__kmod_c__1_2_concon",
        ]
    );
}

#[test]
fn a_line_of_the_script_that_is_not_understood_is_named() {
    let error = |text: &str| initcalls_lds(text).unwrap_err().to_string();
    assert_eq!(
        error("SECTIONS {\n\t*(.initcall9.init..kmod_x)"),
        "line 2: '.initcall9.init..kmod_x' is no section of an initcall"
    );
    assert_eq!(error("hello"), "line 1: 'hello' is not understood");
    assert_eq!(
        error("*(.initcall1.init..)"),
        "line 1: '.initcall1.init..' is no section of an initcall"
    );
    assert_eq!(initcalls_lds(""), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn no_script_panics(text in "([ \\t{};*().:a-z0-9_]|\\PC|\\.initcall|\\.init\\.\\.|\n)*") {
        let _ = initcalls_lds(&text);
    }
}

/// A label at the end of a section has the address of what the next begins with, and linker scripts
/// put others at the start of it.
#[test]
fn an_initcall_is_not_named_by_a_label() {
    for shape in SHAPES {
        let mut elf = kernel(shape, true);
        let before = elf.section(".notes", AX, TEXT - 16, &[0; 16]);
        elf.symbol("__end_rodata", GLOBAL, NOTYPE, before, TEXT);
        let text = elf.symbols.iter().find(|it| it.name == b"start").unwrap().section;
        elf.symbol("_sinittext", GLOBAL, NOTYPE, text, TEXT);
        let calls = read(&elf).unwrap();
        assert_eq!(calls[1], "1 start __initcall__kmod_m__1_1_f1", "{calls:?}");
    }
}
