use crate::args::ReportArgs;
use crate::ui::Ui;
use twinlto_engine::{EngineError, read_record};
use twinlto_model::Outcome;

pub(crate) fn run(args: &ReportArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let text = read_record(&args.record)?;
    let report = twinlto_report::from_json(&text).map_err(|error| {
        EngineError::usage(
            format!("record {}", args.record.display()),
            error.to_string(),
            "give the directory that the last line of a check names",
        )
    })?;
    super::show(&report, &args.output, ui)?;
    Ok(report.outcome)
}
