//! What tests of several rooms start from.

use std::collections::BTreeMap;
use twinlto_model::{Arch, CellReport, KernelId, Mode, Outcome, Report};

/// A report of one build, which ended so, and of nothing else.
pub(crate) fn one_build(outcome: Outcome) -> Report {
    let cell = CellReport {
        arch: Arch::Arm64,
        mode: Mode::Distributed,
        toolchain: None,
        outcome: outcome.clone(),
        directory: String::new(),
        timings: BTreeMap::new(),
        counts: BTreeMap::new(),
    };
    Report {
        schema: String::new(),
        twinlto: String::new(),
        kernel: KernelId { name: String::new(), path: None },
        config: String::new(),
        comparison: String::new(),
        sides: None,
        outcome,
        summary: String::new(),
        twins: Vec::new(),
        cells: vec![cell],
        findings: Vec::new(),
        allowed: Vec::new(),
        not_compared: Vec::new(),
        patches: Vec::new(),
        record: None,
    }
}
