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

use crate::args::{Args, Command, Format, OutputArgs};
use crate::ui::Ui;
use twinlto_engine::EngineError;
use twinlto_model::{Outcome, Report};

pub(crate) fn run(args: Args, ui: &mut Ui) -> Result<Outcome, EngineError> {
    match args.command {
        Command::Check(args) => check::run(&args, ui),
        Command::Build(args) => check::build(&args, ui),
        Command::Lifecycle(args) => check::lifecycle(&args, ui),
        Command::Audit(args) => audit::run(&args, ui),
        Command::Diff(args) => diff::run(&args, ui),
        Command::Replay(args) => replay::run(&args, ui),
        Command::Distributor(args) => distributor::run(&args, ui),
        Command::Inject(args) => inject::run(&args, ui),
        Command::Matrix(command) => matrix::run(&command, ui),
        Command::Premerge(args) => premerge::run(&args, ui),
        Command::Bisect(command) => bisect::run(&command, ui),
        Command::Snapshot(command) => snapshot::run(&command, ui),
        Command::Report(args) => report::run(&args, ui),
        Command::Explain(args) => explain::run(&args, ui),
        Command::Doctor(args) => doctor::run(&args, ui),
    }
}

fn show(report: &Report, output: &OutputArgs, ui: &mut Ui) -> Result<(), EngineError> {
    let text = match output.format {
        Format::Terminal => twinlto_report::terminal(report, &ui.style(output.verbose)),
        Format::Json => twinlto_report::to_json(report),
    };
    ui.answer(&text)
}

/// The command as it was given, for a shell.
fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.map(|word| quoted(&word)).collect();
    format!("twinlto {}", words.join(" "))
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
