//! Which symbols account for the difference of two sections of one name.

use super::Pair;
use super::extents::{Account, Extents};
use crate::normalize::canonical;
use std::collections::BTreeMap;
use twinlto_facts::build::ImageFacts;

/// How many symbols are named.
const NAMED: usize = 3;

/// `foo +120, bar -16 and 4 more`; none where every symbol has the same size on both sides, so
/// that only their places differ.
pub(super) fn by_symbol(pair: &Pair<'_>, section: &str) -> Option<String> {
    let (ours, theirs) = (sizes(pair.left, section), sizes(pair.right, section));
    let mut changes: Vec<(i128, &str)> = ours
        .keys()
        .chain(theirs.keys())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .filter_map(|name| {
            let size = |map: &BTreeMap<String, u64>| i128::from(*map.get(name).unwrap_or(&0));
            let delta = size(&theirs) - size(&ours);
            (delta != 0).then_some((delta, name.as_str()))
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
pub(super) fn rest(image: &ImageFacts, extents: &Extents<'_>, section: &str) -> Account {
    let numbered = image.section_names.iter().enumerate();
    let mut sum = Account::default();
    for (index, _) in numbered.filter(|(_, name)| canonical(name).name == section) {
        let account = extents.section(image, index);
        sum.covered = sum.covered.saturating_add(account.covered);
        sum.rest = sum.rest.saturating_add(account.rest);
        sum.slack = sum.slack.saturating_add(account.slack);
    }
    sum
}

/// Bytes of the symbols of a section, by canonical name.
pub(super) fn sizes(image: &ImageFacts, section: &str) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    // Of several sections of one name none is told from the others here.
    let section = section.split_once(" (").map_or(section, |(name, _)| name);
    for symbol in &image.symbols {
        let place = symbol.section.and_then(|index| image.section_names.get(index));
        if place.is_some_and(|name| canonical(name).name == section) && symbol.size > 0 {
            *sizes.entry(canonical(&symbol.raw).name.into_owned()).or_default() += symbol.size;
        }
    }
    sizes
}
