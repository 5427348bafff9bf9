//! Findings in groups, the most severe first, in so many lines.

use super::inline::{clean, inline};
use super::{CODE, COLUMNS};
use crate::finding::{cut, short_block};
use crate::style::Style;
use crate::text::{clip, thousands};
use std::collections::BTreeMap;
use twinlto_model::{Change, Finding, Tier};

/// Lines of each part of a finding, and the fewer lines if that is too long.
const PARTS: [usize; 3] = [4, 2, 1];

/// Lines that say what is not shown.
const MORE: usize = 2;

/// Lines that a group takes at least: its heading, what it holds, and blank lines.
const LEAST: usize = 2 + MORE + 1;

/// Columns beyond which even a path is cut.
const WIDEST: usize = 240;

/// Every group in at most so many lines; each ends in a blank line.
pub(super) fn groups(findings: &[Finding], room: usize) -> Vec<String> {
    let groups = sorted(findings);
    let mut lines = Vec::new();
    for (n, (title, findings)) in groups.iter().enumerate() {
        let later = LEAST * (groups.len() - n - 1);
        let room = room.saturating_sub(lines.len() + later);
        lines.extend(group(title, findings, room));
    }
    lines
}

/// New, fixed, and as before, where that is known of any; what two runs themselves say is new. What is
/// lawful and was there before is nobody's news, and is only counted.
fn sorted(findings: &[Finding]) -> Vec<(&'static str, Vec<&Finding>)> {
    let is_news = |finding: &&Finding| {
        finding.change != Some(Change::Persisting) || finding.tier != Tier::Lawful
    };
    let compared = findings.iter().any(|finding| finding.change.is_some());
    // One group more would leave no room for any; which of them it is, each finding says.
    let new = match findings.iter().any(|finding| finding.change == Some(Change::Untold)) {
        true => "New, or not looked for before",
        false => "New",
    };
    let title = |finding: &Finding| match finding.change {
        _ if !compared => "Findings",
        None | Some(Change::New | Change::Untold) => new,
        Some(Change::Fixed) => "Fixed",
        Some(Change::Persisting) => "As before",
    };
    let mut groups = Vec::new();
    for name in ["Findings", new, "Fixed", "As before"] {
        let here = findings.iter().filter(is_news).filter(|finding| title(finding) == name);
        let mut of: Vec<&Finding> = here.collect();
        of.sort_by_key(|finding| finding.severity);
        if !of.is_empty() {
            groups.push((name, of));
        }
    }
    groups
}

fn group(title: &str, findings: &[&Finding], room: usize) -> Vec<String> {
    let mut lines = vec![format!("## {title}"), String::new()];
    let room = room.saturating_sub(lines.len());
    let (mut shown, mut left) = fill(findings, room);
    if !left.is_empty() {
        // Where not all can be shown, there is one of each kind before there are two of one.
        let varied = varied(findings);
        (shown, left) = fill(&varied, room);
        let some = !shown.is_empty();
        shown.extend(more(&left, some));
        shown.push(String::new());
    }
    lines.extend(shown);
    lines
}

/// The blocks of the first findings, with room for what says what is left.
fn fill<'a>(findings: &[&'a Finding], room: usize) -> (Vec<String>, Vec<&'a Finding>) {
    let mut lines: Vec<String> = Vec::new();
    for (n, finding) in findings.iter().enumerate() {
        let more = if n + 1 < findings.len() { MORE + 1 } else { 0 };
        let left = room.saturating_sub(lines.len() + more + 1);
        let sizes = PARTS.iter().map(|most| block(finding, *most));
        // Only the first is worth cutting short.
        let Some(block) = sizes.take(if n == 0 { 3 } else { 1 }).find(|b| b.len() <= left) else {
            return (lines, findings.get(n..).unwrap_or_default().to_vec());
        };
        lines.extend(block);
        lines.push(String::new());
    }
    (lines, Vec::new())
}

/// The first of each key, then the second of each, the most severe first.
fn varied<'a>(findings: &[&'a Finding]) -> Vec<&'a Finding> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let nth = findings.iter().map(|finding| {
        let nth = seen.entry(finding.key.as_str()).or_default();
        *nth += 1;
        (finding.severity, *nth)
    });
    let mut numbered: Vec<_> = nth.collect::<Vec<_>>().into_iter().zip(findings).collect();
    numbered.sort_by_key(|(place, _)| *place);
    numbered.into_iter().map(|(_, finding)| *finding).collect()
}

/// One finding as code, in which nothing is read as Markdown.
fn block(finding: &Finding, most: usize) -> Vec<String> {
    let style = Style { columns: COLUMNS - CODE.len(), verbose: true };
    let lines = short_block(finding, &style, most);
    let line = |line: &String| cut(&format!("{CODE}{}", clean(line)), WIDEST);
    lines.iter().map(|text| line(text).trim_end().to_owned()).collect()
}

/// `and 46 more: 30 code.changed, 16 symbol.lost`
fn more(findings: &[&Finding], some: bool) -> Vec<String> {
    let mut by_key: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *by_key.entry(finding.key.as_str()).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = by_key.into_iter().collect();
    counts.sort_by_key(|(key, n)| (std::cmp::Reverse(*n), *key));
    let counts: Vec<String> =
        counts.iter().map(|(key, n)| format!("{} {key}", thousands(*n as u64))).collect();
    let n = thousands(findings.len() as u64);
    let head = if some { format!("and {n} more") } else { n };
    clip(inline(&format!("{head}: {}", counts.join(", ")), COLUMNS - 2), MORE)
}
