//! Two records of checks: what the second run found that the first had not.

use super::DiffRequest;
use super::filter::{Filter, left_out};
use crate::error::EngineError;
use crate::expect::today;
use crate::fs::read_text;
use std::path::Path;
use twinlto_model::{
    Change, Finding, KernelId, NotCompared, Outcome, Report, SCHEMA, TwinReport, count,
};
use twinlto_verdict::{RecordDiff, compare_records, expect_records, gates, rows};

/// Whether a path is a record: a directory with a `report.json` in it that is no build directory,
/// that `report.json`, or another file of JSON.
#[must_use]
pub fn is_record(path: &Path) -> bool {
    if path.is_dir() {
        return path.join("report.json").is_file() && !path.join(".config").exists();
    }
    let is_json = || {
        let bytes = read_text(path);
        bytes.is_ok_and(|bytes| bytes.trim_ascii_start().starts_with(b"{"))
    };
    match path.file_name() {
        Some(name) if name == "report.json" => path.is_file(),
        _ => path.extension().is_some_and(|end| end == "json") && is_json(),
    }
}

/// Compares two recorded runs. Builds nothing, writes nothing.
///
/// # Errors
///
/// When an option makes no sense for records, or a file that says what may differ cannot be read.
pub fn diff_records(request: &DiffRequest, a: &Report, b: &Report) -> Result<Report, EngineError> {
    if let Some(object) = request.objects.first() {
        return Err(EngineError::usage(
            format!("--object {object}"),
            "a record holds no objects",
            "give two build directories",
        ));
    }
    report_of(request, b, compare_records(a, b))
}

/// The report of what changed from one run to `b`.
pub(crate) fn report_of(
    request: &DiffRequest,
    b: &Report,
    diff: RecordDiff,
) -> Result<Report, EngineError> {
    let filter = Filter::new(request)?;
    let expectations = request.expect.for_a_part(filter.hides()).read()?;
    let RecordDiff { new, untold, fixed, persisting, less, outcomes, inputs, not_looked_for } =
        diff;
    let given: Vec<String> = inputs.iter().flat_map(Finding::subjects).map(str::to_owned).collect();
    let counts = [fixed.len(), persisting.len()];
    let (findings, hidden): (Vec<Finding>, Vec<Finding>) = [outcomes, less, inputs, new, untold]
        .concat()
        .into_iter()
        .partition(|finding| filter.wants(finding));
    let (mut findings, mut allowed) = expect_records(&expectations, b, findings, today()?);
    findings.retain(|finding| filter.wants(finding));
    allowed.extend(b.allowed.iter().cloned());
    findings.sort_by(|x, y| (x.severity, &x.key).cmp(&(y.severity, &y.key)));

    let twin = |twin: &TwinReport| {
        let ours = findings.iter().any(|f| gates(f) && f.arches().contains(&twin.arch));
        TwinReport {
            arch: twin.arch,
            outcome: if ours { Outcome::Differ } else { twin_outcome(&twin.outcome) },
            build: "as recorded".to_owned(),
            layers: rows(b, twin.arch, &findings, &hidden),
            steps: Vec::new(),
            coverage: twin.coverage.clone(),
        }
    };
    let twins: Vec<TwinReport> = b.twins.iter().map(twin).collect();
    let any = findings.iter().any(gates);
    let outcome = match Outcome::of_all(twins.iter().map(|twin| twin.outcome.clone())) {
        _ if any => Outcome::Differ,
        outcome => outcome,
    };
    let summary = match &outcome {
        Outcome::Skipped(why) | Outcome::Broken(why) => format!("the second run: {why}"),
        Outcome::Agree | Outcome::Differ => summary(&findings, counts, allowed.len(), &given),
    };
    let mut not_compared: Vec<NotCompared> = b.not_compared.clone();
    not_compared.extend(not_looked_for);
    let first = b.twins.first();
    not_compared.extend(first.and_then(|twin| left_out(twin.arch, hidden.len())));
    findings.extend(fixed.into_iter().chain(persisting).filter(|finding| filter.wants(finding)));
    Ok(Report {
        schema: SCHEMA.to_owned(),
        twinlto: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: KernelId { name: format!("A = {}", request.a.display()), path: None },
        config: format!("B = {}", request.b.display()),
        comparison: "two recorded runs".to_owned(),
        sides: Some(request.paths()),
        outcome,
        summary,
        twins,
        cells: Vec::new(),
        findings,
        allowed,
        not_compared,
        patches: Vec::new(),
        record: None,
    })
}

/// What an architecture without new findings says: that it differed before is no news; that it
/// could not be compared is.
fn twin_outcome(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Differ => Outcome::Agree,
        other => other.clone(),
    }
}

fn summary(
    findings: &[Finding],
    [fixed, stays]: [usize; 2],
    allowed: usize,
    given: &[String],
) -> String {
    let of = |key: &'static str| {
        let sites = findings.iter().filter(move |f| f.key.as_str() == key).map(|f| f.sites.len());
        sites.sum::<usize>()
    };
    let (untold, others): (Vec<&Finding>, Vec<&Finding>) = findings
        .iter()
        .filter(|f| !f.key.as_str().starts_with("record."))
        .partition(|f| f.change == Some(Change::Untold));
    let new = others.iter().filter(|f| gates(f)).count();
    let notes = others.len() - new;
    let plain = |n: usize, what: &str| (n, count(n, what, what));
    let worse = of("record.outcome.worse");
    let less = of("record.compared.less");
    let more = [
        (worse, count(worse, "outcome worse", "outcomes worse")),
        (less, count(less, "layer compared less", "layers compared less")),
        plain(untold.len(), "not looked for before"),
        (notes, count(notes, "new note", "new notes")),
        plain(fixed, "fixed"),
        plain(stays, "as before"),
        plain(allowed, "allowed"),
    ];
    let mut parts = vec![count(new, "new", "new")];
    parts.extend(more.into_iter().filter(|(n, _)| *n > 0).map(|(_, text)| text));
    let mut text = parts.join(", ");
    if !given.is_empty() {
        text.push_str(&format!("; not the same in both runs: {}", given.join(", ")));
    }
    let hidden = untold.iter().filter(|f| !gates(f)).count();
    let listed = notes + hidden + fixed + stays + allowed + given.len() > 0;
    text + if listed { " (-v lists them)" } else { "" }
}
