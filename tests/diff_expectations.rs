//! What `twinlto diff` makes of a file of expectations: the same as `audit`.

use crate::diff::diff;
use crate::support::{Ran, finding, pocket};
use std::path::{Path, PathBuf};

fn with(dir: &tempfile::TempDir, text: &str, a: &Path, b: &Path, more: &[&str]) -> Ran {
    let file = dir.path().join("expect.toml");
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    diff(a, b, &[&["--expect", &file], more].concat())
}

fn allow(fields: &str) -> String {
    format!("[[allow]]\nkey = 'section.size.changed'\nreason = 'known'\n{fields}\n")
}

const UNUSED: &str = "[[allow]]\nkey = 'symbol.lost'\nsubject = 'nobody'\nreason = 'known'\n";

/// Both modes of one architecture whose kernels have a section of another size, and its name.
fn builds(test: &str) -> Option<([PathBuf; 2], String)> {
    let pocket = pocket(test)?;
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let both = ["distributed", "in-process"].map(|mode| pocket.build(arch, mode));
        let report = diff(&both[0].join("vmlinux"), &both[1].join("vmlinux"), &[]).json();
        let all = report["findings"].as_array().unwrap();
        if let Some(found) = all.iter().find(|f| f["key"] == "section.size.changed") {
            return Some((both, found["subject"].as_str().unwrap().to_owned()));
        }
    }
    panic!("no pocket kernel has a section of another size");
}

#[test]
fn a_budget_gates_two_builds_and_two_kernels() {
    let Some(([a, b], section)) = builds("a_budget_gates_two_builds_and_two_kernels") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let budget = format!("[[budget]]\nsection = '{section}'\ngrowth = '0 B'\n");
    for (a, b) in [(a.clone(), b.clone()), (a.join("vmlinux"), b.join("vmlinux"))] {
        assert_eq!(diff(&a, &b, &[]).status, 0);
        let ran = with(&dir, &budget, &a, &b, &[]);
        assert_eq!((ran.status, ran.keys()), (1, vec!["section.size.budget".to_owned()]));
    }
}

#[test]
fn an_entry_for_nothing_is_said_of_builds_and_not_of_files_or_a_part() {
    let Some(([a, b], _)) = builds("an_entry_for_nothing_is_said_of_builds") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let budget = "[[budget]]\nsection = '.txt'\ngrowth = '1%'\n";
    let ran = with(&dir, &format!("{UNUSED}{budget}"), &a, &b, &[]);
    assert_eq!((ran.status, ran.keys()), (1, vec!["expectation.unused".to_owned(); 2]));
    let subject = finding(&ran.json(), "expectation.unused")["subject"].clone();
    assert!(subject.as_str().unwrap().ends_with("expect.toml:1"), "{subject}");
    // A file is a part of what expectations speak of, and so is what is not hidden.
    let kernels = with(&dir, UNUSED, &a.join("vmlinux"), &b.join("vmlinux"), &[]);
    assert_eq!((kernels.status, kernels.keys()), (0, vec![]), "{}", kernels.stdout);
    for part in [["--only", "section.*"], ["--ignore", "symbol.*"]] {
        let ran = with(&dir, UNUSED, &a, &b, &part);
        assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
    }
    // Functions of objects are compared only where they are asked for.
    let code = UNUSED.replace("symbol.lost", "code.changed");
    for objects in [&[][..], &["--object", "lib/string.o"]] {
        assert_eq!(with(&dir, &code, &a, &a, objects).status, 0);
    }
}

#[test]
fn a_review_date_that_is_past_is_said_and_does_not_gate() {
    let Some(([a, b], _)) = builds("a_review_date_of_a_diff") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for (a, b) in [(a.clone(), b.clone()), (a.join("vmlinux"), b.join("vmlinux"))] {
        let ran = with(&dir, &allow("review = 2020-01-01"), &a, &b, &[]);
        assert_eq!((ran.status, ran.keys()), (0, vec!["expectation.review".to_owned()]));
    }
}

#[test]
fn the_compiler_of_two_builds_and_of_two_kernels_is_known() {
    let Some(([a, b], _)) = builds("the_compiler_of_two_builds") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = ["a", "b"].map(|name| dir.path().join(name));
    for (from, to) in [&a, &b].into_iter().zip(&elsewhere) {
        std::fs::copy(from.join("vmlinux"), to).unwrap();
    }
    let [x, y] = elsewhere;
    // By .config of a build, by .config around a file, and by .comment.
    for (a, b) in [(a.clone(), b.clone()), (a.join("vmlinux"), b.join("vmlinux")), (x, y)] {
        let allowed = |range: &str| {
            let ran = with(&dir, &allow(&format!("llvm = '{range}'")), &a, &b, &[]);
            ran.json().get("allowed").is_some()
        };
        assert!(allowed("17..99"), "{}", a.display());
        assert!(!allowed("<=16") && !allowed(">=99"), "{}", a.display());
    }
}
