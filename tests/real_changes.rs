//! Pre-merge and bisection on a real kernel, whose history is made here.
//!
//! No part of `cargo test`: `scripts/acceptance --changes` runs it, on one thread, with
//! `TWINLTO_TEST_KERNEL` (a source tree), `TWINLTO_TEST_OUT` (where everything is kept, so that the
//! same command goes on), `TWINLTO_TEST_LLVM`, and in `TWINLTO_TEST_AMONG` the bin directories of
//! LLVM 17 to 24, separated by colons.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "in tests, a failed unwrap is the assertion, and this one uses a part of what they share"
)]

mod support;

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use support::repo::Repo;
use support::{Ran, arg, compiled_otherwise, finding, run};

const ARCH: [&str; 2] = ["--arch", "arm64"];

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn kernel() -> PathBuf {
    PathBuf::from(variable("TWINLTO_TEST_KERNEL"))
}

fn place(name: &str) -> PathBuf {
    let dir = PathBuf::from(variable("TWINLTO_TEST_OUT"));
    std::fs::create_dir_all(&dir).unwrap();
    dir.join(name)
}

/// Says what came out.
fn told(what: &str, start: Instant) {
    println!("{what}; {:.0} s", start.elapsed().as_secs_f64());
}

/// The kernel with twelve commits; made once.
fn history() -> Repo {
    let path = place("linux");
    let whole = place("linux.whole");
    if whole.exists() {
        return Repo { path };
    }
    let repo = Repo::of(&kernel(), path).with_twelve();
    std::fs::write(whole, "").unwrap();
    repo
}

/// Runs it with an output directory, an LLVM and JSON.
fn ask(words: &[&str], out: &str) -> Ran {
    let (llvm, out) = (variable("TWINLTO_TEST_LLVM"), arg(&place(out)));
    let tail = ["--llvm", &llvm, "--out", &out, "--format", "json"];
    let ran = run(&[words, &ARCH, &tail].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn steps(report: &Value) -> &[Value] {
    report["steps"].as_array().unwrap()
}

#[test]
fn one_of_twelve_commits_is_named_at_the_cost_of_backends() {
    let (repo, start) = (history(), Instant::now());
    let (path, guilty) = (repo.arg(), repo.git(&["rev-parse", "guilty"]));
    let before = repo.state();
    let words =
        ["bisect", "kernel", &path, "--good", "good", "--bad", "HEAD", "--finding", "flags.*"];
    let ran = ask(&words, "bisect-kernel");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert!(report["found"]["first"].as_str().unwrap().starts_with(&guilty[..12]), "{report}");
    assert!(steps(&report).len() <= 2 + 5, "{report}");
    for step in steps(&report) {
        println!("  {} {}: {}", step["answer"], step["name"], step["cost"]);
    }
    // kernel/panic.c is compiled anew where it differs, and what tells of the build; nothing else is.
    for step in &steps(&report)[1..] {
        let cost = step["cost"].as_str().unwrap();
        let fronts: u64 = cost.split(' ').next().unwrap().parse().unwrap();
        assert!(fronts <= 20, "{step}");
    }
    assert_eq!(repo.state(), before);
    told(
        &format!("bisect kernel: {} evaluations besides the ends", steps(&report).len() - 2),
        start,
    );
}

#[test]
fn premerge_tells_of_the_mail_that_breaks_something_and_of_no_other() {
    let (repo, path) = (history(), place("linux").display().to_string());
    let premerge = |commit: &str| {
        let mail = repo.mail(&repo.git(&["rev-parse", commit]), "mbx").display().to_string();
        let words = ["premerge", "--kernel", &path, "--base", "good", "--series", &mail];
        ask(&words, "premerge")
    };
    let start = Instant::now();
    let bad = premerge("guilty");
    assert_eq!(bad.status, 1, "{}{}", bad.stdout, bad.stderr);
    let report = bad.json();
    let found = finding(&report, "flags.backend.missing");
    assert_eq!(found["change"], "new");
    assert!(found["cause"].as_str().unwrap().contains("/../"), "{found}");
    let new = report["findings"].as_array().unwrap().iter().filter(|f| f["change"] == "new");
    told(&format!("premerge of the defect: {} new", new.count()), start);
    let start = Instant::now();
    let good = premerge("harmless");
    assert_eq!(good.status, 0, "{}{}", good.stdout, good.stderr);
    assert_eq!(good.keys(), Vec::<String>::new(), "{}", good.stdout);
    assert!(good.stderr.contains("as it was checked"), "{}", good.stderr);
    told("premerge of a harmless mail: nothing", start);
}

/// The bin directories of the toolchains, oldest first.
fn among() -> Vec<String> {
    variable("TWINLTO_TEST_AMONG").split(':').map(str::to_owned).collect()
}

#[test]
fn the_first_toolchain_that_takes_the_rename_option_is_found() {
    let (start, among) = (Instant::now(), among());
    let script = place("takes-rename-option.sh");
    let text = "#!/bin/sh\necho 'int a;' > a.c\n\
                \"$CLANG\" --target=aarch64-linux-gnu -flto=thin -c a.c || exit 125\n\
                \"$LD\" --thinlto-index-only a.o -o a || exit 125\n\
                \"$LD\" -mllvm -always-rename-promoted-locals=false --thinlto-index-only a.o -o a \\\n  \
                && exit 1\nexit 0\n";
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let among: Vec<&str> = among.iter().map(String::as_str).collect();
    let script = arg(&script);
    let ran = ask(
        &[&["bisect", "toolchain", "--among"], &among[..], &["--run", &script]].concat(),
        "option",
    );
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let first = report["found"]["first"].as_str().unwrap();
    assert!(first.contains("clang 23."), "{first}");
    told(&format!("bisect toolchain: {first} is the first that takes it"), start);
}

#[test]
fn the_first_toolchain_with_few_promoted_names_is_found() {
    let (start, among, kernel) = (Instant::now(), among(), kernel().display().to_string());
    let among: Vec<&str> = among.iter().map(String::as_str).collect();
    let count = ["--count", "in-process.promoted_symbols<200", &kernel];
    let ran = ask(&[&["bisect", "toolchain", "--among"], &among[..], &count].concat(), "promoted");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let first = report["found"]["first"].as_str().unwrap();
    assert!(first.contains("clang 23."), "{first}");
    for step in steps(&report) {
        println!("  {} {}: {}", step["answer"], step["name"], step["why"]);
    }
    told(&format!("bisect toolchain: {first} is the first"), start);
}

#[test]
fn the_three_objects_without_their_optimisation_are_found() {
    let start = Instant::now();
    let kernel = kernel().display().to_string();
    let built = ask(&["build", &kernel], "build");
    assert_eq!(built.status, 0, "{}{}", built.stdout, built.stderr);
    told("build", start);
    let start = Instant::now();
    let good = place("build").join("arm64/distributed");
    let guilty = ["drivers/base/bus.o", "lib/kstrtox.o", "mm/util.o"];
    let index = std::fs::read_to_string(good.join("vmlinux.thinlto-index")).unwrap();
    // Others differ, too, in a table for the linker.
    let others = index.lines().filter(|name| name.starts_with("lib/") && !guilty.contains(name));
    let others = others.filter(|name| Path::new(name).parent() == Some(Path::new("lib")));
    let mut changes: Vec<(String, &str, &str)> =
        others.map(|name| (name.to_owned(), " -c -o ", " -fno-addrsig -c -o ")).collect();
    changes.extend(guilty.iter().map(|name| ((*name).to_owned(), " -Os ", " ")));
    let bad = arg(&compiled_otherwise(&good, &place("bad"), &changes));
    let good = arg(&good);
    let ask = |count: &str| {
        let out = arg(&place("objects"));
        let _gone = std::fs::remove_dir_all(&out);
        run(&[
            "bisect", "objects", &good, &bad, "--count", count, "--out", &out, "--format", "json",
        ])
    };
    // Which bound the whole bad image just reaches, only it can tell.
    let refused = ask("text_bytes>=1000000000");
    let said = refused.stderr.split("cause: arm64 distributed has ").nth(1).unwrap_or_default();
    let bytes = said.split(' ').next().unwrap();
    let ran = ask(&format!("text_bytes>={bytes}"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let report = ran.json();
    assert_eq!(report["found"]["set"], serde_json::json!(guilty), "{}", ran.stdout);
    let asked = steps(&report).len();
    told(
        &format!(
            "bisect objects: {} of {} objects, of which {} differ, {asked} links",
            guilty.len(),
            index.lines().count(),
            changes.len()
        ),
        start,
    );
}
