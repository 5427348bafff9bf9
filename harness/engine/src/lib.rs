//! The only crate with effects: processes, files, toolchains, trees, builds.

mod audit;
mod bisect;
mod build;
mod cases;
mod check;
mod configure;
mod copy;
mod diff;
mod disassemble;
mod distributor;
mod doctor;
mod error;
mod expect;
mod fingerprint;
mod fs;
mod gather;
mod inject;
mod jobserver;
pub mod lifecycle;
mod matrix;
mod orphan;
mod out_file;
mod pipe;
mod planned;
mod preflight;
mod premerge;
mod probe;
mod process;
mod recipe;
mod record;
mod replay;
mod revisions;
mod snapshot;
mod symtypes;
mod thinlto;
mod toolchain;
mod tree;

pub use audit::{AuditRequest, audit};
pub use bisect::{
    Asked, KernelBisect, ObjectsBisect, OptionsBisect, ToolchainBisect, bisect_kernel,
    bisect_objects, bisect_options, bisect_toolchain,
};
pub use cases::matrix_text;
pub use check::{CheckRequest, Render, check};
pub use configure::ConfigSource;
pub use diff::{DiffRequest, diff, diff_records, is_record, object_globs};
pub use disassemble::{Disassembled, disassemble};
pub use distributor::{DistributorRequest, FailedJob, distribute};
pub use doctor::{LinkProbe, Tool, ToolState, doctor, probe_links};
pub use error::{EngineError, Kind};
pub use expect::ExpectFiles;
pub use fs::free_memory;
pub use gather::{Depth, gather};
pub use inject::{CaseChoice, InjectRequest, inject, known_cases};
pub use jobserver::default_jobs;
pub use matrix::{MatrixRequest, matrix_plan, matrix_run, matrix_show};
pub use out_file::OutFile;
pub use planned::{Fronts, PlannedRequest, planned};
pub use premerge::{Head, PremergeRequest, premerge};
pub use process::{install_interrupt_handler, interrupted};
pub use recipe::{Recipe, users_variables};
pub use record::read_record;
pub use replay::{ReplayOptions, ReplayRequest, replay};
pub use snapshot::{FacetPair, Snapshot, Unanswered, record_facets, snapshot};
pub use toolchain::{Found, LlvmSpec, discover};
pub use tree::KernelTree;
