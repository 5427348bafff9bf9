use super::{StepVerdict, between, finding, so};
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::life::Generation;
use twinlto_model::{Arch, Evidence, Severity, count};

/// What kbuild writes at every make, whatever the goal: the build directory's own Makefile and
/// `.gitignore` (`outputmakefile` in `Makefile`, Linux 7.3).
const EVERY_TIME: [&str; 2] = ["Makefile", ".gitignore"];

/// Judges a make after which nothing may be new, because nothing had changed. `reasons` are make's
/// own, where it told any.
#[must_use]
pub fn made_again(
    arch: Arch,
    before: &Generation,
    after: &Generation,
    reasons: &BTreeMap<String, String>,
) -> StepVerdict {
    let is_target = |path: &str| !(path.ends_with(".cmd") || EVERY_TIME.contains(&path));
    let remade: BTreeSet<&str> =
        after.remade_since(before).into_iter().filter(|path| is_target(path)).collect();
    let findings = remade.iter().map(|path| {
        let why = reasons.get(*path);
        // What was made from what was made again is no news.
        let follows = why.is_some_and(|why| why.split(' ').any(|from| remade.contains(from)));
        let said = why.map_or_else(|| "make tells no reason".to_owned(), Clone::clone);
        let found = finding(arch, "lifecycle.rebuilt", Severity::Warning, path);
        let found = between(
            found,
            Evidence::new("changed", "nothing since the last make"),
            Evidence::new("make's reason", said),
        );
        let found = match (follows, why.map(String::as_str)) {
            (true, _) => found
                .because("it is made from what was made again")
                .grouped("made from what was made again"),
            (false, Some("command line change")) => {
                found.because("its command is another one at every make").grouped("command")
            }
            (false, Some(_)) => {
                found.because("make takes it for outdated at every make").grouped("outdated")
            }
            (false, None) => found
                .because("its rule makes it at every make, whether it is outdated or not")
                .grouped("always"),
        };
        so(found, "every make does this work again, and what is linked after it")
    });
    let findings: Vec<_> = findings.collect();
    StepVerdict {
        // A target that make decides about has a .cmd file.
        compared: before.files.keys().filter(|path| path.ends_with(".cmd")).count() as u64,
        said: match remade.len() {
            0 => "nothing was made again".to_owned(),
            n => format!("{} made again", count(n, "file was", "files were")),
        },
        findings,
        omitted: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::life::Stamp;

    fn at(list: &[(&str, u64)]) -> Generation {
        let file = |(path, inode): &(&str, u64)| {
            ((*path).to_owned(), Stamp { modified: None, len: 0, inode: *inode })
        };
        Generation { files: list.iter().map(file).collect(), ..Generation::default() }
    }

    #[test]
    fn what_is_made_again_is_named_with_makes_reason() {
        let before = at(&[("Makefile", 1), (".a.o.cmd", 1), ("a.o", 1), ("b.a", 1), ("c.o", 1)]);
        let after = at(&[("Makefile", 2), (".a.o.cmd", 2), ("a.o", 2), ("b.a", 2), ("c.o", 1)]);
        let reasons = BTreeMap::from([
            ("a.o".to_owned(), "command line change".to_owned()),
            ("b.a".to_owned(), "a.o".to_owned()),
        ]);
        let verdict = made_again(Arch::Arm64, &before, &after, &reasons);
        let found: Vec<_> = verdict
            .findings
            .iter()
            .map(|f| (f.subjects()[0].to_owned(), f.cause.clone().unwrap()))
            .collect();
        assert_eq!(found[0].0, "a.o");
        assert!(found[0].1.contains("another one"), "{found:?}");
        assert_eq!(found[1].1, "it is made from what was made again");
        assert_eq!((found.len(), verdict.compared), (2, 1));
        assert_eq!(made_again(Arch::Arm64, &before, &before, &reasons).findings, []);
    }
}
