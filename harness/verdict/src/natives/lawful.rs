//! What differs between two files of one object, and which of it named rules let be.
//!
//! The rules are for builds of one kernel at two places or at two times. Each is applied only where
//! bytes differ, and what it lets be is counted in its name:
//!
//! * `build-directory`: strings and debug information that hold the path of the build directory or
//!   of the source tree, where these are not the same for both builds;
//! * `build-id`: the note that the linker makes of everything else, also in an image that is
//!   embedded, such as the vDSO: stripped debug information counts in it;
//! * `cpio-time`: the times of the files of an uncompressed initramfs (`usr/gen_init_cpio.c`, Linux 7.3),
//!   which are those of the build unless `KBUILD_BUILD_TIMESTAMP` is set;
//! * `builder-and-time`: of an object that includes `compile.h` or `utsversion.h`, where nothing else that
//!   it is made from differs: who built the kernel, where and when;
//! * `btf`: types of a module are numbered after those of `vmlinux`, of which each mode has its own.

use std::collections::BTreeSet;
use twinlto_facts::elf::{Part, PartRelocation, Parts};

/// A rule, and what it makes of bytes before they are held against each other.
type Step<'s> = (Rule, &'s dyn Fn(&[u8]) -> Vec<u8>);

/// The name of a rule.
pub(super) type Rule = &'static str;

/// [`super::Surroundings::only_the_builder_differs`].
pub const BUILDER: Rule = "builder-and-time";

const BUILD_DIRECTORY: Rule = "build-directory";
const BUILD_ID: Rule = "build-id";
const CPIO_TIME: Rule = "cpio-time";
const BTF: Rule = "btf";

/// What distinguishes the two builds lawfully.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Pairs of directories that stand for each other; empty where both builds have the same.
    pub directories: Vec<(String, String)>,
    /// Whether the two are two modes of one kernel.
    pub modes: bool,
}

impl Places {
    /// Whether a directory of its own build stands in either file, as in the name of a source.
    #[must_use]
    pub fn stand_in(&self, left: &[u8], right: &[u8]) -> bool {
        let holds = |file: &[u8], text: &str| {
            !text.is_empty() && memchr::memmem::find(file, text.as_bytes()).is_some()
        };
        self.directories.iter().any(|(x, y)| holds(left, x) || holds(right, y))
    }
}

/// What differs between two files of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// What differs, by section and symbol, that which is loaded first.
    pub parts: Vec<String>,
    /// Whether anything that is loaded differs.
    pub loaded: bool,
    /// The rules that let the rest be.
    pub rules: BTreeSet<&'static str>,
}

/// Holds two files of one object against each other.
#[must_use]
pub fn difference(a: &Parts, b: &Parts, places: &Places) -> Difference {
    let (mut loaded, mut others, mut rules) = (Vec::new(), Vec::new(), BTreeSet::new());
    if a.header != b.header {
        loaded.push("the ELF header".to_owned());
    }
    let names: BTreeSet<&(String, usize)> = a.sections.keys().chain(b.sections.keys()).collect();
    for name in names {
        let (text, is_loaded) = match (a.sections.get(name), b.sections.get(name)) {
            (Some(x), Some(y)) => match section(&name.0, x, y, places, &mut rules) {
                Some(text) => (text, x.loaded || y.loaded),
                None => continue,
            },
            (Some(x), None) => (format!("{} (in the first alone)", name.0), x.loaded),
            (None, Some(y)) => (format!("{} (in the second alone)", name.0), y.loaded),
            (None, None) => continue,
        };
        if is_loaded { &mut loaded } else { &mut others }.push(text);
    }
    // Where sections differ, the symbols in them have moved.
    if loaded.is_empty() {
        let names: BTreeSet<&String> = a.symbols.keys().chain(b.symbols.keys()).collect();
        let differ = names.into_iter().filter(|name| a.symbols.get(*name) != b.symbols.get(*name));
        loaded.extend(differ.map(|name| format!("symbol {name}")));
    }
    let is_loaded = !loaded.is_empty();
    loaded.append(&mut others);
    Difference { parts: loaded, loaded: is_loaded, rules }
}

/// What differs in one section; none where it is the same, or rules let it be.
fn section(
    name: &str,
    a: &Part,
    b: &Part,
    places: &Places,
    rules: &mut BTreeSet<Rule>,
) -> Option<String> {
    if a.shape != b.shape {
        return Some(format!("{name} ({} and {})", a.shape, b.shape));
    }
    if a.bytes == b.bytes && a.size == b.size && a.relocations == b.relocations {
        return None;
    }
    if places.modes && matches!(name, ".BTF" | ".BTF_ids" | ".BTF.base") {
        rules.insert(BTF);
        return None;
    }
    if name.starts_with(".debug_") && is_same_debug(name, a, b, places) {
        rules.insert(BUILD_DIRECTORY);
        return None;
    }
    if a.relocations == b.relocations && a.bytes != b.bytes {
        let mut used = BTreeSet::new();
        if masked(&a.bytes, &b.bytes, places, &mut used) {
            rules.append(&mut used);
            return None;
        }
    }
    Some(place_of_difference(name, a, b))
}

/// Names the symbol at the first place that differs.
fn place_of_difference(name: &str, a: &Part, b: &Part) -> String {
    let at = |part: &Part, offset: u64| {
        part.at(offset).map_or_else(|| name.to_owned(), |label| format!("{label} in {name}"))
    };
    let byte = a.bytes.iter().zip(&b.bytes).position(|(x, y)| x != y);
    let pairs = a.relocations.iter().zip(&b.relocations);
    let other = pairs.into_iter().find(|(x, y)| x != y);
    match (byte, other) {
        (Some(byte), _) => format!("{}+{byte:#x}", at(a, byte as u64)),
        (None, Some((x, y))) => {
            let text = |r: &PartRelocation| format!("{}{:+#x}", r.symbol, r.addend.unwrap_or(0));
            format!("{} refers to {} and {}", at(a, x.offset), text(x), text(y))
        }
        (None, None) if a.size == b.size => {
            format!("{name} ({} and {} relocations)", a.relocations.len(), b.relocations.len())
        }
        (None, None) => format!("{name} ({} and {} bytes)", a.size, b.size),
    }
}

/// Whether debug information of two places says the same: strings but for the directories, and
/// everything else as long as it was, at the same places.
fn is_same_debug(name: &str, a: &Part, b: &Part, places: &Places) -> bool {
    if places.directories.is_empty() {
        return false;
    }
    let plain = |list: &[PartRelocation]| -> Vec<(u64, u32, String)> {
        list.iter().map(|r| (r.offset, r.kind, r.symbol.clone())).collect()
    };
    match name {
        ".debug_str" | ".debug_line_str" => {
            let strings = |bytes: &[u8]| -> BTreeSet<Vec<u8>> {
                bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
            };
            strings(&without_places(&a.bytes, places)) == strings(&without_places(&b.bytes, places))
        }
        // Before DWARF 5 its strings stand in it.
        ".debug_line" => plain(&a.relocations).len() == plain(&b.relocations).len(),
        _ => a.size == b.size && plain(&a.relocations) == plain(&b.relocations),
    }
}

/// Whether two contents are the same but for what rules let be.
fn masked(a: &[u8], b: &[u8], places: &Places, used: &mut BTreeSet<Rule>) -> bool {
    let steps: [Step<'_>; 3] = [
        (BUILD_DIRECTORY, &|bytes| without_places(bytes, places)),
        (BUILD_ID, &without_build_ids),
        (CPIO_TIME, &without_cpio_times),
    ];
    let (mut left, mut right) = (a.to_vec(), b.to_vec());
    for (rule, step) in steps {
        let (x, y) = (step(&left), step(&right));
        // A rule that brings the two no nearer has nothing to do with it.
        if x != left || y != right {
            used.insert(rule);
        }
        (left, right) = (x, y);
        if left == right {
            return true;
        }
    }
    false
}

/// The same with one name for the directories of both sides.
fn without_places(bytes: &[u8], places: &Places) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (number, (left, right)) in places.directories.iter().enumerate() {
        for directory in [left, right] {
            bytes = replace(&bytes, directory.as_bytes(), format!("<{number}>").as_bytes());
        }
    }
    bytes
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(bytes.len());
    let mut rest = 0;
    // A directory of the same beginning is another one.
    let ends = |byte: Option<&u8>| byte.is_none_or(|byte| matches!(*byte, b'/' | 0 | b'"' | b' '));
    for at in memchr::memmem::find_iter(bytes, from) {
        if at < rest || !ends(bytes.get(at.saturating_add(from.len()))) {
            continue;
        }
        result.extend_from_slice(bytes.get(rest..at).unwrap_or_default());
        result.extend_from_slice(to);
        rest = at.saturating_add(from.len());
    }
    result.extend_from_slice(bytes.get(rest..).unwrap_or_default());
    result
}

/// The same without the contents of `NT_GNU_BUILD_ID` notes (name `GNU`, type 3; up to 32 bytes).
fn without_build_ids(bytes: &[u8]) -> Vec<u8> {
    const NAME_AND_TYPE: &[u8] = b"\x03\0\0\0GNU\0";
    let mut result = bytes.to_vec();
    for at in memchr::memmem::find_iter(bytes, NAME_AND_TYPE) {
        let header = at.checked_sub(8).and_then(|start| bytes.get(start..at));
        let size = match header {
            Some([4, 0, 0, 0, size @ 1..=32, 0, 0, 0]) => usize::from(*size),
            _ => continue,
        };
        let start = at.saturating_add(NAME_AND_TYPE.len());
        if let Some(place) = result.get_mut(start..start.saturating_add(size)) {
            place.fill(0);
        }
    }
    result
}

/// The same without the times in the headers of a cpio archive (`newc` and its form with sums).
fn without_cpio_times(bytes: &[u8]) -> Vec<u8> {
    const TIME: std::ops::Range<usize> = 46..54;
    let mut result = bytes.to_vec();
    for at in memchr::memmem::find_iter(bytes, b"07070") {
        let header = bytes.get(at..at.saturating_add(110));
        let is_one = header.is_some_and(|header| {
            matches!(header.get(5), Some(b'1' | b'2')) && header.iter().all(u8::is_ascii_hexdigit)
        });
        let range = at.saturating_add(TIME.start)..at.saturating_add(TIME.end);
        if let Some(place) = result.get_mut(range).filter(|_| is_one) {
            place.fill(b'0');
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(bytes: &[u8]) -> Part {
        Part {
            loaded: true,
            shape: "PROGBITS A".to_owned(),
            size: bytes.len() as u64,
            bytes: bytes.to_vec(),
            relocations: Vec::new(),
            labels: vec![(0, 4, "f".to_owned()), (4, 8, "g".to_owned())],
        }
    }

    fn file(name: &str, part: Part) -> Parts {
        let mut parts = Parts::default();
        parts.sections.insert((name.to_owned(), 0), part);
        parts
    }

    fn at_two_places() -> Places {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        Places { directories: vec![pair("/out/a", "/out/other")], modes: true }
    }

    fn compared(name: &str, a: &[u8], b: &[u8]) -> Difference {
        difference(&file(name, part(a)), &file(name, part(b)), &at_two_places())
    }

    #[test]
    fn the_symbol_at_the_first_other_byte_is_named() {
        let found = compared(".text", b"aaaabbbb", b"aaaabxbb");
        assert_eq!(found.parts, ["g in .text+0x5"]);
        assert!(found.loaded && found.rules.is_empty());
    }

    #[test]
    fn a_symbol_that_changed_its_binding_differs() {
        let (mut a, mut b) = (file(".text", part(b"x")), file(".text", part(b"x")));
        a.symbols.insert("f".to_owned(), vec!["global".to_owned()]);
        b.symbols.insert("f".to_owned(), vec!["weak".to_owned()]);
        assert_eq!(difference(&a, &b, &Places::default()).parts, ["symbol f"]);
    }

    #[test]
    fn another_relocation_is_a_difference() {
        let (a, mut b) = (part(b"aaaabbbb"), part(b"aaaabbbb"));
        let one = |symbol: &str| PartRelocation {
            offset: 4,
            kind: 1,
            symbol: symbol.to_owned(),
            addend: Some(0),
        };
        let mut a = a;
        a.relocations.push(one("init_module"));
        b.relocations.push(one("cleanup_module"));
        let found = difference(&file("x", a), &file("x", b), &Places::default());
        assert_eq!(found.parts, ["g in x refers to init_module+0x0 and cleanup_module+0x0"]);
    }

    #[test]
    fn directories_are_let_be_and_other_directories_are_not() {
        let found = compared(".rodata", b"\0/out/a/x.c\0", b"\0/out/other/x.c\0");
        assert_eq!((found.parts.len(), found.rules.contains(BUILD_DIRECTORY)), (0, true));
        assert!(!compared(".rodata", b"\0/out/a/x.c\0", b"\0/out/other/y.c\0").parts.is_empty());
        assert!(!compared(".rodata", b"/out/ab/x.c\0", b"/out/otherb/x.c\0").parts.is_empty());
    }

    #[test]
    fn the_build_id_of_an_embedded_image_is_let_be_and_nothing_beside_it() {
        let note = |id: u8, more: u8| {
            let mut bytes = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0".to_vec();
            bytes.extend([id; 20]);
            bytes.push(more);
            bytes
        };
        let found = compared(".rodata", &note(1, 7), &note(2, 7));
        assert_eq!((found.parts.len(), found.rules.contains(BUILD_ID)), (0, true));
        assert!(!compared(".rodata", &note(1, 7), &note(2, 8)).parts.is_empty());
    }

    #[test]
    fn times_in_a_cpio_archive_are_let_be_and_modes_are_not() {
        let entry = |mode: &str, time: &str| {
            let fields = "00000000".repeat(8);
            format!("07070100000001{mode}000000000000000000000001{time}{fields}name").into_bytes()
        };
        let found =
            compared(".init.ramfs", &entry("000041ed", "6a000000"), &entry("000041ed", "6a00ffff"));
        assert_eq!((found.parts.len(), found.rules.contains(CPIO_TIME)), (0, true));
        let other =
            compared(".init.ramfs", &entry("000041ed", "6a000000"), &entry("000041ff", "6a000000"));
        assert!(!other.parts.is_empty());
    }

    #[test]
    fn debug_information_at_one_place_is_no_exception() {
        let (a, b) = (part(b"aaaa"), part(b"aaab"));
        let (a, b) = (file(".debug_info", a), file(".debug_info", b));
        assert_eq!(difference(&a, &b, &Places::default()).parts.len(), 1);
        assert!(difference(&a, &b, &at_two_places()).parts.is_empty());
    }

    proptest! {
        /// A file never differs from itself, and no bytes make a rule fail.
        #[test]
        fn a_file_is_the_same_as_itself(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(compared(".data", &bytes, &bytes), Difference::default());
        }

        /// Any changed byte outside of what a rule is for is a difference.
        #[test]
        fn every_other_byte_is_found(bytes in prop::collection::vec(1_u8..48, 1..60), at in any::<prop::sample::Index>()) {
            let mut other = bytes.clone();
            let at = at.index(bytes.len());
            other[at] ^= 0x80;
            prop_assert!(compared(".data", &bytes, &other).loaded);
        }
    }
}
