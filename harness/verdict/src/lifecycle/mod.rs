//! The life of a build: what each step should have done against what it did. Pure: the engine
//! takes the steps and hands over what was there before and after.

mod backend;
mod choose;
mod clean;
mod flags;
mod lists;
mod noop;
mod rebuild;
mod switch;

pub use backend::backend_alone;
pub use choose::{Choice, Users, choose};
pub use clean::{Cleaning, cleaned, not_ignored};
pub use flags::{Module, flags_changed};
pub use lists::{Compiled, database, ranges};
pub use noop::made_again;
pub use rebuild::{Edit, rebuilt};
pub use switch::switched;

use crate::layer::LayerVerdict;
use crate::number;
use twinlto_model::{Arch, Evidence, Finding, Key, Layer, LifeStep, Mode, Severity, Site};

/// What one step came to.
#[derive(Debug, Clone, Default)]
pub struct StepVerdict {
    /// How many subjects were compared.
    pub compared: u64,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What happened, in half a sentence.
    pub said: String,
    /// Why nothing, or not everything, was compared.
    pub omitted: Option<String>,
}

impl StepVerdict {
    /// A step that could not be taken, for this reason.
    #[must_use]
    pub fn not_taken(why: impl Into<String>) -> Self {
        Self { omitted: Some(why.into()), ..Self::default() }
    }

    /// A step in which make failed, with the line that tells most.
    #[must_use]
    pub fn failed(arch: Arch, step: LifeStep, doing: &str, headline: &str) -> Self {
        let site = Site::new(arch, Some(Mode::Distributed), step.name())
            .sides(Evidence::new("make", headline), Evidence::new("while", doing));
        let finding = Finding::new(Key::new("lifecycle.step.failed"), Severity::Error, site)
            .because("the kernel had been built by the same make, and in this step it does not")
            .grouped(format!("failed {step}"));
        Self {
            compared: 1,
            findings: vec![finding],
            said: format!("make failed: {headline}"),
            omitted: None,
        }
    }

    /// Takes in what a later part of the step came to.
    pub fn and(&mut self, later: Self) {
        self.compared += later.compared;
        self.findings.extend(later.findings);
        if !later.said.is_empty() {
            let gap = if self.said.is_empty() { "" } else { "; " };
            self.said = format!("{}{gap}{}", self.said, later.said);
        }
        self.omitted = self.omitted.take().or(later.omitted);
    }
}

/// The layer of the report, from its steps.
#[must_use]
pub fn lifecycle(steps: &[(LifeStep, StepVerdict)]) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Lifecycle);
    let mut omitted = Vec::new();
    for (step, verdict) in steps {
        layer.compared += verdict.compared;
        layer.findings.extend(verdict.findings.iter().cloned());
        layer.counts.insert((number::of_life(*step), None), verdict.compared);
        if let Some(why) = &verdict.omitted {
            omitted.push(format!("step {step} ({why})"));
        }
    }
    if !omitted.is_empty() {
        layer.omit_part(omitted.join(", "));
    }
    if layer.compared == 0 && layer.findings.is_empty() {
        let why =
            if omitted.is_empty() { "no step was taken".to_owned() } else { omitted.join(", ") };
        layer.omit_all(why);
    }
    layer
}

/// A finding in the distributed build.
fn finding(arch: Arch, key: &'static str, severity: Severity, subject: &str) -> Finding {
    Finding::new(Key::new(key), severity, Site::new(arch, Some(Mode::Distributed), subject))
}

/// The same with both sides.
fn between(finding: Finding, left: Evidence, right: Evidence) -> Finding {
    let mut finding = finding;
    if let Some(site) = finding.sites.first_mut() {
        (site.left, site.right) = (Some(left), Some(right));
    }
    finding
}

/// The same with what follows from it.
fn so(mut finding: Finding, effect: &str) -> Finding {
    if let Some(site) = finding.sites.first_mut() {
        effect.clone_into(&mut site.effect);
    }
    finding
}
