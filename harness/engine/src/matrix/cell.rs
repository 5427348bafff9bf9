//! One cell: a check, and what its result means to the matrix.

use super::MatrixRequest;
use super::state::State;
use crate::check::{CheckRequest, check};
use crate::configure::ConfigSource;
use crate::error::{EngineError, Kind};
use crate::expect::ExpectFiles;
use crate::fs::remove_tree;
use crate::recipe::users_identity;
use crate::toolchain::Found;
use crate::tree::KernelTree;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::time::Instant;
use twinlto_model::{Arch, CellResult, Event, Finding, Modes, Outcome, Severity, Wanted};
use twinlto_verdict::matrix::PlannedCell;

/// A cell with everything that it needs.
pub(super) struct Cell<'a> {
    pub(super) planned: &'a PlannedCell,
    pub(super) kernel: &'a KernelTree,
    pub(super) config: &'a ConfigSource,
    pub(super) found: &'a Found,
    /// What files of the matrix are relative to.
    pub(super) dir: &'a Path,
}

impl<'a> Cell<'a> {
    /// As progress and reports call it.
    pub(super) fn name(&self) -> String {
        let id = &self.planned.id;
        format!("{} · {} · {} · {}", id.kernel, id.variant(), id.arch, id.toolchain)
    }

    /// Everything beside its modes that decides its result; `common` is what is decided for many cells at once.
    pub(super) fn identity(
        &self,
        sources: &str,
        common: &mut Common<'a>,
    ) -> Result<String, EngineError> {
        let id = &self.planned.id;
        let mut text = format!(
            "{}\n{sources}\n{}\n{}\n{}\n",
            env!("CARGO_PKG_VERSION"),
            self.found.hash,
            id.arch,
            self.config.name()
        );
        text.push_str(common.requested(self)?);
        text.push_str(&common.variables);
        text.push_str(common.expected(self.expect_file())?);
        Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
    }

    fn expect_file(&self) -> Option<PathBuf> {
        let mut files = self.planned.rules.iter().filter_map(|rule| rule.file.as_ref());
        files.next_back().map(|file| self.dir.join(file))
    }

    /// Checks it. What stands in the way of this cell alone is its outcome.
    pub(super) fn run(
        &self,
        request: &MatrixRequest,
        state: &State,
        jobs: usize,
        events: &mut dyn FnMut(Event),
    ) -> Result<CellResult, EngineError> {
        let id = &self.planned.id;
        let place = state.place(id);
        let check_request = CheckRequest {
            kernel: Some(self.kernel.path.clone()),
            arches: vec![id.arch],
            modes: id.modes,
            llvm: self.found.llvm.clone(),
            ccache: request.ccache,
            config: self.config.clone(),
            jobs,
            out: place.clone(),
            replay: None,
            life: None,
            separate: false,
            base: None,
            expect: ExpectFiles { expect: self.expect_file(), ..ExpectFiles::default() },
            render: request.render,
        };
        let start = Instant::now();
        let expected = |outcome: &Outcome| is_expected(outcome, self.planned.wanted().as_ref());
        let report = match check(&check_request, events) {
            Ok(report) => report,
            // A toolchain that vanished or cannot link for this architecture is this cell's matter;
            // a full disk is everybody's.
            Err(error) if matches!(error.kind, Kind::Environment | Kind::Toolchain) => {
                let outcome = Outcome::Skipped(error.cause.clone());
                return Ok(CellResult {
                    expected: expected(&outcome),
                    again: true,
                    summary: error.to_string(),
                    outcome,
                    seconds: start.elapsed().as_secs_f64(),
                    counts: Vec::new(),
                    record: None,
                    warnings: Vec::new(),
                });
            }
            Err(error) => return Err(error),
        };
        let expected = expected(&report.outcome);
        if expected && !request.keep {
            remove_tree(&place.join(id.arch.name()))?;
        }
        let record = report.record.as_ref().map(|record| {
            std::path::absolute(record).map_or_else(|_| record.clone(), |p| p.display().to_string())
        });
        let is_told = |it: &&Finding| it.severity == Severity::Warning && !it.keeps_apart();
        let warnings = report.findings.iter().filter(is_told);
        Ok(CellResult {
            expected,
            again: false,
            warnings: warnings.map(Finding::in_short).collect(),
            summary: report.summary.clone(),
            seconds: start.elapsed().as_secs_f64(),
            counts: report.cells.iter().map(|cell| (cell.mode, cell.counts.clone())).collect(),
            record,
            outcome: report.outcome,
        })
    }
}

/// Whether an outcome is what the matrix expects: to agree, where no rule says otherwise.
pub(super) fn is_expected(outcome: &Outcome, wanted: Option<&Wanted>) -> bool {
    outcome.word() == wanted.map_or("agree", |it| it.outcome.as_str())
}

/// What decides the results of many cells alike, read once.
pub(super) struct Common<'a> {
    /// Variables of the user's own that a build gets.
    variables: String,
    /// What is asked of Kconfig, by configuration, architecture and modes.
    requested: BTreeMap<(&'a str, Arch, Modes), String>,
    /// What may differ, by the file that says it.
    expected: BTreeMap<Option<PathBuf>, String>,
}

impl<'a> Common<'a> {
    pub(super) fn read() -> Self {
        Self { variables: users_identity(), requested: BTreeMap::new(), expected: BTreeMap::new() }
    }

    fn expected(&mut self, file: Option<PathBuf>) -> Result<&str, EngineError> {
        match self.expected.entry(file) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let files = ExpectFiles { expect: place.key().clone(), ..ExpectFiles::default() };
                let text = format!("{:?}", files.read()?);
                Ok(place.insert(text))
            }
        }
    }

    fn requested(&mut self, cell: &Cell<'a>) -> Result<&str, EngineError> {
        let id = &cell.planned.id;
        match self.requested.entry((id.config.as_str(), id.arch, id.modes)) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let mut text = String::new();
                for mode in id.modes.iter() {
                    text.push_str(&cell.config.requested(id.arch, mode)?.to_text());
                }
                Ok(place.insert(text))
            }
        }
    }
}
