//! Reports as text: one format a file, each a function from a report to a string.
//!
//! Sees only the model; prints nothing itself.

mod bisect;
mod command;
mod coverage;
mod disassembly;
mod finding;
mod inject;
mod json;
mod junit;
#[cfg(test)]
mod made;
mod markdown;
mod matrix;
mod snapshot;
mod steps;
mod style;
mod table;
mod terminal;
mod text;

pub use bisect::{bisect, bisect_to_json};
pub use disassembly::disassembly;
pub use inject::{inject, inject_to_json};
pub use json::{FromJsonError, from_json, to_json};
pub use junit::{LayerOf, junit, junit_of_matrix};
pub use markdown::markdown;
pub use matrix::{matrix_mail, matrix_plan, matrix_show, matrix_status, matrix_to_json};
pub use snapshot::{Change, facet_change};
pub use style::Style;
pub use terminal::terminal;
pub use text::{duration, thousands, wrap};
