//! How to make the report again: commands, kernel, toolchain, configuration.

use super::inline::clean;
use super::{CODE, COLUMNS};
use crate::command::broken;
use crate::finding::cut;
use crate::text::{clip, pad, wrap};
use std::collections::BTreeSet;
use twinlto_model::{Report, Toolchain};

/// Lines of all commands together, of each fact, and of all facts.
const COMMANDS: usize = 4;
const FACT: usize = 2;
const FACTS: usize = 7;

/// Columns of the labels.
const LABEL: usize = 10;

/// The section in at most 14 lines, without a blank line at its end.
pub(super) fn reproduce(report: &Report, commands: &[String]) -> Vec<String> {
    let mut lines = vec!["## How to reproduce".to_owned(), String::new()];
    let room = COLUMNS - CODE.len();
    let wrapped: Vec<String> =
        commands.iter().flat_map(|command| broken(&clean(command), room)).collect();
    // A command that is cut is none: rather a long line.
    let shown = if wrapped.len() <= COMMANDS {
        wrapped
    } else {
        clip(commands.iter().map(|command| clean(command)).collect(), COMMANDS)
    };
    if !shown.is_empty() {
        lines.extend(shown.iter().map(|line| format!("{CODE}{line}")));
        lines.push(String::new());
    }
    let mut told = Vec::new();
    for (label, text) in facts(report) {
        let room = COLUMNS - CODE.len() - LABEL - 2;
        for (n, line) in clip(wrap(&clean(&text), room), FACT).iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            told.push(cut(&format!("{CODE}{}{line}", pad(label, LABEL)), 240));
        }
    }
    lines.extend(clip(told, FACTS));
    lines
}

/// What it was made with, and of what.
fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let toolchains: Vec<&Toolchain> =
        report.cells.iter().filter_map(|cell| cell.toolchain.as_ref()).collect();
    let distinct = |text: fn(&Toolchain) -> &String| {
        let texts: BTreeSet<&str> = toolchains.iter().map(|t| text(t).as_str()).collect();
        texts.into_iter().collect::<Vec<_>>().join("; ")
    };
    let mut facts = Vec::new();
    match &report.sides {
        Some(sides) if report.cells.is_empty() => {
            facts.push(("one", sides.left.clone()));
            facts.push(("other", sides.right.clone()));
        }
        _ => {
            let path = report.kernel.path.as_ref();
            let path = path.map_or(String::new(), |path| format!(", {path}"));
            facts.push(("kernel", format!("{}{path}", report.kernel.name)));
            facts.push(("config", report.config.clone()));
        }
    }
    if !report.cells.is_empty() {
        let clang = match toolchains.is_empty() {
            true => "not asked of a finished build".to_owned(),
            false => format!("{}; LLVM={}", distinct(|t| &t.clang), distinct(|t| &t.llvm)),
        };
        facts.push(("clang", clang));
    }
    if let Some(record) = &report.record {
        facts.push(("record", record.clone()));
    }
    facts.push(("twinlto", report.twinlto.clone()));
    facts
}
