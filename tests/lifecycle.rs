//! A kernel's life: what kbuild does wrong in it is found, what it does right is not.

use crate::support::{Ran, edited_tree, finding, kept_dir, keys_of, llvm, root, run};
use std::path::Path;
use std::time::SystemTime;

fn life(kernel: &Path, arch: &str, llvm: &str, name: &str, more: &[&str]) -> Ran {
    let out = kept_dir("lives").join(name).display().to_string();
    let kernel = kernel.display().to_string();
    let args = ["lifecycle", &kernel, "--arch", arch, "--llvm", llvm, "--out", &out];
    run(&[&args[..], &["--format", "json"], more].concat())
}

/// Path, size and time of every file.
fn listing(dir: &Path) -> Vec<(String, u64, SystemTime)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(listing(&path));
        } else {
            let meta = path.metadata().unwrap();
            all.push((path.display().to_string(), meta.len(), meta.modified().unwrap()));
        }
    }
    all.sort();
    all
}

fn subjects(found: &serde_json::Value) -> Vec<&str> {
    found["subjects"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect()
}

fn findings<'a>(report: &'a serde_json::Value, key: &str) -> Vec<&'a serde_json::Value> {
    report["findings"].as_array().unwrap().iter().filter(|f| f["key"] == key).collect()
}

/// The pocket kernel has three defects that Linux 7.3 has; everything else in its life is as it
/// should be. On arm64 the backends without flags fail, and that is explained.
#[test]
fn a_whole_life_finds_the_defects_that_linux_has_and_no_other() {
    let Some(llvm) = llvm("a_whole_life") else { return };
    let kernel = root().join("cases/pocket");
    let before = listing(&kernel);
    let ran = life(&kernel, "arm64", llvm, "whole", &[]);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(
        keys_of(&report),
        ["flags.saved.missing", "compile-commands.lost", "image.stale"],
        "{}",
        ran.stdout
    );
    let unsaved = finding(&report, "flags.saved.missing");
    assert_eq!(unsaved["defect"], "mode-switch-no-saved-flags");
    let lost = finding(&report, "compile-commands.lost");
    assert_eq!(lost["defect"], "compile-commands-empty");
    assert_eq!(subjects(lost).len() as u64, report["cells"][0]["counts"]["ir_objects"]);
    assert_eq!(finding(&report, "image.stale")["defect"], "image-stale");
    let over = findings(&report, "lifecycle.over-rebuilt");
    assert!(over.iter().all(|f| f["cause"].as_str().unwrap().contains("every index anew")));
    let steps = report["twins"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 12, "{steps:?}");
    for step in steps {
        let is_run = step["compared"].as_u64().unwrap() > 0;
        assert_eq!(is_run, step["step"] != "ranges", "{step}");
    }
    assert_eq!(listing(&kernel), before, "the user's tree is not touched");

    // The kept build was only copied from: it is taken again, and what it is now has no finding.
    let again = life(&kernel, "arm64", llvm, "whole", &["--step", "noop"]);
    assert_eq!((again.status, again.keys()), (0, vec![]), "{}", again.stdout);
    assert!(again.stderr.contains("build distributed  done before"), "{}", again.stderr);
    assert_eq!(again.json()["twins"][0]["steps"].as_array().unwrap().len(), 1);
}

/// One tree with five defects, each of which belongs to one step.
#[test]
fn every_step_catches_its_own_defect() {
    let Some(llvm) = llvm("every_step_catches") else { return };
    let tree = edited_tree(
        "life-spoiled",
        &[
            // A backend does not depend on its index any more.
            ("scripts/Makefile.thinlto", "%.o %.o.thinlto.bc FORCE", "%.o FORCE"),
            (
                "scripts/Makefile.thinlto",
                "-fthinlto-index=$(word 2,$^)",
                "-fthinlto-index=$<.thinlto.bc",
            ),
            // An option of the user's is not replayed.
            (
                "scripts/Makefile.thinlto",
                "be_flags = $(shell sed -n '/saved_c_flags_/s/.*:= //p' $(dir $(<)).$(notdir $(<)).cmd)",
                "be_flags = $(filter-out -fno-unroll-loops,$(shell sed -n '/saved_c_flags_/s/.*:= //p' $(dir $(<)).$(notdir $(<)).cmd))",
            ),
            ("Makefile", "-o -name '*.ko.*' -o -name '*.o.thinlto.bc'", "-o -name '*.ko.*'"),
            ("scripts/gen_compile_commands.sh", r"/\.[cS]$/", r"/\.c$/"),
            (".gitignore", "*.bc\n", ""),
            (".gitignore", "*.o.*\n", "*.o.d\n"),
        ],
    );
    let steps = ["imported", "flags", "compile-commands", "ignore", "clean"];
    let options: Vec<&str> = steps.iter().flat_map(|step| ["--step", step]).collect();
    let ran = life(&tree, "x86_64", llvm, "spoiled", &options);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);

    let stale = finding(&report, "lifecycle.stale");
    assert_eq!(stale["defect"], "index-stale");
    assert!(stale["left"].as_str().unwrap().contains("imports from"), "{stale}");
    assert!(subjects(stale).len() > 1, "{stale}");

    let flags = finding(&report, "lifecycle.flag.lost");
    let objects = &report["cells"][0]["counts"]["ir_objects"];
    assert_eq!(subjects(flags).len() as u64, *objects);

    let left = findings(&report, "clean.leftover");
    assert_eq!(left.len(), 2, "clean and mrproper");
    for left in left {
        assert_eq!(left["defect"], "clean-leftovers");
        assert!(subjects(left).iter().all(|s| s.ends_with(".o.thinlto.bc")), "{left}");
        assert_eq!(subjects(left).len() as u64, *objects);
    }

    let lost = findings(&report, "compile-commands.lost");
    let assembly = lost.iter().find(|f| f["defect"].is_null()).unwrap();
    assert!(subjects(assembly).contains(&"lib/a.o"), "{assembly}");

    let ignored = finding(&report, "ignore.missing");
    assert_eq!(ignored["defect"], "clean-leftovers");
    assert!(subjects(ignored).iter().all(|s| s.ends_with(".thinlto.bc")), "{ignored}");

    let mut keys = keys_of(&report);
    keys.dedup();
    let expected = [
        "lifecycle.flag.lost",
        "lifecycle.stale",
        "clean.leftover",
        "compile-commands.lost",
        "ignore.missing",
    ];
    assert_eq!(keys, expected, "nothing else is said");
}

/// A rule that always runs, and a dependency that is forgotten.
#[test]
fn what_is_always_made_and_what_is_never_made_again_is_named() {
    let Some(llvm) = llvm("always_and_never") else { return };
    let tree = edited_tree(
        "life-forgetful",
        &[
            (
                "scripts/Makefile.vmlinux_a",
                "$(call if_changed,builtin.order)",
                "$(call cmd,builtin.order)",
            ),
            (
                "scripts/basic/fixdep.awk",
                "|| dep[i] in seen)",
                "|| dep[i] in seen || dep[i] !~ /asm\\/processor\\.h$/ || target ~ /init\\/main\\.o$/)",
            ),
        ],
    );
    let ran = life(&tree, "x86_64", llvm, "forgetful", &["--step", "noop,header"]);
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let rebuilt = findings(&report, "lifecycle.rebuilt");
    let always: Vec<_> = rebuilt.iter().flat_map(|f| subjects(f)).collect();
    assert!(always.contains(&"builtin.order") && always.contains(&"vmlinux"), "{always:?}");
    let cause = rebuilt.iter().find(|f| subjects(f).contains(&"builtin.order")).unwrap();
    assert!(cause["cause"].as_str().unwrap().contains("at every make"), "{cause}");
    let stale = finding(&report, "lifecycle.stale");
    assert_eq!(subjects(stale), ["init/main.o"]);
    assert!(stale["cause"].as_str().unwrap().contains("does not list it"), "{stale}");
}

/// What a list of built-in modules is made from does not reach the native objects.
#[test]
fn built_in_modules_without_a_place_are_named() {
    let Some(llvm) = llvm("built_in_modules_without_a_place") else { return };
    let fragment = kept_dir("fragments").join("ranges.config");
    std::fs::write(&fragment, "CONFIG_BUILTIN_MODULE_RANGES=y\n").unwrap();
    let fragment = format!("+{}", fragment.display());
    let more = ["--config", "tiny", "--config", &fragment, "--step", "ranges"];
    let sound = life(&root().join("cases/pocket"), "riscv", llvm, "ranges-sound", &more);
    assert_eq!((sound.status, sound.keys()), (0, vec![]), "{}", sound.stdout);
    assert!(sound.json()["twins"][0]["steps"][0]["compared"].as_u64() > Some(0));
    let tree = edited_tree(
        "life-ranges",
        &[(
            "scripts/Makefile.lib",
            "saved_c_flags = $(_c_flags) $(modkern_cflags)",
            "saved_c_flags = $(_c_flags) $(filter-out $(modfile_flags),$(modkern_cflags))",
        )],
    );
    let ran = life(&tree, "riscv", llvm, "ranges-lost", &more);
    let report = ran.json();
    assert_eq!(keys_of(&report), ["flags.modfile.missing", "ranges.lost"], "{}", ran.stdout);
}

#[test]
fn a_step_that_there_is_not_is_refused() {
    let ran = run(&["lifecycle", "--step", "birth"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("--step birth") && ran.stderr.contains("noop"), "{}", ran.stderr);
}
