//! What exports lead to: `__ksymtab` holds a value for each name, and modules call what it says.

use super::{Pair, Sides, pairs, subject_in};
use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{BuildFacts, ImageFacts};
use twinlto_model::{Finding, Severity};

/// Compares them in `vmlinux` and in each module, as far as both sides have symbols that name places.
pub(super) fn values(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Finding> {
    let pairs = pairs(sides, a, b).unwrap_or_default();
    let named = |image: &ImageFacts| !image.symbols.is_empty();
    let pairs = pairs.iter().filter(|pair| named(pair.left) && named(pair.right));
    pairs.flat_map(|pair| one_image(sides, pair)).collect()
}

/// The symbols that the entries of one name lead to.
type Values = BTreeMap<String, Vec<String>>;

fn of(image: &ImageFacts) -> Values {
    let mut values = Values::new();
    let mut others = BTreeSet::new();
    for entry in image.exports.get().into_iter().flatten() {
        let name = entry.value.symbol.as_deref().map(|symbol| canonical(symbol).name.into_owned());
        let name = name.unwrap_or_else(|| "a place without a symbol".to_owned());
        if name != entry.name {
            others.insert(entry.name.clone());
        }
        // KSYM_FLAG_GPL_ONLY is told by itself.
        let name = match entry.flags.unwrap_or(0) & !1 {
            0 => name,
            flags => format!("{name} with flags {flags:#x}"),
        };
        values.entry(entry.name.clone()).or_default().push(name);
    }
    // One that leads to another name says so only where there is one of its own.
    let own = image.symbols.iter().filter(|symbol| others.contains(&symbol.raw));
    let own: BTreeSet<&str> = own.map(|symbol| symbol.raw.as_str()).collect();
    for (name, list) in &mut values {
        if others.contains(name) && own.contains(name.as_str()) {
            for symbol in list.iter_mut().filter(|symbol| *symbol != name) {
                symbol.push_str(WRONG);
            }
        }
        list.sort();
    }
    values
}

const WRONG: &str = ", and not the symbol of its name";

fn one_image(sides: Sides<'_>, pair: &Pair<'_>) -> Vec<Finding> {
    let (ours, theirs) = (of(pair.left), of(pair.right));
    let mut findings = Vec::new();
    for (name, left) in &ours {
        // What one side alone exports is told by its name.
        let Some(right) = theirs.get(name) else { continue };
        let wrong = left.iter().chain(right).any(|symbol| symbol.ends_with(WRONG));
        if left == right && !wrong {
            continue;
        }
        let text = |list: &[String]| format!("leads to {}", list.join(", and again to "));
        let subject = subject_in(pair.name, name);
        let key = "export.value.changed";
        findings.push(sides.finding(key, Severity::Error, &subject, text(left), text(right)));
    }
    findings
}
