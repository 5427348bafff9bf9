use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a kernel build goes through in its life, in the order in which it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifeStep {
    /// make again, and nothing has changed.
    Noop,
    /// One C file is changed that nothing imports from.
    Leaf,
    /// The C file is changed that most objects import from.
    Imported,
    /// A header is changed.
    Header,
    /// Distributed, in-process, distributed, in place.
    Switch,
    /// The same, and files are changed while it is in-process.
    SwitchEdited,
    /// The user's own options change.
    Flags,
    /// What was saved for one backend changes, and nothing else.
    Backend,
    /// The compilation database is made.
    CompileCommands,
    /// The list of where built-in modules lie is read.
    Ranges,
    /// What the build made is held against the tree's `.gitignore` files.
    Ignore,
    /// `make clean`, and then `make mrproper`.
    Clean,
}

impl LifeStep {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::Noop,
        Self::Leaf,
        Self::Imported,
        Self::Header,
        Self::Switch,
        Self::SwitchEdited,
        Self::Flags,
        Self::Backend,
        Self::CompileCommands,
        Self::Ranges,
        Self::Ignore,
        Self::Clean,
    ];

    /// Its name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Noop => "noop",
            Self::Leaf => "leaf",
            Self::Imported => "imported",
            Self::Header => "header",
            Self::Switch => "switch",
            Self::SwitchEdited => "switch-edited",
            Self::Flags => "flags",
            Self::Backend => "backend",
            Self::CompileCommands => "compile-commands",
            Self::Ranges => "ranges",
            Self::Ignore => "ignore",
            Self::Clean => "clean",
        }
    }
}

impl fmt::Display for LifeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no [`LifeStep`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStep(pub String);

impl fmt::Display for UnknownStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = LifeStep::ALL.map(LifeStep::name).join(", ");
        write!(f, "'{}' is no step of a kernel's life; known: {known}", self.0)
    }
}

impl std::error::Error for UnknownStep {}

impl FromStr for LifeStep {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, UnknownStep> {
        let named = Self::ALL.into_iter().find(|step| step.name() == text);
        named.ok_or_else(|| UnknownStep(text.to_owned()))
    }
}

/// One step that was tried with one architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Which step.
    pub step: LifeStep,
    /// What happened, in half a sentence.
    pub said: String,
    /// How many subjects were compared.
    pub compared: u64,
    /// How many findings are errors.
    pub errors: u64,
    /// How many are warnings or notes.
    pub others: u64,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// Why it was not run, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_run: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_known_by_its_name() {
        for step in LifeStep::ALL {
            assert_eq!(step.name().parse(), Ok(step));
        }
        let unknown = "birth".parse::<LifeStep>().unwrap_err().to_string();
        assert!(unknown.contains("noop, leaf"), "{unknown}");
    }
}
