use crate::args::{Format, InjectArgs};
use crate::ui::Ui;
use twinlto_engine::{
    CaseChoice, ConfigSource, EngineError, InjectRequest, LlvmSpec, inject,
    install_interrupt_handler, known_cases,
};
use twinlto_model::Outcome;

pub(crate) fn run(args: &InjectArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let arches = super::scope::arches(&args.how.arch)?;
    let cases = CaseChoice { dir: args.cases.clone(), names: args.case.clone() };
    if args.list {
        let known = known_cases(&cases)?;
        let width = known.iter().map(|case| case.name.len()).max().unwrap_or(0);
        let lines = known.iter().map(|case| format!("{:<width$}  {}\n", case.name, case.title));
        ui.answer(&lines.collect::<String>())?;
        return Ok(Outcome::Agree);
    }
    let request = InjectRequest {
        kernel: args.kernel.clone(),
        arches,
        llvm: args.how.llvm.parse::<LlvmSpec>()?,
        other_llvm: args.other_llvm.as_deref().map(other_llvm).transpose()?,
        ccache: args.how.ccache,
        config: ConfigSource::parse_all(&args.how.config)?,
        jobs: super::scope::jobs(args.how.jobs)?,
        out: args.out.clone(),
        cases,
        keep: args.keep,
    };
    install_interrupt_handler()?;
    let report = inject(&request, &mut |event| ui.event(&event))?;
    let text = match args.shown.format {
        Format::Terminal => twinlto_report::inject(&report, &ui.style(args.shown.verbose)),
        Format::Json => twinlto_report::inject_to_json(&report),
    };
    ui.answer(&text)?;
    Ok(report.outcome)
}

/// The second LLVM, named as such where it makes no sense.
fn other_llvm(text: &str) -> Result<LlvmSpec, EngineError> {
    text.parse()
        .map_err(|error: EngineError| EngineError { what: format!("--other-llvm {text}"), ..error })
}
