//! The house keeps its arrows: `model ← facts ← verdict ← engine ← cli`, `model ← report ← cli`.

use crate::support::{root, rust_files};
use std::collections::BTreeSet;

/// The crates of the house that one of them may name.
const ARROWS: [(&str, &[&str]); 5] = [
    ("model", &[]),
    ("facts", &["model"]),
    ("verdict", &["model", "facts"]),
    ("engine", &["model", "facts", "verdict"]),
    ("report", &["model"]),
];

#[test]
fn every_crate_names_only_those_below_it() {
    for (name, allowed) in ARROWS {
        let manifest = root().join("harness").join(name).join("Cargo.toml");
        let text = std::fs::read_to_string(manifest).unwrap();
        let named: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("twinlto-")?.split([' ', '.', '=']).next())
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(named.is_subset(&allowed), "{name} names {named:?}");
    }
}

/// Crates that only compute must not reach for the outside world.
#[test]
fn only_the_engine_and_the_command_line_have_effects() {
    let forbidden = ["std::fs", "std::process", "std::net", "std::env::", "println!", "eprintln!"];
    for name in ["model", "facts", "verdict", "report"] {
        for file in rust_files(&root().join("harness").join(name).join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for word in forbidden {
                assert!(!code.contains(word), "{} uses {word}", file.display());
            }
        }
    }
}
