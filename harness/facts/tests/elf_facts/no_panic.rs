//! Whatever the bytes, a reader answers.

use crate::layouts::typed;
use crate::objects::full;
use crate::rich::rich;
use crate::support::{AARCH64, EXEC, Elf, LOONGARCH, REL, RISCV, SHAPES, X86_64};
use crate::tables::tabled;
use proptest::prelude::*;
use twinlto_facts::dwarf::{Roots, debug, units};
use twinlto_facts::elf::{
    Image, compressed, exports, groups, initcalls, kind, modinfo, modversions, notes, producers,
    riscv_attributes, tables,
};

/// Every reader on these bytes; returns whether any found something, so that the tests can
/// see that the files they start from are good for all of them.
fn all_readers(bytes: &[u8]) -> [bool; 7] {
    let _ = kind(bytes).to_string();
    let some = |found: Option<usize>| found.is_some_and(|count| count > 0);
    let image = Image::parse(bytes).ok();
    if let Some(image) = &image {
        let _ = image.undefined().count();
        for (index, section) in image.sections.iter().enumerate() {
            let _ = (image.data(index).len(), section.flags.to_string(), section.type_name());
            let _ = image.relocations(index).count();
            let _ = image.relocation_sections(index).count();
            let _ = section.holds(section.address);
        }
        let _ = image.symbols.iter().filter(|it| it.is_mapping()).count();
        more_readers(image);
    }
    let _ = debug(bytes, Roots::External).map(|it| it.layouts.types.len());
    [
        image.is_some(),
        some(image.as_ref().and_then(|it| exports(it).ok()).map(|it| it.len())),
        some(image.as_ref().and_then(|it| initcalls(it).ok()).map(|it| it.len())),
        some(modversions(bytes).ok().map(|it| it.len())),
        some(modinfo(bytes).ok().map(|it| it.len())),
        some(image.as_ref().and_then(|it| riscv_attributes(it).ok()).map(|it| it.len())),
        some(units(bytes).ok().map(|it| it.len())),
    ]
}

/// The readers of what only some files have, which [`full`] and [`tabled`] make.
fn more_readers(image: &Image<'_>) {
    for (_, table) in tables(image) {
        let _ = table.map(|it| (it.facts().len(), it.tally().len()));
    }
    let _ = (groups(image), compressed(image), producers(image), image.relocation_counts());
    for note in notes(image).unwrap_or_default() {
        let _ = (note.to_string(), note.properties(image));
    }
}

#[test]
fn the_files_to_damage_have_something_for_every_reader() {
    for shape in SHAPES {
        assert_eq!(all_readers(&rich(shape, EXEC)), [true; 7], "{shape:?}");
        let unlinked = all_readers(&rich(shape, REL));
        assert_eq!(unlinked, [true, true, false, true, true, true, true], "{shape:?}");
    }
}

#[test]
fn no_truncation_passes_for_a_whole_file() {
    for shape in SHAPES {
        let bytes = rich(shape, EXEC);
        for end in 0..bytes.len() {
            assert_eq!(all_readers(&bytes[..end]), [false; 7], "{shape:?} cut at {end}");
        }
    }
}

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let machine = prop::sample::select(vec![X86_64, AARCH64, RISCV, LOONGARCH]);
    let file = (0..4_usize, prop_oneof![Just(EXEC), Just(REL)], machine, 0..5_u8).prop_map(
        |(shape, e_type, machine, which)| match which {
            0 => rich(SHAPES[shape], e_type),
            1 => full(SHAPES[shape]).bytes(),
            2 => typed(SHAPES[shape]).bytes(),
            _ => tabled(SHAPES[shape], e_type, machine).bytes(),
        },
    );
    let value = prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x7f), Just(0x80)];
    let change = (any::<prop::sample::Index>(), value, 1..9_usize);
    (file, prop::collection::vec(change, 1..8)).prop_map(|(mut bytes, changes)| {
        for (place, value, run) in changes {
            let start = place.index(bytes.len());
            bytes.iter_mut().skip(start).take(run).for_each(|byte| *byte = value);
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        all_readers(&bytes);
    }

    #[test]
    fn no_bytes_after_a_header_panic(
        shape in 0..4_usize,
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let header = Elf::new(SHAPES[shape], EXEC, AARCH64).bytes();
        all_readers(&[&header[..16], &rest].concat());
    }

    #[test]
    fn no_damage_panics(bytes in damaged()) {
        all_readers(&bytes);
    }

    #[test]
    fn no_flipped_bit_panics(
        shape in 0..4_usize,
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        for e_type in [EXEC, REL] {
            let tables = [X86_64, AARCH64, RISCV, LOONGARCH]
                .map(|machine| tabled(SHAPES[shape], e_type, machine).bytes());
            let others = [rich(SHAPES[shape], e_type), full(SHAPES[shape]).bytes(), typed(SHAPES[shape]).bytes()];
            for mut bytes in tables.into_iter().chain(others) {
                let place = place.index(bytes.len());
                bytes[place] ^= 1 << bit;
                all_readers(&bytes);
            }
        }
    }
}
