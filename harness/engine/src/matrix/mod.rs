//! `twinlto matrix`: many cells, planned, run, watched and compared.
//!
//! ```text
//! OUT/matrix.json            the cells, in the order in which they run
//! OUT/cells/NAME/            what a check of a cell leaves; builds are removed when all is well
//! OUT/cells/NAME.json        its result, which counts for the same kernel, toolchain and configuration;
//!                            one for which something was missing is tried again
//! OUT/cells/NAME.running     that it is being built, and how far it is
//! ```

mod cell;
mod plan;
mod queue;
mod state;

use crate::check::Render;
use crate::error::EngineError;
use crate::process::interrupted;
use crate::record::OutDir;
use crate::toolchain::LlvmSpec;
use plan::{Plan, Runs};
use queue::{Queue, Stop};
use state::State;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use twinlto_model::{CellState, Event, MatrixCell, MatrixReport, Outcome, count};
use twinlto_verdict::matrix::Spec;

/// What `twinlto matrix` is asked.
#[derive(Debug, Clone)]
pub struct MatrixRequest {
    /// The matrix.
    pub spec: Spec,
    /// The directory that files of the matrix are relative to.
    pub dir: PathBuf,
    /// Toolchains besides those that are found.
    pub given: Vec<LlvmSpec>,
    /// Whether front ends and backends are asked of ccache first.
    pub ccache: bool,
    /// Jobs at once, of all cells together.
    pub jobs: usize,
    /// Cells at once.
    pub at_once: usize,
    /// Whether it goes on after a cell that is not as expected.
    pub keep_going: bool,
    /// Whether builds are kept.
    pub keep: bool,
    /// Whether very many cells may run.
    pub yes: bool,
    /// Where builds, records and the state go.
    pub out: PathBuf,
    /// Makes the files of a cell's record.
    pub render: Render,
}

/// More cells than anybody starts by mistake.
const MANY: usize = 200;

/// The cells of a matrix, why some are impossible, and how long the others may take.
///
/// # Errors
///
/// When the matrix has no cell, or a toolchain that was given cannot be used.
pub fn matrix_plan(request: &MatrixRequest) -> Result<MatrixReport, EngineError> {
    let plan = Plan::make(request)?;
    let state = State::read(&request.out);
    let runs = Runs::of(&plan)?;
    Ok(plan.report(&state, &runs, |_| Outcome::Agree))
}

/// What the cells of a matrix are and were, while it runs and afterwards.
///
/// # Errors
///
/// As for the plan.
pub fn matrix_show(request: &MatrixRequest) -> Result<MatrixReport, EngineError> {
    let plan = Plan::make(request)?;
    let state = State::read(&request.out);
    // A result of other sources or another toolchain is none of these cells'.
    let runs = Runs::of(&plan)?;
    Ok(plan.report(&state, &runs, outcome))
}

/// Runs what is not done.
///
/// # Errors
///
/// When the request makes no sense or the user stops it; a cell that cannot be checked is none.
pub fn matrix_run(
    request: &MatrixRequest,
    events: &mut dyn FnMut(Event),
) -> Result<MatrixReport, EngineError> {
    let plan = Plan::make(request)?;
    if plan.cells.len() > MANY && !request.yes {
        return Err(EngineError::usage(
            format!("matrix {}", request.spec.name),
            format!(
                "it has {}, and more than {MANY} are run only if that is meant",
                count(plan.cells.len(), "cell", "cells")
            ),
            "look at twinlto matrix plan, and give --yes to run it",
        ));
    }
    let out = OutDir::open(&request.out)?;
    let state = State::open(&out.path)?;
    let runs = Runs::of(&plan)?;
    let workers = request.at_once.clamp(1, request.jobs.max(1));
    let queue = Queue::of(runs.open(&state));
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let sender = sender.clone();
            let (queue, runs, state) = (&queue, &runs, &state);
            let jobs = (request.jobs / workers).max(1);
            scope.spawn(move || queue.work(request, runs, state, jobs, &sender));
        }
        drop(sender);
        for event in receiver {
            events(event);
        }
    });
    if interrupted() {
        return Err(EngineError::interrupted());
    }
    match queue.stopped() {
        Some(Stop::Error(error)) => Err(error),
        Some(Stop::Unexpected) | None => {
            let runs = Runs::of(&plan)?;
            Ok(plan.report(&State::read(&out.path), &runs, outcome))
        }
    }
}

/// The answer of all cells together.
fn outcome(list: &[MatrixCell]) -> Outcome {
    let done: Vec<_> = list.iter().filter_map(MatrixCell::result).collect();
    let unexpected = done.iter().filter(|result| !result.expected).map(|it| match &it.outcome {
        // Expected to differ, and it does not: the matrix is wrong about it.
        Outcome::Agree => Outcome::Differ,
        other => other.clone(),
    });
    let unexpected: Vec<Outcome> = unexpected.collect();
    if !unexpected.is_empty() {
        return Outcome::of_all(unexpected);
    }
    let open = list
        .iter()
        .filter(|cell| matches!(cell.state, CellState::Waiting { .. } | CellState::Running { .. }));
    match (open.count(), done.len()) {
        (0, 0) => Outcome::Skipped("no cell can be built".to_owned()),
        (0, _) => Outcome::Agree,
        (n, _) => Outcome::Skipped(format!("{} not run", count(n, "cell", "cells"))),
    }
}
