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
    let is_switched = |found: &Finding| {
        found.key == KEY_NOT_SAVED && found.subjects().iter().all(|s| in_process.contains(*s))
    };
    let unsaved: BTreeSet<String> = findings
        .iter()
        .filter(|found| is_switched(found))
        .flat_map(|found| found.subjects())
        .map(str::to_owned)
        .collect();
    for found in findings {
        if is_switched(&found) {
            step.findings.push(by_the_switch(found));
            continue;
        }
        // What became of a backend without flags is said with them.
        let follows = found.key.as_str().starts_with("native.")
            && found.subjects().iter().all(|subject| unsaved.contains(*subject));
        if !follows {
            step.findings.push(after(mode, found));
        }
    }
    if facts.mode != Some(mode) {
        let is = facts.mode.map_or("neither", Mode::name);
        step.omitted = Some(format!("after the switch to {mode}, the build is {is}"));
    }
    step.said = match (step.findings.len(), unsaved.len()) {
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
        if site.effect.is_empty() {
            "the backend fails, or was not tried".clone_into(&mut site.effect);
        }
    }
    // Its old native object may still be there; the kernel cannot be made of it.
    found.severity = Severity::Error;
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
