//! Names that are one without their numbers.

use super::canonical;
use std::collections::BTreeMap;

/// Each name with the one to compare. Of several that are one without their numbers the first in
/// the order of these numbers has it, and the others ` (2)`, ` (3)` … behind it: they count what
/// stands before, so that a comment changes all of them and not their order.
pub(crate) fn told_apart<'a>(
    names: impl Iterator<Item = &'a String>,
) -> impl Iterator<Item = (&'a String, String)> {
    let mut same: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for raw in names {
        same.entry(canonical(raw).name.into_owned()).or_default().push(raw);
    }
    same.into_iter().flat_map(|(name, mut raws)| {
        // Numbers of one length are in order as texts.
        raws.sort_by_key(|raw| (raw.len(), *raw));
        raws.into_iter().enumerate().map(move |(at, raw)| match at {
            0 => (raw, name.clone()),
            at => (raw, format!("{name} ({})", at + 1)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::told_apart;

    #[test]
    fn a_counter_that_gets_longer_keeps_the_order() {
        let told = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut told: Vec<(String, String)> =
                told_apart(names.iter()).map(|(raw, name)| (name, raw.clone())).collect();
            told.sort();
            told
        };
        let own = |(name, raw): &(&str, &str)| ((*name).to_owned(), (*raw).to_owned());
        let [first, second] = [".text.__UNIQUE_ID_q_N", ".text.__UNIQUE_ID_q_N (2)"];
        let before = [(first, ".text.__UNIQUE_ID_q_98"), (second, ".text.__UNIQUE_ID_q_99")];
        assert_eq!(told(&[before[0].1, before[1].1]), before.iter().map(own).collect::<Vec<_>>());
        let after = [(first, ".text.__UNIQUE_ID_q_99"), (second, ".text.__UNIQUE_ID_q_100")];
        assert_eq!(told(&[after[0].1, after[1].1]), after.iter().map(own).collect::<Vec<_>>());
    }
}
