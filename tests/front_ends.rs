//! What the front ends of two modes are told and what they make of it, on pocket kernels in which one
//! mode is told something else.

use crate::support::{Ran, arg, edited_tree, finding, kept_dir, llvm, run, run_with};
use serde_json::Value;

/// A check of a pocket kernel with edits, on one architecture.
fn check(name: &str, edits: &[(&str, &str, &str)], kcflags: Option<&str>) -> Option<Ran> {
    let llvm = llvm(name)?;
    let tree = edited_tree(name, edits);
    let out = tempfile::tempdir_in(kept_dir("front-ends")).unwrap();
    let (tree, out) = (arg(&tree), arg(out.path()));
    let args = ["check", &tree, "--arch", "arm64", "--llvm", llvm, "--out", &out];
    let args = [args.as_slice(), &["--format", "json"]].concat();
    Some(match kcflags {
        Some(flags) => run_with(&args, &[("KCFLAGS", flags)]),
        None => run(&args),
    })
}

fn subjects(finding: &Value) -> Vec<&str> {
    let sites = finding["sites"].as_array().unwrap();
    sites.iter().map(|site| site["subject"].as_str().unwrap()).collect()
}

const MODE: &str = "CC_FLAGS_LTO += -fvisibility=hidden";

/// An edit that gives one mode more options for C.
fn in_process_alone(options: &str) -> String {
    format!("{MODE}\nifdef CONFIG_LTO_CLANG_THIN\nKBUILD_CFLAGS += {options}\nendif")
}

#[test]
fn a_header_that_asks_for_the_mode_is_named_with_the_object_that_it_changes() {
    let anchor = "void tick(void);";
    let header = format!(
        "{anchor}\nstatic inline int which(void)\n{{\n#ifdef CONFIG_LTO_CLANG_THIN\n\
         \treturn 1;\n#else\n\treturn 2;\n#endif\n}}"
    );
    let source = "static unsigned int max_cpus = CONFIG_NR_CPUS;";
    let user =
        format!("int which_mode(void);\nint which_mode(void) {{ return which(); }}\n{source}");
    let edits = [
        ("include/linux/kernel.h", anchor, header.as_str()),
        ("kernel/cpu.c", source, user.as_str()),
    ];
    let Some(ran) = check("asks-for-the-mode", &edits, None) else { return };
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    let report = ran.json();
    let found = finding(&report, "ir.bytes.changed");
    // Dozens of objects include the header; one has other code.
    assert_eq!(subjects(found), ["kernel/cpu.o"]);
    let cause = found["cause"].as_str().unwrap();
    assert!(cause.starts_with("include/linux/kernel.h:"), "{cause}");
    assert!(cause.contains("asks for CONFIG_LTO_CLANG_THIN"), "{cause}");
}

#[test]
fn a_symbol_of_one_configuration_is_named_with_what_depends_on_it() {
    let anchor = "int \"How many processors at most\"";
    let edits = [("arch/arm64/Kconfig", anchor, "int\n\tdefault 16 if LTO_CLANG_THIN")];
    let Some(ran) = check("cpus-of-one-mode", &edits, None) else { return };
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    let report = ran.json();
    assert_eq!(subjects(finding(&report, "config.changed")), ["CONFIG_NR_CPUS"]);
    let found = finding(&report, "ir.bytes.changed");
    assert_eq!(subjects(found), ["kernel/cpu.o"]);
    let cause = found["cause"].as_str().unwrap();
    assert!(cause.contains("CONFIG_NR_CPUS, which is 8 distributed and 16 in-process"), "{cause}");
}

#[test]
fn an_option_of_one_mode_is_an_error_and_the_same_twice_is_none() {
    let edit = in_process_alone("-fshort-enums -DONE_MODE");
    let edits = [("Makefile", MODE, edit.as_str())];
    let Some(ran) = check("option-of-one-mode", &edits, None) else { return };
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let of_fronts = findings.filter(|found| found["key"] == "flags.front.changed");
    let found = of_fronts.max_by_key(|found| subjects(found).len()).unwrap();
    assert_eq!((ran.status, found["severity"].as_str()), (1, Some("error")));
    let right = found["sites"][0]["right"]["text"].as_str().unwrap();
    assert!(right.contains("-DONE_MODE") && right.contains("-fshort-enums"), "{right}");
    assert!(subjects(found).len() > 40);
    // What it changes is not told a second time.
    assert!(!ran.keys().contains(&"ir.bytes.changed".to_owned()));
}

#[test]
fn a_response_file_is_read_in_both_modes_and_in_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("flags");
    std::fs::write(&file, "-DRESPONSE=\"1 2\" -fno-common -Wno-unused\n").unwrap();
    let named = format!("@{}", file.display());
    let Some(ran) = check("response-of-both", &[], Some(&named)) else { return };
    assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
    let edit = in_process_alone(&named);
    let edits = [("Makefile", MODE, edit.as_str())];
    let ran = check("response-of-one", &edits, None).unwrap();
    let report = ran.json();
    let right = &finding(&report, "flags.front.changed")["sites"][0]["right"]["text"];
    assert_eq!((ran.status, right.as_str()), (1, Some("-DRESPONSE=1 2")));
}

#[test]
fn separate_builds_with_debugging_information_agree() {
    let Some(llvm) = llvm("separate_front_ends") else { return };
    let out = tempfile::tempdir_in(kept_dir("front-ends")).unwrap();
    let out = arg(out.path());
    let pocket = arg(&crate::support::root().join("cases/pocket"));
    let args = ["check", &pocket, "--arch", "arm64", "--llvm", llvm, "--separate", "--out", &out];
    let args = [args.as_slice(), &["--format", "json"]].concat();
    let ran = run_with(&args, &[("KCFLAGS", "-g")]);
    assert!(!ran.keys().contains(&"ir.bytes.changed".to_owned()), "{}", ran.stdout);
    let report = ran.json();
    let accounts = report["twins"][0]["coverage"].as_array().unwrap();
    let account = accounts.iter().find(|account| account["input"] == "the IR objects").unwrap();
    let set_aside: u64 = account["shares"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|share| share["treatment"] == "set-aside")
        .map(|share| share["amount"].as_u64().unwrap())
        .sum();
    assert_eq!(Some(set_aside), account["total"].as_u64(), "{account}");
}
