//! The macros of a kernel tree that paste `__COUNTER__` or `__LINE__` into a name against those
//! that twinlto knows. `scripts/acceptance` runs it on its tree, named in `TWINLTO_TEST_KERNEL`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in tests, a failed unwrap is the assertion"
)]

#[path = "support/pasting.rs"]
#[allow(unreachable_pub, dead_code, reason = "other tests use the rest of it")]
mod pasting;

use std::collections::BTreeSet;
use std::path::PathBuf;
use twinlto_verdict::PASTING;

#[test]
fn every_macro_that_pastes_a_number_is_known() {
    let Some(tree) = std::env::var_os("TWINLTO_TEST_KERNEL").map(PathBuf::from) else {
        println!("skip: real_names: TWINLTO_TEST_KERNEL names no tree");
        return;
    };
    let found = pasting::pasting(&tree);
    let name = |file: &str, name: &str| (file.to_owned(), name.to_owned());
    let known: BTreeSet<_> = PASTING.iter().map(|it| name(it.file, it.name)).collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(
        new.is_empty(),
        "these paste a number into a name, and harness/verdict/src/normalize/pasted.rs has no row \
         for them:\n{new:#?}"
    );
    let makefile = std::fs::read_to_string(tree.join("Makefile")).unwrap();
    let part = |key: &str| {
        let value = makefile.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        value.trim_start_matches([' ', '=']).to_owned()
    };
    let release = format!("{}.{}", part("VERSION"), part("PATCHLEVEL"));
    let of_release = PASTING.iter().filter(|it| it.releases.contains(&release.as_str()));
    let wanted: BTreeSet<_> = of_release.map(|it| name(it.file, it.name)).collect();
    let gone: Vec<_> = wanted.difference(&found).collect();
    assert!(gone.is_empty(), "Linux {release} has these no longer:\n{gone:#?}");
    println!("{} macros of Linux {release} paste a number", found.len());
}
