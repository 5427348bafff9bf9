//! What a bisection found, and how it came there.

use crate::command::broken;
use crate::style::Style;
use crate::text::{duration, safe, wrap};
use std::time::Duration;
use twinlto_model::{BisectFound, BisectReport, Bisected, count};

/// The report of a bisection for a person: something to paste.
#[must_use]
pub fn bisect(report: &BisectReport, style: &Style) -> String {
    let unit = report.what.unit();
    let candidates = count(report.candidates, unit, &format!("{unit}s"));
    // A script may be asked of nothing but the candidates.
    let scene = Some(report.scene.as_str()).filter(|scene| !scene.is_empty());
    let parts = [Some(report.what.name()), scene, Some(candidates.as_str())];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let mut lines = vec![
        safe(&format!("bisect {}", parts.join(" · "))),
        safe(&format!("bad: {}", report.predicate)),
        String::new(),
    ];
    let width = report.steps.iter().map(|step| step.name.chars().count()).max().unwrap_or(0);
    let width = width.min(style.columns.saturating_sub(14));
    for step in &report.steps {
        let took = match step.kept {
            true => "kept".to_owned(),
            false => duration(Duration::from_secs_f64(step.seconds.max(0.0))),
        };
        lines.push(format!("{:<5}{:<width$}  {took}", step.answer, safe(&step.name)));
        let cost = step.cost.as_ref().map(|cost| format!(" ({cost})")).unwrap_or_default();
        for line in wrap(&safe(&format!("{}{cost}", step.because)), style.columns - 5) {
            lines.push(format!("     {line}"));
        }
    }
    lines.push(String::new());
    for line in answer(report) {
        lines.extend(wrap(&line, style.columns));
    }
    // Whoever pastes it gets one command.
    lines.push("again:".to_owned());
    let again = broken(&safe(&report.command), style.columns.saturating_sub(2));
    lines.extend(again.iter().map(|line| format!("  {line}")));
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The report of a bisection as JSON, schema `twinlto.bisect/1` (`docs/BISECT.md`).
#[must_use]
pub fn bisect_to_json(report: &BisectReport) -> String {
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

fn answer(report: &BisectReport) -> Vec<String> {
    let unit = report.what.unit();
    let asked = report.steps.len();
    let seconds: f64 = report.steps.iter().filter(|s| !s.kept).map(|s| s.seconds).sum();
    let took = duration(Duration::from_secs_f64(seconds.max(0.0)));
    let mut lines = Vec::new();
    match &report.found {
        BisectFound::First(name) => lines.push(safe(&format!("first bad {unit}: {name}"))),
        BisectFound::Among(names)
            if matches!(report.what, Bisected::Objects | Bisected::Options) =>
        {
            lines.push(format!(
                "what makes it bad is among these {unit}s; without some of them it cannot be told:"
            ));
            lines.extend(names.iter().map(|name| safe(&format!("  {name}"))));
        }
        BisectFound::Among(names) => {
            lines.push(format!("the first bad {unit} is one of these; the others cannot be told:"));
            lines.extend(names.iter().map(|name| safe(&format!("  {name}"))));
        }
        BisectFound::Set(names) => {
            lines.push(format!("bad: {}", count(names.len(), unit, &format!("{unit}s"))));
            lines.extend(names.iter().map(|name| safe(&format!("  {name}"))));
        }
        BisectFound::Nothing(why) => lines.push(safe(&format!("nothing: {why}"))),
    }
    lines.push(format!("asked: {}, in {took}", count(asked, "candidate", "candidates")));
    let log = match report.what {
        Bisected::Kernel => ", which git bisect replay reads",
        _ => "",
    };
    lines.push(safe(&format!("log: {}/bisect.log{log}", report.out)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::Outcome;

    #[test]
    fn the_heading_says_nothing_twice() {
        let report = |scene: &str| BisectReport {
            schema: twinlto_model::BISECT_SCHEMA.to_owned(),
            twinlto: "0.1.0".to_owned(),
            what: Bisected::Toolchain,
            scene: scene.to_owned(),
            predicate: "--run ./is-bad".to_owned(),
            candidates: 5,
            steps: Vec::new(),
            found: BisectFound::First("clang 23.1.4".to_owned()),
            outcome: Outcome::Differ,
            command: "twinlto bisect toolchain".to_owned(),
            out: "out".to_owned(),
        };
        let first = |scene: &str| {
            let text = bisect(&report(scene), &Style::default());
            text.lines().next().map(str::to_owned)
        };
        assert_eq!(first("").unwrap(), "bisect toolchain · 5 toolchains");
        let long =
            BisectReport { command: format!("twinlto {}", "word ".repeat(40)), ..report("") };
        let text = bisect(&long, &Style { columns: 80, ..Style::default() });
        let (_, again) = text.split_once("\nagain:\n").unwrap();
        let lines: Vec<&str> = again.lines().collect();
        let (last, others) = lines.split_last().unwrap();
        assert!(others.len() > 1 && others.iter().all(|line| line.ends_with(" \\")), "{again}");
        assert!(!last.ends_with('\\') && lines.iter().all(|line| line.len() <= 80), "{again}");
        assert_eq!(
            first("clang 17.0.6 to clang 24.0.0").unwrap(),
            "bisect toolchain · clang 17.0.6 to clang 24.0.0 · 5 toolchains"
        );
    }
}
