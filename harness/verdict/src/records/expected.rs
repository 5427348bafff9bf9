//! What a file of expectations says of two recorded runs.

use crate::expect::{Applied, Compared, Date, Expectations};
use std::collections::BTreeSet;
use twinlto_model::{Allowed, Finding, Layer, Report, TwinReport};

/// Parts findings of the second run into those that nobody expected, with what the file itself
/// brings up, and those that are allowed. An entry that fits anything of the second run is of use,
/// whether it is new there or not.
#[must_use]
pub fn expect_records(
    expectations: &Expectations,
    b: &Report,
    findings: Vec<Finding>,
    today: Date,
) -> (Vec<Finding>, Vec<Allowed>) {
    let llvm = llvm_of(b);
    let Applied { mut findings, allowed, mut matched } = expectations.apply(findings, llvm, &[]);
    let old = b.allowed.iter().map(|allowed| allowed.finding.clone());
    let known = b.findings.iter().cloned().chain(old).collect();
    matched.extend(expectations.apply(known, llvm, &[]).matched);
    let compared = |twin: &TwinReport| {
        let cells = || b.cells.iter().filter(|cell| cell.arch == twin.arch);
        Compared {
            arch: twin.arch,
            both: cells().count() > 1,
            whole: true,
            records: true,
            modes: cells().map(|cell| cell.mode).collect(),
            llvm,
            layers: whole_layers(b, twin),
            requested: cells().any(|cell| cell.toolchain.is_some()),
            matched: matched.clone(),
            budgets: BTreeSet::new(),
        }
    };
    let compared: Vec<Compared> = b.twins.iter().map(compared).collect();
    // What the second run said of the same entry stands among its own findings.
    let said = |about: &Finding| {
        let same = |f: &Finding| f.key == about.key && f.subjects() == about.subjects();
        b.findings.iter().any(same)
    };
    let about = expectations.leftovers(&compared, today);
    findings.extend(about.into_iter().filter(|finding| !said(finding)));
    (findings, allowed)
}

/// Major version of the one LLVM that all builds of a run are of.
fn llvm_of(report: &Report) -> Option<u32> {
    let mut majors = report.cells.iter().map(|cell| Some(cell.toolchain.as_ref()?.version.major));
    let first = majors.next()??;
    majors.all(|major| major == Some(first)).then_some(first)
}

/// Layers that were compared in full. A record does not say of which layer a part was left out.
fn whole_layers(report: &Report, twin: &TwinReport) -> BTreeSet<Layer> {
    let is_layer = |what: &str| Layer::ALL.iter().any(|layer| layer.name() == what);
    let here = || report.not_compared.iter().filter(|left| left.arch == twin.arch);
    if here().any(|left| !is_layer(&left.what)) {
        return BTreeSet::new();
    }
    let full = twin.layers.iter().filter(|l| l.compared > 0 && l.not_compared.is_none());
    full.map(|result| result.layer).collect()
}
