//! Code: the same functions and variables with the same bytes, once what relocations fill in is
//! masked, and with the same references.

use super::{Renamed, Sides, subject_in};
use crate::layer::LayerVerdict;
use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::ImageFacts;
use twinlto_facts::elf::{Body, Reference};
use twinlto_model::{Finding, Layer, Severity};

/// Relocatable files by name, on both sides.
pub(crate) struct CodePair<'a> {
    pub(crate) name: &'a str,
    pub(crate) left: &'a ImageFacts,
    pub(crate) right: &'a ImageFacts,
}

/// `renamed` are undefined symbols with another name, which are told elsewhere.
pub(crate) fn code(sides: Sides<'_>, pairs: &[CodePair<'_>], renamed: &Renamed) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Code);
    for pair in pairs {
        let (ours, theirs) = (by_name(pair.left), by_name(pair.right));
        let names: BTreeSet<&(String, bool)> = ours.keys().chain(theirs.keys()).collect();
        for name in names {
            let none = Vec::new();
            let (left, right) =
                (ours.get(name).unwrap_or(&none), theirs.get(name).unwrap_or(&none));
            layer.compared += left.len().max(right.len()) as u64;
            // Which of several is missing is not known: their number is told with the symbols.
            if name.1 && left.len() != right.len() {
                continue;
            }
            let found = left.iter().zip(right).find_map(|(a, b)| difference(a, b, renamed));
            if let Some((a, b, cause)) = found {
                layer.findings.push(finding(sides, pair, name, (a, b), &cause));
            }
        }
    }
    if layer.compared == 0 {
        layer.omit_all("no relocatable file with functions");
    }
    layer
}

/// The functions and variables of two objects that differ, by canonical name; those of one object
/// only as well.
#[must_use]
pub fn functions_that_differ(a: &ImageFacts, b: &ImageFacts) -> Vec<String> {
    let (ours, theirs) = (by_name(a), by_name(b));
    let names: BTreeSet<&(String, bool)> = ours.keys().chain(theirs.keys()).collect();
    let differs = |name: &&&(String, bool)| match (ours.get(**name), theirs.get(**name)) {
        (Some(left), Some(right)) => {
            left.len() != right.len()
                || left.iter().zip(right).any(|(a, b)| difference(a, b, &Renamed::new()).is_some())
        }
        _ => true,
    };
    names.iter().filter(differs).map(|name| name.0.clone()).collect()
}

/// Functions and variables by canonical name and whether they are variables; several of one name
/// in the order in which they stand.
fn by_name(image: &ImageFacts) -> BTreeMap<(String, bool), Vec<&Body>> {
    let mut map: BTreeMap<(String, bool), Vec<&Body>> = BTreeMap::new();
    for body in &image.bodies {
        map.entry((canonical(&body.name).name.into_owned(), body.is_data)).or_default().push(body);
    }
    map
}

fn finding(
    sides: Sides<'_>,
    pair: &CodePair<'_>,
    (name, is_data): &(String, bool),
    (left, right): (String, String),
    cause: &str,
) -> Finding {
    let subject = subject_in(pair.name, name);
    let key = if *is_data { "data.changed" } else { "code.changed" };
    let finding = sides.finding(key, Severity::Warning, &subject, left, right);
    if cause.is_empty() {
        finding.grouped(pair.name)
    } else {
        finding.because(cause).grouped(cause)
    }
}

/// What two bodies of one function differ in: both sides, and why where that is certain.
fn difference(a: &Body, b: &Body, renamed: &Renamed) -> Option<(String, String, String)> {
    let bytes = |n: u64| format!("{n} bytes");
    if a.size != b.size {
        return Some((bytes(a.size), bytes(b.size), String::new()));
    }
    if a.bytes != b.bytes {
        let at = a.bytes.iter().zip(&b.bytes).position(|(x, y)| x != y).unwrap_or_default();
        let text = |body: &Body| format!("{}, {} at +{at:#x}", bytes(body.size), hex(body, at));
        return Some((text(a), text(b), String::new()));
    }
    let differs = |(x, y): &(&Reference, &Reference)| !alike(x, y, renamed);
    let (x, y) = match a.references.iter().zip(&b.references).find(differs) {
        Some((x, y)) => (shown(x), shown(y)),
        None if a.references.len() == b.references.len() => return None,
        None => {
            let count = |body: &Body| format!("{} relocations", body.references.len());
            (count(a), count(b))
        }
    };
    Some((x, y, "the same bytes refer to something else".to_owned()))
}

/// Numbers that the compiler derives are no difference.
fn alike(x: &Reference, y: &Reference, renamed: &Renamed) -> bool {
    let same = |(x, n): (&str, i64), (y, m): (&str, i64)| {
        let (left, right) = (canonical(x).name, canonical(y).name);
        n == m && (left == right || renamed.get(&*left).is_some_and(|name| *name == right))
    };
    if (x.offset, x.kind) != (y.offset, y.kind) {
        return false;
    }
    if let (Some(ours), Some(theirs)) = (x.within, y.within) {
        // Where the sections have other sizes, places in them move.
        return x.symbol == y.symbol && (ours != theirs || x.addend == y.addend);
    }
    same((&x.symbol, x.addend), (&y.symbol, y.addend))
        || x.or.iter().any(|(x, n)| y.or.iter().any(|(y, m)| same((x, *n), (y, *m))))
}

fn shown(reference: &Reference) -> String {
    let addend = match reference.addend {
        0 => String::new(),
        n => format!("{n:+#x}"),
    };
    format!("{}{addend} at +{:#x}", reference.symbol, reference.offset)
}

/// Up to four bytes from `at` on.
fn hex(body: &Body, at: usize) -> String {
    body.bytes.iter().skip(at).take(4).map(|byte| format!("{byte:02x}")).collect()
}
