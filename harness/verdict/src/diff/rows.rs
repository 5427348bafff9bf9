//! Entries of kernel tables, each with the places that its fields lead to.

use super::{Sides, subject_in};
use crate::normalize::canonical;
use foldhash::{HashMap, HashMapExt};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use twinlto_facts::elf::{Table, TableEntry, TableSymbol};
use twinlto_model::{Finding, Severity};

/// How many entries of one table are told.
const TOLD: usize = 64;

/// Compares two tables that say the same, entry by entry with what they lead to. Offsets into a
/// function of another size mean nothing, nor do those into code that no symbol covers: there the
/// name counts, and how many these are is the first result.
pub(super) fn rows(
    sides: Sides<'_>,
    image: &str,
    resized: &BTreeSet<String>,
    ours: &Table,
    theirs: &Table,
) -> (u64, Vec<Finding>) {
    let mut loose = 0;
    let mut tally = Tally::new();
    let mut text = String::new();
    for (table, count) in [(ours, (1, 0)), (theirs, (0, 1))] {
        for entry in &table.entries {
            text.clear();
            loose += u64::from(!row(resized, entry, &mut text));
            match tally.get_mut(text.as_str()) {
                Some(known) => *known = (known.0 + count.0, known.1 + count.1),
                None => {
                    tally.insert(text.clone(), count);
                }
            }
        }
    }
    let loose = u64::div_ceil(loose, 2);
    let ours_alone = only(&tally, |(left, right)| left > right);
    let theirs_alone = only(&tally, |(left, right)| right > left);
    // Code that was changed has its entries elsewhere; between the modes it is the same code.
    let severity = if sides.modes { Severity::Error } else { Severity::Warning };
    let mut findings = Vec::new();
    let names: BTreeSet<&str> = ours_alone.keys().chain(theirs_alone.keys()).copied().collect();
    for name in names.into_iter().take(TOLD) {
        let text = |side: &BTreeMap<&str, Vec<&str>>| match side.get(name) {
            Some(places) => places.join("; "),
            None => "no such entry".to_owned(),
        };
        let subject = subject_in(image, &format!("{}: {name}", ours.which));
        let (left, right) = (text(&ours_alone), text(&theirs_alone));
        let finding = sides.finding("table.row.changed", severity, &subject, left, right);
        findings.push(
            finding
                .because("the table says the same, and a field of an entry leads elsewhere")
                .grouped(ours.which.name()),
        );
    }
    (loose, findings)
}

/// How often each side has an entry. Tens of thousands are the same on both: order is made of the rest.
type Tally = HashMap<String, (u64, u64)>;

/// The entries that one side has more of, by what they say: the places that they lead to.
fn only(tally: &Tally, has_more: impl Fn((u64, u64)) -> bool) -> BTreeMap<&str, Vec<&str>> {
    let texts: BTreeSet<&str> =
        tally.iter().filter(|(_, count)| has_more(**count)).map(|(text, _)| &**text).collect();
    let mut alone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for text in texts {
        let (fact, places) = text.split_once(SEPARATOR).unwrap_or((text, ""));
        alone.entry(fact).or_default().push(places);
    }
    alone
}

/// Between what an entry says and what it leads to.
const SEPARATOR: &str = " → ";

/// Adds an entry as it is compared, and tells whether all of it is exact.
fn row(resized: &BTreeSet<String>, entry: &TableEntry, text: &mut String) -> bool {
    text.push_str(&entry.fact);
    text.push_str(SEPARATOR);
    let mut exact = true;
    for (number, symbol) in entry.symbols.iter().enumerate() {
        if number > 0 {
            text.push_str(", ");
        }
        exact &= place(resized, symbol, text);
    }
    if !entry.detail.is_empty() {
        text.push_str(" with ");
        text.push_str(&entry.detail);
    }
    exact
}

fn place(resized: &BTreeSet<String>, symbol: &TableSymbol, text: &mut String) -> bool {
    if !symbol.holds {
        text.push_str("code that no symbol covers");
        return false;
    }
    let name: Cow<'_, str> = canonical(&symbol.name).name;
    text.push_str(&name);
    if resized.contains(&*name) {
        return symbol.offset == 0;
    }
    if symbol.offset != 0 {
        // Writing to a string does not fail.
        let _ = write!(text, "+{:#x}", symbol.offset);
    }
    true
}
