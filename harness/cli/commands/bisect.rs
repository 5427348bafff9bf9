use crate::args::{
    BisectCommand, BisectKernelArgs, BisectObjectsArgs, BisectOptionsArgs, BisectToolchainArgs,
    KernelArgs, ModesArgs, ShownArgs,
};
use crate::args::{Format, PredicateArgs};
use crate::reproducer::reproducer;
use crate::ui::Ui;
use twinlto_engine::{
    Asked, CheckRequest, EngineError, KernelBisect, ObjectsBisect, OptionsBisect, ToolchainBisect,
    bisect_kernel, bisect_objects, bisect_options, bisect_toolchain, install_interrupt_handler,
};
use twinlto_model::{BisectReport, Mode, Modes, Outcome};
use twinlto_verdict::number::{self, Number};
use twinlto_verdict::search::{Count, Failing, Predicate, PredicateError};

pub(crate) fn run(command: &BisectCommand, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let (report, shown) = match command {
        BisectCommand::Kernel(args) => (kernel(args, ui)?, &args.shown),
        BisectCommand::Toolchain(args) => (toolchain(args, ui)?, &args.shown),
        BisectCommand::Objects(args) => (objects(args, ui)?, &args.shown),
        BisectCommand::Options(args) => (options(args, ui)?, &args.shown),
    };
    show(&report, shown, ui)?;
    Ok(report.outcome)
}

fn kernel(args: &BisectKernelArgs, ui: &mut Ui) -> Result<BisectReport, EngineError> {
    if args.kernel.kernel.is_none() {
        return Err(EngineError::usage(
            "bisect kernel",
            "no repository is named",
            "give a git repository of Linux: twinlto bisect kernel REPO --good REV --bad REV …",
        ));
    }
    let asked = asked(&args.predicate, "kernel", &number::of_a_check())?;
    let request = KernelBisect {
        check: check(&args.kernel, &args.modes, &asked)?,
        good: args.good.clone(),
        bad: args.bad.clone(),
        first_parent: args.first_parent,
        asked,
        repeat: repeat(&args.predicate)?,
        command: reproducer(false),
    };
    install_interrupt_handler()?;
    bisect_kernel(&request, &mut |event| ui.event(&event))
}

fn toolchain(args: &BisectToolchainArgs, ui: &mut Ui) -> Result<BisectReport, EngineError> {
    let asked = asked(&args.predicate, "toolchain", &number::of_a_check())?;
    let request = ToolchainBisect {
        check: check(&args.kernel, &args.modes, &asked)?,
        among: args.among.clone(),
        asked,
        repeat: repeat(&args.predicate)?,
        command: reproducer(false),
    };
    install_interrupt_handler()?;
    bisect_toolchain(&request, &mut |event| ui.event(&event))
}

fn objects(args: &BisectObjectsArgs, ui: &mut Ui) -> Result<BisectReport, EngineError> {
    let asked = asked(&args.predicate, "objects", &number::of_a_check())?;
    if let Asked::Report(Predicate::Count(Count { mode: Some(mode), .. })) = &asked
        && *mode != Mode::Distributed
    {
        return Err(EngineError::usage(
            format!("--count {}", args.predicate.count.as_deref().unwrap_or_default()),
            format!("native objects are exchanged in a distributed build, and in no {mode} one"),
            "leave the mode out",
        ));
    }
    let request = ObjectsBisect {
        good: args.good.clone(),
        bad: args.bad.clone(),
        kernel: args.kernel.clone(),
        llvm: args.llvm.as_deref().map(str::parse).transpose()?,
        asked,
        repeat: repeat(&args.predicate)?,
        jobs: super::scope::jobs(args.jobs)?,
        out: args.out.clone(),
        command: reproducer(false),
    };
    install_interrupt_handler()?;
    bisect_objects(&request, &mut |event| ui.event(&event))
}

fn options(args: &BisectOptionsArgs, ui: &mut Ui) -> Result<BisectReport, EngineError> {
    let request = OptionsBisect {
        build: args.build.clone(),
        object: args.object.strip_prefix("./").unwrap_or(&args.object).to_owned(),
        asked: asked(&args.predicate, "options", number::OF_AN_OBJECT)?,
        repeat: repeat(&args.predicate)?,
        out: args.out.clone(),
        command: reproducer(false),
    };
    install_interrupt_handler()?;
    bisect_options(&request, &mut |event| ui.event(&event))
}

fn repeat(args: &PredicateArgs) -> Result<u32, EngineError> {
    match args.repeat {
        0 => Err(EngineError::usage("--repeat 0", "nothing would be asked", "give 1 or more")),
        n => Ok(n),
    }
}

/// A check of each candidate. A number of one mode needs no twin.
fn check(args: &KernelArgs, modes: &ModesArgs, asked: &Asked) -> Result<CheckRequest, EngineError> {
    let both = super::scope::modes(&modes.mode)?;
    let modes = match asked {
        Asked::Report(Predicate::Count(Count { mode: Some(mode), .. })) => {
            let is_built = both.iter().any(|it| it == *mode);
            if !(is_built || modes.mode.is_empty()) {
                return Err(EngineError::usage(
                    format!("--mode {}", modes.mode.join(" --mode ")),
                    format!("the number that is asked for is of a build in mode {mode}"),
                    format!("leave --mode out, or give --mode {mode}"),
                ));
            }
            Modes::alone(*mode)
        }
        _ => both,
    };
    let mut request = super::check::request_for(args, modes)?;
    // What is allowed is there all the same, and what is for nothing is not this command's matter.
    request.expect.unused_is_fine = true;
    Ok(request)
}

/// What is asked by `bisect WHAT`, which knows these numbers.
fn asked(args: &PredicateArgs, what: &str, numbers: &[Number]) -> Result<Asked, EngineError> {
    if let (Some(subject), None) = (&args.subject, &args.finding) {
        return Err(EngineError::usage(
            format!("--subject {subject}"),
            "it says of what a finding is, and no finding is asked for",
            "give --finding KEY-GLOB too, or leave it out",
        ));
    }
    let read = |option: &str, text: &str, read: Result<Predicate, PredicateError>| {
        read.map(Asked::Report).map_err(|error| {
            let hint = format!("twinlto bisect {what} --help shows every form");
            EngineError::usage(format!("--{option} {text}"), error.to_string(), hint)
        })
    };
    if let Some(key) = &args.finding {
        return read("finding", key, Predicate::finding(key, args.subject.as_deref()));
    }
    if let Some(words) = &args.outcome {
        return read("outcome", words, Predicate::outcome(words));
    }
    if let Some(text) = &args.error {
        return Ok(Asked::Report(Predicate::Error(Failing::Text(text.clone()))));
    }
    if let Some(class) = &args.error_class {
        return Ok(Asked::Report(Predicate::Error(Failing::Class(class.clone()))));
    }
    if let Some(text) = &args.count {
        return read("count", text, Predicate::count(text, numbers));
    }
    match &args.run {
        Some(script) => Asked::script(script),
        None => Err(EngineError::usage("bisect", "no predicate", "give --finding or --run")),
    }
}

fn show(report: &BisectReport, shown: &ShownArgs, ui: &mut Ui) -> Result<(), EngineError> {
    let text = match shown.format {
        Format::Terminal => twinlto_report::bisect(report, &ui.style(shown.verbose)),
        Format::Json => twinlto_report::bisect_to_json(report),
    };
    ui.answer(&text)
}
