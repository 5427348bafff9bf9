//! What the expectations themselves bring up: entries that are for nothing, and entries that are
//! due for review. Only entries that speak of what this run compared.

use super::apply::Compared;
use super::date::Date;
use super::file::{Allow, Expectations};
use super::keys::{Needs, needs};
use twinlto_model::{Evidence, Finding, Key, Layer, Severity, Site};

impl Expectations {
    /// Findings about the file, given everything that the run compared and the day it is.
    #[must_use]
    pub fn leftovers(&self, compared: &[Compared], today: Date) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (number, allow) in self.allow.iter().enumerate() {
            let within = |c: &&Compared| {
                allow.covers(c.arch, c.llvm) && allow.mode.is_none_or(|m| c.modes.contains(&m))
            };
            let within: Vec<&Compared> = compared.iter().filter(within).collect();
            // One that matched anywhere is of use; where something was not compared, it may be.
            let idle = |c: &&Compared| c.whole && looked(allow, c) && !c.matched.contains(&number);
            let idle = within.iter().all(idle);
            let unused =
                if idle { self.unused(allow.line, &allow.describe(), &within) } else { None };
            // One that is to be taken out needs no review.
            findings.extend(unused.or_else(|| self.review(allow, today, &within)));
        }
        for (number, budget) in self.budgets.iter().enumerate() {
            let idle = |c: &Compared| {
                c.whole
                    && !c.records
                    && c.layers.contains(&Layer::Sections)
                    && !c.budgets.contains(&number)
            };
            if compared.iter().all(idle) {
                let entry = format!("a budget for section {}", budget.section.as_str());
                findings.extend(self.unused(budget.line, &entry, &Vec::from_iter(compared)));
            }
        }
        findings
    }

    fn unused(&self, line: usize, entry: &str, compared: &[&Compared]) -> Option<Finding> {
        if self.unused_is_fine {
            return None;
        }
        let finding = self.about("expectation.unused", line, compared, |site| {
            let nothing = Evidence::new("found", "nothing that it matches");
            site.sides(Evidence::new("expected", entry), nothing)
        })?;
        Some(
            finding
                .because("the difference is gone, or the entry never fitted it")
                .remedy("take the entry out, so that it cannot hide a difference to come"),
        )
    }

    fn review(&self, allow: &Allow, today: Date, compared: &[&Compared]) -> Option<Finding> {
        let day = allow.review.filter(|day| *day < today)?;
        let finding = self.about("expectation.review", allow.line, compared, |site| {
            let review = Evidence::new("review by", day.to_string());
            site.sides(Evidence::new("allowed", allow.describe()), review)
        })?;
        Some(
            finding
                .because(format!("its review date is past; its reason was: {}", allow.reason))
                .remedy("see whether the reason still holds; then move the date, or take it out"),
        )
    }

    /// A warning about one line of the file, once for every architecture that it is for.
    fn about(
        &self,
        key: &'static str,
        line: usize,
        compared: &[&Compared],
        sides: impl Fn(Site) -> Site,
    ) -> Option<Finding> {
        let place = self.place(line);
        let site = |c: &&Compared| sides(Site::new(c.arch, None, place.clone()));
        let sites: Vec<Site> = compared.iter().map(site).collect();
        let finding = Finding::new(Key::new(key), Severity::Warning, sites.first()?.clone());
        Some(Finding { sites, ..finding.grouped(place.as_str()) })
    }
}

/// Whether everything was compared that could have matched. Without that, an entry that matched
/// nothing says nothing: an audit of one build finds no lost symbol.
fn looked(allow: &Allow, compared: &Compared) -> bool {
    let both = compared.both;
    // What only `diff` of two records finds, no other run looks for.
    let sought = |needs: &Needs| compared.records || *needs != Needs::Records;
    let mut needs = needs(&allow.key).filter(sought).peekable();
    needs.peek().is_some()
        && needs.all(|needs| match needs {
            Needs::One(layer) => compared.layers.contains(&layer),
            // Only objects that were asked for are compared.
            Needs::Both(Layer::Code) => false,
            Needs::Both(layer) => both && compared.layers.contains(&layer),
            Needs::All => Layer::ALL.iter().all(|layer| compared.layers.contains(layer)),
            Needs::Request => compared.requested,
            Needs::Records => compared.records,
        })
}

impl Allow {
    /// `symbol.lost at foo*, llvm >=23`
    fn describe(&self) -> String {
        let mut text = format!("{} at {}", self.key.as_str(), self.subject.as_str());
        if let Some(mode) = self.mode {
            text.push_str(&format!(", {mode}"));
        }
        if let Some(llvm) = self.llvm {
            text.push_str(&format!(", llvm {llvm}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use twinlto_model::{Arch, Mode};

    fn compared(arch: Arch) -> Compared {
        Compared {
            arch,
            both: true,
            whole: true,
            records: false,
            modes: vec![Mode::Distributed, Mode::InProcess],
            llvm: Some(22),
            layers: Layer::ALL.into(),
            requested: false,
            matched: BTreeSet::new(),
            budgets: BTreeSet::new(),
        }
    }

    fn keys(fields: &str, compared: &[Compared]) -> Vec<String> {
        let text = format!("[[allow]]\nreason = 'known'\n{fields}\n");
        let file = Expectations::parse("t.toml", &text).unwrap();
        let found = file.leftovers(compared, Date::new(2026, 6, 15).unwrap());
        found.iter().map(|f| f.key.as_str().to_owned()).collect()
    }

    #[test]
    fn what_matched_nothing_is_said_only_where_it_could_have() {
        let all = [compared(Arch::Arm64), compared(Arch::Riscv)];
        let unused = ["expectation.unused"];
        assert_eq!(keys("key = 'symbol.*'", &all), unused);
        for elsewhere in ["arch = 'x86_64'", "llvm = 23", "mode = 'in-process'"] {
            let mut one = compared(Arch::Arm64);
            one.modes = vec![Mode::Distributed];
            assert!(keys(&format!("key = 'flags.lto.on'\n{elsewhere}"), &[one]).is_empty());
        }
        let mut half = compared(Arch::Arm64);
        half.layers.remove(&Layer::Symbols);
        assert!(keys("key = 'symbol.*'", std::slice::from_ref(&half)).is_empty());
        assert!(keys("key = '*'", &[half]).is_empty());
        assert!(keys("key = 'config.lost'", &all).is_empty());
        let mut one = compared(Arch::Arm64);
        (one.modes, one.both) = (vec![Mode::Distributed], false);
        assert!(keys("key = 'export.lost'", std::slice::from_ref(&one)).is_empty());
        assert_eq!(keys("key = 'export.crc.lost'", &[one]), unused);
    }

    #[test]
    fn one_match_on_any_architecture_is_use() {
        let mut all = [compared(Arch::Arm64), compared(Arch::Riscv)];
        all[1].matched.insert(0);
        assert!(keys("key = 'symbol.*'", &all).is_empty());
        let budget = "key = 'symbol.*'\n[[budget]]\nsection = '.txt'\ngrowth = '1%'";
        assert_eq!(keys(budget, &all), ["expectation.unused"]);
        all[0].budgets.insert(0);
        assert!(keys(budget, &all).is_empty());
    }

    #[test]
    fn the_day_of_review_itself_is_not_past() {
        let mut one = compared(Arch::Arm64);
        one.matched.insert(0);
        let keys = |day: &str| {
            keys(&format!("key = 'symbol.*'\nreview = {day}"), std::slice::from_ref(&one))
        };
        assert_eq!(keys("2026-06-14"), ["expectation.review"]);
        assert!(keys("2026-06-15").is_empty());
        one.matched.clear();
        let unused = self::keys("key = 'symbol.*'\nreview = 2026-06-14", &[one]);
        assert_eq!(unused, ["expectation.unused"]);
    }

    #[test]
    fn one_entry_is_one_finding_with_a_place_on_every_architecture() {
        let text = "\n[[allow]]\nkey = 'symbol.lost'\nreason = 'x'\n";
        let file = Expectations::parse("t.toml", text).unwrap();
        let all = [compared(Arch::Arm64), compared(Arch::Riscv)];
        let found = file.leftovers(&all, Date::new(2026, 1, 1).unwrap());
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(finding.subjects(), ["t.toml:2"]);
        assert_eq!(finding.arches(), [Arch::Arm64, Arch::Riscv]);
    }
}
