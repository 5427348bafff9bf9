//! Whether what twinlto says of an edit is right.

use super::data::{Edit, Expect};
use super::truth::Truth;
use serde_json::Value;

/// How an edit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It changes a kernel, and a finding with a cause names object or option.
    Caught,
    /// It changes a kernel, the twins differ, and no finding names object or option with a cause.
    Vague,
    /// It changes a kernel, nothing was found, and a line says that this was not looked at.
    Listed,
    /// It changes a kernel, and nothing is said.
    Missed,
    /// It changes no kernel, and nothing is said.
    Quiet,
    /// It changes no kernel but a recorded option or an object, and that is said.
    Told,
    /// It changes nothing, or both kernels alike, and something is said to be wrong.
    Alarm,
}

impl Verdict {
    /// Every verdict, in the order of the table.
    pub(crate) const ALL: [Self; 7] = [
        Self::Caught,
        Self::Vague,
        Self::Listed,
        Self::Missed,
        Self::Quiet,
        Self::Told,
        Self::Alarm,
    ];

    /// In a word.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Vague => "vague",
            Self::Listed => "listed",
            Self::Missed => "MISSED",
            Self::Quiet => "quiet",
            Self::Told => "told",
            Self::Alarm => "ALARM",
        }
    }

    /// The verdict of a word.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }

    /// Whether it counts among the edits that change a kernel.
    pub(crate) const fn is_of_a_change(&self) -> bool {
        matches!(self, Self::Caught | Self::Vague | Self::Listed | Self::Missed)
    }
}

/// Findings that say something is wrong.
pub(crate) fn gating(report: &Value) -> Vec<&Value> {
    let findings = report["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let gates = |it: &&Value| it["severity"] != "note" && it["tier"] != "lawful";
    findings.iter().filter(gates).collect()
}

/// In short: the keys of what is wrong with the first subject of each.
pub(crate) fn in_short(report: &Value) -> String {
    let short = |it: &&Value| {
        let subjects = it["subjects"].as_array();
        let first = subjects.and_then(|it| it.first()).and_then(Value::as_str);
        format!("{} of {}", it["key"].as_str().unwrap_or("?"), first.unwrap_or("?"))
    };
    let all: Vec<_> = gating(report).iter().map(short).collect();
    all.join(", ")
}

/// What twinlto's report is worth.
pub(crate) fn verdict(edit: &Edit, truth: &Truth, report: &Value) -> Verdict {
    let gating = gating(report);
    let said = !gating.is_empty() || report["outcome"] != "agree";
    match truth {
        Truth::Nothing | Truth::Alike => {
            let wanted = matches!(edit.expect, Expect::About(_)) && names(edit, &gating);
            match (said, wanted) {
                (false, _) => Verdict::Quiet,
                (true, true) => Verdict::Told,
                (true, false) => Verdict::Alarm,
            }
        }
        // Another option that has no effect here is worth a word.
        Truth::Unseen if said => Verdict::Told,
        Truth::Unseen => Verdict::Quiet,
        Truth::Kernel(_) | Truth::Fails(_) => {
            let fails = matches!(truth, Truth::Fails(_));
            if names(edit, &gating) || (fails && says(edit, &report["why"])) {
                Verdict::Caught
            } else if said {
                Verdict::Vague
            } else if is_listed(edit, report) {
                Verdict::Listed
            } else {
                Verdict::Missed
            }
        }
    }
}

/// Whether one finding, which has a cause, names what the edit is about.
fn names(edit: &Edit, gating: &[&Value]) -> bool {
    let with_cause = gating.iter().filter(|finding| finding["cause"].is_string());
    mentions(edit, &with_cause.copied().collect::<Vec<_>>())
}

/// Whether a text holds all words of one of the lists.
fn says(edit: &Edit, text: &Value) -> bool {
    let Expect::About(lists) = &edit.expect else { return false };
    let text = text.to_string();
    lists.iter().any(|words| words.iter().all(|word| text.contains(word.as_str())))
}

/// Whether one finding holds all words of one of the lists.
pub(crate) fn mentions(edit: &Edit, gating: &[&Value]) -> bool {
    gating.iter().any(|finding| says(edit, finding))
}

/// Whether the report has it among what was not compared, or among what a named rule sets aside.
fn is_listed(edit: &Edit, report: &Value) -> bool {
    let Some(words) = &edit.listed else { return false };
    let list = report["not_compared"].as_array().into_iter().flatten();
    let twins = report["twins"].as_array().into_iter().flatten();
    let accounts = twins.flat_map(|twin| twin["coverage"].as_array().into_iter().flatten());
    let shares = accounts.flat_map(|account| account["shares"].as_array().into_iter().flatten());
    let left = shares.filter(|share| share["treatment"] != "compared");
    list.chain(left).any(|line| line.to_string().contains(words.as_str()))
}
