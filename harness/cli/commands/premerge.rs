use crate::args::{Format, PremergeArgs};
use crate::files::Files;
use crate::ui::Ui;
use std::path::PathBuf;
use twinlto_engine::{EngineError, Head, PremergeRequest, install_interrupt_handler, premerge};
use twinlto_model::Outcome;

pub(crate) fn run(args: &PremergeArgs, files: &Files, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let modes = super::scope::modes(&args.modes.mode)?;
    let mut check = super::check::request(args.kernel.clone(), &args.how, &args.out, modes)?;
    check.expect = args.expect.files(true);
    let head = match (&args.series, &args.head) {
        (Some(series), _) => Head::Series(series.clone()),
        (None, Some(head)) if args.kernel.is_some() => Head::Revision(head.clone()),
        (None, head) => Head::Directory(PathBuf::from(head.clone().unwrap_or_default())),
    };
    let request = PremergeRequest {
        check,
        base: args.base.clone(),
        head,
        each: args.each,
        clean: args.clean,
    };
    install_interrupt_handler()?;
    let report = premerge(&request, &mut |event| ui.event(&event))?;
    // What could not be written must not keep the answer from being shown.
    let written = files.write(&report);
    let text = match files.format {
        // The answer is a reply to the patch.
        Format::Terminal => files.mail(&report),
        Format::Json => twinlto_report::to_json(&report),
    };
    ui.answer(&text)?;
    written?;
    Ok(report.outcome)
}
