//! A matrix with everything that its cells need.

use super::MatrixRequest;
use super::cell::{Cell, Common, is_expected};
use super::state::State;
use crate::configure::ConfigSource;
use crate::error::EngineError;
use crate::fingerprint::fingerprint;
use crate::toolchain::{Found, discover};
use crate::tree::KernelTree;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use twinlto_model::{
    Arch, CellResult, CellState, ColumnChange, MATRIX_SCHEMA, MatrixCell, MatrixReport, Modes,
    Outcome, Report, ToolVersion,
};
use twinlto_verdict::matrix::{Column, KnownToolchain, PlannedCell, cells, changes, order};

/// A matrix with everything found that its cells need.
pub(super) struct Plan<'a> {
    pub(super) request: &'a MatrixRequest,
    toolchains: Vec<Found>,
    kernels: BTreeMap<String, KernelTree>,
    configs: BTreeMap<String, ConfigSource>,
    /// Words that name no toolchain that is there.
    unmatched: Vec<String>,
    /// Cells in the order in which they run.
    pub(super) cells: Vec<PlannedCell>,
}

impl<'a> Plan<'a> {
    pub(super) fn make(request: &'a MatrixRequest) -> Result<Self, EngineError> {
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
            .map(|it| KnownToolchain {
                name: it.name.clone(),
                version: it.toolchain.version,
                given: it.given,
            })
            .collect();
        let name = &request.spec.name;
        let unmatched = request.spec.unmatched(&known).map_err(|error| {
            let hint = "write it in one of these forms, or take it out";
            EngineError::usage(format!("matrix {name}"), error.to_string(), hint)
        })?;
        let mut planned = cells(&request.spec, &known);
        let mut names: Vec<String> = known.into_iter().map(|it| it.name).collect();
        if planned.is_empty() {
            return Err(EngineError::usage(
                format!("matrix {}", request.spec.name),
                "it has no cell",
                format!("toolchains that are there: {}", names.join(", ")),
            ));
        }
        planned.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        // The first and the last are those of this matrix, not of this machine.
        let used: BTreeSet<&str> = planned.iter().map(|cell| cell.id.toolchain.as_str()).collect();
        names.retain(|name| used.contains(name.as_str()));
        let cells = order(planned, |cell| &cell.id.toolchain, &names);
        let (kernels, configs) = (BTreeMap::new(), BTreeMap::new());
        let mut plan = Self { request, toolchains, kernels, configs, unmatched, cells };
        plan.open_all()?;
        Ok(plan)
    }

    /// What a cell needs that nobody excluded must be there: a path that is misspelt is no cell that
    /// cannot be built.
    fn open_all(&mut self) -> Result<(), EngineError> {
        let wrong = |what: &str, name: &str, error: EngineError| EngineError {
            what: format!("matrix {}: {what} {name}", self.request.spec.name),
            ..error
        };
        for cell in &self.cells {
            let PlannedCell { id, excluded, .. } = cell;
            if excluded.is_some() {
                continue;
            }
            if !self.kernels.contains_key(&id.kernel) {
                let opened = match id.kernel.as_str() {
                    "pocket" => {
                        crate::cases::pocket_kernel().and_then(|dir| KernelTree::open(&dir))
                    }
                    path => KernelTree::open(&self.request.dir.join(path)),
                };
                let opened = opened.map_err(|error| wrong("kernel", &id.kernel, error))?;
                self.kernels.insert(id.kernel.clone(), opened);
            }
            if !self.configs.contains_key(&id.config) {
                let words: Vec<String> =
                    id.config.split_whitespace().map(|word| self.config_word(word)).collect();
                let read = ConfigSource::parse_all(&words);
                let read = read.map_err(|error| wrong("configuration", &id.config, error))?;
                self.configs.insert(id.config.clone(), read);
            }
        }
        Ok(())
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
    fn cell<'p>(
        &'p self,
        planned: &'p PlannedCell,
        support: &mut Support<'p>,
    ) -> Result<Cell<'p>, String> {
        let id = &planned.id;
        if let Some(why) = &planned.excluded {
            return Err(why.clone());
        }
        let gone = || "it is not known".to_owned();
        let kernel = self.kernels.get(&id.kernel).ok_or_else(gone)?;
        let config = self.configs.get(&id.config).ok_or_else(gone)?;
        let found = self.toolchains.iter().find(|it| it.name == id.toolchain).ok_or_else(gone)?;
        let oldest = support.entry((&id.kernel, id.arch, id.modes)).or_insert_with(|| {
            for mode in id.modes.iter() {
                kernel.supports(id.arch, mode).map_err(|error| error.cause)?;
            }
            Ok(kernel.minimum_llvm(id.arch))
        });
        let oldest = oldest.as_ref().map_err(Clone::clone)?;
        let version = found.toolchain.version;
        if let Some(oldest) = oldest.filter(|oldest| version < *oldest) {
            return Err(format!("{} needs LLVM {oldest} or later", kernel.id().name));
        }
        if let Some((mode, first)) = id.modes.beyond(version.major) {
            return Err(format!("mode {mode} needs LLVM {first} or later"));
        }
        Ok(Cell { planned, kernel, config, found, dir: &self.request.dir })
    }

    pub(super) fn report(
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
            unmatched: self.unmatched.clone(),
            toolchains: self.places(&list),
            cells: list,
            out: self.request.out.display().to_string(),
        }
    }

    /// Where the toolchains of the cells are.
    fn places(&self, list: &[MatrixCell]) -> Vec<(String, String)> {
        let used: BTreeSet<&str> = list.iter().map(|cell| cell.id.toolchain.as_str()).collect();
        let here = self.toolchains.iter().filter(|it| used.contains(it.name.as_str()));
        here.map(|it| (it.name.clone(), it.llvm.value())).collect()
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

/// Whether a kernel has two modes for an architecture, and the oldest LLVM that it takes there: it
/// and its script are asked once.
type Support<'a> = BTreeMap<(&'a str, Arch, Modes), Result<Option<ToolVersion>, String>>;

/// A cell with what is known of it.
pub(super) struct Run<'a> {
    pub(super) planned: &'a PlannedCell,
    /// What it needs, or why it cannot be built.
    pub(super) cell: Result<Cell<'a>, String>,
    /// Everything that decides its result; empty where it cannot be built.
    pub(super) identity: String,
}

/// Cells with what is known of them.
pub(super) struct Runs<'a> {
    pub(super) cells: Vec<Run<'a>>,
}

impl<'a> Runs<'a> {
    /// Cells and their identities. What the sources are is told by the times of all files.
    pub(super) fn of(plan: &'a Plan<'a>) -> Result<Self, EngineError> {
        let (mut support, mut common) = (Support::new(), Common::read());
        let mut prints: BTreeMap<&str, String> = BTreeMap::new();
        let mut cells = Vec::with_capacity(plan.cells.len());
        for planned in &plan.cells {
            let cell = plan.cell(planned, &mut support);
            let identity = match &cell {
                Ok(cell) => {
                    let name = planned.id.kernel.as_str();
                    if !prints.contains_key(name) {
                        prints.insert(name, fingerprint(&cell.kernel.path, &plan.request.out)?);
                    }
                    let sources = prints.get(name).map_or("", String::as_str);
                    cell.identity(sources, &mut common)?
                }
                Err(_) => String::new(),
            };
            cells.push(Run { planned, cell, identity });
        }
        Ok(Self { cells })
    }

    /// Positions of the cells that are to be run, in their order.
    pub(super) fn open(&self, state: &State) -> VecDeque<usize> {
        let is_open = |run: &Run<'_>| match state.cell(&run.planned.id, &run.identity) {
            CellState::Done(result) => result.again,
            _ => true,
        };
        let all = self.cells.iter().enumerate();
        all.filter(|(_, run)| run.cell.is_ok() && is_open(run)).map(|(at, _)| at).collect()
    }

    fn list(&self, state: &State) -> Vec<MatrixCell> {
        let of = |run: &Run<'_>| {
            let wanted = run.planned.wanted();
            let now = match &run.cell {
                Err(why) => CellState::Impossible { why: why.clone() },
                Ok(_) => match state.cell(&run.planned.id, &run.identity) {
                    // What is expected is what the matrix says now, not what it said then.
                    CellState::Done(result) => CellState::Done(Box::new(CellResult {
                        expected: is_expected(&result.outcome, wanted.as_ref()),
                        ..*result
                    })),
                    other => other,
                },
            };
            MatrixCell { id: run.planned.id.clone(), state: now, wanted }
        };
        self.cells.iter().map(of).collect()
    }
}
