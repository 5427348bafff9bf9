//! Which symbols account for the difference of two sections of one name.

use super::extents::Account;
use super::measured::{Measured, Side, paired};
use crate::normalize::canonical;

/// How many symbols are named.
const NAMED: usize = 3;

/// `foo +120, bar -16 and 4 more`; none where every symbol has the same size on both sides, so
/// that only their places differ.
pub(super) fn by_symbol(both: &Measured<'_>, section: &str) -> Option<String> {
    let (ours, theirs) = (sizes(&both.left, section), sizes(&both.right, section));
    let mut changes: Vec<(i128, &str)> = paired(&ours, &theirs, |(name, _)| *name)
        .filter_map(|(left, right)| {
            let size = |side: Option<&(&str, u64)>| side.map_or(0, |(_, size)| i128::from(*size));
            let delta = size(right) - size(left);
            Some((delta, left.or(right)?.0)).filter(|_| delta != 0)
        })
        .collect();
    changes.sort_by_key(|(delta, name)| (-delta.abs(), *name));
    let shown: Vec<String> =
        changes.iter().take(NAMED).map(|(delta, name)| format!("{name} {delta:+}")).collect();
    match (shown.len(), changes.len().saturating_sub(NAMED)) {
        (0, _) => None,
        (_, 0) => Some(shown.join(", ")),
        (_, more) => Some(format!("{} and {more} more", shown.join(", "))),
    }
}

/// How the bytes of a section are used that belong to no symbol.
pub(super) fn rest(side: &Side<'_>, section: &str) -> Account {
    let numbered = side.image.section_names.iter().enumerate();
    let mut sum = Account::default();
    for (index, _) in numbered.filter(|(_, name)| canonical(name).name == section) {
        let account = side.extents.section(side.image, index);
        sum.covered = sum.covered.saturating_add(account.covered);
        sum.rest = sum.rest.saturating_add(account.rest);
        sum.slack = sum.slack.saturating_add(account.slack);
    }
    sum
}

/// Bytes of the symbols of a section, by canonical name.
pub(super) fn sizes<'s>(side: &'s Side<'_>, section: &str) -> Vec<(&'s str, u64)> {
    // Of several sections of one name none is told from the others here.
    let section = section.split_once(" (").map_or(section, |(name, _)| name);
    let names = side.image.section_names.iter();
    let is_it: Vec<bool> = names.map(|name| canonical(name).name == section).collect();
    let lies_in = |index: usize| is_it.get(index).copied().unwrap_or_default();
    let mut sizes: Vec<(&str, u64)> = Vec::new();
    for it in side.names.iter().filter(|it| it.symbol.size > 0) {
        if !it.symbol.section.is_some_and(lies_in) {
            continue;
        }
        match sizes.last_mut() {
            Some((name, size)) if *name == it.name => {
                *size = size.saturating_add(it.symbol.size);
            }
            _ => sizes.push((&it.name, it.symbol.size)),
        }
    }
    sizes
}
