//! Objects whose flags are saved under another path than the one that the backends look under, and
//! of whose backends nothing is left: what the files tell, and the backends beside them.

use super::KEY_NO_FLAGS;
use twinlto_facts::build::{BuildFacts, ObjectFacts};
use twinlto_facts::kbuild::native_path;
use twinlto_model::{Arch, Evidence, Finding, Mode, Severity, Site};

/// The row of the corpus.
pub(super) const DEFECT: &str = "saved-flags-path-alias";

/// Where the flags of an object are saved, if that is another path than its own.
pub(crate) fn saved_elsewhere<'a>(name: &str, object: &'a ObjectFacts) -> Option<&'a str> {
    let saved = object.saved.as_ref()?.target.as_str();
    (saved != name).then_some(saved)
}

/// Where some backend got nothing because its flags are saved under another path, the same became of
/// every other such object that has no native object: make removes what a failed recipe leaves, and
/// what is recorded of it is of an earlier build.
pub(super) fn others(
    arch: Arch,
    mode: Mode,
    facts: &BuildFacts,
    found: &[Finding],
) -> Vec<Finding> {
    let is_alias = |finding: &&Finding| {
        finding.key == KEY_NO_FLAGS && finding.defect.as_deref() == Some(DEFECT)
    };
    let known: Vec<&str> = found.iter().filter(is_alias).flat_map(Finding::subjects).collect();
    let Some(witness) = known.first() else { return Vec::new() };
    let of = |(name, object): (&String, &ObjectFacts)| {
        let is_gone = object.native.kind.is_none() && object.native.unreadable.is_none();
        let saved = saved_elsewhere(name, object).filter(|_| is_gone)?;
        let path = object.saved.as_ref().map(|saved| saved.path.clone()).unwrap_or_default();
        let left = Evidence::new("saved", format!("under {saved}")).at(path);
        let right = Evidence::new("native object", "no such file").at(native_path(name));
        let mut site = Site::new(arch, Some(mode), name.clone()).sides(left, right);
        site.effect =
            format!("no native object came of it; where its flags were looked up, {witness} shows");
        Some(
            Finding::new(KEY_NO_FLAGS, Severity::Error, site)
                .because(format!("they are saved under {saved} and were looked up under {name}"))
                .known_as(DEFECT)
                .grouped("alias"),
        )
    };
    let others = facts.objects.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    others.filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::transport;
    use twinlto_facts::build::{Answer, CommandText, FileFacts};
    use twinlto_facts::elf::ObjectKind;

    fn text(text: String, target: &str) -> CommandText {
        CommandText { text, path: format!(".{target}.cmd"), target: target.to_owned() }
    }

    fn object(name: &str, alias: bool, back: Option<&str>, native: bool) -> (String, ObjectFacts) {
        let target = if alias { format!("x/../{name}") } else { name.to_owned() };
        let stem = name.trim_end_matches(".o");
        let back = back.map_or(Answer::Absent, |flags| {
            let command = format!(
                "clang {flags} -x ir -fno-lto -fthinlto-index={name}.thinlto.bc -c -o \
                 {stem}.thinlto-native.o {name}"
            );
            Answer::Read(text(command, name))
        });
        let native = FileFacts {
            kind: native.then(|| ObjectKind::Other(Vec::new())),
            ..FileFacts::default()
        };
        let front = format!("clang -Os -flto=thin -c -o {name} {stem}.c");
        let object = ObjectFacts {
            front: Answer::Read(text(front, &target)),
            saved: Some(text("-Os -flto=thin".to_owned(), &target)),
            back,
            native,
            ..ObjectFacts::default()
        };
        (name.to_owned(), object)
    }

    #[test]
    fn what_one_backend_shows_is_said_of_all_that_left_nothing() {
        let named = |objects: Vec<(String, ObjectFacts)>| {
            let facts = BuildFacts {
                mode: Some(Mode::Distributed),
                objects: objects.into_iter().collect(),
                ..BuildFacts::default()
            };
            let found = transport(Arch::Arm64, &facts).findings;
            let alias = found.into_iter().filter(|f| f.defect.as_deref() == Some(DEFECT));
            alias.flat_map(|f| f.sites).map(|site| site.subject).collect::<Vec<_>>()
        };
        let failed = || {
            vec![
                object("b.o", true, None, false),
                // A record that an earlier build left.
                object("c.o", true, Some("-Os"), false),
                object("d.o", true, Some("-Os"), true),
                object("e.o", false, None, false),
            ]
        };
        let witness = object("a.o", true, Some(""), true);
        assert_eq!(named([vec![witness], failed()].concat()), ["a.o", "b.o", "c.o"]);
        // Without one that shows it, it would be a guess.
        assert!(named(failed()).is_empty());
    }
}
