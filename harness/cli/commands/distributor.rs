use crate::args::DistributorArgs;
use crate::ui::Ui;
use std::time::Duration;
use twinlto_engine::{DistributorRequest, EngineError, distribute, install_interrupt_handler};
use twinlto_model::{Outcome, count};

pub(crate) fn run(args: &DistributorArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    if args.timeout == 0 {
        return Err(EngineError::usage("--timeout 0", "no backend could end", "give 1 or more"));
    }
    install_interrupt_handler()?;
    let failed = distribute(&DistributorRequest {
        list: args.list.clone(),
        jobs: super::scope::jobs(args.jobs)?,
        limit: Duration::from_secs(args.timeout),
        keep: args.keep.clone(),
    })?;
    for job in &failed {
        ui.error(&EngineError::environment(
            format!("backend of {}", job.object),
            &job.why,
            format!(
                "link with --save-temps, which keeps the index, and repeat it with: {}",
                job.command
            ),
        ));
    }
    Ok(match failed.len() {
        0 => Outcome::Agree,
        n => Outcome::Broken(count(n, "backend failed", "backends failed")),
    })
}
