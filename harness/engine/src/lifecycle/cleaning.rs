use super::scratch::Scratch;
use crate::error::EngineError;
use crate::fs::files_below;
use std::collections::BTreeSet;
use std::path::Path;
use twinlto_model::{Event, LifeStep};
use twinlto_verdict::lifecycle::{Cleaning, StepVerdict, cleaned as judge};

/// Cleans a build directory with its kernel's own rule, and judges what is left. Everything that
/// is in the directory before counts as made by the build.
///
/// # Errors
///
/// When make cannot be run, or the directory cannot be read. That make failed is a finding.
pub(crate) fn cleaned(
    scratch: &Scratch<'_>,
    cleaning: Cleaning,
    events: &mut dyn FnMut(Event),
) -> Result<StepVerdict, EngineError> {
    let goal = cleaning.goal();
    let before = names(scratch.dir)?;
    if let Err(headline) = scratch.make(&[goal], events)? {
        return Ok(StepVerdict::failed(scratch.arch, LifeStep::Clean, goal, &headline));
    }
    Ok(judge(scratch.arch, cleaning, &before, &names(scratch.dir)?))
}

/// Every file and link of a directory.
pub(super) fn names(dir: &Path) -> Result<BTreeSet<String>, EngineError> {
    Ok(files_below(dir)?.into_iter().map(|(path, _)| path.display().to_string()).collect())
}
