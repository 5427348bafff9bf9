//! The table case × architecture, and what went wrong.

use crate::style::Style;
use crate::text::{duration, pad, safe, width, wrap};
use std::collections::BTreeMap;
use std::time::Duration;
use twinlto_model::{CaseOutcome, CaseRow, InjectReport, count};

/// The report of an injection for a person.
#[must_use]
pub fn inject(report: &InjectReport, style: &Style) -> String {
    let header = [report.kernel.name.as_str(), &report.config, &report.toolchain.to_string()]
        .map(safe)
        .join(" · ");
    let mut cases: Vec<&str> = report.rows.iter().map(|row| row.case.as_str()).collect();
    cases.dedup();
    let mut lines =
        vec![format!("{header} · {}", count(cases.len(), "case", "cases")), String::new()];
    lines.extend(table(report, &cases));
    for row in report.rows.iter().filter(|row| is_trouble(row)) {
        lines.push(String::new());
        lines.extend(trouble(row, style));
    }
    let skipped = skips(report);
    if !skipped.is_empty() {
        lines.push(String::new());
        for line in skipped {
            lines.extend(wrap(&line, style.columns));
        }
    }
    lines.push(String::new());
    lines.extend(wrap(&answer(report), style.columns));
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The report of an injection as JSON, schema `twinlto.inject/1` (`docs/INJECT.md`).
#[must_use]
pub fn inject_to_json(report: &InjectReport) -> String {
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

const fn is_trouble(row: &CaseRow) -> bool {
    !matches!(row.outcome, CaseOutcome::Caught | CaseOutcome::Skipped(_))
}

fn table(report: &InjectReport, cases: &[&str]) -> Vec<String> {
    let mut rows = vec![vec!["case".to_owned()]];
    if let Some(heading) = rows.first_mut() {
        heading.extend(report.arches.iter().map(ToString::to_string));
    }
    for case in cases {
        let mut row = vec![safe(case)];
        for arch in &report.arches {
            let found = report.rows.iter().find(|r| r.case == *case && r.arch == *arch);
            row.push(found.map_or_else(|| "–".to_owned(), cell));
        }
        rows.push(row);
    }
    let columns = report.arches.len() + 1;
    let widths: Vec<usize> = (0..columns)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|c| width(c)).max().unwrap_or(0))
        .collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(c, w)| pad(c, *w)).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

/// `caught 1.2s`, `missed 0.8s ✗` or `–` for what was not tried.
fn cell(row: &CaseRow) -> String {
    let took = duration(Duration::from_secs_f64(row.seconds.max(0.0)));
    match &row.outcome {
        CaseOutcome::Skipped(_) => "–".to_owned(),
        CaseOutcome::Caught => format!("caught {took}"),
        other => format!("{} {took} ✗", other.word()),
    }
}

fn trouble(row: &CaseRow, style: &Style) -> Vec<String> {
    let mut lines = vec![format!("{:<11}  {}  {}", row.outcome.word(), safe(&row.case), row.arch)];
    let mut field = |name: &str, text: &str| {
        let wrapped = wrap(&safe(text), style.columns.saturating_sub(13));
        for (at, line) in wrapped.iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            lines.push(format!("  {name:<9}  {line}"));
        }
    };
    field("because", row.outcome.why().unwrap_or_default());
    for found in &row.found {
        field("found", found);
    }
    if let Some(kept) = &row.kept {
        field("build", kept);
    }
    lines
}

/// `skipped  rename-guard on all: it needs LLVM >=23, and this is 22.1.8`, one line a reason.
fn skips(report: &InjectReport) -> Vec<String> {
    let mut reasons: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for row in &report.rows {
        if let CaseOutcome::Skipped(why) = &row.outcome {
            reasons.entry((why, row.case.as_str())).or_default().push(row.arch.to_string());
        }
    }
    let mut by_place: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for ((why, case), arches) in reasons {
        let place = match arches.len() == report.arches.len() {
            true => String::new(),
            false => format!(" on {}", arches.join(", ")),
        };
        by_place.entry((why, place)).or_default().push(case);
    }
    by_place
        .into_iter()
        .map(|((why, place), cases)| safe(&format!("skipped{place}: {} ({why})", cases.join(", "))))
        .collect()
}

fn answer(report: &InjectReport) -> String {
    let tried = report.rows.len() - report.count("skipped");
    let seconds: f64 = report.rows.iter().map(|row| row.seconds).sum();
    let mut parts = vec![format!("{} of {tried} caught", report.count("caught"))];
    for word in ["missed", "wrong words", "noise", "broken"] {
        match report.count(word) {
            0 => {}
            n => parts.push(format!("{n} {word}")),
        }
    }
    match report.count("skipped") {
        0 => {}
        n => parts.push(format!("{n} skipped")),
    }
    let word = match &report.outcome {
        twinlto_model::Outcome::Agree => "caught",
        twinlto_model::Outcome::Differ => "not caught",
        other => other.word(),
    };
    let took = duration(Duration::from_secs_f64(seconds.max(0.0)));
    format!("{word}: {}, in {took}", parts.join(", "))
}
