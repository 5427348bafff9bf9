//! `twinlto snapshot`: the facts of a build as texts that can be kept.

use crate::support::{pocket, run};
use std::path::Path;

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
    assert_eq!(other.status, 2);
    assert!(other.stderr.contains("it is of arm64, and "), "{}", other.stderr);

    // What the recorded build said while it was built cannot be compared without a log.
    let copy = dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    let copied =
        std::process::Command::new("cp").arg("-a").arg(format!("{arm}/.")).arg(&copy).status();
    assert!(copied.unwrap().success());
    let (copied, log) = (copy.display().to_string(), dir.path().join("make.log"));
    let unlogged = snapshot("compare", &copied);
    assert_eq!(unlogged.status, 0, "{}", unlogged.stdout);
    assert!(unlogged.stdout.contains("not compared: diagnostics (no log"), "{}", unlogged.stdout);
    let with_log = |text: &str| {
        std::fs::write(&log, text).unwrap();
        run(&["snapshot", "compare", &copied, &kept, "--log", log.to_str().unwrap()])
    };
    let logged = with_log("make: Entering directory\nld.lld: warning: strange\n");
    assert_eq!(logged.status, 1, "{}", logged.stdout);
    assert!(
        logged.stdout.starts_with("diagnostics 0 → 1 distributed: 1 new\n"),
        "{}",
        logged.stdout
    );
    assert!(logged.stdout.contains("+lld warning: strange: 1"), "{}", logged.stdout);
    let no_log = with_log("hello\n");
    assert_eq!(no_log.status, 2, "{}", no_log.stdout);
    assert!(no_log.stderr.contains("no line in it is make's"), "{}", no_log.stderr);

    // One CRC is one fact that changed, and is accepted as such.
    let symvers = copy.join("Module.symvers");
    let text = std::fs::read_to_string(&symvers).unwrap();
    let (_, rest) = text.split_once('\t').unwrap();
    std::fs::write(&symvers, format!("0x01020304\t{rest}")).unwrap();
    let changed = snapshot("compare", &copied);
    assert_eq!(changed.status, 1, "{}", changed.stdout);
    let first = changed.stdout.lines().next().unwrap();
    assert!(first.starts_with("exports ") && first.ends_with(" distributed: 1 changed"), "{first}");
    std::fs::remove_file(&symvers).unwrap();
    let poorer = snapshot("compare", &copied);
    assert_eq!(poorer.status, 1, "{}", poorer.stdout);
    let lost = "exports: recorded, and the build has no Module.symvers";
    assert!(poorer.stdout.contains(lost), "{}", poorer.stdout);
    let refused = snapshot("accept", &copied);
    assert_eq!(refused.status, 2, "{}", refused.stdout);
    assert!(refused.stderr.contains("exports was recorded, and this build"), "{}", refused.stderr);

    // Two recorded builds compare without any build at hand.
    let other_kept = dir.path().join("again").display().to_string();
    let recorded = run(&["snapshot", "record", &copied, &other_kept]);
    assert_eq!(recorded.status, 0, "{}", recorded.stderr);
    assert!(
        recorded.stdout.contains("not recorded: exports (no Module.symvers)"),
        "{}",
        recorded.stdout
    );
    let both = snapshot("compare", &other_kept);
    assert_eq!(both.status, 1);
    assert!(both.stdout.starts_with("exports: recorded, and "), "{}", both.stdout);
    assert_eq!(snapshot("compare", &kept).stdout, "agree: 7 facets are as recorded\n");
    let in_vain = run(&["snapshot", "compare", &kept, &kept, "--log", log.to_str().unwrap()]);
    assert_eq!(in_vain.status, 2, "{}", in_vain.stdout);

    assert_eq!(snapshot("accept", &twin).status, 0);
    assert_eq!(snapshot("compare", &twin).status, 0);
}

type Spoil<'a> = &'a dyn Fn(&Path);

/// What is recorded is as it was written, or it is no record.
#[test]
fn an_edited_record_is_none() {
    let Some(pocket) = pocket("an_edited_record") else {
        return;
    };
    let build = pocket.build("x86_64", "distributed").display().to_string();
    let spoil: [(&str, Spoil<'_>, &str); 6] = [
        (
            "exports.txt is gone",
            &|dir| std::fs::remove_file(dir.join("exports.txt")).unwrap(),
            "exports was recorded and is gone",
        ),
        (
            "about.txt is gone",
            &|dir| std::fs::remove_file(dir.join("about.txt")).unwrap(),
            "about.txt, which says",
        ),
        (
            "a newer form",
            &|dir| std::fs::write(dir.join("about.txt"), "twinlto.snapshot/2\n").unwrap(),
            "its form is 'twinlto.snapshot/2'",
        ),
        (
            "other line ends",
            &|dir| edit(dir, |text| text.replace('\n', "\r\n")),
            "exports.txt:1: this line is not where",
        ),
        (
            "another order",
            &|dir| edit(dir, |text| text.lines().rev().map(|l| format!("{l}\n")).collect()),
            "exports.txt:2: this line is not where",
        ),
        (
            "a line twice",
            &|dir| edit(dir, |text| format!("{text}{}\n", text.lines().last().unwrap())),
            "this line is not where",
        ),
    ];
    for (name, spoil, expected) in spoil {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().display().to_string();
        assert_eq!(run(&["snapshot", "record", &build, &kept]).status, 0);
        spoil(dir.path());
        let ran = run(&["snapshot", "compare", &build, &kept]);
        assert_eq!(ran.status, 2, "{name}: {}", ran.stdout);
        assert!(
            ran.stderr.contains(expected) || ran.stderr.replace("\ncause", "").contains(expected),
            "{name}: {}",
            ran.stderr
        );
    }
}

fn edit(dir: &Path, change: impl Fn(&str) -> String) {
    let path = dir.join("exports.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, change(&text)).unwrap();
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
