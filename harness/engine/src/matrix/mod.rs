//! `twinlto matrix`: many cells, planned, run, watched and compared.
//!
//! ```text
//! OUT/matrix.json            the cells, in the order in which they run
//! OUT/cells/NAME/            what a check of a cell leaves; builds are removed when all is well
//! OUT/cells/NAME.json        its result, which counts for the same kernel, toolchain and configuration
//! OUT/cells/NAME.running     that it is being built, and how far it is
//! ```

mod cell;
mod state;

use crate::check::Render;
use crate::configure::ConfigSource;
use crate::error::{EngineError, Kind};
use crate::fs::fingerprint;
use crate::process::interrupted;
use crate::record::OutDir;
use crate::toolchain::{Found, LlvmSpec, discover};
use crate::tree::KernelTree;
use cell::Cell;
use state::{Kept, State};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use twinlto_model::{
    Arch, CellState, ColumnChange, Event, MATRIX_SCHEMA, MatrixCell, MatrixReport, Mode, Outcome,
    Report, ToolVersion, count,
};
use twinlto_verdict::matrix::{Column, KnownToolchain, PlannedCell, Spec, cells, changes, order};

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

/// A matrix with everything found that its cells need.
struct Plan<'a> {
    request: &'a MatrixRequest,
    toolchains: Vec<Found>,
    kernels: BTreeMap<String, Result<KernelTree, String>>,
    configs: BTreeMap<String, Result<ConfigSource, String>>,
    /// Cells in the order in which they run.
    cells: Vec<PlannedCell>,
}

impl<'a> Plan<'a> {
    fn make(request: &'a MatrixRequest) -> Result<Self, EngineError> {
        let toolchains = discover(&request.given)?;
        if toolchains.is_empty() {
            return Err(EngineError::environment(
                "matrix",
                "there is no LLVM: none was given, and none was found",
                "scripts/fetch-llvm 22 brings one; --llvm gives one",
            ));
        }
        let known: Vec<KnownToolchain> = toolchains
            .iter()
            .map(|it| KnownToolchain { name: it.name.clone(), version: it.toolchain.version })
            .collect();
        let planned = cells(&request.spec, &known);
        if planned.is_empty() {
            let names: Vec<&str> = known.iter().map(|it| it.name.as_str()).collect();
            return Err(EngineError::usage(
                format!("matrix {}", request.spec.name),
                "it has no cell",
                format!("toolchains that are there: {}", names.join(", ")),
            ));
        }
        let names: Vec<String> = known.into_iter().map(|it| it.name).collect();
        let mut by_id: BTreeMap<_, _> =
            planned.into_iter().map(|cell| (cell.id.clone(), cell)).collect();
        let ids = order(by_id.keys().cloned().collect(), &names);
        let cells: Vec<PlannedCell> = ids.iter().filter_map(|id| by_id.remove(id)).collect();
        let mut plan =
            Self { request, toolchains, kernels: BTreeMap::new(), configs: BTreeMap::new(), cells };
        plan.open_all();
        Ok(plan)
    }

    fn open_all(&mut self) {
        for cell in &self.cells {
            let PlannedCell { id, .. } = cell;
            if !self.kernels.contains_key(&id.kernel) {
                let opened = match id.kernel.as_str() {
                    "pocket" => {
                        crate::cases::pocket_kernel().and_then(|dir| KernelTree::open(&dir))
                    }
                    path => KernelTree::open(&self.request.dir.join(path)),
                };
                let opened = opened.map_err(|error| error.cause);
                self.kernels.insert(id.kernel.clone(), opened);
            }
            if !self.configs.contains_key(&id.config) {
                let words: Vec<String> =
                    id.config.split_whitespace().map(|word| self.config_word(word)).collect();
                let read = ConfigSource::parse_all(&words).map_err(|error| error.cause);
                self.configs.insert(id.config.clone(), read);
            }
        }
    }

    /// A file of a configuration is relative to the matrix.
    fn config_word(&self, word: &str) -> String {
        let (plus, name) = match word.strip_prefix('+') {
            Some(name) => ("+", name),
            None => ("", word),
        };
        match (plus, name) {
            ("", "tiny" | "defconfig") => word.to_owned(),
            _ => format!("{plus}{}", self.request.dir.join(name).display()),
        }
    }

    /// Everything that a cell needs, or why it cannot be built.
    fn cell(&self, planned: &PlannedCell, minimum: &mut Minimum) -> Result<Cell<'_>, String> {
        let id = &planned.id;
        if let Some(why) = &planned.excluded {
            return Err(why.clone());
        }
        let gone = || "it is not known".to_owned();
        let kernel =
            self.kernels.get(&id.kernel).ok_or_else(gone)?.as_ref().map_err(Clone::clone)?;
        let config =
            self.configs.get(&id.config).ok_or_else(gone)?.as_ref().map_err(Clone::clone)?;
        let found = self.toolchains.iter().find(|it| it.name == id.toolchain).ok_or_else(gone)?;
        for mode in [Mode::Distributed, Mode::InProcess] {
            kernel.supports(id.arch, mode).map_err(|error| error.cause)?;
        }
        let oldest = minimum
            .entry((id.kernel.clone(), id.arch))
            .or_insert_with(|| kernel.minimum_llvm(id.arch));
        if let Some(oldest) = oldest.filter(|oldest| found.toolchain.version < *oldest) {
            return Err(format!("{} needs LLVM {oldest} or later", kernel.id().name));
        }
        Ok(Cell { planned: planned.clone(), kernel, config, found, dir: &self.request.dir })
    }

    fn report(
        &self,
        state: &State,
        runs: &Runs<'_>,
        outcome: impl FnOnce(&[MatrixCell]) -> Outcome,
    ) -> MatrixReport {
        let list: Vec<MatrixCell> = runs.list(state);
        MatrixReport {
            schema: MATRIX_SCHEMA.to_owned(),
            twinlto: env!("CARGO_PKG_VERSION").to_owned(),
            name: self.request.spec.name.clone(),
            outcome: outcome(&list),
            changes: self.changes(&list),
            cells: list,
            out: self.request.out.display().to_string(),
        }
    }

    /// What changed from toolchain to toolchain, of the cells that are done.
    fn changes(&self, list: &[MatrixCell]) -> Vec<ColumnChange> {
        let age = |name: &str| self.toolchains.iter().position(|it| it.name == name);
        let mut done: Vec<(usize, &MatrixCell, Report)> = list
            .iter()
            .filter_map(|cell| {
                let CellState::Done(result) = &cell.state else { return None };
                let record = result.record.as_ref()?;
                let text = crate::record::read_record(Path::new(record)).ok()?;
                let report = serde_json::from_str::<Report>(&text).ok()?;
                Some((age(&cell.id.toolchain)?, cell, report))
            })
            .collect();
        done.sort_by_key(|(age, ..)| *age);
        let columns: Vec<Column<'_>> =
            done.iter().map(|(_, cell, report)| Column { id: &cell.id, report }).collect();
        changes(&columns)
    }
}

/// The oldest LLVM of a kernel and architecture: its script is asked once.
type Minimum = BTreeMap<(String, Arch), Option<ToolVersion>>;

/// Cells with what is known of them.
struct Runs<'a> {
    cells: Vec<(PlannedCell, Result<Cell<'a>, String>, String)>,
}

impl<'a> Runs<'a> {
    /// Cells and their identities. `exact` also asks what the sources are, which reads the whole
    /// tree's directory.
    fn of(plan: &'a Plan<'a>, exact: bool) -> Result<Self, EngineError> {
        let mut minimum = Minimum::new();
        let mut prints: BTreeMap<&str, String> = BTreeMap::new();
        let mut cells = Vec::new();
        for planned in &plan.cells {
            let cell = plan.cell(planned, &mut minimum);
            let identity = match &cell {
                Ok(cell) if exact => {
                    let name = planned.id.kernel.as_str();
                    if !prints.contains_key(name) {
                        prints.insert(name, fingerprint(&cell.kernel.path, &plan.request.out)?);
                    }
                    cell.identity(prints.get(name).map_or("", String::as_str))?
                }
                _ => String::new(),
            };
            cells.push((planned.clone(), cell, identity));
        }
        Ok(Self { cells })
    }

    fn list(&self, state: &State) -> Vec<MatrixCell> {
        let of = |(planned, cell, identity): &(PlannedCell, Result<Cell<'_>, String>, String)| {
            let now = match cell {
                Err(why) => CellState::Impossible { why: why.clone() },
                Ok(_) => state.cell(&planned.id, identity),
            };
            MatrixCell { id: planned.id.clone(), state: now }
        };
        self.cells.iter().map(of).collect()
    }
}

/// The cells of a matrix, why some are impossible, and how long the others may take.
///
/// # Errors
///
/// When the matrix has no cell, or a toolchain that was given cannot be used.
pub fn matrix_plan(request: &MatrixRequest) -> Result<MatrixReport, EngineError> {
    let plan = Plan::make(request)?;
    let state = State::read(&request.out);
    let runs = Runs::of(&plan, false)?;
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
    let runs = Runs::of(&plan, true)?;
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
            format!("it has {} cells", plan.cells.len()),
            "look at twinlto matrix plan, and give --yes to run it",
        ));
    }
    let out = OutDir::open(&request.out)?;
    let state = State::open(&out.path)?;
    let runs = Runs::of(&plan, true)?;
    let waiting: VecDeque<usize> = (0..runs.cells.len())
        .filter(|at| match runs.cells.get(*at) {
            Some((planned, Ok(_), identity)) => {
                !matches!(state.cell(&planned.id, identity), CellState::Done(_))
            }
            _ => false,
        })
        .collect();
    let many = waiting.len();
    let workers = request.at_once.clamp(1, request.jobs.max(1));
    let queue = Queue { waiting: Mutex::new(waiting), stop: Mutex::new(None), many };
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
    match queue.stop.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(Stop::Error(error)) => Err(error),
        Some(Stop::Unexpected) | None => {
            let runs = Runs::of(&plan, true)?;
            Ok(plan.report(&State::read(&out.path), &runs, outcome))
        }
    }
}

/// Why no further cell is begun.
enum Stop {
    /// A cell was not as expected.
    Unexpected,
    /// Something that is no cell's.
    Error(EngineError),
}

/// Cells that wait for a worker.
struct Queue {
    waiting: Mutex<VecDeque<usize>>,
    stop: Mutex<Option<Stop>>,
    many: usize,
}

impl Queue {
    fn take(&self) -> Option<(usize, usize)> {
        let stopped = self.stop.lock().is_ok_and(|stop| stop.is_some());
        if stopped || interrupted() {
            return None;
        }
        let mut waiting = self.waiting.lock().ok()?;
        let at = waiting.pop_front()?;
        Some((at, waiting.len()))
    }

    fn work(
        &self,
        request: &MatrixRequest,
        runs: &Runs<'_>,
        state: &State,
        jobs: usize,
        sender: &Sender<Event>,
    ) {
        while let Some((at, left)) = self.take() {
            let Some((planned, Ok(cell), identity)) = runs.cells.get(at) else { continue };
            let name = cell.name();
            let _closed = sender.send(Event::Tried {
                what: name.clone(),
                left: format!("{} of {}", self.many - left, count(self.many, "cell", "cells")),
            });
            let mut said = |event: Event| {
                state.says(&planned.id, &event);
                let _closed = sender.send(event);
            };
            let result = cell.run(request, state, jobs, &mut said);
            state.stops(&planned.id);
            let stop = match result {
                Ok(result) => {
                    let line = format!("{}: {}", result.outcome, result.summary);
                    let _closed = sender.send(Event::Answered { line });
                    let unexpected = !result.expected;
                    let kept = Kept { identity: identity.clone(), result };
                    match state.keep(&planned.id, &kept) {
                        Err(error) => Some(Stop::Error(error)),
                        Ok(()) => (unexpected && !request.keep_going).then_some(Stop::Unexpected),
                    }
                }
                Err(error) if error.kind == Kind::Interrupted => Some(Stop::Error(error)),
                Err(error) => Some(Stop::Error(error)),
            };
            if let (Some(stop), Ok(mut place)) = (stop, self.stop.lock()) {
                place.get_or_insert(stop);
                return;
            }
        }
    }
}

/// The answer of all cells together.
fn outcome(list: &[MatrixCell]) -> Outcome {
    let done: Vec<_> = list
        .iter()
        .filter_map(|cell| match &cell.state {
            CellState::Done(result) => Some(result),
            _ => None,
        })
        .collect();
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
