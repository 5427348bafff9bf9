use crate::layer::LayerVerdict;
use crate::{artefacts, diff, transport};
use std::collections::BTreeSet;
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_model::{Arch, Finding, Layer, LayerResult, Mode, NotCompared};

/// What becomes of an object whose backend was told nothing.
const CONSEQUENCES: [&str; 3] = ["native.machine", "native.e-flags", "native.missing"];

/// Everything that was found about one architecture.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Architecture.
    pub arch: Arch,
    /// One entry a layer, in the order of [`Layer::ALL`].
    pub layers: Vec<LayerVerdict>,
}

impl Verdict {
    /// The findings of all layers, less those that only follow from another one: an object
    /// that was compiled without its options is for the wrong machine, or was not compiled at
    /// all, for that reason. Its row in the table still counts them.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let causes = [transport::KEY_NO_FLAGS, transport::KEY_NOT_SAVED];
        let spoiled: BTreeSet<&str> = self
            .layers
            .iter()
            .flat_map(|l| &l.findings)
            .filter(|f| causes.contains(&f.key))
            .flat_map(Finding::subjects)
            .collect();
        let follows = move |finding: &Finding| {
            CONSEQUENCES.contains(&finding.key.as_str())
                && finding.subjects().iter().all(|subject| spoiled.contains(subject))
        };
        self.layers.iter().flat_map(|l| &l.findings).filter(move |f| !follows(f))
    }

    /// The layers in the form of the report.
    #[must_use]
    pub fn results(&self) -> Vec<LayerResult> {
        self.layers.iter().map(LayerVerdict::result).collect()
    }

    /// What was left out, by layer.
    #[must_use]
    pub fn not_compared(&self) -> Vec<NotCompared> {
        let mut list = Vec::new();
        for layer in &self.layers {
            if let Some(why) = &layer.not_compared {
                list.push(NotCompared {
                    arch: self.arch,
                    what: layer.layer.name().to_owned(),
                    why: why.clone(),
                });
            }
            if let Some(what) = &layer.not_compared_also {
                list.push(NotCompared { arch: self.arch, what: what.clone(), why: String::new() });
            }
        }
        list
    }
}

/// Compares the two builds of one architecture.
#[must_use]
pub fn compare_twins(arch: Arch, distributed: &BuildFacts, in_process: &BuildFacts) -> Verdict {
    Verdict {
        arch,
        layers: vec![
            transport(arch, distributed),
            artefacts::artefacts(arch, distributed, Some(in_process)),
            diff::exports(arch, distributed, Some(in_process)),
            diff::symbols(arch, distributed, in_process),
            diff::sections(arch, distributed, in_process),
            diff::initcalls(arch, distributed, in_process),
        ],
    }
}

/// Judges one build alone: transport and artefacts, and whether its three records of every CRC
/// agree. `why` says why there is no twin.
#[must_use]
pub fn judge_one(arch: Arch, facts: &BuildFacts, why: &str, excused: bool) -> Verdict {
    let alone = |layer| {
        if excused { LayerVerdict::excused(layer, why) } else { LayerVerdict::without(layer, why) }
    };
    let transport = match facts.mode {
        Some(Mode::InProcess) => LayerVerdict::excused(
            Layer::Transport,
            "in-process: the linker runs the backends itself",
        ),
        _ => transport(arch, facts),
    };
    let exports = diff::exports(arch, facts, None);
    Verdict {
        arch,
        layers: vec![
            transport,
            artefacts::artefacts(arch, facts, None),
            // One build that has not come to its modules yet is no failure of the audit.
            LayerVerdict {
                excused: exports.excused || (excused && facts.symvers == Answer::Absent),
                ..exports
            },
            alone(Layer::Symbols),
            alone(Layer::Sections),
            alone(Layer::Initcalls),
        ],
    }
}
