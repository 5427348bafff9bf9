use crate::args::{Format, MatrixArgs, MatrixCommand, MatrixRunArgs, ShownArgs};
use crate::files::Files;
use crate::ui::Ui;
use std::path::{Path, PathBuf};
use twinlto_engine::{
    EngineError, LlvmSpec, MatrixRequest, default_jobs, free_memory, install_interrupt_handler,
    matrix_plan, matrix_run, matrix_show, matrix_text,
};
use twinlto_model::{Arch, CellState, KernelId, MatrixCell, MatrixReport, Outcome, Report, SCHEMA};
use twinlto_report::Style;
use twinlto_verdict::matrix::Spec;

pub(crate) fn run(
    command: &MatrixCommand,
    files: &Files,
    ui: &mut Ui,
) -> Result<Outcome, EngineError> {
    match command {
        MatrixCommand::Plan(args) => {
            let report = matrix_plan(&request(&args.matrix)?)?;
            show(&report, &args.shown, ui, twinlto_report::matrix_plan)?;
            Ok(Outcome::Agree)
        }
        MatrixCommand::Status(args) => {
            let report = matrix_plan(&request(&args.matrix)?)?;
            show(&report, &args.shown, ui, twinlto_report::matrix_status)?;
            Ok(Outcome::Agree)
        }
        MatrixCommand::Show(args) => {
            answer(&matrix_show(&request(&args.matrix)?)?, &args.output.shown, files, ui)
        }
        MatrixCommand::Run(args) => {
            let request = run_request(args)?;
            install_interrupt_handler()?;
            let report = matrix_run(&request, &mut |event| ui.event(&event))?;
            answer(&report, &args.output.shown, files, ui)
        }
    }
}

/// What came out, shown and written.
fn answer(
    report: &MatrixReport,
    shown: &ShownArgs,
    files: &Files,
    ui: &mut Ui,
) -> Result<Outcome, EngineError> {
    // What could not be written must not keep the answer from being shown.
    let written = files.write_matrix(report, &reports(report));
    show(report, shown, ui, twinlto_report::matrix_show)?;
    written?;
    Ok(report.outcome.clone())
}

/// A report of each cell, told from the others by its toolchain; of one that was not checked, that it
/// was not.
fn reports(matrix: &MatrixReport) -> Vec<(&MatrixCell, Report)> {
    let of = |cell: &MatrixCell| {
        let id = &cell.id;
        let config = format!("{} · {}", id.variant(), id.toolchain);
        // As the matrix names it, whatever its version: two trees may be of one.
        let kernel = || KernelId { name: id.kernel.clone(), path: None };
        let skipped = |why: &str| Report {
            schema: SCHEMA.to_owned(),
            twinlto: matrix.twinlto.clone(),
            kernel: kernel(),
            config: format!("{config} · {}", id.arch),
            comparison: String::new(),
            sides: None,
            outcome: Outcome::Skipped(why.to_owned()),
            summary: why.to_owned(),
            twins: Vec::new(),
            cells: Vec::new(),
            findings: Vec::new(),
            allowed: Vec::new(),
            not_compared: Vec::new(),
            patches: Vec::new(),
            record: None,
        };
        match &cell.state {
            CellState::Impossible { why } => skipped(why),
            CellState::Waiting { .. } => skipped("it was not run"),
            CellState::Running { .. } => skipped("it is being built"),
            CellState::Done(result) => {
                let record =
                    result.record.as_ref().map(|record| super::record::read(Path::new(record)));
                match record {
                    Some(Ok(report)) => Report { config, kernel: kernel(), ..report },
                    Some(Err(error)) => skipped(&error.to_string()),
                    None => skipped(&result.summary),
                }
            }
        }
    };
    matrix.cells.iter().map(|cell| (cell, of(cell))).collect()
}

fn show(
    report: &MatrixReport,
    shown: &ShownArgs,
    ui: &mut Ui,
    text: fn(&MatrixReport, &Style) -> String,
) -> Result<(), EngineError> {
    let text = match shown.format {
        Format::Terminal => text(report, &ui.style(shown.verbose)),
        Format::Json => twinlto_report::matrix_to_json(report),
    };
    ui.answer(&text)
}

fn run_request(args: &MatrixRunArgs) -> Result<MatrixRequest, EngineError> {
    for (option, value) in [("--cells", Some(args.cells as u64)), ("--memory", args.memory)] {
        if value == Some(0) {
            let what = format!("{option} 0");
            return Err(EngineError::usage(what, "nothing could run", "give 1 or more"));
        }
    }
    let jobs = super::scope::jobs(args.jobs)?;
    let gib = args.memory.or_else(free_memory).unwrap_or(u64::MAX);
    // A front end or backend of the largest units, and a link that runs every backend itself.
    let of_cells = |cells: usize| (cells * (jobs / cells).max(1) * 2 + cells * 2) as u64;
    let at_once = (1..=args.cells).rev().find(|cells| of_cells(*cells) <= gib).unwrap_or(1);
    Ok(MatrixRequest {
        jobs,
        ccache: args.ccache,
        at_once,
        keep_going: args.keep_going,
        keep: args.keep,
        yes: args.yes,
        ..request(&args.matrix)?
    })
}

fn request(args: &MatrixArgs) -> Result<MatrixRequest, EngineError> {
    let (mut spec, dir) = match &args.matrix {
        Some(name) => read(name)?,
        None => {
            let spec = Spec { name: "of options".to_owned(), ..Spec::default() };
            (spec, PathBuf::from("."))
        }
    };
    spec.kernels.extend(args.kernel.iter().map(|word| match word.as_str() {
        "pocket" => word.clone(),
        // What stands on the command line is relative to where that is.
        path => {
            let full = Path::new(path).canonicalize().or_else(|_| std::path::absolute(path));
            full.map_or_else(|_| word.clone(), |p| p.display().to_string())
        }
    }));
    spec.configs.extend(args.config.iter().cloned());
    if !args.arch.is_empty() {
        for arch in super::scope::arches(&args.arch)? {
            if !spec.arches.contains(&arch) {
                spec.arches.push(arch);
            }
        }
    }
    spec.toolchains.extend(args.toolchain.iter().cloned());
    for word in &args.mode {
        spec.modes.push(super::scope::modes(std::slice::from_ref(word))?);
    }
    spec.every_rule_fits().map_err(|error| {
        EngineError::usage(
            format!("matrix {}", spec.name),
            error.to_string(),
            "mend the rule, or take it out",
        )
    })?;
    let given = args.llvm.iter().map(|text| text.parse()).collect::<Result<Vec<LlvmSpec>, _>>()?;
    let here = std::env::consts::ARCH.parse::<Arch>().unwrap_or(Arch::X86_64);
    Ok(MatrixRequest {
        spec: spec.filled(here),
        dir: std::path::absolute(&dir).unwrap_or(dir),
        given,
        ccache: false,
        jobs: default_jobs(),
        at_once: 1,
        keep_going: false,
        keep: false,
        yes: false,
        out: args.out.clone(),
        render: super::check::render,
    })
}

/// A matrix from a file, or of those that twinlto carries.
fn read(name: &str) -> Result<(Spec, PathBuf), EngineError> {
    let (text, file) = matrix_text(name)?;
    let path = Path::new(name);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let spec = Spec::parse(&stem, &file, &text).map_err(|error| {
        EngineError::usage(
            format!("matrix {name}"),
            error.to_string(),
            "docs/MATRIX.md shows how a matrix is written",
        )
    })?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    Ok((spec, dir.map_or_else(|| PathBuf::from("."), Path::to_owned)))
}
