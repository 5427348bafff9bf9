//! Many cells: which there are, in what order they run, and what changes from one to the next.

mod changes;
mod order;
mod spec;

pub use changes::{Column, changes};
pub use order::order;
pub use spec::{CellRule, MatrixError, Spec};

use twinlto_model::{Arch, CellId, ToolVersion};

/// A toolchain that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownToolchain {
    /// What it is called: `clang 22.1.8`.
    pub name: String,
    /// Its version.
    pub version: ToolVersion,
}

/// A cell that is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCell {
    /// Which.
    pub id: CellId,
    /// Why it is left out, in the words of the matrix.
    pub excluded: Option<String>,
    /// What the matrix expects of it.
    pub rules: Vec<CellRule>,
}

/// Every cell of a matrix, in the order of kernels, configurations, architectures and toolchains.
/// `toolchains` are those that are there, oldest first.
#[must_use]
pub fn cells(spec: &Spec, toolchains: &[KnownToolchain]) -> Vec<PlannedCell> {
    let wanted: Vec<&KnownToolchain> =
        toolchains.iter().filter(|known| spec.wants_toolchain(known)).collect();
    let mut list = Vec::new();
    for kernel in &spec.kernels {
        for config in &spec.configs {
            for arch in &spec.arches {
                for toolchain in &wanted {
                    list.push(planned(spec, kernel, config, *arch, toolchain));
                }
            }
        }
    }
    for cell in included(spec, toolchains) {
        if !list.iter().any(|known| known.id == cell.id) {
            list.push(cell);
        }
    }
    list
}

fn planned(
    spec: &Spec,
    kernel: &str,
    config: &str,
    arch: Arch,
    toolchain: &KnownToolchain,
) -> PlannedCell {
    let id = CellId {
        kernel: kernel.to_owned(),
        config: config.to_owned(),
        arch,
        toolchain: toolchain.name.clone(),
    };
    let major = toolchain.version.major;
    let excluded = spec.exclude.iter().find(|rule| rule.fits(&id, major));
    let excluded = excluded.map(|rule| rule.reason.clone());
    let rules = spec.expect.iter().filter(|rule| rule.fits(&id, major)).cloned().collect();
    PlannedCell { id, excluded, rules }
}

/// Cells that are asked for besides the product.
fn included<'a>(
    spec: &'a Spec,
    toolchains: &'a [KnownToolchain],
) -> impl Iterator<Item = PlannedCell> + 'a {
    spec.include.iter().flat_map(move |cell| {
        let fits = |known: &&KnownToolchain| spec::names_toolchain(&cell.toolchain, known);
        toolchains.iter().filter(fits).map(move |toolchain| {
            let mut cell = planned(spec, &cell.kernel, &cell.config, cell.arch, toolchain);
            cell.excluded = None;
            cell
        })
    })
}

#[cfg(test)]
mod tests;
