use crate::args::{ReplayArgs, ReplayScope};
use crate::ui::Ui;
use std::time::{Duration, Instant};
use twinlto_engine::{
    EngineError, ReplayOptions, ReplayRequest, install_interrupt_handler, object_globs, replay,
};
use twinlto_model::{Event, Outcome};

pub(crate) fn run(args: &ReplayArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let request = ReplayRequest {
        build: args.build.clone(),
        options: options(&args.scope, args.jobs)?,
        expect: args.expect.files(false),
    };
    install_interrupt_handler()?;
    let mut last = Instant::now();
    let report = replay(&request, &mut |event| {
        if matches!(event, Event::Progress { .. }) {
            if last.elapsed() < Ui::interval() {
                return;
            }
            last = Instant::now();
        }
        ui.event(&event);
    })?;
    super::show(&report, &args.output, ui)?;
    Ok(report.outcome)
}

/// What a replay is asked, here and as a layer of check.
pub(super) fn options(
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
        jobs: super::check::jobs(jobs)?,
        limit: Duration::from_secs(scope.timeout),
        prove: !scope.no_proofs,
    })
}
