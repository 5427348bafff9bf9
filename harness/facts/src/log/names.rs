//! Names in messages without the numbers that a compiler, a linker or the preprocessor counts up:
//! the same code at another place has others.
//!
//! Sources: `include/linux/compiler.h` (`__UNIQUE_ID`), `compiler_types.h` (`__compiletime_assert_`),
//! `init.h` (`__initcall__kmod_…__COUNTER_LINE_fn`), `btf_ids.h` (`__BTF_ID__`), Linux 6.1 to 7.3; LLVM
//! 17 to 24 (`.llvm.HASH`, `.cold.N`, `.str.N`, `.__uniq.HASH`, labels of blocks).

/// Writes a word without such numbers: they become `N`, and those that tell parts of one function or
/// promoted names go.
pub(super) fn push_steady(out: &mut String, word: &str) {
    let word = promoted(word);
    let word = word.as_str();
    if !word.bytes().any(|b| b.is_ascii_digit()) {
        out.push_str(word);
    } else if is_counted(word) {
        push_counted(out, word);
    } else if let Some(label) = label(word) {
        out.push_str(label);
    } else if word.starts_with(|c: char| c.is_ascii_digit()) || word.contains('/') {
        out.push_str(word);
    } else {
        push_parts(out, word);
    }
}

/// Without `.llvm.HASH`.
fn promoted(word: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(word.len()), word);
    while let Some((before, after)) = rest.split_once(".llvm.") {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(before);
        rest = after.get(digits..).unwrap_or_default();
        if digits == 0 {
            out.push_str(".llvm.");
        }
    }
    out.push_str(rest);
    out
}

/// A name into which the preprocessor pasted `__COUNTER__` or `__LINE__`.
fn is_counted(word: &str) -> bool {
    const MARKS: [&str; 6] = [
        "__UNIQUE_ID_",
        "__compiletime_assert_",
        "__kmod_",
        "..kmod_",
        "__BTF_ID__",
        "__ADDRESSABLE_",
    ];
    MARKS.iter().any(|mark| word.contains(mark))
}

/// Every number behind an underscore, and the one at the end.
fn push_counted(out: &mut String, word: &str) {
    let mut rest = word;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = number.split_at(digits);
        let ends = after.is_empty() || after.starts_with(['_', '.']);
        out.push_str(before);
        // `…_fn6`: the level of an initcall is part of its name.
        let is_level = word.contains("kmod_") && !before.ends_with('_');
        out.push_str(if ends && !is_level { "N" } else { number });
        rest = after;
    }
    out.push_str(rest);
}

/// A label that no symbol table has: `.LBB12_3`, `.Ltmp7`.
fn label(word: &str) -> Option<&'static str> {
    const STEMS: [&str; 7] =
        [".LBB", ".Ltmp", ".Lfunc_begin", ".Lfunc_end", ".LJTI", ".LCPI", ".L__unnamed_"];
    STEMS.into_iter().find(|stem| {
        let is_number = |rest: &str| rest.bytes().all(|b| b.is_ascii_digit() || b == b'_');
        word.strip_prefix(stem).is_some_and(is_number)
    })
}

/// `bar.cold.12` is `bar.cold`; `.str.7`, `x.5` end with `.N`.
fn push_parts(out: &mut String, word: &str) {
    const PARTS: [&str; 5] = ["cold", "part", "isra", "constprop", "extracted"];
    let mut before = "";
    for (number, part) in word.split('.').enumerate() {
        let counts = number > 0 && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !(counts && PARTS.contains(&before)) {
            if number > 0 {
                out.push('.');
            }
            out.push_str(if counts { "N" } else { part });
        }
        before = part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(word: &str) -> String {
        let mut out = String::new();
        push_steady(&mut out, word);
        out
    }

    #[test]
    fn what_is_counted_is_no_part_of_a_name() {
        for (a, b) in [
            ("__compiletime_assert_412", "__compiletime_assert_7"),
            ("__initstub__kmod_x__412_5326_z6", "__initstub__kmod_x__9_5330_z6"),
            ("__initcall__kmod_x__412_5326_z6", "__initcall__kmod_x__9_5330_z6"),
            ("__initstub__kmod_x__y_5326_z", "__initstub__kmod_x__y_5330_z"),
            ("__UNIQUE_ID_modinfo_593", "__UNIQUE_ID_modinfo_2"),
            ("__UNIQUE_ID_addressable_x123", "__UNIQUE_ID_addressable_x4"),
            (
                "__UNIQUE_ID_addressable___UNIQUE_ID_x_694_695",
                "__UNIQUE_ID_addressable___UNIQUE_ID_x_1_2",
            ),
            ("__BTF_ID__struct__cgroup__624", "__BTF_ID__struct__cgroup__3"),
            ("bar.cold.12", "bar.cold"),
            ("bar.cold.12", "bar.cold.3"),
            ("bar.part.0.isra.4", "bar.part.isra"),
            ("bar.llvm.123.cold.1", "bar.cold"),
            ("bar.__uniq.1234", "bar.__uniq.99"),
            (".str.7", ".str.12"),
            ("__func__.x.7", "__func__.x.8"),
            (".LBB12_3", ".LBB4_5"),
            (".Ltmp7", ".Ltmp1234"),
        ] {
            assert_eq!(steady(a), steady(b));
        }
    }

    #[test]
    fn what_is_no_counter_stays() {
        for word in [
            "x86_64",
            "clang-22",
            "sha1_base",
            "lib/sha256.o",
            "7.3.4",
            "do_x_32",
            "crc32_le",
            "vmlinux.o",
            "a.b",
            "__se_sys_pread64",
            "__UNIQUE_ID_",
            "armv8.2-a",
            "",
            ".",
        ] {
            assert_eq!(steady(word), word);
        }
        assert_ne!(steady("__initcall__kmod_x__1_2_z6"), steady("__initcall__kmod_x__1_2_z7"));
        assert_ne!(steady("__initcall__kmod_x2__1_2_z6"), steady("__initcall__kmod_x3__1_2_z6"));
    }
}
