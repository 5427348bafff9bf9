use crate::args::AuditArgs;
use crate::ui::Ui;
use twinlto_engine::{AuditRequest, EngineError, audit};
use twinlto_model::Outcome;

pub(crate) fn run(args: &AuditArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let report = audit(&AuditRequest {
        build: args.build.clone(),
        other: args.other.clone(),
        expect: args.expect.files(false),
    })?;
    super::show(&report, &args.output, ui)?;
    Ok(report.outcome)
}
