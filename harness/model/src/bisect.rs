use crate::Outcome;
use serde::{Deserialize, Serialize};

/// Name and version of the JSON form of [`BisectReport`].
pub const BISECT_SCHEMA: &str = "twinlto.bisect/1";

/// What a bisection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bisected {
    /// Commits of a kernel.
    Kernel,
    /// Toolchains.
    Toolchain,
    /// Native objects of one build.
    Objects,
    /// Options of one object.
    Options,
}

impl Bisected {
    /// Its word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Toolchain => "toolchain",
            Self::Objects => "objects",
            Self::Options => "options",
        }
    }

    /// One candidate.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Kernel => "commit",
            Self::Toolchain => "toolchain",
            Self::Objects => "object",
            Self::Options => "option",
        }
    }
}

/// One candidate that was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BisectStep {
    /// What tells it from the others: a commit's name, a toolchain's directory, a list of objects.
    pub id: String,
    /// As reports call it.
    pub name: String,
    /// `good`, `bad` or `skip`.
    pub answer: String,
    /// What the answer rests on.
    pub because: String,
    /// Wall time in seconds.
    pub seconds: f64,
    /// What the builds compiled, such as `0 front ends, 602 backends`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// Whether the answer was kept from an earlier run.
    #[serde(default)]
    pub kept: bool,
}

/// What a bisection found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BisectFound {
    /// The first bad candidate.
    First(String),
    /// The first bad candidate is one of these; the others could not be told.
    Among(Vec<String>),
    /// The smallest set that is bad.
    Set(Vec<String>),
    /// There is none: why.
    Nothing(String),
}

/// Everything that a bisection has to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BisectReport {
    /// [`BISECT_SCHEMA`].
    pub schema: String,
    /// Version of twinlto.
    pub twinlto: String,
    /// What it is about.
    pub what: Bisected,
    /// What was searched, such as `Linux 7.3.4, arm64, tiny, clang 22.1.8`.
    pub scene: String,
    /// What makes a candidate bad.
    pub predicate: String,
    /// How many candidates there were.
    pub candidates: usize,
    /// Every evaluation, in order.
    pub steps: Vec<BisectStep>,
    /// What came out.
    pub found: BisectFound,
    /// `differ` where something was found, which is an answer; else why there is none.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The command that was given.
    pub command: String,
    /// Directory of the state, which a second run continues.
    pub out: String,
}
