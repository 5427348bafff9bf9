//! Symbols: the same multiset of canonical names and kinds, and the same undefined ones.

use super::dwarf::{self, dwarf};
use super::linker::linker;
use super::{Pair, Sides, pairs, subject_in};
use crate::layer::LayerVerdict;
use crate::normalize::canonical;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{BuildFacts, ImageFacts, SymbolFacts};
use twinlto_model::{Finding, Layer, Severity};

pub(crate) fn symbols(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> LayerVerdict {
    let pairs = match pairs(sides, a, b) {
        Ok(pairs) => pairs,
        Err(why) => return LayerVerdict::without(Layer::Symbols, why),
    };
    let mut layer = LayerVerdict::new(Layer::Symbols);
    for pair in &pairs {
        layer.compared += one_image(sides, pair, &mut layer.findings);
        layer.findings.extend(dwarf(sides, pair));
        if let Some(what) = dwarf::not_compared(pair) {
            layer.omit_part(what);
        }
    }
    modules(sides, a, b, &mut layer.findings);
    match linker(sides, a, b) {
        _ if !sides.modes => {}
        Some(findings) => layer.findings.extend(findings),
        None => layer.omit_part("linker options (no .cmd file records a link)"),
    }
    if layer.compared == 0 {
        layer.omit_all("vmlinux has no symbol table");
    }
    layer
}

/// Canonical name and kind → how often, with one of them to show.
fn multiset(image: &ImageFacts) -> BTreeMap<(String, &'static str), (u64, &SymbolFacts)> {
    let mut counts = BTreeMap::new();
    for symbol in &image.symbols {
        if is_derived(&symbol.raw) {
            continue;
        }
        let key = (canonical(&symbol.raw).name.into_owned(), symbol.kind);
        counts.entry(key).or_insert((0, symbol)).0 += 1;
    }
    counts
}

/// Symbols that say where code or data starts, or were left by the assembler: they follow the
/// number of sections, not the code.
fn is_derived(name: &str) -> bool {
    name.is_empty()
        || name.starts_with(".L")
        || name.starts_with('$')
        || name.starts_with("L0\u{1}")
        || name.starts_with("__kallsyms")
        || name.starts_with("kallsyms_")
}

fn one_image(sides: Sides<'_>, pair: &Pair<'_>, findings: &mut Vec<Finding>) -> u64 {
    let (ours, theirs) = (multiset(pair.left), multiset(pair.right));
    let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let count = keys.len() as u64;
    for key in keys {
        let times = |set: &BTreeMap<_, (u64, &SymbolFacts)>| set.get(key).map_or(0, |(n, _)| *n);
        let (left, right) = (times(&ours), times(&theirs));
        let (name, kind) = key;
        if left == right {
            if let (1, Some((_, ours)), Some((_, theirs))) = (left, ours.get(key), theirs.get(key))
            {
                findings.extend(binding(sides, pair, name, ours, theirs));
            }
            continue;
        }
        let what = |n: u64| match n {
            0 => "not there".to_owned(),
            1 => format!("{kind} {name}"),
            n => format!("{kind} {name}, {n} times"),
        };
        let which = match (left, right) {
            (0, _) => "symbol.lost",
            (_, 0) => "symbol.added",
            _ => "symbol.count",
        };
        let subject = subject_in(pair.name, name);
        findings.push(
            sides
                .finding(which, Severity::Warning, &subject, what(left), what(right))
                .grouped(kind.to_string()),
        );
    }
    let (ours, theirs) = (undefined(pair.left), undefined(pair.right));
    for name in ours.symmetric_difference(&theirs) {
        let what = |names: &BTreeSet<Cow<'_, str>>| {
            if names.contains(name) { "undefined" } else { "not undefined" }.to_owned()
        };
        let subject = subject_in(pair.name, name);
        let (left, right) = (what(&ours), what(&theirs));
        let key = "symbol.undefined.changed";
        findings.push(sides.finding(key, Severity::Error, &subject, left, right));
    }
    count
}

/// What other objects must define; a promoted local of another module without its hash.
pub(crate) fn undefined(image: &ImageFacts) -> BTreeSet<Cow<'_, str>> {
    image.undefined.iter().map(|name| canonical(name).name).collect()
}

/// Who can see a symbol. The modes of one kernel may internalise differently.
fn binding(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    name: &str,
    ours: &SymbolFacts,
    theirs: &SymbolFacts,
) -> Option<Finding> {
    let is_promoted = |symbol: &SymbolFacts| canonical(&symbol.raw).promoted;
    if sides.modes
        || (ours.binding, ours.visibility) == (theirs.binding, theirs.visibility)
        || is_promoted(ours) != is_promoted(theirs)
    {
        return None;
    }
    let text = |symbol: &SymbolFacts| match symbol.visibility {
        "default" => symbol.binding.to_owned(),
        visibility => format!("{}, {visibility}", symbol.binding),
    };
    let subject = subject_in(pair.name, name);
    let (left, right) = (text(ours), text(theirs));
    Some(sides.finding("symbol.binding.changed", Severity::Warning, &subject, left, right))
}

fn modules(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts, findings: &mut Vec<Finding>) {
    let names: BTreeSet<&String> = a.modules.keys().chain(b.modules.keys()).collect();
    for name in names {
        let state = |facts: &BuildFacts| match facts.modules.get(name) {
            None => "not built".to_owned(),
            Some(answer) => answer.why_not(&format!("{name}.ko")).unwrap_or_else(|| "built".into()),
        };
        let (left, right) = (state(a), state(b));
        if left != right || left != "built" {
            findings.push(sides.finding("module.lost", Severity::Error, name, left, right));
            continue;
        }
        let info = |facts: &BuildFacts| {
            facts.modules.get(name).and_then(|m| m.get()).map(|m| m.modinfo.clone())
        };
        if info(a) != info(b) {
            let text = |facts: &BuildFacts, other: &BuildFacts| {
                let theirs = info(other).unwrap_or_default();
                let only =
                    info(facts).unwrap_or_default().into_iter().filter(|i| !theirs.contains(i));
                only.map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
            };
            let (left, right) = (text(a, b), text(b, a));
            findings.push(sides.finding(
                "module.modinfo.changed",
                Severity::Error,
                name,
                left,
                right,
            ));
        }
    }
}

pub(crate) fn promoted(image: &ImageFacts) -> u64 {
    image.symbols.iter().filter(|s| canonical(&s.raw).promoted).count() as u64
}
