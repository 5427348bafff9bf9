//! The edits of kbuild's rules, eight of them at once: `scripts/mutate --edits` tries each by itself.

use crate::edits::data::{self, Edit, Expect};
use crate::edits::judge;
use crate::support::{edited_tree, kept_dir, llvm, root, run};
use std::collections::{BTreeMap, BTreeSet};

/// Edits that change a kernel, one an area, in files of their own.
const TOGETHER: [&str; 8] = [
    "save-with-o3",
    "script-stack-doubled",
    "front-directory-option",
    "assembly-asks-for-the-mode",
    "ko-with-a-symbol",
    "modpost-one-crc",
    "vmlinux-o-align-all-functions",
    "initcalls-another-level-in-one-mode",
];

fn all() -> Vec<Edit> {
    data::all(&root().join("tests/edits"))
}

#[test]
fn every_edit_has_its_anchor_and_a_name_of_its_own() {
    let edits = all();
    assert!(edits.len() >= 100, "{}", edits.len());
    let names: BTreeSet<_> = edits.iter().map(|edit| &edit.name).collect();
    assert_eq!(names.len(), edits.len(), "a name stands twice");
    let arches: BTreeSet<_> = edits.iter().map(|edit| edit.arch.as_str()).collect();
    assert_eq!(arches.len(), 4, "{arches:?}");
    let mut areas: BTreeMap<&str, usize> = BTreeMap::new();
    for edit in &edits {
        *areas.entry(&edit.area).or_default() += 1;
        for (file, anchor, replacement) in &edit.changes {
            let text = std::fs::read_to_string(root().join("cases/pocket").join(file)).unwrap();
            let found = text.matches(anchor.as_str()).count();
            assert_eq!(found, 1, "{}: {file}: {anchor}", edit.name);
            assert_ne!(anchor, replacement, "{}", edit.name);
        }
    }
    assert_eq!(areas.len(), 15, "{areas:?}");
    assert!(areas.values().all(|edits| *edits >= 5), "{areas:?}");
}

#[test]
fn edits_of_eight_areas_at_once_are_all_found() {
    let Some(llvm) = llvm("edits_of_eight_areas") else { return };
    let edits = all();
    let chosen: Vec<&Edit> =
        TOGETHER.iter().map(|name| edits.iter().find(|edit| edit.name == *name).unwrap()).collect();
    let changes: Vec<_> = chosen.iter().flat_map(|edit| &edit.changes).collect();
    let changes: Vec<(&str, &str, &str)> =
        changes.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    let tree = edited_tree("edits-together", &changes).display().to_string();
    let out = kept_dir("edits-together").display().to_string();
    let args = ["check", &tree, "--arch", "arm64", "--llvm", llvm, "--out", &out];
    let report = run(&[&args[..], &["--format", "json"]].concat()).json();
    assert_eq!(report["outcome"], "differ", "{report}");
    let gating = judge::gating(&report);
    for edit in chosen {
        assert!(matches!(edit.expect, Expect::About(_)), "{}", edit.name);
        assert!(judge::mentions(edit, &gating), "{}: {}", edit.name, judge::in_short(&report));
    }
}
