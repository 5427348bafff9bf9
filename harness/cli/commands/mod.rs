//! One file a command.

mod audit;
mod bisect;
mod check;
mod diff;
mod distributor;
mod doctor;
mod explain;
mod inject;
mod matrix;
mod premerge;
mod record;
mod replay;
mod report;
mod scope;
mod snapshot;

use crate::args::{Args, Command, Format};
use crate::files::Files;
use crate::ui::Ui;
use twinlto_engine::EngineError;
use twinlto_model::{Outcome, Report};

pub(crate) fn run(args: Args, ui: &mut Ui) -> Result<Outcome, EngineError> {
    // Before a build of many minutes, after which there would be nowhere to write.
    let files = Files::open(&args)?;
    match args.command {
        Command::Check(args) => check::run(&args, &files, ui),
        Command::Build(args) => check::build(&args, &files, ui),
        Command::Lifecycle(args) => check::lifecycle(&args, &files, ui),
        Command::Audit(args) => audit::run(&args, &files, ui),
        Command::Diff(args) => diff::run(&args, &files, ui),
        Command::Replay(args) => replay::run(&args, &files, ui),
        Command::Distributor(args) => distributor::run(&args, ui),
        Command::Inject(args) => inject::run(&args, ui),
        Command::Matrix(command) => matrix::run(&command, &files, ui),
        Command::Premerge(args) => premerge::run(&args, &files, ui),
        Command::Bisect(command) => bisect::run(&command, ui),
        Command::Snapshot(command) => snapshot::run(&command, ui),
        Command::Report(args) => report::run(&args, &files, ui),
        Command::Explain(args) => explain::run(&args, ui),
        Command::Doctor(args) => doctor::run(&args, ui),
    }
}

fn show(report: &Report, files: &Files, ui: &mut Ui) -> Result<(), EngineError> {
    // What could not be written must not keep the answer from being shown.
    let written = files.write(report);
    let text = match files.format {
        Format::Terminal => twinlto_report::terminal(report, &ui.style(files.verbose)),
        Format::Json => twinlto_report::to_json(report),
    };
    ui.answer(&text)?;
    written
}
