//! Every ELF file of a real build, read by us and by `llvm-readelf`, entry by entry.
//!
//! No part of `cargo test`: `scripts/acceptance` runs it on what it has built, with
//! `TWINLTO_TEST_BUILD=DIR cargo test -p twinlto-facts --test real_elf`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in tests, helpers included, a failed unwrap is the assertion"
)]
#![allow(dead_code, reason = "shared with the tests on small files, which use all of it")]

mod dwarfdump;
mod llvm;
mod oracle;

use crate::dwarfdump::against_dwarfdump;
use crate::llvm::find_llvm::say;
use crate::llvm::llvm;
use crate::oracle::{Compared, compare};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use twinlto_facts::elf::{Image, KernelTable, ObjectKind, Table, kind, tables};

/// Over a whole build directory: what `readelf` says of every ELF file, and that every kernel
/// table of them can be decoded.
#[test]
fn readelf_reads_a_build_as_we_do() {
    let test = "readelf_reads_a_build_as_we_do";
    let dir = std::env::var_os("TWINLTO_TEST_BUILD").expect("TWINLTO_TEST_BUILD names no build");
    let Some(llvm) = llvm(test) else { return };
    let mut files = Vec::new();
    walk(Path::new(&dir), &mut files);
    let mut compared = Compared::default();
    let mut wrong = Vec::new();
    let mut decoded: BTreeMap<KernelTable, (usize, usize)> = BTreeMap::new();
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        if !matches!(kind(&bytes), ObjectKind::Elf(_)) {
            continue;
        }
        match compare(&llvm, path, &bytes) {
            Ok(it) => compared += it,
            Err(why) => wrong.push(format!("{}: {why}", path.display())),
        }
        let Ok(image) = Image::parse(&bytes) else { continue };
        for (which, result) in tables(&image) {
            match result {
                Ok(table) if table.entries.is_empty() => {}
                Ok(table) => {
                    let sum = decoded.entry(which).or_default();
                    *sum = (sum.0 + 1, sum.1 + table.entries.len());
                }
                Err(why) => wrong.push(format!("{}: {why}", path.display())),
            }
        }
    }
    say(&format!("{test}: {compared}"));
    for (which, (files, entries)) in decoded {
        say(&format!("  {which}: {entries} entries in {files} files"));
    }
    linking_keeps_tables(Path::new(&dir), &mut wrong);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared.files > 0, "no ELF file in {}", dir.display());
}

/// The structs of every twentieth object with debug information, where the build has any.
#[test]
fn llvm_dwarfdump_reads_structs_as_we_do() {
    let test = "llvm_dwarfdump_reads_structs_as_we_do";
    let dir = std::env::var_os("TWINLTO_TEST_BUILD").expect("TWINLTO_TEST_BUILD names no build");
    let Some(llvm) = llvm(test) else { return };
    let mut files = Vec::new();
    walk(Path::new(&dir), &mut files);
    let (mut objects, mut structs) = (0, 0);
    for path in files.iter().filter(|path| path.extension().is_some_and(|it| it == "o")).step_by(20)
    {
        let bytes = std::fs::read(path).unwrap();
        let with_debug = |image: &Image<'_>| image.section(".debug_info").is_some();
        if path.file_name().is_some_and(|name| name == "vmlinux.o")
            || !Image::parse(&bytes).as_ref().is_ok_and(with_debug)
        {
            continue;
        }
        objects += 1;
        structs += against_dwarfdump(&llvm, &path.display().to_string(), &bytes);
    }
    say(&format!("{test}: {structs} structs of {objects} objects"));
}

/// The linker moves entries of `vmlinux.o` and may sort them; it changes none.
fn linking_keeps_tables(dir: &Path, wrong: &mut Vec<String>) {
    let read = |name: &str| std::fs::read(dir.join(name)).ok();
    let (Some(before), Some(after)) = (read("vmlinux.o"), read("vmlinux")) else { return };
    let tables = |bytes: &[u8]| Some(tables(&Image::parse(bytes).ok()?));
    let (Some(before), Some(after)) = (tables(&before), tables(&after)) else { return };
    for ((which, before), (_, after)) in before.into_iter().zip(after) {
        let (Ok(before), Ok(after)) = (before, after) else { continue };
        say(&format!("  {which}: {} entries linked", after.entries.len()));
        if which != KernelTable::ExportSymbols {
            wrong.extend(first_difference(&before, &after));
        }
    }
}

fn first_difference(before: &Table, after: &Table) -> Option<String> {
    // What arm64's hypervisor takes from the kernel has two names in it, by the linker script
    // (arch/arm64/kernel/image-vars.h, Linux 7.3).
    let tally = |table: &Table| {
        let mut counts = BTreeMap::new();
        for (entry, count) in table.tally() {
            *counts.entry(entry.to_string().replace("__kvm_nvhe_", "")).or_insert(0) += count;
        }
        counts
    };
    let (one, other) = (tally(before), tally(after));
    let lost = one.iter().find(|(entry, count)| other.get(*entry) != Some(count));
    let new = other.iter().find(|(entry, count)| one.get(*entry) != Some(count));
    let line = |it: Option<(&String, &usize)>| {
        it.map_or("-".to_owned(), |(entry, n)| format!("{n} {entry}"))
    };
    (one != other).then(|| format!("{}: {} became {}", before.which, line(lost), line(new)))
}

/// Objects, modules and `vmlinux`; symbolic links are not followed.
fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() {
            walk(&path, files);
        } else if kind.is_file()
            && (name.ends_with(".o") || name.ends_with(".ko") || name.starts_with("vmlinux"))
        {
            files.push(path);
        }
    }
}
