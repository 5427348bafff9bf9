//! Places of findings in the first run, and whether the second run says the same there.

use std::collections::BTreeMap;
use twinlto_model::{Arch, Evidence, Finding, Mode, Report, Severity, Site, Tier};

/// Findings and whether they are allowed.
pub(super) fn all(report: &Report) -> Vec<(&Finding, bool)> {
    let open = report.findings.iter().map(|finding| (finding, false));
    open.chain(report.allowed.iter().map(|allowed| (&allowed.finding, true))).collect()
}

type Place<'r> = (&'r str, Arch, Option<Mode>, &'r str);

/// A finding at one place of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'r> {
    pub(super) finding: &'r Finding,
    pub(super) site: &'r Site,
    pub(super) allowed: bool,
}

impl<'r> At<'r> {
    fn place(&self) -> Place<'r> {
        let Self { finding, site, .. } = self;
        (finding.key.as_str(), site.arch, site.mode, site.subject.as_str())
    }

    fn texts(&self) -> [&'r str; 2] {
        [&self.site.left, &self.site.right].map(text)
    }

    /// Whether it weighs no more than the old one did, or somebody expects it.
    fn is_no_worse(&self, old: &Self) -> bool {
        let severity = self.finding.severity >= old.finding.severity;
        old.allowed || self.allowed || (severity && self.finding.tier <= old.finding.tier)
    }

    /// Whether it is the same in every word.
    pub(super) fn is_same(&self, old: &Self) -> bool {
        self.finding.cause == old.finding.cause
            && self.texts() == old.texts()
            && self.is_no_worse(old)
    }

    /// Whether it is no news: what both sides hold is what it was, or it is lawful and its
    /// numbers moved a little.
    pub(super) fn is_known(&self, old: &Self) -> bool {
        let gates = |at: &Self| at.finding.gates() && !at.allowed;
        let cause = |at: &Self| at.finding.cause.as_deref().map(|cause| numbers(cause).0);
        let [(l, r), (old_l, old_r)] =
            [self, old].map(|at| (text(&at.site.left), text(&at.site.right)));
        let little = !gates(self)
            && !gates(old)
            && cause(self) == cause(old)
            && moved_a_little(old_l, l)
            && moved_a_little(old_r, r);
        self.is_no_worse(old) && (self.allowed || little || self.texts() == old.texts())
    }

    /// Whether its severity is worse than the old one's.
    pub(super) fn is_more_severe(&self, old: &Self) -> bool {
        self.finding.severity < old.finding.severity
    }

    /// What it was before, as far as that is other.
    pub(super) fn was(&self, old: &Self) -> String {
        let mut parts = Vec::new();
        if self.finding.severity != old.finding.severity {
            parts.push(format!("was {}", article(old.finding.severity)));
        } else if self.finding.tier != old.finding.tier {
            parts.push(format!("was {}", tier(old.finding.tier)));
        }
        if self.texts() != old.texts() {
            let [left, right] = old.texts();
            parts.push(format!("was {left} → {right}"));
        }
        parts.join("; ")
    }
}

fn text(evidence: &Option<Evidence>) -> &str {
    evidence.as_ref().map(|evidence| evidence.text.as_str()).unwrap_or_default()
}

const fn article(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "an error",
        Severity::Warning => "a warning",
        Severity::Note => "a note",
    }
}

const fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Lawful => "lawful",
        Tier::Caused => "explained",
        Tier::Unexplained => "unexplained",
    }
}

/// A text without its numbers, and these.
fn numbers(text: &str) -> (String, Vec<u64>) {
    let (mut rest, mut numbers) = (String::new(), Vec::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(digit) = c.to_digit(10) else {
            rest.push(c);
            continue;
        };
        let mut number = u64::from(digit);
        while let Some(next) = chars.peek().and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(u64::from(next));
            chars.next();
        }
        rest.push('#');
        numbers.push(number);
    }
    (rest, numbers)
}

/// Whether two texts differ in numbers alone, and in none by more than a tenth.
fn moved_a_little(a: &str, b: &str) -> bool {
    let ((words, a), (other_words, b)) = (numbers(a), numbers(b));
    let little = |(a, b): (&u64, &u64)| a.abs_diff(*b) <= *a.max(b) / 10;
    words == other_words && a.iter().zip(&b).all(little)
}

/// The places of the first run that were not matched yet.
pub(super) struct Places<'r>(BTreeMap<Place<'r>, Vec<At<'r>>>);

impl<'r> Places<'r> {
    pub(super) fn of(report: &'r Report) -> Self {
        let mut places: BTreeMap<Place<'r>, Vec<At<'r>>> = BTreeMap::new();
        for (finding, allowed) in all(report) {
            for site in &finding.sites {
                let at = At { finding, site, allowed };
                places.entry(at.place()).or_default().push(at);
            }
        }
        Self(places)
    }

    /// Takes one at this place that fits, if there is one.
    pub(super) fn take(&mut self, at: At<'r>, fits: impl Fn(&At<'r>) -> bool) -> Option<At<'r>> {
        let olds = self.0.get_mut(&at.place())?;
        let found = olds.iter().position(fits)?;
        Some(olds.remove(found))
    }
}

#[cfg(test)]
mod tests {
    use super::moved_a_little;

    #[test]
    fn a_tenth_is_a_little() {
        assert!(moved_a_little("2471912 bytes", "2471000 bytes"));
        assert!(moved_a_little("100 bytes", "91 bytes"));
        assert!(!moved_a_little("2471912 bytes", "9471912 bytes"));
        assert!(!moved_a_little("0 bytes", "1 bytes"));
        assert!(!moved_a_little("100 bytes", "100 symbols"));
        assert!(!moved_a_little("0x1f", "0x1e"));
    }
}
