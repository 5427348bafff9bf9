//! The life of a build: made again, changed, switched, cleaned. The kept build is never worked in:
//! each step works in a copy of it, at the same path, on sources of our own.
//!
//! ```text
//! OUT/lifecycle/source/              the sources, linked or copied from KERNEL
//! OUT/lifecycle/ARCH/distributed/    the kept build; while a step works, its copy
//! OUT/lifecycle/ARCH/kept/           the kept build while a step works
//! OUT/lifecycle/ARCH/life.log        what make said in the last step that was taken
//! ```

mod cleaning;
mod edits;
mod generation;
mod ignored;
mod lists;
mod place;
mod scratch;
mod steps;

pub(crate) use cleaning::cleaned;
pub use ignored::ignored;
pub(crate) use lists::make_compile_commands;
pub use lists::{compile_commands, ranges};
pub(crate) use place::Place;
pub(crate) use scratch::Scratch;
pub use twinlto_verdict::lifecycle::{Cleaning, StepVerdict};

use crate::configure::ConfigSource;
use crate::error::EngineError;
use std::time::Instant;
use steps::Life;
use twinlto_facts::build::BuildFacts;
use twinlto_model::{Event, LifeStep, Severity, Stage, StepReport};
use twinlto_verdict::LayerVerdict;
use twinlto_verdict::lifecycle::lifecycle;

/// Which steps of a build's life are taken.
#[derive(Debug, Clone)]
pub struct LifeOptions {
    /// The steps, in their own order.
    pub steps: Vec<LifeStep>,
}

/// Takes a finished distributed build through its life. `scratch` is where it lies; it lies there
/// again, as it was, when this returns.
///
/// # Errors
///
/// For what is not the kernel's fault: the disk, the user. What make does wrong is a finding.
pub(crate) fn live(
    scratch: &Scratch<'_>,
    facts: &BuildFacts,
    config: &ConfigSource,
    options: &LifeOptions,
    events: &mut dyn FnMut(Event),
) -> Result<(LayerVerdict, Vec<StepReport>), EngineError> {
    let life = Life::begin(scratch, facts, config)?;
    let mut verdicts = Vec::new();
    let mut reports = Vec::new();
    for step in &options.steps {
        let (arch, mode, stage) = (scratch.arch, None, Stage::Life(*step));
        events(Event::Started { arch, mode, stage });
        let start = Instant::now();
        let verdict = life.take(*step, events)?;
        let took = start.elapsed();
        match &verdict.omitted {
            Some(why) if verdict.compared == 0 => {
                events(Event::Skipped { arch, mode, stage, why: why.clone() });
            }
            _ => events(Event::Finished { arch, mode, stage, took: Some(took) }),
        }
        let errors = verdict.findings.iter().filter(|f| f.severity == Severity::Error).count();
        reports.push(StepReport {
            step: *step,
            said: verdict.said.clone(),
            compared: verdict.compared,
            errors: errors as u64,
            others: (verdict.findings.len() - errors) as u64,
            seconds: took.as_secs_f64(),
            not_run: verdict.omitted.clone(),
        });
        verdicts.push((*step, verdict));
    }
    Ok((lifecycle(&verdicts), reports))
}
