//! What a lost option means, in words.

use super::loss::Step;
use super::options::{Change, OptionChange};
use twinlto_facts::flags::Class;

pub(super) fn cause_of_change(kind: Change, step: Step, modkern: bool) -> String {
    match (kind, step) {
        (Change::Added, Step::Saving) => {
            "it is among the saved flags, and the front end never had it"
        }
        (Change::Added, Step::Replaying) => {
            "it was added when the backend's command was put together"
        }
        (_, Step::Saving) if modkern => {
            "it was lost when the flags were saved: it comes from $(modkern_cflags) \
             (KBUILD_CFLAGS_KERNEL, CFLAGS_KERNEL), and only $(_c_flags) was saved"
        }
        (_, Step::Saving) => {
            "it was lost when the flags were saved: the saved line does not hold it"
        }
        (_, Step::Replaying) => {
            "it was saved and got lost when the backend's command was put together"
        }
    }
    .to_owned()
}

/// The known defect of losing these options and no others.
pub(super) fn known_loss(lost: &[&OptionChange]) -> Option<&'static str> {
    let texts: Vec<_> = lost.iter().map(|change| change.text()).collect();
    let all = |begin: &[&str]| {
        !texts.is_empty() && texts.iter().all(|text| begin.iter().any(|b| text.starts_with(b)))
    };
    if all(&["-O"]) {
        Some("opt-level-dropped")
    } else if all(&["--target="]) {
        Some("target-dropped")
    } else if all(&["-mabi=", "-march="]) {
        Some("abi-flag-dropped")
    } else {
        None
    }
}

pub(super) fn effect_of_change(change: &OptionChange) -> String {
    let text = change.text();
    match (change.class, change.change) {
        (Class::CodegenRequired, Change::Missing) if text.starts_with("-O") => {
            "compiled at -O0".to_owned()
        }
        (Class::TargetSelecting, Change::Missing) => {
            "the compiler's own default decides the target".to_owned()
        }
        (Class::CodegenRequired | Class::TargetSelecting, Change::Different) => {
            format!("compiled with {} instead of {text}", change.to.as_deref().unwrap_or("nothing"))
        }
        (Class::CodegenRequired | Class::TargetSelecting, _) => {
            format!("{text} steers code generation and is not in the bitcode")
        }
        (Class::CodegenInIr, Change::Missing) => {
            "the bitcode carries it, so the code is probably the same".to_owned()
        }
        (Class::Unknown, _) => {
            "in no class of docs/OPTIONS.md: it may or may not matter".to_owned()
        }
        _ => String::new(),
    }
}
