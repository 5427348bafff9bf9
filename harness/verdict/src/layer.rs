use std::collections::{BTreeMap, BTreeSet};
use twinlto_model::{Finding, Layer, LayerResult, Severity};

/// What one layer found.
#[derive(Debug, Clone)]
pub struct LayerVerdict {
    /// Which layer.
    pub layer: Layer,
    /// How many subjects were compared.
    pub compared: u64,
    /// Further numbers for the cells, by name.
    pub counts: BTreeMap<String, u64>,
    /// What it found.
    pub findings: Vec<Finding>,
    /// Why nothing was compared, where that is so.
    pub not_compared: Option<String>,
    /// Whether comparing nothing is right here: the configuration has nothing to compare, or
    /// it was not asked for.
    pub excused: bool,
    /// What else was left out while other things were compared.
    pub not_compared_also: Option<String>,
}

impl LayerVerdict {
    /// A layer that has compared nothing yet.
    #[must_use]
    pub fn new(layer: Layer) -> Self {
        Self {
            layer,
            compared: 0,
            counts: BTreeMap::new(),
            findings: Vec::new(),
            not_compared: None,
            excused: false,
            not_compared_also: None,
        }
    }

    /// A layer that cannot compare, and why.
    #[must_use]
    pub fn without(layer: Layer, why: impl Into<String>) -> Self {
        Self { not_compared: Some(why.into()), ..Self::new(layer) }
    }

    /// A layer that has nothing to compare, which is as it should be.
    #[must_use]
    pub fn excused(layer: Layer, why: impl Into<String>) -> Self {
        Self { excused: true, ..Self::without(layer, why) }
    }

    pub(crate) fn result(&self) -> LayerResult {
        let subjects = |wanted: fn(Severity) -> bool| -> BTreeSet<&str> {
            let findings = self.findings.iter().filter(|f| wanted(f.severity));
            findings.flat_map(|f| f.sites.iter().map(|s| s.subject.as_str())).collect()
        };
        let errors = subjects(|s| s == Severity::Error);
        let others = subjects(|s| s != Severity::Error);
        LayerResult {
            layer: self.layer,
            compared: self.compared,
            errors: errors.len() as u64,
            others: others.difference(&errors).count() as u64,
            not_compared: self.not_compared.clone(),
        }
    }
}
