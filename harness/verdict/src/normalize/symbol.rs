use memchr::memmem;
use std::borrow::Cow;

/// A symbol's name without its derived parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical<'a> {
    /// The name to compare.
    pub name: Cow<'a, str>,
    /// Whether ThinLTO promoted it from a local: it carried `.llvm.<hash>`.
    pub promoted: bool,
}

/// What replaces a number that a compiler counts up in one unit.
const COUNTED: &str = ".N";

/// The name that two builds of the same source share.
///
/// - `.llvm.<hash>` goes: the hash covers the module's bytes, which shift with the length of
///   generated headers (`ModuleSummaryIndex::getGlobalNameForLocal`, LLVM 22).
/// - Numbers that the compiler derives (`.str.7`, `.compoundliteral.3`, `_MergedGlobals.2`,
///   `__UNIQUE_ID_x123`) become `N`: they count within a unit or a preprocessor run.
///
/// - `__COUNTER__` and `__LINE__` in the names of initcalls
///   (`__initcall__kmod_<module>__<counter>_<line>_<function><level>`, their stubs and their
///   sections; `include/linux/init.h`, Linux 7.3) become `N`: they count what stands before.
///
/// All other names stay, `foo.5` included: a static variable of a function is counted in
/// source order, which is the same in both modes.
#[must_use]
pub fn canonical(raw: &str) -> Canonical<'_> {
    let (name, promoted) = strip_promotion(raw);
    let name = match &name {
        Cow::Borrowed(s) => derived(s).map_or(name, Cow::Owned),
        Cow::Owned(s) => derived(s).map_or(name, Cow::Owned),
    };
    Canonical { name, promoted }
}

fn strip_promotion(raw: &str) -> (Cow<'_, str>, bool) {
    const MARK: &str = ".llvm.";
    let Some(at) = memmem::find(raw.as_bytes(), MARK.as_bytes()) else {
        return (Cow::Borrowed(raw), false);
    };
    let (before, after) = (raw.get(..at), raw.get(at + MARK.len()..));
    let (Some(before), Some(after)) = (before, after) else {
        return (Cow::Borrowed(raw), false);
    };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    match after.get(digits..) {
        _ if digits == 0 || before.is_empty() => (Cow::Borrowed(raw), false),
        Some("") => (Cow::Borrowed(before), true),
        // `foo.llvm.123.cold`: what follows the hash belongs to the function.
        Some(rest) if rest.starts_with('.') => {
            let (rest, _) = strip_promotion(rest);
            (Cow::Owned(format!("{before}{rest}")), true)
        }
        _ => (Cow::Borrowed(raw), false),
    }
}

/// The form of a derived name, if it is one.
fn derived(name: &str) -> Option<String> {
    const COUNTED_STEMS: [&str; 7] = [
        ".str",
        ".L.str",
        ".compoundliteral",
        "_MergedGlobals",
        ".L_MergedGlobals",
        "switch.table",
        "__const",
    ];
    if let Some(rest) = name.strip_prefix("__UNIQUE_ID_") {
        let stem = rest.trim_end_matches(|c: char| c.is_ascii_digit());
        return (stem.len() < rest.len()).then(|| format!("__UNIQUE_ID_{stem}N"));
    }
    if let Some(name) = initcall(name) {
        return Some(name);
    }
    let stem = COUNTED_STEMS.into_iter().find(|stem| {
        name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })?;
    let (left, number) = name.rsplit_once('.')?;
    if left.len() < stem.len() || number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(format!("{left}{COUNTED}"))
}

/// The name of an initcall's entry, stub or section without the two numbers in it.
fn initcall(name: &str) -> Option<String> {
    let is_section = name.starts_with(".initcall") || name.starts_with(".rela.initcall");
    // Most names end here.
    memmem::find(name.as_bytes(), b"kmod_")?;
    let marks = ["__initcall__kmod_", "__initstub__kmod_"];
    let mark = marks.into_iter().chain(is_section.then_some("..kmod_"));
    let start = mark.filter_map(|mark| Some(name.find(mark)? + mark.len())).next()?;
    let number = |text: &str| {
        // One that is gone already counts as well, so that a name is made plain once.
        let digits = match text.bytes().take_while(u8::is_ascii_digit).count() {
            0 if text.starts_with('N') => 1,
            digits => digits,
        };
        (digits > 0 && text.as_bytes().get(digits) == Some(&b'_')).then_some(digits + 1)
    };
    let rest = name.get(start..)?;
    rest.match_indices("__").find_map(|(at, mark)| {
        let counter = rest.get(at + mark.len()..)?;
        let line = counter.get(number(counter)?..)?;
        let function = line.get(number(line)?..)?;
        let before = name.get(..start + at)?;
        Some(format!("{before}__N_N_{function}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(raw: &str) -> String {
        canonical(raw).name.into_owned()
    }

    #[test]
    fn promoted_names_lose_their_hash() {
        assert_eq!(name("kmem_cache.llvm.8372649817346"), "kmem_cache");
        assert_eq!(name("foo.llvm.123.cold"), "foo.cold");
        assert_eq!(name("foo.4.llvm.99"), "foo.4");
        assert!(canonical("foo.llvm.1").promoted);
    }

    #[test]
    fn derived_numbers_go() {
        assert_eq!(name(".str.12"), ".str.N");
        assert_eq!(name(".compoundliteral.3"), ".compoundliteral.N");
        assert_eq!(name("__UNIQUE_ID_modinfo_593"), "__UNIQUE_ID_modinfo_N");
        assert_eq!(name("switch.table.foo.7"), "switch.table.foo.N");
    }

    #[test]
    fn initcalls_lose_their_counter_and_line() {
        for (raw, plain) in [
            (
                "__initcall__kmod_user__532_261_uid_cache_init4",
                "__initcall__kmod_user__N_N_uid_cache_init4",
            ),
            ("__initstub__kmod_a_2__3_4_f__1_2_g6.llvm.77", "__initstub__kmod_a_2__N_N_f__1_2_g6"),
            ("__cfi___initstub__kmod_user__1_2_f4", "__cfi___initstub__kmod_user__N_N_f4"),
            (".initcall4.init..kmod_user__362_261_f", ".initcall4.init..kmod_user__N_N_f"),
            ("__initcall__kmod_user__x_261_f4", "__initcall__kmod_user__x_261_f4"),
            ("my_kmod_user__532_261_f", "my_kmod_user__532_261_f"),
        ] {
            assert_eq!(name(raw), plain);
            assert_eq!(name(plain), plain);
        }
    }

    #[test]
    fn other_names_stay() {
        for raw in
            ["start_kernel", "foo.5", ".llvm.12", "foo.llvm.", "foo.llvm.x", ".str", "a.strong.1"]
        {
            assert_eq!(name(raw), raw);
            assert!(!canonical(raw).promoted);
        }
    }

    proptest! {
        #[test]
        fn canonical_names_stay_canonical(raw in "[a-z_.0-9]{0,12}(\\.llvm\\.[0-9]{1,4})?(\\.[a-z0-9]{1,4})?") {
            let once = name(&raw);
            prop_assert_eq!(name(&once), once.clone());
        }

        /// A name that differs only in the hash is one name.
        #[test]
        fn the_hash_never_matters(stem in "[a-z_]{1,10}", a in any::<u64>(), b in any::<u64>()) {
            prop_assert_eq!(name(&format!("{stem}.llvm.{a}")), name(&format!("{stem}.llvm.{b}")));
        }
    }
}
