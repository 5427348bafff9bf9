//! `twinlto matrix`: many cells, planned, run, continued, compared.

use crate::support::repo::{edit, empty_dir};
use crate::support::{Ran, edited_tree, kept_dir, llvm, root, run, run_with};
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn matrix(what: &str, llvm: &str, args: &[&str]) -> Ran {
    let fixed = ["matrix", what, "--llvm", llvm, "--format", "json"];
    let ran = run(&[&fixed, args].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

/// The name of the one toolchain that is used.
fn version(llvm: &str) -> String {
    let said = run(&["doctor", "--llvm", llvm, "--json"]).json();
    said["tools"][0]["version"].as_str().unwrap().to_owned()
}

fn states(report: &Value) -> Vec<(String, String)> {
    let cells = report["cells"].as_array().unwrap();
    let word = |cell: &Value, key: &str| cell[key].as_str().unwrap().to_owned();
    cells.iter().map(|cell| (word(cell, "arch"), word(cell, "state"))).collect()
}

#[test]
fn cells_are_run_once_and_what_differs_is_shown() {
    let Some(llvm) = llvm("cells_are_run_once") else { return };
    // A second kernel, in which a backend loses an option.
    let tree = kept_dir("trees").join("matrix");
    if tree.exists() {
        std::fs::remove_dir_all(&tree).unwrap();
    }
    let from = root().join("cases/pocket");
    assert!(Command::new("cp").arg("-r").arg(from).arg(&tree).status().unwrap().success());
    let dropped = (
        "scripts/Makefile.thinlto",
        "$(CC) $(be_flags) -x ir",
        "$(CC) $(filter-out -O%,$(be_flags)) -x ir",
    );
    edit(&tree, &[dropped]);
    let dir = kept_dir("matrices");
    let file = dir.join("two.toml");
    let version = version(llvm);
    std::fs::write(
        &file,
        format!(
            "kernels = ['pocket', '{}']\narches = ['arm64', 'riscv']\ntoolchains = ['{version}']\n\
             [[exclude]]\nkernel = '*matrix'\narch = 'riscv'\nreason = 'one is enough'\n",
            tree.display()
        ),
    )
    .unwrap();
    let (file, out) = (file.display().to_string(), empty_dir("matrix"));
    let args = [file.as_str(), "--out", &out];

    let plan = matrix("plan", llvm, &args).json();
    let words: Vec<String> = states(&plan).into_iter().map(|(_, state)| state).collect();
    let is = |state: &str| words.iter().filter(|word| *word == state).count();
    // This version may be installed twice, in two builds of it.
    let toolchains = is("impossible");
    assert!(toolchains > 0 && is("waiting") == 3 * toolchains, "{words:?}");

    // It stops at what is not expected, and goes on when told so.
    let ran = matrix("run", llvm, &[&args[..], &["--keep-going"]].concat());
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let report = ran.json();
    let outcomes: Vec<&str> = report["cells"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|cell| cell["outcome"].as_str())
        .collect();
    assert_eq!(outcomes.len(), 3 * toolchains, "{}", ran.stdout);
    let differ = outcomes.iter().filter(|word| **word == "differ").count();
    assert_eq!(differ, toolchains, "{outcomes:?}");
    // Builds that are as expected are gone, their records are not.
    for cell in report["cells"].as_array().unwrap() {
        if cell["outcome"] == "agree" {
            let record = cell["record"].as_str().unwrap();
            let shown = run(&["report", record]);
            assert_eq!(shown.status, 0, "{}", shown.stderr);
            let home = std::path::Path::new(record).parent().unwrap().parent().unwrap();
            assert!(!home.join(cell["arch"].as_str().unwrap()).exists(), "{record}");
        }
    }
    // Nothing is built twice.
    let again = matrix("run", llvm, &args);
    assert!(!again.stderr.contains("build distributed"), "{}", again.stderr);
    assert_eq!(again.json()["cells"], report["cells"]);
    // Sources that changed are other cells.
    edit(&tree, &[("scripts/Makefile.thinlto", dropped.2, dropped.1)]);
    let mended = matrix("run", llvm, &args);
    assert_eq!(mended.status, 0, "{}", mended.stdout);
    let built = mended.stderr.matches("configure distributed").count();
    assert_eq!(built, toolchains, "{}", mended.stderr);
    let xml = format!("{out}/junit.xml");
    let mail = format!("{out}/mail.md");
    let (junit, markdown) = (format!("junit={xml}"), format!("markdown={mail}"));
    let files = ["--report", junit.as_str(), "--report", markdown.as_str()];
    let shown =
        run(&[&["matrix", "show", &file, "--llvm", llvm, "--out", &out], &files[..]].concat());
    let text = std::fs::read_to_string(&xml).unwrap();
    assert_eq!(text.matches("name=\"transport\"").count(), 3 * toolchains, "{text}");
    assert!(text.contains("one is enough"), "{text}");
    let mail = std::fs::read_to_string(&mail).unwrap();
    assert!(mail.lines().count() <= 60 && mail.contains("twinlto matrix show"), "{mail}");
    // Where a line ends depends on how long the path is.
    let words = shown.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("agree ✓") && words.contains("one is enough"), "{}", shown.stdout);
}

#[test]
fn what_cannot_be_run_is_told_before_anything_is() {
    let Some(llvm) = llvm("what_cannot_be_run") else { return };
    let dir = kept_dir("matrices");
    let out = empty_dir("matrix-errors");
    let many = dir.join("many.toml");
    let arches = "arches = ['arm64', 'x86_64', 'riscv', 'loongarch']";
    let configs: Vec<String> = (0..2500).map(|n| format!("'tiny +{n}.config'")).collect();
    for n in 0..2500 {
        std::fs::write(dir.join(format!("{n}.config")), "CONFIG_PRINTK=y\n").unwrap();
    }
    std::fs::write(&many, format!("configs = [{}]\n{arches}\n", configs.join(","))).unwrap();
    let many = many.display().to_string();
    let version = version(llvm);
    let one = ["--toolchain", version.as_str(), "--out", &out];
    let planned = matrix("plan", llvm, &[&[many.as_str()], &one[..]].concat());
    let states = states(&planned.json());
    assert!(!states.is_empty() && states.len().is_multiple_of(10_000), "{}", states.len());
    assert!(states.iter().all(|(_, state)| state == "waiting"));
    let refused = matrix("run", llvm, &[&[many.as_str()], &one[..]].concat());
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("0,000 cells"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);

    let written = |name: &str, text: &str| {
        std::fs::write(dir.join(name), text).unwrap();
        dir.join(name).display().to_string()
    };
    let bad = written("bad.toml", "kernel = ['pocket']\n");
    let words = written("words.toml", "toolchains = ['22-24']\n");
    let kernel = written("kernel.toml", "kernels = ['pocket', 'linux-typo']\n");
    let config = written("config.toml", "configs = ['tiny', 'tinny']\n");
    for (args, words) in [
        (vec![bad.as_str()], "line 1, column 1: unknown field"),
        (vec![words.as_str()], "toolchain '22-24': '22-24' is no major version of LLVM"),
        // A path that is misspelt is no cell that cannot be built.
        (vec![kernel.as_str()], "kernel linux-typo"),
        (vec![config.as_str()], "configuration tinny"),
        (vec!["nowhere"], "there is no such file"),
    ] {
        let ran = matrix("plan", llvm, &args);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    // What is found and not named is in no cell.
    let found = kept_dir("found");
    let said = format!("#!/bin/sh\necho '{}'\n", llvm.trim_end_matches('/'));
    executable(&found.join("llvm-config"), &said);
    let path = format!("{}:{}", found.display(), std::env::var("PATH").unwrap());
    let ran = run_with(&["matrix", "plan", "--toolchain", "3"], &[("PATH", &path)]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("it has no cell"), "{}", ran.stderr);
}

#[test]
fn a_rule_for_no_cell_is_told_before_anything_is_built() {
    let Some(llvm) = llvm("a_rule_for_no_cell") else { return };
    let dir = kept_dir("matrices");
    let file = dir.join("typo.toml");
    let rule = "[[expect]]\nkernel = 'poket'\noutcome = 'differ'\nreason = 'see the list'\n";
    std::fs::write(&file, format!("kernels = ['pocket']\n{rule}")).unwrap();
    let (file, out) = (file.display().to_string(), dir.join("typo-out").display().to_string());
    for what in ["plan", "run", "status", "show"] {
        let ran = matrix(what, llvm, &[&file, "--out", &out]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        for words in ["typo.toml: [[expect]] 1 ('see the list')", "no kernel is like 'poket'"] {
            assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        }
    }
    assert!(!std::path::Path::new(&out).exists());
}

#[test]
fn what_is_given_is_in_the_matrix_whatever_its_lists_say() {
    let Some(llvm) = llvm("what_is_given_is_in_the_matrix") else { return };
    let dir = kept_dir("matrices");
    let file = dir.join("other.toml");
    std::fs::write(&file, "arches = ['arm64']\ntoolchains = ['90']\n").unwrap();
    let file = file.display().to_string();
    let version = version(llvm);
    let major = version.split('.').next().unwrap();
    let planned = |args: &[&str]| -> BTreeSet<String> {
        let report = matrix("plan", llvm, args).json();
        let cells = report["cells"].as_array().unwrap();
        cells.iter().map(|cell| cell["toolchain"].as_str().unwrap().to_owned()).collect()
    };
    for args in [vec![file.as_str()], vec!["--arch", "arm64", "--toolchain", "90"]] {
        let cells = planned(&args);
        assert_eq!(cells.len(), 1, "{cells:?}");
        assert!(cells.first().unwrap().contains(&version), "{cells:?}");
    }
    // Given and named by its version is once. This version may be installed in another build, too.
    let named = planned(&["--arch", "arm64", "--toolchain", major]);
    assert!(named.iter().all(|name| name.starts_with(&format!("clang {major}."))), "{named:?}");
    let all = planned(&["--arch", "arm64"]);
    assert!(named.iter().all(|name| all.contains(name)), "{named:?} {all:?}");
}

#[test]
fn what_is_expected_is_held_against_each_cell_and_told_with_its_reason() {
    let Some(llvm) = llvm("what_is_expected_is_held_against") else { return };
    let dropped = (
        "scripts/Makefile.thinlto",
        "$(CC) $(be_flags) -x ir",
        "$(CC) $(filter-out -O%,$(be_flags)) -x ir",
    );
    let tree = edited_tree("matrix-expected", &[dropped]);
    let file = kept_dir("matrices").join("expected.toml");
    // What is given is the one toolchain.
    let write = |rule: &str| {
        let lists = format!("kernels = ['pocket', '{}']\narches = ['arm64']", tree.display());
        let known = "[[expect]]\nkernel = '*matrix-expected'\noutcome = 'differ'\n\
                     reason = 'options are dropped'\n";
        std::fs::write(&file, format!("{lists}\ntoolchains = ['90']\n{known}{rule}")).unwrap();
    };
    write("[[expect]]\nkernel = 'pocket'\noutcome = 'differ'\nreason = 'so we thought'\n");
    let (path, out) = (file.display().to_string(), empty_dir("matrix-expected"));
    let at = |name: &str| kept_dir("matrices").join(name).display().to_string();
    let [xml, mail] = ["expected.xml", "expected.md"].map(at);
    let reports = [format!("junit={xml}"), format!("markdown={mail}")];
    let ask = |what: &str| {
        let options =
            ["--llvm", llvm, "--out", &out, "--report", &reports[0], "--report", &reports[1]];
        let more: &[&str] = if what == "run" { &["--keep-going"] } else { &[] };
        let ran = run(&[&["matrix", what, &path], &options[..], more].concat());
        let read = |file: &str| std::fs::read_to_string(file).unwrap();
        (ran, read(&xml), read(&mail))
    };
    for what in ["run", "show"] {
        let (ran, junit, markdown) = ask(what);
        assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in [plain(&ran.stdout), plain(&markdown)] {
            assert!(text.contains("(expected differ: so we thought)"), "{text}");
            assert!(text.contains("(as expected: options are dropped)"), "{text}");
            assert!(text.contains("1 of 2 cells is not as expected: 1 agree, 1 differ"), "{text}");
        }
        let totals = junit.lines().find(|line| line.contains("<testsuites")).unwrap();
        assert!(totals.contains("failures=\"1\""), "{totals}");
        assert!(junit.contains("expected differ, and it is agree: so we thought"), "{junit}");
        assert!(junit.contains("differ, as expected: options are dropped"), "{junit}");
    }
    // The matrix was wrong, not the build: nothing is built again.
    write("");
    let (ran, junit, _) = ask("run");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stderr.contains("build distributed"), "{}", ran.stderr);
    assert!(!junit.contains("<failure"), "{junit}");
}

#[test]
fn a_toolchain_that_vanishes_costs_its_own_cells_alone() {
    let Some(_) = llvm("a_toolchain_that_vanishes") else { return };
    // It says who it is three times, and is gone when it shall compile.
    let bin = kept_dir("vanishing").join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for tool in ["clang", "ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-readelf"] {
        let text = "#!/bin/sh\n[ \"$1\" = --version ] || exit 127\necho 'x version 99.0.1'\n";
        executable(&bin.join(tool), text);
    }
    let out = empty_dir("matrix-vanishing");
    let llvm = format!("{}/", bin.display());
    let args = ["--toolchain", "99", "--arch", "arm64", "--out", &out, "--keep-going"];
    let ran = matrix("run", &llvm, &args);
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    let cell = &ran.json()["cells"][0];
    assert_eq!(cell["outcome"], "skipped", "{}", ran.stdout);
    // Why it was is remembered, and no reason not to try it again.
    let cells = ["--llvm", &llvm, "--arch", "arm64", "--toolchain", "99", "--out", &out];
    let look = |word: &str| run(&[&["matrix", word], &cells[..]].concat());
    let shown = look("show");
    let why = cell["why"].as_str().unwrap().split_whitespace().next().unwrap();
    assert!(shown.stdout.contains(why), "{why}: {}", shown.stdout);
    assert!(shown.stdout.contains("the next run tries it again"), "{}", shown.stdout);
    let status = look("status");
    assert!(status.stdout.contains("0 done, 0 running, 1 to do"), "{}", status.stdout);
    let tried = |ran: &Ran| ran.stderr.contains("arm64 · clang 99.0.1");
    assert!(tried(&ran) && tried(&matrix("run", &llvm, &args)), "{}", ran.stderr);
}

#[test]
fn what_an_llvm_answers_is_asked_once() {
    let Some(llvm) = llvm("what_an_llvm_answers_is_asked_once") else { return };
    let (cache, out) = (tempfile::tempdir().unwrap(), empty_dir("matrix-answers"));
    let env = [("TWINLTO_CACHE", cache.path().to_str().unwrap())];
    let version = version(llvm);
    let planned = |llvm: &str, env: &[(&str, &str)]| {
        let args = ["--toolchain", "90", "--arch", "arm64", "--out", &out];
        let ran = run_with(&[&["matrix", "plan", "--llvm", llvm], &args[..]].concat(), env);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran.stdout
    };
    assert!(planned(llvm, &env).contains(&version));
    let kept = std::fs::read_dir(cache.path().join("toolchains")).unwrap();
    let answers: Vec<_> = kept
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    assert!(!answers.is_empty());
    // What is kept is what is taken.
    for path in answers {
        let mut said: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        said["version"]["patch"] = 77.into();
        std::fs::write(&path, said.to_string()).unwrap();
    }
    assert!(planned(llvm, &env).contains(".77"));
    // A script may answer otherwise at any time.
    let bin = kept_dir("scripted").join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for said in ["97.0.1", "97.0.2"] {
        for tool in ["clang", "ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-readelf"] {
            executable(&bin.join(tool), &format!("#!/bin/sh\necho 'x version {said}'\n"));
        }
        assert!(planned(&format!("{}/", bin.display()), &env).contains(said));
    }
}

fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
