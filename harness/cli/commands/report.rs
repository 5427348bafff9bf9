use crate::args::ReportArgs;
use crate::files::Files;
use crate::ui::Ui;
use twinlto_engine::EngineError;
use twinlto_model::Outcome;

pub(crate) fn run(args: &ReportArgs, files: &Files, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let report = super::record::read(&args.record)?;
    super::show(&report, files, ui)?;
    Ok(report.outcome)
}
