//! What two builds said: new, gone, still there, or the same with another severity.
//!
//! Only steps that both builds ran are compared. An in-process build that was made from a copy of
//! its twin compiles a few files; what a front end said in the other build alone is no difference.

mod heard;
mod tell;

use crate::diff::Sides;
use crate::layer::{LayerVerdict, Omitted};
use heard::{Heard, Side, steps};
use std::collections::{BTreeMap, BTreeSet};
use tell::{Entry, Teller};
use twinlto_facts::build::BuildFacts;
use twinlto_facts::log::{Diagnostic, Gravity, Stage};
use twinlto_model::{Layer, count};

/// What is told of messages that both logs have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: two builds are compared, and these are no difference.
    Differences,
    /// Everything: two logs are compared.
    Everything,
}

/// Compares what both builds said, as the logs in `ours` and `theirs` tell.
#[must_use]
pub fn diagnostics(
    sides: Sides<'_>,
    ours: &BuildFacts,
    theirs: &BuildFacts,
    scope: Scope,
) -> LayerVerdict {
    for (facts, side) in [(ours, sides.left), (theirs, sides.right)] {
        if facts.log.lines == 0 {
            let why = format!("there is no log of what make said in the {side} build");
            return LayerVerdict::excused(Layer::Diagnostics, why);
        }
    }
    let (left, right) = (Side::new(ours), Side::new(theirs));
    let modes = matches!((left.mode, right.mode), (Some(a), Some(b)) if a != b);
    let mut layer = LayerVerdict::new(Layer::Diagnostics);
    layer.compared = steps(&left, &right, modes);
    if layer.compared == 0 {
        layer.omitted = Omitted::Excused("the logs show no step that both builds ran".to_owned());
        return layer;
    }
    let (a, b) = (messages(&left), messages(&right));
    let heard = Heard { modes };
    let tell = Teller { sides, left: &left, right: &right, modes };
    let mut unheard: BTreeMap<&str, usize> = BTreeMap::new();
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    for key in keys {
        match (a.get(key), b.get(key)) {
            (Some(x), Some(y)) if x.said.gravity != y.said.gravity => {
                layer.findings.push(tell.severity(x, y));
            }
            (Some(x), Some(_)) if scope == Scope::Everything => layer.findings.push(tell.stays(x)),
            (Some(x), None) if heard.by(&right, &left, x) => layer.findings.push(tell.left_only(x)),
            (None, Some(y)) if heard.by(&left, &right, y) => {
                layer.findings.push(tell.right_only(y))
            }
            (Some(_), None) => *unheard.entry(sides.right).or_default() += 1,
            (None, Some(_)) => *unheard.entry(sides.left).or_default() += 1,
            _ => {}
        }
    }
    let mut parts: Vec<String> = Vec::new();
    for (side, n) in unheard {
        let messages = count(n, "message", "messages");
        parts.push(format!("{messages} of steps that the {side} log does not show"));
    }
    for (side, name) in [(&left, sides.left), (&right, sides.right)] {
        if side.hides_its_backends() {
            parts.push(format!("words of the {name} backends, which its log does not have"));
        }
        if side.log.unknown_lines() > 0 {
            let n = usize::try_from(side.log.unknown_lines()).unwrap_or(usize::MAX);
            let lines = count(n, "line", "lines");
            parts.push(format!("{lines} of the {name} log that are of no known kind"));
        }
    }
    if !parts.is_empty() {
        layer.omit_part(parts.join(", "));
    }
    layer
}

/// The messages of a log by class and subject, the gravest of each; none of those that follow from
/// others, explain others or are about the machine.
fn messages<'a>(side: &Side<'a>) -> BTreeMap<(String, String), Entry<'a>> {
    let mut messages: BTreeMap<(String, String), Entry<'a>> = BTreeMap::new();
    for (said, how) in &side.log.diagnostics {
        if said.gravity == Gravity::Note || !counts(side, said) {
            continue;
        }
        let key = (said.class().to_owned(), said.subject());
        let entry = Entry { said, how };
        messages.entry(key).and_modify(|known| known.join(&entry)).or_insert(entry);
    }
    messages
}

fn counts(side: &Side<'_>, said: &Diagnostic) -> bool {
    match said.stage() {
        Stage::Machine => false,
        // Where no tool says why, that a recipe failed is all that there is.
        Stage::Follows => {
            said.class() == "recipe-failed"
                && side.log.errors.is_empty()
                && side.log.roots().iter().any(|root| Some(&root.target) == said.place.as_ref())
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
