//! Code: the same functions and variables with the same bytes and the same references, and the same
//! bytes between them.

use super::contents::contents;
use super::stretches::stretches;
use super::{Pair, Renamed, Sides, subject_in};
use crate::layer::LayerVerdict;
use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::ImageFacts;
use twinlto_facts::elf::{Body, Bytes, Field, Reference, References, Relocation};
use twinlto_model::{Finding, Layer, Severity};

/// Relocatable files by name, on both sides.
pub(crate) struct CodePair<'a> {
    pub(crate) name: &'a str,
    pub(crate) left: &'a ImageFacts,
    pub(crate) right: &'a ImageFacts,
}

/// `renamed` are undefined symbols with another name, which are told elsewhere. `linked` are the linked
/// files, whose contents are compared unless both are of two modes.
pub(crate) fn code(
    sides: Sides<'_>,
    (pairs, linked): (&[CodePair<'_>], &[Pair<'_>]),
    renamed: &Renamed,
) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Code);
    for pair in linked.iter().filter(|_| !sides.modes) {
        contents(sides, pair, &mut layer);
    }
    for pair in pairs {
        let (ours, theirs) = (by_name(pair.left), by_name(pair.right));
        let names: BTreeSet<&(String, bool)> = ours.keys().chain(theirs.keys()).collect();
        let mut code = false;
        let with = (renamed, pair.left.e_machine);
        for name in names {
            let none = Vec::new();
            let (left, right) =
                (ours.get(name).unwrap_or(&none), theirs.get(name).unwrap_or(&none));
            layer.compared += left.len().max(right.len()) as u64;
            // Which of several is missing is not known: their number is told with the symbols.
            if name.1 && left.len() != right.len() {
                continue;
            }
            let found = left.iter().zip(right).find_map(|(a, b)| difference(a, b, with));
            code |= !name.1 && (found.is_some() || left.len() != right.len());
            if let Some((a, b, cause)) = found {
                layer.findings.push(finding(sides, pair, name, (a, b), &cause));
            }
        }
        let (compared, found) = stretches(sides, pair, with, code);
        layer.compared += compared;
        layer.findings.extend(found);
        if let Some(what) = left_out(pair) {
            layer.omit_part(what);
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
                || left
                    .iter()
                    .zip(right)
                    .any(|(a, b)| difference(a, b, (&Renamed::new(), 0)).is_some())
        }
        _ => true,
    };
    names.iter().filter(differs).map(|name| name.0.clone()).collect()
}

/// Functions and variables by canonical name and whether they are variables; several of one name
/// in the order in which they stand.
fn by_name(image: &ImageFacts) -> BTreeMap<(String, bool), Vec<&Body>> {
    let mut map: BTreeMap<(String, bool), Vec<&Body>> = BTreeMap::new();
    for body in &image.pieces.bodies {
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

/// Bytes of debug information, which is compared by what it says, as far as it is.
fn left_out(pair: &CodePair<'_>) -> Option<String> {
    let sizes = |image: &ImageFacts| {
        let left_out = image.pieces.left_out.iter();
        left_out.filter(|(name, _)| name.contains("debug_")).map(|(_, size)| size).sum::<u64>()
    };
    match sizes(pair.left).max(sizes(pair.right)) {
        0 => None,
        size => Some(format!("{size} bytes of debug information of {}, byte by byte", pair.name)),
    }
}

/// What two bodies of one function differ in: both sides, and why where that is certain.
fn difference(a: &Body, b: &Body, with: (&Renamed, u16)) -> Option<(String, String, String)> {
    let part = |body: &Body| Part {
        start: body.start,
        size: body.size,
        bytes: body.bytes.clone(),
        references: body.references.clone(),
    };
    differ(&part(a), &part(b), with)
}

/// A part of a section.
pub(super) struct Part {
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) bytes: Bytes,
    pub(super) references: References,
}

/// What two parts differ in: both sides, and why where that is certain.
pub(super) fn differ(
    a: &Part,
    b: &Part,
    (renamed, machine): (&Renamed, u16),
) -> Option<(String, String, String)> {
    let bytes = |n: u64| format!("{n} bytes");
    if a.size != b.size {
        return Some((bytes(a.size), bytes(b.size), String::new()));
    }
    if a.bytes != b.bytes {
        // Where one has bytes and the other is to be zero, the first byte that one side has.
        let at = a.bytes.iter().zip(b.bytes.iter()).position(|(x, y)| x != y);
        let at = at.unwrap_or(a.bytes.len().min(b.bytes.len()));
        let text = |part: &Part| match part.bytes.len() {
            0 => format!("{}, none of them in the file", bytes(part.size)),
            _ => format!("{}, {} at +{at:#x}", bytes(part.size), hex(&part.bytes, at)),
        };
        return Some((text(a), text(b), in_a_field((a, b), at, machine)));
    }
    let differs = |(x, y): &(&Reference, &Reference)| {
        (x.place.wrapping_sub(a.start), x.kind) != (y.place.wrapping_sub(b.start), y.kind)
            || !alike(x, y, renamed)
    };
    let (x, y) = match a.references.iter().zip(b.references.iter()).find(differs) {
        Some((x, y)) => (shown(x, a.start), shown(y, b.start)),
        None if a.references.len() == b.references.len() => return None,
        None => {
            let count = |part: &Part| format!("{} relocations", part.references.len());
            (count(a), count(b))
        }
    };
    Some((x, y, "the same bytes refer to something else".to_owned()))
}

/// That the instruction or number in which bytes differ differs in nothing but what a relocation fills
/// in; empty where that is not so.
fn in_a_field((a, b): (&Part, &Part), at: usize, machine: u16) -> String {
    let place = a.start.saturating_add(at as u64);
    let at_place = |reference: &&Reference| {
        let field = Field::of(machine, reference.kind);
        let end = reference.place.saturating_add(field.map_or(0, Field::len) as u64);
        reference.place <= place && place < end
    };
    let Some(reference) = a.references.iter().find(at_place) else { return String::new() };
    let Some(field) = Field::of(machine, reference.kind) else { return String::new() };
    let rest = |part: &Part| {
        let from = usize::try_from(reference.place.saturating_sub(a.start)).unwrap_or_default();
        let mut bytes: Vec<u8> = part.bytes.iter().skip(from).take(field.len()).copied().collect();
        field.clear(&mut bytes);
        bytes
    };
    if rest(a) != rest(b) {
        return String::new();
    }
    let relocation = Relocation { offset: place, symbol: 0, kind: reference.kind, addend: None };
    format!("nothing differs but the bits that {} fills in", relocation.kind_name(machine))
}

/// Numbers that the compiler derives are no difference.
fn alike(x: &Reference, y: &Reference, renamed: &Renamed) -> bool {
    let same = |(x, n): (&str, i64), (y, m): (&str, i64)| {
        let (left, right) = (canonical(x).name, canonical(y).name);
        n == m && (left == right || renamed.get(&*left).is_some_and(|name| *name == right))
    };
    if let (Some(ours), Some(theirs)) = (x.within, y.within) {
        // Where the sections have other sizes, places in them move.
        let named = canonical(&x.symbol).name == canonical(&y.symbol).name;
        return named && (ours != theirs || x.addend == y.addend);
    }
    let places = |(d, x, n): &(i64, String, i64)| {
        y.or.iter().any(|(e, y, m)| d == e && same((x, *n), (y, *m)))
    };
    same((&x.symbol, x.addend), (&y.symbol, y.addend)) || x.or.iter().any(places)
}

fn shown(reference: &Reference, start: u64) -> String {
    let addend = match reference.addend {
        0 => String::new(),
        n => format!("{n:+#x}"),
    };
    format!("{}{addend} at +{:#x}", reference.symbol, reference.place.saturating_sub(start))
}

/// Up to four bytes from `at` on.
pub(super) fn hex(bytes: &[u8], at: usize) -> String {
    bytes.iter().skip(at).take(4).map(|byte| format!("{byte:02x}")).collect()
}
