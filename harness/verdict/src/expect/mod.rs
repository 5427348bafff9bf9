//! What a tree is known to show and may: `twinlto.toml` and SUSE's `severities`.
//!
//! An allowed finding is taken out of the gate and not out of the report. Whatever the file says
//! in vain is itself a finding, so that it cannot outlive its reason. See `docs/EXPECTATIONS.md`.

mod apply;
mod date;
mod file;
mod glob;
mod growth;
mod keys;
mod leftovers;
mod llvm;
mod severities;

pub use apply::Compared;
pub use date::Date;
pub use file::{ExpectError, Expectations};
pub use keys::{closest_key, every_key, known_keys, layer_of};
pub use severities::Severities;

pub(crate) use apply::Applied;
pub(crate) use glob::Glob;
pub(crate) use growth::Budget;
pub(crate) use keys::{Needs, needs};
pub(crate) use llvm::LlvmRange;

/// Line and column, both from 1, of a place in a text; columns count characters.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}
