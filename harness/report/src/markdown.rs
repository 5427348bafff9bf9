//! The report as a text to be mailed as a reply to a patch, or pasted into a bug report: Markdown
//! that reads well as plain text, in at most 60 lines of 80 columns.

mod groups;
mod inline;
mod reproduce;

use crate::finding::cut;
use crate::steps::mark;
use crate::table::{chosen, legend, width_of, widths};
use crate::terminal::{header, left_out, what_was_compared};
use crate::text::{clip, pad, safe, wrap};
use groups::groups;
use inline::{cell, inline};
use reproduce::reproduce;
use twinlto_model::{Outcome, PatchReport, Report, count};

/// Lines of the whole text, whatever the report holds.
const LINES: usize = 60;

/// Columns, where no path or option forces more.
const COLUMNS: usize = 80;

/// What makes a line code.
const CODE: &str = "    ";

/// Lines of the answer, the header, the rows of the table, the steps, what was compared and what
/// not. Together with the end they leave room for three groups of findings.
const ANSWER: usize = 3;
const HEADER: usize = 2;
const ROWS: usize = 5;
const STEPS: usize = 3;
const LEGEND: usize = 1;
const COMPARED: usize = 3;
const NOT_COMPARED: usize = 3;

/// The report as Markdown, at most 60 lines: the answer, the table, the findings, what was not
/// compared, and how to make it again. `reproducer` are command lines, quoted for a shell.
///
/// Nothing in the report is read as Markdown: texts of a tree are code or escaped.
#[must_use]
pub fn markdown(report: &Report, reproducer: &[String]) -> String {
    // What only the terminal's -v lists, is listed here or only counted.
    let summary = report.summary.trim_end_matches(" (-v lists them)");
    let mut lines = paragraph(&format!("{}: {summary}", report.outcome.word()), ANSWER);
    lines.push(String::new());
    lines.extend(paragraph(&header(report), HEADER));
    lines.push(String::new());
    lines.extend(table(report));
    lines.push(String::new());
    if let Some(text) = legend(report) {
        lines.extend(paragraph(&text, LEGEND));
        lines.push(String::new());
    }
    lines.extend(steps(report));
    lines.extend(patches(report));

    let mut end = paragraph(&format!("Compared: {}", what_was_compared(report)), COMPARED);
    let left_out = left_out(&report.not_compared);
    if !left_out.is_empty() {
        end.push(String::new());
        end.extend(paragraph(&format!("Not compared: {left_out}"), NOT_COMPARED));
    }
    end.push(String::new());
    end.extend(reproduce(report, reproducer));

    let room = LINES.saturating_sub(lines.len() + end.len());
    lines.extend(groups(&report.findings, room));
    lines.extend(end);
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// A sentence in at most so many lines.
fn paragraph(text: &str, most: usize) -> Vec<String> {
    clip(inline(text, COLUMNS - 2), most)
}

/// Architecture × layer, in a table that is one without a renderer, too.
fn table(report: &Report) -> Vec<String> {
    let tight = |rows: &[Vec<String>]| width_of(rows, 1) <= COLUMNS;
    let mut rows = chosen(report, tight);
    // What was compared nowhere is said in words, too.
    while !tight(&rows) {
        let nowhere =
            |at: &usize| rows.iter().skip(1).all(|r| r.get(*at).is_some_and(|c| c == "–"));
        let columns = 2..rows.first().map_or(0, Vec::len);
        let Some(at) = columns.rev().find(nowhere) else { break };
        for row in rows.iter_mut().filter(|row| at < row.len()) {
            row.remove(at);
        }
    }
    // Everything else in it is a number, a mark or a name of ours.
    for build in rows.iter_mut().skip(1).filter_map(|row| row.get_mut(1)) {
        *build = cut(&cell(build), 40);
    }
    if let Some(corner) = rows.first_mut().and_then(|heading| heading.first_mut()) {
        *corner = "arch".to_owned();
    }
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let widths = widths(&rows);
    // With bars around it, if there is room.
    let (open, bar, close) = match width_of(&rows, 3) + 4 <= COLUMNS {
        true => ("| ", " | ", " |"),
        false => ("", "|", ""),
    };
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(c, w)| pad(c, *w)).collect();
        format!("{open}{}{close}", cells.join(bar)).trim_end().to_owned()
    };
    let rule: Vec<String> = widths.iter().map(|w| "-".repeat((*w).max(3))).collect();
    let rule = format!("{open}{}{close}", rule.join(bar)).replace(' ', "-");
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.insert(lines.len().min(1), rule);
    if more > 0 {
        lines.push(String::new());
        lines.push(format!("and {}", count(more, "architecture more", "architectures more")));
    }
    lines
}

/// `arm64: noop ✓, leaf ~`: the steps of its life, if it had one.
fn steps(report: &Report) -> Vec<String> {
    let lives = report.twins.iter().filter(|twin| !twin.steps.is_empty());
    let lives: Vec<String> = lives
        .map(|twin| {
            let steps = twin.steps.iter().map(|step| format!("{} {}", step.step, mark(step)));
            format!("{}: {}", twin.arch, steps.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let mut lines = clip(wrap(&lives.join("; "), COLUMNS - 2), STEPS);
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// Each patch of a series in one line, those that are bad first where there are many.
fn patches(report: &Report) -> Vec<String> {
    const SHOWN: usize = 5;
    let is_bad = |patch: &&PatchReport| patch.outcome != Outcome::Agree;
    let mut shown: Vec<&PatchReport> = report.patches.iter().collect();
    if shown.len() > SHOWN {
        let (bad, good): (Vec<_>, Vec<_>) = shown.into_iter().partition(is_bad);
        shown = bad.into_iter().chain(good).collect();
    }
    let more = shown.len().saturating_sub(SHOWN);
    let line = |patch: &&PatchReport| {
        let name = cut(&safe(&patch.name), COLUMNS - 14);
        format!("{CODE}{:<8}{name}", patch.outcome.word())
    };
    let mut lines: Vec<String> = shown.iter().take(SHOWN).map(line).collect();
    if more > 0 {
        lines.push(format!("{CODE}and {}", count(more, "patch more", "patches more")));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests;
