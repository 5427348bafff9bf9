use twinlto_model::{Arch, Mode};

/// One build to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlannedCell {
    /// Architecture.
    pub arch: Arch,
    /// Mode.
    pub mode: Mode,
    /// Whether it starts from a copy of its finished distributed twin, whose IR objects serve
    /// both modes, instead of from nothing.
    pub from_twin: bool,
}

/// What a check will build, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The cells, twin by twin.
    pub cells: Vec<PlannedCell>,
}

/// Plans both modes of every architecture, each once, distributed first: the other way round
/// its objects would lack their saved flags (`mode-switch-no-saved-flags`).
#[must_use]
pub fn plan(arches: &[Arch], separate: bool) -> Plan {
    let mut seen = Vec::new();
    let mut cells = Vec::new();
    for arch in arches {
        if seen.contains(arch) {
            continue;
        }
        seen.push(*arch);
        cells.push(PlannedCell { arch: *arch, mode: Mode::Distributed, from_twin: false });
        cells.push(PlannedCell { arch: *arch, mode: Mode::InProcess, from_twin: !separate });
    }
    Plan { cells }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributed_comes_first_and_its_objects_serve_both() {
        let plan = plan(&[Arch::Arm64, Arch::Arm64], false);
        let brief: Vec<_> = plan.cells.iter().map(|c| (c.mode, c.from_twin)).collect();
        assert_eq!(brief, [(Mode::Distributed, false), (Mode::InProcess, true)]);
    }
}
