//! From a verdict to the report of `twinlto diff`.

use super::filter::{self, Filter};
use super::{DiffRequest, agreed, major};
use crate::error::EngineError;
use crate::expect::today;
use std::path::Path;
use twinlto_facts::build::BuildFacts;
use twinlto_model::{KernelId, Report, SCHEMA, TwinReport};
use twinlto_verdict::{
    Built, Expectations, Sides, Verdict, conclude, judge, merge, merge_allowed, summary,
};

/// What makes a report of a verdict.
pub(super) struct Judging<'a> {
    pub(super) request: &'a DiffRequest,
    pub(super) filter: &'a Filter,
    pub(super) expectations: &'a Expectations,
}

impl Judging<'_> {
    /// `whole` says whether the two are build directories, and not single files.
    pub(super) fn report(
        &self,
        sides: Sides<'_>,
        mut verdict: Verdict,
        (a, b): (&BuildFacts, &BuildFacts),
        whole: bool,
    ) -> Result<Report, EngineError> {
        let left_out = verdict.retain(|finding| self.filter.wants(finding));
        let mut not_compared = verdict.not_compared();
        not_compared.extend(filter::left_out(verdict.arch, left_out));
        let llvm = agreed(major(&self.request.a, a), major(&self.request.b, b));
        let built = Built { facts: a, twin: Some(b), llvm, whole, failure: None };
        let judged = judge(self.expectations, &verdict, &built, None);
        let twins = vec![TwinReport {
            arch: verdict.arch,
            outcome: judged.outcome.clone(),
            build: "as found".to_owned(),
            layers: judged.layers,
            steps: Vec::new(),
            coverage: verdict.coverage.clone(),
        }];
        let (outcome, mut about) =
            conclude(self.expectations, judged.outcome, &[judged.compared], today()?);
        about.retain(|finding| self.filter.wants(finding));
        let findings = merge(judged.findings.into_iter().chain(about).collect());
        let allowed = merge_allowed(judged.allowed);
        let name = |side: &str, path: &Path| format!("{side} = {}", path.display());
        Ok(Report {
            schema: SCHEMA.to_owned(),
            twinlto: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: KernelId { name: name(sides.left, &self.request.a), path: None },
            config: name(sides.right, &self.request.b),
            comparison: format!("{} against {}", sides.left, sides.right),
            sides: Some(self.request.paths()),
            summary: summary(&outcome, &twins, &findings, &allowed),
            outcome,
            twins,
            cells: Vec::new(),
            findings,
            allowed,
            not_compared,
            patches: Vec::new(),
            record: None,
        })
    }
}
