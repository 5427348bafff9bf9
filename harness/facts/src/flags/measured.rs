//! What compilers really do with options: `measured.tsv`, which `scripts/measure-options` writes.
//!
//! An option is measured by two modules that are compiled to ThinLTO bitcode with it, a thin link,
//! and backends with and without it. Only what changed the native object at all says anything.

use super::options::{Opt, parse};
use super::table::{Row, classify, row_of};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

/// What came out, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The backend makes another object without it.
    Changes,
    /// The backend makes the same object without it, and it is not the one that is made where the
    /// front end had not the option either: the bitcode carries it, or it is used up.
    Same,
    /// The option changed no object: nothing can be said.
    NoEffect,
    /// This clang does not take it for this target, in the front end or in the backend.
    Rejected,
    /// A program that it needs was not there.
    NotMeasured,
}

impl Outcome {
    /// Its name in the data and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::Same => "same",
            Self::NoEffect => "no effect here",
            Self::Rejected => "rejected",
            Self::NotMeasured => "not measured",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Changes, Self::Same, Self::NoEffect, Self::Rejected, Self::NotMeasured]
            .into_iter()
            .find(|outcome| outcome.name() == text)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One measurement, a line of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measurement {
    /// The option, with further words where it needs them.
    pub option: &'static str,
    /// What else every step was given; empty where nothing.
    pub given: &'static str,
    /// Release of LLVM, as clang prints it.
    pub llvm: &'static str,
    /// Architecture, as twinlto names it.
    pub arch: &'static str,
    /// What came out.
    pub outcome: Outcome,
    /// Whether the option changed the bitcode; none where there is none.
    pub bitcode: Option<bool>,
    /// Whether a backend makes another object of bitcode that was compiled without the option;
    /// none where it makes none.
    pub backend_alone: Option<bool>,
    /// Whether the in-process link, which is not told of the option, makes the object that the
    /// backend makes with it; none where it does not even without the option.
    pub in_process: Option<bool>,
    /// Sizes of the native objects with and without, in bytes, or what the compiler said.
    pub detail: &'static str,
}

impl Measurement {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let (option, given, llvm, arch) = (next()?, next()?, next()?, next()?);
        let outcome = Outcome::parse(next()?)?;
        let (bitcode, alone, inside, detail) = (next()?, next()?, next()?, next()?);
        let is = |text, yes, no| (text == yes || text == no).then_some(text == yes);
        Some(Self {
            option,
            given: if given == "-" { "" } else { given },
            llvm,
            arch,
            outcome,
            bitcode: is(bitcode, "differs", "same"),
            backend_alone: is(alone, "changes", "same"),
            in_process: is(inside, "same", "differs"),
            detail,
        })
    }

    /// The major version of LLVM.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.llvm.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
    }

    /// The words of the option.
    #[must_use]
    pub fn words(&self) -> Vec<Cow<'static, str>> {
        self.option.split(' ').map(Cow::Borrowed).collect()
    }

    /// The row of the table that decides about the option.
    #[must_use]
    pub fn row(&self) -> Option<&'static Row> {
        let words = self.words();
        parse(&words).next().and_then(row_of)
    }
}

/// Every measurement, in the order of the data: by option, release and architecture.
#[must_use]
pub fn measurements() -> &'static [Measurement] {
    static ALL: LazyLock<Vec<Measurement>> =
        LazyLock::new(|| lines().filter_map(Measurement::parse).collect());
    &ALL
}

fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("measured.tsv").lines().filter(|line| !line.starts_with('#'))
}

/// The measurements of the options that a row decides about.
pub fn measured(row: &Row) -> impl Iterator<Item = &'static Measurement> {
    measurements().iter().filter(move |m| m.row().is_some_and(|of| std::ptr::eq(of, row)))
}

/// The measurements of an option: of its very text where there are any, otherwise of those that it
/// overrides, otherwise of all that its row stands for.
#[must_use]
pub fn measured_of(option: Opt<'_>) -> Vec<&'static Measurement> {
    let Some(row) = row_of(option) else { return Vec::new() };
    let all: Vec<&Measurement> = measured(row).collect();
    let those = |alike: &dyn Fn(Opt<'_>) -> bool| -> Vec<&'static Measurement> {
        let alike = |m: &&Measurement| parse(&m.words()).next().is_some_and(alike);
        all.iter().copied().filter(alike).collect()
    };
    let same_text = those(&|other| other.text() == option.text());
    if !same_text.is_empty() {
        return same_text;
    }
    let same_family = those(&|other| classify(other).family == classify(option).family);
    if same_family.is_empty() { all } else { same_family }
}

/// What came out for a row, in one line: the gravest outcome of its options on each architecture,
/// with the major versions of LLVM where not all agree. Empty where nothing was measured.
#[must_use]
pub fn in_short(row: &Row) -> String {
    let mut cells: BTreeMap<(&str, u32), Outcome> = BTreeMap::new();
    for m in measured(row) {
        let cell = cells.entry((m.arch, m.major())).or_insert(m.outcome);
        *cell = m.outcome.min(*cell);
    }
    let mut by_outcome: BTreeMap<Outcome, BTreeMap<&str, Vec<u32>>> = BTreeMap::new();
    for ((arch, llvm), outcome) in &cells {
        by_outcome.entry(*outcome).or_default().entry(arch).or_default().push(*llvm);
    }
    let all: BTreeSet<u32> = cells.keys().map(|(_, llvm)| *llvm).collect();
    let parts = by_outcome.iter().map(|(outcome, archs)| {
        let archs = archs.iter().map(|(arch, llvms)| {
            if llvms.len() == all.len() {
                return (*arch).to_owned();
            }
            let llvms: Vec<String> = llvms.iter().map(u32::to_string).collect();
            format!("{arch} ({})", llvms.join(" "))
        });
        format!("{outcome}: {}", archs.collect::<Vec<_>>().join(", "))
    });
    parts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::{Class, TABLE};
    use super::*;

    fn outcomes(row: &Row) -> BTreeSet<Outcome> {
        measured(row).map(|m| m.outcome).collect()
    }

    #[test]
    fn every_line_of_the_data_is_a_measurement_of_a_row() {
        assert_eq!(measurements().len(), lines().count());
        assert!(measurements().len() > 1000, "{}", measurements().len());
        for m in measurements() {
            assert!(m.row().is_some(), "{} is in no row", m.option);
        }
    }

    #[test]
    fn every_llvm_and_architecture_was_asked_the_same() {
        let llvms: BTreeSet<&str> = measurements().iter().map(|m| m.llvm).collect();
        assert!(llvms.len() >= 3, "{llvms:?}");
        let asked = |llvm| -> BTreeSet<(&str, &str, &str)> {
            let of = measurements().iter().filter(|m| m.llvm == llvm);
            of.map(|m| (m.option, m.given, m.arch)).collect()
        };
        let first = llvms.first().unwrap();
        for llvm in &llvms {
            assert_eq!(asked(*llvm), asked(*first), "{llvm} and {first}");
        }
        let archs: BTreeSet<&str> = measurements().iter().map(|m| m.arch).collect();
        assert_eq!(archs, BTreeSet::from(["arm64", "loongarch", "riscv", "x86_64"]));
    }

    #[test]
    fn what_is_listed_is_what_was_measured() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases/options/list.tsv");
        let list = std::fs::read_to_string(path).unwrap();
        let listed: BTreeSet<(&str, &str)> = list
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let fields: Vec<&str> = line.split('\t').collect();
                (fields[0], if fields[3] == "-" { "" } else { fields[3] })
            })
            .collect();
        let measured = measurements().iter().map(|m| (m.option, m.given)).collect();
        assert_eq!(listed, measured, "run scripts/measure-options");
    }

    #[test]
    fn an_option_that_a_backend_needs_is_in_a_class_that_demands_it() {
        for m in measurements().iter().filter(|m| m.outcome == Outcome::Changes) {
            let class = m.row().unwrap().class;
            assert!(
                matches!(class, Class::CodegenRequired | Class::TargetSelecting),
                "{} is {class}; LLVM {} on {} makes another object without it",
                m.option,
                m.llvm,
                m.arch
            );
        }
    }

    #[test]
    fn an_option_that_a_backend_never_needs_is_not_demanded_without_a_reason() {
        for row in TABLE {
            let found = outcomes(row);
            if found.contains(&Outcome::Same) && !found.contains(&Outcome::Changes) {
                assert!(
                    matches!(
                        row.class,
                        Class::CodegenInIr | Class::FrontendOnly | Class::LtoDriver
                    ) || row.evidence.contains("demanded because"),
                    "{:?} is {}, and no backend needs it",
                    row.form,
                    row.class
                );
            }
        }
    }

    /// What is called the same was exercised: the option is in the bitcode.
    #[test]
    fn nothing_passes_that_was_not_exercised() {
        for m in measurements().iter().filter(|m| m.outcome == Outcome::Same) {
            assert_eq!(m.bitcode, Some(true), "{m:?}");
        }
    }

    #[test]
    fn a_row_says_measured_if_and_only_if_it_was() {
        for row in TABLE {
            let found = outcomes(row);
            let exercised = found.contains(&Outcome::Changes) || found.contains(&Outcome::Same);
            let says = row.evidence.starts_with("measured");
            assert!(!says || !found.is_empty(), "{} was not measured", row.form);
            let must = exercised && row.class.needed_by_backend();
            assert!(says || !must, "{} was measured: {found:?}", row.form);
        }
    }

    #[test]
    fn an_option_has_its_own_measurements_or_those_of_others_like_it() {
        let of = |text: &'static str| {
            let words: Vec<Cow<'_, str>> = text.split(' ').map(Cow::Borrowed).collect();
            let option = parse(&words).next().unwrap();
            measured_of(option).iter().map(|m| m.option).collect::<BTreeSet<&str>>()
        };
        assert_eq!(of("-O3"), BTreeSet::from(["-O3"]));
        assert_eq!(of("-O2"), BTreeSet::from(["-O1", "-O3", "-Os"]));
        assert_eq!(of("-falign-loops=7"), BTreeSet::from(["-falign-loops=64"]));
        assert_eq!(
            of("-mllvm -import-instr-limit=7"),
            BTreeSet::from(["-mllvm -import-instr-limit=0"])
        );
        assert!(of("-mllvm -x").len() > 2);
        assert!(of("-fnew-thing").is_empty());
    }
}
