use crate::{Arch, Counts, Finding, Mode, Modes, Outcome};
use serde::{Deserialize, Serialize};

/// Name and version of the JSON form of [`MatrixReport`].
pub const MATRIX_SCHEMA: &str = "twinlto.matrix/1";

/// One kernel × configuration × architecture × toolchain, in two modes that are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellId {
    /// As the matrix names it: `pocket`, or a path.
    pub kernel: String,
    /// As `--config` takes it, several separated by blanks: `tiny`, `defconfig +kvm.config`.
    pub config: String,
    /// Architecture.
    pub arch: Arch,
    /// What the toolchain is called: `clang 22.1.8`.
    pub toolchain: String,
    /// The modes.
    #[serde(default)]
    pub modes: Modes,
}

impl CellId {
    /// Configuration and, where they are not kbuild's two, modes: `tiny`, `tiny · reference`.
    #[must_use]
    pub fn variant(&self) -> String {
        variant(&self.config, self.modes)
    }
}

fn variant(config: &str, modes: Modes) -> String {
    if modes == Modes::default() {
        return config.to_owned();
    }
    format!("{config} · {modes}")
}

/// What is known of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum CellState {
    /// It cannot be built: why.
    Impossible {
        /// Why.
        why: String,
    },
    /// It waits.
    Waiting {
        /// Seconds that it may take; none where nothing like it was built yet.
        estimate: Option<f64>,
    },
    /// It is being built.
    Running {
        /// Seconds since it was started.
        seconds: f64,
        /// The last that was said about it.
        at: String,
    },
    /// It was checked.
    Done(Box<CellResult>),
}

/// What a check of a cell said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// Its outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The same in a sentence.
    pub summary: String,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Counts of each build.
    pub counts: Vec<(Mode, Counts)>,
    /// Directory of its record.
    pub record: Option<String>,
    /// Whether its outcome is what the matrix expects.
    pub expected: bool,
    /// Whether it was not checked because something of this machine was missing: the next run tries
    /// it again.
    #[serde(default)]
    pub again: bool,
    /// Its warnings in short: they keep no cell from agreeing, and are told all the same.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// What a matrix expects of a cell in the place of `agree`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The word of the outcome.
    pub outcome: String,
    /// Why, in the words of the matrix.
    pub reason: String,
}

/// One cell of a matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatrixCell {
    /// Which.
    #[serde(flatten)]
    pub id: CellId,
    /// What is known of it.
    #[serde(flatten)]
    pub state: CellState,
    /// What is expected of it, where a rule of the matrix says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Wanted>,
}

impl MatrixCell {
    /// Its result, if it was checked.
    #[must_use]
    pub fn result(&self) -> Option<&CellResult> {
        match &self.state {
            CellState::Done(result) => Some(result),
            _ => None,
        }
    }

    /// `expected differ: known`, where a rule of the matrix says what is expected.
    #[must_use]
    pub fn expectation(&self) -> Option<String> {
        self.wanted.as_ref().map(|it| format!("expected {}: {}", it.outcome, it.reason))
    }
}

/// What changed from one toolchain to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnChange {
    /// Kernel.
    pub kernel: String,
    /// Configuration.
    pub config: String,
    /// The modes.
    #[serde(default)]
    pub modes: Modes,
    /// The older toolchain.
    pub from: String,
    /// The newer one.
    pub to: String,
    /// Numbers that changed.
    pub numbers: Vec<NumberChange>,
    /// Findings that the newer one has and the older has not, or did not look for.
    pub new: Vec<Finding>,
    /// Findings that the older one has and the newer has not.
    pub fixed: Vec<Finding>,
}

impl ColumnChange {
    /// Configuration and modes, as cells have them.
    #[must_use]
    pub fn variant(&self) -> String {
        variant(&self.config, self.modes)
    }
}

/// A number that is another one with the next toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberChange {
    /// Architecture.
    pub arch: Arch,
    /// Mode of the build.
    pub mode: Mode,
    /// Its name.
    pub name: String,
    /// With the older toolchain.
    pub before: u64,
    /// With the newer one.
    pub after: u64,
}

/// A matrix: planned, running or done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatrixReport {
    /// [`MATRIX_SCHEMA`].
    pub schema: String,
    /// Version of twinlto.
    pub twinlto: String,
    /// Its name.
    pub name: String,
    /// Every cell, in the order in which they run.
    pub cells: Vec<MatrixCell>,
    /// Words that name no toolchain that is there.
    #[serde(default)]
    pub unmatched: Vec<String>,
    /// Where each toolchain of the cells is: its name, and what make gets as `LLVM=`.
    #[serde(default)]
    pub toolchains: Vec<(String, String)>,
    /// What changed from column to column.
    pub changes: Vec<ColumnChange>,
    /// The answer.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Directory of its state.
    pub out: String,
}

impl MatrixReport {
    /// How many cells are in a state.
    #[must_use]
    pub fn count(&self, is: impl Fn(&CellState) -> bool) -> usize {
        self.cells.iter().filter(|cell| is(&cell.state)).count()
    }
}
