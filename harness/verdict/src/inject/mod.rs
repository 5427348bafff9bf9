//! Known defects as cases: what is put into a kernel, and what must then be said.
//!
//! The schema is that of `docs/INJECT.md`; the engine puts cases into trees and builds.

mod case;
mod judgement;

pub use case::{
    Applies, Case, Change, ChangeKind, Edit, Expected, Goal, Injection, KernelKind, Side, Subject,
};
pub use judgement::judge_case;
