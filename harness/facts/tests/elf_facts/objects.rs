//! What objects have beside sections and symbols: groups, notes, producers, compressed sections
//! and relocations in every form.

use crate::support::{AARCH64, AX, Elf, FUNC, GLOBAL, LE64, LOCAL, REL, SECTION, SHAPES, Shape};
use twinlto_facts::elf::{
    Image, SHT_CREL, SHT_GROUP, SHT_NOTE, compressed, groups, notes, producers,
};

/// A file with one of each.
pub(crate) fn full(shape: Shape) -> Elf {
    let mut elf = Elf::new(shape, REL, AARCH64);
    let text = elf.section(".text.f", AX, 0, &[0; 16]);
    let symbol = elf.symbol("f", GLOBAL, FUNC, text, 0);
    let words = [1_u64, text as u64].map(|word| shape.int(word, 4)).concat();
    let group = elf.section(".group", 0, 0, &words);
    elf.section_mut(group).sh_type = SHT_GROUP;
    elf.section_mut(group).info = symbol;
    let mut note = [4_u64, 8 + shape.word() as u64, 5].map(|word| shape.int(word, 4)).concat();
    note.extend(b"GNU\0");
    note.extend([0xc000_0000_u64, 4, 3].map(|word| shape.int(word, 4)).concat());
    note.resize(16 + 8 + shape.word(), 0);
    note.extend([4_u64, 3, 3].map(|word| shape.int(word, 4)).concat());
    note.extend(b"GNU\0\x01\x02\x03");
    let section = elf.section(".note.x", 2, 0, &note);
    elf.section_mut(section).sh_type = SHT_NOTE;
    elf.section(".comment", 0x30, 0, b"\0clang 22\0LLD 22\0clang 22\0");
    let words: Vec<u64> = if shape.wide { vec![1, 0, 77, 0, 8, 0] } else { vec![1, 77, 8] };
    let mut header: Vec<u8> = words.iter().flat_map(|word| shape.int(*word, 4)).collect();
    if shape.wide && shape.big {
        // Words of eight bytes have their high half first.
        header[8..16].rotate_left(4);
        header[16..24].rotate_left(4);
    }
    elf.section(".debug_info", 0x800, 0, &header);
    // Two relocations with addends: header, then offset with flags, symbol, kind, addend.
    let data = [(2 << 3) | 4, 0b111, 1, 0x9b, 2, 0x7c, (4 << 3) | 0b100, 4];
    let crel = elf.section(".crel.text.f", 0, 0, &data);
    elf.section_mut(crel).sh_type = SHT_CREL;
    elf.section_mut(crel).info = text as u32;
    elf
}

#[test]
fn groups_name_their_members() {
    for shape in SHAPES {
        let bytes = full(shape).bytes();
        let found = groups(&Image::parse(&bytes).unwrap()).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.signature.as_str(), it.comdat, it.members.join(" ")))
            .collect();
        assert_eq!(found, [("f", true, ".text.f".to_owned())], "{shape:?}");
    }
}

#[test]
fn a_group_by_a_section_symbol_has_the_name_of_the_section() {
    let mut elf = full(LE64);
    let symbol = elf.symbol("", LOCAL, SECTION, 1, 0);
    elf.section_mut(2).info = symbol;
    let bytes = elf.bytes();
    assert_eq!(groups(&Image::parse(&bytes).unwrap()).unwrap()[0].signature, ".text.f");
}

#[test]
fn groups_that_make_no_sense_are_refused() {
    let why = |elf: &Elf| {
        let bytes = elf.bytes();
        groups(&Image::parse(&bytes).unwrap()).unwrap_err().to_string()
    };
    let mut elf = full(LE64);
    elf.section_mut(2).data[4] = 99;
    assert_eq!(why(&elf), "cannot decode group 2: section 99 of 10");
    elf.section_mut(2).data.pop();
    assert_eq!(why(&elf), "cannot decode group 2: 7 bytes, no multiple of 4");
    elf.section_mut(2).data.truncate(4);
    elf.section_mut(2).info = 9;
    assert_eq!(why(&elf), "cannot decode group 2: symbol 9 is not there");
}

#[test]
fn notes_and_their_properties_are_read() {
    for shape in SHAPES {
        let bytes = full(shape).bytes();
        let image = Image::parse(&bytes).unwrap();
        let found = notes(&image).unwrap();
        assert_eq!(found.len(), 2, "{shape:?}");
        assert_eq!(found[1].to_string(), ".note.x GNU 3 010203");
        assert_eq!(found[1].build_id(), Some([1, 2, 3].as_slice()));
        assert_eq!(found[0].build_id(), None);
        assert_eq!(found[1].properties(&image).unwrap(), []);
        let properties = found[0].properties(&image).unwrap();
        let properties: Vec<_> = properties.iter().map(|it| (it.kind, it.bytes.clone())).collect();
        assert_eq!(properties, [(0xc000_0000, shape.int(3, 4))], "{shape:?}");
    }
}

#[test]
fn notes_that_are_cut_short_are_refused() {
    let mut elf = full(LE64);
    elf.section_mut(3).data.pop();
    let bytes = elf.bytes();
    let why = notes(&Image::parse(&bytes).unwrap()).unwrap_err().to_string();
    assert_eq!(why, "cannot decode .note.x: a note ends too early");
}

#[test]
fn producers_are_named_once() {
    let bytes = full(LE64).bytes();
    let found = producers(&Image::parse(&bytes).unwrap());
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["LLD 22", "clang 22"]);
}

#[test]
fn compressed_sections_say_what_they_hold() {
    for shape in SHAPES {
        let mut elf = full(shape);
        let bytes = elf.bytes();
        let found = compressed(&Image::parse(&bytes).unwrap()).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|it| format!("{} {} {} {}", it.section, it.method_name(), it.size, it.align))
            .collect();
        assert_eq!(found, [".debug_info zlib 77 8"], "{shape:?}");
        elf.section_mut(5).data.pop();
        let bytes = elf.bytes();
        let why = compressed(&Image::parse(&bytes).unwrap()).unwrap_err().to_string();
        assert!(why.ends_with("it ends before its compression header"), "{why}");
    }
}

#[test]
fn compact_relocations_read_as_the_others() {
    for shape in SHAPES {
        let bytes = full(shape).bytes();
        let image = Image::parse(&bytes).unwrap();
        let found: Vec<_> =
            image.relocations(6).map(|it| (it.offset, it.symbol, it.kind, it.addend)).collect();
        assert_eq!(found, [(0, 1, 283, Some(-4)), (4, 1, 283, Some(0))], "{shape:?}");
        assert_eq!(image.relocation_sections(1).collect::<Vec<_>>(), [6]);
        let counts = image.relocation_counts().unwrap();
        let counts: Vec<_> = counts
            .iter()
            .map(|it| {
                let target = it.target.as_deref().unwrap_or("-");
                format!("{} {target} {} {}", it.table, it.kind, it.count)
            })
            .collect();
        assert_eq!(counts, [".crel.text.f .text.f R_AARCH64_CALL26 2"], "{shape:?}");
    }
}

#[test]
fn relocations_that_are_cut_short_are_refused() {
    let mut elf = full(LE64);
    elf.section_mut(6).data.truncate(5);
    let bytes = elf.bytes();
    let why = Image::parse(&bytes).unwrap().relocation_counts().unwrap_err().to_string();
    assert!(why.starts_with("cannot decode .crel.text.f: "), "{why}");
    let mut elf = Elf::new(LE64, REL, AARCH64);
    elf.rela(0, &[(0, 0, 283, 0)]);
    elf.section_mut(1).data.pop();
    let bytes = elf.bytes();
    let why = Image::parse(&bytes).unwrap().relocation_counts().unwrap_err().to_string();
    assert_eq!(why, "cannot decode .rela.dyn: 23 bytes, no multiple of 24");
}

#[test]
fn a_kind_without_a_name_goes_by_its_number() {
    let mut elf = Elf::new(LE64, REL, 0xfeed);
    elf.rela(0, &[(0, 0, 283, 0)]);
    let bytes = elf.bytes();
    let counts = Image::parse(&bytes).unwrap().relocation_counts().unwrap();
    assert_eq!((counts[0].kind.as_ref(), counts[0].target.as_deref()), ("283", None));
}
