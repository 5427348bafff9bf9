//! What the builds of the pocket kernel say, and what two logs of it tell together.

use crate::support::{Ran, finding, kept_dir, keys_of, llvm, pocket, root, run, run_with};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the pocket kernel so that its backends fail for what is a warning in-process.
fn strict(name: &str, arch: &str, llvm: &str, kcflags: &str) -> (PathBuf, Ran) {
    let out = kept_dir("diagnostics").join(name);
    let text = out.display().to_string();
    let args = ["check", "--arch", arch, "--llvm", llvm, "--out", &text, "--format", "json"];
    let ran = run_with(&args, &[("KCFLAGS", kcflags)]);
    (out.join(arch), ran)
}

fn layer(report: &Value) -> &Value {
    let layers = report["twins"][0]["layers"].as_array().unwrap();
    layers.iter().find(|layer| layer["layer"] == "diagnostics").unwrap()
}

/// The subjects of the severity finding, after a look at everything that it says.
fn severity(report: &Value) -> Vec<String> {
    let found = finding(report, "log.severity.changed");
    assert_eq!(
        (&found["severity"], &found["defect"]),
        (&"error".into(), &"frame-size-severity".into())
    );
    assert!(found["cause"].as_str().unwrap().contains("-Werror turns its warning"), "{found}");
    for site in found["sites"].as_array().unwrap() {
        let (left, right) = (&site["left"], &site["right"]);
        assert_eq!((&left["side"], &right["side"]), (&"distributed".into(), &"in-process".into()));
        let (left, right) = (left["text"].as_str().unwrap(), right["text"].as_str().unwrap());
        let function = site["subject"].as_str().unwrap().split(' ').next().unwrap();
        for text in [left, right] {
            let said = text.contains(&format!("in function '{function}'"));
            assert!(said && text.contains("exceeds limit (64)"), "{text}");
        }
        assert!(
            left.contains("error: ") && left.ends_with("[-Werror,-Wframe-larger-than]"),
            "{left}"
        );
        assert!(
            right.starts_with("ld.lld: warning: ") || right.contains("/ld.lld: warning: "),
            "{right}"
        );
    }
    let subjects = found["subjects"].as_array().unwrap();
    subjects.iter().map(|subject| subject.as_str().unwrap().to_owned()).collect()
}

/// A stack frame that is too large is an error for a backend with -Werror, and a warning of the
/// in-process link: one finding, from check, from audit and from the two logs.
#[test]
fn an_error_of_the_backend_that_the_link_only_warns_of_is_one_finding() {
    let Some(llvm) = llvm("an_error_of_the_backend") else { return };
    let (dir, ran) = strict("frame", "x86_64", llvm, "-Wframe-larger-than=64 -Werror");
    let report = ran.json();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(keys_of(&report), ["log.severity.changed"], "{}", ran.stdout);
    let subjects = severity(&report);
    assert!(subjects.contains(&"panic in kernel/panic.o".to_owned()), "{subjects:?}");
    assert!(subjects.iter().all(|subject| subject.contains(" in ")), "{subjects:?}");
    assert_eq!(layer(&report)["errors"], subjects.len());
    assert!(report["twins"][0]["build"].as_str().unwrap().contains("dist failed"));

    let [distributed, in_process] =
        ["distributed", "in-process"].map(|m| dir.join(m).display().to_string());
    let audit = run(&["audit", &distributed, &in_process, "--format", "json"]);
    assert_eq!(severity(&audit.json()), subjects, "{}", audit.stdout);
    assert!(!keys_of(&audit.json()).contains(&"native.missing".to_owned()), "{}", audit.stdout);
    let logs = [distributed, in_process].map(|dir| dir + ".log");
    let diff = run(&["diff", &logs[0], &logs[1], "--format", "json"]);
    assert_eq!((diff.status, keys_of(&diff.json())), (1, vec!["log.severity.changed".to_owned()]));
    assert_eq!(severity(&diff.json()), subjects);
    let text = run(&["diff", &logs[0], &logs[1]]).stdout;
    assert!(text.contains("so         the distributed build fails for it"), "{text}");
}

/// The same without -Werror: both only warn, and that is no difference.
#[test]
fn a_warning_of_both_modes_is_no_difference() {
    let Some(llvm) = llvm("a_warning_of_both_modes") else { return };
    let (dir, ran) = strict("warned", "arm64", llvm, "-Wframe-larger-than=64");
    assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
    let logs = ["distributed", "in-process"].map(|m| format!("{}/{m}.log", dir.display()));
    let diff = run(&["diff", &logs[0], &logs[1], "--format", "json"]);
    assert_eq!((diff.status, diff.keys()), (0, vec![]), "{}", diff.stdout);
    let stays = finding(&diff.json(), "log.stays")["subjects"].clone();
    let stays: Vec<&str> = stays.as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    assert!(stays.contains(&"panic"), "{stays:?}");
}

/// One object of its own that gets -Werror, with another flag in its Makefile.
#[test]
fn one_object_that_is_compiled_more_strictly_is_named() {
    let Some(llvm) = llvm("one_object_more_strictly") else { return };
    let tree = kept_dir("trees").join("strict-object");
    if tree.exists() {
        std::fs::remove_dir_all(&tree).unwrap();
    }
    let from = root().join("cases/pocket");
    assert!(Command::new("cp").arg("-a").arg(from).arg(&tree).status().unwrap().success());
    let makefile = tree.join("kernel/Makefile");
    let text = std::fs::read_to_string(&makefile).unwrap();
    let flags = "\nCFLAGS_panic.o += -Wframe-larger-than=64 -Werror\n";
    std::fs::write(&makefile, text + flags).unwrap();
    let out = kept_dir("diagnostics").join("strict-object").display().to_string();
    let tree = tree.display().to_string();
    let ran = run(&[
        "check", &tree, "--arch", "riscv", "--llvm", llvm, "--out", &out, "--format", "json",
    ]);
    assert_eq!(
        (ran.status, ran.keys()),
        (1, vec!["log.severity.changed".to_owned()]),
        "{}",
        ran.stdout
    );
    assert_eq!(severity(&ran.json()), ["panic in kernel/panic.o"]);
}

#[test]
fn a_clean_kernel_has_nothing_to_say_and_every_line_of_its_logs_is_known() {
    let Some(pocket) = pocket("a_clean_kernel_says_nothing") else { return };
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let logs = ["distributed", "in-process"]
            .map(|m| pocket.build(arch, m).display().to_string() + ".log");
        let ran = run(&["diff", &logs[0], &logs[1], "--format", "json"]);
        let report = ran.json();
        assert_eq!(ran.status, 0, "{}", ran.stdout);
        assert_eq!(report["findings"], Value::Array(vec![]), "{arch}");
        assert_eq!(report["not_compared"], Value::Array(vec![]), "{arch}");
        assert!(layer(&report)["compared"].as_u64().unwrap() > 50, "{report}");
    }
}

/// Two logs of one build, one of them with more in it.
#[test]
fn new_messages_are_told_with_their_line_and_old_ones_are_fixed() {
    let Some(pocket) = pocket("new_messages_are_told") else { return };
    let old = pocket.build("x86_64", "distributed").display().to_string() + ".log";
    let text = std::fs::read_to_string(&old).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("new.log");
    let more = "lib/sort.c:7:3: warning: unused variable 'x' [-Wunused-variable]\n\
                ld.lld: error: undefined symbol: nowhere\n>>> referenced by sort.c\n\
                Something that nobody knows\n";
    std::fs::write(&log, text + more).unwrap();
    let new = log.display().to_string();
    let ran = run(&["diff", &old, &new, "--format", "json"]);
    let report = ran.json();
    assert_eq!(ran.status, 1);
    assert_eq!(keys_of(&report), ["log.error.new", "log.warning.new"], "{}", ran.stdout);
    assert_eq!(finding(&report, "log.error.new")["subject"], "nowhere");
    let warned = finding(&report, "log.warning.new");
    assert_eq!((&warned["subject"], &warned["change"]), (&"lib/sort.o".into(), &"new".into()));
    let path = warned["sites"][0]["right"]["path"].as_str().unwrap();
    assert!(path.starts_with(&format!("{new}:")), "{path}");
    let unknown = report["not_compared"][0]["what"].as_str().unwrap();
    assert_eq!(
        unknown,
        "1 line of the B log that are of no known kind, such as \"Something that nobody knows\""
    );
    let back = run(&["diff", &new, &old, "--format", "json"]).json();
    assert_eq!(keys_of(&back), Vec::<String>::new());
    assert_eq!(finding(&back, "log.fixed")["change"], "fixed");
}

#[test]
fn what_is_no_log_is_not_taken_for_one() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> String {
        let path: &Path = &dir.path().join(name);
        std::fs::write(path, text).unwrap();
        path.display().to_string()
    };
    let (prose, log) =
        (write("prose", "Dear reader,\n  all is well.\n"), write("log", "  CC      lib/a.o\n"));
    let refused = run(&["diff", &prose, &log]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("and no build log"), "{}", refused.stderr);
    let symvers = write("symvers", "0x00000001\ta\tvmlinux\tEXPORT_SYMBOL\t\n");
    let mixed = run(&["diff", &symvers, &log]);
    assert_eq!(mixed.status, 2);
    assert!(mixed.stderr.contains("the other a build log"), "{}", mixed.stderr);
    // Two logs that show no common step are no agreement.
    let other = write("other", "  CC      lib/b.o\n");
    let nothing = run(&["diff", &log, &other]);
    assert_eq!(nothing.status, 3, "{}{}", nothing.stdout, nothing.stderr);
    assert!(nothing.stdout.contains("the logs show no step"), "{}", nothing.stdout);
}
