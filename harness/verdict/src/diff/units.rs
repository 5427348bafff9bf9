//! Compile units: the same on both sides, and compiled alike.

use super::Sides;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::dwarf::Unit;
use twinlto_model::{Finding, Severity};

/// Compares units by name. How often a name stands there follows what ThinLTO imported.
pub(super) fn units(sides: Sides<'_>, ours: &[Unit], theirs: &[Unit]) -> Vec<Finding> {
    let (left, right) = (by_name(ours), by_name(theirs));
    let producers = |units: &[Unit]| -> BTreeSet<String> {
        units.iter().map(|unit| unit.producer.clone()).collect()
    };
    // That the compilers differ is said once for all.
    let with_producer = producers(ours) == producers(theirs);
    let mut findings = Vec::new();
    for (name, a, b) in paired(&left, &right) {
        let mut push = |what: &str, x: String, y: String| {
            let (key, group) = ("debug.unit.changed", format!("{what} {x} {y}"));
            let finding = sides.finding(key, Severity::Warning, name, x, y);
            findings.push(finding.because(what).grouped(group));
        };
        let none = || "no such unit".to_owned();
        match (a, b) {
            (Some(a), Some(b)) => {
                if let Some((what, x, y)) = difference(a, b, with_producer) {
                    push(what, x, y);
                }
            }
            (Some(_), None) => push("one side has no such unit", "a unit".to_owned(), none()),
            (None, Some(_)) => push("one side has no such unit", none(), "a unit".to_owned()),
            (None, None) => {}
        }
    }
    findings
}

type Units<'a> = BTreeMap<&'a str, Vec<&'a Unit>>;
type UnitPair<'a> = (&'a str, Option<&'a [&'a Unit]>, Option<&'a [&'a Unit]>);

fn by_name(units: &[Unit]) -> Units<'_> {
    let mut map = Units::new();
    for unit in units {
        map.entry(&unit.name).or_default().push(unit);
    }
    map
}

/// Units of one name; then, of trees that lie elsewhere, those of one name below what the others
/// have in common; then two that are left alone.
fn paired<'a>(left: &'a Units<'a>, right: &'a Units<'a>) -> Vec<UnitPair<'a>> {
    let only = |units: &'a Units<'a>, other: &Units<'_>| -> Vec<&'a str> {
        units.keys().copied().filter(|name| !other.contains_key(name)).collect()
    };
    let both = left.keys().filter(|name| right.contains_key(*name));
    let mut pairs: Vec<UnitPair<'a>> = both.map(|name| pair(left, right, name, name)).collect();
    let (ours, mut theirs) = (only(left, right), only(right, left));
    let (here, there) = (common_directory(&ours), common_directory(&theirs));
    let alone = ours.len() == 1 && theirs.len() == 1;
    for name in ours {
        let rest = name.strip_prefix(here).unwrap_or(name);
        let fits = |other: &&str| alone || other.strip_prefix(there).unwrap_or(other) == rest;
        match theirs.iter().position(fits) {
            Some(at) => {
                let other = theirs.remove(at);
                pairs.push(pair(left, right, name, other));
            }
            None => pairs.push((name, units_of(left, name), None)),
        }
    }
    pairs.extend(theirs.into_iter().map(|name| (name, None, units_of(right, name))));
    pairs
}

fn pair<'a>(
    left: &'a Units<'a>,
    right: &'a Units<'a>,
    name: &'a str,
    other: &'a str,
) -> UnitPair<'a> {
    (name, units_of(left, name), units_of(right, other))
}

fn units_of<'a>(units: &'a Units<'a>, name: &str) -> Option<&'a [&'a Unit]> {
    units.get(name).map(Vec::as_slice)
}

/// What absolute names have in common up to a slash; empty for others.
fn common_directory<'a>(names: &[&'a str]) -> &'a str {
    let Some(first) = names.first().filter(|name| name.starts_with('/')) else {
        return "";
    };
    let mut end = first.rfind('/').map_or(0, |slash| slash + 1);
    for name in names {
        while end > 0 && first.get(..end) != name.get(..end) {
            let shorter = first.get(..end - 1).and_then(|start| start.rfind('/'));
            end = shorter.map_or(0, |slash| slash + 1);
        }
    }
    first.get(..end).unwrap_or_default()
}

/// The first thing in which the units of one name differ, with both sides.
fn difference(
    a: &[&Unit],
    b: &[&Unit],
    with_producer: bool,
) -> Option<(&'static str, String, String)> {
    type Text = fn(&Unit) -> String;
    let all: [(&str, Text); 5] = [
        ("the unit is written in another language", |unit| unit.language.clone()),
        ("its debug information is of another version", |unit| format!("DWARF {}", unit.version)),
        ("other options were recorded when it was compiled", |unit| unit.options.join(" ")),
        ("one side has no line table of it", |unit| {
            if unit.has_lines { "line table" } else { "no line table" }.to_owned()
        }),
        ("another compiler made it", |unit| unit.producer.clone()),
    ];
    let last = if with_producer { 5 } else { 4 };
    for (what, text) in all.into_iter().take(last) {
        let values = |units: &[&Unit]| units.iter().map(|unit| text(unit)).collect::<BTreeSet<_>>();
        let (ours, theirs) = (values(a), values(b));
        if ours == theirs {
            continue;
        }
        let shown =
            |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join("; ");
        let (x, y) = (shown(&ours), shown(&theirs));
        return Some(if what == "other options were recorded when it was compiled" {
            (what, less(&x, &y), less(&y, &x))
        } else {
            (what, x, y)
        });
    }
    None
}

/// The options of one side that the other has not; all of them if it is their order.
fn less(ours: &str, theirs: &str) -> String {
    let known: BTreeSet<&str> = theirs.split(' ').collect();
    let own: Vec<&str> = ours.split(' ').filter(|word| !known.contains(word)).collect();
    match (own.is_empty(), ours.is_empty()) {
        (false, _) => own.join(" "),
        (true, true) => "no options".to_owned(),
        (true, false) => "none of these".to_owned(),
    }
}
