//! `twinlto`: proves that in-process and distributed ThinLTO builds of a Linux kernel agree,
//! or names what does not, and why.

mod args;
mod commands;
mod exit;
mod files;
mod reproducer;
mod ui;

use clap::Parser;
use std::process::ExitCode;

/// An audit makes hundreds of thousands of small texts on every core: a fifth faster than with
/// the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A build with --ccache calls this program by that name.
    if let Some(error) = twinlto_engine::called_as_ccache() {
        ui::Ui::new().error(&error);
        return ExitCode::FAILURE;
    }
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let bisect = std::env::args_os().any(|word| word == "--bisect-exit");
            return exit::of_unreadable(ui::clap_message(&error), bisect);
        }
    };
    let mut ui = ui::Ui::new();
    let bisect = args.bisect_exit();
    match commands::run(args, &mut ui) {
        Ok(outcome) => exit::of_outcome(&outcome, bisect),
        Err(error) => {
            ui.error(&error);
            exit::of_error(&error, bisect)
        }
    }
}
