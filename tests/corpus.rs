//! Known defects, put into the pocket kernel: caught, with the cause, and nothing else said.

use crate::support::{edited_tree, finding, kept_dir, keys_of, llvm, root, run, run_with};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A private pocket kernel with edits of one file.
fn edited(name: &str, file: &str, edits: &[(&str, &str)]) -> PathBuf {
    let edits: Vec<_> = edits.iter().map(|(anchor, text)| (file, *anchor, *text)).collect();
    edited_tree(name, &edits)
}

fn check(tree: &Path, arch: &str, llvm: &str) -> crate::support::Ran {
    let out = kept_dir("corpus").join(tree.file_name().unwrap());
    let out = out.display().to_string();
    let tree = tree.display().to_string();
    run(&["check", &tree, "--arch", arch, "--llvm", llvm, "--out", &out, "--format", "json"])
}

/// The v11 defect: flags looked up in a make variable named after the object's path.
fn path_alias(name: &str) -> PathBuf {
    edited(
        name,
        "scripts/Makefile.thinlto",
        &[(
            "be_flags = $(shell sed -n '/saved_c_flags_/s/.*:= //p' $(dir $(<)).$(notdir $(<)).cmd)",
            "be_flags = $(saved_c_flags_$(<))\n-include $(foreach f,$(native-objs:%.thinlto-native.o=%.o),$(dir $(f)).$(notdir $(f)).cmd)",
        )],
    )
}

#[test]
fn flags_looked_up_by_path_are_caught_though_the_build_fails() {
    let Some(llvm) = llvm("flags_looked_up_by_path") else {
        return;
    };
    let ran = check(&path_alias("path-alias-arm64"), "arm64", llvm);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(keys_of(&report), ["flags.backend.missing"], "what follows from it is said with it");
    let found = finding(&report, "flags.backend.missing");
    assert_eq!(found["defect"], "saved-flags-path-alias");
    let subjects: Vec<_> =
        found["subjects"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    assert!(subjects.contains(&"virt/kvm/dirty_ring.o"), "{subjects:?}");
    assert!(subjects.iter().all(|s| s.starts_with("virt/kvm/")), "{subjects:?}");
    assert!(
        found["cause"].as_str().unwrap().contains("arch/arm64/kvm/../../../virt/kvm/"),
        "{found}"
    );
    let failed = found["sites"]
        .as_array()
        .unwrap()
        .iter()
        .any(|s| s["effect"].as_str().unwrap().contains("fails"));
    assert!(failed, "{found}");
}

#[test]
fn objects_that_compile_without_flags_and_without_a_word_are_caught() {
    let Some(llvm) = llvm("compile_without_a_word") else {
        return;
    };
    let ran = check(&path_alias("path-alias-x86"), "x86_64", llvm);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(keys_of(&report), ["flags.backend.missing"], "what follows from it is said with it");
    let found = finding(&report, "flags.backend.missing");
    let silent = found["sites"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|s| s["effect"] == "compiled at -O0, without a word");
    assert!(silent.count() >= 1, "{found}");
}

/// An in-process tree switched to distributed without cleaning: `audit` names it.
#[test]
fn a_mode_switch_without_cleaning_is_named() {
    let Some(llvm) = llvm("a_mode_switch") else {
        return;
    };
    let build = kept_dir("mode-switch");
    std::fs::remove_dir_all(&build).unwrap();
    std::fs::create_dir_all(&build).unwrap();
    let make = |targets: &[&str]| {
        Command::new("make")
            .arg("-C")
            .arg(root().join("cases/pocket"))
            .arg(format!("O={}", build.display()))
            .args(["ARCH=x86_64", &format!("LLVM={llvm}"), "-j2", "-s"])
            .args(targets)
            .env_remove("MAKEFLAGS")
            .output()
            .unwrap()
    };
    assert!(make(&["tinyconfig"]).status.success());
    let config = build.join(".config");
    let select = |mode: &str| {
        let mut text = std::fs::read_to_string(&config).unwrap();
        text.push_str("CONFIG_LTO_NONE=n\nCONFIG_LTO_CLANG_THIN=n\nCONFIG_LTO_CLANG_THIN_DIST=n\n");
        text.push_str("CONFIG_64BIT=y\nCONFIG_MODULES=y\nCONFIG_MODVERSIONS=y\n");
        text.push_str(&format!("CONFIG_{mode}=y\n"));
        std::fs::write(&config, text).unwrap();
        assert!(make(&["olddefconfig"]).status.success());
    };
    select("LTO_CLANG_THIN");
    let made = make(&["vmlinux"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    select("LTO_CLANG_THIN_DIST");
    make(&["vmlinux"]);
    let path = build.display().to_string();
    let ran = run(&["audit", &path, "--format", "json"]);
    let report = ran.json();
    assert_eq!(ran.status, 1);
    let found = finding(&report, "flags.saved.missing");
    assert_eq!(found["defect"], "mode-switch-no-saved-flags");
    assert_eq!(keys_of(&report), ["flags.saved.missing"], "{}", ran.stdout);
    let plain = run(&["audit", &path]);
    assert!(plain.stdout.contains("mode-switch-no-saved-flags"), "{}", plain.stdout);
}

/// `grep` without -F and -x: the name of an ELF object is part of an IR object's.
#[test]
fn a_member_that_is_taken_for_another_is_named_though_the_archiver_fails() {
    let Some(llvm) = llvm("a_member_taken_for_another") else {
        return;
    };
    let edit = &[("grep -Fqx $${obj}", "grep -q $${obj}")];
    let ran = check(&edited("grep-substring", "scripts/Makefile.vmlinux_a", edit), "arm64", llvm);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(keys_of(&report), ["archive.member.not-indexed"], "{}", ran.stdout);
    let found = finding(&report, "archive.member.not-indexed");
    assert_eq!(found["defect"], "grep-substring");
    assert_eq!(found["subjects"], serde_json::json!(["lib/a.o"]));
}

/// A flag that holds `:= `: the saved line is cut at the last one.
#[test]
fn a_saved_line_that_is_cut_is_named() {
    let Some(llvm) = llvm("a_saved_line_that_is_cut") else {
        return;
    };
    let out = kept_dir("corpus").join("greedy").display().to_string();
    let args = ["check", "--arch", "x86_64", "--llvm", llvm, "--out", &out, "--format", "json"];
    let ran = run_with(&args, &[("KCFLAGS", "-DX=\":= \"")]);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(keys_of(&report), ["flags.saved.cut"], "{}", ran.stdout);
    let found = finding(&report, "flags.saved.cut");
    assert_eq!(found["defect"], "greedy-assign");
    assert!(found["left"].as_str().unwrap().contains("-D__KERNEL__"), "{found}");
}

/// What the front end takes unseen and the backend refuses: the refusal is quoted.
#[test]
fn a_backend_that_fails_is_quoted() {
    let Some(llvm) = llvm("a_backend_that_fails") else {
        return;
    };
    let out = kept_dir("corpus").join("bogus").display().to_string();
    let args = ["check", "--arch", "riscv", "--llvm", llvm, "--out", &out, "--format", "json"];
    let ran = run_with(&args, &[("KCFLAGS", "-Wa,-bogus")]);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(keys_of(&report), ["native.missing"], "{}", ran.stdout);
    let found = finding(&report, "native.missing");
    assert!(found["cause"].as_str().unwrap().contains("'-bogus'"), "{found}");
}

/// A kernel that loses an LTO mode in `olddefconfig` was not tested.
#[test]
fn a_mode_that_does_not_survive_is_broken() {
    let Some(llvm) = llvm("a_mode_that_does_not_survive") else {
        return;
    };
    let tree = edited(
        "mode-lost",
        "arch/arm64/Kconfig",
        &[(
            "select ARCH_SUPPORTS_LTO_CLANG_THIN",
            "select ARCH_SUPPORTS_LTO_CLANG_THIN if SOMETHING_ELSE",
        )],
    );
    let ran = check(&tree, "arm64", llvm);
    let report = ran.json();
    assert_eq!((ran.status, report["outcome"].as_str()), (3, Some("broken")), "{}", ran.stdout);
    assert_eq!(finding(&report, "config.lost")["subject"], "CONFIG_LTO_CLANG_THIN_DIST");
}

/// The thin link and the in-process link must steer ThinLTO alike.
#[test]
fn a_linker_option_of_one_mode_is_named() {
    let Some(llvm) = llvm("a_linker_option_of_one_mode") else { return };
    let tree = edited(
        "ldflags-drift",
        "scripts/Makefile.vmlinux_a",
        &[(
            "$(LD) $(KBUILD_LDFLAGS) -r --thinlto-index-only",
            "$(LD) $(subst -mllvm -import-instr-limit=5,,$(KBUILD_LDFLAGS)) -r --thinlto-index-only",
        )],
    );
    let ran = check(&tree, "x86_64", llvm);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    let found = finding(&report, "flags.linker.changed");
    assert_eq!(found["subject"], "-mllvm -import-instr-limit=5");
    assert_eq!(found["defect"], "ldflags-drift");
}

/// A kernel without symbol versions has exports all the same.
#[test]
fn a_kernel_without_modversions_agrees() {
    let Some(llvm) = llvm("a_kernel_without_modversions") else { return };
    let fragment = kept_dir("fragments").join("no-modversions.config");
    std::fs::write(&fragment, "CONFIG_MODVERSIONS=n\n").unwrap();
    let fragment = format!("+{}", fragment.display());
    let out = kept_dir("corpus").join("no-modversions").display().to_string();
    let args = ["check", "--arch", "arm64", "--llvm", llvm, "--out", &out, "--format", "json"];
    let ran = run(&[&args[..], &["--config", "tiny", "--config", &fragment]].concat());
    assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
    assert_eq!(ran.json()["config"], "tiny +no-modversions.config");
}
