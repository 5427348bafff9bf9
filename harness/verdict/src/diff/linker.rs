//! Linker options: the thin link and the in-process link must steer ThinLTO alike.

use super::Sides;
use std::borrow::Cow;
use std::collections::BTreeSet;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::flags::{call, lex, link, parse};
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
    let call = call(&link(&commands)?.words);
    let words: Vec<Cow<'_, str>> = call.arguments.iter().map(|w| Cow::Borrowed(*w)).collect();
    Some(parse(&words).filter_map(|option| steering(&option.text())).collect())
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

/// A Makefile that gives options to in-process links alone.
#[derive(Debug)]
struct Gate {
    makefile: &'static str,
    /// The symbol by which it is included.
    symbol: &'static str,
    /// How its options begin.
    options: &'static [&'static str],
}

impl Gate {
    fn is_on(&self, facts: &BuildFacts) -> bool {
        facts.config.is_yes(self.symbol)
    }
}

/// Source: Linux 7.3.4, where no other file below `scripts/` asks for `CONFIG_LTO_CLANG_THIN` alone.
const GATES: &[Gate] = &[
    Gate {
        makefile: "scripts/Makefile.autofdo",
        symbol: "AUTOFDO_CLANG",
        options: &[
            "--lto-sample-profile=",
            "-mllvm -enable-fs-discriminator",
            "-mllvm -improved-fs-discriminator",
            "-mllvm -function-splitting",
            "-mllvm -split-machine-functions",
            "-plugin-opt=thinlto",
        ],
    },
    Gate {
        makefile: "scripts/Makefile.propeller",
        symbol: "PROPELLER_CLANG",
        options: &["--lto-basic-block-sections", "--lto-basic-block-address-map"],
    },
];

fn gate(option: &str) -> Option<&'static Gate> {
    GATES.iter().find(|gate| gate.options.iter().any(|start| option.starts_with(start)))
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
        let gate = gate(option).filter(|gate| full.contains(option) && gate.is_on(b));
        findings.push(match gate {
            Some(gate) => finding
                .because(format!(
                    "{} gives it to the link where CONFIG_LTO_CLANG_THIN is set, and does not ask \
                     for CONFIG_LTO_CLANG_THIN_DIST",
                    gate.makefile
                ))
                .known_as("profile-ldflags-gate")
                .grouped(gate.makefile),
            None if option == RELOCATABLE => finding.because(
                "without -r a link takes its objects for the whole program: symbols that nothing in \
                 it refers to become local or are left out",
            ),
            None => finding
                .because("the thin link and the in-process link are given different options")
                .known_as("ldflags-drift")
                .grouped("linker"),
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
    use super::*;
    use twinlto_facts::kbuild::Config;
    use twinlto_model::Arch;

    #[test]
    fn the_gate_of_a_profiles_options_is_named() {
        let build = |config: &str, thin: Option<&str>, link: Option<&str>| BuildFacts {
            config: Config::parse(config),
            thin_link: thin.map(str::to_owned),
            link: link.map(str::to_owned),
            ..BuildFacts::default()
        };
        let plain = build("", Some("ld.lld -r -o v a.o"), None);
        let causes = |config: &str, options: &str| -> Vec<String> {
            let full = build(config, None, Some(&format!("ld.lld {options} -r -o v a.o")));
            let found = linker(Sides::modes(Arch::X86_64), &plain, &full).unwrap();
            found.iter().filter_map(|f| f.cause.clone()).collect()
        };
        let autofdo = "--mllvm=-enable-fs-discriminator=true --mllvm=-improved-fs-discriminator=true \
            -plugin-opt=thinlto -plugin-opt=-split-machine-functions --lto-sample-profile=x";
        let found = causes("CONFIG_AUTOFDO_CLANG=y\n", autofdo);
        assert_eq!(found.len(), 5);
        assert!(found.iter().all(|cause| cause.starts_with("scripts/Makefile.autofdo")));
        let found = causes("CONFIG_PROPELLER_CLANG=y\n", "--lto-basic-block-address-map");
        assert!(found.iter().all(|cause| cause.starts_with("scripts/Makefile.propeller")));
        // Whoever gave them to a kernel without profiles, it was not that file.
        assert!(causes("", autofdo).iter().all(|cause| cause.starts_with("the thin link")));
    }

    #[test]
    fn the_command_that_runs_the_linker_counts() {
        let of = |text: &str| lto_options(Some(&text.to_owned())).unwrap();
        let plain = of("ld.lld -mllvm -x --lto-O2 -r -o v a.o");
        assert_eq!(plain.len(), 3);
        for text in [
            "rm -f v; ld.lld -mllvm -x --lto-O2 -r -o v a.o",
            "set -e; LC_ALL=C /b/ld.lld-22 -mllvm=-x --lto-O2 -r -o v a.o; objtool v",
            "ccache aarch64-linux-gnu-ld -plugin-opt=-x --lto-O2 -r -o v a.o",
        ] {
            assert_eq!(of(text), plain, "{text}");
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
