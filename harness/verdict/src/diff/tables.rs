//! Kernel tables: the same parameters and quirks, and as many entries of every type.

use super::measured::Measures;
use super::rows::rows;
use super::symbols::without_symbols;
use super::{Sides, subject_in};
use crate::layer::{LayerVerdict, Omitted};
use crate::normalize::canonical;
use foldhash::{HashMap, HashMapExt};
use std::borrow::Cow;
use std::collections::BTreeMap;
use twinlto_facts::build::{Answer, ImageFacts};
use twinlto_facts::elf::{KernelTable, Table, TableEntry};
use twinlto_model::{Finding, Layer, Severity};

pub(crate) fn tables(sides: Sides<'_>, measures: &Measures<'_>) -> LayerVerdict {
    let measures = match measures {
        Ok(measures) => measures,
        Err(why) => return LayerVerdict::without(Layer::Tables, why),
    };
    let mut layer = LayerVerdict::new(Layer::Tables);
    let mut loose = 0;
    for both in measures {
        let pair = &both.pair;
        // Pointers are told by the symbols that they lead to, and some tables are found by them.
        if let Some(side) = without_symbols(sides, pair) {
            layer.omit_part(format!("tables of {} ({side} has no symbol table)", pair.name));
            continue;
        }
        for which in KernelTable::ALL {
            let (left, right) = (of(pair.left, which), of(pair.right, which));
            match (left, right) {
                (Some(Ok(ours)), Some(Ok(theirs))) => {
                    layer.compared += ours.entries.len().max(theirs.entries.len()) as u64;
                    let mut found = one(sides, pair.name, ours, theirs);
                    // Entries that are not there have no places to compare.
                    if found.is_empty() {
                        let (n, places) = rows(sides, pair.name, &both.resized, ours, theirs);
                        loose += n;
                        found = places;
                    }
                    layer.findings.extend(found);
                }
                (Some(Err(why)), Some(Err(_))) => {
                    layer.omit_part(format!("{which} of {} ({why})", pair.name));
                }
                (None, None) => {}
                (left, right) => {
                    layer.compared += entries(left).max(entries(right));
                    layer.findings.push(lost(sides, pair.name, which, left, right));
                }
            }
        }
    }
    if loose > 0 {
        layer.omit_part(format!(
            "offsets of {loose} table entries (in functions of another size, or in code that no \
             symbol covers)"
        ));
    }
    if layer.compared == 0 {
        match layer.omitted {
            Omitted::Part(what) => layer.omitted = Omitted::All(what),
            _ => layer.omit_all("no kernel table was found"),
        }
    }
    layer
}

fn of(image: &ImageFacts, which: KernelTable) -> Option<Result<&Table, &String>> {
    match image.tables.get(&which)? {
        Answer::Read(table) => Some(Ok(table)),
        Answer::Bad(why) => Some(Err(why)),
        Answer::Absent => None,
    }
}

fn entries(table: Option<Result<&Table, &String>>) -> u64 {
    table.and_then(Result::ok).map_or(0, |table| table.entries.len() as u64)
}

/// A table that one side has, and the other has not or not so that it makes sense.
fn lost(
    sides: Sides<'_>,
    image: &str,
    which: KernelTable,
    left: Option<Result<&Table, &String>>,
    right: Option<Result<&Table, &String>>,
) -> Finding {
    let say = |table: Option<Result<&Table, &String>>| match table {
        None => "no such table".to_owned(),
        Some(Ok(table)) => count(table.entries.len() as u64),
        Some(Err(_)) => "a table that makes no sense".to_owned(),
    };
    let subject = subject_in(image, which.name());
    let finding = sides.finding("table.lost", Severity::Error, &subject, say(left), say(right));
    let bad = |table: Option<Result<&Table, &String>>| table?.err().cloned();
    let cause = match (bad(left), bad(right)) {
        (Some(why), _) => format!("{}: {why}", sides.left),
        (_, Some(why)) => format!("{}: {why}", sides.right),
        (None, None) => "the table is on one side only".to_owned(),
    };
    finding.because(cause.clone()).grouped(cause)
}

fn count(n: u64) -> String {
    match n {
        0 => "no entry".to_owned(),
        1 => "1 entry".to_owned(),
        n => format!("{n} entries"),
    }
}

/// Where entries belong to code, a function that holds them may be inlined elsewhere: there the
/// facts count, and not the names.
const fn follows_code(which: KernelTable) -> bool {
    !matches!(which, KernelTable::Params | KernelTable::Setup | KernelTable::PciFixups)
}

fn text(which: KernelTable, entry: &TableEntry) -> Cow<'_, str> {
    if follows_code(which) || entry.symbols.is_empty() {
        return Cow::Borrowed(&entry.fact);
    }
    let names = entry.symbols.iter().map(|symbol| canonical(&symbol.name).name.into_owned());
    Cow::Owned(format!("{}: {}", entry.fact, names.collect::<Vec<_>>().join(", ")))
}

fn one(sides: Sides<'_>, image: &str, ours: &Table, theirs: &Table) -> Vec<Finding> {
    let which = ours.which;
    let mut counts: HashMap<Cow<'_, str>, (u64, u64)> = HashMap::new();
    for entry in &ours.entries {
        counts.entry(text(which, entry)).or_default().0 += 1;
    }
    for entry in &theirs.entries {
        counts.entry(text(which, entry)).or_default().1 += 1;
    }
    let differ: BTreeMap<_, _> = counts.into_iter().filter(|(_, (n, m))| n != m).collect();
    let findings = differ.into_iter().map(|(key, (n, m))| {
        let subject = subject_in(image, &format!("{which}: {key}"));
        sides
            .finding("table.changed", Severity::Error, &subject, count(n), count(m))
            .grouped(which.name())
    });
    findings.collect()
}
