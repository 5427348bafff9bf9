//! Undefined symbols under another name: the code that refers to them is no difference of its own.

use super::code::CodePair;
use super::symbols::undefined;
use super::{VMLINUX, subject_in};
use crate::layer::LayerVerdict;
use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_model::{Finding, Severity};

/// Name on the left → name on the right, where every function that refers to the one refers to
/// the other in its place.
pub(crate) type Renamed = BTreeMap<String, String>;

/// The undefined symbols of two objects that have another name. Of a pair whose undefined symbols
/// are not compared themselves (an object of two build directories) nothing is said.
pub(crate) fn renamed(pairs: &[CodePair<'_>]) -> Renamed {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.name == VMLINUX) {
        let (ours, theirs) = (undefined(pair.left), undefined(pair.right));
        let bodies = pair.left.pieces.bodies.iter().zip(&pair.right.pieces.bodies);
        let bodies = bodies.filter(|(x, y)| x.name == y.name);
        let between = pair.left.pieces.stretches.iter().zip(&pair.right.pieces.stretches);
        let between = between.filter(|(x, y)| (&x.section, x.size) == (&y.section, y.size));
        let references = bodies
            .map(|(x, y)| (&x.references, &y.references))
            .chain(between.map(|(x, y)| (&x.references, &y.references)));
        for (x, y) in references.flat_map(|(x, y)| x.iter().zip(y.iter())) {
            let (left, right) = (canonical(&x.symbol).name, canonical(&y.symbol).name);
            // One of the names is new or gone, so that it is reported with the symbols.
            let told = ours.contains(&left) != theirs.contains(&left)
                || ours.contains(&right) != theirs.contains(&right);
            if left == right || told {
                all.entry(left.into_owned()).or_default().insert(right.into_owned());
            }
        }
    }
    let only = |(left, rights): (String, BTreeSet<String>)| match (rights.first(), rights.len()) {
        (Some(right), 1) if *right != left => Some((left, right.clone())),
        _ => None,
    };
    all.into_iter().filter_map(only).collect()
}

/// Gives undefined symbols that have another name their cause, and initcalls in another order
/// theirs: of two files nothing else tells why.
pub(crate) fn explain(layer: &mut LayerVerdict, renamed: &Renamed) {
    for finding in layer.findings.iter_mut().filter(|f| f.cause.is_none()) {
        let cause = match finding.key.as_str() {
            "symbol.undefined.changed" => of_name(finding, renamed),
            "initcall.order.changed" => Some(
                "the entries of this level stand in another order, and the kernel calls them in \
                 that order"
                    .to_owned(),
            ),
            _ => None,
        };
        if let Some(cause) = cause {
            let group = format!("{} {cause}", finding.group);
            *finding = finding.clone().because(cause).grouped(group);
        }
    }
}

fn of_name(finding: &Finding, renamed: &Renamed) -> Option<String> {
    debug_assert!(finding.severity == Severity::Error);
    let is = |name: &str| finding.subjects() == [subject_in(VMLINUX, name)];
    let (left, right) = renamed.iter().find(|(left, right)| is(left) || is(right))?;
    Some(format!("the code refers to {left} on one side, and to {right} in its place on the other"))
}
