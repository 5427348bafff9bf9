use crate::args::ReportArgs;
use crate::ui::Ui;
use twinlto_engine::EngineError;
use twinlto_model::Outcome;

pub(crate) fn run(args: &ReportArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let report = super::record::read(&args.record)?;
    super::show(&report, &args.output, ui)?;
    Ok(report.outcome)
}
