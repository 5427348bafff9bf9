//! Layouts: every type that exports reach lies in memory alike, as debug information says, what is
//! exported is declared alike, and every unit was compiled alike.

use super::signatures::{self, signatures};
use super::structs::{Change, describe, follows};
use super::units::units;
use super::{Pair, Sides, VMLINUX, pairs, subject_in};
use crate::layer::{LayerVerdict, Omitted};
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::dwarf::{DebugFacts, Layout, Layouts};
use twinlto_model::{Finding, Layer, Severity};

/// None where neither kernel has debug information.
pub(crate) fn layouts(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Option<LayerVerdict> {
    let pairs = pairs(sides, a, b).ok()?;
    let kernel = pairs.iter().find(|pair| pair.name == VMLINUX)?;
    let excused = |why: String| Some(LayerVerdict::excused(Layer::Layouts, why));
    let without = |side: &str| format!("{side}: no debug information");
    match (&kernel.left.debug, &kernel.right.debug) {
        (Answer::Absent, Answer::Absent) => return None,
        (Answer::Bad(why), _) => return excused(format!("{}: {why}", sides.left)),
        (_, Answer::Bad(why)) => return excused(format!("{}: {why}", sides.right)),
        (Answer::Absent, _) => return excused(without(sides.left)),
        (_, Answer::Absent) => return excused(without(sides.right)),
        (Answer::Read(_), Answer::Read(_)) => {}
    }
    let mut layer = LayerVerdict::new(Layer::Layouts);
    let mut left_out = Vec::new();
    for pair in &pairs {
        match (&pair.left.debug, &pair.right.debug) {
            (Answer::Read(ours), Answer::Read(theirs)) => {
                one_image(sides, pair, (ours, theirs), &mut layer);
                left_out.extend(split(sides, (ours, theirs)));
            }
            // Of modules those that export something; the symbols tell whether one has none.
            (Answer::Bad(why), _) | (_, Answer::Bad(why)) => {
                left_out.push(format!("debug information of {} ({why})", pair.name));
            }
            _ => {}
        }
    }
    let silent = pairs.iter().filter(|pair| {
        let has_types = pair.left.producers.get().is_some_and(|units| !units.is_empty());
        has_types && pair.left.debug == Answer::Absent && pair.right.debug == Answer::Absent
    });
    match silent.count() {
        0 => {}
        1 => left_out.push("types of 1 module that exports nothing".to_owned()),
        n => left_out.push(format!("types of {n} modules that export nothing")),
    }
    match (layer.compared, left_out.is_empty()) {
        (0, true) => {
            let why = format!("no type is reached from what {VMLINUX} exports");
            layer.omitted = Omitted::Excused(why);
        }
        (0, false) => layer.omitted = Omitted::Excused(left_out.join("; ")),
        (_, true) => {}
        (_, false) => layer.omit_part(left_out.join("; ")),
    }
    Some(layer)
}

fn one_image(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    (ours, theirs): (&DebugFacts, &DebugFacts),
    layer: &mut LayerVerdict,
) {
    let mut findings = types(sides, &ours.layouts, &theirs.layouts);
    let (declared, there) = (&ours.layouts.signatures, &theirs.layouts.signatures);
    findings.extend(signatures(sides, declared, there));
    // Who compiled the units of a module is told with its symbols.
    if pair.name == VMLINUX {
        findings.extend(units(sides, &ours.units, &theirs.units));
    }
    for site in findings.iter_mut().flat_map(|finding| &mut finding.sites) {
        site.subject = subject_in(pair.name, &site.subject);
    }
    layer.findings.extend(findings);
    let (left, right) = (&ours.layouts.types, &theirs.layouts.types);
    let types = left.keys().chain(right.keys()).collect::<BTreeSet<_>>().len() as u64;
    layer.compared += types + signatures::count(declared, there);
}

/// Debug information that lies in other files.
fn split(sides: Sides<'_>, (ours, theirs): (&DebugFacts, &DebugFacts)) -> Option<String> {
    let (side, files) = match (ours.split.as_slice(), theirs.split.as_slice()) {
        ([], []) => return None,
        ([], files) => (sides.right, files),
        (files, _) => (sides.left, files),
    };
    let first = files.first()?;
    let count = files.len();
    Some(format!("debug information of {side} in {count} .dwo files (the first is {first})"))
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
