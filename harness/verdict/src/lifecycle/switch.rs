use super::StepVerdict;
use crate::compare::judge_one;
use crate::transport::KEY_NOT_SAVED;
use std::collections::BTreeSet;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::cmd_path;
use twinlto_model::{Arch, Evidence, Finding, Mode, Severity};

/// Judges the build directory after it was switched to `mode` in place: an audit of what is there
/// now. `in_process` are the objects that were compiled while it was in-process.
#[must_use]
pub fn switched(
    arch: Arch,
    mode: Mode,
    facts: &BuildFacts,
    in_process: &BTreeSet<String>,
) -> StepVerdict {
    let verdict = judge_one(arch, facts, "one state of a build that was switched", true);
    let mut step = StepVerdict {
        compared: verdict.layers.iter().map(|layer| layer.compared).sum(),
        ..StepVerdict::default()
    };
    let findings: Vec<Finding> =
        verdict.findings().into_iter().filter(|found| found.severity != Severity::Note).collect();
    let unsaved = findings.iter().filter(|found| found.key == KEY_NOT_SAVED).count();
    for found in findings {
        let is_switched = found.key == KEY_NOT_SAVED
            && found.subjects().iter().all(|subject| in_process.contains(*subject));
        step.findings.push(if is_switched { by_the_switch(found) } else { after(mode, found) });
    }
    if facts.mode != Some(mode) {
        let is = facts.mode.map_or("neither", Mode::name);
        step.omitted = Some(format!("after the switch to {mode}, the build is {is}"));
    }
    step.said = match (step.findings.len(), unsaved) {
        (0, _) => format!("{mode}: sound"),
        (n, 0) => format!("{mode}: {n} findings"),
        (_, n) => format!("{mode}: {n} without saved flags"),
    };
    step
}

/// An object that was compiled in-process and whose backend runs in distributed mode.
fn by_the_switch(mut found: Finding) -> Finding {
    for site in &mut found.sites {
        let left = Evidence::new(
            "in-process",
            "compiled then, when kbuild saves no flags; the switch did not compile it again",
        );
        site.left = Some(left.at(cmd_path(&site.subject)));
    }
    found
        .because(
            "it was compiled while the tree was in-process, where kbuild saves no flags, and the \
             switch to distributed does not compile it again, because its own command stays the \
             same",
        )
        .known_as("mode-switch-no-saved-flags")
        .remedy("make clean after switching to distributed; or save the flags in both modes")
        .grouped("life mode switch")
}

/// Any other finding says in which state it was made.
fn after(mode: Mode, found: Finding) -> Finding {
    let cause = match &found.cause {
        Some(cause) => format!("after the switch to {mode}: {cause}"),
        None => return found.not_because(format!("before the switch to {mode} it was not there")),
    };
    let group = format!("switched {}", found.group);
    found.because(cause).grouped(group)
}
