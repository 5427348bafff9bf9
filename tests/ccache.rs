//! `--ccache`: nothing is compiled twice, and nothing is compared that another ccache would spoil.

use crate::support::hidden::{hidden_tree, put};
use crate::support::{arg, llvm, program, run_with, skip};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of a ccache that knows backends: `TWINLTO_TEST_CCACHE` (`scripts/test` sets it), or
/// where `scripts/fetch-ccache` has put one.
pub(crate) fn ccache_dir() -> Option<PathBuf> {
    let fetched = || {
        let cache = std::env::var_os("TWINLTO_CACHE")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/twinlto")))?;
        Some(cache.join("ccache/usr/bin"))
    };
    let dir = std::env::var_os("TWINLTO_TEST_CCACHE").map(PathBuf::from).or_else(fetched)?;
    dir.join("ccache").is_file().then_some(dir)
}

fn first_in_path(dir: &Path) -> String {
    format!("{}:{}", dir.display(), std::env::var("PATH").unwrap())
}

/// How often each thing has happened, as ccache counts.
fn counted(ccache: &Path, cache: &Path, what: &str) -> u64 {
    let said = Command::new(ccache.join("ccache"))
        .arg("--print-stats")
        .env("CCACHE_DIR", cache)
        .output()
        .unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix('\t'));
    line.unwrap_or_else(|| panic!("no {what} in {text}")).parse().unwrap()
}

#[test]
fn a_second_build_takes_front_ends_and_backends_from_ccache() {
    let test = "a_second_build_takes_front_ends_and_backends_from_ccache";
    let Some(llvm) = llvm(test) else { return };
    let Some(ccache) = ccache_dir() else {
        skip(test, "no ccache 4.14; scripts/fetch-ccache brings one");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (cache, path) = (dir.path().join("cache"), first_in_path(&ccache));
    let cache_dir = arg(&cache);
    let env = [("CCACHE_DIR", cache_dir.as_str()), ("PATH", path.as_str())];
    let llvm = format!("--llvm={llvm}");
    let check = |name: &str, more: &[&str]| {
        let out = arg(&dir.path().join(name));
        let words = ["check", "--arch", "arm64", &llvm, "--format", "json", "--out", &out];
        let ran = run_with(&[&words, more].concat(), &env);
        assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
        ran.json()
    };
    check("first", &["--ccache"]);
    let (missed, hit) = (counted(&ccache, &cache, "cache_miss"), "direct_cache_hit");
    assert_eq!(counted(&ccache, &cache, hit), 0);
    let report = check("second", &["--ccache"]);
    let objects = report["cells"][0]["counts"]["ir_objects"].as_u64().unwrap();
    // Each IR object has a front end and a backend.
    assert!(counted(&ccache, &cache, hit) >= 2 * objects, "{objects} objects");
    assert_eq!(counted(&ccache, &cache, "cache_miss"), missed);
    // What is not asked for is not used.
    check("third", &[]);
    assert_eq!(counted(&ccache, &cache, "cache_miss"), missed);
}

/// `.incbin` of a file that changes between two builds: IR, index and command stay what they are.
#[test]
fn a_backend_that_includes_a_file_is_not_taken_for_another_ones() {
    let test = "a_backend_that_includes_a_file";
    let Some(llvm) = llvm(test) else { return };
    let Some(ccache) = ccache_dir() else {
        skip(test, "no ccache 4.14; scripts/fetch-ccache brings one");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let tree = hidden_tree("hidden-ccache");
    let (cache, path) = (dir.path().join("cache"), first_in_path(&ccache));
    let cache_dir = arg(&cache);
    let env = [("CCACHE_DIR", cache_dir.as_str()), ("PATH", path.as_str())];
    let check = |name: &str| {
        let (tree, out) = (arg(&tree), dir.path().join(name));
        let llvm = format!("--llvm={llvm}");
        let words = ["check", &tree, "--arch", "arm64", &llvm, "--ccache", "--out", &arg(&out)];
        let ran = run_with(&words, &env);
        assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
        let native = out.join("arm64/distributed/mm/util.thinlto-native.o");
        String::from_utf8_lossy(&std::fs::read(native).unwrap()).into_owned()
    };
    for (name, text) in
        [("first", "what the first build held"), ("second", "what the second one holds")]
    {
        put(&tree, text);
        assert!(check(name).contains(text), "{name}");
    }
    let before = counted(&ccache, &cache, "direct_cache_hit");
    assert!(before > 20, "other objects are taken from it: {before}");
    // The same contents again are no news.
    let missed = counted(&ccache, &cache, "cache_miss");
    assert!(check("third").contains("what the second one holds"));
    assert_eq!(counted(&ccache, &cache, "cache_miss"), missed);
}

/// Of a list that an option names ccache 4.14 hashes the name alone; a response file may name others.
#[test]
fn ccache_is_told_of_the_files_that_options_name() {
    let test = "ccache_is_told_of_the_files_that_options_name";
    let Some(llvm) = llvm(test) else { return };
    let Some(ccache) = ccache_dir() else {
        skip(test, "no ccache 4.14; scripts/fetch-ccache brings one");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (shim, cache) = (dir.path().join("ccache"), dir.path().join("cache"));
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_twinlto"), &shim).unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let run = |program: &Path, words: &[&str]| {
        let ran = Command::new(program)
            .args(words)
            .current_dir(dir.path())
            .env("CCACHE_DIR", &cache)
            .env("TWINLTO_CCACHE", ccache.join("ccache"))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    let (clang, lld) = (program(llvm, "clang"), program(llvm, "ld.lld"));
    let target = "--target=x86_64-linux-gnu";
    write(
        "b.c",
        "int g(int); int f(int x) { if (__builtin_expect(x > 3, 0)) return g(x) * 3; return x; }",
    );
    run(Path::new(&clang), &[target, "-O2", "-flto=thin", "-c", "b.c"]);
    run(Path::new(&lld), &["-r", "--thinlto-index-only=list", "-o", "all.o", "b.o"]);
    let backend = |program: &Path, first: &[&str], option: &str| {
        let index = "-fthinlto-index=b.o.thinlto.bc";
        let rest = [target, "-O2", "-x", "ir", index, option, "-c", "-o", "b.n.o", "b.o"];
        run(program, &[first, &rest].concat());
        std::fs::read(dir.path().join("b.n.o")).unwrap()
    };
    let list = "-fbasic-block-sections=list=list.txt";
    let mut seen = Vec::new();
    for text in ["v1\nf f\nc0 1\n", "v1\nf f\nc0\nc1\n", "v1\nf f\nc0 1\n"] {
        write("list.txt", text);
        let plain = backend(Path::new(&clang), &[], list);
        assert_eq!(backend(&shim, &[&clang], list), plain, "{text}");
        seen.push(plain);
    }
    assert!(seen[0] != seen[1] && seen[0] == seen[2], "the list decides");
    assert_eq!(counted(&ccache, &cache, "cache_miss"), 2);
    assert_eq!(counted(&ccache, &cache, "direct_cache_hit"), 1);
    write("more", "-fno-unroll-loops");
    backend(&shim, &[&clang], "@more");
    assert_eq!(counted(&ccache, &cache, "cache_miss"), 2, "it is not asked");
}

#[test]
fn a_ccache_that_is_too_old_is_refused() {
    let Some(llvm) = llvm("a_ccache_that_is_too_old_is_refused") else { return };
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("ccache");
    let path = first_in_path(dir.path());
    let (out, llvm) = (arg(&dir.path().join("out")), format!("--llvm={llvm}"));
    for (version, cause) in [
        ("ccache version 4.7.5", "it is 4.7.5, and 4.14 is needed"),
        ("something else", "ccache --version names no version: 'something else'"),
    ] {
        std::fs::write(&program, format!("#!/bin/sh\necho '{version}'\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let ran = run_with(&["check", "--ccache", &llvm, "--out", &out], &[("PATH", &path)]);
        assert_eq!(ran.status, 4, "{}", ran.stderr);
        assert!(ran.stderr.contains(cause), "{}", ran.stderr);
        assert!(!dir.path().join("out").exists(), "nothing is begun");
    }
}
