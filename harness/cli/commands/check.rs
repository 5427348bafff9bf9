use crate::args::{
    BACKEND_SECONDS, BuildArgs, CheckArgs, HowArgs, KernelArgs, LifecycleArgs, ReplayScope,
};
use crate::files::Files;
use crate::ui::Ui;
use std::path::{Path, PathBuf};
use twinlto_engine::{
    CheckRequest, ConfigSource, EngineError, ExpectFiles, LlvmSpec, ReplayOptions, check,
    install_interrupt_handler, lifecycle::LifeOptions,
};
use twinlto_model::{LifeStep, Mode, Modes, Outcome, Report};
use twinlto_report::Style;

pub(crate) fn run(args: &CheckArgs, files: &Files, ui: &mut Ui) -> Result<Outcome, EngineError> {
    // What no commit brings along ends a bisection, instead of letting it skip them all.
    if let Some(kernel) = args.kernel.kernel.as_ref().filter(|path| !path.is_dir())
        && args.bisect_exit
    {
        return Err(EngineError::environment(
            format!("kernel {}", kernel.display()),
            "there is no such directory",
            "give the top directory of the Linux source tree that is bisected",
        ));
    }
    let request = CheckRequest {
        replay: replay(args)?,
        separate: args.separate,
        expect: args.expect.files(args.bisect_exit),
        ..request_for(&args.kernel, super::scope::modes(&args.modes.mode)?)?
    };
    checked(&request, files, ui)
}

/// `twinlto build`: a check of one mode, which has no twin.
pub(crate) fn build(args: &BuildArgs, files: &Files, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let request = CheckRequest {
        expect: args.expect.files(false),
        ..request_for(&args.kernel, Modes::alone(super::scope::mode(&args.mode)?))?
    };
    checked(&request, files, ui)
}

/// `twinlto lifecycle`: a build of distributed mode, and then its life.
pub(crate) fn lifecycle(
    args: &LifecycleArgs,
    files: &Files,
    ui: &mut Ui,
) -> Result<Outcome, EngineError> {
    let request = CheckRequest {
        expect: args.expect.files(false),
        life: Some(LifeOptions { steps: steps(&args.step)? }),
        ..request_for(&args.kernel, Modes::alone(Mode::Distributed))?
    };
    checked(&request, files, ui)
}

/// The steps that are named, in the order of a life; all if none is.
fn steps(names: &[String]) -> Result<Vec<LifeStep>, EngineError> {
    let mut steps = Vec::new();
    for name in names.iter().flat_map(|name| name.split(',')) {
        let step = name.parse::<LifeStep>().map_err(|error| {
            EngineError::usage(format!("--step {name}"), error.to_string(), "give one of them")
        })?;
        steps.push(step);
    }
    Ok(LifeStep::ALL.into_iter().filter(|s| steps.is_empty() || steps.contains(s)).collect())
}

/// What is asked of a kernel, and nothing besides.
pub(super) fn request(
    kernel: Option<PathBuf>,
    how: &HowArgs,
    out: &Path,
    modes: Modes,
) -> Result<CheckRequest, EngineError> {
    Ok(CheckRequest {
        kernel,
        arches: super::scope::arches(&how.arch)?,
        modes,
        llvm: how.llvm.parse::<LlvmSpec>()?,
        ccache: how.ccache,
        config: ConfigSource::parse_all(&how.config)?,
        jobs: super::scope::jobs(how.jobs)?,
        out: out.to_owned(),
        replay: None,
        life: None,
        separate: false,
        base: None,
        expect: ExpectFiles::default(),
        render,
    })
}

/// The same of a kernel and the directory of its builds.
pub(super) fn request_for(args: &KernelArgs, modes: Modes) -> Result<CheckRequest, EngineError> {
    request(args.kernel.clone(), &args.how, &args.out, modes)
}

fn checked(request: &CheckRequest, files: &Files, ui: &mut Ui) -> Result<Outcome, EngineError> {
    // Only what builds has children to stop; everything else just ends.
    install_interrupt_handler()?;
    let report = check(request, &mut |event| ui.event(&event))?;
    super::show(&report, files, ui)?;
    Ok(report.outcome)
}

fn replay(args: &CheckArgs) -> Result<Option<ReplayOptions>, EngineError> {
    let scope = ReplayScope {
        object: Vec::new(),
        sample: args.sample,
        timeout: BACKEND_SECONDS,
        no_proofs: false,
    };
    args.replay.then(|| super::scope::replay_options(&scope, args.kernel.how.jobs)).transpose()
}

/// The files of a record.
pub(super) fn render(report: &Report) -> Vec<(&'static str, String)> {
    let style = Style { verbose: true, ..Style::default() };
    vec![
        ("report.txt", twinlto_report::terminal(report, &style)),
        ("report.json", twinlto_report::to_json(report)),
    ]
}
