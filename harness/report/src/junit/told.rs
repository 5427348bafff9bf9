//! Findings and steps as plain text.

use crate::steps::{mark, said};
use crate::text::safe;
use twinlto_model::{Change, Evidence, Finding, StepReport, thousands};

/// Places of one finding that are listed; JSON has all of them.
const PLACES: usize = 100;

/// Other failures of a case that its first one names.
const OTHERS: usize = 20;

/// Without line ends and control characters.
pub(super) fn in_one_line(text: &str) -> String {
    safe(&text.replace(['\n', '\r', '\t'], " "))
}

/// `flags.backend.missing: they are saved under …`
pub(super) fn message(finding: &Finding) -> String {
    let before = match finding.change {
        Some(change @ Change::Untold) => format!(" ({} before)", change.word()),
        _ => String::new(),
    };
    format!("{}{before}: {}", finding.key, cause(finding))
}

fn cause(finding: &Finding) -> String {
    match (&finding.cause, finding.ruled_out.join("; ")) {
        (Some(cause), _) => cause.clone(),
        (None, out) if out.is_empty() => "cause unknown".to_owned(),
        (None, out) => format!("cause unknown; it is not {out}"),
    }
}

/// The finding with its places and what each side holds there.
pub(super) fn body(finding: &Finding) -> String {
    let mut lines = vec![in_one_line(&finding.in_short())];
    let mut labelled = |label: &str, text: &str| {
        lines.push(format!("{label}: {}", in_one_line(text)));
    };
    labelled("because", &cause(finding));
    if let Some(defect) = &finding.defect {
        labelled("known as", defect);
    }
    if let Some(remedy) = &finding.remedy {
        labelled("remedy", remedy);
    }
    for site in finding.sites.iter().take(PLACES) {
        lines.push(in_one_line(&site.subject));
        for evidence in [&site.left, &site.right].into_iter().flatten() {
            lines.push(format!("  {}", in_one_line(&side(evidence))));
        }
        if !site.effect.is_empty() {
            lines.push(format!("  so: {}", in_one_line(&site.effect)));
        }
    }
    let more = finding.sites.len().saturating_sub(PLACES);
    if more > 0 {
        lines.push(format!("+{}", thousands(more as u64)));
    }
    lines.join("\n")
}

/// `backend: nothing (virt/kvm/.async_pf.thinlto-native.o.cmd)`
fn side(evidence: &Evidence) -> String {
    match &evidence.path {
        Some(path) => format!("{}: {} ({path})", evidence.side, evidence.text),
        None => format!("{}: {}", evidence.side, evidence.text),
    }
}

/// A finding that fails nothing, in two lines.
pub(super) fn out(finding: &Finding) -> String {
    let change = finding.change.map_or(String::new(), |change| format!("{}: ", change.word()));
    let (short, cause) = (finding.in_short(), cause(finding));
    format!("{change}{}\n  because: {}", in_one_line(&short), in_one_line(&cause))
}

/// A step of a life, in one line.
pub(super) fn step(step: &StepReport) -> String {
    format!("{} {} {}", step.step, mark(step), said(step))
}

/// What the first failure says of the others, for readers that show no other.
pub(super) fn others(messages: &[(String, String)]) -> String {
    let mut text = String::new();
    for (message, _) in messages.iter().skip(1).take(OTHERS) {
        text.push_str(&format!("\nalso: {message}"));
    }
    let more = messages.len().saturating_sub(OTHERS + 1);
    if more > 0 {
        text.push_str(&format!("\nalso: {} more", thousands(more as u64)));
    }
    text
}
