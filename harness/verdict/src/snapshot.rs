//! The facts of one build as small sorted texts, one a facet, that can be kept and compared: no
//! address, no hash, no date.

use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{BuildFacts, ImageFacts};
use twinlto_facts::flags::{compile, lex, resolve};
use twinlto_facts::kbuild::normalize_path;
use twinlto_facts::log::{Diagnostic, Gravity, Said, Stage};

/// One facet of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Its name, and that of its file without `.txt`.
    pub name: &'static str,
    /// What one line of it is, in the plural.
    pub unit: &'static str,
    /// How its lines are ordered.
    pub order: Order,
    /// Sorted lines, but for initcalls, which stand in the order in which they run.
    pub text: String,
}

/// What is recorded of one kind of fact.
struct Kind {
    /// Its name, and that of its file without `.txt`.
    name: &'static str,
    /// What one line of it is, in the plural.
    unit: &'static str,
    /// Where it comes from, for builds that have none.
    from: &'static str,
    /// How the lines are ordered, and which of two lines are about one thing.
    order: Order,
    make: fn(&BuildFacts) -> Option<Vec<String>>,
}

/// How the lines of a facet are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the kernel has them; a line may stand there twice.
    AsBuilt,
    /// By name, each line once; the whole line is the fact.
    Sorted,
    /// By name; the first word says what the fact is about.
    ByWord,
    /// By name; what stands before the last colon says what the fact is about.
    ByColon,
}

impl Order {
    /// What a line is about.
    #[must_use]
    pub fn key(self, line: &str) -> &str {
        match self {
            Self::AsBuilt | Self::Sorted => line,
            Self::ByWord => line.split(' ').next().unwrap_or(line),
            Self::ByColon => line.rsplit_once(": ").map_or(line, |(key, _)| key),
        }
    }
}

const VMLINUX: &str = "vmlinux";

const KINDS: [Kind; 7] = [
    Kind {
        name: "exports",
        unit: "exports",
        from: "Module.symvers",
        order: Order::ByWord,
        make: exports,
    },
    Kind {
        name: "initcalls",
        unit: "initcalls",
        from: VMLINUX,
        order: Order::AsBuilt,
        make: |facts| facts.image.get().and_then(initcalls),
    },
    Kind {
        name: "sections",
        unit: "sections",
        from: VMLINUX,
        order: Order::ByWord,
        make: |facts| facts.image.get().map(sections),
    },
    Kind {
        name: "promoted",
        unit: "promoted names",
        from: VMLINUX,
        order: Order::Sorted,
        make: |facts| facts.image.get().map(promoted),
    },
    Kind {
        name: "tables",
        unit: "facts of kernel tables",
        from: VMLINUX,
        order: Order::Sorted,
        make: |facts| facts.image.get().map(tables),
    },
    Kind {
        name: "options",
        unit: "options of backends",
        from: ".cmd files of IR objects",
        order: Order::ByColon,
        make: options,
    },
    Kind {
        name: "diagnostics",
        unit: "diagnostics",
        from: "log of the build; give it with --log",
        order: Order::ByColon,
        make: diagnostics,
    },
];

/// One kind of facet, without facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FacetKind {
    /// Its name, and that of its file without `.txt`.
    pub name: &'static str,
    /// What one line of it is, in the plural.
    pub unit: &'static str,
    /// What a build without it has none of.
    pub from: &'static str,
    /// How its lines are ordered.
    pub order: Order,
}

/// All kinds of facets.
pub fn facet_kinds() -> impl Iterator<Item = FacetKind> {
    KINDS.iter().map(|&Kind { name, unit, from, order, .. }| FacetKind { name, unit, from, order })
}

impl FacetKind {
    /// The first line that no record of this kind has in its place: it was edited.
    #[must_use]
    pub fn misplaced(&self, text: &str) -> Option<usize> {
        let lines: Vec<&str> = text.lines().collect();
        if let Some(at) = text.split('\n').position(|line| line.ends_with('\r')) {
            return Some(at + 1);
        }
        let falls = |(a, b): (&&str, &&str)| match self.order {
            Order::AsBuilt => false,
            _ => a >= b,
        };
        let pairs = lines.iter().zip(lines.iter().skip(1));
        pairs.map(falls).position(|falls| falls).map(|at| at + 2)
    }
}

/// Every facet that the build has facts for.
#[must_use]
pub fn facets(facts: &BuildFacts) -> Vec<Facet> {
    let facet = |kind: &Kind| {
        let mut lines: Vec<String> =
            (kind.make)(facts)?.iter().map(|line| one_line(line) + "\n").collect();
        if kind.order != Order::AsBuilt {
            lines.sort();
            lines.dedup();
        }
        let (name, unit) = (kind.name, kind.unit);
        Some(Facet { name, unit, order: kind.order, text: lines.concat() })
    };
    KINDS.iter().filter_map(facet).collect()
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

fn sections(image: &ImageFacts) -> Vec<String> {
    let loaded = image.sections.iter().filter(|(_, section)| section.alloc);
    loaded.map(|(name, s)| format!("{name} {} {}", s.kind, s.flags)).collect()
}

fn promoted(image: &ImageFacts) -> Vec<String> {
    let names: BTreeSet<String> = image
        .symbols
        .iter()
        .map(|symbol| canonical(&symbol.raw))
        .filter(|name| name.promoted)
        .map(|name| name.name.into_owned())
        .collect();
    names.into_iter().collect()
}

/// What the tables say, without the code that their entries are for.
fn tables(image: &ImageFacts) -> Vec<String> {
    let mut lines = Vec::new();
    for table in image.tables.values().filter_map(|table| table.get()) {
        for (fact, times) in table.facts() {
            lines.push(format!("{} {times} × {fact}", table.which));
        }
    }
    lines
}

/// What the tools said while it was built, where there is a log of that.
fn diagnostics(facts: &BuildFacts) -> Option<Vec<String>> {
    let said = (facts.log.lines > 0).then_some(&facts.log.diagnostics)?;
    // Where the sources lie is no fact of the build.
    let tree = facts.source.as_ref().map(|tree| format!("{tree}/"));
    let below = |text: &str| match &tree {
        Some(tree) => text.replace(tree, ""),
        None => text.to_owned(),
    };
    // Notes belong to other messages; the machine's are no facts of the kernel.
    let counts = |(said, _): &(&Diagnostic, &Said)| {
        said.gravity != Gravity::Note && said.stage() != Stage::Machine
    };
    let line = |(said, how): (&Diagnostic, &Said)| {
        let place = said.place.as_ref().map(|place| {
            let place = below(place);
            normalize_path(&place).unwrap_or(place)
        });
        let said = Diagnostic { place, text: below(&said.text), ..said.clone() };
        format!("{said}: {}", how.times)
    };
    Some(said.iter().filter(counts).map(line).collect())
}

/// The options that backends need, with the number of objects that have them.
fn options(facts: &BuildFacts) -> Option<Vec<String>> {
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for object in facts.objects.values() {
        // In-process, the front end's are all that there is.
        let Some(command) = object.back.get().or_else(|| object.front.get()) else { continue };
        let Ok(commands) = lex(&command.text) else { continue };
        let Some(first) = compile(&commands) else { continue };
        for setting in resolve(&first.words).needed_in_order() {
            let key = (setting.class.to_string(), setting.text.clone().into_owned());
            *counts.entry(key).or_default() += 1;
        }
    }
    let lines = counts.into_iter().map(|((class, option), n)| format!("{class} {option}: {n}"));
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then_some(lines)
}
