//! Files that assembly includes, and objects that hold something else.

use super::{Place, with_evidence};
use twinlto_facts::build::{BuildFacts, IncludedFile, ObjectFacts};
use twinlto_facts::flags::{compile, lex, resolve};
use twinlto_model::{Evidence, Finding};

/// Judges every object that includes a file whole.
pub(super) fn judge(place: Place, facts: &BuildFacts) -> Vec<Finding> {
    let each = facts.objects.iter().flat_map(|(name, object)| {
        let stale = object.included.iter().filter(|file| file.is_held == Some(false));
        stale.map(move |file| stale_file(place, name, object, file))
    });
    each.collect()
}

/// Included files of which nobody can tell whether an object holds them.
pub(super) fn unknown(facts: &BuildFacts) -> usize {
    let files = facts.objects.values().flat_map(|object| &object.included);
    files.filter(|file| file.is_held.is_none()).count()
}

fn stale_file(place: Place, name: &str, object: &ObjectFacts, file: &IncludedFile) -> Finding {
    let left = Evidence::new("includes", format!(".incbin \"{}\"", file.path)).at(name);
    let right = Evidence::new("holds", "other contents").at(&file.holder);
    let finding =
        with_evidence(place.error("native.included.stale", name), Some(left), Some(right))
            .grouped(file.path.clone());
    let path = &file.path;
    if file.is_younger {
        return finding
            .because(format!(
                "{path} was made again after {}, and nothing made that again: neither the IR object \
                 nor a command changes with the file's contents",
                file.holder
            ))
            .remedy(format!("its rule must depend on {path}; remove {} and make again", file.holder));
    }
    match cache(object) {
        Some(cache) => finding
            .because(format!(
                "{} was made after {path} and of other contents: {cache} knows a backend by command, \
                 IR object and index, and gave what an earlier build had made",
                file.holder
            ))
            .known_as("ccache-hidden-input")
            .remedy(format!("name {path} in CCACHE_EXTRAFILES, or run this backend without {cache}")),
        None => finding.because(format!(
            "{} was made after {path} and of other contents; whether something kept an earlier \
             result, or the file was changed and its time set back, is not known",
            file.holder
        )),
    }
}

/// The cache that the backend's command asks.
fn cache(object: &ObjectFacts) -> Option<&'static str> {
    let commands = lex(&object.back.get()?.text).ok()?;
    let launcher = resolve(&compile(&commands)?.words).launcher;
    let names = launcher.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let known = ["ccache", "sccache"];
    names.filter_map(|name| known.into_iter().find(|cache| *cache == name)).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::build::{Answer, CommandText};
    use twinlto_model::{Arch, Mode};

    fn judged(program: &str, is_held: Option<bool>, is_younger: bool) -> Vec<Finding> {
        let text = format!("{program} -O2 -x ir -c -o a.thinlto-native.o a.o");
        let back = CommandText { text, path: String::new(), target: String::new() };
        let holder = "a.thinlto-native.o".to_owned();
        let file = IncludedFile { path: "a.gz".to_owned(), holder, is_held, is_younger };
        let object = ObjectFacts {
            back: Answer::Read(back),
            included: vec![file],
            ..ObjectFacts::default()
        };
        let mut facts = BuildFacts::default();
        facts.objects.insert("a.o".to_owned(), object);
        judge(Place { arch: Arch::Arm64, mode: Mode::Distributed }, &facts)
    }

    #[test]
    fn an_object_that_holds_other_contents_is_named_with_what_is_known_of_why() {
        assert!(judged("ccache clang", Some(true), true).is_empty());
        assert!(judged("ccache clang", None, true).is_empty());
        let one = |program: &str, is_younger| judged(program, Some(false), is_younger).remove(0);
        let cached = one("/usr/bin/ccache clang-22", false);
        assert_eq!(cached.defect.as_deref(), Some("ccache-hidden-input"));
        assert!(cached.cause.unwrap().contains("ccache knows a backend by"));
        let plain = one("clang", false);
        assert_eq!(plain.defect, None);
        assert!(plain.cause.unwrap().contains("is not known"));
        let younger = one("ccache clang", true);
        assert_eq!(younger.defect, None);
        assert!(younger.cause.unwrap().contains("nothing made that again"));
    }
}
