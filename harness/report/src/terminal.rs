use crate::coverage::coverage;
use crate::finding::{allowed_block, block};
use crate::steps::steps;
use crate::style::Style;
use crate::table::{legend, table};
use crate::text::{safe, thousands, wrap};
use std::collections::BTreeMap;
use twinlto_model::{Layer, NotCompared, Report, Severity};

/// The report for a person: table, findings most severe first, then the answer.
#[must_use]
pub fn terminal(report: &Report, style: &Style) -> String {
    let mut lines = vec![header(report), String::new()];
    lines.extend(table(report, style.columns));
    lines.extend(legend(report).iter().flat_map(|text| wrap(text, style.columns)));
    lines.extend(steps(report, style));
    for finding in &report.findings {
        if finding.severity == Severity::Note && !style.verbose {
            continue;
        }
        lines.push(String::new());
        lines.extend(block(finding, style));
    }
    for allowed in report.allowed.iter().filter(|_| style.verbose) {
        lines.push(String::new());
        lines.extend(allowed_block(allowed, style));
    }
    lines.push(String::new());
    let answer = format!("{}: {}", report.outcome.word(), safe(&report.summary));
    lines.extend(wrap(&answer, style.columns));
    lines.extend(compared(report, style));
    if style.verbose {
        lines.extend(coverage(report, style));
    }
    if let Some(record) = &report.record {
        lines.push(format!("record: {record}; again: twinlto report {record}"));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

pub(crate) fn header(report: &Report) -> String {
    let toolchain = report.cells.iter().find_map(|c| c.toolchain.as_ref()).map(ToString::to_string);
    let parts = [Some(report.kernel.name.clone()), Some(report.config.clone()), toolchain];
    let mut parts: Vec<String> = parts.into_iter().flatten().map(|p| safe(&p)).collect();
    parts.push(report.comparison.clone());
    parts.join(" · ")
}

/// What was compared, and in the same breath what was not.
fn compared(report: &Report, style: &Style) -> Vec<String> {
    let mut sentence = format!("compared: {}", what_was_compared(report));
    let left_out = left_out(&report.not_compared);
    if !left_out.is_empty() {
        sentence.push_str(&format!("; not compared: {left_out}"));
    }
    wrap(&safe(&sentence), style.columns)
}

/// `602 objects, 3,651 exports`, or `nothing`.
pub(crate) fn what_was_compared(report: &Report) -> String {
    let total = |layer| -> u64 {
        let layers = report.twins.iter().flat_map(|t| &t.layers);
        layers.filter(|l| l.layer == layer).map(|l| l.compared).sum()
    };
    let mut parts = Vec::new();
    let planned = report.count("planned_backends", None);
    if planned > 0 {
        parts.push(format!("{} planned {}", thousands(planned), Layer::Transport.unit()));
    }
    for layer in Layer::ALL.into_iter().filter(|layer| *layer != Layer::Transport) {
        let n = total(layer);
        if n > 0 {
            parts.push(format!("{} {}", thousands(n), layer.unit()));
        }
    }
    let flags = report.count("flags_compared", None);
    if flags > 0 {
        parts.push(format!("{} options", thousands(flags)));
    }
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// `arm64's symbols, sections and initcalls (no vmlinux)`
pub(crate) fn left_out(list: &[NotCompared]) -> String {
    let mut by_reason: BTreeMap<(_, &str), Vec<&str>> = BTreeMap::new();
    for entry in list {
        by_reason.entry((entry.arch, entry.why.as_str())).or_default().push(&entry.what);
    }
    let parts: Vec<String> = by_reason
        .into_iter()
        .map(|((arch, why), what)| match why {
            "" => format!("{arch}'s {}", what.join(", ")),
            why => format!("{arch}'s {} ({why})", what.join(", ")),
        })
        .collect();
    parts.join("; ")
}
