use crate::builders;
use crate::compare::Verdict;
use crate::coverage;
use crate::diff::budgets_in_use;
use crate::expect::{Applied, Compared, Date, Expectations};
use crate::layer::Omitted;
use crate::transport::WOULD_BE_TOLD_NOTHING;
use std::collections::BTreeSet;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::Symvers;
use twinlto_model::{Allowed, Finding, LayerResult, Outcome, Severity, TwinReport, count};

/// The builds of one architecture, beside what was found in them.
#[derive(Debug, Clone, Copy)]
pub struct Built<'a> {
    /// The distributed build, or the only one.
    pub facts: &'a BuildFacts,
    /// Its twin.
    pub twin: Option<&'a BuildFacts>,
    /// Major version of the LLVM that built them; none to take the one that `.config` records,
    /// or where that tells nothing, `.comment`.
    pub llvm: Option<u32>,
    /// Whether these are builds as a whole and not single files. A file is only a part of what
    /// expectations speak of, so that no entry can be called unused.
    pub whole: bool,
    /// What kept a build from ending.
    pub failure: Option<&'a str>,
}

/// One architecture, judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The answer.
    pub outcome: Outcome,
    /// The rows of its table.
    pub layers: Vec<LayerResult>,
    /// What nobody expected.
    pub findings: Vec<Finding>,
    /// What is allowed.
    pub allowed: Vec<Allowed>,
    /// What was compared, for [`conclude`].
    pub compared: Compared,
}

/// Judges one architecture: takes out what is allowed, and answers from the rest. `extra` are
/// findings that no layer made: those about the request, where there was one.
#[must_use]
pub fn judge(
    expectations: &Expectations,
    verdict: &Verdict,
    built: &Built<'_>,
    extra: Option<Vec<Finding>>,
) -> Judged {
    let requested = extra.is_some();
    let mut findings = extra.unwrap_or_default();
    findings.extend(verdict.findings());
    let both = [Some(built.facts), built.twin];
    let symvers: Vec<&Symvers> =
        both.iter().flatten().filter_map(|facts| facts.symvers.get()).collect();
    let llvm = built.llvm.or_else(|| builders::llvm_of(built.facts, built.twin));
    let Applied { findings, allowed, matched } = expectations.apply(findings, llvm, &symvers);
    // What a failed build left says nothing of what is not there.
    let whole = verdict.layers.iter().filter(|l| l.omitted == Omitted::Nothing);
    let layers = whole.filter(|_| built.failure.is_none()).map(|l| l.layer).collect();
    Judged {
        outcome: outcome_of(verdict, &findings, built.failure),
        layers: verdict.results(&findings, &allowed),
        compared: Compared {
            arch: verdict.arch,
            both: built.twin.is_some(),
            whole: built.whole,
            records: false,
            modes: both.iter().flatten().filter_map(|facts| facts.mode).collect(),
            llvm,
            layers,
            requested: requested && built.failure.is_none(),
            matched,
            budgets: built.twin.map_or_else(BTreeSet::new, |twin| {
                budgets_in_use(built.facts, twin, &expectations.budgets)
            }),
        },
        findings,
        allowed,
    }
}

/// The answer of a whole run, from those of its architectures, with what the expectations
/// themselves bring up. An entry that is for nothing keeps twins from agreeing, and is no answer
/// where there is none.
#[must_use]
pub fn conclude(
    expectations: &Expectations,
    outcome: Outcome,
    compared: &[Compared],
    today: Date,
) -> (Outcome, Vec<Finding>) {
    let findings = expectations.leftovers(compared, today);
    match outcome {
        Outcome::Agree if findings.iter().any(Finding::keeps_apart) => (Outcome::Differ, findings),
        outcome => (outcome, findings),
    }
}

/// The answer for one architecture, from the findings that are not allowed. `failure` says what
/// kept a build from ending, if anything.
///
/// A difference is an answer even when the build failed; without one, a failure or a layer
/// that compared nothing and should have is broken.
fn outcome_of(verdict: &Verdict, findings: &[Finding], failure: Option<&str>) -> Outcome {
    if findings.iter().any(Finding::keeps_apart) {
        return Outcome::Differ;
    }
    if let Some(failure) = failure {
        return Outcome::Broken(failure.to_owned());
    }
    for layer in &verdict.layers {
        if let Omitted::All(why) = &layer.omitted {
            return Outcome::Broken(format!("{} not compared: {why}", layer.layer.name()));
        }
    }
    if verdict.layers.iter().all(|l| l.compared == 0) {
        return Outcome::Broken("nothing was compared".to_owned());
    }
    if coverage::is_empty(&verdict.coverage) {
        return Outcome::Broken("no part of what was given is compared by any layer".to_owned());
    }
    Outcome::Agree
}

/// The answer in one sentence.
#[must_use]
pub fn summary(
    outcome: &Outcome,
    twins: &[TwinReport],
    findings: &[Finding],
    allowed: &[Allowed],
) -> String {
    let arches = twins.len();
    match outcome {
        Outcome::Agree => {
            let noun = count(arches, "architecture", "architectures");
            let notes = findings.iter().filter(|f| f.severity == Severity::Note).count();
            let counted = [
                (allowed.len(), count(allowed.len(), "allowed finding", "allowed findings")),
                (notes, count(notes, "lawful difference", "lawful differences")),
            ];
            let more: Vec<String> =
                counted.into_iter().filter(|(n, _)| *n > 0).map(|(_, text)| text).collect();
            match more.join(", ") {
                more if more.is_empty() => noun,
                more => format!("{noun}; {more} (-v lists them)"),
            }
        }
        Outcome::Differ => {
            let gating: Vec<&Finding> = findings.iter().filter(|f| f.keeps_apart()).collect();
            let mut hit: Vec<_> = gating.iter().flat_map(|f| f.arches()).collect();
            hit.sort();
            hit.dedup();
            let head = gating.first().map(|f| headline(f)).unwrap_or_default();
            let more = match gating.len() {
                0 | 1 => String::new(),
                n => format!(", and {} more", count(n - 1, "finding", "findings")),
            };
            format!(
                "{head}{more}, on {} of {}",
                hit.len(),
                count(arches, "architecture", "architectures")
            )
        }
        Outcome::Skipped(why) | Outcome::Broken(why) => why.clone(),
    }
}

/// One finding in half a sentence.
fn headline(finding: &Finding) -> String {
    let n = finding.subjects().len();
    let first = finding.subjects().first().copied().unwrap_or_default().to_owned();
    let objects = if n == 1 { first } else { count(n, "object", "objects") };
    match finding.key.as_str() {
        key if finding.severity != Severity::Error => match n {
            1 => format!("{key}: {objects}"),
            n => format!("{key}: {}", count(n, "subject", "subjects")),
        },
        "flags.backend.missing" | "flags.saved.missing" => {
            let planned = finding.sites.iter().all(|site| site.effect == WOULD_BE_TOLD_NOTHING);
            match (n, planned) {
                (1, false) => format!("{objects} was compiled without its options"),
                (1, true) => format!("{objects} would be compiled without its options"),
                (_, false) => format!("{objects} were compiled without their options"),
                (_, true) => format!("{objects} would be compiled without their options"),
            }
        }
        key => match n {
            1 => format!("{key}: {objects}"),
            n => format!("{key}: {}", count(n, "subject", "subjects")),
        },
    }
}
