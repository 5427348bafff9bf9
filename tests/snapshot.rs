//! `twinlto snapshot`: the facts of a build as texts that can be kept.

use crate::support::{pocket, run};

#[test]
fn a_recorded_build_is_as_recorded_and_another_is_told_in_words() {
    let Some(pocket) = pocket("a_recorded_build") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("pocket/arm64-22/tiny").display().to_string();
    let build = |arch, mode| pocket.build(arch, mode).display().to_string();
    let (arm, twin) = (build("arm64", "distributed"), build("arm64", "in-process"));
    let riscv = build("riscv", "distributed");
    let snapshot = |what: &str, build: &str| run(&["snapshot", what, build, &kept]);

    let early = snapshot("compare", &arm);
    assert_eq!(early.status, 2);
    assert!(early.stderr.contains("nothing is recorded there"), "{}", early.stderr);

    assert_eq!(snapshot("record", &arm).status, 0);
    for facet in ["exports", "initcalls", "sections", "promoted", "tables", "options"] {
        let text = std::fs::read_to_string(format!("{kept}/{facet}.txt")).unwrap();
        assert!(!text.is_empty(), "{facet} is empty");
        assert!(text.lines().count() < 200, "{facet}: {} lines", text.lines().count());
        assert!(!text.contains(".llvm."), "{facet}: {text}");
    }
    // Both modes have the same facts, and a second look is the same look.
    for same in [&arm, &twin] {
        let ran = snapshot("compare", same);
        assert_eq!(ran.status, 0, "{}", ran.stdout);
        assert_eq!(ran.stdout, "agree: 6 facets are as recorded\n");
    }
    let again = snapshot("record", &arm);
    assert_eq!(again.status, 2);
    assert!(again.stderr.contains("it is recorded already"), "{}", again.stderr);

    let other = snapshot("compare", &riscv);
    assert_eq!(other.status, 1);
    let first = other.stdout.lines().next().unwrap();
    assert!(first.contains(" → ") || first.contains("other ones"), "{first}");
    assert!(other.stdout.contains("\n-target-selecting --target=aarch64-linux-gnu"), "{first}");

    assert_eq!(snapshot("accept", &riscv).status, 0);
    assert_eq!(snapshot("compare", &riscv).status, 0);
}

/// One fact edited by hand is the one that is shown.
#[test]
fn an_edited_snapshot_is_found_at_its_line() {
    let Some(pocket) = pocket("an_edited_snapshot") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().display().to_string();
    let build = pocket.build("loongarch", "distributed").display().to_string();
    assert_eq!(run(&["snapshot", "record", &build, &kept]).status, 0);
    let path = dir.path().join("initcalls.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(0, 1);
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let ran = run(&["snapshot", "compare", &build, &kept]);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.starts_with("initcalls: "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("exports: "), "{}", ran.stdout);
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    let ran = run(&["snapshot", "compare", &build, &kept]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("it is no text"), "{}", ran.stderr);
}
