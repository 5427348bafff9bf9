//! `twinlto diff` of objects: what a relocation to a section means, and the bytes of variables.

use crate::diff::diff;
use crate::support::{llvm, program};
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = "extern void use(const char *, int *);\n\
    static int one[4], two[4];\n\
    int table[4] = {1, 2, 3, 4};\n\
    void first(void) { use(\"alpha\", one); use(\"beta\", two + 1); }\n\
    void second(void) { use(\"gamma\", two); }\n";

fn compiled(llvm: &str, dir: &Path, target: &str, name: &str, source: &str) -> PathBuf {
    let (file, object) = (dir.join(format!("{name}.c")), dir.join(format!("{name}.o")));
    std::fs::write(&file, source).unwrap();
    let mut command = Command::new(program(llvm, "clang"));
    command.arg(format!("--target={target}-linux-gnu")).args(["-O2", "-fno-pie", "-c", "-o"]);
    assert!(command.arg(&object).arg(&file).status().unwrap().success());
    object
}

#[test]
fn a_place_in_a_section_is_the_variable_or_the_text_that_stands_there() {
    let Some(llvm) = llvm("a_place_in_a_section") else { return };
    let dir = tempfile::tempdir().unwrap();
    for target in ["x86_64", "aarch64", "riscv64", "loongarch64"] {
        let object = |name: &str, source: &str| compiled(llvm, dir.path(), target, name, source);
        let plain = object("plain", SOURCE);
        assert_eq!(diff(&plain, &plain, &[]).status, 0, "{target}");
        let keys = |name: &str, from: &str, to: &str| {
            let other = object(name, &SOURCE.replace(from, to));
            let ran = diff(&plain, &other, &["--only", "code.*", "--only", "data.*"]);
            let report = ran.json();
            let of = |f: &serde_json::Value| {
                let subjects = f["subjects"].as_array().unwrap().iter();
                let key = f["key"].as_str().unwrap().to_owned();
                subjects.map(|s| format!("{key} {}", s.as_str().unwrap())).collect::<Vec<_>>()
            };
            // That unwind tables describe another number of functions is a note.
            let findings = report["findings"].as_array().unwrap().iter();
            findings.filter(|f| f["severity"] != "note").flat_map(of).collect::<Vec<_>>()
        };
        // Another variable of the same section, and another text of the same length.
        assert_eq!(
            keys("swap", "use(\"gamma\", two)", "use(\"gamma\", one)"),
            ["code.changed second"]
        );
        assert_eq!(keys("text", "gamma", "delta"), ["code.changed second"], "{target}");
        assert_eq!(keys("data", "3, 4}", "3, 5}"), ["data.changed table"], "{target}");
        // Texts and functions in front move all that follows, and mean nothing for it.
        let none: [String; 0] = [];
        let more = "void zero(void) { use(\"omega\", 0); }\nvoid first(void)";
        assert_eq!(keys("moved", "void first(void)", more), none, "{target}");
    }
}
