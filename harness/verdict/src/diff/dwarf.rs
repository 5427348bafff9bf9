//! Debug information: written by the same producers in both modes.

use super::{Pair, between, subject_in};
use twinlto_facts::build::ImageFacts;
use twinlto_model::{Arch, Finding, Severity};

/// Compares who wrote the compile units; how many there are follows what was imported.
pub(super) fn dwarf(arch: Arch, pair: &Pair<'_>) -> Option<Finding> {
    let (ours, theirs) = (pair.distributed, pair.in_process);
    if ours.producers.keys().eq(theirs.producers.keys()) {
        return None;
    }
    let text = |image: &ImageFacts| match image.producers.len() {
        0 => "no debug information".to_owned(),
        _ => image.producers.keys().cloned().collect::<Vec<_>>().join("; "),
    };
    let subject = subject_in(pair, "DWARF producers");
    Some(between(
        arch,
        "symbol.dwarf.producers",
        Severity::Warning,
        &subject,
        text(ours),
        text(theirs),
    ))
}
