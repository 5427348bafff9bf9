use crate::{Account, Allowed, Arch, Finding, Mode, Outcome, StepReport, Toolchain};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name and version of the JSON form of [`Report`].
pub const SCHEMA: &str = "twinlto.report/1";

/// What is compared, cheapest first; the columns of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Every backend command against its front-end command.
    Transport,
    /// IR object, index and native object, one to one and of the right kind.
    Artefacts,
    /// Exported symbols and their CRCs.
    Exports,
    /// Symbols of the kernel and its modules.
    Symbols,
    /// Sections and their permissions.
    Sections,
    /// Initcall levels and order.
    Initcalls,
    /// The tables that the kernel reads about itself: parameters, exceptions, alternatives.
    Tables,
    /// How types lie in memory and how units were compiled, as debug information says.
    Layouts,
    /// The bytes of functions and variables, where relocations tell addresses apart.
    Code,
    /// The native objects of two modes that are not in-process, whole.
    Natives,
    /// The files of two build directories that have no layer of their own, byte for byte, and the
    /// commands that made them.
    Files,
    /// Every native object, made again by a reference backend and by an in-process link.
    Replay,
    /// What the tools said in steps that both builds ran, as their logs tell.
    Diagnostics,
    /// What becomes of the build in its life: made again, changed, switched, cleaned.
    Lifecycle,
}

impl Layer {
    /// Every layer, in report order.
    pub const ALL: [Self; 14] = [
        Self::Transport,
        Self::Artefacts,
        Self::Exports,
        Self::Symbols,
        Self::Sections,
        Self::Initcalls,
        Self::Tables,
        Self::Layouts,
        Self::Code,
        Self::Natives,
        Self::Files,
        Self::Replay,
        Self::Diagnostics,
        Self::Lifecycle,
    ];

    /// Its column heading.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Artefacts => "artefacts",
            Self::Exports => "exports",
            Self::Symbols => "symbols",
            Self::Sections => "sections",
            Self::Initcalls => "initcalls",
            Self::Tables => "tables",
            Self::Layouts => "layouts",
            Self::Code => "code",
            Self::Natives => "natives",
            Self::Files => "files",
            Self::Replay => "replay",
            Self::Diagnostics => "diagnostics",
            Self::Lifecycle => "lifecycle",
        }
    }

    /// What one unit of its count is, in the plural.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Transport => "backend commands",
            Self::Artefacts => "objects",
            Self::Natives => "native objects",
            Self::Files => "other files and commands",
            Self::Replay => "objects replayed",
            Self::Diagnostics => "build steps",
            Self::Lifecycle => "lifecycle checks",
            Self::Tables => "table entries",
            Self::Layouts => "types and signatures",
            Self::Code => "functions and variables",
            other => other.name(),
        }
    }
}

/// What one layer did for one architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerResult {
    /// Which layer.
    pub layer: Layer,
    /// How many subjects were compared.
    pub compared: u64,
    /// How many of them carry an error.
    pub errors: u64,
    /// How many carry a warning or a note, and no error.
    pub others: u64,
    /// How many findings were left out because they were not asked for.
    #[serde(default, skip_serializing_if = "is_none")]
    pub hidden: u64,
    /// Why nothing was compared, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<String>,
}

fn is_none(n: &u64) -> bool {
    *n == 0
}

/// Something that could have been compared and was not, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotCompared {
    /// Where.
    pub arch: Arch,
    /// What, such as `symbols` or `DWARF`.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Named numbers of what was read and compared, sorted by name.
pub type Counts = BTreeMap<String, u64>;

/// Wall time of one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageTime {
    /// Seconds.
    pub seconds: f64,
    /// Whether the result of an earlier run was taken; then `seconds` is that run's.
    pub reused: bool,
}

/// Stage name to wall time.
pub type Timings = BTreeMap<String, StageTime>;

/// One kernel × config × architecture × toolchain × mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellReport {
    /// Architecture.
    pub arch: Arch,
    /// Mode.
    pub mode: Mode,
    /// The LLVM that built it; none when it was not asked (audit of a finished tree).
    pub toolchain: Option<Toolchain>,
    /// How this build ended; `agree` means that it is there and was compared.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Where the build lies.
    pub directory: String,
    /// Wall time by stage.
    pub timings: Timings,
    /// What was read from it.
    pub counts: Counts,
}

/// One architecture: its two cells, compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwinReport {
    /// Architecture.
    pub arch: Arch,
    /// The answer for it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The cell of the build column: `6m41s + 38s`, `dist failed`.
    pub build: String,
    /// One entry a layer, in the order of [`Layer::ALL`].
    pub layers: Vec<LayerResult>,
    /// The steps of its life, where they were tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// What became of every part of every input (`docs/COVERAGE.md`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Account>,
}

/// Which kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelId {
    /// What it calls itself, such as `Linux 7.3.4`.
    pub name: String,
    /// Where its sources are; none when only build directories were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The paths of the two things that were compared, as they were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SidePaths {
    /// The first side.
    pub left: String,
    /// The other side.
    pub right: String,
}

/// One patch of a series, checked against the base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchReport {
    /// Its commit and subject.
    pub name: String,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The same in a sentence.
    pub summary: String,
}

/// Everything that a check or an audit has to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of twinlto.
    pub twinlto: String,
    /// The kernel.
    pub kernel: KernelId,
    /// What was asked for beside the kernel: `tiny`, or `build directories`.
    pub config: String,
    /// `distributed against in-process`, or `distributed alone`.
    pub comparison: String,
    /// What was compared, where two things were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<SidePaths>,
    /// The answer.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The answer in one sentence.
    pub summary: String,
    /// One row an architecture.
    pub twins: Vec<TwinReport>,
    /// One entry a build.
    pub cells: Vec<CellReport>,
    /// Most severe first, then by key and subject.
    pub findings: Vec<Finding>,
    /// Those that are expected, in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Allowed>,
    /// What was not compared.
    pub not_compared: Vec<NotCompared>,
    /// One entry a patch, where each of a series was checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<PatchReport>,
    /// Directory of the record, where one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

impl Report {
    /// Sum of one named count over all cells, or over the cells of one mode.
    #[must_use]
    pub fn count(&self, name: &str, mode: Option<Mode>) -> u64 {
        self.cells
            .iter()
            .filter(|cell| mode.is_none_or(|m| m == cell.mode))
            .filter_map(|cell| cell.counts.get(name))
            .sum()
    }
}
