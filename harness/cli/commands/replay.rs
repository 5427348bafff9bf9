use crate::args::ReplayArgs;
use crate::files::Files;
use crate::ui::Ui;
use twinlto_engine::{EngineError, ReplayRequest, install_interrupt_handler, replay};
use twinlto_model::Outcome;

pub(crate) fn run(args: &ReplayArgs, files: &Files, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let request = ReplayRequest {
        build: args.build.clone(),
        options: super::scope::replay_options(&args.scope, args.jobs)?,
        expect: args.expect.files(false),
    };
    install_interrupt_handler()?;
    let report = replay(&request, &mut |event| ui.event(&event))?;
    super::show(&report, files, ui)?;
    Ok(report.outcome)
}
