//! Which findings follow from others: one cause is one entry, and what it brings with it is said
//! to come from there.

use std::collections::BTreeSet;
use twinlto_model::{Finding, Severity, Tier};

/// One line of the table: what each of the causes brings with it.
struct Rule {
    /// Keys of causes, or their beginnings up to a dot.
    causes: &'static [&'static str],
    /// Keys of consequences, or their beginnings up to a dot.
    consequences: &'static [&'static str],
    reach: Reach,
}

/// How sure it is that a consequence has this cause.
enum Reach {
    /// Of the same object, and there is no other way: it is not reported again.
    Object,
    /// Somewhere in the same kernel: it is reported with this as its cause, unless it has a better
    /// one. What is only likely says "perhaps".
    Kernel(&'static str),
}

const RULES: &[Rule] = &[
    // Without options clang compiles for the machine it runs on, or not at all.
    Rule {
        causes: &["flags.backend.missing", "flags.saved.missing", "flags.saved.cut"],
        consequences: &["native.machine", "native.e-flags", "native.missing"],
        reach: Reach::Object,
    },
    Rule {
        causes: &["flags.option.missing", "flags.option.changed"],
        consequences: &["native.machine", "native.e-flags", "native.missing"],
        reach: Reach::Object,
    },
    // Nobody can say what became of a backend whose command makes no sense.
    Rule { causes: &["cmd."], consequences: &["native.missing"], reach: Reach::Object },
    // modpost writes 0 where it finds no CRC.
    Rule {
        causes: &["export.crc.lost"],
        consequences: &["export.crc.changed"],
        reach: Reach::Object,
    },
    Rule { causes: &["flags.lto.on"], consequences: &["native.bitcode"], reach: Reach::Object },
    // clang says that it cannot load an index, and exits 0.
    Rule {
        causes: &["index.unreadable", "index.missing"],
        consequences: &["native.empty"],
        reach: Reach::Object,
    },
    // Its front ends were told different things, which is why.
    Rule {
        causes: &["flags.front.changed", "flags.environment.changed"],
        consequences: &["ir.bytes.changed"],
        reach: Reach::Object,
    },
    // Its native object stands in its place.
    Rule {
        causes: &["archive.member.not-indexed"],
        consequences: &["archive.member.missing"],
        reach: Reach::Object,
    },
    // The same message, and why it ends one build alone.
    Rule {
        causes: &["log.severity.changed"],
        consequences: &["native.missing"],
        reach: Reach::Object,
    },
    // It quotes what the backend said.
    Rule {
        causes: &["flags.", "native.missing", "native.empty", "index."],
        consequences: &["log.error.new"],
        reach: Reach::Object,
    },
    // The records and the artefacts say why an object is another one.
    Rule {
        causes: &["flags.", "native.", "index.", "ir.", "cmd."],
        consequences: &["replay.backend."],
        reach: Reach::Object,
    },
    Rule {
        causes: &["archive.order.changed"],
        consequences: &["initcall.order.", "file.order.changed"],
        reach: Reach::Kernel("the objects are linked in another order: see archive.order.changed"),
    },
    Rule {
        causes: &["archive.order.changed"],
        consequences: &["label.", "section.size."],
        reach: Reach::Kernel(
            "perhaps because the objects are linked in another order: see archive.order.changed",
        ),
    },
    Rule {
        causes: &["archive.member.", "native.", "ir."],
        consequences: &[
            "symbol.",
            "section.",
            "label.",
            "initcall.",
            "table.",
            "export.",
            "module.",
        ],
        reach: Reach::Kernel(
            "perhaps because the kernels were not linked from the same objects: see ARTEFACTS",
        ),
    },
    Rule {
        causes: &["flags.linker.changed"],
        consequences: &[
            "symbol.",
            "section.",
            "label.",
            "segment.",
            "image.",
            "initcall.",
            "table.",
        ],
        reach: Reach::Kernel(
            "perhaps because the links are given different options: see flags.linker.changed",
        ),
    },
    Rule {
        causes: &["flags."],
        consequences: &[
            "symbol.lost",
            "symbol.added",
            "symbol.count",
            "symbol.undefined.changed",
            "symbol.dwarf.producers",
            "section.",
            "elf.header.changed",
            "initcall.",
            "table.",
        ],
        reach: Reach::Kernel(
            "perhaps because backends compiled with other options than their front ends: see TRANSPORT",
        ),
    },
];

impl Rule {
    fn has(list: &[&str], finding: &Finding) -> bool {
        let key = finding.key.as_str();
        list.iter().any(|entry| key == *entry || (entry.ends_with('.') && key.starts_with(entry)))
    }

    /// The objects that a cause of this rule was found at.
    fn subjects<'f>(&self, findings: &[&'f Finding]) -> BTreeSet<&'f str> {
        let causes = findings.iter().filter(|f| f.severity == Severity::Error);
        let causes = causes.filter(|f| Self::has(self.causes, f));
        causes.flat_map(|f| f.subjects()).flat_map(with_object).collect()
    }
}

/// A subject, and the object that it is in: `f in lib/a.o`.
fn with_object(subject: &str) -> impl Iterator<Item = &str> {
    let object = subject.rsplit_once(" in ").map(|(_, object)| object);
    [Some(subject), object].into_iter().flatten()
}

/// The findings of one architecture, less those that only repeat another one, and with a cause
/// where that is the finding of an earlier layer.
pub(crate) fn settle(findings: &[&Finding]) -> Vec<Finding> {
    let mut settled: Vec<Finding> = findings.iter().map(|f| (*f).clone()).collect();
    for rule in RULES {
        let subjects = rule.subjects(findings);
        if subjects.is_empty() {
            continue;
        }
        match rule.reach {
            Reach::Object => settled.retain(|finding| {
                let follows = Rule::has(rule.consequences, finding);
                let known = |subject: &&str| with_object(subject).any(|it| subjects.contains(it));
                !(follows && finding.subjects().iter().all(known))
            }),
            Reach::Kernel(cause) => {
                let open = |f: &&mut Finding| {
                    f.tier == Tier::Unexplained && Rule::has(rule.consequences, f)
                };
                for finding in settled.iter_mut().filter(open) {
                    let said = finding.clone().because(cause).grouped(cause);
                    *finding = said;
                }
            }
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Arch, Key, Site};

    fn finding(key: &'static str, subject: &str) -> Finding {
        Finding::new(Key::new(key), Severity::Error, Site::new(Arch::Riscv, None, subject))
    }

    fn settled(list: &[Finding]) -> Vec<(String, bool)> {
        let list: Vec<&Finding> = list.iter().collect();
        let settled = settle(&list);
        settled.iter().map(|f| (f.key.as_str().to_owned(), f.cause.is_some())).collect()
    }

    #[test]
    fn what_an_object_lost_explains_what_became_of_that_object() {
        let lost = finding("flags.option.missing", "a.o");
        let flags = |subject| finding("native.e-flags", subject);
        assert_eq!(settled(&[lost.clone(), flags("a.o")]).len(), 1);
        assert_eq!(settled(&[lost, flags("b.o")]).len(), 2);
    }

    #[test]
    fn one_message_is_told_once_by_the_finding_that_knows_most() {
        let missing = finding("native.missing", "lib/a.o");
        let severity = finding("log.severity.changed", "f in lib/a.o");
        let told = settled(&[missing.clone(), severity]);
        assert_eq!(told, [("log.severity.changed".to_owned(), false)]);
        let told = settled(&[missing, finding("log.error.new", "lib/a.o")]);
        assert_eq!(told, [("native.missing".to_owned(), false)]);
        assert_eq!(settled(&[finding("log.error.new", "lib/a.o")]).len(), 1);
    }

    #[test]
    fn what_the_kernel_lost_is_the_cause_of_what_differs_in_it() {
        let all = [
            finding("flags.lto.on", "a.o"),
            finding("symbol.lost", "f"),
            finding("initcall.lost", "g"),
        ];
        let settled = settled(&all);
        assert_eq!(settled.len(), 3);
        assert!(settled.iter().skip(1).all(|(_, has_cause)| *has_cause));
    }

    #[test]
    fn a_warning_and_a_cause_of_another_kind_explain_nothing() {
        let mut lost = finding("flags.option.missing", "a.o");
        lost.severity = Severity::Warning;
        let all = [lost, finding("archive.order.changed", "b.o"), finding("symbol.lost", "f")];
        assert!(settled(&all).iter().all(|(_, has_cause)| !has_cause));
    }
}
