use crate::support::{Llvm, llvm};
use twinlto_facts::bitcode::{Unlike, unlike};

const SOURCE: &str = r#"
#include "barrier.h"
extern long table[8];
long first(long x) { return barrier(x) + VALUE + 1000000; }
long second(long x) { return barrier(first(x)) * table[3]; }
"#;

/// clang reads the source itself first: only what stands in headers moves.
const BARRIER: &str = r#"
static inline long barrier(long x) { __asm__ volatile("nop # %0" : "+r"(x)); return x; }
"#;

/// An IR object as kbuild has it compiled, with a header of some length before the source.
fn object(llvm: &Llvm, header: &str, name: &str, more: &[&str]) -> Vec<u8> {
    llvm.write("barrier.h", BARRIER);
    llvm.write("config.h", header);
    let lto = ["-flto=thin", "-fsplit-lto-unit", "-include", "config.h"];
    llvm.clang("a.c", SOURCE, name, &[lto.as_slice(), more].concat())
}

fn of(a: &[u8], b: &[u8]) -> Unlike {
    let left = |text: &str| text.replace("/first", "/x");
    let right = |text: &str| text.replace("/the/second", "/x");
    unlike(a, b, &left, &right).unwrap()
}

const SHORT: &str = "#define VALUE 5\n";

#[test]
fn what_stands_further_behind_is_told_from_what_is_another() {
    let Some(llvm) = llvm("alike_places") else { return };
    let a = object(&llvm, SHORT, "a.o", &[]);
    assert_eq!(of(&a, &a), Unlike::default());
    // One byte in a chunk of six bits, and more than that.
    for more in [5, 5000] {
        let b = object(&llvm, &format!("{SHORT}//{}\n", "x".repeat(more - 3)), "b.o", &[]);
        assert!(a != b);
        assert_eq!(of(&a, &b), Unlike { moved: [more as i64].into(), ..Unlike::default() });
        let moved = of(&b, &a).moved;
        assert_eq!(moved.into_iter().collect::<Vec<_>>(), [-(more as i64)]);
    }
    // The same length, and the code is another.
    for header in ["#define VALUE 6\n", "#define VALUE x\n"] {
        assert!(!of(&a, &object(&llvm, header, "c.o", &[])).other.is_empty(), "{header}");
    }
    for flag in ["-fwrapv", "-fno-strict-aliasing", "-O1", "-fstack-protector-all"] {
        let b = object(&llvm, SHORT, "d.o", &[flag]);
        let found = of(&a, &b);
        assert_eq!(a != b, !found.other.is_empty(), "{flag}: {found:?}");
    }
}

#[test]
fn the_paths_of_a_build_are_told_from_other_texts() {
    let Some(llvm) = llvm("alike_paths") else { return };
    let at = |dir: &str, name: &str| {
        let dir = format!("-fdebug-compilation-dir={dir}");
        object(&llvm, SHORT, name, &["-g", &dir])
    };
    let (a, b) = (at("/first", "a.o"), at("/the/second", "b.o"));
    assert!(a != b);
    assert_eq!(of(&a, &b), Unlike { paths: true, ..Unlike::default() });
    let other = at("/third", "c.o");
    assert!(!of(&a, &other).other.is_empty());
}

#[test]
fn no_damage_panics() {
    let Some(llvm) = llvm("alike_damage") else { return };
    let a = object(&llvm, SHORT, "a.o", &["-g"]);
    for at in (0..a.len()).step_by(7) {
        let mut b = a.clone();
        b[at] ^= 0x15;
        let _ = unlike(&a, &b, &str::to_owned, &str::to_owned);
        let _ = unlike(&a, &b[..at], &str::to_owned, &str::to_owned);
    }
}
