use crate::{Arch, KernelId, Outcome, Toolchain};
use serde::{Deserialize, Serialize};

/// Name and version of the JSON form of [`InjectReport`].
pub const INJECT_SCHEMA: &str = "twinlto.inject/1";

/// How one known defect, put into one kernel for one architecture, was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", content = "why", rename_all = "kebab-case")]
pub enum CaseOutcome {
    /// Found, in the right words, and nothing else was said.
    Caught,
    /// What was expected was not found.
    Missed(String),
    /// It was found, and named otherwise than expected.
    WrongWords(String),
    /// It was found, and something else besides that should not have been.
    Noise(String),
    /// Not tried, because this need was not met.
    Skipped(String),
    /// The case could not be put into the kernel, or says nothing there.
    Broken(String),
}

impl CaseOutcome {
    /// Its word: `caught`, `missed`, `wrong words`, `noise`, `skipped` or `broken`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Missed(_) => "missed",
            Self::WrongWords(_) => "wrong words",
            Self::Noise(_) => "noise",
            Self::Skipped(_) => "skipped",
            Self::Broken(_) => "broken",
        }
    }

    /// Why it is not caught.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Caught => None,
            Self::Missed(why)
            | Self::WrongWords(why)
            | Self::Noise(why)
            | Self::Skipped(why)
            | Self::Broken(why) => Some(why),
        }
    }
}

/// One case on one architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseRow {
    /// Name of the case.
    pub case: String,
    /// Architecture.
    pub arch: Arch,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: CaseOutcome,
    /// Wall time.
    pub seconds: f64,
    /// What was found, by key and subjects; the defect itself and what should not be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
    /// The build directory, where it was kept to be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// Everything that an injection of known defects has to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InjectReport {
    /// [`INJECT_SCHEMA`].
    pub schema: String,
    /// Version of twinlto.
    pub twinlto: String,
    /// The kernel.
    pub kernel: KernelId,
    /// Its configuration.
    pub config: String,
    /// The LLVM.
    pub toolchain: Toolchain,
    /// Architectures, in order.
    pub arches: Vec<Arch>,
    /// Sorted by case and architecture.
    pub rows: Vec<CaseRow>,
    /// The answer.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl InjectReport {
    /// The answer of all rows: agree only if every case that could be tried was caught, and at
    /// least one was.
    #[must_use]
    pub fn outcome_of(rows: &[CaseRow]) -> Outcome {
        let each = rows.iter().filter_map(|row| match &row.outcome {
            CaseOutcome::Caught => Some(Outcome::Agree),
            CaseOutcome::Skipped(_) => None,
            CaseOutcome::Broken(why) => {
                Some(Outcome::Broken(format!("{} on {}: {why}", row.case, row.arch)))
            }
            CaseOutcome::Missed(_) | CaseOutcome::WrongWords(_) | CaseOutcome::Noise(_) => {
                Some(Outcome::Differ)
            }
        });
        match Outcome::of_all(each) {
            Outcome::Broken(_)
                if rows.iter().all(|r| matches!(r.outcome, CaseOutcome::Skipped(_))) =>
            {
                Outcome::Skipped("no case could be tried".to_owned())
            }
            outcome => outcome,
        }
    }

    /// How many rows ended with this word.
    #[must_use]
    pub fn count(&self, word: &str) -> usize {
        self.rows.iter().filter(|row| row.outcome.word() == word).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcome: CaseOutcome) -> CaseRow {
        let (case, found) = ("x".to_owned(), Vec::new());
        CaseRow { case, arch: Arch::Arm64, outcome, seconds: 0.0, found, kept: None }
    }

    #[test]
    fn only_a_run_that_tried_something_and_caught_all_agrees() {
        let of = |rows: &[CaseRow]| InjectReport::outcome_of(rows).word();
        let skipped = || row(CaseOutcome::Skipped("no clang".to_owned()));
        assert_eq!(of(&[row(CaseOutcome::Caught), skipped()]), "agree");
        assert_eq!(of(&[skipped()]), "skipped");
        assert_eq!(of(&[]), "skipped");
        let noise = row(CaseOutcome::Noise(String::new()));
        assert_eq!(of(&[row(CaseOutcome::Caught), noise.clone()]), "differ");
        let broken = row(CaseOutcome::Broken(String::new()));
        assert_eq!(of(&[row(CaseOutcome::Caught), broken.clone()]), "broken");
        assert_eq!(of(&[broken, noise]), "differ");
    }
}
