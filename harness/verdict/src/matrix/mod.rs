//! Many cells: which there are, in what order they run, and what changes from one to the next.

mod changes;
mod order;
mod rules;
mod spec;

pub use changes::{Column, changes};
pub use order::order;
use rules::Matcher;

pub use rules::CellRule;
pub use spec::{MatrixError, Spec};

use std::collections::BTreeSet;
use twinlto_model::{CellId, ToolVersion, Wanted};

/// A toolchain that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownToolchain {
    /// What it is called: `clang 22.1.8`.
    pub name: String,
    /// Its version.
    pub version: ToolVersion,
    /// Whether it was given for this matrix: then it is wanted, whatever the lists say.
    pub given: bool,
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

impl PlannedCell {
    /// The outcome that a rule of the matrix expects, the last one where there are several; none
    /// where it is to agree as every cell.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted> {
        self.rules.iter().rev().find_map(|rule| {
            Some(Wanted { outcome: rule.outcome.clone()?, reason: rule.reason.clone() })
        })
    }
}

/// Every cell of a matrix, in the order of kernels, configurations, modes, architectures and toolchains.
/// `toolchains` are those that are there, oldest first.
#[must_use]
pub fn cells(spec: &Spec, toolchains: &[KnownToolchain]) -> Vec<PlannedCell> {
    let wanted: Vec<&KnownToolchain> =
        toolchains.iter().filter(|known| spec.wants_toolchain(known)).collect();
    let (exclude, expect) = (Matcher::all(&spec.exclude), Matcher::all(&spec.expect));
    let planned = |id: CellId, toolchain: &KnownToolchain| {
        let fits = |rule: &&Matcher<'_>| rule.fits(&id, toolchain.version.major);
        let excluded = exclude.iter().find(fits).map(|it| it.rule.reason.clone());
        let rules = expect.iter().filter(fits).map(|it| it.rule.clone()).collect();
        PlannedCell { id, excluded, rules }
    };
    let mut list = Vec::new();
    for kernel in &spec.kernels {
        for config in &spec.configs {
            for modes in &spec.modes {
                for arch in &spec.arches {
                    list.extend(wanted.iter().map(|toolchain| {
                        let id = CellId {
                            kernel: kernel.clone(),
                            config: config.clone(),
                            arch: *arch,
                            toolchain: toolchain.name.clone(),
                            modes: *modes,
                        };
                        planned(id, toolchain)
                    }));
                }
            }
        }
    }
    // Cells that are asked for besides the product.
    for cell in &spec.include {
        let named = toolchains.iter().filter(|it| spec::names_toolchain(&cell.toolchain, it));
        for toolchain in named {
            let id = CellId {
                kernel: cell.kernel.clone(),
                config: cell.config.clone(),
                arch: cell.arch,
                toolchain: toolchain.name.clone(),
                modes: cell.modes.unwrap_or_default(),
            };
            list.push(PlannedCell { excluded: None, ..planned(id, toolchain) });
        }
    }
    // What is named twice is one cell.
    let mut seen = BTreeSet::new();
    let first: Vec<bool> = list.iter().map(|cell| seen.insert(&cell.id)).collect();
    let mut first = first.into_iter();
    list.retain(|_| first.next().unwrap_or(true));
    list
}

#[cfg(test)]
mod tests;
