//! The defect corpus on the pocket kernel: every case that applies is caught, with the right words
//! and nothing else; and what is no case is refused.

use crate::support::called::forms;
use crate::support::{Ran, kept_dir, llvm, root, run, run_with};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn inject(llvm: &str, out: &Path, more: &[&str]) -> Ran {
    let out = out.display().to_string();
    let args = ["inject", "--llvm", llvm, "--out", &out, "--format", "json"];
    run(&[&args[..], more].concat())
}

fn rows(report: &Value) -> &Vec<Value> {
    report["rows"].as_array().unwrap()
}

#[test]
fn every_case_is_caught_on_every_architecture_and_without_noise() {
    let Some(llvm) = llvm("every_case_is_caught") else { return };
    let (out, mut tried, mut all) = (kept_dir("inject"), 0, 0);
    // How the tools are called must not matter: each way on an architecture of its own, so that no
    // kernel is built twice.
    for (form, arches) in forms(llvm).iter().zip(["arm64,loongarch", "x86_64", "riscv"]) {
        let args = ["inject", "--llvm", &form.llvm, "--out", &out.display().to_string()];
        let args = [&args[..], &["--format", "json", "--arch", arches]].concat();
        let ccache = crate::ccache::ccache_dir().map(|dir| format!(":{}", dir.display()));
        let path = format!("{}{}", form.path, ccache.unwrap_or_default());
        let ran = run_with(&args, &[("PATH", &path)]);
        let report = ran.json();
        all += rows(&report).len();
        tried += caught(&report);
        let outcome = report["outcome"].as_str();
        assert_eq!((ran.status, outcome), (0, Some("agree")), "{}: {}", form.llvm, ran.stderr);
    }
    let cases = std::fs::read_dir(root().join("cases/inject")).unwrap().count();
    assert_eq!(all, cases * 4);
    assert!(tried > cases * 3, "only {tried} of {cases} cases on four architectures were tried");
    // Another run finds everything prepared, and nothing of a case is left.
    assert!(out.join("arm64/builds").is_dir());
    let left = std::fs::read_dir(out.join("arm64/cases")).unwrap().count();
    assert_eq!(left, 0, "builds of caught cases are removed");
}

/// How many rows were caught; all others were skipped for a reason that holds.
fn caught(report: &Value) -> usize {
    let mut tried = 0;
    for row in rows(report) {
        let text = row.to_string();
        match row["result"].as_str().unwrap() {
            "caught" => tried += 1,
            "skipped" => {
                let why = row["why"].as_str().unwrap();
                // What a linker makes of the rename option is shown by a link, not by its version.
                let lawful = [
                    "it is for",
                    "with LLVM ",
                    "it needs a second LLVM",
                    "it needs Linux",
                    "it needs ccache",
                ];
                let relocatable = "the configuration has no CONFIG_RELOCATABLE=y";
                let known = lawful.iter().any(|reason| why.starts_with(reason));
                assert!(known || why == relocatable, "{text}");
            }
            _ => panic!("{text}"),
        }
    }
    tried
}

/// A directory with one case of our own.
fn own(name: &str, text: &str) -> PathBuf {
    let dir = kept_dir("own-cases").join(name);
    std::fs::create_dir_all(dir.join("mine")).unwrap();
    std::fs::write(dir.join("mine/case.toml"), text).unwrap();
    dir
}

fn case(edit: &str, expect: &str) -> String {
    format!("title = 'mine'\nsource = 'a test'\n[inject]\ngoal = 'archive'\n{edit}\n{expect}\n")
}

const EDIT: &str = "[[inject.edit]]\nfile = 'scripts/Makefile.thinlto'\n";
const EMPTY: &str = "[[expect]]\nkey = 'native.empty'";

#[test]
fn what_is_no_case_is_an_error_in_its_own_words_and_never_a_pass() {
    let Some(llvm) = llvm("what_is_no_case") else { return };
    let out = kept_dir("inject-own");
    let twice = case(&format!("{EDIT}anchor = 'native-objs'\nreplacement = 'x'"), EMPTY);
    let gone = case(&format!("{EDIT}anchor = 'no such text'\nreplacement = 'x'"), EMPTY);
    let idle = case(
        "[[inject.change]]\nfile = 'mm/util.o'\ndo = 'remove-lines'\nanchor = 'no such line'",
        EMPTY,
    );
    let nothing = case("[[inject.change]]\nfile = 'mm/nothing.o'\ndo = 'empty'", EMPTY);
    // Both modes differ in the padding of data on the untouched kernel too.
    let everywhere = case(
        "[[inject.change]]\nfile = 'mm/util.o'\ndo = 'touch'",
        "[[expect]]\nkey = 'section.size.changed'",
    )
    .replace("'archive'", "'kernel'");
    let missed = case(&format!("{EDIT}anchor = '-x ir -fno-lto'\nreplacement = '-fno-lto'"), EMPTY);
    let top = "[[inject.edit]]\nfile = 'Makefile'\nanchor = 'PATCHLEVEL = 3'\n";
    let harmless = format!("{top}replacement = 'PATCHLEVEL = 3 # harmless'");
    let fatal = format!("{top}replacement = \"PATCHLEVEL = 3\\n$(error no)\"");
    // The pocket kernel, too, has no C file in its list of commands.
    let of_commands = case(&harmless, "[[expect]]\nkey = 'compile-commands.lost'")
        .replace("'archive'", "'compile-commands'");
    let negative = |text: String| format!("negative = true\n{}", text.trim_end());
    let stops = negative(case(&fatal, ""));
    let no_symbol = case("config = { NO_SUCH_SYMBOL = 'y' }", EMPTY);
    let no_variable = case("make = { FOO = 'x' }\nredo = ['mm/util.o']", EMPTY);
    for (name, text, result, why) in [
        ("of-commands", &of_commands, "broken", "found in the untouched tree too"),
        ("stops", &stops, "broken", "make failed"),
        ("no-symbol", &no_symbol, "broken", "the configuration is what it was before"),
        ("no-variable", &no_variable, "broken", "FOO changes no command"),
        ("twice", &twice, "broken", "holds the text to replace"),
        ("gone", &gone, "broken", "does not hold the text to replace: no such text"),
        ("idle", &idle, "broken", "has a line with 'no such line'"),
        ("nothing", &nothing, "broken", "the build has no mm/nothing.o to change"),
        ("everywhere", &everywhere, "broken", "found in the untouched tree too"),
        ("missed", &missed, "missed", "no native.empty, and nothing else"),
    ] {
        let dir = own(name, text).display().to_string();
        let ran = inject(llvm, &out, &["--arch", "riscv", "--cases", &dir]);
        let report = ran.json();
        let row = &rows(&report)[0];
        assert_eq!(row["result"], result, "{name}: {row}");
        assert!(row["why"].as_str().unwrap().contains(why), "{name}: {row}");
        assert_eq!(ran.status, if result == "missed" { 1 } else { 3 }, "{name}");
    }
    let refused = |name: &str, text: &str, words: &str| {
        let dir = own(name, text).display().to_string();
        let ran = inject(llvm, &out, &["--cases", &dir]);
        assert_eq!(ran.status, 2, "{name}: {}", ran.stdout);
        assert!(ran.stderr.contains(words), "{name}: {}", ran.stderr);
    };
    refused("unknown", &case("colour = 'red'", EMPTY), "line 5, column 1: unknown field `colour`");
    let nowhere = format!("{}[applies]\narch = []\n", case("", EMPTY));
    refused("nowhere", &nowhere, "the list is empty");
    let prefix = case("config = { CONFIG_KVM = 'n' }", EMPTY);
    refused("prefix", &prefix, "is named without CONFIG_");
    let misnamed = format!("{missed}defect = 'index-emtpy'\n");
    refused("misnamed", &misnamed, "no finding is known as 'index-emtpy'");
    let dir = own("misplaced", &missed);
    std::fs::create_dir_all(dir.join("other")).unwrap();
    std::fs::write(dir.join("other/Case.toml"), &missed).unwrap();
    refused("misplaced", &missed, "case other");
    let same = ["--other-llvm", llvm, "--case", "compiler-mismatch"];
    let same = inject(llvm, &out, &same);
    assert_eq!(same.status, 2);
    assert!(same.stderr.contains("--other-llvm"), "{}", same.stderr);
}

/// -fPIE is an option that only built-in code of a relocatable kernel has.
#[test]
fn options_of_built_in_code_that_are_not_saved_are_named() {
    let Some(llvm) = llvm("options_of_built_in_code") else { return };
    let fragment = kept_dir("fragments").join("relocatable.config");
    std::fs::write(&fragment, "CONFIG_RELOCATABLE=y\n").unwrap();
    let fragment = format!("+{}", fragment.display());
    let ran = inject(
        llvm,
        &kept_dir("inject-relocatable"),
        &["--arch", "loongarch", "--case", "modkern*", "--config", "tiny", "--config", &fragment],
    );
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(rows(&ran.json())[0]["result"], "caught");
}

#[test]
fn prepared_trees_outlive_a_run_that_was_killed_and_belong_to_one_kernel() {
    let Some(llvm) = llvm("prepared_trees_outlive") else { return };
    let out = kept_dir("inject-killed");
    let one = ["--arch", "arm64", "--case", "index-empty"];
    assert_eq!(inject(llvm, &out, &one).status, 0);
    // As if killed in the middle of a case: an edited file, its journal, and half a build.
    let file = out.join("arm64/tree/scripts/Makefile.thinlto");
    let before = std::fs::read(&file).unwrap();
    std::fs::write(out.join("arm64/tree.edited"), "scripts/Makefile.thinlto").unwrap();
    std::fs::write(&file, "$(error half an edit)\n").unwrap();
    std::fs::create_dir_all(out.join("arm64/cases/index-empty/distributed")).unwrap();
    assert_eq!(inject(llvm, &out, &one).status, 0);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // Another kernel does not take these builds for its own.
    let other = kept_dir("trees").join("inject-other");
    if !other.exists() {
        let from = root().join("cases/pocket");
        let status = std::process::Command::new("cp").arg("-a").arg(from).arg(&other).status();
        assert!(status.unwrap().success());
    }
    let ran = inject(llvm, &out, &[&one[..], &["--kernel", &other.display().to_string()]].concat());
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("it is prepared for another source tree"), "{}", ran.stderr);
}

#[test]
fn cases_are_listed_and_a_pattern_for_none_is_named() {
    let ran = run(&["inject", "--list", "--case", "index-*"]);
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.lines().count() >= 4 && ran.stdout.contains("index-truncated"));
    let ran = run(&["inject", "--list", "--case", "indx"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("no case has such a name"), "{}", ran.stderr);
}

/// The table of defects in the documentation and the cases are the same.
#[test]
fn every_known_defect_that_a_finding_names_is_a_case() {
    let mut names = std::collections::BTreeSet::new();
    for file in crate::support::rust_files(&root().join("harness/verdict/src")) {
        let text = std::fs::read_to_string(file).unwrap();
        names.extend(
            text.split("known_as(\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next().map(str::to_owned)),
        );
    }
    assert!(names.len() > 20, "{names:?}");
    for name in names.iter().filter(|name| !matches!(name.as_str(), "x" | "y")) {
        assert!(root().join("cases/inject").join(name).join("case.toml").is_file(), "{name}");
    }
}

/// The texts to send are in the documentation as they are printed.
#[test]
fn every_live_defect_has_its_text_in_the_documentation() {
    let document = std::fs::read_to_string(root().join("docs/findings/live.md")).unwrap();
    let mut live = 0;
    for entry in std::fs::read_dir(root().join("cases/inject")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let answer = run(&["explain", "--format", "json", &name]).json();
        if let Some(report) = answer["answers"][0]["defect"]["report"].as_str() {
            live += 1;
            assert!(document.contains(report.trim()), "{name}");
            assert!(run(&["explain", &name]).stdout.contains(report.trim()), "{name}");
        }
    }
    assert!(live >= 2);
}
