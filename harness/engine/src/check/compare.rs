//! From two builds to the rows and findings of one architecture.

use super::twin::{Cell, Twin, TwinResult};
use crate::error::EngineError;
use crate::gather::{Depth, gather};
use crate::lifecycle::{LifeOptions, Scratch, live};
use crate::replay::replay_told;
use crate::symtypes;
use crate::twins;
use std::time::{Duration, Instant};
use twinlto_facts::build::BuildFacts;
use twinlto_model::{
    CellReport, Event, Finding, Layer, Outcome, StageTime, StepReport, Timings, TwinReport,
};
use twinlto_verdict::{
    Built, LayerVerdict, Scope, Sides, Verdict, cell_counts, diagnostics, judge, judge_failed,
    judge_one,
};

impl Twin<'_> {
    pub(crate) fn compare(
        &self,
        first: Cell,
        second: Option<Cell>,
        events: &mut dyn FnMut(Event),
    ) -> Result<TwinResult, EngineError> {
        let start = Instant::now();
        // Where lld places the code of one mode, bytes cannot be held against each other.
        let is_linkers = |cell: &Cell| cell.mode.is_linkers();
        let alike = second.as_ref().is_some_and(|it| !is_linkers(it)) && !is_linkers(&first);
        let depth = if alike { Depth::Code } else { Depth::Everything };
        let read = |cell: &Cell| {
            let log = Some(cell.log.as_path()).filter(|log| log.is_file());
            match gather(&cell.dir, log.as_slice(), depth) {
                // A build that failed before it was configured left nothing to look at.
                Err(_) if cell.failure.is_some() => Ok(BuildFacts {
                    directory: cell.dir.display().to_string(),
                    mode: Some(cell.mode),
                    ..BuildFacts::default()
                }),
                // What a build that failed left may look like another mode's.
                other => other.map(|facts| BuildFacts { mode: Some(cell.mode), ..facts }),
            }
        };
        let (ours, theirs) = rayon::join(|| read(&first), || second.as_ref().map(read).transpose());
        let (ours, theirs) = (ours?, theirs?);
        let facts_took = start.elapsed();
        let failed = |cell: &Cell| {
            cell.failure.as_ref().map(|line| format!("the {} build failed: {line}", cell.mode))
        };
        let failure = failed(&first).or_else(|| second.as_ref().and_then(failed));
        let mut verdict = match (&theirs, &failure) {
            (Some(theirs), None) => {
                let mut verdict = twins::compare(self.arch, &ours, theirs, self.expectations)?;
                let sides = Sides::of(self.arch, ours.mode, theirs.mode);
                symtypes::explain(sides, (&ours, theirs), &mut verdict, events)?;
                if let Some(options) = &self.request.replay {
                    verdict.layers.push(replay_told(self.arch, &ours, options, events)?);
                }
                verdict
            }
            (Some(theirs), Some(why)) => {
                let sides = Sides::of(self.arch, ours.mode, theirs.mode);
                judge_failed(sides, &ours, theirs, why)
            }
            (None, _) => {
                // One mode that was asked for is not missing its twin.
                let why = failure.as_deref().unwrap_or("only one mode was built");
                judge_one(self.arch, &ours, why, failure.is_none())
            }
        };
        // A build that failed has said something all the same.
        if let Some(theirs) = &theirs {
            let sides = Sides::of(self.arch, ours.mode, theirs.mode);
            verdict.layers.push(diagnostics(sides, &ours, theirs, Scope::Differences));
        }
        let mut extra: Vec<Finding> = first.findings.clone();
        // The twin asks for the same options; only its own losses are news.
        if let Some(cell) = &second {
            let known: Vec<_> =
                extra.iter().flat_map(|f| f.subjects()).map(str::to_owned).collect();
            let new = cell
                .findings
                .iter()
                .filter(|f| f.subjects().iter().any(|s| !known.contains(&(*s).to_owned())));
            let new: Vec<_> = new.cloned().collect();
            extra.extend(new);
        }
        let mut steps = Vec::new();
        if let Some(options) = &self.request.life {
            let (layer, taken) = match &failure {
                None => self.life(&first, &ours, options, events)?,
                Some(why) => (LayerVerdict::without(Layer::Lifecycle, why), Vec::new()),
            };
            verdict.layers.push(layer);
            steps = taken;
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
        let mut cells = vec![self.cell_report(first, true, &ours, &verdict, facts_took)];
        let build = build_column(cells.first(), second.as_ref());
        if let (Some(cell), Some(facts)) = (second, &theirs) {
            cells.push(self.cell_report(cell, false, facts, &verdict, facts_took));
        }
        let (outcome, layers) = (judged.outcome, judged.layers);
        Ok(TwinResult {
            report: TwinReport {
                arch: self.arch,
                outcome,
                build,
                layers,
                steps,
                coverage: verdict.coverage.clone(),
            },
            cells,
            findings: judged.findings,
            allowed: judged.allowed,
            compared: judged.compared,
            not_compared: verdict.not_compared(),
        })
    }

    /// Takes the build through its life.
    fn life(
        &self,
        cell: &Cell,
        facts: &BuildFacts,
        options: &LifeOptions,
        events: &mut dyn FnMut(Event),
    ) -> Result<(LayerVerdict, Vec<StepReport>), EngineError> {
        let scratch = Scratch {
            kernel: self.kernel,
            arch: self.arch,
            compiler: self.compiler,
            jobs: self.request.jobs,
            out: &self.out.path,
            dir: &cell.dir,
            log: &self.out.path.join(self.arch.name()).join("life.log"),
        };
        live(&scratch, facts, &self.request.config, options, events)
    }

    fn cell_report(
        &self,
        cell: Cell,
        first: bool,
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
            counts: cell_counts(cell.mode, first, facts, verdict),
        }
    }
}

/// `6m41s + 38s`, or which build failed.
fn build_column(ours: Option<&CellReport>, theirs: Option<&Cell>) -> String {
    let time = |timings: &Timings| {
        let seconds: f64 = ["configure", "copy", "build"]
            .iter()
            .filter_map(|stage| timings.get(*stage))
            .map(|time| time.seconds)
            .sum();
        short_duration(seconds)
    };
    match (ours, theirs) {
        (Some(CellReport { outcome: Outcome::Broken(_), mode, .. }), _) => {
            format!("{} failed", mode.short())
        }
        (_, Some(Cell { failure: Some(_), mode, .. })) => format!("{} failed", mode.short()),
        (Some(ours), Some(theirs)) => {
            format!("{} + {}", time(&ours.timings), time(&theirs.timings))
        }
        (Some(ours), None) => time(&ours.timings),
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
