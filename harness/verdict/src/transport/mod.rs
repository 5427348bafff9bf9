//! The transport layer: did every backend get the options that its front end had?
//!
//! kbuild saves the front end's options in the IR object's `.cmd` file and replays them in
//! the backend (`scripts/Makefile.lib`, `scripts/Makefile.thinlto`, Linux 7.3). Three texts an
//! object are compared: what the front end was told, what was saved, what the backend was told.

mod alias;
mod backend;
mod environment;
mod forwarded;
mod fronts;
mod homes;
mod loss;
mod object;
mod options;
mod saved;
mod shared;
mod words;

use crate::layer::LayerVerdict;
use crate::number;
use rayon::prelude::*;
use twinlto_facts::build::{Answer, BuildFacts, FileFacts};
use twinlto_facts::flags::Class;
use twinlto_model::{Arch, Finding, Key, Layer, Mode, Severity};

pub(crate) use alias::saved_elsewhere;
#[allow(unused_imports, reason = "the commands of native objects are compared by it")]
pub(crate) use fronts::compare_commands;
pub(crate) use fronts::fronts;
#[allow(unused_imports, reason = "the commands of native objects are compared by it")]
pub(crate) use homes::Homes;
pub(crate) use options::Change;
use options::OptionChange;
pub(crate) use saved::WOULD_BE_TOLD_NOTHING;

/// Compares the backend command of every object of the index with its front-end command.
#[must_use]
pub fn transport(arch: Arch, facts: &BuildFacts) -> LayerVerdict {
    let objects: Vec<_> = facts.objects.iter().collect();
    let mode = facts.mode.unwrap_or(Mode::Distributed);
    let verdicts: Vec<_> =
        objects.par_iter().map(|(name, object)| object::judge(arch, mode, name, object)).collect();

    let mut layer = LayerVerdict::new(Layer::Transport);
    for verdict in verdicts {
        layer.compared += u64::from(verdict.compared);
        *layer.counts.entry((number::FLAGS_COMPARED, None)).or_default() += verdict.flags_compared;
        *layer.counts.entry((number::FLAGS_ASIDE, None)).or_default() += verdict.flags_aside;
        layer.findings.extend(verdict.findings);
    }
    let others = alias::others(arch, mode, facts, &layer.findings);
    layer.findings.extend(others);
    let not_run = facts
        .objects
        .values()
        .filter(|o| o.back == Answer::Absent && o.native == FileFacts::default())
        .count();
    if not_run > 0 {
        layer.omit_part(format!("{not_run} backend commands (they did not run)"));
    }
    if layer.compared == 0 && layer.findings.is_empty() {
        layer.omit_all(match facts.index.why_not("vmlinux.thinlto-index") {
            Some(why) => why,
            None if facts.objects.is_empty() => "the index lists no object".to_owned(),
            None => "no backend ran".to_owned(),
        });
    }
    name_mode_switch(&mut layer.findings, facts.objects.len());
    layer.findings.extend(forwarded::forwarded(arch, facts));
    layer
}

/// When most objects have no saved flags, it is not the rule of one object that forgot them:
/// the tree was built before it was switched to distributed mode.
fn name_mode_switch(findings: &mut [Finding], objects: usize) {
    let is_saved = |f: &Finding| f.key == KEY_NOT_SAVED && f.severity == Severity::Error;
    let without = findings.iter().filter(|f| is_saved(f)).count();
    if without * 2 <= objects {
        return;
    }
    for finding in findings.iter_mut().filter(|f| is_saved(f)) {
        finding.cause = Some(format!(
            "{without} of {objects} .cmd files hold no saved flags: these objects were compiled \
             before the tree was switched to distributed mode, and kbuild does not rebuild them \
             because their own command line stays the same"
        ));
        finding.defect = Some("mode-switch-no-saved-flags".to_owned());
        finding.remedy = Some("make clean, then build again".to_owned());
        finding.group = "mode switch".to_owned();
    }
}

pub(crate) const KEY_NOT_SAVED: Key = Key::new("flags.saved.missing");
pub(crate) const KEY_NO_FLAGS: Key = Key::new("flags.backend.missing");

/// The severity of a lost or changed option, by its class; none where it does not matter.
pub(crate) fn severity_of(change: &OptionChange) -> Option<Severity> {
    severity_for(change.class, change.change)
}

/// The same, for any option of a class.
pub(crate) fn severity_for(class: Class, change: Change) -> Option<Severity> {
    match (class, change) {
        (Class::CodegenRequired | Class::TargetSelecting, _)
        | (Class::CodegenInIr, Change::Different) => Some(Severity::Error),
        (Class::CodegenInIr | Class::Unknown, _) => Some(Severity::Warning),
        (Class::WarningStrict, _) => Some(Severity::Note),
        _ => None,
    }
}
