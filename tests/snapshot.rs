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
    for facet in
        ["exports", "initcalls", "sections", "promoted", "tables", "options", "diagnostics"]
    {
        let text = std::fs::read_to_string(format!("{kept}/{facet}.txt")).unwrap();
        // The pocket kernel builds without a word.
        assert_eq!(text.is_empty(), facet == "diagnostics", "{facet}: {text}");
        assert!(text.lines().count() < 200, "{facet}: {} lines", text.lines().count());
        assert!(!text.contains(".llvm."), "{facet}: {text}");
    }
    // Both modes have the same facts, and a second look is the same look.
    for same in [&arm, &twin] {
        let ran = snapshot("compare", same);
        assert_eq!(ran.status, 0, "{}", ran.stdout);
        assert_eq!(ran.stdout, "agree: 7 facets are as recorded\n");
    }
    let again = snapshot("record", &arm);
    assert_eq!(again.status, 2);
    assert!(again.stderr.contains("it is recorded already"), "{}", again.stderr);

    let other = snapshot("compare", &riscv);
    assert_eq!(other.status, 1);
    let first = other.stdout.lines().next().unwrap();
    assert!(first.contains(" → ") && first.contains(" distributed: "), "{first}");
    assert!(other.stdout.contains("\n-target-selecting --target=aarch64-linux-gnu"), "{first}");

    // What the recorded build said while it was built cannot be compared without a log.
    let copy = dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    let copied =
        std::process::Command::new("cp").arg("-a").arg(format!("{arm}/.")).arg(&copy).status();
    assert!(copied.unwrap().success());
    let unlogged = snapshot("compare", &copy.display().to_string());
    assert_eq!(unlogged.status, 0, "{}", unlogged.stdout);
    assert!(unlogged.stdout.contains("not compared: diagnostics (no log"), "{}", unlogged.stdout);
    let log = dir.path().join("make.log");
    std::fs::write(&log, "ld.lld: warning: strange\n").unwrap();
    let args = ["--log", log.to_str().unwrap()];
    let logged =
        run(&[&["snapshot", "compare", copy.to_str().unwrap(), &kept], &args[..]].concat());
    assert_eq!(logged.status, 1, "{}", logged.stdout);
    assert!(logged.stdout.starts_with("diagnostics 0 → 1 "), "{}", logged.stdout);
    assert!(logged.stdout.contains("+lld warning: strange: 1"), "{}", logged.stdout);
    std::fs::remove_file(copy.join("Module.symvers")).unwrap();
    let poorer = snapshot("compare", &copy.display().to_string());
    assert_eq!(poorer.status, 1, "{}", poorer.stdout);
    assert!(
        poorer.stdout.contains("exports: recorded, and the build has none"),
        "{}",
        poorer.stdout
    );

    // Two recorded builds compare without any build at hand.
    let other_kept = dir.path().join("pocket/riscv-22/tiny").display().to_string();
    assert_eq!(run(&["snapshot", "record", &riscv, &other_kept]).status, 0);
    let both = snapshot("compare", &other_kept);
    assert_eq!(both.status, 1);
    assert!(both.stdout.starts_with("initcalls "), "{}", both.stdout);
    assert_eq!(snapshot("compare", &kept).stdout, "agree: 7 facets are as recorded\n");

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
    assert!(ran.stdout.starts_with("initcalls "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("exports "), "{}", ran.stdout);
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    let ran = run(&["snapshot", "compare", &build, &kept]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("it is no text"), "{}", ran.stderr);
}
