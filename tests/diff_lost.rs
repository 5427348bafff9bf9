//! What one side has and the other has not, or not so that it makes sense: a finding, and no
//! agreement over the rest.

use crate::diff::{changed, diff, section_of};
use crate::support::{copy_of, finding, llvm, pocket, program};
use std::process::Command;
use twinlto_facts::elf::Image;

/// Sets the size of a section in its header.
fn resize(bytes: &mut [u8], name: &str, size: impl FnOnce(u64) -> u64) {
    let (range, header) = section_of(bytes, name);
    let size = size(range.len() as u64);
    bytes[header + 0x20..][..8].copy_from_slice(&size.to_le_bytes());
}

#[test]
fn a_table_that_only_one_side_has_or_can_be_read_on_is_lost() {
    let Some(pocket) = pocket("a_table_of_one_side") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = pocket.build("arm64", "distributed").join("vmlinux");
    type Edit = fn(&mut Vec<u8>);
    let cases: [(&str, &str, Edit); 3] = [
        ("table.lost", "__ex_table", |bytes| resize(bytes, "__ex_table", |_| 0)),
        ("table.lost", "__jump_table", |bytes| {
            resize(bytes, "__jump_table", |size| size - 1);
        }),
        // The first name leads out of the kernel.
        ("table.lost", "__param", |bytes| {
            let (range, _) = section_of(bytes, "__param");
            bytes[range.start..][..8].copy_from_slice(&[0x7f; 8]);
        }),
    ];
    for (key, subject, edit) in cases {
        let other = changed(&dir, &file, edit);
        for (a, b) in [(&file, &other), (&other, &file)] {
            let ran = diff(a, b, &[]);
            assert_eq!(ran.status, 1, "{subject}: {}", ran.stdout);
            let report = ran.json();
            let found = finding(&report, key);
            assert_eq!((&found["subject"], &found["severity"]), (&subject.into(), &"error".into()));
            assert!(found["cause"].is_string(), "{found}");
        }
        // Where neither side makes sense, nothing can be said and that is said.
        let ran = diff(&other, &other, &[]);
        assert_eq!(ran.status, 0, "{}", ran.stdout);
        if subject != "__ex_table" {
            assert!(ran.json()["not_compared"].to_string().contains(subject), "{}", ran.stdout);
        }
    }
}

#[test]
fn an_emptied_section_and_the_initcalls_in_it_are_lost() {
    let Some(pocket) = pocket("an_emptied_section") else { return };
    let dir = tempfile::tempdir().unwrap();
    let [file, twin] =
        ["distributed", "in-process"].map(|mode| pocket.build("arm64", mode).join("vmlinux"));
    let other = changed(&dir, &file, |bytes| resize(bytes, ".init.data", |_| 0));
    // Against itself, and as a mode of one kernel.
    let copy = pocket.build("arm64", "distributed").join(".config");
    std::fs::copy(copy, dir.path().join(".config")).unwrap();
    for left in [&file, &twin] {
        let ran = diff(left, &other, &[]);
        assert_eq!(ran.status, 1, "{}", ran.stdout);
        let report = ran.json();
        assert_eq!(finding(&report, "initcall.table.lost")["subject"], "initcalls");
        let found = report["findings"].as_array().unwrap();
        let section = |f: &&serde_json::Value| {
            f["subject"] == ".init.data"
                && f["severity"] == "error"
                && ["section.lost", "section.added"].contains(&f["key"].as_str().unwrap())
        };
        assert_eq!(found.iter().filter(section).count(), 1, "{}", ran.stdout);
    }
}

#[test]
fn a_file_that_one_build_directory_lacks_is_lost() {
    let Some(pocket) = pocket("a_file_that_one_build_lacks") else { return };
    let build = pocket.build("arm64", "distributed");
    let copy = copy_of(&build, "lost_files");
    let native = "lib/string.thinlto-native.o";
    let object = ["--object", "lib/string.o"];
    for (file, options) in [("vmlinux", &[][..]), ("Module.symvers", &[]), (native, &object)] {
        let path = copy.join(file);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        for (a, b) in [(&build, &copy), (&copy, &build)] {
            let ran = diff(a, b, options);
            assert_eq!((ran.status, ran.keys()), (1, vec!["file.lost".to_owned()]), "{file}");
            let report = ran.json();
            let found = finding(&report, "file.lost");
            assert_eq!(found["subject"], file);
            let side = if a == &build { "B has" } else { "A has" };
            assert!(found["cause"].as_str().unwrap().starts_with(side), "{found}");
        }
        std::fs::write(&path, bytes).unwrap();
    }
    // A native object that is there and holds nothing.
    std::fs::write(copy.join(native), "").unwrap();
    let ran = diff(&build, &copy, &object);
    assert_eq!((ran.status, ran.keys()), (1, vec!["file.lost".to_owned()]), "{}", ran.stdout);
}

#[test]
fn exports_that_one_file_has_are_lost_once() {
    let Some(pocket) = pocket("exports_that_one_file_has") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = pocket.build("x86_64", "distributed").join("vmlinux");
    let other = changed(&dir, &file, |bytes| resize(bytes, "__ksymtab", |_| 0));
    let ran = diff(&file, &other, &[]);
    let report = ran.json();
    assert_eq!(
        (ran.status, finding(&report, "export.lost")["subject"].as_str()),
        (1, Some("exports"))
    );
}

#[test]
fn a_stripped_kernel_has_lost_its_names_and_nothing_else() {
    let Some(pocket) = pocket("a_stripped_kernel") else { return };
    let Some(llvm) = llvm("a_stripped_kernel") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = pocket.build("arm64", "distributed").join("vmlinux");
    let stripped = dir.path().join("vmlinux");
    let mut strip = Command::new(program(llvm, "llvm-strip"));
    assert!(
        strip
            .args(["--keep-section=.comment", "-o"])
            .arg(&stripped)
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    for (a, b, side) in [(&file, &stripped, "B"), (&stripped, &file, "A")] {
        let ran = diff(a, b, &["--ignore", "export.*"]);
        assert_eq!(ran.keys(), ["symbol.table.lost"], "{}", ran.stdout);
        let said = ran.json()["not_compared"].to_string();
        for what in ["symbols", "tables"] {
            let text = format!("{what} of vmlinux ({side} has no symbol table)");
            assert!(said.contains(&text), "{text}: {said}");
        }
    }
}

#[test]
fn a_symbol_with_another_size_is_named() {
    let Some(pocket) = pocket("a_symbol_with_another_size") else { return };
    let dir = tempfile::tempdir().unwrap();
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let file = pocket.build(arch, "distributed").join("vmlinux");
        let mut bytes = std::fs::read(&file).unwrap();
        let image = Image::parse(&bytes).unwrap();
        let at = image.symbols.iter().position(|s| s.name == "start_kernel").unwrap();
        // The null symbol is left out of the list; st_size is the last of an entry's 24 bytes.
        let field = section_of(&bytes, ".symtab").0.start + (at + 1) * 24 + 16;
        bytes[field] ^= 4;
        let other = changed(&dir, &file, |all| *all = bytes);
        let ran = diff(&file, &other, &[]);
        assert_eq!((ran.status, ran.keys()), (1, vec!["symbol.size.changed".to_owned()]), "{arch}");
        assert_eq!(finding(&ran.json(), "symbol.size.changed")["subject"], "start_kernel");
    }
}
