//! Many exports, few causes: exports that changed for the same types are one finding.

use super::TypeChange;
use crate::compare::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_model::Finding;

/// How many changed types a cause names.
const NAMED: usize = 3;

/// The key that is explained.
const KEY: &str = "export.crc.changed";

/// Why nobody knows which type changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unexplained {
    /// The reason, in words that many exports can share.
    pub why: String,
    /// The file or the message that shows it; empty where the reason says it all.
    pub example: String,
}

impl Unexplained {
    /// A reason that needs no example.
    #[must_use]
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), example: String::new() }
    }

    /// The same, with what shows it.
    #[must_use]
    pub fn shown_by(mut self, example: impl Into<String>) -> Self {
        self.example = example.into();
        self
    }
}

/// For an export, the changed types that it reaches.
pub type Explained = Result<Vec<TypeChange>, Unexplained>;

impl Verdict {
    /// The exports whose CRCs differ.
    #[must_use]
    pub fn changed_crcs(&self) -> BTreeSet<String> {
        let all = self.layers.iter().flat_map(|layer| &layer.findings);
        let changed = all.filter(|finding| finding.key.as_str() == KEY);
        changed.flat_map(Finding::subjects).map(str::to_owned).collect()
    }

    /// Says of every changed CRC which type changed it, or why that is not known.
    ///
    /// Exports with the same types have the same cause, and become one finding. Where an export
    /// reaches more than three changed types, the three that most exports reach stand for it: so
    /// kernels that lie far apart have a list that can be read, and every export still stands under
    /// types that did change its CRC.
    pub fn explain_crcs(&mut self, explained: &BTreeMap<String, Explained>) {
        let known = known(explained);
        let unknown = unknown(explained);
        for finding in self.layers.iter_mut().flat_map(|layer| &mut layer.findings) {
            let Some(export) = finding.sites.first().map(|site| site.subject.as_str()) else {
                continue;
            };
            if finding.key.as_str() != KEY {
                continue;
            }
            if let Some(cause) = known.get(export) {
                *finding = finding.clone().because(cause).grouped(cause);
            } else if let Some(why) = unknown.get(export) {
                // No cause, so the finding stays unexplained: another layer may know one.
                finding.group.clone_from(why);
                finding.cause = Some(why.clone());
            }
        }
    }
}

/// Export → the types that changed its CRC, in one sentence.
fn known(explained: &BTreeMap<String, Explained>) -> BTreeMap<&str, String> {
    let lists: Vec<(&str, &Vec<TypeChange>)> = explained
        .iter()
        .filter_map(|(export, it)| Some((export.as_str(), it.as_ref().ok()?)))
        .filter(|(_, list)| !list.is_empty())
        .collect();
    let mut reach: BTreeMap<&TypeChange, usize> = BTreeMap::new();
    for change in lists.iter().flat_map(|(_, list)| *list) {
        *reach.entry(change).or_default() += 1;
    }
    let widest = |list: &'_ [TypeChange]| -> Vec<TypeChange> {
        let mut list: Vec<&TypeChange> = list.iter().collect();
        list.sort_by_key(|change| (std::cmp::Reverse(reach.get(change).copied()), *change));
        list.into_iter().take(NAMED).cloned().collect()
    };
    // What each group of exports reaches besides what it is named after.
    let mut others: BTreeMap<Vec<TypeChange>, BTreeSet<&TypeChange>> = BTreeMap::new();
    let mut named_after = Vec::new();
    for (export, list) in &lists {
        let named = widest(list);
        let rest: Vec<_> = list.iter().filter(|change| !named.contains(change)).collect();
        others.entry(named.clone()).or_default().extend(rest);
        named_after.push((*export, named));
    }
    let cause = |named: &[TypeChange]| {
        let said: Vec<String> = named.iter().map(|c| format!("{}: {}", c.what, c.change)).collect();
        let mut text = said.join("; ");
        match others.get(named).map_or(0, BTreeSet::len) {
            0 => {}
            1 => text.push_str("; and one more changed type is reached by some of them"),
            n => text.push_str(&format!("; and {n} more changed types are reached by some")),
        }
        text
    };
    named_after.into_iter().map(|(export, named)| (export, cause(&named))).collect()
}

/// Export → why its cause is not known; the first example stands for all.
fn unknown(explained: &BTreeMap<String, Explained>) -> BTreeMap<&str, String> {
    let same = Unexplained::new(
        "its own declaration and every type that it reaches are the same on both sides: genksyms \
         saw the definition of one of them after the export",
    );
    let mut whys: BTreeMap<&str, &Unexplained> = BTreeMap::new();
    for (export, it) in explained {
        match it {
            Ok(list) if list.is_empty() => whys.insert(export, &same),
            Ok(_) => continue,
            Err(why) => whys.insert(export, why),
        };
    }
    let mut examples: BTreeMap<&str, &str> = BTreeMap::new();
    for it in whys.values() {
        examples.entry(it.why.as_str()).or_insert(it.example.as_str());
    }
    let text = |it: &Unexplained| match examples.get(it.why.as_str()) {
        Some(example) if !example.is_empty() => {
            format!("cause unknown: {}, such as {example}", it.why)
        }
        _ => format!("cause unknown: {}", it.why),
    };
    whys.iter().map(|(export, it)| (*export, text(it))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerVerdict;
    use crate::merge::merge;
    use twinlto_model::{Arch, Key, Layer, Severity, Site, Tier};

    fn changed(what: &str) -> TypeChange {
        TypeChange { what: what.to_owned(), change: "it changed".to_owned() }
    }

    fn merged(list: &[(&str, Explained)]) -> Vec<(String, usize, Tier)> {
        let finding = |(export, _): &(&str, Explained)| {
            Finding::new(Key::new(KEY), Severity::Error, Site::new(Arch::Arm64, None, *export))
        };
        let mut layer = LayerVerdict::new(Layer::Exports);
        layer.findings = list.iter().map(finding).collect();
        let mut verdict = Verdict::of(Arch::Arm64, vec![layer]);
        let explained =
            list.iter().map(|(export, it)| ((*export).to_owned(), it.clone())).collect();
        assert_eq!(verdict.changed_crcs().len(), list.len());
        verdict.explain_crcs(&explained);
        let short = |f: Finding| {
            let text = f.cause.clone().unwrap_or_default();
            (text.replace(": it changed", ""), f.subjects().len(), f.tier)
        };
        merge(verdict.findings()).into_iter().map(short).collect()
    }

    fn types(names: &[&str]) -> Explained {
        Ok(names.iter().map(|name| changed(name)).collect())
    }

    #[test]
    fn exports_that_reach_the_same_types_are_one_finding() {
        let all = [("a", types(&["x"])), ("b", types(&["x"])), ("c", types(&["y", "x"]))];
        assert_eq!(
            merged(&all),
            [("x".to_owned(), 2, Tier::Caused), ("x; y".to_owned(), 1, Tier::Caused)]
        );
    }

    #[test]
    fn the_widest_types_stand_for_many() {
        let said = "v; w; x; and 2 more changed types are reached by some";
        let all = [
            ("a", types(&["z", "y", "x", "w", "v"])),
            ("b", types(&["v", "w", "x", "y"])),
            ("c", types(&["v", "w", "x"])),
        ];
        assert_eq!(merged(&all), [(said.to_owned(), 3, Tier::Caused)]);
    }

    #[test]
    fn what_is_not_known_is_said_once_with_an_example() {
        let gone = |file: &str| Err(Unexplained::new("the source is gone").shown_by(file));
        let all = [("a", gone("a.c")), ("b", gone("b.c")), ("c", types(&[]))];
        let merged = merged(&all);
        assert_eq!(
            merged[0],
            ("cause unknown: the source is gone, such as a.c".to_owned(), 2, Tier::Unexplained)
        );
        assert!(merged[1].0.starts_with("cause unknown: its own declaration"));
    }
}
