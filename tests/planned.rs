//! `twinlto audit --planned`: what a tree would run, found before anything is compiled.

use crate::support::{
    Pocket, Ran, copy_of, finding, kept_dir, keys_of, llvm, pocket, root, run, run_with,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A private pocket kernel, newer than any build, with one edit.
fn edited(name: &str, file: &str, edits: &[(&str, &str)]) -> PathBuf {
    let tree = kept_dir("planned-trees").join(name);
    if tree.exists() {
        std::fs::remove_dir_all(&tree).unwrap();
    }
    let from = root().join("cases/pocket");
    assert!(Command::new("cp").arg("-r").arg(from).arg(&tree).status().unwrap().success());
    let path = tree.join(file);
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (anchor, replacement) in edits {
        assert_eq!(text.matches(anchor).count(), 1, "anchor in {file}: {anchor}");
        text = text.replace(anchor, replacement);
    }
    std::fs::write(path, text).unwrap();
    tree
}

fn plan(build: &Path, tree: &Path, more: &[&str]) -> Ran {
    let (build, tree) = (build.display().to_string(), tree.display().to_string());
    let ran =
        run(&[&["audit", "--planned", &build, "--kernel", &tree, "--format", "json"], more]
            .concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn planned(report: &Value) -> u64 {
    report["cells"][0]["counts"]["planned_backends"].as_u64().unwrap()
}

/// Every file below a directory: size, time to the nanosecond, content.
fn fingerprint(dir: &Path) -> BTreeMap<PathBuf, (u64, i64, i64, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut stack = vec![dir.to_owned()];
    while let Some(path) = stack.pop() {
        let meta = path.symlink_metadata().unwrap();
        let bytes = if meta.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        if meta.is_dir() {
            stack.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        all.insert(path, (meta.len(), meta.mtime(), meta.mtime_nsec(), bytes));
    }
    all
}

/// How many backends a build has.
fn backends(pocket: &Pocket, arch: &str) -> u64 {
    let index = pocket.build(arch, "distributed").join("vmlinux.thinlto-index");
    std::fs::read_to_string(index).unwrap().lines().count() as u64
}

#[test]
fn a_tree_in_order_plans_every_backend_and_nothing_is_written() {
    let name = "a_tree_in_order_plans_every_backend";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let build = pocket.build(arch, "distributed");
        // In another place, and newer than the build.
        let tree = edited("in-order", "Makefile", &[]);
        let (before, source) = (fingerprint(&build), fingerprint(&tree));
        let ran = plan(&build, &tree, &[]);
        let report = ran.json();
        assert_eq!(
            (ran.status, keys_of(&report).len()),
            (0, 0),
            "{arch}: {}{}",
            ran.stdout,
            ran.stderr
        );
        assert_eq!(planned(&report), backends(pocket, arch), "{arch}");
        let fronts = &report["cells"][0]["counts"]["planned_front_ends"];
        assert_eq!(fronts.as_u64(), Some(backends(pocket, arch)), "{arch}");
        let told = report["not_compared"].to_string();
        assert!(told.contains("artefacts") && told.contains("nothing was compiled"), "{told}");
        assert!(!told.contains("transport") && !told.contains("front ends"), "{told}");
        assert!(fingerprint(&build) == before, "{arch}: the build was written to");
        assert!(fingerprint(&tree) == source, "{arch}: the tree was written to");
    }
}

#[test]
fn a_list_that_is_cut_and_another_kernel_are_no_plan() {
    let name = "a_list_that_is_cut";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    let build = copy_of(&pocket.build("arm64", "distributed"), "planned-cut");
    let tree = edited("cut", "Makefile", &[]);
    let index = build.join("vmlinux.thinlto-index");
    let whole = std::fs::read_to_string(&index).unwrap();
    let few: Vec<&str> = whole.lines().take(5).collect();
    for text in [few.join("\n") + "\n", whole[..whole.len() / 2].to_owned()] {
        std::fs::write(&index, text).unwrap();
        let ran = plan(&build, &tree, &[]);
        assert_eq!(ran.status, 2, "{}", ran.stdout);
        assert!(ran.stderr.contains("is cut off"), "{}", ran.stderr);
    }
    let later = edited("later", "Makefile", &[("PATCHLEVEL = 3", "PATCHLEVEL = 4")]);
    let ran = plan(&pocket.build("arm64", "distributed"), &later, &[]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("it is a build of 7.3.0-pocket"), "{}", ran.stderr);
}

/// The v11 defect: flags looked up in a make variable named after the object's path.
#[test]
fn flags_looked_up_by_path_are_found_before_anything_is_compiled() {
    let name = "flags_looked_up_by_path_are_found_before";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    let tree = edited(
        "v11",
        "scripts/Makefile.thinlto",
        &[(
            "be_flags = $(shell sed -n '/saved_c_flags_/s/.*:= //p' $(dir $(<)).$(notdir $(<)).cmd)",
            "be_flags = $(saved_c_flags_$(<))\n-include $(foreach f,$(native-objs:%.thinlto-native.o=%.o),$(dir $(f)).$(notdir $(f)).cmd)",
        )],
    );
    for (arch, srcarch) in [("arm64", "arm64"), ("x86_64", "x86")] {
        for more in [&[][..], &["--recorded"]] {
            let ran = plan(&pocket.build(arch, "distributed"), &tree, more);
            let report = ran.json();
            assert_eq!(
                (ran.status, keys_of(&report)),
                (1, vec!["flags.backend.missing".to_owned()]),
                "{}",
                ran.stdout
            );
            let found = finding(&report, "flags.backend.missing");
            assert_eq!(found["defect"], "saved-flags-path-alias");
            let cause = found["cause"].as_str().unwrap();
            assert!(cause.contains(&format!("arch/{srcarch}/kvm/../../../virt/kvm/")), "{cause}");
            let subjects = found["subjects"].as_array().unwrap();
            assert!(subjects.contains(&"virt/kvm/dirty_ring.o".into()), "{subjects:?}");
            assert!(subjects.iter().all(|s| s.as_str().unwrap().starts_with("virt/kvm/")));
            assert_eq!(found["sites"][0]["right"]["path"], "the dry run", "{found}");
            assert_eq!(planned(&report), backends(pocket, arch));
            assert!(report["summary"].as_str().unwrap().contains("would be compiled"), "{report}");
        }
    }
}

/// What the front ends would save is the tree's, though the build has saved it well.
#[test]
fn a_tree_that_saves_less_is_found_by_its_own_rules() {
    let name = "a_tree_that_saves_less";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    let text = std::fs::read_to_string(root().join("cases/pocket/scripts/Makefile.lib")).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("saved_c_flags") && line.contains("$(modkern_cflags)"));
    let line = line.unwrap();
    let less = line.replace(" $(modkern_cflags)", "");
    let tree = edited("modkern", "scripts/Makefile.lib", &[(line, &less)]);
    let build = pocket.build("loongarch", "distributed");
    let ran = plan(&build, &tree, &[]);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    assert!(keys_of(&report).contains(&"flags.modfile.missing".to_owned()), "{}", ran.stdout);
    // What the build recorded says nothing of that, and the report says so.
    let ran = plan(&build, &tree, &["--recorded"]);
    let report = ran.json();
    assert_eq!((ran.status, keys_of(&report).len()), (0, 0), "{}", ran.stdout);
    assert!(report["not_compared"].to_string().contains("recorded ones were asked for"));
}

#[test]
fn a_conditional_that_is_none_of_makes_is_named_with_the_word_to_use() {
    let name = "a_conditional_that_is_none_of_makes";
    let (Some(llvm), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    for (tree, file) in [("if-a", "scripts/Makefile.vmlinux_a"), ("if-top", "Makefile")] {
        let (anchor, bad) = match file {
            "Makefile" => (
                "ifdef CONFIG_CC_OPTIMIZE_FOR_PERFORMANCE\n",
                "if CONFIG_CC_OPTIMIZE_FOR_PERFORMANCE\n",
            ),
            _ => ("ifdef CONFIG_LTO_CLANG_THIN_DIST\n", "if CONFIG_LTO_CLANG_THIN_DIST\n"),
        };
        let tree = edited(tree, file, &[(anchor, bad)]);
        let written = std::fs::read_to_string(tree.join(file)).unwrap();
        let line = written.lines().position(|l| format!("{l}\n") == bad).unwrap() + 1;
        let told = |report: &Value| {
            assert_eq!(keys_of(report), ["makefile.conditional"], "{report}");
            let found = finding(report, "makefile.conditional");
            assert_eq!(found["subject"], format!("{file}:{line}"));
            assert_eq!(found["defect"], "if-instead-of-ifdef");
            assert_eq!(found["remedy"], format!("write {}", bad.trim().replacen("if", "ifdef", 1)));
        };
        let ran = plan(&pocket.build("arm64", "distributed"), &tree, &[]);
        assert_eq!(ran.status, 1, "{}", ran.stdout);
        told(&ran.json());
        assert_eq!(planned(&ran.json()), 0);
        let out = kept_dir("planned-out").join(tree.file_name().unwrap()).display().to_string();
        let tree = tree.display().to_string();
        let ran = run(&[
            "check", &tree, "--arch", "arm64", "--llvm", llvm, "--out", &out, "--format", "json",
        ]);
        assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
        told(&ran.json());
    }
}

/// Whatever else stops make is told in its own words, and is no pass.
#[test]
fn a_make_that_stops_is_a_finding_in_its_own_words() {
    let name = "a_make_that_stops";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    let edit = &[("native-objs := ", "$(error no backends today)\nnative-objs := ")];
    let tree = edited("stops", "scripts/Makefile.thinlto", edit);
    let ran = plan(&pocket.build("riscv", "distributed"), &tree, &[]);
    let report = ran.json();
    assert_eq!(
        (ran.status, keys_of(&report)),
        (1, vec!["make.failed".to_owned()]),
        "{}",
        ran.stdout
    );
    let found = finding(&report, "make.failed");
    assert!(found["cause"].as_str().unwrap().contains("no backends today"), "{found}");
    assert!(found["subject"].as_str().unwrap().starts_with("scripts/Makefile.thinlto:"), "{found}");
}

/// No backend, or not all of them, is never a pass.
#[test]
fn backends_that_make_leaves_out_are_no_pass() {
    let name = "backends_that_make_leaves_out";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    let build = pocket.build("arm64", "distributed");
    let call = "\t$(Q)$(MAKE) -f $(srctree)/scripts/Makefile.thinlto\n";
    let none = edited("no-backends", "scripts/Makefile.vmlinux_a", &[(call, "")]);
    let ran = plan(&build, &none, &[]);
    let report = ran.json();
    assert_eq!((ran.status, report["outcome"].as_str()), (3, Some("broken")), "{}", ran.stdout);
    assert!(ran.stdout.contains("make planned no backend command"), "{}", ran.stdout);
    let all = "$(call read-file,vmlinux.thinlto-index)";
    let less = edited(
        "less-backends",
        "scripts/Makefile.thinlto",
        &[(all, "$(filter-out virt/kvm/%,$(call read-file,vmlinux.thinlto-index))")],
    );
    let ran = plan(&build, &less, &[]);
    let report = ran.json();
    assert_eq!(
        (ran.status, keys_of(&report)),
        (1, vec!["flags.backend.unplanned".to_owned()]),
        "{}",
        ran.stdout
    );
    let found = finding(&report, "flags.backend.unplanned");
    assert!(found["subjects"].as_array().unwrap().contains(&"virt/kvm/dirty_ring.o".into()));
}

/// A build whose backends failed serves as well as a finished one.
#[test]
fn a_build_that_failed_is_enough() {
    let name = "a_build_that_failed_is_enough";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    let build = copy_of(&pocket.build("riscv", "distributed"), "planned-failed");
    for gone in ["vmlinux", "vmlinux.a", "vmlinux.o", "Module.symvers"] {
        std::fs::remove_file(build.join(gone)).unwrap();
    }
    let ran = plan(&build, &root().join("cases/pocket"), &[]);
    assert_eq!(
        (ran.status, planned(&ran.json())),
        (0, backends(pocket, "riscv")),
        "{}",
        ran.stdout
    );
}

#[track_caller]
fn refused(ran: &Ran, status: i32, cause: &str) {
    assert_eq!(ran.status, status, "{}{}", ran.stdout, ran.stderr);
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix("cause: "));
    assert!(line.is_some_and(|line| line.contains(cause)), "{}", ran.stderr);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_planned_is_one_clear_error() {
    let name = "what_cannot_be_planned";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    let tree = root().join("cases/pocket");
    let build = pocket.build("arm64", "distributed");
    refused(
        &plan(&pocket.build("arm64", "in-process"), &tree, &[]),
        2,
        "a build of mode in-process",
    );
    refused(&plan(Path::new("/nowhere"), &tree, &[]), 2, "there is no such directory");
    refused(&plan(&build, Path::new("/etc"), &[]), 2, "it is not a kernel");
    refused(&plan(&build, &build, &[]), 2, "it is not a kernel");
    refused(&plan(&build, &tree, &["--llvm", "22"]), 2, "neither 1, nor a suffix");
    refused(&plan(&build, &tree, &["--llvm", "-0"]), 4, "there is no program clang-0");
    let arch = "select ARCH_SUPPORTS_LTO_CLANG_THIN\n";
    let other = edited("no-arch", "arch/arm64/Kconfig", &[(arch, "")]);
    refused(&plan(&build, &other, &[]), 2, "no ARCH_SUPPORTS_LTO_CLANG_THIN in arch/arm64");

    let spoiled = copy_of(&build, "planned-spoiled");
    let list = spoiled.join("vmlinux.thinlto-index");
    std::fs::write(&list, "").unwrap();
    refused(&plan(&spoiled, &tree, &[]), 2, "lists no object");
    std::fs::remove_file(&list).unwrap();
    refused(&plan(&spoiled, &tree, &[]), 2, "no vmlinux.thinlto-index");

    // The compiler that the records name is gone. A list of one object is whole where no other has
    // an index.
    std::fs::write(&list, "mm/slab.o\n").unwrap();
    for (path, ..) in fingerprint(&spoiled) {
        let name = path.display().to_string();
        if name.ends_with(".thinlto.bc") && !name.ends_with("mm/slab.o.thinlto.bc") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let record = spoiled.join("mm/.slab.o.cmd");
    let text = std::fs::read_to_string(&record).unwrap();
    let (head, rest) = text.split_once(" := ").unwrap();
    let (_, rest) = rest.split_once(' ').unwrap();
    for (compiler, status, cause) in [
        ("/gone/bin/clang", 4, "there is no such program"),
        ("gcc", 2, "for which there is no LLVM="),
        ("/x`id`/clang", 4, "there is no such program"),
    ] {
        std::fs::write(&record, format!("{head} := {compiler} {rest}")).unwrap();
        refused(&plan(&spoiled, &tree, &[]), status, cause);
    }
}

#[test]
fn without_make_there_is_no_plan() {
    let name = "without_make";
    let (Some(_), Some(pocket)) = (llvm(name), pocket(name)) else { return };
    let build = pocket.build("arm64", "distributed").display().to_string();
    let tree = root().join("cases/pocket").display().to_string();
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().display().to_string();
    let ran = run_with(&["audit", "--planned", &build, "--kernel", &tree], &[("PATH", &path)]);
    assert_eq!(ran.status, 4, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.starts_with("error: failed to run make"), "{}", ran.stderr);
}

#[test]
fn the_options_belong_together() {
    for args in [
        &["audit"][..],
        &["audit", "--planned", "/x"],
        &["audit", "--kernel", "/x", "/y"],
        &["audit", "/x", "--planned", "/x", "--kernel", "/y"],
        &["audit", "/x", "--recorded"],
    ] {
        assert_eq!(run(args).status, 2, "{args:?}");
    }
}
