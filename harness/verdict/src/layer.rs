use crate::number::Number;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_model::{Finding, Layer, LayerResult, Mode, Severity};

/// What one layer found.
#[derive(Debug, Clone)]
pub struct LayerVerdict {
    /// Which layer.
    pub layer: Layer,
    /// How many subjects were compared.
    pub compared: u64,
    /// Further numbers for the cell of a mode, or for the first cell.
    pub counts: BTreeMap<(Number, Option<Mode>), u64>,
    /// How many findings were left out because they were not asked for.
    pub hidden: u64,
    /// What it found.
    pub findings: Vec<Finding>,
    /// What it did not look at.
    pub omitted: Omitted,
}

/// What a layer did not look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Omitted {
    /// Everything was compared.
    Nothing,
    /// This part was left out.
    Part(String),
    /// Nothing was compared and should have been, for this reason.
    All(String),
    /// Nothing was compared, and rightly: the configuration has nothing to compare, or it was
    /// not asked for.
    Excused(String),
}

impl LayerVerdict {
    /// A layer that has compared nothing yet.
    #[must_use]
    pub const fn new(layer: Layer) -> Self {
        Self {
            layer,
            compared: 0,
            counts: BTreeMap::new(),
            hidden: 0,
            findings: Vec::new(),
            omitted: Omitted::Nothing,
        }
    }

    /// A layer that cannot compare, and why.
    #[must_use]
    pub fn without(layer: Layer, why: impl Into<String>) -> Self {
        Self { omitted: Omitted::All(why.into()), ..Self::new(layer) }
    }

    /// A layer that has nothing to compare, which is as it should be.
    #[must_use]
    pub fn excused(layer: Layer, why: impl Into<String>) -> Self {
        Self { omitted: Omitted::Excused(why.into()), ..Self::new(layer) }
    }

    /// Why nothing was compared, where that is so.
    #[must_use]
    pub fn not_compared(&self) -> Option<&str> {
        match &self.omitted {
            Omitted::All(why) | Omitted::Excused(why) => Some(why),
            Omitted::Nothing | Omitted::Part(_) => None,
        }
    }

    /// Says that nothing was compared, and why.
    pub(crate) fn omit_all(&mut self, why: impl Into<String>) {
        self.omitted = Omitted::All(why.into());
    }

    /// Takes in what was found beside it in the same layer.
    pub fn join(&mut self, other: Self) {
        self.findings.extend(other.findings);
        if let Omitted::Part(what) = other.omitted {
            self.omit_part(what);
        }
    }

    /// Says what was left out, unless more was.
    pub(crate) fn omit_part(&mut self, what: impl Into<String>) {
        if self.omitted == Omitted::Nothing {
            self.omitted = Omitted::Part(what.into());
        }
    }

    /// The layer in the form of the report. `allowed` says of a key and a subject whether its
    /// error is expected; it then counts like a warning.
    pub(crate) fn result(&self, allowed: impl Fn(&str, &str) -> bool) -> LayerResult {
        let (mut errors, mut others) = (BTreeSet::new(), BTreeSet::new());
        for finding in &self.findings {
            let error = finding.severity == Severity::Error;
            for subject in finding.sites.iter().map(|site| site.subject.as_str()) {
                let counts = error && !allowed(finding.key.as_str(), subject);
                if counts { &mut errors } else { &mut others }.insert(subject);
            }
        }
        LayerResult {
            layer: self.layer,
            compared: self.compared,
            errors: errors.len() as u64,
            // What is about the whole counts as no subject of its own.
            others: match (others.difference(&errors).count() as u64, self.compared) {
                (others, 0) => others,
                (others, compared) => others.min(compared),
            },
            hidden: self.hidden,
            not_compared: self.not_compared().map(str::to_owned),
        }
    }
}
