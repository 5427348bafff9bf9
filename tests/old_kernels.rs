//! `twinlto matrix`, `premerge` and `bisect` on a kernel that has no distributed mode: by reference.

use crate::support::repo::{Repo, empty_dir};
use crate::support::{Ran, arg, finding, kept_dir, llvm, old_kernel, run};
use serde_json::Value;

/// A kernel without the mode, of which nothing is left from an earlier test run.
fn old(name: &str) -> String {
    let dir = kept_dir("old").join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
    std::fs::create_dir_all(&dir).unwrap();
    arg(&old_kernel(&dir))
}

fn old_repo(name: &str) -> Repo {
    let tree = old(name);
    Repo::of(tree.as_ref(), kept_dir("repositories").join(format!("old-{name}")))
}

fn ask(words: &[&str], llvm: &str, out: &str) -> Ran {
    let tail = ["--llvm", llvm, "--out", out, "--format", "json"];
    let ran = run(&[words, &tail].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn cells(report: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cells = report["cells"].as_array().unwrap();
    let of = |cell: &Value| {
        let state = if cell["state"] == "done" { &cell["outcome"] } else { &cell["state"] };
        (word(&cell["modes"][0]), word(state))
    };
    cells.iter().map(of).collect()
}

#[test]
fn a_matrix_has_modes_and_says_which_a_kernel_lacks() {
    let Some(llvm) = llvm("a_matrix_has_modes") else { return };
    let (tree, out) = (old("matrix"), empty_dir("matrix-modes"));
    let file = kept_dir("matrices").join("modes.toml");
    std::fs::write(
        &file,
        format!(
            "kernels = ['{tree}']\narches = ['arm64']\ntoolchains = ['90']\n\
             modes = ['distributed', 'reference', 'distributed reference']\n\
             [[exclude]]\nmode = 'reference distributed'\nreason = 'told already'\n"
        ),
    )
    .unwrap();
    let file = arg(&file);
    let ran = ask(&["matrix", "run", &file], llvm, &out);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let mut found = cells(&ran.json());
    found.sort();
    let expected =
        [("distributed", "impossible"), ("distributed", "impossible"), ("reference", "agree")];
    assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())), "{}", ran.stdout);
    // It is what was compared, and not nothing.
    let compared = ran.json();
    let done = compared["cells"].as_array().unwrap().iter().find(|it| it["state"] == "done");
    let natives = &done.unwrap()["counts"][0];
    assert_eq!(natives[0], "reference");
    assert!(natives[1]["native_objects"].as_u64().unwrap() > 40, "{natives}");

    let shown = run(&["matrix", "show", &file, "--llvm", llvm, "--out", &out]);
    for words in ["tiny · reference\n", "has no CONFIG_LTO_CLANG_THIN_DIST", "told already"] {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    // A rule for a mode that is none, or for no cell.
    let rule = |mode: &str| {
        let file = kept_dir("matrices").join("no-mode.toml");
        let rule = format!("[[exclude]]\nmode = '{mode}'\nreason = 'slow'\n");
        std::fs::write(&file, rule).unwrap();
        let ran = ask(&["matrix", "plan", &arg(&file)], llvm, &out);
        assert_eq!(ran.status, 2, "{}", ran.stdout);
        ran.stderr
    };
    let said = rule("thick");
    assert!(said.contains("line 2") && said.contains("'thick' is not a ThinLTO mode"), "{said}");
    let said = rule("dtlto");
    assert!(said.contains("no mode is like 'dtlto'; there are distributed"), "{said}");
    let ran = ask(&["matrix", "plan", "--mode", "in-process"], llvm, &out);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("no two modes to compare"), "{}", ran.stderr);
}

#[test]
fn a_change_to_it_is_judged_before_it_is_merged() {
    let Some(llvm) = llvm("a_change_to_it_is_judged") else { return };
    let repo = old_repo("premerge");
    repo.git(&["tag", "base"]);
    let harmless = repo.touch("panic: a comment", "kernel/panic.c");
    let error = ("kernel/panic.c", "/* panic: a comment */\n", "#error unfinished\n");
    let broken = repo.edit("panic: does not build", &[error]);
    let (path, out) = (repo.arg(), empty_dir("old-premerge"));
    let premerge = |head: &str, mode: &[&str]| {
        let words =
            ["premerge", "--kernel", &path, "--base", "base", "--head", head, "--arch", "arm64"];
        ask(&[&words[..], mode].concat(), llvm, &out)
    };
    let refused = premerge(&harmless, &[]);
    assert_eq!(refused.status, 2, "{}", refused.stdout);
    assert!(refused.stderr.contains("--mode reference"), "{}", refused.stderr);
    let good = premerge(&harmless, &["--mode", "reference"]);
    assert_eq!(good.status, 0, "{}{}", good.stdout, good.stderr);
    let natives = &good.json()["cells"][0]["counts"]["native_objects"];
    assert!(natives.as_u64().unwrap() > 40, "{}", good.stdout);
    assert_eq!(good.stderr.matches("configure reference").count(), 1, "{}", good.stderr);
    let bad = premerge(&broken, &["--mode", "reference"]);
    assert_eq!(bad.status, 1, "{}{}", bad.stdout, bad.stderr);
    finding(&bad.json(), "record.outcome.worse");
}

#[test]
fn the_commit_is_found_and_each_candidate_built_as_often_as_it_is_asked() {
    let Some(llvm) = llvm("the_commit_is_found") else { return };
    let repo = old_repo("bisect");
    repo.git(&["tag", "good"]);
    repo.touch("panic: 1", "kernel/panic.c");
    let file = repo.path.join("lib/sort.c");
    let text = std::fs::read_to_string(&file).unwrap();
    let more = "void extra(void);\nvoid extra(void) {}\nEXPORT_SYMBOL(extra);\n";
    std::fs::write(&file, format!("{text}{more}")).unwrap();
    let guilty = repo.commit("lib/sort: one export more");
    let exports = |out: &str, range: &str, words: &[&str]| {
        let path = repo.arg();
        let fixed = ["bisect", "kernel", &path, "--good", "good", "--bad", "HEAD"];
        let more = ["--arch", "arm64", "--mode", "reference", "--count", range];
        ask(&[&fixed[..], &more, words].concat(), llvm, out)
    };
    // Which bound the last commit just reaches, only its build can tell.
    let refused = exports(&empty_dir("old-bound"), "exports>=1000", &[]);
    assert_eq!(refused.status, 2, "{}", refused.stdout);
    let said = refused.stderr.rsplit(" has ").next().unwrap_or_default().replace(',', "");
    let number: u64 = said.split(' ').next().unwrap().parse().unwrap();
    let bound = format!("exports>={number}");
    let ran = exports(&empty_dir("old-bisect"), &bound, &["--repeat", "2"]);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let first = report["found"]["first"].as_str().unwrap();
    assert!(first.starts_with(&guilty[..12]), "{first}");
    let built = ran.stderr.matches("build reference").count();
    let asked = report["steps"].as_array().unwrap().len();
    assert_eq!(built, 2 * asked, "{}", ran.stderr);

    let other = exports(&empty_dir("old-other"), "distributed.exports>=9", &[]);
    assert_eq!(other.status, 2, "{}", other.stderr);
    assert!(other.stderr.contains("a build in mode distributed"), "{}", other.stderr);
}
