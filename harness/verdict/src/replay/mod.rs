//! The exact oracle: from the same bitcode, kbuild's native object, our own reference backend and
//! in-process code generation must have the same bytes, or an option says why not.

mod command;
mod findings;
mod minimise;
mod remedy;

pub use command::{Reference, Unseen, reference};
pub use findings::{Backend, Cause, Extent, InProcess, Replayed, backend_failed, replay_layer};
pub use minimise::minimise;
pub use remedy::{Proof, linker_option};

pub use crate::diff::functions_that_differ;
