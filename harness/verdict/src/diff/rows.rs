//! Entries of kernel tables, each with the places that its fields lead to.

use super::{Sides, subject_in};
use crate::normalize::canonical;
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
    let mut tally = |table: &Table| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for entry in &table.entries {
            let (text, exact) = row(resized, entry);
            loose += u64::from(!exact);
            *counts.entry(text).or_default() += 1;
        }
        counts
    };
    let (left, right) = (tally(ours), tally(theirs));
    let loose = loose.div_ceil(2);
    let (ours_alone, theirs_alone) = (only(&left, &right), only(&right, &left));
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

/// The entries that one side has more of, by what they say: the places that they lead to.
fn only<'m>(
    ours: &'m BTreeMap<String, u64>,
    theirs: &BTreeMap<String, u64>,
) -> BTreeMap<&'m str, Vec<&'m str>> {
    let mut alone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (text, n) in ours {
        if *n > theirs.get(text).copied().unwrap_or(0) {
            let (fact, places) = text.split_once(SEPARATOR).unwrap_or((text, ""));
            alone.entry(fact).or_default().push(places);
        }
    }
    alone
}

/// Between what an entry says and what it leads to.
const SEPARATOR: &str = " → ";

/// An entry as it is compared, and whether all of it is exact.
fn row(resized: &BTreeSet<String>, entry: &TableEntry) -> (String, bool) {
    let mut text = format!("{}{SEPARATOR}", entry.fact);
    let mut exact = true;
    for (number, symbol) in entry.symbols.iter().enumerate() {
        if number > 0 {
            text.push_str(", ");
        }
        exact &= place(resized, symbol, &mut text);
    }
    if !entry.detail.is_empty() {
        text.push_str(" with ");
        text.push_str(&entry.detail);
    }
    (text, exact)
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
