//! What is installed beside the image, held against what it is made of.

use super::{Place, with_evidence};
use std::collections::BTreeSet;
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::kbuild::Apart;
use twinlto_model::{Evidence, Finding, count};

/// Judges `System.map`, `modules.builtin` and `modules.builtin.modinfo` of one build.
pub(super) fn installed(place: Place, facts: &BuildFacts) -> Vec<Finding> {
    let files = [
        ("System.map", "the symbols of vmlinux", &facts.installed.map),
        ("modules.builtin", "modules.builtin.modinfo", &facts.installed.built_in),
        ("modules.builtin.modinfo", ".modinfo of the image", &facts.installed.modinfo),
    ];
    let one = |(name, origin, answer): (&str, &str, &Answer<Apart>)| match answer {
        Answer::Read(apart) if apart.installed.is_empty() && apart.origin.is_empty() => None,
        Answer::Read(apart) => Some(
            with_evidence(
                place.error("file.inconsistent", name),
                Some(Evidence::new(origin, some(&apart.origin))),
                Some(Evidence::new(name, some(&apart.installed))),
            )
            .because(format!(
                "{name} does not say what {origin} say: it is of another build, or was changed"
            )),
        ),
        // Half a build has no image to hold it against.
        Answer::Bad(_) | Answer::Absent => None,
    };
    files.into_iter().filter_map(one).collect()
}

/// What cannot be held against anything, for the list of what was not compared.
pub(super) fn left_out(facts: &BuildFacts) -> Option<String> {
    let all = [&facts.installed.map, &facts.installed.built_in, &facts.installed.modinfo];
    all.into_iter().find_map(|answer| match answer {
        Answer::Bad(why) => Some(why.clone()),
        _ => None,
    })
}

/// What one side alone has.
fn some(entries: &BTreeSet<String>) -> String {
    const SHOWN: usize = 3;
    let shown = entries.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match (entries.len(), entries.len().saturating_sub(SHOWN)) {
        (0, _) => "nothing besides".to_owned(),
        (_, 0) => format!("alone: {shown}"),
        (_, n) => format!("alone: {shown} and {}", count(n, "other", "others")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::build::Installed;
    use twinlto_model::{Arch, Mode};

    #[test]
    fn a_line_of_another_build_is_shown_and_the_same_lines_are_silent() {
        let judged = |apart: Apart| {
            let installed = Installed { map: Answer::Read(apart), ..Installed::default() };
            let facts = BuildFacts { installed, ..BuildFacts::default() };
            installed_of(&facts)
        };
        assert!(judged(Apart { same: 3, ..Apart::default() }).is_empty());
        let line = "ffff T f".to_owned();
        let found = judged(Apart { installed: [line].into(), ..Apart::default() });
        assert_eq!(found.first().map(|f| f.subjects()), Some(vec!["System.map"]));
        let right = found.first().and_then(|f| f.sites.first()).and_then(|s| s.right.clone());
        assert_eq!(right.map(|side| side.text).as_deref(), Some("alone: ffff T f"));
    }

    fn installed_of(facts: &BuildFacts) -> Vec<Finding> {
        installed(Place { arch: Arch::Arm64, mode: Mode::Distributed }, facts)
    }
}
