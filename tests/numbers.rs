//! The names of numbers are one list: what reports have, what `--count` takes, what is documented.

use crate::support::{pocket, root, run, rust_files};
use std::collections::BTreeSet;
use twinlto_verdict::number;

fn known() -> BTreeSet<&'static str> {
    number::OF_A_BUILD.iter().map(|number| number.name()).collect()
}

#[test]
fn every_number_of_a_report_is_known() {
    let Some(pocket) = pocket("every_number_of_a_report_is_known") else { return };
    let report = pocket.ran.json();
    let mut seen = BTreeSet::new();
    for cell in report["cells"].as_array().unwrap() {
        seen.extend(cell["counts"].as_object().unwrap().keys().cloned());
    }
    assert!(seen.len() >= 15, "{seen:?}");
    for name in &seen {
        assert!(known().contains(name.as_str()), "{name} is in no list");
    }
}

/// A number that nothing counts would be taken and never be found.
#[test]
fn every_known_number_is_counted_and_documented() {
    let crates = root().join("harness");
    let list = crates.join("verdict/src/number.rs");
    let files = rust_files(&crates).into_iter().filter(|file| *file != list);
    let code: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let document = std::fs::read_to_string(root().join("docs/REPORT.md")).unwrap();
    for name in known().into_iter().chain(["file_bytes"]) {
        let used = format!("number::{}", name.to_uppercase());
        // Those of a life are counted by step.
        let counted = match name.strip_prefix("life_") {
            Some(step) => {
                let step = step.replace('_', "-");
                twinlto_model::LifeStep::ALL.iter().any(|known| known.name() == step)
            }
            None => code.contains(&used),
        };
        assert!(counted, "nothing counts {name}");
        let told = document.contains(&format!("`{name}`")) || name == "file_bytes";
        assert!(told, "docs/REPORT.md does not tell of {name}");
    }
    // Numbers get into a report by their constants alone.
    for line in code.lines().filter(|line| line.contains("counts.insert(")) {
        assert!(line.contains("number") || !line.contains('"'), "{line}");
    }
}

#[test]
fn an_unknown_number_is_refused_before_anything_is_built() {
    let repository = root().display().to_string();
    for (count, words) in [
        ("foo<3", "there is no number 'foo' here; there are ir_objects, "),
        ("promoted_symbol<3", "promoted_symbols is one"),
        ("file_bytes<3", "there is no number 'file_bytes' here"),
    ] {
        let kernel = ["kernel", &repository, "--good", "HEAD", "--bad", "HEAD"];
        let toolchain = ["toolchain", "--among", "/nowhere"];
        for of in [&kernel[..], &toolchain[..], &["objects", "/nowhere", "/nowhere"][..]] {
            let ran = run(&[&["bisect"], of, &["--count", count]].concat());
            assert_eq!(ran.status, 2, "{}", ran.stderr);
            assert!(ran.stderr.contains(words), "{of:?}: {}", ran.stderr);
        }
    }
    let ran = run(&["bisect", "options", "/nowhere", "a.o", "--count", "exports<3"]);
    let words = "there is no number 'exports' here; there are text_bytes, image_bytes, file_bytes";
    assert!(ran.status == 2 && ran.stderr.contains(words), "{}", ran.stderr);
}
