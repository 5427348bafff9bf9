//! Where the tree of a build is: what is `/ws/linux/kernel/fork.c` in one log, `../kernel/fork.c` in
//! another and `kernel/fork.c` in a third is one file.

use crate::kbuild::{native_path, normalize_path};
use std::collections::BTreeSet;

/// The directories at the top of a kernel tree (Linux 7.3) by which it is known.
const TOP: [&str; 15] = [
    "arch", "block", "certs", "crypto", "drivers", "fs", "include", "io_uring", "ipc", "mm",
    "rust", "samples", "security", "sound", "virt",
];

/// Those whose names other directories have as well.
const TOP_OR_NOT: [&str; 7] = ["init", "kernel", "lib", "net", "scripts", "tools", "usr"];

/// The directory above an object, from the absolute path of its source: what stands before the object's
/// own path. The longest path that is an object's counts.
pub(super) fn root_by_objects<'a>(
    source: &'a str,
    compiled: &BTreeSet<String>,
    natives: &BTreeSet<String>,
) -> Option<&'a str> {
    let (stem, _) = source.strip_prefix('/')?.rsplit_once('.')?;
    let mut from = 0;
    while let Some(rest) = stem.get(from..) {
        let object = format!("{rest}.o");
        let is_one = compiled.contains(&object) || natives.contains(&native_path(&object));
        if is_one && from > 0 {
            return source.get(..from);
        }
        from += rest.find('/')? + 1;
    }
    None
}

/// The directory above an object, from its command: `-c -o lib/a.o /ws/linux/lib/a.c`.
pub(super) fn root_by_command<'a>(object: &str, source: &'a str) -> Option<&'a str> {
    let object = normalize_path(object)?;
    let (stem, _) = object.rsplit_once('.')?;
    let (path, _) = source.rsplit_once('.')?;
    let root = path.strip_suffix(stem)?.strip_suffix('/')?;
    (root.starts_with('/') && root.len() > 1).then_some(root)
}

/// The directory above a source, from the names of a kernel's directories alone.
pub(super) fn root_by_names(source: &str) -> Option<&str> {
    let is_source = [".c", ".h", ".S", ".s", ".rs"].iter().any(|end| source.ends_with(end));
    if !source.starts_with('/') || !is_source {
        return None;
    }
    let mut parts: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for part in source.split('/') {
        parts.push((at, part));
        at += part.len() + 1;
    }
    parts.pop();
    let sure = parts.iter().position(|(_, part)| TOP.contains(part));
    let found = sure.or_else(|| parts.iter().rposition(|(_, part)| TOP_OR_NOT.contains(part)))?;
    // `tools/lib/x.c`, `tools/include/x.h`
    let (before, _) = found.checked_sub(1).and_then(|before| parts.get(before))?;
    let is_tool = parts.get(found - 1).is_some_and(|(_, part)| *part == "tools");
    let at = if is_tool { before } else { &parts.get(found)?.0 };
    source.get(..at.checked_sub(1)?).filter(|root| root.len() > 1)
}

/// A text without these directories, and without what leads out of the build's directory: the
/// longest first, for a build directory may lie within the sources.
pub(super) fn below(text: &str, roots: &[&str]) -> String {
    let mut text = text.to_owned();
    for root in roots.iter().filter(|root| !root.is_empty()) {
        if text.contains(root) {
            text = without(&text, root);
        }
    }
    if text.contains("./") { inside(&text) } else { text }
}

/// The directory as a whole: not where it is the end of another one.
fn without(text: &str, root: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(root) {
        let (before, found) = rest.split_at(at);
        let after = found.get(root.len()..).unwrap_or_default();
        out.push_str(before);
        let begins = out.chars().next_back().is_none_or(|c| !is_of_a_path(c));
        match after.strip_prefix('/').filter(|_| begins) {
            Some(after) => rest = after.trim_start_matches('/'),
            None => {
                out.push_str(root);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_of_a_path(c: char) -> bool {
    c.is_alphanumeric() || "/._-+@~".contains(c)
}

/// `../kernel/fork.c` and `./kernel/fork.c` as `kernel/fork.c`.
fn inside(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_of_a_path) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_of_a_path(c)).unwrap_or(from.len());
        let (path, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(&relative(path));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn relative(path: &str) -> String {
    let mut inner = path;
    while let Some(rest) = inner.strip_prefix("../").or_else(|| inner.strip_prefix("./")) {
        inner = rest;
    }
    // `arch/arm64/kvm/../../../virt/kvm/x.c`
    let goes_back = inner.contains("/../") || inner.contains("/./");
    if let Some(path) = goes_back.then(|| normalize_path(inner)).flatten() {
        return path;
    }
    if matches!(inner, "" | ".." | ".") { path.to_owned() } else { inner.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_path_of_an_object_says_where_the_tree_is() {
        let compiled = BTreeSet::from(["kernel/fork.o".to_owned(), "fork.o".to_owned()]);
        let natives = BTreeSet::from(["lib/b.thinlto-native.o".to_owned()]);
        let root = |source| root_by_objects(source, &compiled, &natives);
        assert_eq!(root("/ws/kernel/linux/kernel/fork.c"), Some("/ws/kernel/linux"));
        assert_eq!(root("/b/lib/b.c"), Some("/b"));
        assert_eq!(root("/b/include/x.h"), None);
        assert_eq!(root("kernel/fork.c"), None);
        assert_eq!(root_by_command("lib/a.o", "/ws/lib/a.c"), Some("/ws"));
        assert_eq!(root_by_command("./lib/a.o", "/ws/x/lib/a.S"), Some("/ws/x"));
        assert_eq!(root_by_command("lib/a.o", "../lib/a.c"), None);
    }

    #[test]
    fn names_tell_where_no_object_does() {
        for (source, root) in [
            ("/home/ci/kernel/linux/kernel/fork.c", Some("/home/ci/kernel/linux")),
            ("/ws/arch/x86/kernel/cpu/a.c", Some("/ws")),
            ("/ws/drivers/net/x.c", Some("/ws")),
            ("/ws/tools/lib/x.c", Some("/ws")),
            ("/ws/tools/include/linux/x.h", Some("/ws")),
            ("/ws/x.c", None),
            ("kernel/fork.c", None),
            ("/usr/bin/ld", None),
        ] {
            assert_eq!(root_by_names(source), root, "{source}");
        }
    }

    #[test]
    fn only_whole_directories_go() {
        let roots = ["/src/linux"];
        let text = "'/src/linux/a.c' and /home/src/linux/b, /src/linux-7/c and ../x/y.h";
        let expected = "'a.c' and /home/src/linux/b, /src/linux-7/c and x/y.h";
        assert_eq!(below(text, &roots), expected);
        assert_eq!(
            below("arch/arm64/kvm/../../../virt/kvm/x.c ../.. ...", &[]),
            "virt/kvm/x.c ../.. ..."
        );
    }

    proptest! {
        #[test]
        fn nothing_panics_and_twice_is_once(text in "([./a]|\\.\\./|\\PC){0,24}", root in "/[a/]{0,4}") {
            let once = below(&text, &[&root]);
            let _ = (root_by_names(&text), root_by_command(&text, &text));
            prop_assert!(once.len() <= text.len());
        }
    }
}
