//! Debug information: written by the same producers in both modes.

use super::{Pair, Sides, subject_in};
use std::collections::BTreeMap;
use twinlto_facts::build::Answer;
use twinlto_model::{Finding, Severity};

/// Compares who wrote the compile units; how many there are follows what was imported.
pub(super) fn dwarf(sides: Sides<'_>, pair: &Pair<'_>) -> Option<Finding> {
    let ours = pair.left.producers.get()?;
    let theirs = pair.right.producers.get()?;
    if ours.keys().eq(theirs.keys()) {
        return None;
    }
    let text = |producers: &BTreeMap<String, u64>| match producers.len() {
        0 => "no debug information".to_owned(),
        _ => producers.keys().cloned().collect::<Vec<_>>().join("; "),
    };
    let subject = subject_in(pair.name, "DWARF producers");
    Some(sides.finding(
        "symbol.dwarf.producers",
        Severity::Warning,
        &subject,
        text(ours),
        text(theirs),
    ))
}

/// Why debug information that is there was not compared; of what is compared with the layouts,
/// these say so.
pub(super) fn not_compared(pair: &Pair<'_>) -> Option<String> {
    if [pair.left, pair.right].iter().any(|image| matches!(image.debug, Answer::Bad(_))) {
        return None;
    }
    [pair.left, pair.right].iter().find_map(|image| match &image.producers {
        Answer::Bad(why) => Some(format!("debug information of {} ({why})", pair.name)),
        _ => None,
    })
}
