use crate::{Arch, LifeStep, Mode};
use std::time::Duration;

/// A step of a check, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Tools, versions, a two-file distributed link.
    Preflight,
    /// Writing and verifying `.config`.
    Configure,
    /// A kernel build.
    Build,
    /// Copying the finished build to make its twin.
    Copy,
    /// Dry runs of make.
    Plan,
    /// Reading facts from the build directories.
    Facts,
    /// Comparing them.
    Compare,
    /// Compiling every object again.
    Replay,
    /// A step of the life of a build.
    Life(LifeStep),
}

impl Stage {
    /// One word for progress lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Configure => "configure",
            Self::Build => "build",
            Self::Copy => "copy",
            Self::Plan => "plan",
            Self::Facts => "facts",
            Self::Compare => "compare",
            Self::Replay => "replay",
            Self::Life(step) => step.name(),
        }
    }
}

/// What happens while a check runs; `cli/ui` alone draws it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something that is one of several is tried: a commit, a toolchain, a cell.
    Tried {
        /// What.
        what: String,
        /// How many it may still be, or how many are left.
        left: String,
    },
    /// What came of it.
    Answered {
        /// In one line.
        line: String,
    },
    /// A stage begins.
    Started {
        /// Which architecture.
        arch: Arch,
        /// Which build, where the stage belongs to one.
        mode: Option<Mode>,
        /// Which stage.
        stage: Stage,
    },
    /// A build has come this far.
    Progress {
        /// Which architecture.
        arch: Arch,
        /// Which build, where it is about one.
        mode: Option<Mode>,
        /// What is being made: `objects`, `backends`, `link`.
        what: &'static str,
        /// How many are made.
        done: usize,
        /// Of how many, where that is known.
        of: Option<usize>,
    },
    /// A stage has ended.
    Finished {
        /// Which architecture.
        arch: Arch,
        /// Which build, where the stage belongs to one.
        mode: Option<Mode>,
        /// Which stage.
        stage: Stage,
        /// Wall time; none when the result of an earlier run was taken.
        took: Option<Duration>,
    },
    /// A stage was not run.
    Skipped {
        /// Which architecture.
        arch: Arch,
        /// Which build, where the stage belongs to one.
        mode: Option<Mode>,
        /// Which stage.
        stage: Stage,
        /// The need that was not met.
        why: String,
    },
    /// A command failed, with the last line that it said.
    Failed {
        /// Which architecture.
        arch: Arch,
        /// Which build, where the stage belongs to one.
        mode: Option<Mode>,
        /// Which stage.
        stage: Stage,
        /// The line that tells most.
        line: String,
    },
}
