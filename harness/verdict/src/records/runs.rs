//! Two runs as wholes: what they were given, and how they ended.

use std::collections::BTreeSet;
use twinlto_model::{
    Arch, Change, Evidence, Finding, Key, Outcome, Report, Severity, Site, TwinReport,
};

/// Notes about what the runs were given: that it is not the same may explain everything else.
pub(super) fn inputs(a: &Report, b: &Report) -> Vec<Finding> {
    let list = |set: BTreeSet<String>| match set.is_empty() {
        true => "not recorded".to_owned(),
        false => Vec::from_iter(set).join(", "),
    };
    let llvm = |report: &Report| {
        let toolchains = report.cells.iter().filter_map(|cell| cell.toolchain.as_ref());
        list(toolchains.map(ToString::to_string).collect())
    };
    let arches =
        |report: &Report| list(report.twins.iter().map(|twin| twin.arch.to_string()).collect());
    let given: [(&str, String, String); 6] = [
        ("kernel", a.kernel.name.clone(), b.kernel.name.clone()),
        ("configuration", a.config.clone(), b.config.clone()),
        ("comparison", a.comparison.clone(), b.comparison.clone()),
        ("LLVM", llvm(a), llvm(b)),
        ("architectures", arches(a), arches(b)),
        ("twinlto", a.twinlto.clone(), b.twinlto.clone()),
    ];
    let changed = given.into_iter().filter(|(_, left, right)| left != right);
    let note = |(subject, left, right): (&str, String, String)| {
        let site = Site::new(run_arch(a, b), None, subject)
            .sides(Evidence::new("A", left), Evidence::new("B", right));
        let finding = Finding::new(Key::new("record.input.changed"), Severity::Note, site);
        let cause = "the two runs were not given the same";
        Finding { change: Some(Change::New), ..finding.because(cause).grouped(cause) }
    };
    changed.map(note).collect()
}

/// Where a finding about a whole run stands.
fn run_arch(a: &Report, b: &Report) -> Arch {
    let twin = b.twins.first().or(a.twins.first());
    twin.map_or(Arch::X86_64, |twin| twin.arch)
}

/// Outcomes that got worse. `differ` that new findings explain is told by these; `has_new` says
/// of an architecture whether it has such.
pub(super) fn outcomes(a: &Report, b: &Report, has_new: impl Fn(Arch) -> bool) -> Vec<Finding> {
    let twin = |twin: &TwinReport| {
        let before = a.twins.iter().find(|old| old.arch == twin.arch)?;
        worse(twin.arch, "outcome", &before.outcome, &twin.outcome)
            .filter(|_| twin.outcome != Outcome::Differ || !has_new(twin.arch))
    };
    let mut findings: Vec<Finding> = b.twins.iter().filter_map(twin).collect();
    let explained = b.outcome == Outcome::Differ && b.twins.iter().any(|twin| has_new(twin.arch));
    if findings.is_empty() && !explained {
        let arch = run_arch(a, b);
        findings.extend(worse(arch, "outcome of the run", &a.outcome, &b.outcome));
    }
    findings
}

fn worse(arch: Arch, subject: &str, before: &Outcome, now: &Outcome) -> Option<Finding> {
    // A difference is an answer; no answer at all is worse.
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Agree => 0,
        Outcome::Differ => 1,
        Outcome::Skipped(_) => 2,
        Outcome::Broken(_) => 3,
    };
    if rank(now) <= rank(before) {
        return None;
    }
    let say = |outcome: &Outcome| match outcome.why() {
        Some(why) => format!("{outcome}: {why}"),
        None => outcome.to_string(),
    };
    let site = Site::new(arch, None, subject)
        .sides(Evidence::new("A", say(before)), Evidence::new("B", say(now)));
    let finding = Finding::new(Key::new("record.outcome.worse"), Severity::Error, site);
    let cause = match now.why() {
        Some(why) => format!("the second run has no answer: {why}"),
        None => "the second run differs, in what was there before or is not listed".to_owned(),
    };
    let group = format!("{subject} {cause}");
    Some(Finding { change: Some(Change::New), ..finding.because(cause).grouped(group) })
}
