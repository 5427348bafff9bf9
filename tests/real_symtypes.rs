//! A member is inserted into a structure of a real kernel, and `diff` finds that member behind all
//! CRCs that changed. genksyms is that of the build, and it makes the new CRCs too.
//!
//! No part of `cargo test`: `scripts/acceptance` runs it on what it has built, with
//! `TWINLTO_TEST_BUILD=DIR cargo test --test real_symtypes`.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in tests, helpers included, a failed unwrap is the assertion"
)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Objects whose exports nearly all reach `struct device`.
const OBJECTS: [&str; 5] = ["core", "bus", "class", "driver", "platform"];

/// A build directory with the same commands, whose objects are compiled with another header first.
struct Edited {
    dir: tempfile::TempDir,
    header: PathBuf,
    changed: BTreeSet<String>,
}

impl Edited {
    fn of(build: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join("build").join(name);
        // What is compared is small; what the preprocessor reads is only linked.
        let linked = ["arch", "include", "scripts"];
        std::fs::create_dir_all(at("drivers/base")).unwrap();
        for name in linked {
            std::os::unix::fs::symlink(build.join(name), at(name)).unwrap();
        }
        for name in [".config", "Module.symvers"] {
            std::fs::copy(build.join(name), at(name)).unwrap();
        }
        let header = dir.path().join("first/linux/device.h");
        std::fs::create_dir_all(header.parent().unwrap()).unwrap();
        let source = source_tree(build);
        let text = std::fs::read_to_string(source.join("include/linux/device.h")).unwrap();
        std::fs::write(&header, with_member(&text)).unwrap();

        let mut crcs = BTreeMap::new();
        for stem in OBJECTS {
            let cmd = format!("drivers/base/.{stem}.o.cmd");
            let text = std::fs::read_to_string(build.join(&cmd)).unwrap();
            let first = format!(" -nostdinc -I{}", dir.path().join("first").display());
            let text = text.replacen(" -nostdinc", &first, 1);
            let lines = genksyms(&at(""), text.lines().next().unwrap());
            let kept = text.lines().filter(|line| !line.starts_with("#SYMVER "));
            let text = kept.map(|line| format!("{line}\n")).collect::<String>();
            std::fs::write(at(&cmd), text + &lines).unwrap();
            crcs.extend(lines.lines().map(|line| {
                let mut words = line.split(' ').skip(1).map(str::to_owned);
                (words.next().unwrap(), words.next().unwrap())
            }));
        }
        let list: String = OBJECTS.iter().map(|o| format!("drivers/base/{o}.o\n")).collect();
        for name in ["builtin.order", "vmlinux.thinlto-index"] {
            std::fs::write(at(name), &list).unwrap();
        }
        let symvers = std::fs::read_to_string(at("Module.symvers")).unwrap();
        let mut changed = BTreeSet::new();
        let line = |line: &str| {
            let mut fields: Vec<&str> = line.split('\t').collect();
            let name = fields.get(1).copied().unwrap().to_owned();
            if let Some(crc) = crcs.get(&name)
                && *fields.first().unwrap() != crc
            {
                *fields.first_mut().unwrap() = crc;
                changed.insert(name);
            }
            fields.join("\t") + "\n"
        };
        let symvers: String = symvers.lines().map(line).collect();
        std::fs::write(at("Module.symvers"), symvers).unwrap();
        Self { dir, header, changed }
    }

    fn symvers(&self) -> PathBuf {
        self.dir.path().join("build/Module.symvers")
    }
}

/// The tree that a build directory was made of.
fn source_tree(build: &Path) -> PathBuf {
    let makefile = std::fs::read_to_string(build.join("Makefile")).unwrap();
    let line = makefile.lines().find_map(|line| line.strip_prefix("include ")).unwrap();
    Path::new(line).parent().unwrap().to_owned()
}

fn with_member(header: &str) -> String {
    let (before, body) = header.split_once("\nstruct device {").expect("no struct device");
    let (top, rest) = body.split_once("*parent;\n").expect("no parent");
    format!("{before}\nstruct device {{{top}*parent;\n\tint twinlto_inserted;\n{rest}")
}

/// What kbuild does: the recorded command, as a preprocessor, into genksyms.
fn genksyms(dir: &Path, saved: &str) -> String {
    let (_, command) = saved.split_once(" := ").unwrap();
    let (options, source) = command.trim_end().rsplit_once(' ').unwrap();
    let (options, _) = options.rsplit_once(" -c -o ").unwrap();
    let line = options.split(' ').filter(|word| !word.starts_with("-Wp,-M"));
    let line = line.collect::<Vec<_>>().join(" ");
    let script = format!("{line} -E -D__GENKSYMS__ {source} | scripts/genksyms/genksyms");
    let ran = Command::new("sh")
        .args(["-c", &script])
        .current_dir(dir)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(ran.status.success() && !ran.stdout.is_empty(), "{script}");
    String::from_utf8(ran.stdout).unwrap()
}

fn diff(a: &Path, b: &Path, options: &[&str]) -> Vec<Value> {
    let ran = Command::new(env!("CARGO_BIN_EXE_twinlto"))
        .arg("diff")
        .args([a, b])
        .args(["--format", "json"])
        .args(options)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().filter(|f| f["key"] == "export.crc.changed").cloned().collect()
}

#[test]
fn the_inserted_member_is_named() {
    let build = std::env::var("TWINLTO_TEST_BUILD").expect("TWINLTO_TEST_BUILD names no build");
    let build = Path::new(&build).canonicalize().unwrap();
    let edited = Edited::of(&build);
    assert!(edited.changed.len() > 50, "{:?}", edited.changed);
    let (a, b) = (build.join("Module.symvers"), edited.symvers());

    let found = diff(&a, &b, &[]);
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(
        one["cause"],
        "struct device: member `twinlto_inserted` (int) was inserted after `parent`"
    );
    let subjects: BTreeSet<String> = serde_json::from_value(one["subjects"].clone()).unwrap();
    assert_eq!(subjects, edited.changed);

    // From the other side it was removed.
    let found = diff(&b, &a, &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found.first().unwrap()["cause"],
        "struct device: member `twinlto_inserted` (int) was removed"
    );

    assert!(diff(&a, &b, &["--no-explain"]).iter().all(|f| f["cause"].is_null()));

    // A source that is no longer the one of the build explains nothing.
    std::fs::remove_file(&edited.header).unwrap();
    let found = diff(&a, &b, &[]);
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    let cause = one["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("cause unknown: the sources or the compiler are no longer"),
        "{cause}"
    );
    let text = format!("symtypes: {} exports of {} objects\n", subjects.len(), OBJECTS.len());
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}
