//! Files that decide an object and that no command shows: what was kept of another one's contents is
//! taken for nothing.

use crate::support::hidden::{INCLUDED, hidden_tree};
use crate::support::{arg, finding, kept_dir, llvm, run, run_with};
use std::path::Path;

/// The build of a check, its report without a finding.
fn checked(tree: &Path, out: &Path, llvm: &str) {
    let (tree, out) = (arg(tree), arg(out));
    let ran = run(&["check", &tree, "--arch", "arm64", "--llvm", llvm, "--out", &out]);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
}

/// An object that was made of other contents is another one's, however often it is asked.
#[test]
fn a_replay_sees_that_an_included_file_has_changed() {
    let Some(llvm) = llvm("a_replay_sees_that_an_included_file_has_changed") else { return };
    let (tree, out) = (hidden_tree("hidden-replay"), kept_dir("hidden-replay"));
    checked(&tree, &out, llvm);
    let cache = tempfile::tempdir().unwrap();
    let replay = |mode: &str| {
        let build = arg(&out.join("arm64").join(mode));
        let words = ["replay", &build, "--object", "mm/*", "--format", "json"];
        run_with(&words, &[("TWINLTO_CACHE", &arg(cache.path()))])
    };
    assert_eq!(replay("distributed").status, 0);
    let included = out.join("arm64/distributed").join(INCLUDED);
    let before = std::fs::read(&included).unwrap();
    std::fs::write(&included, "other contents, of other length").unwrap();
    for _ in 0..2 {
        let ran = replay("distributed");
        assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
        let report = ran.json();
        let found = finding(&report, "replay.backend.changed");
        assert_eq!(found["subjects"], serde_json::json!(["mm/util.o"]), "{found}");
    }
    std::fs::write(&included, before).unwrap();
    assert_eq!(replay("distributed").status, 0);
    // The link's objects and the reference's are both made of what the file holds now.
    assert_eq!(replay("in-process").status, 0);
    std::fs::write(out.join("arm64/in-process").join(INCLUDED), "a third text").unwrap();
    let ran = replay("in-process");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
}

/// An object that holds an earlier state of an included file is named, in both modes; so is why, as far
/// as it is known.
#[test]
fn an_object_that_holds_an_earlier_state_of_a_file_is_named() {
    let Some(llvm) = llvm("an_object_that_holds_an_earlier_state") else { return };
    let (tree, out) = (hidden_tree("hidden-stale"), kept_dir("hidden-stale"));
    checked(&tree, &out, llvm);
    for mode in ["distributed", "in-process"] {
        let build = out.join("arm64").join(mode);
        let audit = || run(&["audit", &arg(&build), "--format", "json"]);
        let keys = || audit().keys();
        assert!(keys().is_empty(), "{mode}: {:?}", keys());
        let included = build.join(INCLUDED);
        let before = std::fs::read(&included).unwrap();
        std::fs::write(&included, "the contents of another day").unwrap();
        let report = audit().json();
        let found = finding(&report, "native.included.stale");
        assert_eq!(found["subjects"], serde_json::json!(["mm/util.o"]), "{found}");
        assert!(found["cause"].as_str().unwrap().contains("was made again after"), "{found}");
        // As a cache leaves it: the object is the younger one.
        let old = std::time::SystemTime::UNIX_EPOCH;
        std::fs::File::options().write(true).open(&included).unwrap().set_modified(old).unwrap();
        let report = audit().json();
        let found = finding(&report, "native.included.stale");
        assert!(found["cause"].as_str().unwrap().contains("of other contents"), "{found}");
        std::fs::write(&included, before).unwrap();
        assert!(keys().is_empty(), "{mode}: {:?}", keys());
    }
}
