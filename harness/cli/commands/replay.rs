use crate::args::ReplayArgs;
use crate::ui::Ui;
use std::time::Instant;
use twinlto_engine::{EngineError, ReplayRequest, install_interrupt_handler, replay};
use twinlto_model::{Event, Outcome};

pub(crate) fn run(args: &ReplayArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let request = ReplayRequest {
        build: args.build.clone(),
        options: super::scope::replay_options(&args.scope, args.jobs)?,
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
