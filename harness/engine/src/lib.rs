//! The only crate with effects: processes, files, toolchains, trees, builds.

mod audit;
mod build;
mod cases;
mod check;
mod configure;
mod diff;
mod disassemble;
mod doctor;
mod error;
mod expect;
mod fs;
mod gather;
mod orphan;
mod preflight;
mod process;
mod recipe;
mod record;
mod snapshot;
mod toolchain;
mod tree;

pub use audit::{AuditRequest, audit};
pub use check::{CheckRequest, Render, check};
pub use configure::ConfigSource;
pub use diff::{DiffRequest, diff};
pub use disassemble::{Disassembled, disassemble};
pub use doctor::{Tool, ToolState, doctor};
pub use error::{EngineError, Kind};
pub use expect::ExpectFiles;
pub use gather::{Depth, gather};
pub use process::{install_interrupt_handler, interrupted};
pub use recipe::Recipe;
pub use record::read_record;
pub use snapshot::{FacetPair, Snapshot, record_facets, snapshot};
pub use toolchain::LlvmSpec;
pub use tree::KernelTree;
