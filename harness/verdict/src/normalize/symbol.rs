use super::counted::uncounted;
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

/// The name that two builds of the same source share.
///
/// - `.llvm.<hash>` goes: the hash covers the module's bytes, which shift with the length of
///   generated headers (`ModuleSummaryIndex::getGlobalNameForLocal`, LLVM 22).
/// - Numbers that a compiler counts up for what has no name in the source (`.str.7`,
///   `.compoundliteral.3`, `_MergedGlobals.2`, `anon.<hash>.4`) become `N`.
/// - `__COUNTER__` and `__LINE__` that a macro of the kernel pasted ([`PASTING`](super::PASTING):
///   `__UNIQUE_ID_x_123`, `__BTF_ID__struct__cgroup__624`, names of initcalls and their sections)
///   become `N`: they count what stands before.
///
/// All other names stay, `foo.5` included: a static variable of a function is counted in
/// source order, which is the same in both modes.
#[must_use]
pub fn canonical(raw: &str) -> Canonical<'_> {
    if is_plain(raw) {
        return Canonical { name: Cow::Borrowed(raw), promoted: false };
    }
    let (name, promoted) = strip_promotion(raw);
    let name = match &name {
        Cow::Borrowed(s) => uncounted(s).map_or(name, Cow::Owned),
        Cow::Owned(s) => uncounted(s).map_or(name, Cow::Owned),
    };
    Canonical { name, promoted }
}

/// Whether a name certainly is its own canonical one, as most names of a kernel are: what is taken out
/// of names are digits, behind a dot or behind a mark that begins with an underscore.
fn is_plain(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    !bytes.iter().any(u8::is_ascii_digit)
        || raw.as_bytes().first() != Some(&b'_') && memchr::memchr(b'.', bytes).is_none()
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
            let shorter = format!("{before}{rest}");
            (Cow::Owned(strip_promotion(&shorter).0.into_owned()), true)
        }
        _ => (Cow::Borrowed(raw), false),
    }
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

    proptest! {
        /// The short way says what the long one does.
        #[test]
        fn a_plain_name_is_canonical(raw in PIECES) {
            let (name, promoted) = strip_promotion(&raw);
            let long = uncounted(&name).unwrap_or_else(|| name.clone().into_owned());
            prop_assert!(!is_plain(&raw) || (long == raw && !promoted), "{} {}", raw, long);
        }
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

    /// What clang 22 and kbuild make of the macros of Linux 6.1 and 7.3.
    #[test]
    fn what_macros_pasted_goes_by_kind() {
        for (raw, plain) in [
            ("__BTF_ID__struct__cgroup__624", "__BTF_ID__struct__cgroup__N"),
            ("__BTF_ID__func__foo__1__6241", "__BTF_ID__func__foo__1__N"),
            (
                "__UNIQUE_ID_addressable___UNIQUE_ID_x_694_695",
                "__UNIQUE_ID_addressable___UNIQUE_ID_x_N_N",
            ),
            (
                "__UNIQUE_ID___addressable___UNIQUE_ID_x694695",
                "__UNIQUE_ID___addressable___UNIQUE_ID_xN",
            ),
            (
                "__UNIQUE_ID_addressable___initstub__kmod_user__532_261_f4_533",
                "__UNIQUE_ID_addressable___initstub__kmod_user__N_N_f4_N",
            ),
            ("__UNIQUE_ID_quirk_via_vt8235_694", "__UNIQUE_ID_quirk_via_vt8235_N"),
            ("__UNIQUE_ID_array_12_probe", "__UNIQUE_ID_array_N_probe"),
            ("__UNIQUE_ID_array12_probe", "__UNIQUE_ID_arrayN_probe"),
            ("f.__UNIQUE_ID_ddebug_694.12.llvm.3", "f.__UNIQUE_ID_ddebug_N.12"),
            ("__cfi___UNIQUE_ID_quirk_694", "__cfi___UNIQUE_ID_quirk_N"),
            ("__pfx___cfi___initstub__kmod_a__1_2_f4", "__pfx___cfi___initstub__kmod_a__N_N_f4"),
            (
                "__kcfi_typeid___initstub__kmod_a__1_2_f4",
                "__kcfi_typeid___initstub__kmod_a__N_N_f4",
            ),
            (".text.unlikely.__UNIQUE_ID_quirk_694", ".text.unlikely.__UNIQUE_ID_quirk_N"),
            (".rela.text.__UNIQUE_ID_quirk_694", ".rela.text.__UNIQUE_ID_quirk_N"),
            (".con_initcall.init..kmod_a__1_2_f", ".con_initcall.init..kmod_a__N_N_f"),
            (".rela.initcall4.init..kmod_a__1_2_f", ".rela.initcall4.init..kmod_a__N_N_f"),
            ("__compiletime_assert_412", "__compiletime_assert_N"),
            ("__kvm_nvhe___compiletime_assert_412", "__kvm_nvhe___compiletime_assert_N"),
            ("_note_18", "_note_N"),
            ("_object_methods_UVERBS_OBJECT_DM123", "_object_methods_UVERBS_OBJECT_DMN"),
            ("__pci_fixup_quirk_x123", "__pci_fixup_quirk_xN"),
            ("__gendwarfksyms_rule_5", "__gendwarfksyms_rule_N"),
            ("anon.0123456789abcdef0123456789abcdef.7", "anon.H.N"),
            (".Lanon.0123456789abcdef0123456789abcdef.7.llvm.5", ".Lanon.H.N"),
            (".Lswitch.table.f.3", ".Lswitch.table.f.N"),
            (".L__unnamed_7", ".L__unnamed_N"),
        ] {
            assert_eq!(name(raw), plain);
            assert_eq!(name(plain), plain);
        }
    }

    #[test]
    fn other_names_stay() {
        for raw in [
            "start_kernel",
            "foo.5",
            "foo.__key.12",
            "foo.cold.1",
            "foo.isra.0",
            "foo.constprop.0",
            "foo.part.3",
            "__already_done.4",
            ".llvm.12",
            "foo.llvm.",
            "foo.llvm.x",
            ".str",
            "a.strong.1",
            // A set has no number, whatever its name.
            "__BTF_ID__set__foo__12",
            "__BTF_ID__set8__foo__12",
            "__BTF_ID__struct__624",
            "my__BTF_ID__struct__x__624",
            "my__UNIQUE_ID_x_5",
            "__UNIQUE_ID_x",
            "__UNIQUE_ID___addressable_init_module",
            "__UNIQUE_ID_5",
            "__compiletime_assert_4x",
            "__compiletime_assert_",
            "_note_4_x",
            "my_note_4",
            "__pci_fixup_12",
            "__mod_device_table__kmod_a__pci__ids_12",
            "__param_str_igt__12__mock_x",
            "anon.5",
            "anon.0123456789abcdef.5",
            "__unnamed_x",
            "foo.init..kmod_a__1_2_f",
            "_RNvCs1234_6kernel5print",
        ] {
            assert_eq!(name(raw), raw);
            assert!(!canonical(raw).promoted);
        }
    }

    /// Beginnings of what macros make, and pieces that may follow.
    const PIECES: &str = "(__cfi_|__pi_)?(__UNIQUE_ID_(addressable_|__addressable_)?)?\
        (__UNIQUE_ID_|__BTF_ID__|__initcall__kmod_|__initstub__kmod_|__compiletime_assert_|_note_|\
        __pci_fixup_|_object_methods_|\\.initcall4\\.init\\.\\.kmod_|anon\\.)?\
        ([a-z]{1,3}|_{1,2}|[0-9]{1,3}|N|\\.|_probe|struct__|set__|\\.llvm\\.[0-9]){0,8}";

    proptest! {
        #[test]
        fn canonical_names_stay_canonical(raw in "[a-z_.0-9]{0,12}(\\.llvm\\.[0-9]{1,4})?(\\.[a-z0-9]{1,4})?") {
            let once = name(&raw);
            prop_assert_eq!(name(&once), once.clone());
        }

        #[test]
        fn names_of_macros_are_made_plain_once(raw in PIECES) {
            let once = name(&raw);
            prop_assert_eq!(name(&once), once.clone());
        }

        /// Whatever is taken out of a name is a number, or the hash behind a mark: what differs
        /// elsewhere stays apart.
        #[test]
        fn names_that_are_one_differ_in_numbers_alone(raw in PIECES, at in any::<usize>(), with in "[a-zA-Z_]") {
            let letters: Vec<usize> = raw
                .char_indices()
                .filter_map(|(at, c)| (c.is_ascii_lowercase()).then_some(at))
                .collect();
            if let Some(at) = at.checked_rem(letters.len()).map(|at| letters[at]) {
                let mut other = raw.clone();
                other.replace_range(at..=at, &with);
                let (one, two) = (name(&raw), name(&other));
                prop_assert!(other == raw || one != two, "{} and {}: {}", raw, other, one);
            }
        }

        /// The counter never matters, and what stands before it always does.
        #[test]
        fn the_counter_never_matters(
            a in "[a-z][a-z0-9]{0,4}(_[a-z0-9]{1,3})?[a-z]", b in "[a-z][a-z0-9]{0,4}(_[a-z0-9]{1,3})?[a-z]", n in 0u32..99999, m in 0u32..99999
        ) {
            type Make = fn(&str, u32) -> String;
            let kinds: [Make; 9] = [
                |x, n| format!("__UNIQUE_ID_{x}_{n}"),
                |x, n| format!("__UNIQUE_ID_{x}{n}"),
                |x, n| format!("__UNIQUE_ID_addressable___UNIQUE_ID_{x}_{n}_{}", n + 1),
                |x, n| format!("__BTF_ID__struct__{x}__{n}{n}"),
                |x, n| format!("__initcall__kmod_{x}__{n}_{n}_{x}4"),
                |x, n| format!("__UNIQUE_ID_addressable___initstub__kmod_{x}__{n}_{n}_{x}4_{n}"),
                |x, n| format!(".initcall4.init..kmod_{x}__{n}_{n}_{x}"),
                |x, n| format!("_object_methods_{x}{n}"),
                |x, n| format!("f.__UNIQUE_ID_{x}_{n}.3"),
            ];
            for make in kinds {
                prop_assert_eq!(name(&make(&a, n)), name(&make(&a, m)));
                if a != b {
                    prop_assert_ne!(name(&make(&a, n)), name(&make(&b, m)));
                }
            }
        }

        /// A name that differs only in the hash is one name.
        #[test]
        fn the_hash_never_matters(stem in "[a-z_]{1,10}", a in any::<u64>(), b in any::<u64>()) {
            prop_assert_eq!(name(&format!("{stem}.llvm.{a}")), name(&format!("{stem}.llvm.{b}")));
        }
    }
}
