//! Everything of two builds of one kernel that is held against each other.

use crate::error::EngineError;
use crate::{inventory, irs, natives};
use twinlto_facts::build::BuildFacts;
use twinlto_model::Arch;
use twinlto_verdict::{Expectations, Sides, Verdict, compare_twins};

/// Compares facts, and the files that are read for it alone. None of these knows of another: they
/// share the processors.
///
/// # Errors
///
/// When a build directory cannot be listed.
pub(crate) fn compare(
    arch: Arch,
    ours: &BuildFacts,
    theirs: &BuildFacts,
    expectations: &Expectations,
) -> Result<Verdict, EngineError> {
    let sides = Sides::of(arch, ours.mode, theirs.mode);
    let ((mut verdict, natives), (irs, files)) = rayon::join(
        || {
            rayon::join(
                || compare_twins(arch, ours, theirs, expectations),
                || natives::compared(sides, ours, theirs),
            )
        },
        || {
            rayon::join(
                || irs::compared(sides, ours, theirs),
                || inventory::compared(sides, ours, theirs),
            )
        },
    );
    natives::take_in(natives, &mut verdict);
    irs::take_in(irs, &mut verdict);
    let (layer, accounts) = files?;
    verdict.layers.push(layer);
    verdict.coverage.extend(accounts);
    Ok(verdict)
}
