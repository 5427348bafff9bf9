use crate::{Arch, Key, Mode};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a finding means for the kernel, not how large the difference looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The image is or may be wrong.
    Error,
    /// It may drift.
    Warning,
    /// Lawful and explained; counted, and listed with `-v`.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// How well a difference is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// `docs/DIFFERENCES.md` names the cause and allows it.
    Lawful,
    /// An option, an input or a step of the build explains it.
    Caused,
    /// Nobody knows yet.
    Unexplained,
}

/// One side of a difference, quoted from the user's own files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which side: `front end`, `backend`, `distributed`, `in-process`, ….
    pub side: String,
    /// What stands there.
    pub text: String,
    /// A file to open, relative to the build directory where it lies within one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Evidence {
    /// Evidence without a file.
    pub fn new(side: impl Into<String>, text: impl Into<String>) -> Self {
        Self { side: side.into(), text: text.into(), path: None }
    }

    /// The same, with the file it was read from.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// One place where a finding shows: a subject in a cell, with what each side holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Architecture of the twin.
    pub arch: Arch,
    /// The mode in which it shows; none when it is between the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Object, symbol, section, option or initcall, by the name that the tree gives it.
    pub subject: String,
    /// The side that is right or comes first: the front end, the distributed kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Evidence>,
    /// The other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Evidence>,
    /// What follows for the kernel at this place; empty when the key says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub effect: String,
}

impl Site {
    /// A place without evidence. `mode` is none for what stands between the twins.
    pub fn new(arch: Arch, mode: Option<Mode>, subject: impl Into<String>) -> Self {
        let subject = subject.into();
        Self { arch, mode, subject, left: None, right: None, effect: String::new() }
    }

    /// The same, with what both sides hold.
    #[must_use]
    pub fn sides(mut self, left: Evidence, right: Evidence) -> Self {
        self.left = Some(left);
        self.right = Some(right);
        self
    }

    /// `arm64/distributed`, or `arm64` for what stands between the twins.
    #[must_use]
    pub fn cell(&self) -> String {
        match self.mode {
            Some(mode) => format!("{}/{}", self.arch, mode),
            None => self.arch.to_string(),
        }
    }
}

/// What became of a finding between two recorded runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The second run has it, the first had not.
    New,
    /// The first run had it, the second has not.
    Fixed,
    /// Both have it.
    Persisting,
    /// The second run has it, and the first did not look for it.
    Untold,
}

impl Change {
    /// In a word or two: `new`, `fixed`, `stays` or `not looked for`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Fixed => "fixed",
            Self::Persisting => "stays",
            Self::Untold => "not looked for",
        }
    }
}

/// One cause, and every place where it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of difference.
    pub key: Key,
    /// What it means for the kernel.
    pub severity: Severity,
    /// How well it is understood.
    pub tier: Tier,
    /// The cause in one sentence; none when nobody knows it.
    pub cause: Option<String>,
    /// What was looked at and found innocent; said where the cause is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ruled_out: Vec<String>,
    /// The row of the defect corpus that this is, such as `saved-flags-path-alias`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// What the user can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What became of it, where two recorded runs or two logs are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Every place, sorted by architecture and subject; at least one.
    pub sites: Vec<Site>,
    /// Findings of one key and one group share a cause and become one entry.
    #[serde(skip)]
    pub group: String,
}

impl Finding {
    /// A finding at one site. Without a cause it is unexplained until [`Finding::because`].
    #[must_use]
    pub fn new(key: Key, severity: Severity, site: Site) -> Self {
        Self {
            key,
            severity,
            tier: Tier::Unexplained,
            cause: None,
            ruled_out: Vec::new(),
            defect: None,
            remedy: None,
            change: None,
            sites: vec![site],
            group: String::new(),
        }
    }

    /// Says which findings of this key share its cause.
    #[must_use]
    pub fn grouped(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }

    /// Names the cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        if self.tier == Tier::Unexplained {
            self.tier = Tier::Caused;
        }
        self
    }

    /// Marks it as a difference that the modes are entitled to.
    #[must_use]
    pub fn lawful(mut self) -> Self {
        self.tier = Tier::Lawful;
        self
    }

    /// Names the row of the defect corpus.
    #[must_use]
    pub fn known_as(mut self, defect: impl Into<String>) -> Self {
        self.defect = Some(defect.into());
        self
    }

    /// Says what the user can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Says what was found innocent.
    #[must_use]
    pub fn not_because(mut self, what: impl Into<String>) -> Self {
        self.ruled_out.push(what.into());
        self
    }

    /// Says what became of it.
    #[must_use]
    pub const fn became(mut self, change: Change) -> Self {
        self.change = Some(change);
        self
    }

    /// Distinct architectures, in report order.
    #[must_use]
    pub fn arches(&self) -> Vec<Arch> {
        let mut arches: Vec<Arch> = self.sites.iter().map(|s| s.arch).collect();
        arches.sort();
        arches.dedup();
        arches
    }

    /// Distinct subjects, sorted.
    #[must_use]
    pub fn subjects(&self) -> Vec<&str> {
        let mut subjects: Vec<&str> = self.sites.iter().map(|s| s.subject.as_str()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        subjects
    }

    /// `error flags.option.missing of mm/util.o, +2`
    #[must_use]
    pub fn in_short(&self) -> String {
        let subjects = self.subjects();
        let first = subjects.first().copied().unwrap_or_default();
        match subjects.len().saturating_sub(1) {
            0 => format!("{} {} of {first}", self.severity, self.key),
            more => format!("{} {} of {first}, +{more}", self.severity, self.key),
        }
    }

    /// Whether it says that the kernels differ or may: anything that is neither a note nor lawful.
    #[must_use]
    pub fn gates(&self) -> bool {
        self.severity != Severity::Note && self.tier != Tier::Lawful
    }

    /// Whether it keeps twins from agreeing: as [`Finding::gates`], but what became of a requested
    /// option (`config.lost`) is about the request, and a day that passed changes no kernel.
    #[must_use]
    pub fn keeps_apart(&self) -> bool {
        let key = self.key.as_str();
        self.gates() && key != "config.lost" && key != "expectation.review"
    }
}

/// A finding that somebody expected: reported, and not gating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it may be so, in the words of whoever allowed it.
    pub reason: String,
    /// Where that stands, such as `twinlto.toml:12`.
    pub by: String,
}
