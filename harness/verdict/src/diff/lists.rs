//! Archives: the same members in the same order.

use super::{Sides, first_moved};
use crate::layer::LayerVerdict;
use std::collections::BTreeMap;
use twinlto_model::{Layer, Severity};

pub(crate) fn lists(sides: Sides<'_>, a: &[String], b: &[String]) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Artefacts);
    let (ours, theirs) = (counts(a), counts(b));
    layer.compared = a.len().max(b.len()) as u64;
    let times = |map: &BTreeMap<&str, u64>, name: &str| map.get(name).copied().unwrap_or(0);
    let names: std::collections::BTreeSet<&str> =
        ours.keys().chain(theirs.keys()).copied().collect();
    for name in names {
        let (left, right) = (times(&ours, name), times(&theirs, name));
        if left != right {
            let text = |n: u64| match n {
                0 => "not a member".to_owned(),
                1 => "a member".to_owned(),
                n => format!("{n} members"),
            };
            let key = "archive.member.changed";
            layer.findings.push(
                sides
                    .finding(key, Severity::Error, name, text(left), text(right))
                    .grouped(format!("{left} {right}")),
            );
        }
    }
    let common = |list: &[String], other: &BTreeMap<&str, u64>| -> Vec<String> {
        list.iter().filter(|name| other.contains_key(name.as_str())).cloned().collect()
    };
    if let Some((name, before, after)) = first_moved(&common(a, &theirs), &common(b, &ours)) {
        let key = "archive.order.changed";
        layer.findings.push(sides.finding(key, Severity::Error, &name, before, after));
    }
    if layer.compared == 0 {
        layer.omit_all("neither archive has a member");
    }
    layer
}

fn counts(list: &[String]) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for name in list {
        *counts.entry(name.as_str()).or_insert(0) += 1;
    }
    counts
}
