//! Files that one side has and the other has not: what was to be compared with them is lost.

use super::Sides;
use crate::layer::LayerVerdict;
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_model::{Finding, Layer, Severity};

/// A file that could be read on one side alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostFile {
    /// Its name, relative to the build directory.
    pub name: String,
    /// Why it could not be read on the left; none where it was.
    pub left: Option<String>,
    /// The same of the right.
    pub right: Option<String>,
}

/// `vmlinux` and `Module.symvers` of two build directories, and further files that were asked for;
/// none where no side lacks anything.
pub(crate) fn files(
    sides: Sides<'_>,
    a: &BuildFacts,
    b: &BuildFacts,
    others: &[LostFile],
) -> Option<LayerVerdict> {
    // One ELF file has no `Module.symvers` beside it: its exports are compared with the exports.
    let is_build = |facts: &BuildFacts| !facts.config.values.is_empty();
    let mut findings = Vec::new();
    if is_build(a) && is_build(b) {
        findings.extend(one(sides, "vmlinux", absent(&a.image), absent(&b.image)));
        findings.extend(one(sides, "Module.symvers", absent(&a.symvers), absent(&b.symvers)));
    }
    let why = |why: &Option<String>| why.clone();
    findings
        .extend(others.iter().filter_map(|it| one(sides, &it.name, why(&it.left), why(&it.right))));
    let mut layer = LayerVerdict::new(Layer::Artefacts);
    layer.compared = findings.len() as u64;
    layer.findings = findings;
    (layer.compared > 0).then_some(layer)
}

/// What is there and makes no sense is `file.unreadable`.
fn absent<T>(answer: &Answer<T>) -> Option<String> {
    matches!(answer, Answer::Absent).then(|| "no such file".to_owned())
}

fn one(
    sides: Sides<'_>,
    name: &str,
    left: Option<String>,
    right: Option<String>,
) -> Option<Finding> {
    let (side, why) = match (&left, &right) {
        (Some(why), None) => (sides.left, why.clone()),
        (None, Some(why)) => (sides.right, why.clone()),
        _ => return None,
    };
    let say = |why: Option<String>| why.unwrap_or_else(|| "there".to_owned());
    let finding = sides.finding("file.lost", Severity::Error, name, say(left), say(right));
    Some(finding.because(format!("{side} has nothing to compare: {why}")).grouped(name))
}

/// The exports of two ELF files, of which one has none that can be read: one finding, and not one
/// for every export.
pub(crate) fn no_exports(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Option<Finding> {
    let list = |facts: &BuildFacts| facts.image.get().map(|image| image.exports.clone());
    let (left, right) = (list(a)?, list(b)?);
    let number = |list: &Answer<Vec<_>>| list.get().map_or(0, Vec::len);
    if (number(&left) == 0) == (number(&right) == 0) {
        return None;
    }
    let say = |list: &Answer<Vec<_>>| match number(list) {
        0 => "no export that can be read".to_owned(),
        n => format!("{n} exports"),
    };
    let finding = sides.finding("export.lost", Severity::Error, "exports", say(&left), say(&right));
    let bad = [(sides.left, &left), (sides.right, &right)].into_iter().find_map(|(side, list)| {
        if let Answer::Bad(why) = list { Some(format!("{side}: {why}")) } else { None }
    });
    Some(finding.because(bad.unwrap_or_else(|| "one side has no table of exports".to_owned())))
}
