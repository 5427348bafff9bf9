//! How much is done, and how much of it at once: asked in the same words by several commands.

use crate::args::ReplayScope;
use std::time::Duration;
use twinlto_engine::{EngineError, ReplayOptions, object_globs};

/// What a replay is asked, here and as a layer of check.
pub(super) fn replay_options(
    scope: &ReplayScope,
    jobs: Option<usize>,
) -> Result<ReplayOptions, EngineError> {
    let zero = |option: &str| {
        EngineError::usage(format!("{option} 0"), "nothing would be replayed", "give 1 or more")
    };
    if scope.sample == Some(0) {
        return Err(zero("--sample"));
    }
    if scope.timeout == 0 {
        return Err(zero("--timeout"));
    }
    Ok(ReplayOptions {
        objects: object_globs(&scope.object)?,
        sample: scope.sample,
        jobs: self::jobs(jobs)?,
        limit: Duration::from_secs(scope.timeout),
        prove: !scope.no_proofs,
    })
}

/// Jobs at once.
pub(super) fn jobs(asked: Option<usize>) -> Result<usize, EngineError> {
    match asked {
        Some(0) => Err(EngineError::usage("-j 0", "nothing could run", "give 1 or more")),
        Some(n) => Ok(n),
        None => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
    }
}
