//! Many exports, few causes: exports that changed for the same types are one finding.

use super::TypeChange;
use std::collections::{BTreeMap, BTreeSet};

/// How many changed types a cause names.
const NAMED: usize = 3;

/// Why the CRC of an export changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrcCause {
    /// In one sentence.
    Known(String),
    /// Why nobody knows.
    Unknown(String),
}

/// One cause for each export, from the changed types that it reaches.
///
/// Exports with the same types have the same cause. Where an export reaches more than three, the
/// three that most exports reach stand for it: so kernels that lie far apart have a list that can
/// be read, and every export still stands under types that did change its CRC.
#[must_use]
pub fn crc_causes(changes: &BTreeMap<String, Vec<TypeChange>>) -> BTreeMap<String, CrcCause> {
    let mut reach: BTreeMap<&TypeChange, usize> = BTreeMap::new();
    for change in changes.values().flatten() {
        *reach.entry(change).or_default() += 1;
    }
    let widest = |list: &'_ [TypeChange]| -> Vec<TypeChange> {
        let mut list: Vec<&TypeChange> = list.iter().collect();
        list.sort_by_key(|change| (std::cmp::Reverse(reach.get(change).copied()), *change));
        list.into_iter().take(NAMED).cloned().collect()
    };
    // What each group of exports reaches besides what it is named after.
    let mut others: BTreeMap<Vec<TypeChange>, BTreeSet<&TypeChange>> = BTreeMap::new();
    for list in changes.values() {
        let named = widest(list);
        let rest: Vec<_> = list.iter().filter(|change| !named.contains(change)).collect();
        others.entry(named).or_default().extend(rest);
    }
    let cause = |list: &[TypeChange]| {
        let named = widest(list);
        if named.is_empty() {
            let why = "its own declaration and every type that it reaches are the same on both \
                       sides: genksyms saw a type later than the export of one of them";
            return CrcCause::Unknown(why.to_owned());
        }
        let said: Vec<String> = named.iter().map(|c| format!("{}: {}", c.what, c.change)).collect();
        let mut text = said.join("; ");
        match others.get(&named).map_or(0, BTreeSet::len) {
            0 => {}
            1 => text.push_str("; and one more changed type is reached by some of them"),
            n => {
                text.push_str(&format!("; and {n} more changed types are reached by some of them"))
            }
        }
        CrcCause::Known(text)
    };
    changes.iter().map(|(export, list)| (export.clone(), cause(list))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(what: &str) -> TypeChange {
        TypeChange { what: what.to_owned(), change: "it changed".to_owned() }
    }

    fn causes(list: &[(&str, &[&str])]) -> Vec<String> {
        let types = |names: &[&str]| names.iter().map(|name| changed(name)).collect();
        let changes = list.iter().map(|(e, names)| ((*e).to_owned(), types(names))).collect();
        let cause = |cause: CrcCause| match cause {
            CrcCause::Known(text) => text.replace(": it changed", ""),
            CrcCause::Unknown(_) => "?".to_owned(),
        };
        crc_causes(&changes).into_values().map(cause).collect()
    }

    #[test]
    fn exports_that_reach_the_same_types_have_one_cause() {
        assert_eq!(
            causes(&[("a", &["x"]), ("b", &["x"]), ("c", &["y", "x"]), ("d", &[])]),
            ["x", "x", "x; y", "?"]
        );
    }

    #[test]
    fn the_widest_types_stand_for_many() {
        let said = "v; w; x; and 2 more changed types are reached by some of them";
        let all: &[&str] = &["z", "y", "x", "w", "v"];
        assert_eq!(
            causes(&[("a", all), ("b", &["v", "w", "x", "y"]), ("c", &["v", "w", "x"])]),
            [said, said, said]
        );
    }
}
