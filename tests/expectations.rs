//! What is allowed is reported and does not gate; what is allowed in vain is a finding.

use crate::support::made::{FLAGS, back_cmd, cmd, front_cmd};
use crate::support::{MadeBuild, Ran, finding, kept_dir, llvm, root, run, twinlto};
use std::collections::BTreeSet;
use twinlto_verdict::{Expectations, Severities};

/// A build with one finding: `flags.option.missing` of `lib/a.o`, an error.
fn spoiled() -> MadeBuild {
    let build = MadeBuild::new(&["init/main.o", "lib/a.o"]);
    build.write(&cmd("lib/a.thinlto-native.o"), back_cmd("lib/a.o", &FLAGS.replace("-O2 ", "")));
    build
}

fn audit(build: &MadeBuild, expect: &str, more: &[&str]) -> Ran {
    let file = build.write("expect.toml", expect).display().to_string();
    let ran = run(&[&["audit", &build.arg(), "--expect", &file], more].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn allow(fields: &str) -> String {
    format!("# known\n[[allow]]\nkey = 'flags.option.*'\nreason = 'hand-made'\n{fields}\n")
}

const JSON: &[&str] = &["--format", "json"];

#[test]
fn an_allowed_finding_does_not_gate_and_is_listed_with_its_reason() {
    let build = spoiled();
    assert_eq!(run(&["audit", &build.arg()]).status, 1);
    let ran = audit(&build, &allow("subject = 'lib/*'"), JSON);
    let report = ran.json();
    assert_eq!((ran.status, report["outcome"].as_str()), (0, Some("agree")), "{}", ran.stdout);
    assert!(ran.keys().is_empty());
    let allowed = &report["allowed"][0];
    assert_eq!(allowed["key"], "flags.option.missing");
    assert_eq!(allowed["subject"], "lib/a.o");
    assert_eq!(allowed["reason"], "hand-made");
    assert!(allowed["by"].as_str().unwrap().ends_with("expect.toml:2"), "{allowed}");
    assert_eq!(report["twins"][0]["layers"][0]["errors"], 0);
    let plain = audit(&build, &allow(""), &[]).stdout;
    assert!(plain.contains("1 allowed finding (-v lists them)"), "{plain}");
    assert!(!plain.contains("hand-made") && plain.contains("1 of 2 ~"), "{plain}");
    let verbose = audit(&build, &allow(""), &["-v"]).stdout;
    assert!(verbose.contains("allowed flags.option.missing"), "{verbose}");
    assert!(verbose.contains("hand-made"), "{verbose}");
}

#[test]
fn what_is_allowed_elsewhere_still_differs() {
    let build = spoiled();
    for fields in ["arch = ['arm64', 'riscv']", "mode = 'in-process'", "llvm = 22"] {
        let ran = audit(&build, &allow(fields), JSON);
        // An entry for other builds is not for nothing.
        assert_eq!(ran.keys(), ["flags.option.missing"], "{fields}");
        assert_eq!(ran.status, 1);
        assert!(ran.json().get("allowed").is_none());
    }
    let ran = audit(&build, &allow("subject = 'init/*'"), JSON);
    assert_eq!(ran.keys(), ["flags.option.missing", "expectation.unused"]);
}

#[test]
fn the_compiler_of_a_finished_build_is_read_from_its_configuration() {
    let build = spoiled();
    let config = "CONFIG_X86_64=y\nCONFIG_LTO_CLANG_THIN_DIST=y\nCONFIG_CLANG_VERSION=220108\n";
    build.write(".config", config);
    assert_eq!(audit(&build, &allow("llvm = '17..22'"), JSON).status, 0);
    assert_eq!(audit(&build, &allow("llvm = '>=23'"), JSON).keys(), ["flags.option.missing"]);
}

#[test]
fn an_entry_for_nothing_is_a_finding_at_its_line() {
    let build = MadeBuild::new(&["lib/a.o"]);
    let ran = audit(&build, &allow(""), JSON);
    let report = ran.json();
    assert_eq!((ran.status, report["outcome"].as_str()), (1, Some("differ")));
    let found = finding(&report, "expectation.unused");
    assert_eq!(found["severity"], "warning");
    assert!(found["subject"].as_str().unwrap().ends_with("expect.toml:2"), "{found}");
    // One build alone cannot show what is between two.
    let between = "[[allow]]\nkey = 'symbol.*'\nreason = 'x'\n\
                   [[budget]]\nsection = '.txt'\ngrowth = '1%'\n";
    assert_eq!(audit(&build, between, JSON).status, 0);
}

#[test]
fn a_review_date_that_is_past_warns_and_does_not_gate() {
    let build = spoiled();
    let ran = audit(&build, &allow("review = '2020-02-29'"), JSON);
    assert_eq!((ran.status, ran.keys()), (0, vec!["expectation.review".to_owned()]));
    let report = ran.json();
    let found = finding(&report, "expectation.review");
    assert_eq!(found["right"], "2020-02-29");
    assert!(found["cause"].as_str().unwrap().contains("hand-made"), "{found}");
    assert!(audit(&build, &allow("review = 2999-01-01"), JSON).keys().is_empty());
}

#[test]
fn rules_for_exports_are_read_as_suse_writes_them() {
    let build = MadeBuild::new(&["lib/a.o"]);
    let front = front_cmd("lib/a.o", FLAGS, Some(FLAGS));
    build.write(&cmd("lib/a.o"), format!("{front}#SYMVER a 0x00000007\n"));
    build.write("Module.symvers", "0x00000000\ta\tdrivers/x/y\tEXPORT_SYMBOL\t\n");
    let severities = |text: &str| {
        let file = build.write("severities", text).display().to_string();
        run(&["audit", &build.arg(), "--severities", &file, "--format", "json"])
    };
    assert_eq!(severities("# none\n").keys(), ["export.crc.lost"]);
    assert_eq!(severities("a FAIL\ndrivers/* PASS\n").status, 1);
    let ran = severities("b FAIL\ndrivers/*\t\tPASS # ours\n");
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    let allowed = &ran.json()["allowed"][0];
    assert_eq!(allowed["reason"], "drivers/* PASS");
    assert!(allowed["by"].as_str().unwrap().ends_with("severities:2"), "{allowed}");
}

#[test]
fn twinlto_toml_of_the_current_directory_is_read_unasked() {
    let build = spoiled();
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("twinlto.toml"), allow("")).unwrap();
    let status = |dir: &std::path::Path| {
        let output = twinlto().args(["audit", &build.arg()]).current_dir(dir).output().unwrap();
        output.status.code()
    };
    assert_eq!(status(here.path()), Some(0));
    assert_eq!(status(build.path()), Some(1));
}

#[test]
fn mistakes_are_refused_with_line_and_column() {
    let build = spoiled();
    let file = build.path().join("expect.toml").display().to_string();
    for (text, place, cause, hint) in [
        (allow("reviewer = 'x'"), "line 5, column 1", "unknown field `reviewer`", "EXPECTATIONS"),
        (allow("review = 'soon'"), "line 5, column 10", "'soon' is no day", "2026-12-01"),
        (allow("").replace("option", "optoin"), "line 3, column 7", "no finding", ""),
        (
            "[[allow]]\nkey = 'flags.lto.off'\nreason = 'x'".to_owned(),
            "line 2, column 7",
            "the key of no finding",
            "did you mean flags.lto.on?",
        ),
        ("[[allow]\n".to_owned(), "line 1, column 9", "", ""),
        ("[[allow]]\nkey = 'cmd.*'\n".to_owned(), "line 1, column 1", "missing field `reason`", ""),
    ] {
        let ran = audit(&build, &text, &[]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("error: {file}, {place}\ncause: ")), "{}", ran.stderr);
        assert!(ran.stderr.contains(cause), "{}", ran.stderr);
        assert!(ran.stderr.split("hint: ").nth(1).unwrap().contains(hint), "{}", ran.stderr);
    }
    for (option, name, cause) in [
        ("--expect", "/nowhere", "there is no such file"),
        ("--severities", "/nowhere", "there is no such file"),
        ("--expect", "/dev/zero", "it is not a regular file"),
        ("--expect", "/", "it is not a regular file"),
    ] {
        for command in [vec!["audit", "/tmp"], vec!["check"]] {
            let ran = run(&[&command[..], &[option, name]].concat());
            assert_eq!(ran.status, 2, "{}", ran.stderr);
            assert!(ran.stderr.contains(cause), "{}", ran.stderr);
        }
    }
    std::fs::write(&file, b"# \xc3\xa9\n\xff").unwrap();
    let ran = run(&["audit", &build.arg(), "--expect", &file]);
    assert!(ran.stderr.contains("line 2, column 1\ncause: it is no text"), "{}", ran.stderr);
}

/// In a bisection, kernels that do not have what is allowed yet are good ones.
#[test]
fn a_check_says_what_is_for_nothing_and_a_bisection_does_not() {
    let Some(llvm) = llvm("a_check_says_what_is_for_nothing_and_a_bisection_does_not") else {
        return;
    };
    let dir = kept_dir("expectations");
    let (out, file) = (dir.join("out").display().to_string(), dir.join("expect.toml"));
    let unused = "[[allow]]\nkey = 'flags.*'\nllvm = '>=90'\nreason = 'another compiler'\n\
                  [[allow]]\nkey = 'initcall.*'\nreason = 'two'\n\
                  [[budget]]\nsection = '.txt'\ngrowth = '1%'\n";
    std::fs::write(&file, unused).unwrap();
    let file = file.display().to_string();
    let args = ["check", "--arch", "x86_64", "--llvm", llvm, "--out", &out, "--expect", &file];
    let ran = run(&[&args[..], JSON].concat());
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert_eq!(ran.keys(), ["expectation.unused", "expectation.unused"], "{}", ran.stdout);
    let subjects: BTreeSet<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["key"] == "expectation.unused")
        .map(|f| f["subject"].as_str().unwrap())
        .collect();
    assert_eq!(subjects, BTreeSet::from([&*format!("{file}:5"), &*format!("{file}:8")]));
    let bisect = run(&[&args[..], JSON, &["--bisect-exit"]].concat());
    assert_eq!((bisect.status, bisect.keys().len()), (0, 0), "{}", bisect.stdout);
}

/// The examples of the manual are what it says they are.
#[test]
fn the_examples_of_the_manual_are_read() {
    let text = std::fs::read_to_string(root().join("docs/EXPECTATIONS.md")).unwrap();
    let blocks = |language: &str| -> Vec<String> {
        let fence = format!("```{language}\n");
        let blocks = text.split(&fence).skip(1);
        blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
    };
    let examples = blocks("toml");
    assert!(!examples.is_empty());
    for example in &examples {
        Expectations::parse("docs/EXPECTATIONS.md", example).unwrap();
    }
    for field in ["key", "subject", "arch", "mode", "llvm", "reason", "review", "section", "growth"]
    {
        let shown = |example: &String| example.lines().any(|line| line.starts_with(field));
        assert!(examples.iter().any(shown), "no example has {field}");
        assert!(text.contains(&format!("| `{field}` |")), "no row tells of {field}");
    }
    for example in blocks("severities") {
        Severities::parse("docs/EXPECTATIONS.md", &example).unwrap();
    }
}
