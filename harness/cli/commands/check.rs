use crate::args::{BACKEND_SECONDS, CheckArgs, ReplayScope};
use crate::ui::Ui;
use twinlto_engine::{
    CheckRequest, ConfigSource, EngineError, LlvmSpec, ReplayOptions, check,
    install_interrupt_handler,
};
use twinlto_model::{Arch, Outcome, Report};
use twinlto_report::Style;

pub(crate) fn run(args: &CheckArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let request = CheckRequest {
        kernel: args.kernel.clone(),
        arches: arches(&args.arch)?,
        llvm: args.llvm.parse::<LlvmSpec>()?,
        config: ConfigSource::parse_all(&args.config)?,
        jobs: super::scope::jobs(args.jobs)?,
        out: args.out.clone(),
        replay: replay(args)?,
        separate: args.separate,
        expect: args.expect.files(args.bisect_exit),
        render,
    };
    // Only a check has children to stop; everything else just ends.
    install_interrupt_handler()?;
    let report = check(&request, &mut |event| ui.event(&event))?;
    super::show(&report, &args.output, ui)?;
    Ok(report.outcome)
}

fn replay(args: &CheckArgs) -> Result<Option<ReplayOptions>, EngineError> {
    let scope = ReplayScope {
        object: Vec::new(),
        sample: args.sample,
        timeout: BACKEND_SECONDS,
        no_proofs: false,
    };
    args.replay.then(|| super::scope::replay_options(&scope, args.jobs)).transpose()
}

fn arches(names: &[String]) -> Result<Vec<Arch>, EngineError> {
    if names.iter().any(|name| name == "all") {
        return Ok(Arch::ALL.to_vec());
    }
    let names: Vec<String> =
        if names.is_empty() { vec![std::env::consts::ARCH.to_owned()] } else { names.to_vec() };
    let mut arches = Vec::new();
    for name in names.iter().flat_map(|name| name.split(',')) {
        let arch = name.parse::<Arch>().map_err(|error| {
            EngineError::usage(
                format!("--arch {name}"),
                error.to_string(),
                "give one of them, or --arch all",
            )
        })?;
        if !arches.contains(&arch) {
            arches.push(arch);
        }
    }
    Ok(arches)
}

/// The files of a record.
fn render(report: &Report) -> Vec<(&'static str, String)> {
    let style = Style { verbose: true, ..Style::default() };
    vec![
        ("report.txt", twinlto_report::terminal(report, &style)),
        ("report.json", twinlto_report::to_json(report)),
    ]
}
