//! One cell: a check, and what its result means to the matrix.

use super::MatrixRequest;
use super::state::State;
use crate::check::{CheckRequest, check};
use crate::configure::ConfigSource;
use crate::error::{EngineError, Kind};
use crate::expect::ExpectFiles;
use crate::fs::remove_tree;
use crate::recipe::PASSED;
use crate::toolchain::Found;
use crate::tree::KernelTree;
use std::path::{Path, PathBuf};
use std::time::Instant;
use twinlto_model::{CellResult, Event, Mode, Outcome};
use twinlto_verdict::Modes;
use twinlto_verdict::matrix::PlannedCell;

/// A cell with everything that it needs.
pub(super) struct Cell<'a> {
    pub(super) planned: PlannedCell,
    pub(super) kernel: &'a KernelTree,
    pub(super) config: &'a ConfigSource,
    pub(super) found: &'a Found,
    /// What files of the matrix are relative to.
    pub(super) dir: &'a Path,
}

impl Cell<'_> {
    /// As progress and reports call it.
    pub(super) fn name(&self) -> String {
        let id = &self.planned.id;
        format!("{} · {} · {} · {}", self.kernel.id().name, id.config, id.arch, id.toolchain)
    }

    /// Everything that decides its result.
    pub(super) fn identity(&self, sources: &str) -> Result<String, EngineError> {
        let id = &self.planned.id;
        let mut text = format!(
            "{}\n{sources}\n{}\n{}\n{}\n",
            env!("CARGO_PKG_VERSION"),
            self.found.hash,
            id.arch,
            self.config.name()
        );
        for mode in [Mode::Distributed, Mode::InProcess] {
            text.push_str(&self.config.requested(id.arch, mode)?.to_text());
        }
        for name in PASSED {
            if let Ok(value) = std::env::var(name) {
                text.push_str(&format!("{name}={value}\n"));
            }
        }
        if let Some(file) = self.expect_file() {
            let bytes = std::fs::read(&file).map_err(|e| EngineError::io("read", &file, &e))?;
            text.push_str(&blake3::hash(&bytes).to_hex());
        }
        Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
    }

    fn expect_file(&self) -> Option<PathBuf> {
        let mut files = self.planned.rules.iter().filter_map(|rule| rule.file.as_ref());
        files.next_back().map(|file| self.dir.join(file))
    }

    fn wanted(&self) -> &str {
        let mut words = self.planned.rules.iter().filter_map(|rule| rule.outcome.as_deref());
        words.next_back().unwrap_or("agree")
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
        let modes = Modes::pair(&[Mode::Distributed, Mode::InProcess]);
        let check_request = CheckRequest {
            kernel: Some(self.kernel.path.clone()),
            arches: vec![id.arch],
            modes: modes.unwrap_or(Modes::alone(Mode::Distributed)),
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
        let report = match check(&check_request, events) {
            Ok(report) => report,
            // A toolchain that vanished or cannot link for this architecture is this cell's matter;
            // a full disk is everybody's.
            Err(error) if error.kind == Kind::Environment && !error.cause.contains("no space") => {
                let outcome = Outcome::Skipped(error.cause.clone());
                return Ok(CellResult {
                    expected: self.wanted() == outcome.word(),
                    summary: error.to_string(),
                    outcome,
                    seconds: start.elapsed().as_secs_f64(),
                    counts: Vec::new(),
                    record: None,
                });
            }
            Err(error) => return Err(error),
        };
        let expected = report.outcome.word() == self.wanted();
        if expected && !request.keep {
            remove_tree(&place.join(id.arch.name()))?;
        }
        let record = report.record.as_ref().map(|record| {
            std::path::absolute(record).map_or_else(|_| record.clone(), |p| p.display().to_string())
        });
        Ok(CellResult {
            expected,
            summary: report.summary.clone(),
            seconds: start.elapsed().as_secs_f64(),
            counts: report.cells.iter().map(|cell| (cell.mode, cell.counts.clone())).collect(),
            record,
            outcome: report.outcome,
        })
    }
}
