//! `twinlto diff` of archives: the members themselves, thin and fat.

use crate::diff::diff;
use crate::support::{Ran, copy_of, finding, llvm, pocket, program};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use twinlto_facts::archive;

/// Makes an archive in `dir` of these files.
fn archived(llvm: &str, how: &str, dir: &Path, name: &str, files: &[&str]) -> PathBuf {
    let mut command = Command::new(program(llvm, "llvm-ar"));
    let status = command.current_dir(dir).args([how, name]).args(files).status().unwrap();
    assert!(status.success());
    dir.join(name)
}

fn layer(report: &Value, name: &str) -> u64 {
    let layers = report["twins"][0]["layers"].as_array().unwrap();
    let layer = layers.iter().find(|layer| layer["layer"] == name);
    layer.map_or(0, |layer| layer["compared"].as_u64().unwrap())
}

/// The bytes of a function of a native object, changed at one place.
fn spoil(file: &Path) -> String {
    let mut bytes = std::fs::read(file).unwrap();
    let (at, name) = crate::diff::a_function(&bytes);
    bytes[at + 4] ^= 1;
    std::fs::write(file, bytes).unwrap();
    name
}

#[track_caller]
fn one_function(ran: &Ran, name: &str, member: &str) {
    assert_eq!((ran.status, ran.keys()), (1, vec!["code.changed".to_owned()]), "{}", ran.stdout);
    let report = ran.json();
    let subject = format!("{name} in {member}");
    assert_eq!(finding(&report, "code.changed")["subjects"], serde_json::json!([subject]));
    assert!(layer(&report, "code") > 0, "{}", ran.stdout);
}

#[test]
fn a_function_of_a_member_of_the_kernels_own_archive_is_named() {
    let Some(pocket) = pocket("a_function_of_a_member") else { return };
    let build = pocket.build("arm64", "distributed");
    let copy = copy_of(&build, "archive");
    let member = "lib/string.thinlto-native.o";
    let name = spoil(&copy.join(member));
    let [a, b] = [&build, &copy].map(|dir| dir.join("vmlinux.a"));
    one_function(&diff(&a, &b, &[]), &name, member);
    let same = diff(&a, &a, &[]);
    let members = archive::members(&std::fs::read(&a).unwrap()).unwrap().len();
    let all = format!("{members} of {members} identical");
    assert_eq!((same.status, &same.json()["twins"][0]["build"]), (0, &Value::from(all)));
    // One that is gone on one side is a finding, and is not counted.
    std::fs::remove_file(copy.join(member)).unwrap();
    let ran = diff(&a, &b, &[]);
    let report = ran.json();
    let lost = finding(&report, "archive.member.changed");
    assert_eq!((ran.status, &lost["subject"]), (1, &Value::from(member)), "{}", ran.stdout);
    assert_eq!(layer(&report, "artefacts"), members as u64 - 1, "{}", ran.stdout);
}

#[test]
fn members_inside_of_archives_are_paired_by_name_and_number() {
    let Some(pocket) = pocket("members_inside_of_archives") else { return };
    let Some(llvm) = llvm("members_inside_of_archives") else { return };
    let build = pocket.build("x86_64", "distributed");
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for place in ["a", "b"] {
        std::fs::create_dir_all(at(place)).unwrap();
    }
    let copy = |from: &str, to: &str| std::fs::copy(build.join(from), at(to)).unwrap();
    // Two members of one name, IR, and a text.
    copy("lib/string.thinlto-native.o", "a/x.o");
    copy("lib/bitmap.thinlto-native.o", "b/x.o");
    copy("lib/sort.o", "ir.o");
    std::fs::write(at("text"), "one").unwrap();
    let make =
        |name: &str| archived(llvm, "qcS", dir.path(), name, &["a/x.o", "b/x.o", "ir.o", "text"]);
    let first = make("first.a");
    let name = spoil(&at("b/x.o"));
    let second = make("second.a");
    one_function(&diff(&first, &second, &[]), &name, "x.o");
    // Bitcode, and what is of another kind.
    copy("lib/string.o", "ir.o");
    std::fs::write(at("text"), "two").unwrap();
    let third = make("third.a");
    let ran = diff(&second, &third, &["--only", "ir.source.changed", "--only", "archive.*"]);
    let keys = ["archive.member.changed", "ir.source.changed"].map(str::to_owned);
    assert_eq!((ran.status, ran.keys()), (1, keys.to_vec()), "{}", ran.stdout);
    let report = ran.json();
    assert_eq!(finding(&report, "archive.member.changed")["subject"], "text");
    assert_eq!(finding(&report, "ir.source.changed")["subject"], "source file in ir.o");
}

/// A thin archive names files; it must not make twinlto read any file of the machine.
#[test]
fn members_outside_of_the_archives_directory_are_not_opened() {
    let Some(pocket) = pocket("members_outside") else { return };
    let Some(llvm) = llvm("members_outside") else { return };
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("in");
    std::fs::create_dir_all(&inside).unwrap();
    let object = pocket.build("riscv", "distributed").join("lib/string.thinlto-native.o");
    std::fs::copy(&object, dir.path().join("x.o")).unwrap();
    std::fs::copy(&object, inside.join("y.o")).unwrap();
    std::os::unix::fs::symlink("../x.o", inside.join("z.o")).unwrap();
    let thin = archived(llvm, "qcTS", &inside, "thin.a", &["../x.o", "y.o", "z.o"]);
    let ran = diff(&thin, &thin, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let report = ran.json();
    let list = report["not_compared"].as_array().unwrap();
    let why =
        |it: &&Value| it["why"].as_str().unwrap().contains("outside of the archive's directory");
    let names: Vec<&Value> = list.iter().filter(why).map(|it| &it["what"]).collect();
    assert_eq!(names, ["../x.o", "z.o"], "{report}");
    // Where nothing at all can be read, nothing agrees.
    let thin = archived(llvm, "qcTS", &inside, "out.a", &["../x.o"]);
    let ran = diff(&thin, &thin, &[]);
    assert_eq!((ran.status, &ran.json()["outcome"]), (3, &Value::from("broken")), "{}", ran.stdout);
}
