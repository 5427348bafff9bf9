//! Many cells: the plan, how far they are, and the table of outcomes with what changes from column
//! to column.

mod beside;

use crate::style::Style;
use crate::text::{duration, pad, safe, width, wrap};
use beside::{beside, impossible, unmatched};
use std::collections::BTreeMap;
use std::time::Duration;
use twinlto_model::{
    CellResult, CellState, Change, ColumnChange, Finding, MatrixCell, MatrixReport, NumberChange,
    count, thousands,
};

/// The cells in the order in which they run, why some are impossible, where toolchains of one version
/// are, and an estimate.
#[must_use]
pub fn matrix_plan(report: &MatrixReport, style: &Style) -> String {
    let mut lines = vec![header(report), String::new()];
    let mut rows = Vec::new();
    for cell in &report.cells {
        let what = match &cell.state {
            CellState::Impossible { .. } => continue,
            CellState::Waiting { estimate: Some(seconds) } => format!("about {}", took(*seconds)),
            CellState::Waiting { estimate: None } => "nothing like it was built yet".to_owned(),
            CellState::Running { seconds, .. } => format!("running for {}", took(*seconds)),
            CellState::Done(result) if result.again => again(result),
            CellState::Done(result) => format!("{} in {}", result.outcome, took(result.seconds)),
        };
        rows.push(named(cell).into_iter().chain([what]).collect());
    }
    lines.extend(table(&rows));
    lines.extend(impossible(report, style));
    lines.extend(unmatched(report, style));
    for (name, place) in report.toolchains.iter().filter(|(name, _)| name.contains('#')) {
        lines.push(safe(&format!("{name}: LLVM={place}")));
    }
    lines.push(String::new());
    lines.extend(wrap(&remaining(report), style.columns));
    joined(lines)
}

/// How far a matrix is.
#[must_use]
pub fn matrix_status(report: &MatrixReport, style: &Style) -> String {
    let mut lines = vec![header(report)];
    for cell in &report.cells {
        if let CellState::Running { seconds, at } = &cell.state {
            let name = named(cell).join(" · ");
            lines.push(safe(&format!("running  {name}  {at}  {}", took(*seconds))));
        }
    }
    for (cell, result) in told_apart(report) {
        let name = named(cell).join(" · ");
        let expected = expectation(cell, result);
        let text = format!("{:<8} {name}{expected}: {}", result.outcome.word(), result.summary);
        lines.extend(wrap(&safe(&text), style.columns));
    }
    lines.extend(wrap(&remaining(report), style.columns));
    joined(lines)
}

/// One table for each kernel, configuration and pair of modes, architecture × toolchain, and what changed from one
/// toolchain to the next.
#[must_use]
pub fn matrix_show(report: &MatrixReport, style: &Style) -> String {
    let mut lines = vec![header(report)];
    lines.extend(tables(report, style));
    lines.extend(single(report, style));
    lines.extend(beside(report, style));
    lines.push(String::new());
    lines.extend(wrap(&answer(report), style.columns));
    joined(lines)
}

/// One table for each kernel, configuration and pair of modes, and what changed.
fn tables(report: &MatrixReport, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    let mut groups: BTreeMap<(&str, String), Vec<&MatrixCell>> = BTreeMap::new();
    for cell in &report.cells {
        groups.entry((&cell.id.kernel, cell.id.variant())).or_default().push(cell);
    }
    for ((kernel, variant), cells) in groups {
        lines.push(String::new());
        lines.push(safe(&format!("{kernel} · {variant}")));
        lines.extend(grid(&cells));
        for change in &report.changes {
            if (change.kernel.as_str(), change.variant()) == (kernel, variant.clone()) {
                lines.push(String::new());
                lines.extend(changed(change, style));
            }
        }
    }
    lines
}

/// Each cell of which more is to be said than that it agrees, those that are not as expected first.
fn single(report: &MatrixReport, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (cell, result) in told_apart(report) {
        lines.push(String::new());
        let name = named(cell).join(" · ");
        let expected = expectation(cell, result);
        let text = format!("{}  {name}{expected}: {}", result.outcome, result.summary);
        lines.extend(wrap(&safe(&text), style.columns));
        if result.again {
            lines.push("  the next run tries it again".to_owned());
        }
        if let Some(record) = &result.record {
            lines.push(safe(&format!("  twinlto report {record}")));
        }
    }
    lines
}

/// Cells that are not as expected, then those for which a rule expects something else than to agree.
fn told_apart(report: &MatrixReport) -> impl Iterator<Item = (&MatrixCell, &CellResult)> {
    let done = || report.cells.iter().filter_map(|cell| Some((cell, cell.result()?)));
    let unexpected = done().filter(|(_, result)| !result.expected);
    unexpected.chain(done().filter(|(cell, result)| result.expected && cell.wanted.is_some()))
}

/// ` (expected differ: known)`, ` (as expected: known)`, or nothing where no rule speaks of it.
fn expectation(cell: &MatrixCell, result: &CellResult) -> String {
    match (&cell.wanted, result.expected) {
        (None, _) => String::new(),
        (Some(wanted), true) => format!(" (as expected: {})", wanted.reason),
        (Some(wanted), false) => format!(" (expected {}: {})", wanted.outcome, wanted.reason),
    }
}

/// Why a cell was not checked that the next run tries again.
fn again(result: &CellResult) -> String {
    let why = result.outcome.why().unwrap_or(&result.summary);
    safe(&format!("to be tried again; {} last time: {why}", result.outcome))
}

/// A matrix as Markdown to be mailed, at most 60 lines: what the terminal shows, as code, the answer
/// and what is not as expected first, and how to make it again.
#[must_use]
pub fn matrix_mail(report: &MatrixReport, reproducer: &[String]) -> String {
    const LINES: usize = 60;
    let style = Style { columns: 76, ..Style::default() };
    let mut text = vec![header(report)];
    text.extend(wrap(&answer(report), style.columns));
    text.extend(single(report, &style));
    text.extend(tables(report, &style));
    text.extend(beside(report, &style));
    let text = joined(text);
    let end: Vec<String> = reproducer.iter().map(|line| format!("    {}", safe(line))).collect();
    let room = LINES.saturating_sub(end.len() + 4);
    let all: Vec<&str> = text.trim_end().lines().collect();
    let more = all.len().saturating_sub(room);
    let shown = all.iter().take(all.len() - more).map(|line| format!("    {line}"));
    let mut lines: Vec<String> = shown.map(|line| line.trim_end().to_owned()).collect();
    if more > 0 {
        lines.push(format!("    … and {}", count(more, "line more", "lines more")));
    }
    lines.extend([String::new(), "## How to reproduce".to_owned(), String::new()]);
    lines.extend(end);
    joined(lines)
}

/// A matrix as JSON, schema `twinlto.matrix/1` (`docs/MATRIX.md`).
#[must_use]
pub fn matrix_to_json(report: &MatrixReport) -> String {
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

fn joined(lines: Vec<String>) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn header(report: &MatrixReport) -> String {
    safe(&format!("matrix {} · {}", report.name, count(report.cells.len(), "cell", "cells")))
}

fn took(seconds: f64) -> String {
    duration(Duration::from_secs_f64(seconds.max(0.0)))
}

fn named(cell: &MatrixCell) -> Vec<String> {
    let id = &cell.id;
    [id.kernel.clone(), id.variant(), id.arch.to_string(), id.toolchain.clone()]
        .iter()
        .map(|word| safe(word))
        .collect()
}

/// Rows with their columns under each other.
fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|c| width(c)).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(c, w)| pad(c, *w)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn grid(cells: &[&MatrixCell]) -> Vec<String> {
    let mut toolchains: Vec<&str> = cells.iter().map(|cell| cell.id.toolchain.as_str()).collect();
    toolchains.sort_by_key(|name| natural(name));
    toolchains.dedup();
    let mut arches: Vec<_> = cells.iter().map(|cell| cell.id.arch).collect();
    arches.sort_unstable();
    arches.dedup();
    // What a name says behind the version stands in the changes.
    let short = |name: &str| {
        let name = name.split(" (").next().unwrap_or(name);
        safe(name.trim_start_matches("clang "))
    };
    let mut rows = vec![vec![String::new()]];
    if let Some(heading) = rows.first_mut() {
        heading.extend(toolchains.iter().map(|name| short(name)));
    }
    for arch in arches {
        let mut row = vec![arch.to_string()];
        for toolchain in &toolchains {
            let found = cells.iter().find(|c| c.id.arch == arch && c.id.toolchain == *toolchain);
            row.push(found.map_or_else(String::new, |cell| mark(&cell.state)));
        }
        rows.push(row);
    }
    table(&rows)
}

/// Numbers by their size, so that 9 comes before 22.
fn natural(name: &str) -> Vec<(u64, String)> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.map(|word| (word.parse().unwrap_or(u64::MAX), word.to_owned())).collect()
}

fn mark(state: &CellState) -> String {
    match state {
        CellState::Impossible { .. } => "–".to_owned(),
        CellState::Waiting { .. } => "waiting".to_owned(),
        CellState::Running { .. } => "running".to_owned(),
        CellState::Done(result) => match result.expected {
            true => format!("{} ✓", result.outcome.word()),
            false => format!("{} ✗", result.outcome.word()),
        },
    }
}

fn changed(change: &ColumnChange, style: &Style) -> Vec<String> {
    let mut lines = vec![safe(&format!("{} → {}", change.from, change.to))];
    let mut put = |text: &str| {
        for (n, line) in wrap(&safe(text), style.columns.saturating_sub(4)).iter().enumerate() {
            let indent = if n == 0 { "  " } else { "    " };
            lines.push(format!("{indent}{line}"));
        }
    };
    for number in alike(&change.numbers) {
        put(&number);
    }
    for (word, findings) in [("new", &change.new), ("no longer", &change.fixed)] {
        for finding in findings {
            let word = match finding.change {
                Some(Change::Untold) => "not looked for before",
                _ => word,
            };
            put(&format!("{word}: {}", told(finding)));
        }
    }
    lines
}

/// `in-process promotes 105 names instead of 636 (arm64)`, one line for what changed in one way.
fn alike(numbers: &[NumberChange]) -> Vec<String> {
    numbers
        .iter()
        .map(|it| {
            let (before, after) = (thousands(it.before), thousands(it.after));
            let said = match it.name.as_str() {
                "promoted_symbols" => {
                    let names = if it.after == 1 { "name" } else { "names" };
                    format!("{} promotes {after} {names} instead of {before}", it.mode)
                }
                name => {
                    format!(
                        "{} has {after} {} instead of {before}",
                        it.mode,
                        name.replace('_', " ")
                    )
                }
            };
            format!("{}: {said}", it.arch)
        })
        .collect()
}

fn told(finding: &Finding) -> String {
    let arches: Vec<String> = finding.arches().iter().map(ToString::to_string).collect();
    let cause = finding.cause.as_deref().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{} ({}){cause}", finding.in_short(), arches.join(", "))
}

fn remaining(report: &MatrixReport) -> String {
    let done = report.count(|state| matches!(state, CellState::Done(result) if !result.again));
    let running = report.count(|state| matches!(state, CellState::Running { .. }));
    let waiting: Vec<Option<f64>> = report
        .cells
        .iter()
        .filter_map(|cell| match cell.state {
            CellState::Waiting { estimate } => Some(estimate),
            CellState::Done(ref result) if result.again => Some(None),
            _ => None,
        })
        .collect();
    let known: f64 = waiting.iter().flatten().sum();
    let unknown = waiting.iter().filter(|estimate| estimate.is_none()).count();
    let left = match (waiting.len(), unknown) {
        (0, _) => String::new(),
        (_, 0) => format!(", about {} left", took(known)),
        (all, none) if all == none => String::new(),
        (_, none) => format!(
            ", about {} left and {} of which nothing is known",
            took(known),
            count(none, "cell", "cells")
        ),
    };
    format!("{done} done, {running} running, {} to do{left}", waiting.len())
}

/// `agree: 6 agree`, `differ: 1 of 6 cells is not as expected: 5 agree, 1 differ`.
fn answer(report: &MatrixReport) -> String {
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut done, mut unexpected, mut ruled) = (0, 0, false);
    for (cell, result) in report.cells.iter().filter_map(|cell| Some((cell, cell.result()?))) {
        *outcomes.entry(result.outcome.word()).or_default() += 1;
        done += 1;
        unexpected += usize::from(!result.expected);
        ruled |= cell.wanted.is_some();
    }
    let mut parts = vec![report.outcome.word().to_owned()];
    parts.extend(report.outcome.why().map(str::to_owned));
    match unexpected {
        0 if ruled => parts.push("as expected".to_owned()),
        0 => {}
        n => {
            let is = if n == 1 { "is" } else { "are" };
            parts.push(format!("{n} of {} {is} not as expected", count(done, "cell", "cells")));
        }
    }
    let counts: Vec<String> = outcomes.iter().map(|(word, n)| format!("{n} {word}")).collect();
    if !counts.is_empty() {
        parts.push(counts.join(", "));
    }
    safe(&parts.join(": "))
}

#[cfg(test)]
mod tests;
