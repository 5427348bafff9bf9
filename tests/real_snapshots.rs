//! The facts of Linux builds against those that this repository keeps under `snapshots/`, one set
//! for both modes. `scripts/acceptance` runs it on what it has built, named in
//! `TWINLTO_TEST_BUILD`. A change is looked at and accepted with `cargo insta review`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in tests, a failed unwrap is the assertion"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_facts_of_a_real_build_are_as_recorded() {
    let Some(build) = std::env::var_os("TWINLTO_TEST_BUILD").map(PathBuf::from) else {
        println!("skip: real_snapshots: TWINLTO_TEST_BUILD names no build");
        return;
    };
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(place(&build));
    // Recorded for one release of Linux and of LLVM; another one has other facts.
    if !home.is_dir() && std::env::var("INSTA_UPDATE").as_deref() != Ok("always") {
        println!("skip: real_snapshots: nothing is recorded for {}", place(&build).display());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_twinlto"))
        .args(["snapshot", "record"])
        .args([&build, dir.path()])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut facets: Vec<PathBuf> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    facets.sort();
    let names: Vec<&str> =
        facets.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "about",
            "diagnostics",
            "exports",
            "initcalls",
            "options",
            "promoted",
            "sections",
            "tables"
        ]
    );
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&home);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut facts = 0;
    settings.bind(|| {
        for (name, path) in names.iter().zip(&facets) {
            let text = std::fs::read_to_string(path).unwrap();
            facts += text.lines().count();
            insta::assert_snapshot!(*name, text);
        }
    });
    println!(
        "{} facets, {facts} facts are as recorded in {}",
        names.len(),
        place(&build).display()
    );
}

/// `linux-7.3.4/arm64-22.1.8/tiny`, from what the build itself says.
fn place(build: &Path) -> PathBuf {
    let read = |name: &str| std::fs::read_to_string(build.join(name)).unwrap();
    let kernel = read("include/config/kernel.release").trim().to_owned();
    let config = read(".config");
    let value = |name: &str| {
        let start = format!("CONFIG_{name}=");
        config.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
    };
    let is = |name: &str| value(name) == "y";
    let arch = ["X86_64", "ARM64", "RISCV", "LOONGARCH"].into_iter().find(|name| is(name)).unwrap();
    let clang: u32 = value("CLANG_VERSION").parse().unwrap();
    let llvm = format!("{}.{}.{}", clang / 10_000, clang / 100 % 100, clang % 100);
    PathBuf::from(format!("linux-{kernel}/{}-{llvm}/tiny", arch.to_lowercase()))
}
