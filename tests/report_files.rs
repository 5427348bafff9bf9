//! `--report FORMAT=FILE`: the same report in files, beside what the terminal shows.

use crate::support::made::{FLAGS, back_cmd, cmd};
use crate::support::{MadeBuild, run, twinlto};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::path::Path;

const OBJECTS: [&str; 3] = ["init/main.o", "lib/a.o", "virt/kvm/eventfd.o"];

/// A build in which one backend lost an option.
fn without_o2(object: &str) -> MadeBuild {
    let build = MadeBuild::new(&OBJECTS);
    let less = FLAGS.replace("-O2 ", "");
    build.write(&cmd(&object.replace(".o", ".thinlto-native.o")), back_cmd(object, &less));
    build
}

/// Every `testcase` of a file of XML: its name, and the names of the elements in it.
fn cases(file: &Path) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut reader = Reader::from_str(&text);
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}\n{text}")) {
            Event::Start(e) | Event::Empty(e) if e.name().as_ref() == "testcase" => {
                let name = e.try_get_attribute("name").unwrap().unwrap();
                let name = name.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
                cases.push((name.into_owned(), Vec::new()));
            }
            Event::Start(e) | Event::Empty(e) => {
                let name = e.name().as_ref().to_owned();
                if let Some((_, inner)) = cases.last_mut() {
                    inner.push(name);
                }
            }
            Event::Eof => return cases,
            _ => {}
        }
    }
}

#[test]
fn one_run_writes_all_three_and_shows_what_it_showed() {
    let build = without_o2("lib/a.o");
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let option = |format: &str, name: &str| format!("{format}={}", file(name).display());
    let plain = run(&["audit", &build.arg()]);
    let json = run(&["audit", &build.arg(), "--format", "json"]);
    let ran = run(&[
        "audit",
        "--report",
        &option("markdown", "r.md"),
        &build.arg(),
        "--report",
        &option("junit", "r.xml"),
        &format!("--report={}", option("json", "r.json")),
    ]);
    assert_eq!((ran.status, &ran.stdout), (1, &plain.stdout), "{}", ran.stderr);

    let text = std::fs::read_to_string(file("r.md")).unwrap();
    assert!(text.starts_with("differ: flags.option.missing: lib/a.o, on 1 of 1"), "{text}");
    assert!(text.lines().count() <= 60, "{text}");
    for part in [
        "transport",
        "1 of 3 ✗",
        "## Findings",
        "      front end  -O2",
        "because",
        "Not compared: x86_64's archive members",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    // As it was given, and without where the report goes.
    let command = text.split("## How to reproduce\n\n").nth(1).unwrap();
    let command: String = command.split("\n\n").next().unwrap().replace("\\\n", "");
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words, ["twinlto", "audit", &build.arg()]);

    let cases = cases(&file("r.xml"));
    let ended = |name: &str| {
        let found = cases.iter().find(|(case, _)| case == name);
        found.unwrap_or_else(|| panic!("no {name} in {cases:?}")).1.clone()
    };
    assert_eq!(ended("transport"), ["failure", "system-out"]);
    assert_eq!(ended("artefacts"), ["system-out"]);
    assert_eq!(ended("exports"), ["system-out"]);
    assert_eq!(ended("symbols"), ["skipped"]);
    assert_eq!(ended("not compared"), ["skipped"]);
    assert_eq!(ended("build distributed"), ["system-out"]);

    assert_eq!(std::fs::read_to_string(file("r.json")).unwrap(), json.stdout);
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 3, "something is left beside the three files");
}

#[test]
fn a_build_that_agrees_fails_no_case_and_a_broken_one_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("r.xml");
    let option = format!("junit={}", file.display());
    let count = |name: &str| {
        cases(&file).iter().filter(|(_, inner)| inner.iter().any(|e| e == name)).count()
    };
    assert_eq!(run(&["audit", &MadeBuild::new(&OBJECTS).arg(), "--report", &option]).status, 0);
    assert_eq!((count("failure"), count("error")), (0, 0));
    assert_eq!(run(&["audit", &MadeBuild::new(&[]).arg(), "--report", &option]).status, 3);
    assert!(count("error") > 0 && count("failure") == 0);
}

#[test]
fn two_runs_are_told_in_groups() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    for (name, object) in [("a.json", "lib/a.o"), ("b.json", "init/main.o")] {
        let option = format!("json={}", file(name));
        assert_eq!(run(&["audit", &without_o2(object).arg(), "--report", &option]).status, 1);
    }
    let option = format!("markdown={}", file("r.md"));
    let ran = run(&["diff", &file("a.json"), &file("b.json"), "--report", &option]);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    let text = std::fs::read_to_string(file("r.md")).unwrap();
    let new = text.find("## New\n\n    error   flags.option.missing").unwrap();
    let fixed = text.find("## Fixed\n\n    fixed   flags.option.missing").unwrap();
    assert!(new < fixed, "{text}");
    assert!(
        text[new..fixed].contains("init/main.o") && text[fixed..].contains("lib/a.o"),
        "{text}"
    );
    // And shows again what was recorded.
    let again = format!("json={}", file("c.json"));
    assert_eq!(run(&["report", &file("a.json"), "--report", &again]).status, 1);
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    assert_eq!(read("c.json"), read("a.json"));
}

/// What a tree holds breaks neither form.
#[test]
fn hostile_texts_break_no_form() {
    let build = MadeBuild::new(&OBJECTS);
    let name = "]]><b>`|\n## x\u{1b}[31m.o";
    build.write(
        "vmlinux.thinlto-index",
        format!("init/main.o\nlib/a.o\nvirt/kvm/eventfd.o\n{name}\n"),
    );
    build.write(&cmd("lib/a.thinlto-native.o"), "\u{1b}[31m\u{0}```\n## y\n");
    let dir = tempfile::tempdir().unwrap();
    let [markdown, junit] = ["r.md", "r.xml"].map(|name| dir.path().join(name));
    let ran = run(&[
        "audit",
        &build.arg(),
        "--report",
        &format!("markdown={}", markdown.display()),
        "--report",
        &format!("junit={}", junit.display()),
    ]);
    assert_ne!(ran.status, 0);
    let text = std::fs::read_to_string(&markdown).unwrap();
    assert!(!text.contains('\u{1b}') && text.lines().count() <= 60, "{text}");
    assert!(!text.contains("\n## x") && !text.contains("\n## y"), "{text}");
    assert!(
        cases(&junit).iter().any(|(_, inner)| inner.iter().any(|e| e == "failure" || e == "error"))
    );
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    std::os::unix::fs::symlink(path("real.md"), path("link.md")).unwrap();
    std::fs::write(path("real.md"), "kept").unwrap();
    let (out, here) = (path("out"), path(""));
    let (real, link) =
        (format!("markdown={}", path("real.md")), format!("junit={}", path("link.md")));
    let (missing, itself) = (format!("json={}", path("no/r.json")), format!("json={here}"));
    let cases: [(&[&str], i32, &str); 8] = [
        (&["html=r.html"], 2, "'html' is no format for a file; known: markdown, junit, json"),
        (&["markdown"], 2, "there is no '='"),
        (&["markdown="], 2, "it names no file"),
        (&[&missing], 2, "there is no directory"),
        (&[&itself], 2, "no regular file"),
        (&["json=/dev/null"], 2, "no regular file"),
        // Not even root can make a file there.
        (&["json=/proc/r.json"], 4, ""),
        (&[&real, &link], 2, "this file is given twice"),
    ];
    for (given, status, cause) in cases {
        let mut args = vec!["check", "--out", &out, "--llvm", "-0"];
        args.extend(given.iter().flat_map(|option| ["--report", option]));
        let ran = run(&args);
        let errors = ran.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!((ran.status, errors), (status, 1), "{given:?}: {}", ran.stderr);
        let line = ran.stderr.lines().find_map(|line| line.strip_prefix("cause: ")).unwrap();
        assert!(line.contains(cause), "{given:?}: {}", ran.stderr);
        // A missing LLVM would have been the first thing that is seen.
        assert!(!ran.stderr.contains("clang-0") && !Path::new(&out).exists(), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read_to_string(path("real.md")).unwrap(), "kept");
}

/// Only what makes a report takes the option.
#[test]
fn commands_without_a_report_do_not_know_the_option() {
    for command in ["check", "build", "lifecycle", "audit", "diff", "replay", "premerge", "report"]
    {
        let help = run(&[command, "--help"]).stdout;
        assert!(help.contains("--report <FORMAT=FILE>"), "{command}: {help}");
    }
    assert!(!run(&["inject", "--help"]).stdout.contains("FORMAT=FILE"));
}

/// Variables that make reads are a part of the command; a user's quoting is kept alive.
#[test]
fn the_command_is_quoted_for_a_shell() {
    let build = MadeBuild::new(&OBJECTS);
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("it's a build");
    std::os::unix::fs::symlink(build.path(), &odd).unwrap();
    let file = dir.path().join("r.md");
    let ran = twinlto()
        .args(["audit".as_ref(), odd.as_os_str()])
        .arg("--report")
        .arg(format!("markdown={}", file.display()))
        .env("KCFLAGS", "-Werror")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(0));
    let text = std::fs::read_to_string(&file).unwrap();
    // An audit runs no make.
    assert!(text.contains("    twinlto audit ") && !text.contains("KCFLAGS"), "{text}");
    let command =
        text.split("## How to reproduce\n\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let script = format!("twinlto() {{ printf '%s|' \"$@\"; }}\n{}", command.trim());
    let read = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
    assert_eq!(String::from_utf8(read.stdout).unwrap(), format!("audit|{}|", odd.display()));
}
