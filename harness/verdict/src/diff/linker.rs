//! Linker options: the thin link and the in-process link must steer ThinLTO alike.

use super::Sides;
use std::collections::BTreeSet;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::flags::{Command, lex, parse};
use twinlto_model::{Finding, Severity};

/// What kbuild gives to the in-process link alone (`Makefile`, Linux 7.3): lld 23 and later
/// then keep the names of promoted locals that are unique.
const RENAME: &str = "-mllvm -always-rename-promoted-locals=false";

/// All that belongs to it.
const RENAME_POLICY: [&str; 2] = [RENAME, "--lto-whole-program-visibility"];

/// What both links are given, for neither makes the kernel as it runs. Without it lld takes what it
/// sees for all that there is (`lld/ELF/LTO.cpp`, LLVM 22).
const RELOCATABLE: &str = "-r";

/// Options of one link that steer ThinLTO, sorted; none where no command is recorded.
fn lto_options(command: Option<&String>) -> Option<BTreeSet<String>> {
    let commands = lex(command?).ok()?;
    // Others may stand before it: `rm -f FILE; ld.lld ...`.
    let links = |command: &&Command<'_>| command.words.iter().any(|word| is_linker(word));
    let words = &commands.iter().find(links).or(commands.first())?.words;
    Some(parse(words).filter_map(|option| steering(&option.text())).collect())
}

/// Whether a word is the name of a linker, however it is called: `ld.lld-22`,
/// `aarch64-linux-gnu-ld`, `/opt/bin/ld.lld`.
fn is_linker(word: &str) -> bool {
    let base = word.rsplit('/').next().unwrap_or(word);
    !word.starts_with('-') && base.split(['.', '-']).any(|part| part == "ld" || part == "lld")
}

/// An option that steers ThinLTO, in one spelling: lld takes `-mllvm X`, `-mllvm=X`, `-plugin-opt=-X`
/// and each with two dashes for the same (`lld/ELF/Options.td`, LLVM 17 to 24).
fn steering(text: &str) -> Option<String> {
    let bare = text.trim_start_matches('-');
    if text == "-r" || bare == "relocatable" {
        return Some(RELOCATABLE.to_owned());
    }
    for (name, end) in [("mllvm", ' '), ("mllvm", '='), ("plugin-opt", ' '), ("plugin-opt", '=')] {
        let value = bare.strip_prefix(name).and_then(|rest| rest.strip_prefix(end));
        match value {
            Some(value) if name == "mllvm" || value.starts_with('-') => {
                return Some(format!("-mllvm {value}"));
            }
            Some(value) => return Some(format!("-plugin-opt={value}")),
            None => {}
        }
    }
    (text.starts_with("--lto-") || bare.starts_with("lto-O")).then(|| text.to_owned())
}

/// Compares the thin link of the distributed build with the link of the in-process one; none
/// where one of them is not recorded.
pub(crate) fn linker(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Option<Vec<Finding>> {
    let (thin, full) = (lto_options(a.thin_link.as_ref())?, lto_options(b.link.as_ref())?);
    let (mut findings, mut policy) = (Vec::new(), false);
    for option in thin.symmetric_difference(&full) {
        if RENAME_POLICY.contains(&option.as_str()) && full.contains(option) {
            policy = true;
            continue;
        }
        let side = |set: &BTreeSet<String>| {
            if set.contains(option) { option.clone() } else { "not there".to_owned() }
        };
        let finding = sides.finding(
            "flags.linker.changed",
            Severity::Error,
            option,
            side(&thin),
            side(&full),
        );
        findings.push(if option == RELOCATABLE {
            finding.because(
                "without -r a link takes its objects for the whole program: symbols that nothing in \
                 it refers to become local or are left out",
            )
        } else {
            finding
                .because("the thin link and the in-process link are given different options")
                .known_as("ldflags-drift")
                .grouped("linker")
        });
    }
    let policy = match (policy, full.contains(RENAME) && thin.contains(RENAME)) {
        (true, _) => Policy::InProcessAlone,
        (false, true) if !told(a) => Policy::LinkAlone,
        (false, _) if !findings.is_empty() => Policy::OtherLink,
        (false, _) => Policy::Unknown,
    };
    findings.extend(promotion(sides, a, b, policy));
    Some(findings)
}

/// Why the modes may promote otherwise.
#[derive(Debug, Clone, Copy)]
enum Policy {
    /// Only the in-process link is told to keep names, as kbuild has it.
    InProcessAlone,
    /// The thin link is told too, and no backend, which is where distributed names are made.
    LinkAlone,
    /// The links are steered otherwise.
    OtherLink,
    Unknown,
}

/// Whether any backend was told to keep names.
fn told(facts: &BuildFacts) -> bool {
    let backends = facts.objects.values().filter_map(|object| object.back.get());
    backends.into_iter().any(|command| command.text.contains("-always-rename-promoted-locals"))
}

/// How many locals carry `.llvm.<hash>` in each mode.
fn promotion(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts, policy: Policy) -> Option<Finding> {
    let (left, right) = (super::promoted(a.image.get()?), super::promoted(b.image.get()?));
    if left == right {
        return None;
    }
    let finding = |severity| {
        let text = |n: u64| format!("{n} names with .llvm.");
        let subject = "promoted names";
        sides.finding("symbol.promotion.policy", severity, subject, text(left), text(right))
    };
    Some(match policy {
        Policy::InProcessAlone => finding(Severity::Note)
            .because(
                "kbuild gives -mllvm -always-rename-promoted-locals=false to the in-process link \
                 alone, and this lld knows it",
            )
            .lawful(),
        Policy::LinkAlone => finding(Severity::Warning)
            .because(
                "the thin link got -mllvm -always-rename-promoted-locals=false and no backend did, \
                 and the backends make the names",
            )
            .known_as("rename-guard")
            .remedy("give it to in-process links alone, or to every backend as well (Makefile)"),
        Policy::OtherLink => finding(Severity::Warning)
            .because("the links are given different options: see flags.linker.changed"),
        Policy::Unknown => finding(Severity::Warning)
            .not_because("the rename option, which neither link was given"),
    })
}

#[cfg(test)]
mod tests {
    use super::{is_linker, lto_options, steering};

    #[test]
    fn the_link_is_found_wherever_it_stands() {
        for text in
            ["ld.lld -r --lto-O2 a.o", "rm -f x; ld.lld -r --lto-O2 a.o", "LC_ALL=C ld -r --lto-O2"]
        {
            let found = lto_options(Some(&text.to_owned())).unwrap();
            assert_eq!(Vec::from_iter(found), ["--lto-O2", "-r"], "{text}");
        }
        for word in ["ld", "/usr/bin/ld.lld-22", "aarch64-linux-gnu-ld", "lld"] {
            assert!(is_linker(word), "{word}");
        }
        for word in ["rm", "old", "-ld", "./tools/objtool/objtool", "ldconfig"] {
            assert!(!is_linker(word), "{word}");
        }
    }

    #[test]
    fn all_spellings_of_one_option_are_one() {
        for text in ["-mllvm -x=1", "--mllvm=-x=1", "-mllvm=-x=1", "-plugin-opt=-x=1"] {
            assert_eq!(steering(text).as_deref(), Some("-mllvm -x=1"), "{text}");
        }
        assert_eq!(steering("--lto-O0").as_deref(), Some("--lto-O0"));
        assert_eq!(steering("-plugin-opt=thinlto").as_deref(), Some("-plugin-opt=thinlto"));
        assert_eq!(steering("-m elf_x86_64"), None);
    }
}
