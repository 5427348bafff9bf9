//! One finding as a block of lines: subjects, both sides, because, so.

use crate::style::Style;
use crate::text::{clip, first_few, pad, safe, thousands, width, wrap};
use std::collections::BTreeMap;
use twinlto_model::{Allowed, Arch, Change, Evidence, Finding, Site};

/// How many subjects, and how many lines of one-line evidence, are shown.
const FEW: usize = 4;

/// Columns of the labels: `because`, `front end`, ….
const LABEL: usize = 11;

pub(crate) fn block(finding: &Finding, style: &Style) -> Vec<String> {
    titled(&word(finding), finding, style)
}

/// The same in few lines: each part of it in at most so many, and what was cut ends in `…`.
pub(crate) fn short_block(finding: &Finding, style: &Style, most: usize) -> Vec<String> {
    let room = Room { pairs: most, columns: style.columns };
    let parts = parts(&word(finding), finding, style, room);
    parts.into_iter().flat_map(|part| clip(part, most)).collect()
}

fn word(finding: &Finding) -> String {
    match finding.change {
        None | Some(Change::New | Change::Untold) => finding.severity.to_string(),
        Some(change) => change.word().to_owned(),
    }
}

/// How much of a list is shown.
#[derive(Clone, Copy)]
struct Room {
    pairs: usize,
    columns: usize,
}

/// A finding that is expected: why, and where that is said.
pub(crate) fn allowed_block(allowed: &Allowed, style: &Style) -> Vec<String> {
    let mut lines = titled("allowed", &allowed.finding, style);
    lines.extend(labelled("reason", &safe(&allowed.reason), style));
    lines.extend(labelled("by", &safe(&allowed.by), style));
    lines
}

fn titled(word: &str, finding: &Finding, style: &Style) -> Vec<String> {
    let room = Room { pairs: FEW * 2, columns: style.columns.max(100) };
    parts(word, finding, style, room).concat()
}

/// Heading, subjects, both sides, because, so, known as, remedy.
fn parts(word: &str, finding: &Finding, style: &Style, room: Room) -> Vec<Vec<String>> {
    let mut parts = vec![vec![heading(word, finding, style)]];
    if is_list(finding) {
        parts.extend(pairs(finding, room).into_iter().map(|line| vec![line]));
    } else {
        let subjects = wrap(&first_few(&finding.subjects(), FEW), style.columns.saturating_sub(2));
        parts.push(subjects.iter().map(|line| format!("  {line}")).collect());
        if let Some(site) = finding.sites.first() {
            for evidence in [&site.left, &site.right].into_iter().flatten() {
                parts.push(evidence_lines(evidence, style));
            }
        }
    }
    parts.push(because(finding, style));
    parts.push(effects(finding, style));
    if let Some(defect) = &finding.defect {
        parts.push(labelled("known as", defect, style));
    }
    if let Some(remedy) = &finding.remedy {
        parts.push(labelled("remedy", remedy, style));
    }
    if finding.change == Some(Change::Untold) {
        parts.push(labelled("before", Change::Untold.word(), style));
    }
    parts
}

fn heading(word: &str, finding: &Finding, style: &Style) -> String {
    let left = format!("{word:<8}{}", finding.key);
    let arches = finding.arches().iter().map(Arch::to_string).collect::<Vec<_>>().join(", ");
    let gap = style.columns.saturating_sub(width(&left) + width(&arches)).max(2);
    format!("{left}{}{arches}", " ".repeat(gap))
}

/// Whether every subject has evidence of its own, so that each is a line.
fn is_list(finding: &Finding) -> bool {
    let sides = |site: &Site| (text(&site.left), text(&site.right));
    let first = finding.sites.first().map(sides);
    finding.sites.iter().all(|s| s.mode.is_none() && s.left.is_some() && s.right.is_some())
        && finding.sites.iter().any(|s| Some(sides(s)) != first)
}

fn text(evidence: &Option<Evidence>) -> String {
    evidence.as_ref().map(|e| safe(&e.text)).unwrap_or_default()
}

/// `  .data   597632 bytes → 597504 bytes`
fn pairs(finding: &Finding, room: Room) -> Vec<String> {
    let many = finding.arches().len() > 1;
    let name = |site: &Site| {
        let subject = safe(&site.subject);
        if many { format!("{subject} ({})", site.arch) } else { subject }
    };
    let shown: Vec<&Site> = finding.sites.iter().take(room.pairs).collect();
    let columns = shown.iter().map(|s| width(&name(s))).max().unwrap_or(0).min(40);
    let sides = finding.sites.first().map_or(String::new(), |s| {
        let side = |e: &Option<Evidence>| e.as_ref().map(|e| e.side.clone()).unwrap_or_default();
        format!("{} → {}", side(&s.left), side(&s.right))
    });
    let mut lines = vec![format!("  {}  {sides}", pad("", columns))];
    for site in &shown {
        let line = format!(
            "  {}  {} → {}",
            pad(&name(site), columns),
            text(&site.left),
            text(&site.right)
        );
        lines.push(cut(&line, room.columns));
    }
    let more = finding.sites.len().saturating_sub(shown.len());
    if more > 0 {
        lines.push(format!("  +{}", thousands(more as u64)));
    }
    lines
}

pub(crate) fn cut(line: &str, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(columns.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn evidence_lines(evidence: &Evidence, style: &Style) -> Vec<String> {
    let mut lines = labelled(&evidence.side, &safe(&evidence.text), style);
    let Some(path) = &evidence.path else {
        return lines;
    };
    let path = safe(path);
    let room = style.columns.saturating_sub(width(&path));
    match lines.first_mut() {
        Some(line) if lines_fit(line, room) => {
            *line = format!("{}{path}", pad(line, room.min(LABEL + 22).max(width(line) + 2)));
        }
        _ => {
            let indent = LABEL.max(width(&evidence.side) + 1) + 2;
            lines.push(format!("{}{path}", " ".repeat(indent)));
        }
    }
    lines
}

fn lines_fit(line: &str, room: usize) -> bool {
    width(line) + 2 <= room
}

fn labelled(label: &str, text: &str, style: &Style) -> Vec<String> {
    let wide = LABEL.max(width(label) + 1);
    let indent = wide + 2;
    let columns = style.columns.saturating_sub(indent).max(20);
    let mut lines = Vec::new();
    for (i, line) in wrap(text, columns).into_iter().enumerate() {
        let label = if i == 0 { label } else { "" };
        lines.push(format!("  {}{line}", pad(label, wide)));
    }
    lines
}

fn because(finding: &Finding, style: &Style) -> Vec<String> {
    match &finding.cause {
        Some(cause) => labelled("because", &safe(cause), style),
        None if finding.ruled_out.is_empty() => labelled("because", "cause unknown", style),
        None => {
            let out = finding.ruled_out.join("; ");
            labelled("because", &format!("cause unknown; it is not {out}"), style)
        }
    }
}

/// What follows for the kernel, by architecture where they differ.
fn effects(finding: &Finding, style: &Style) -> Vec<String> {
    let mut by_arch: BTreeMap<Arch, BTreeMap<&str, usize>> = BTreeMap::new();
    for site in finding.sites.iter().filter(|s| !s.effect.is_empty()) {
        *by_arch.entry(site.arch).or_default().entry(site.effect.as_str()).or_default() += 1;
    }
    let distinct: std::collections::BTreeSet<Vec<&str>> =
        by_arch.values().map(|e| e.keys().copied().collect()).collect();
    let mut lines = Vec::new();
    for (arch, effects) in &by_arch {
        let total: usize = effects.values().sum();
        let all: Vec<String> = effects
            .iter()
            .map(|(effect, n)| match effects.len() {
                1 => safe(effect),
                _ => format!("{n} of {total}: {}", safe(effect)),
            })
            .collect();
        for text in all {
            let text = if distinct.len() > 1 { format!("{arch}: {text}") } else { text };
            let label = if lines.is_empty() { "so" } else { "" };
            lines.extend(labelled(label, &text, style));
        }
        if distinct.len() <= 1 {
            break;
        }
    }
    lines
}
