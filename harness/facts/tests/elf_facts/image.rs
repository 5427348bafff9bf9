use crate::support::{
    A, AARCH64, ABS, AX, EXEC, Elf, FILE, FUNC, GLOBAL, LE64, LOCAL, NOBITS, NOTYPE, OBJECT, REL,
    SECTION, SHAPES, UNDEF, WA, WEAK,
};
use twinlto_facts::elf::{Image, ObjectKind, SectionFlags, SectionRef, kind};

fn small(shape: crate::support::Shape) -> Elf {
    let mut elf = Elf::new(shape, REL, AARCH64);
    elf.e_flags = 0x41;
    let text = elf.section(".text", AX, 0, &[1, 2, 3, 4]);
    let bss = elf.section(".bss", WA, 0, &[]);
    elf.section_mut(bss).sh_type = NOBITS;
    elf.section_mut(bss).size = Some(1 << 20);
    elf.symbol("a.c", LOCAL, FILE, ABS, 0);
    elf.symbol("", LOCAL, SECTION, text, 0);
    elf.symbol("helper.llvm.123", LOCAL, FUNC, text, 2);
    elf.symbol("b.c", LOCAL, FILE, ABS, 0);
    elf.symbol("buffer", LOCAL, OBJECT, bss, 16);
    elf.symbol("start", GLOBAL, FUNC, text, 0);
    elf.symbol("printk", GLOBAL, NOTYPE, UNDEF, 0);
    elf.symbol("maybe", WEAK, NOTYPE, UNDEF, 0);
    elf
}

fn symbols(image: &Image<'_>) -> Vec<String> {
    let line = |it: &twinlto_facts::elf::Symbol<'_>| {
        let section = match it.section {
            SectionRef::Named(index) => image.sections[index].name.to_string(),
            other => format!("{other:?}"),
        };
        let file = it.file.as_deref().unwrap_or("-");
        format!("{} {} {} {section}+{} of {file}", it.name, it.binding, it.kind, it.value)
    };
    image.symbols.iter().map(line).collect()
}

#[test]
fn every_class_and_byte_order_reads_the_same() {
    for shape in SHAPES {
        let bytes = small(shape).bytes();
        let image = Image::parse(&bytes).unwrap();
        assert_eq!(
            symbols(&image),
            [
                "a.c local file Absolute+0 of -",
                " local section .text+0 of a.c",
                "helper.llvm.123 local func .text+2 of a.c",
                "b.c local file Absolute+0 of -",
                "buffer local object .bss+16 of b.c",
                "start global func .text+0 of -",
                "printk global notype Undefined+0 of -",
                "maybe weak notype Undefined+0 of -",
            ],
            "{shape:?}"
        );
        let sections: Vec<String> = image
            .sections
            .iter()
            .map(|it| format!("{} {} '{}' {}", it.name, it.type_name(), it.flags, it.size))
            .collect();
        assert_eq!(sections[1..3], [".text PROGBITS 'AX' 4", ".bss NOBITS 'WA' 1048576"]);
        assert_eq!(image.data(1), [1, 2, 3, 4]);
        assert!(image.data(2).is_empty(), "nothing of .bss is in the file");
        assert!(image.data(99).is_empty());
        assert_eq!(image.undefined().map(|it| &*it.name).collect::<Vec<_>>(), ["printk", "maybe"]);
    }
}

#[test]
fn the_header_says_whom_a_file_is_for() {
    let seen = SHAPES.map(|shape| kind(&small(shape).bytes()).to_string());
    assert_eq!(
        seen,
        [
            "ELF64 little-endian rel machine 183 flags 0x41",
            "ELF64 big-endian rel machine 183 flags 0x41",
            "ELF32 little-endian rel machine 183 flags 0x41",
            "ELF32 big-endian rel machine 183 flags 0x41",
        ]
    );
}

#[test]
fn kinds_are_told_by_their_first_bytes() {
    let seen = |bytes: &[u8]| kind(bytes).to_string();
    assert_eq!(seen(b""), "empty");
    assert_eq!(seen(b"BC\xc0\xde5\x14"), "bitcode");
    assert_eq!(seen(b"\xde\xc0\x17\x0b\0\0\0\0"), "wrapped bitcode");
    assert_eq!(seen(b"!<arch>\n"), "archive");
    assert_eq!(seen(b"!<thin>\nx"), "thin archive");
    assert_eq!(seen(b"\x7fELF"), "truncated ELF");
    assert_eq!(seen(&small(LE64).bytes()[..63]), "truncated ELF");
    assert_eq!(seen(b"\x7fELF\x03\x01\x01"), "unknown (\\x7fELF\\x03\\x01\\x01)");
    assert_eq!(seen(b"!<arch>"), "unknown (!<arch>)");
    assert_eq!(seen(b"CONFIG_LTO=y"), "unknown (CONFIG_L)");
    let whole = small(LE64).bytes();
    assert_eq!(kind(&whole), kind(&whole[..twinlto_facts::elf::KIND_PREFIX]));
}

#[test]
fn what_is_no_elf_file_says_what_it_is() {
    let error = |bytes: &[u8]| Image::parse(bytes).unwrap_err().to_string();
    assert_eq!(error(b""), "not an ELF file: empty");
    assert_eq!(error(b"BC\xc0\xde"), "not an ELF file: bitcode");
}

#[test]
fn a_section_past_the_end_is_named() {
    let mut elf = small(LE64);
    elf.section_mut(1).size = Some(1 << 40);
    let error = Image::parse(&elf.bytes()).unwrap_err().to_string();
    assert!(
        error.starts_with("section '.text' ends at byte 1099511627840, the file at"),
        "{error}"
    );
}

#[test]
fn a_symbol_of_a_section_that_is_not_there_is_an_error() {
    let mut elf = small(LE64);
    elf.symbol("lost", GLOBAL, FUNC, 77, 0);
    let error = Image::parse(&elf.bytes()).unwrap_err().to_string();
    assert_eq!(error, "damaged ELF symbol 9: section 77 of 6");
}

#[test]
fn names_that_are_no_text_are_kept_readable() {
    let mut elf = small(LE64);
    elf.symbol("x", GLOBAL, FUNC, 1, 0);
    elf.symbols[8].name = b"\xffx".to_vec();
    let bytes = elf.bytes();
    assert_eq!(Image::parse(&bytes).unwrap().symbols[8].name, "\u{fffd}x");
}

#[test]
fn more_sections_than_sixteen_bits_can_count() {
    let mut elf = small(LE64);
    elf.filler = 0x1_0000;
    let far = elf.sections.len() + elf.filler;
    elf.symbol("far", GLOBAL, FUNC, far, 0);
    let bytes = elf.bytes();
    let image = Image::parse(&bytes).unwrap();
    assert_eq!(image.sections.len(), 0x1_0000 + 7);
    assert_eq!(image.symbol("far").unwrap().section, SectionRef::Named(far));
    assert_eq!(image.symbol("start").unwrap().section, SectionRef::Named(1));
}

#[test]
fn visibility_and_machine_bits_are_apart() {
    let mut elf = small(LE64);
    // STV_HIDDEN and STO_AARCH64_VARIANT_PCS.
    elf.symbols[5].other = 0x82;
    let bytes = elf.bytes();
    let image = Image::parse(&bytes).unwrap();
    let start = image.symbol("start").unwrap();
    assert_eq!((start.visibility.name(), start.other), ("hidden", 0x80));
}

#[test]
fn flags_print_as_readelf_has_them() {
    let shown = |flags| SectionFlags(flags).to_string();
    assert_eq!(shown(0), "");
    assert_eq!(shown(0x7), "WAX");
    assert_eq!(shown(0x33), "WAMS");
    assert_eq!(shown(0x682), "ALGT");
    assert_eq!(shown(0x20_0002), "AR");
    assert_eq!(shown(0x8000_0000), "E");
    assert_eq!(shown(0x4000_0001), "Wp");
    assert_eq!(shown(0x0100_0008), "ox");
}

#[test]
fn only_what_is_loaded_holds_addresses() {
    let mut elf = Elf::new(LE64, EXEC, AARCH64);
    elf.section(".text", AX, 0x1000, &[0; 8]);
    elf.section(".comment", 0, 0, &[0; 8]);
    let bytes = elf.bytes();
    let sections = Image::parse(&bytes).unwrap().sections;
    let holding = |at| sections.iter().filter(|it| it.holds(at)).count();
    assert_eq!([0xfff, 0x1000, 0x1007, 0x1008, 0].map(holding), [0, 1, 1, 0, 0]);
}

#[test]
fn mapping_symbols_are_known() {
    let mut elf = Elf::new(LE64, EXEC, AARCH64);
    let text = elf.section(".text", AX, 0x1000, &[0; 8]);
    elf.section(".rodata", A, 0x2000, &[0; 8]);
    for name in ["$x", "$d.12", ".Ltmp0", "L0^A", "Lreal", "x$"] {
        elf.symbol(name, LOCAL, NOTYPE, text, 0x1000);
    }
    let bytes = elf.bytes();
    let image = Image::parse(&bytes).unwrap();
    let mapping: Vec<bool> = image.symbols.iter().map(|it| it.is_mapping()).collect();
    assert_eq!(mapping, [true, true, true, true, false, false]);
}

#[test]
fn relocations_are_read_in_every_shape() {
    for shape in SHAPES {
        let mut elf = small(shape);
        elf.rela(1, &[(0, 6, 5, -4), (2, 7, 1, 8)]);
        let bytes = elf.bytes();
        let image = Image::parse(&bytes).unwrap();
        let tables: Vec<usize> = image.relocation_sections(1).collect();
        assert_eq!(tables, [3]);
        let seen: Vec<_> =
            image.relocations(3).map(|it| (it.offset, it.symbol, it.kind, it.addend)).collect();
        assert_eq!(seen, [(0, 6, 5, Some(-4)), (2, 7, 1, Some(8))], "{shape:?}");
        assert_eq!(image.relocations(1).count(), 0, "code is no table of relocations");
    }
}

#[test]
fn an_empty_elf_file_has_no_facts() {
    let mut bytes = small(LE64).bytes()[..64].to_vec();
    bytes[40..48].fill(0); // e_shoff
    let image = Image::parse(&bytes).unwrap();
    assert!(image.sections.is_empty() && image.symbols.is_empty());
    assert!(matches!(kind(&bytes), ObjectKind::Elf(_)));
}
