//! Whatever the bytes, the reader answers.

use crate::support::{OTHER, SOURCE, llvm};
use proptest::prelude::*;
use std::sync::OnceLock;
use twinlto_facts::bitcode::{FlagValue, assembly, module_assembly, read};

/// Real files: small, with debug information, an index.
fn files() -> &'static [Vec<u8>] {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let Some(llvm) = llvm("no_panic") else { return Vec::new() };
        let args = ["--target=riscv64-linux-gnu", "-flto=thin"];
        let debug = [&args[..], &["-g"]].concat();
        let small = llvm.clang("b.c", OTHER, "b.o", &args);
        let large = llvm.clang("a.c", SOURCE, "a.o", &debug);
        llvm.run("llvm-lto", &["-thinlto-action=thinlink", "-o", "all.bc", "a.o", "b.o"]);
        vec![small, large, llvm.read("all.bc")]
    })
}

/// Reads, and looks at all that was read.
fn look(bytes: &[u8]) -> bool {
    // Its answer is of no matter here.
    let _answered = (assembly(bytes), module_assembly(bytes));
    match read(bytes) {
        Ok(facts) => !format!("{facts:?}").is_empty(),
        Err(error) => error.to_string().is_empty(),
    }
}

#[test]
fn no_truncation_passes_for_a_whole_file() {
    for whole in files() {
        assert!(look(whole));
        for end in 0..whole.len() {
            assert!(!look(&whole[..end]), "cut at {end} of {}", whole.len());
        }
    }
}

#[test]
fn the_files_to_damage_have_flags() {
    let Some(small) = files().first() else { return };
    let whole = read(small).unwrap();
    let flags = &whole.modules[0].ir().unwrap().flags;
    assert!(flags.unread.is_empty() && flags.flags.len() > 3, "{flags:?}");
    assert!(!flags.flags.iter().any(|it| matches!(it.value, FlagValue::Undecoded(_))));
}

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x7f), Just(0x80)];
    let change = (any::<prop::sample::Index>(), value, 1..9_usize);
    // Most of what is read stands at the start.
    let size = prop_oneof![Just(1024_usize), Just(usize::MAX)];
    (0..3_usize, size, prop::collection::vec(change, 1..8)).prop_map(|(file, size, changes)| {
        let mut bytes = files().get(file).cloned().unwrap_or_default();
        for (place, value, run) in changes {
            let start = place.index(bytes.len().clamp(1, size));
            bytes.iter_mut().skip(start).take(run).for_each(|byte| *byte = value);
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        look(&bytes);
        look(&[b"BC\xc0\xde", bytes.as_slice()].concat());
    }

    #[test]
    fn no_bytes_in_a_block_panic(
        id in 0..27_u8,
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        // A module with one block of this kind, as long as the bytes are.
        let inner = [b"\x35\x14\0\0\xff\xff\0\0".as_slice(), &[id; 1], &rest].concat();
        look(&[b"BC\xc0\xde\x21\x0c\0\0\x20\0\0\0", inner.as_slice(), &[0; 160]].concat());
    }

    #[test]
    fn no_damage_panics(bytes in damaged()) {
        look(&bytes);
    }

    #[test]
    fn no_flipped_bit_panics(place in any::<prop::sample::Index>(), bit in 0..8_u32) {
        for file in files() {
            let mut bytes = file.clone();
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
            look(&bytes);
        }
    }
}
