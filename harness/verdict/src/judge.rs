use crate::compare::Verdict;
use crate::layer::Omitted;
use twinlto_model::{Finding, Outcome, Severity, TwinReport};

/// The answer for one architecture. `failure` says what kept a build from ending, if anything.
///
/// A difference is an answer even when the build failed; without one, a failure or a layer
/// that compared nothing and should have is broken.
#[must_use]
pub fn outcome_of(verdict: &Verdict, extra: &[Finding], failure: Option<&str>) -> Outcome {
    if verdict.findings().iter().chain(extra).any(gates) {
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
    Outcome::Agree
}

/// Whether a finding says that the kernels differ or may differ. What became of a requested
/// option (`config.`) is about the request.
fn gates(finding: &Finding) -> bool {
    finding.severity != Severity::Note && !finding.key.as_str().starts_with("config.")
}

/// The answer in one sentence.
#[must_use]
pub fn summary(outcome: &Outcome, twins: &[TwinReport], findings: &[Finding]) -> String {
    let arches = twins.len();
    let plural =
        |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    match outcome {
        Outcome::Agree => {
            let noun = plural(arches, "architecture", "architectures");
            let notes = findings.iter().filter(|f| f.severity == Severity::Note).count();
            match notes {
                0 => noun,
                n => format!(
                    "{noun}; {} (-v lists them)",
                    plural(n, "lawful difference", "lawful differences")
                ),
            }
        }
        Outcome::Differ => {
            let gating: Vec<&Finding> = findings.iter().filter(|f| gates(f)).collect();
            let mut hit: Vec<_> = gating.iter().flat_map(|f| f.arches()).collect();
            hit.sort();
            hit.dedup();
            let head = gating.first().map(|f| headline(f)).unwrap_or_default();
            let more = match gating.len() {
                0 | 1 => String::new(),
                n => format!(", and {} more", plural(n - 1, "finding", "findings")),
            };
            format!(
                "{head}{more}, on {} of {}",
                hit.len(),
                plural(arches, "architecture", "architectures")
            )
        }
        Outcome::Skipped(why) | Outcome::Broken(why) => why.clone(),
    }
}

/// One finding in half a sentence.
fn headline(finding: &Finding) -> String {
    let n = finding.subjects().len();
    let first = finding.subjects().first().copied().unwrap_or_default().to_owned();
    let objects = if n == 1 { first } else { format!("{n} objects") };
    match finding.key.as_str() {
        key if finding.severity != Severity::Error => match n {
            1 => format!("{key}: {objects}"),
            n => format!("{key}: {n} subjects"),
        },
        "flags.backend.missing" | "flags.saved.missing" => match n {
            1 => format!("{objects} was compiled without its options"),
            _ => format!("{objects} were compiled without their options"),
        },
        key => match n {
            1 => format!("{key}: {objects}"),
            n => format!("{key}: {n} subjects"),
        },
    }
}
