//! Objects that are native in both modes, modules, and what is installed beside the image: each is
//! spoiled in one mode, on a copy of a sound build.

use crate::support::{Ran, arg, copy_to, finding, keys_of, llvm, pocket, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use twinlto_facts::elf::Image;

const MODES: [&str; 2] = ["distributed", "in-process"];

/// Both builds of the pocket kernel, of which one is a copy to be spoiled.
struct Pair {
    builds: [PathBuf; 2],
    spoiled: usize,
    _dir: tempfile::TempDir,
}

impl Pair {
    fn new(arch: &str, test: &str, mode: &str) -> Option<Self> {
        let pocket = pocket(test)?;
        let dir = tempfile::tempdir().unwrap();
        let spoiled = usize::from(mode == MODES[1]);
        let mut builds = MODES.map(|mode| pocket.build(arch, mode));
        builds[spoiled] = copy_to(&builds[spoiled], &dir.path().join(mode));
        Some(Self { builds, spoiled, _dir: dir })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.builds[self.spoiled].join(name)
    }

    /// Changes a file in its place, its time kept.
    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.path(name);
        let time = std::fs::metadata(&path).unwrap().modified().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let before = bytes.clone();
        change(&mut bytes);
        assert_ne!(before, bytes, "{name}");
        std::fs::write(&path, bytes).unwrap();
        set_time(&path, time);
    }

    fn change_text(&self, name: &str, from: &str, to: &str) {
        self.change(name, |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{name}: {from}");
            *bytes = text.replacen(from, to, 1).into_bytes();
        });
    }

    fn audit(&self) -> Ran {
        let [a, b] = self.builds.each_ref().map(|build| arg(build));
        run(&["audit", &a, &b, "--format", "json"])
    }

    fn audit_alone(&self) -> Ran {
        run(&["audit", &arg(&self.builds[self.spoiled]), "--format", "json"])
    }

    fn diff(&self) -> Ran {
        let [a, b] = self.builds.each_ref().map(|build| arg(build));
        run(&["diff", &a, &b, "--format", "json"])
    }
}

fn set_time(path: &Path, time: SystemTime) {
    std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// Where a section lies in a file.
fn section(bytes: &[u8], name: &str) -> std::ops::Range<usize> {
    let image = Image::parse(bytes).unwrap();
    let (_, section) = image.section(name).unwrap();
    let start = usize::try_from(section.offset).unwrap();
    start..start + usize::try_from(section.size).unwrap()
}

fn position(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

fn flip_in(name: &'static str) -> impl FnOnce(&mut Vec<u8>) {
    move |bytes| {
        let range = section(bytes, name);
        bytes[range.start + 1] ^= 1;
    }
}

#[track_caller]
fn found(ran: &Ran, key: &str, subject: &str) -> String {
    let report = ran.json();
    assert_eq!(ran.status, 1, "{:?}", keys_of(&report));
    let all = report["findings"].as_array().unwrap();
    let is_it = |f: &&serde_json::Value| {
        let subjects = f["subjects"].as_array().unwrap();
        f["key"] == key && subjects.iter().any(|s| s == subject)
    };
    let Some(found) = all.iter().find(is_it) else { panic!("{key} {subject}: {}", ran.stdout) };
    found["cause"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_byte_of_an_assembly_object_is_found_in_either_mode() {
    for mode in MODES {
        let Some(pair) = Pair::new("arm64", "a_byte_of_an_assembly_object", mode) else { return };
        pair.change("lib/a.o", flip_in(".rodata"));
        for ran in [pair.audit(), pair.diff()] {
            let cause = found(&ran, "native.changed", "lib/a.o");
            assert!(
                cause.contains("ascii_class in .rodata+0x1") && cause.contains("cause unknown"),
                "{cause}"
            );
        }
    }
}

/// What the source asks for stands in its dependencies, as fixdep writes them.
#[test]
fn an_assembly_source_that_asks_for_the_mode_is_the_cause() {
    let Some(pair) = Pair::new("x86_64", "an_assembly_source_that_asks", MODES[1]) else { return };
    pair.change("lib/a.o", flip_in(".rodata"));
    let asks = "deps_lib/a.o := \\\n    $(wildcard include/config/LTO_CLANG_THIN) \\\n";
    pair.change_text("lib/.a.o.cmd", "deps_lib/a.o := \\\n", asks);
    let cause = found(&pair.audit(), "native.changed", "lib/a.o");
    assert!(cause.contains("asks for CONFIG_LTO_CLANG_THIN"), "{cause}");
}

#[test]
fn an_option_of_assembly_or_of_a_module_is_found_whatever_the_bytes_say() {
    for (file, object) in
        [("lib/.a.o.cmd", "lib/a.o"), ("fs/.binfmt_misc.o.cmd", "fs/binfmt_misc.o")]
    {
        let Some(pair) = Pair::new("arm64", "an_option_of_assembly", MODES[0]) else { return };
        pair.change_text(file, " -c -o ", " -DPOCKET_EXTRA=1 -c -o ");
        found(&pair.audit(), "flags.front.changed", object);
    }
}

#[test]
fn one_instruction_of_a_module_is_found_and_named() {
    for mode in MODES {
        let Some(pair) = Pair::new("riscv", "one_instruction_of_a_module", mode) else { return };
        pair.change("lib/crc32.ko", flip_in(".text"));
        let cause = found(&pair.audit(), "native.changed", "lib/crc32.ko");
        assert!(cause.contains("in .text+0x1"), "{cause}");
    }
}

#[test]
fn a_module_that_cannot_be_loaded_is_found_in_one_build_alone() {
    for mode in MODES {
        let Some(pair) = Pair::new("arm64", "a_module_that_cannot_be_loaded", mode) else { return };
        // The row of the layout becomes that of a name that nobody exports.
        pair.change("lib/crc32.ko", |bytes| {
            let range = section(bytes, "__versions");
            let at = position(&bytes[range.clone()], b"module_layout\0").unwrap();
            bytes[range.start + at] = b'n';
        });
        for ran in [pair.audit_alone(), pair.audit()] {
            found(&ran, "module.version.missing", "module_layout in lib/crc32");
            found(&ran, "module.version.unknown", "nodule_layout in lib/crc32");
        }
    }
}

#[test]
fn exchanged_init_and_exit_and_another_name_are_found_in_one_build_alone() {
    const RELA: usize = 24;
    for mode in MODES {
        let Some(pair) = Pair::new("x86_64", "exchanged_init_and_exit", mode) else { return };
        pair.change("lib/crc32.ko", |bytes| {
            let range = section(bytes, ".rela.gnu.linkonce.this_module");
            assert_eq!(range.len(), 2 * RELA);
            // The symbols of both relocations.
            for byte in 12..16 {
                bytes.swap(range.start + byte, range.start + RELA + byte);
            }
        });
        found(&pair.audit_alone(), "module.this.wrong", "__this_module in lib/crc32");
        found(&pair.audit(), "native.changed", "lib/crc32.ko");
    }
    let Some(pair) = Pair::new("loongarch", "exchanged_init_and_exit", MODES[0]) else { return };
    pair.change("lib/crc32.ko", |bytes| {
        let range = section(bytes, ".gnu.linkonce.this_module");
        let at = position(&bytes[range.clone()], b"crc32\0").unwrap();
        bytes[range.start + at] = b'k';
    });
    found(&pair.audit_alone(), "module.this.wrong", "__this_module in lib/crc32");
}

#[test]
fn a_line_beside_the_image_is_found_in_one_build_alone() {
    for mode in MODES {
        let Some(pair) = Pair::new("arm64", "a_line_beside_the_image", mode) else { return };
        pair.change("System.map", |bytes| {
            let at = position(bytes, b" T ").unwrap();
            bytes[at - 1] ^= 4;
        });
        let built_in = std::fs::read_to_string(pair.path("modules.builtin")).unwrap();
        let last = built_in.lines().last().unwrap().to_owned();
        pair.change_text("modules.builtin", &format!("{last}\n"), "");
        pair.change("modules.builtin.modinfo", |bytes| bytes.extend(b"x.license=GPL\0"));
        for ran in [pair.audit_alone(), pair.audit()] {
            for file in ["System.map", "modules.builtin", "modules.builtin.modinfo"] {
                found(&ran, "file.inconsistent", file);
            }
        }
    }
}

#[test]
fn an_image_that_is_older_than_its_object_is_found() {
    let later = SystemTime::now() + Duration::from_secs(5);
    for (mode, object, file) in [
        (MODES[0], "mm/util.o", "mm/util.thinlto-native.o"),
        (MODES[0], "lib/a.o", "lib/a.o"),
        (MODES[1], "lib/a.o", "lib/a.o"),
    ] {
        let Some(pair) = Pair::new("arm64", "an_image_that_is_older", mode) else { return };
        set_time(&pair.path(file), later);
        let cause = found(&pair.audit_alone(), "image.stale", object);
        assert!(cause.contains("does not depend on it"), "{cause}");
        found(&pair.audit(), "image.stale", object);
        assert_eq!(finding(&pair.audit().json(), "image.stale")["defect"], "image-stale");
        // Linked again since, as far as the times tell.
        for stage in ["vmlinux.a", "vmlinux.o", "vmlinux.unstripped", "vmlinux"] {
            set_time(&pair.path(stage), later);
        }
        assert!(!pair.audit_alone().keys().contains(&"image.stale".to_owned()));
    }
    let Some(pair) = Pair::new("arm64", "an_image_that_is_older", MODES[0]) else { return };
    set_time(&pair.path("lib/crc32.mod.o"), later);
    found(&pair.audit_alone(), "module.stale", "lib/crc32.ko");
}

/// A copy without times says nothing of what is older.
#[test]
fn copies_with_and_without_times_agree() {
    let Some(pocket) = pocket("copies_with_and_without_times") else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, options) in [("kept", "-a"), ("lost", "-r")] {
        let builds = MODES.map(|mode| {
            let to = dir.path().join(format!("{name}-{mode}"));
            let from = pocket.build("arm64", mode);
            assert!(Command::new("cp").arg(options).arg(from).arg(&to).status().unwrap().success());
            arg(&to)
        });
        for build in &builds {
            let ran = run(&["audit", build, "--format", "json"]);
            assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
        }
        let ran = run(&["audit", &builds[0], &builds[1], "--format", "json"]);
        assert_eq!(ran.status, 0, "{}", ran.stdout);
    }
}

/// Built at two places from clean, not one copied from the other: all that lies beside the image is
/// the same.
#[test]
fn separate_builds_have_the_same_native_objects() {
    let test = "separate_builds_have_the_same_native";
    let Some(llvm) = llvm(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    let out = arg(&dir.path().join("out"));
    let ran = run(&[
        "check",
        "--separate",
        "--arch",
        "arm64",
        "--llvm",
        llvm,
        "--out",
        &out,
        "--format",
        "json",
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    let accounts = ran.json()["twins"][0]["coverage"].as_array().unwrap().clone();
    let natives = accounts.iter().find(|account| account["unit"] == "objects").unwrap();
    let shares = natives["shares"].as_array().unwrap();
    assert!(shares.iter().all(|share| share["treatment"] == "compared"), "{natives}");
}
