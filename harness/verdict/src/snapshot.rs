//! The facts of one build as small sorted texts, one a facet, that can be kept and compared: no
//! address, no hash, no date.

use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{BuildFacts, ImageFacts};
use twinlto_facts::flags::{lex, resolve};

/// One facet of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Its name, and that of its file without `.txt`.
    pub name: &'static str,
    /// What one line of it is, in the plural.
    pub unit: &'static str,
    /// Sorted lines, but for initcalls, which stand in the order in which they run.
    pub text: String,
}

type Lines = fn(&BuildFacts) -> Option<Vec<String>>;

/// Every facet: its name, what one line of it is in the plural, and how it is made.
const FACETS: [(&str, &str, Lines); 7] = [
    ("exports", "exports", exports),
    ("initcalls", "initcalls", |facts| facts.image.get().and_then(initcalls)),
    ("sections", "sections", |facts| facts.image.get().and_then(sections)),
    ("promoted", "promoted names", |facts| facts.image.get().and_then(promoted)),
    ("tables", "facts of kernel tables", |facts| facts.image.get().and_then(tables)),
    ("options", "options of backends", options),
    ("diagnostics", "diagnostics", diagnostics),
];

/// Names and units of all facets.
pub fn facet_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    FACETS.iter().map(|(name, unit, _)| (*name, *unit))
}

/// Every facet that the build has facts for.
#[must_use]
pub fn facets(facts: &BuildFacts) -> Vec<Facet> {
    let facet = |(name, unit, make): &(&'static str, &'static str, Lines)| {
        let lines: Vec<String> = make(facts)?;
        let text: String = lines.into_iter().map(|line| one_line(&line) + "\n").collect();
        Some(Facet { name, unit, text })
    };
    FACETS.iter().filter_map(facet).collect()
}

/// A fact is one line, whatever a file holds.
fn one_line(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `0x2d3385d3 vmlinux EXPORT_SYMBOL_GPL ns foo`
fn exports(facts: &BuildFacts) -> Option<Vec<String>> {
    let symvers = facts.symvers.get()?;
    let lines = symvers.exports.iter().map(|(name, export)| {
        let kind = if export.gpl == Some(true) { "gpl" } else { "any" };
        let namespace = match export.namespace.as_str() {
            "" => String::new(),
            namespace => format!(" in {namespace}"),
        };
        format!("{name} {} {kind} of {}{namespace}", export.crc, export.module)
    });
    Some(lines.collect())
}

fn initcalls(image: &ImageFacts) -> Option<Vec<String>> {
    let calls = image.initcalls.get()?.iter();
    Some(calls.map(|c| format!("{} {}", c.level, canonical(&c.function).name)).collect())
}

fn sections(image: &ImageFacts) -> Option<Vec<String>> {
    let loaded = image.sections.iter().filter(|(_, section)| section.alloc);
    Some(loaded.map(|(name, s)| format!("{name} {} {}", s.kind, s.flags)).collect())
}

fn promoted(image: &ImageFacts) -> Option<Vec<String>> {
    let names: BTreeSet<String> = image
        .symbols
        .iter()
        .map(|symbol| canonical(&symbol.raw))
        .filter(|name| name.promoted)
        .map(|name| name.name.into_owned())
        .collect();
    Some(names.into_iter().collect())
}

/// What the tables say, without the code that their entries are for.
fn tables(image: &ImageFacts) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for table in image.tables.values().filter_map(|table| table.get()) {
        for (fact, times) in table.facts() {
            lines.push(format!("{} {times} × {fact}", table.which));
        }
    }
    lines.sort();
    Some(lines)
}

/// What the tools said while it was built, where there is a log of that.
fn diagnostics(facts: &BuildFacts) -> Option<Vec<String>> {
    let said = (facts.log.lines > 0).then_some(&facts.log.diagnostics)?;
    let mut lines: Vec<String> =
        said.iter().map(|(said, times)| format!("{said}: {times}")).collect();
    lines.sort();
    Some(lines)
}

/// The options that backends need, with the number of objects that have them.
fn options(facts: &BuildFacts) -> Option<Vec<String>> {
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for object in facts.objects.values() {
        // In-process, the front end's are all that there is.
        let Some(command) = object.back.get().or_else(|| object.front.get()) else { continue };
        let Ok(commands) = lex(&command.text) else { continue };
        let Some(first) = commands.first() else { continue };
        for setting in resolve(&first.words).needed_in_order() {
            let key = (setting.class.to_string(), setting.text.clone().into_owned());
            *counts.entry(key).or_default() += 1;
        }
    }
    let lines = counts.into_iter().map(|((class, option), n)| format!("{class} {option}: {n}"));
    Some(lines.collect())
}
