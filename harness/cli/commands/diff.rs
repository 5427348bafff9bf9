use crate::args::DiffArgs;
use crate::ui::Ui;
use twinlto_engine::{DiffRequest, EngineError, diff};
use twinlto_model::Outcome;

pub(crate) fn run(args: &DiffArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let report = diff(&DiffRequest {
        a: args.a.clone(),
        b: args.b.clone(),
        only: args.only.clone(),
        ignore: args.ignore.clone(),
        objects: args.object.clone(),
        expect: args.expect.files(true),
    })?;
    super::show(&report, &args.output, ui)?;
    Ok(report.outcome)
}
