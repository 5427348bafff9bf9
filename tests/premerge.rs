//! `twinlto premerge`: what a change makes worse, and nothing else.

use crate::support::repo::{Repo, V11, edit, empty_dir};
use crate::support::{Ran, finding, llvm, root, run};
use std::process::Command;

fn premerge(llvm: &str, out: &str, args: &[&str]) -> Ran {
    let fixed = ["premerge", "--arch", "arm64", "--llvm", llvm, "--out", out, "--format", "json"];
    let ran = run(&[&fixed, args].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

#[test]
fn a_series_that_breaks_something_is_told_so_and_a_harmless_one_is_not() {
    let Some(llvm) = llvm("a_series_that_breaks_something") else { return };
    let repo = Repo::new("premerge");
    repo.git(&["tag", "base"]);
    let harmless = repo.touch("panic: a comment", "kernel/panic.c");
    let docs = {
        let path = repo.path.join("README.md");
        std::fs::write(path, "read me\n").unwrap();
        repo.commit("docs: less of them")
    };
    let guilty = repo.edit("kbuild: look flags up by the object's name", &V11);
    let mails = [&harmless, &docs, &guilty].map(|commit| repo.mail(commit, &commit[..7]));
    let [harmless, docs, guilty] = mails.map(|mail| mail.display().to_string());
    std::fs::write(repo.path.join("mine"), "not committed\n").unwrap();
    let before = repo.state();
    let (path, out) = (repo.arg(), empty_dir("premerge"));
    let base = ["--kernel", &path, "--base", "base"];

    let bad = premerge(llvm, &out, &[&base[..], &["--series", &guilty]].concat());
    assert_eq!(bad.status, 1, "{}", bad.stderr);
    let found = finding(&bad.json(), "flags.backend.missing").clone();
    assert_eq!(found["change"], "new");
    assert_eq!(found["sites"].as_array().unwrap().len(), 4);
    assert_eq!(bad.json()["findings"].as_array().unwrap().len(), 1, "{}", bad.stdout);

    // The base is not built again, and of the head only what the change reaches.
    let good = premerge(llvm, &out, &[&base[..], &["--series", &harmless]].concat());
    assert_eq!(good.status, 0, "{}", good.stdout);
    assert!(good.stderr.contains("as it was checked"), "{}", good.stderr);
    assert_eq!(good.stderr.matches("configure distributed").count(), 0, "{}", good.stderr);
    let text = premerge(llvm, &out, &[&base[..], &["--series", &docs]].concat());
    assert_eq!(text.status, 0);
    assert_eq!(text.stderr.matches("build distributed").count(), 0, "{}", text.stderr);

    let each = premerge(llvm, &out, &[&base[..], &["--head", "HEAD", "--each"]].concat());
    assert_eq!(each.status, 1);
    let report = each.json();
    let outcomes: Vec<&str> = report["patches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|patch| patch["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["agree", "agree", "differ"]);
    assert!(report["summary"].as_str().unwrap().contains("look flags up"), "{}", each.stdout);
    assert_eq!(repo.state(), before);

    // What does not apply is named with its place, and the next series finds a clean tree.
    let twice = std::fs::read_to_string(&harmless).unwrap().replace("panic", "painc");
    let wrong = repo.path.with_extension("wrong.mbx");
    std::fs::write(&wrong, twice).unwrap();
    let wrong = wrong.display().to_string();
    let refused = premerge(llvm, &out, &[&base[..], &["--series", &wrong]].concat());
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("does not apply"), "{}", refused.stderr);
    assert!(refused.stderr.contains("kernel/painc.c"), "{}", refused.stderr);
    let good = premerge(llvm, &out, &[&base[..], &["--series", &harmless]].concat());
    assert_eq!(good.status, 0, "{}", good.stdout);
}

#[test]
fn plain_directories_are_compared_as_well_and_left_alone() {
    let Some(llvm) = llvm("plain_directories") else { return };
    let home = empty_dir("plain");
    std::fs::create_dir_all(&home).unwrap();
    let [base, head] = ["base", "head"].map(|name| format!("{home}/{name}"));
    for dir in [&base, &head] {
        let from = root().join("cases/pocket");
        assert!(Command::new("cp").arg("-r").arg(from).arg(dir).status().unwrap().success());
    }
    edit(head.as_ref(), &V11);
    let diff = Command::new("diff").args(["-ru", "base", "head"]).current_dir(&home).output();
    let patch = format!("{home}/v11.patch");
    std::fs::write(&patch, diff.unwrap().stdout).unwrap();
    let out = format!("{home}/out");
    let bad = premerge(llvm, &out, &["--base", &base, "--head", &head]);
    assert_eq!(bad.status, 1, "{}", bad.stderr);
    assert_eq!(finding(&bad.json(), "flags.backend.missing")["change"], "new");
    let series = premerge(llvm, &out, &["--base", &base, "--series", &patch]);
    assert_eq!(series.status, 1, "{}", series.stderr);
    assert!(series.stderr.contains("as it was checked"), "{}", series.stderr);
    let pocket = root().join("cases/pocket").display().to_string();
    let same = Command::new("diff").args(["-r", "--brief", &base, &pocket]).output().unwrap();
    assert!(same.stdout.is_empty(), "{}", String::from_utf8_lossy(&same.stdout));
    for (args, words) in [
        (["--base", "/no/such/tree", "--head", head.as_str()], "there is no such directory"),
        (["--base", base.as_str(), "--series", "/no/such.mbx"], "there is no such file"),
    ] {
        let ran = premerge(llvm, &out, &args);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}
