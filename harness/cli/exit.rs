//! The exit status, from one exhaustive match.

use std::process::ExitCode;
use twinlto_engine::{EngineError, Kind};
use twinlto_model::Outcome;

/// `git bisect run` takes this for "cannot be tested".
const BISECT_SKIP: u8 = 125;
/// From this on, a status ends `git bisect run`. 1 to 124 would say that the commit is bad.
const BISECT_END: u8 = 128;

pub(crate) fn of_outcome(outcome: &Outcome, bisect: bool) -> ExitCode {
    ExitCode::from(match outcome {
        Outcome::Agree => 0,
        Outcome::Differ => 1,
        Outcome::Broken(_) | Outcome::Skipped(_) if bisect => BISECT_SKIP,
        Outcome::Broken(_) => 3,
        Outcome::Skipped(_) => 4,
    })
}

pub(crate) fn of_error(error: &EngineError, bisect: bool) -> ExitCode {
    ExitCode::from(match error.kind {
        // Of this commit: it does not build, wants another LLVM, or lacks what was asked for.
        Kind::Usage | Kind::Build | Kind::Toolchain if bisect => BISECT_SKIP,
        // Of this machine: the next commit would have it, too.
        Kind::Environment | Kind::Disk if bisect => BISECT_END,
        Kind::Usage => 2,
        Kind::Build => 3,
        Kind::Environment | Kind::Toolchain | Kind::Disk => 4,
        Kind::Interrupted => 130,
    })
}

/// What clap could not read, where `--bisect-exit` may stand anywhere among it.
pub(crate) fn of_unreadable(status: ExitCode, bisect: bool) -> ExitCode {
    if bisect && status != ExitCode::SUCCESS { ExitCode::from(BISECT_END) } else { status }
}
