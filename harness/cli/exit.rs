//! The exit status, from one exhaustive match.

use std::process::ExitCode;
use twinlto_engine::{EngineError, Kind};
use twinlto_model::Outcome;

/// `git bisect run` takes this for "cannot be tested".
const BISECT_SKIP: u8 = 125;

pub(crate) fn of_outcome(outcome: &Outcome, bisect: bool) -> ExitCode {
    let status = match outcome {
        Outcome::Agree => 0,
        Outcome::Differ => 1,
        Outcome::Broken(_) => 3,
        Outcome::Skipped(_) => 4,
    };
    code(status, bisect)
}

pub(crate) fn of_error(error: &EngineError, bisect: bool) -> ExitCode {
    let status = match error.kind {
        Kind::Usage => 2,
        Kind::Build => 3,
        Kind::Environment => 4,
        Kind::Interrupted => 130,
    };
    code(status, bisect)
}

fn code(status: u8, bisect: bool) -> ExitCode {
    match status {
        3 | 4 if bisect => ExitCode::from(BISECT_SKIP),
        _ => ExitCode::from(status),
    }
}
