//! What is installed beside the image: `System.map`, `modules.builtin` and `modules.builtin.modinfo`,
//! each held against what it is made of.

use crate::elf::{Image, SectionRef, Symbol, SymbolKind};
use std::collections::BTreeSet;
use std::ops::Range;

/// What one of two lists has and the other has not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Apart {
    /// How many entries both have.
    pub same: u64,
    /// What the installed file alone says.
    pub installed: BTreeSet<String>,
    /// What it is made of alone says.
    pub origin: BTreeSet<String>,
}

impl Apart {
    fn of(installed: BTreeSet<String>, origin: &BTreeSet<String>) -> Self {
        let same = installed.intersection(origin).count() as u64;
        let alone = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            one.difference(other).cloned().collect()
        };
        Self { same, origin: alone(origin, &installed), installed: alone(&installed, origin) }
    }
}

/// Holds `System.map` against the symbols of the image, and of that before `.modinfo` was removed from
/// it, with the labels at its end (`vmlinux.unstripped`, since Linux 6.18): name and address of each line, and whether
/// it is local, global or weak. Of functions and variables also those that are missing, but for
/// those that `scripts/mksysmap` leaves out. None where the image has no symbols.
///
/// Source: `scripts/mksysmap` and `mksysmap` in `scripts/link-vmlinux.sh`, Linux 6.1 to 7.3; the
/// letters are those of `nm`.
#[must_use]
pub fn system_map(text: &str, image: &Image<'_>, before: Option<&Image<'_>>) -> Option<Apart> {
    let symbols = by_place(image);
    if symbols.is_empty() {
        return None;
    }
    let others = before.map(by_place).unwrap_or_default();
    let (mut apart, mut listed) = (Apart::default(), vec![false; symbols.len()]);
    let mut last = 0;
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        let mut words = line.splitn(3, ' ');
        let address = words.next().and_then(|word| u64::from_str_radix(word, 16).ok());
        let place = address.zip(words.next()).zip(words.next());
        let found = place.is_some_and(|((address, letter), name)| {
            let here = at_place(&symbols, last, (address, name));
            last = here.start;
            let marks = listed.get_mut(here.clone()).unwrap_or_default();
            if marks.first() == Some(&false) {
                marks.fill(true);
            }
            let fits = |(_, symbol): &(u64, &Symbol<'_>)| is_letter_of(letter, symbol);
            symbols.get(here).unwrap_or_default().iter().any(fits) || {
                let there = at_place(&others, 0, (address, name));
                others.get(there).unwrap_or_default().iter().any(fits)
            }
        });
        if found {
            apart.same += 1;
        } else {
            apart.installed.insert(line.to_owned());
        }
    }
    let missing = symbols.iter().zip(listed).filter(|((_, symbol), listed)| {
        !listed
            && matches!(symbol.kind, SymbolKind::Func | SymbolKind::Object)
            && matches!(symbol.section, SectionRef::Named(_))
            && !is_left_out(&symbol.name)
    });
    apart.origin = missing.map(|((at, it), _)| format!("{at:016x} {}", it.name)).collect();
    Some(apart)
}

/// Symbols with their addresses, which are looked at far more often than the rest.
type ByPlace<'s> = Vec<(u64, &'s Symbol<'s>)>;

/// The symbols of an image that are defined, in order of address and name.
fn by_place<'s>(image: &'s Image<'_>) -> ByPlace<'s> {
    let defined = image.symbols.iter().filter(|symbol| !symbol.is_undefined());
    let mut symbols: ByPlace<'s> = Vec::with_capacity(image.symbols.len());
    symbols.extend(defined.map(|symbol| (symbol.value, symbol)));
    symbols.sort_unstable_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.name.cmp(&y.name)));
    symbols
}

/// Which of [`by_place`] have an address and a name. They are looked for near `last` first: the lines of
/// the file are in order of addresses as well.
fn at_place(
    symbols: &[(u64, &Symbol<'_>)],
    last: usize,
    (address, name): (u64, &str),
) -> Range<usize> {
    const NEAR: usize = 16;
    let order = |(at, symbol): &(u64, &Symbol<'_>)| {
        at.cmp(&address).then_with(|| symbol.name.as_ref().cmp(name))
    };
    let near = symbols.get(last..symbols.len().min(last + NEAR)).unwrap_or_default();
    let is_near = near.first().is_some_and(|first| order(first).is_le())
        && near.last().is_some_and(|last| order(last).is_gt());
    let (start, list) = if is_near { (last, near) } else { (0, symbols) };
    let before = list.partition_point(|it| order(it).is_lt());
    let rest = list.get(before..).unwrap_or_default();
    let start = start + before;
    start..start + rest.partition_point(|it| order(it).is_eq())
}

/// Whether a letter of `nm` may stand for a symbol: capital for what other files see, `V` and `W` for
/// what is weak, `A` for what is nowhere.
fn is_letter_of(letter: &str, symbol: &Symbol<'_>) -> bool {
    use crate::elf::Binding;
    let mut letters = letter.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return false };
    match symbol.binding {
        Binding::Weak => matches!(letter, 'V' | 'v' | 'W' | 'w'),
        Binding::Local => letter.is_ascii_lowercase() || matches!(letter, '?' | 'N'),
        _ => letter.is_ascii_uppercase() || matches!(letter, 'u' | 'i' | '?'),
    }
}

/// Names that `scripts/mksysmap` leaves out, of all versions together.
fn is_left_out(name: &str) -> bool {
    const BEGIN: [&str; 14] = [
        "$",
        ".L",
        "__efistub_",
        "__pi_$",
        "__pi_.L",
        "__kvm_nvhe_$",
        "__kvm_nvhe_.L",
        "__kcfi_typeid_",
        "__kvm_nvhe___kcfi_typeid_",
        "__pi___kcfi_typeid_",
        "__crc_",
        "__kstrtab_",
        "__kstrtabns_",
        "__mod_device_table__",
    ];
    const END: [&str; 3] = ["_from_arm", "_from_thumb", "_veneer"];
    const WITHIN: [&str; 4] = [".long_branch.", ".plt_branch.", "Thunk_", "__UNIQUE_ID_modinfo_"];
    name.is_empty()
        || BEGIN.iter().any(|begin| name.starts_with(begin))
        || END.iter().any(|end| name.ends_with(end))
        || WITHIN.iter().any(|text| name.contains(text))
        || matches!(name, "L0" | "_SDA_BASE_" | "_SDA2_BASE_")
}

/// Holds `modules.builtin` against the `file` entries of `modules.builtin.modinfo`, which it is made
/// of (`scripts/Makefile.vmlinux`, Linux 7.3).
#[must_use]
pub fn built_in_list(list: &str, modinfo: &[u8]) -> Apart {
    let listed = list.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    let files = entries(modinfo).into_iter().filter_map(|entry| {
        let (key, value) = entry.split_once('=')?;
        key.ends_with(".file").then(|| value.to_owned())
    });
    let files: Vec<String> = files.collect();
    // Objects that several modules share name them all.
    let files = files.iter().flat_map(|value| value.split(' '));
    let made = files.filter(|name| !name.is_empty()).map(|name| format!("kernel/{name}.ko"));
    Apart::of(listed.collect(), &made.collect())
}

/// Holds `modules.builtin.modinfo` against the sections `.modinfo` of the image.
#[must_use]
pub fn built_in_modinfo(modinfo: &[u8], image: &Image<'_>) -> Option<Apart> {
    let sections = image.sections.iter().enumerate().filter(|(_, s)| s.name == ".modinfo");
    let bytes: Vec<&[u8]> = sections.map(|(index, _)| image.data(index)).collect();
    let origin: BTreeSet<String> = bytes.iter().flat_map(|bytes| entries(bytes)).collect();
    (!bytes.is_empty()).then(|| Apart::of(entries(modinfo), &origin))
}

/// The texts of a `.modinfo`, without padding.
fn entries(bytes: &[u8]) -> BTreeSet<String> {
    let all = bytes.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    all.map(|entry| String::from_utf8_lossy(entry).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_built_in_module_that_is_not_listed_is_named() {
        let modinfo = b"core.file=drivers/base/core\0core.license=GPL\0a.file=lib/a lib/b\0\0\0";
        let all = "kernel/drivers/base/core.ko\nkernel/lib/a.ko\nkernel/lib/b.ko\n";
        let same = built_in_list(all, modinfo);
        assert_eq!((same.same, same.installed.len(), same.origin.len()), (3, 0, 0));
        let apart = built_in_list("kernel/lib/a.ko\nkernel/lib/x.ko\n", modinfo);
        assert_eq!(apart.installed, ["kernel/lib/x.ko".to_owned()].into());
        let gone = ["kernel/drivers/base/core.ko", "kernel/lib/b.ko"].map(str::to_owned);
        assert_eq!(apart.origin, gone.into());
    }

    #[test]
    fn the_letters_of_nm_tell_who_sees_a_symbol() {
        use crate::elf::{Binding, SymbolKind, Visibility};
        let symbol = |binding| Symbol {
            name: "f".into(),
            binding,
            visibility: Visibility::Default,
            kind: SymbolKind::Func,
            section: SectionRef::Named(1),
            value: 0,
            size: 4,
            other: 0,
            file: None,
        };
        let ok = |letter, binding| is_letter_of(letter, &symbol(binding));
        assert!(ok("T", Binding::Global) && ok("t", Binding::Local) && ok("W", Binding::Weak));
        assert!(!ok("t", Binding::Global) && !ok("T", Binding::Local) && !ok("T", Binding::Weak));
        assert!(!ok("", Binding::Global) && !ok("TT", Binding::Global));
    }

    proptest! {
        #[test]
        fn no_text_panics(list in "[a-z/.\n]{0,60}", modinfo in prop::collection::vec(any::<u8>(), 0..80)) {
            let apart = built_in_list(&list, &modinfo);
            let again = built_in_list(&list, &modinfo);
            prop_assert_eq!(apart, again);
        }
    }
}
