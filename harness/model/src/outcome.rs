use serde::{Deserialize, Serialize};
use std::fmt;

/// How a comparison ended. Never a bool: skipped is not passed, a failure of the
/// infrastructure is not a difference, and a comparison of nothing is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "why", rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything that was compared agrees, and something was compared.
    Agree,
    /// At least one finding says that the kernels differ or may differ.
    Differ,
    /// Not tried, because this need was not met.
    Skipped(String),
    /// Tried, and this stood in the way of an answer.
    Broken(String),
}

impl Outcome {
    /// The one word: `agree`, `differ`, `skipped` or `broken`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Differ => "differ",
            Self::Skipped(_) => "skipped",
            Self::Broken(_) => "broken",
        }
    }

    /// The need that was not met, or the failure.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Agree | Self::Differ => None,
            Self::Skipped(why) | Self::Broken(why) => Some(why),
        }
    }

    /// The outcome of several together: the least reassuring one that settles the question.
    /// A difference is an answer, so it outranks a failure; nothing at all is broken.
    pub fn of_all(outcomes: impl IntoIterator<Item = Self>) -> Self {
        let rank = |o: &Self| match o {
            Self::Agree => 0,
            Self::Skipped(_) => 1,
            Self::Broken(_) => 2,
            Self::Differ => 3,
        };
        let mut worst: Option<Self> = None;
        for outcome in outcomes {
            if worst.as_ref().is_none_or(|w| rank(&outcome) > rank(w)) {
                worst = Some(outcome);
            }
        }
        worst.unwrap_or_else(|| Self::Broken("nothing was compared".to_owned()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparing_nothing_is_broken() {
        assert_eq!(Outcome::of_all([]).word(), "broken");
    }

    #[test]
    fn skipped_is_not_passed() {
        let all = Outcome::of_all([Outcome::Agree, Outcome::Skipped("no clang".into())]);
        assert_eq!(all.why(), Some("no clang"));
    }

    #[test]
    fn a_difference_outranks_a_failure() {
        let all = Outcome::of_all([Outcome::Broken("disk".into()), Outcome::Differ]);
        assert_eq!(all, Outcome::Differ);
    }
}
