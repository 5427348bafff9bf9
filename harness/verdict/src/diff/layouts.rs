//! Layouts: every type that exports reach lies in memory alike, as debug information says, what is
//! exported is declared alike, and every unit was compiled alike.

use super::signatures::{self, signatures};
use super::structs::{Change, describe, follows};
use super::units::units;
use super::{Sides, VMLINUX};
use crate::layer::LayerVerdict;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::dwarf::{Layout, Layouts};
use twinlto_model::{Finding, Layer, Severity};

/// None where neither kernel has debug information.
pub(crate) fn layouts(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Option<LayerVerdict> {
    let (left, right) = (a.image.get()?, b.image.get()?);
    let excused = |why: String| Some(LayerVerdict::excused(Layer::Layouts, why));
    let without = |side: &str| format!("{side}: no debug information");
    match (&left.debug, &right.debug) {
        (Answer::Absent, Answer::Absent) => None,
        (Answer::Bad(why), _) => excused(format!("{}: {why}", sides.left)),
        (_, Answer::Bad(why)) => excused(format!("{}: {why}", sides.right)),
        (Answer::Absent, _) => excused(without(sides.left)),
        (_, Answer::Absent) => excused(without(sides.right)),
        (Answer::Read(ours), Answer::Read(theirs)) => {
            let mut layer = LayerVerdict::new(Layer::Layouts);
            layer.findings = types(sides, &ours.layouts, &theirs.layouts);
            let (declared, there) = (&ours.layouts.signatures, &theirs.layouts.signatures);
            layer.findings.extend(signatures(sides, declared, there));
            layer.findings.extend(units(sides, &ours.units, &theirs.units));
            let keys = |layouts: &Layouts| layouts.types.keys().cloned().collect::<BTreeSet<_>>();
            let types = keys(&ours.layouts).union(&keys(&theirs.layouts)).count() as u64;
            layer.compared = types + signatures::count(declared, there);
            if layer.compared == 0 {
                let why = format!("no type is reached from what {VMLINUX} exports");
                layer.omitted = crate::layer::Omitted::Excused(why);
            }
            for (side, debug) in [(sides.left, ours), (sides.right, theirs)] {
                if let [file, ..] = debug.split.as_slice() {
                    layer.omit_part(format!(
                        "debug information of {side} in {} .dwo files (the first is {file})",
                        debug.split.len()
                    ));
                }
            }
            Some(layer)
        }
    }
}

fn types(sides: Sides<'_>, ours: &Layouts, theirs: &Layouts) -> Vec<Finding> {
    let mut changed: BTreeMap<&str, Definitions<'_>> = BTreeMap::new();
    let mut findings = Vec::new();
    let keys: BTreeSet<&String> = ours.types.keys().chain(theirs.types.keys()).collect();
    for key in keys {
        match (ours.types.get(key), theirs.types.get(key)) {
            (Some(left), Some(right)) if left != right => {
                changed.insert(key, Definitions { left, right });
            }
            (Some(left), None) => findings.push(lost(sides, key, Some(left), None, theirs)),
            (None, Some(right)) => findings.push(lost(sides, key, None, Some(right), ours)),
            _ => {}
        }
    }
    for (key, definitions) in &changed {
        let own = definitions.change();
        let root = root_of(key, &changed);
        let cause = match changed.get(root) {
            Some(at_root) if root != *key => format!("{root}: {}", at_root.change().cause),
            _ => format!("{key}: {}", own.cause),
        };
        let finding = sides.finding("layout.changed", Severity::Error, key, own.left, own.right);
        findings.push(finding.because(cause.as_str()).grouped(cause));
    }
    findings
}

/// The definitions of one name, which units may have several of.
struct Definitions<'a> {
    left: &'a BTreeSet<Layout>,
    right: &'a BTreeSet<Layout>,
}

impl<'a> Definitions<'a> {
    /// A definition that one side alone has, and what became of it or what it was made of: that
    /// of the other side which is most like it.
    fn pair(&self) -> Option<(&'a Layout, &'a Layout)> {
        let (left, right) = (self.left.difference(self.right), self.right.difference(self.left));
        let (left, right): (Vec<_>, Vec<_>) = (left.collect(), right.collect());
        match (left.as_slice(), right.as_slice()) {
            ([], []) => None,
            ([], [new, ..]) => Some((nearest(new, self.left.iter())?, new)),
            ([old, ..], []) => Some((old, nearest(old, self.right.iter())?)),
            ([old, ..], [..]) => Some((old, nearest(old, right.into_iter())?)),
        }
    }

    fn change(&self) -> Change {
        let Some((left, right)) = self.pair() else {
            let (cause, none) = ("units define it in other ways".to_owned(), String::new());
            return Change { cause, left: none.clone(), right: none };
        };
        let mut change = describe(left, right);
        match (self.left.len(), self.right.len()) {
            (1, 1) => {}
            (1, _) | (_, 1) => change.cause.push_str(", in some units"),
            (n, m) => change.cause.push_str(&format!(", in one of {} definitions", n.max(m))),
        }
        change
    }
}

/// The definition with the fewest members that differ.
fn nearest<'a>(of: &Layout, among: impl Iterator<Item = &'a Layout>) -> Option<&'a Layout> {
    among.min_by_key(|other| {
        let (own, others) = (of.members.iter(), other.members.iter());
        let unlike = own.zip(others).filter(|(a, b)| a != b).count();
        (unlike + of.members.len().abs_diff(other.members.len()), of.size != other.size)
    })
}

/// The type from which a change comes, along what is embedded in what.
fn root_of<'a>(key: &'a str, changed: &BTreeMap<&'a str, Definitions<'a>>) -> &'a str {
    let mut seen = BTreeSet::from([key]);
    let mut root = key;
    loop {
        let pair = changed.get(root).and_then(Definitions::pair);
        let next =
            pair.and_then(|(left, right)| follows(left, right, |key| changed.contains_key(key)));
        match next {
            Some(next) if seen.insert(next) => root = next,
            _ => return root,
        }
    }
}

fn lost(
    sides: Sides<'_>,
    key: &str,
    left: Option<&BTreeSet<Layout>>,
    right: Option<&BTreeSet<Layout>>,
    other: &Layouts,
) -> Finding {
    let text = |layouts: Option<&BTreeSet<Layout>>| match layouts.and_then(BTreeSet::first) {
        Some(Layout { size: Some(size), .. }) => format!("{size} bytes"),
        Some(_) => "defined".to_owned(),
        None if other.incomplete.contains(key) => "declared only".to_owned(),
        None => "not reached".to_owned(),
    };
    let which = if left.is_some() { sides.left } else { sides.right };
    let cause = if other.incomplete.contains(key) {
        format!("no unit but those of {which} defines it")
    } else {
        format!("the exports of {which} alone lead to it")
    };
    sides
        .finding("layout.lost", Severity::Warning, key, text(left), text(right))
        .because(cause.as_str())
        .grouped(cause)
}
