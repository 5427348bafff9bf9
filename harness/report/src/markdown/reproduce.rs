//! How to make the report again: commands, kernel, toolchain, configuration.

use super::inline::clean;
use super::{CODE, COLUMNS};
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
    let wrapped: Vec<String> = commands.iter().flat_map(|command| broken(command)).collect();
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

/// A command over lines that a shell joins again: broken at spaces outside of quotes.
fn broken(command: &str) -> Vec<String> {
    let room = COLUMNS - CODE.len() - 2;
    let mut lines: Vec<String> = Vec::new();
    for word in words(&clean(command)) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(line) => {
                line.push_str(" \\");
                lines.push(format!("  {word}"));
            }
            None => lines.push(word),
        }
    }
    lines
}

/// The words of a shell's line as they stand there, quotes and all.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut escaped = false;
    for c in command.chars() {
        match (c, quote) {
            (' ', None) if !escaped => {
                words.push(String::new());
                continue;
            }
            ('\'' | '"', None) if !escaped => quote = Some(c),
            (_, Some(open)) if open == c && !escaped => quote = None,
            _ => {}
        }
        escaped = c == '\\' && quote != Some('\'') && !escaped;
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_broken_between_its_words() {
        let long = format!("twinlto check '/a b/{}' --config {}", "x".repeat(40), "y".repeat(30));
        let lines = broken(&long);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].ends_with(" \\") && lines[1].starts_with("  "), "{lines:?}");
        let joined = lines.join("\n").replace(" \\\n  ", " ");
        assert_eq!(joined, long);
    }

    #[test]
    fn quoted_spaces_end_no_word() {
        assert_eq!(words(r#"a 'b c' "d \" e" f\ g"#), ["a", "'b c'", r#""d \" e""#, r"f\ g"]);
        assert_eq!(words(r"'it'\''s' x"), [r"'it'\''s'", "x"]);
        assert_eq!(words("'open quote"), ["'open quote"]);
    }
}
