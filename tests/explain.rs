//! `twinlto explain`, and the data that it shows.

use crate::support::{Ran, llvm, program, root, run, skip};
use std::path::{Path, PathBuf};
use std::process::Command;
use twinlto_facts::flags::{TABLE, measurements};

fn explain(words: &[&str]) -> Ran {
    run(&[&["explain"], words].concat())
}

/// The answer's text without its line breaks.
fn said(words: &[&str]) -> String {
    let ran = explain(words);
    assert_eq!(ran.status, 0, "{words:?}: {}", ran.stderr);
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_option_is_explained_as_users_write_it() {
    let cases: [(&[&str], &[&str]); 8] = [
        (
            &["-falign-loops=32"],
            &[
                "codegen-required",
                "the backend must have it",
                "the last one wins",
                "-falign-loops=64",
            ],
        ),
        (&["-O3"], &["codegen-required", "-O…"]),
        (&["-mllvm", "-import-instr-limit=5"], &["-mllvm X", "codegen-required", "=0 LLVM"]),
        (&["-mllvm -import-instr-limit=5"], &["-mllvm -import-instr-limit=5 class", "-mllvm X"]),
        (&["-mretpoline-external-thunk"], &["codegen-in-IR", "always given: -mretpoline"]),
        (&["-fno-data-sections"], &["absent is the same as \"no\"", "it is not the default"]),
        (&["--target=riscv64-linux-gnu"], &["target-selecting", "flags.option.missing, error"]),
        (&["-DX=1"], &["frontend-only", "front end and backend may differ"]),
    ];
    for (words, expected) in cases {
        let text = said(words);
        for part in expected {
            assert!(text.contains(part), "{words:?}: no {part:?} in {text}");
        }
    }
}

#[test]
fn what_a_measured_option_shows_is_the_data() {
    let text = said(&["-fno-jump-tables"]);
    for m in measurements().iter().filter(|m| m.option == "-fno-jump-tables") {
        assert!(text.contains(m.llvm) && text.contains(m.arch), "{m:?} in {text}");
    }
    let json = explain(&["--format", "json", "-fno-jump-tables", "-O2"]).json();
    assert_eq!(json["schema"], "twinlto.explain/1");
    assert_eq!(json["answers"].as_array().unwrap().len(), 2);
    let option = &json["answers"][0]["option"];
    assert_eq!(option["class"], "codegen-in-ir");
    let shown = option["measurements"].as_array().unwrap().len();
    assert_eq!(shown, measurements().iter().filter(|m| m.option == "-fno-jump-tables").count());
}

#[test]
fn what_untouched_kernels_are_guilty_of_is_explained_by_its_heading() {
    for live in twinlto_verdict::every_live() {
        let text = said(&[live.name]);
        for part in ["to send:", live.report] {
            let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(&part), "{}: {text}", live.name);
        }
    }
    assert!(said(&["every-backend-runs-again"]).contains("known from untouched kernels"));
}

#[test]
fn an_option_in_no_row_is_left_to_the_replay() {
    let text = said(&["-fnew-thing"]);
    assert!(text.contains("unknown: in no row of the table"), "{text}");
    assert!(text.contains("the replay decides"), "{text}");
}

#[test]
fn a_key_is_explained_and_a_wrong_one_is_not() {
    let text = said(&["flags.option.missing"]);
    for part in
        ["Transport: what the backend was told", "severity error, warning", "remedy see the cause"]
    {
        assert!(text.contains(part), "{text}");
    }
    let both = said(&["-O2", "replay.backend.changed"]);
    assert!(both.contains("codegen-required") && both.contains("reference"), "{both}");
    let cases = [
        ("flags.option.mising", "did you mean flags.option.missing?"),
        ("flags", "flags.backend.missing"),
        ("zzz", "an option begins with '-'"),
    ];
    for (word, hint) in cases {
        let ran = explain(&[word]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{word}");
        assert!(ran.stderr.contains(hint), "{word}: {}", ran.stderr);
    }
    for nothing in [&[] as &[&str], &[""], &[" "]] {
        assert_eq!(explain(nothing).status, 2, "{nothing:?}");
    }
}

#[test]
fn every_row_can_be_explained() {
    let mut words: Vec<String> = TABLE.iter().map(|row| row.form.to_string()).collect();
    words.extend(measurements().iter().map(|m| m.option.to_owned()));
    for word in words {
        let ran = explain(&[&word]);
        assert_eq!(ran.status, 0, "{word}: {}", ran.stderr);
    }
}

/// A few options measured again with the LLVM of the tests come out as the data says.
#[test]
fn the_data_is_what_the_compiler_does() {
    let name = "the_data_is_what_the_compiler_does";
    let Some(llvm) = llvm(name) else { return };
    let python = Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|ran| ran.status.success()) {
        return skip(name, "no python3");
    }
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("options/list.tsv");
    std::fs::create_dir(list.parent().unwrap()).unwrap();
    for file in std::fs::read_dir(root().join("cases/options")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), list.with_file_name(file.file_name())).unwrap();
    }
    let rows = [
        "-falign-loops=64\tarm64\tloops\t-",
        "-g\tarm64\tloops\t-",
        "-fwrapv\tx86_64\tdata\t-",
        "-fno-jump-tables\triscv\tswitch\t-",
        "-mrelax-all\tloongarch\tloops\t-",
        "-mpreferred-stack-boundary=3\tx86_64\tstack\t-",
    ];
    std::fs::write(&list, rows.join("\n") + "\n").unwrap();
    let out = dir.path().join("measured.tsv");
    let ran = Command::new("python3")
        .arg(root().join("scripts/lib/measure.py"))
        .args([Path::new("2"), &list, &out, &directory(llvm)])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = std::fs::read_to_string(out).unwrap();
    let found: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(found.len(), rows.len(), "{text}");
    for fields in found {
        let of = |release: Option<&str>| {
            measurements().iter().rev().find(|m| {
                (m.option, m.arch) == (fields[0], fields[3])
                    && release.is_none_or(|release| m.llvm == release)
            })
        };
        let known = of(Some(fields[2])).or_else(|| of(None)).unwrap();
        assert_eq!(fields[4], known.outcome.name(), "{fields:?} is not {known:?}");
    }
}

/// Where the programs of an LLVM lie.
fn directory(llvm: &str) -> PathBuf {
    let clang = PathBuf::from(program(llvm, "clang"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).map(|dir| dir.join(&clang)).find(|file| file.is_file());
    let clang = found.unwrap().canonicalize().unwrap();
    clang.parent().unwrap().to_owned()
}
