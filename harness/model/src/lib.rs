//! The shared words of twinlto: what is built, what is found, what is said about it.
//!
//! Plain values that serialise. No I/O, no parsing of kernel files, no policy.

mod arch;
mod bisect;
mod coverage;
mod event;
mod finding;
mod inject;
mod key;
mod life;
mod matrix;
mod mode;
mod modes;
mod outcome;
mod report;
mod toolchain;
mod words;

pub use arch::{Arch, UnknownArch};
pub use bisect::{BISECT_SCHEMA, BisectFound, BisectReport, BisectStep, Bisected};
pub use coverage::{Account, AccountBuilder, NO_READER, Share, Treatment, Unit};
pub use event::{Event, Stage};
pub use finding::{Allowed, Change, Evidence, Finding, Severity, Site, Tier};
pub use inject::{CaseOutcome, CaseRow, INJECT_SCHEMA, InjectReport};
pub use key::Key;
pub use life::{LifeStep, StepReport, UnknownStep};
pub use matrix::{
    CellId, CellResult, CellState, ColumnChange, MATRIX_SCHEMA, MatrixCell, MatrixReport,
    NumberChange, Wanted,
};
pub use mode::{Mode, UnknownMode};
pub use modes::{Modes, UnknownModes};
pub use outcome::Outcome;
pub use report::{
    CellReport, Counts, KernelId, Layer, LayerResult, NotCompared, PatchReport, Report, SCHEMA,
    SidePaths, StageTime, Timings, TwinReport,
};
pub use toolchain::{RenameOption, Snapshot, ToolVersion, Toolchain};
pub use words::{count, thousands};
