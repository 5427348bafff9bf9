//! The steps of a build's life, a line each.

use crate::style::Style;
use crate::text::{duration, pad, safe, width, wrap};
use std::time::Duration;
use twinlto_model::{LifeStep, Report, StepReport};

/// One block an architecture; nothing where no life was lived.
pub(crate) fn steps(report: &Report, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    let names = LifeStep::ALL.map(LifeStep::name);
    let name_width = names.iter().map(|name| width(name)).max().unwrap_or_default();
    let arches = report.twins.iter().map(|twin| width(twin.arch.name()));
    let arch_width = arches.max().unwrap_or_default();
    for twin in report.twins.iter().filter(|twin| !twin.steps.is_empty()) {
        lines.push(String::new());
        for (n, step) in twin.steps.iter().enumerate() {
            let arch = if n == 0 { twin.arch.name() } else { "" };
            let took = duration(Duration::try_from_secs_f64(step.seconds).unwrap_or_default());
            let (name, mark) = (step.step.name(), mark(step));
            let head = [
                pad(arch, arch_width),
                pad(name, name_width),
                mark.to_owned(),
                format!("{took:>5}"),
            ];
            let head = head.join("  ");
            let room = style.columns.saturating_sub(width(&head) + 2).max(20);
            for (n, line) in wrap(&said(step), room).into_iter().enumerate() {
                let head = if n == 0 { head.clone() } else { " ".repeat(width(&head)) };
                lines.push(format!("{head}  {line}"));
            }
        }
    }
    lines
}

pub(crate) const fn mark(step: &StepReport) -> &'static str {
    match step {
        StepReport { errors: 1.., .. } => "✗",
        StepReport { others: 1.., .. } => "~",
        StepReport { compared: 0, .. } => "–",
        _ => "✓",
    }
}

/// What happened, and what was left out.
pub(crate) fn said(step: &StepReport) -> String {
    match (&step.not_run, step.compared) {
        (Some(why), 0) => safe(&format!("not run: {why}")),
        (Some(why), _) => safe(&format!("{}; without {why}", step.said)),
        (None, _) => safe(&step.said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: LifeStep, compared: u64, not_run: Option<&str>) -> StepReport {
        StepReport {
            step,
            said: "done".to_owned(),
            compared,
            errors: 0,
            others: 0,
            seconds: 1.5,
            not_run: not_run.map(str::to_owned),
        }
    }

    #[test]
    fn what_was_not_run_and_what_was_left_out_is_said() {
        let left_out = step(LifeStep::Flags, 5, Some("1 object"));
        assert_eq!((mark(&left_out), said(&left_out)), ("✓", "done; without 1 object".to_owned()));
        let not_run = step(LifeStep::Ranges, 0, Some("not set"));
        assert_eq!((mark(&not_run), said(&not_run)), ("–", "not run: not set".to_owned()));
        let worse = StepReport { errors: 1, ..step(LifeStep::Leaf, 5, None) };
        assert_eq!(mark(&worse), "✗");
        assert_eq!(mark(&StepReport { others: 2, ..step(LifeStep::Leaf, 5, None) }), "~");
    }
}
