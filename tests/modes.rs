//! Modes beside kbuild's two: `check --mode`, `build --mode`, on the pocket kernel and on one that
//! knows nothing of distributed ThinLTO.

use crate::support::{Ran, arg, finding, llvm, old_kernel, run, skip};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn count(ran: &Ran, cell: usize, name: &str) -> u64 {
    let json = ran.json();
    json["cells"][cell]["counts"][name].as_u64().unwrap_or_else(|| panic!("{}", ran.stdout))
}

#[test]
fn a_kernel_without_the_mode_is_built_distributed_by_reference() {
    let Some(llvm) = llvm("a_kernel_without_the_mode_is_built_by_reference") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (tree, llvm) = (arg(&old_kernel(dir.path())), format!("--llvm={llvm}"));
    let out = dir.path().join("out");
    let common = ["--arch", "arm64", &llvm, "--out", &arg(&out), "--format", "json"];

    let refused = run(&[&["check", &tree], common.as_slice()].concat());
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("--mode reference"), "{}", refused.stderr);

    let ran = run(&[&["check", &tree, "--mode", "reference"], common.as_slice()].concat());
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["comparison"], "reference against in-process");
    let (natives, crcs) = (count(&ran, 0, "native_objects"), count(&ran, 0, "crcs_checked"));
    assert!(natives > 40 && natives == count(&ran, 0, "ir_objects"), "{natives}");
    assert_eq!(crcs, count(&ran, 1, "crcs_checked"));
    assert!(crcs > 40, "{crcs}");

    // What is kept is a build like any other.
    let kept = arg(&out.join("arm64/reference"));
    let audit = run(&["audit", &kept, "--format", "json"]);
    assert_eq!(audit.status, 0, "{}", audit.stdout);
    assert_eq!(audit.json()["comparison"], "reference alone");
    let twin = arg(&out.join("arm64/in-process"));
    let diff = run(&["diff", &arg(&Path::new(&kept).join("vmlinux")), &format!("{twin}/vmlinux")]);
    assert_eq!(diff.status, 0, "{}", diff.stdout);
    assert!(diff.stdout.contains("reference against in-process"), "{}", diff.stdout);
}

#[test]
fn reference_and_distributed_make_the_same_native_objects() {
    let Some(llvm) = llvm("reference_and_distributed_make_the_same_native_objects") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (out, llvm) = (arg(dir.path()), format!("--llvm={llvm}"));
    let command = [
        "check",
        "--mode",
        "reference,distributed",
        "--arch",
        "arm64",
        &llvm,
        "--out",
        &out,
        "--format",
        "json",
    ];
    let ran = run(&command);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let identical = count(&ran, 0, "natives_identical");
    assert!(identical > 40 && identical == count(&ran, 0, "native_objects"));
    assert_eq!(ran.json()["findings"].as_array().map(Vec::len), Some(0), "{}", ran.stdout);

    // Another object in the place of one: found when the builds are looked at again.
    let native = |name: &str| dir.path().join("arm64/reference").join(name);
    std::fs::copy(native("init/main.thinlto-native.o"), native("kernel/panic.thinlto-native.o"))
        .unwrap();
    let ran = run(&command);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let found = finding(&report, "native.changed");
    assert_eq!(found["sites"][0]["subject"], "kernel/panic.o");
}

/// An LLVM whose compiler does `instead` where its words are like a pattern, and else is `llvm`'s own.
fn other_llvm(dir: &Path, llvm: &str, pattern: &str, instead: &str) -> String {
    let bin = dir.join("bin");
    std::fs::create_dir(&bin).unwrap();
    for entry in std::fs::read_dir(llvm).unwrap() {
        let path = entry.unwrap().path();
        std::os::unix::fs::symlink(&path, bin.join(path.file_name().unwrap())).unwrap();
    }
    let clang = bin.join("clang");
    std::fs::remove_file(&clang).unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in {pattern}) {instead}; exit 1 ;; esac\nexec {llvm}clang \"$@\"\n"
    );
    std::fs::write(&clang, script).unwrap();
    std::fs::set_permissions(&clang, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}/", bin.display())
}

#[test]
fn a_backend_that_fails_is_named_with_a_line_to_repeat_it() {
    let test = "a_backend_that_fails_is_named";
    let Some(llvm) = llvm(test) else { return };
    if !llvm.starts_with('/') {
        skip(test, "its LLVM is not given as a directory");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let backend = "*-fthinlto-index=kernel/panic.o.thinlto.bc*";
    let failing = other_llvm(dir.path(), llvm, backend, "echo 'error: no' >&2");
    let (out, llvm) = (arg(&dir.path().join("out")), format!("--llvm={failing}"));
    let ran = run(&[
        "build",
        "--mode",
        "reference",
        "--arch",
        "arm64",
        &llvm,
        "--out",
        &out,
        "--format",
        "json",
    ]);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let found = finding(&report, "replay.backend.failed");
    assert_eq!(found["sites"][0]["subject"], "kernel/panic.o");
    let line = found["sites"][0]["right"]["text"].as_str().unwrap_or_else(|| panic!("{found}"));
    let again = Command::new("sh").arg("-c").arg(line).output().unwrap();
    assert!(!again.status.success() && line.contains("kernel/panic.o"), "{line}");
}

#[test]
fn a_toolchain_that_vanishes_says_nothing_of_the_kernel() {
    let test = "a_toolchain_that_vanishes";
    let Some(llvm) = llvm(test) else { return };
    if !llvm.starts_with('/') {
        skip(test, "its LLVM is not given as a directory");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let gone = format!("mv {0} {0}.away", arg(&dir.path().join("bin")));
    let vanishing = other_llvm(dir.path(), llvm, "*kernel/panic.c*", &gone);
    let (out, llvm) = (arg(&dir.path().join("out")), format!("--llvm={vanishing}"));
    let check = ["check", "--arch", "arm64", &llvm, "--out", &out];
    let ran = run(&check);
    assert_eq!(ran.status, 4, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("no longer what it was when the build began"), "{}", ran.stderr);
    // It is back, and whole: the same command goes on.
    std::fs::rename(dir.path().join("bin.away"), dir.path().join("bin")).unwrap();
    let clang = dir.path().join("bin/clang");
    let script = std::fs::read_to_string(&clang).unwrap();
    std::fs::write(&clang, script.replace("*kernel/panic.c*", "nothing")).unwrap();
    let back = run(&check);
    assert_eq!(back.status, 0, "{}{}", back.stdout, back.stderr);
}

#[test]
fn lld_hands_its_backends_to_the_distributor() {
    let Some(llvm) = llvm("lld_hands_its_backends_to_the_distributor") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (out, llvm) = (arg(dir.path()), format!("--llvm={llvm}"));
    let ran = run(&[
        "check", "--mode", "dtlto", "--arch", "arm64", &llvm, "--out", &out, "--format", "json",
    ]);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert_eq!(report["comparison"], "dtlto against in-process");
    let passed = finding(&report, "flags.forwarded")["sites"][0]["right"]["text"].to_string();
    assert!(passed.contains("-Os") && passed.contains("-mgeneral-regs-only"), "{passed}");
    // Its own -O3 is what lld cannot give to one object alone.
    let lost = finding(&report, "flags.option.changed");
    assert_eq!(lost["sites"][0]["subject"], "lib/lz4/lz4.o");
    assert_eq!(lost["severity"], "note");

    let kept = arg(&dir.path().join("arm64/dtlto"));
    let replay = run(&["replay", &kept, "--format", "json"]);
    assert_eq!(replay.status, 0, "{}{}", replay.stdout, replay.stderr);
    assert!(replay.json()["cells"][0]["counts"]["replayed"].as_u64() > Some(40));
}

#[test]
fn a_list_of_backends_that_is_none_is_refused_and_a_lost_input_is_no_empty_object() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.json");
    for (text, why) in [
        ("", "EOF while parsing"),
        (r#"{"common":{"linker_output":"v","args":[]},"jobs":[]}"#, ""),
        (
            r#"{"common":{"linker_output":"v","args":["true"]},"jobs":[{"args":["-fthinlto-index=i"],
                "inputs":["../a.o"],"outputs":["o"]}]}"#,
            "../a.o lies outside of the build directory",
        ),
        (
            r#"{"common":{"linker_output":"v","args":["true"]},"jobs":[{"args":["-fthinlto-index=i"],
                "inputs":["a.o"],"outputs":["o"]}]}"#,
            "a.o is not there",
        ),
    ] {
        std::fs::write(&list, text).unwrap();
        let ran = run(&["distributor", "--keep", &arg(dir.path()), &arg(&list)]);
        assert_eq!(ran.status == 0, why.is_empty(), "{text}: {}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}

/// Runs 12 backends from a Makefile under `make -j2` and gives how many ran at once at most. What
/// they do is to count themselves; the distributor is asked for 8 at once.
fn at_once(recipe: &str) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::create_dir(path("now")).unwrap();
    let script = "#!/bin/sh\nmkdir now/$$\nls now | wc -l >>counts\nsleep 0.2\nrmdir now/$$\n\
                  while [ \"$1\" != -o ]; do shift; done\ncp \"$TEST_ELF\" \"$2\"\n";
    std::fs::write(path("compiler"), script).unwrap();
    std::fs::set_permissions(path("compiler"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(path("i"), "").unwrap();
    let job = |n: usize| {
        format!(r#"{{"args":["-fthinlto-index=i","-o","o{n}"],"inputs":["i"],"outputs":["o{n}"]}}"#)
    };
    let jobs: Vec<String> = (0..12).map(job).collect();
    let list = format!(
        r#"{{"common":{{"linker_output":"v","args":["./compiler"]}},"jobs":[{}]}}"#,
        jobs.join(",")
    );
    std::fs::write(path("list"), list).unwrap();
    let twinlto = crate::support::twinlto();
    let program = twinlto.get_program().to_string_lossy();
    std::fs::write(path("Makefile"), format!("all:\n\t{recipe}{program} distributor -j8 list\n"))
        .unwrap();
    let elf = std::env::current_exe().unwrap();
    let made = Command::new("make")
        .args(["-j2", "-C"])
        .arg(dir.path())
        .env_remove("MAKEFLAGS")
        .env("TEST_ELF", elf)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let counts = std::fs::read_to_string(path("counts")).unwrap();
    let counts: Vec<usize> = counts.lines().map(|line| line.trim().parse().unwrap()).collect();
    assert_eq!(counts.len(), 12);
    counts.into_iter().max().unwrap()
}

#[test]
fn under_make_there_is_one_budget_of_jobs() {
    assert_eq!(at_once("+"), 2);
    // Not marked, make gives nothing away, and what was asked for counts.
    assert!(at_once("") > 2);
}

#[test]
fn modes_that_are_no_pair_are_refused() {
    for modes in [&["in-process"][..], &["reference", "ref"], &["dist", "in", "ref"], &["thick"]] {
        let mut command = vec!["check"];
        command.extend(modes.iter().flat_map(|mode| ["--mode", mode]));
        let ran = run(&command);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.starts_with("error: --mode"), "{}", ran.stderr);
    }
}
