//! From two builds to the rows and findings of one architecture.

use super::twin::{Cell, Twin, TwinResult};
use crate::error::EngineError;
use crate::gather::{Depth, gather};
use crate::replay::replay_told;
use crate::symtypes;
use std::path::Path;
use std::time::{Duration, Instant};
use twinlto_facts::build::BuildFacts;
use twinlto_model::{CellReport, Event, Finding, Outcome, StageTime, Timings, TwinReport};
use twinlto_verdict::{Built, Sides, Verdict, cell_counts, compare_twins, judge, judge_one};

impl Twin<'_> {
    pub(super) fn compare(
        &self,
        distributed: Cell,
        in_process: Option<Cell>,
        events: &mut dyn FnMut(Event),
    ) -> Result<TwinResult, EngineError> {
        let start = Instant::now();
        let read = |cell: &Cell| {
            let logs: &[&Path] = if cell.failure.is_some() { &[&cell.log] } else { &[] };
            match gather(&cell.dir, logs, Depth::Everything) {
                // A build that failed before it was configured left nothing to look at.
                Err(_) if cell.failure.is_some() => Ok(BuildFacts {
                    directory: cell.dir.display().to_string(),
                    mode: Some(cell.mode),
                    ..BuildFacts::default()
                }),
                other => other,
            }
        };
        let (ours, theirs) =
            rayon::join(|| read(&distributed), || in_process.as_ref().map(read).transpose());
        let (ours, theirs) = (ours?, theirs?);
        let facts_took = start.elapsed();
        let failed = |cell: &Cell| {
            cell.failure.as_ref().map(|line| format!("the {} build failed: {line}", cell.mode))
        };
        let failure = failed(&distributed).or_else(|| in_process.as_ref().and_then(failed));
        let verdict = match (&theirs, &failure) {
            (Some(theirs), None) => {
                let mut verdict = compare_twins(self.arch, &ours, theirs, self.expectations);
                let sides = Sides::modes(self.arch);
                symtypes::explain(sides, (&ours, theirs), &mut verdict, events)?;
                if let Some(options) = &self.request.replay {
                    verdict.layers.push(replay_told(self.arch, &ours, options, events)?);
                }
                verdict
            }
            _ => {
                let why = failure.as_deref().unwrap_or("there is no twin");
                judge_one(self.arch, &ours, why, false)
            }
        };
        let mut extra: Vec<Finding> = distributed.findings.clone();
        // The twin asks for the same options; only its own losses are news.
        if let Some(cell) = &in_process {
            let known: Vec<_> =
                extra.iter().flat_map(|f| f.subjects()).map(str::to_owned).collect();
            let new = cell
                .findings
                .iter()
                .filter(|f| f.subjects().iter().any(|s| !known.contains(&(*s).to_owned())));
            let new: Vec<_> = new.cloned().collect();
            extra.extend(new);
        }
        let built = Built {
            facts: &ours,
            // A build that failed was not compared with its twin.
            twin: theirs.as_ref().filter(|_| failure.is_none()),
            llvm: Some(self.llvm),
            whole: true,
            failure: failure.as_deref(),
        };
        let judged = judge(self.expectations, &verdict, &built, Some(extra));
        let mut cells = vec![self.cell_report(distributed, &ours, &verdict, facts_took)];
        let build = build_column(cells.first(), in_process.as_ref());
        if let (Some(cell), Some(facts)) = (in_process, &theirs) {
            cells.push(self.cell_report(cell, facts, &verdict, facts_took));
        }
        let (outcome, layers) = (judged.outcome, judged.layers);
        Ok(TwinResult {
            report: TwinReport { arch: self.arch, outcome, build, layers },
            cells,
            findings: judged.findings,
            allowed: judged.allowed,
            compared: judged.compared,
            not_compared: verdict.not_compared(),
        })
    }

    fn cell_report(
        &self,
        cell: Cell,
        facts: &BuildFacts,
        verdict: &Verdict,
        facts_took: Duration,
    ) -> CellReport {
        let mut timings = cell.timings;
        timings.insert(
            "facts".to_owned(),
            StageTime { seconds: facts_took.as_secs_f64(), reused: false },
        );
        CellReport {
            arch: self.arch,
            mode: cell.mode,
            toolchain: None,
            outcome: match cell.failure {
                Some(why) => Outcome::Broken(why),
                None => Outcome::Agree,
            },
            directory: cell.dir.display().to_string(),
            timings,
            counts: cell_counts(cell.mode, facts, verdict),
        }
    }
}

/// `6m41s + 38s`, or which build failed.
fn build_column(distributed: Option<&CellReport>, in_process: Option<&Cell>) -> String {
    let time = |timings: &Timings| {
        let seconds: f64 = ["configure", "copy", "build"]
            .iter()
            .filter_map(|stage| timings.get(*stage))
            .map(|time| time.seconds)
            .sum();
        short_duration(seconds)
    };
    match (distributed, in_process) {
        (Some(CellReport { outcome: Outcome::Broken(_), .. }), _) => "dist failed".to_owned(),
        (_, Some(Cell { failure: Some(_), .. })) => "in failed".to_owned(),
        (Some(ours), Some(theirs)) => {
            format!("{} + {}", time(&ours.timings), time(&theirs.timings))
        }
        _ => "–".to_owned(),
    }
}

fn short_duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.1}s"),
        10..60 => format!("{whole}s"),
        _ => format!("{}m{:02}s", whole / 60, whole % 60),
    }
}
