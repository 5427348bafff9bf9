//! Labels: names without a size that the linker script or assembly gives to places. They bound
//! tables and sections; the kernel reads what lies between them.

use super::extents::{Extents, Piece, is_aligned_gap};
use super::measured::{Measured, Side};
use super::pairing::{Role, role};
use super::{Pair, Sides, subject_in};
use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{ImageFacts, SymbolFacts};
use twinlto_model::{Finding, Severity};

/// How many functions or variables are named.
const NAMED: usize = 3;

/// Compares the labels of a linked file, each by its place relative to its section, and those that
/// bound something by what they bound. How many were compared, and what was found.
pub(super) fn labels(sides: Sides<'_>, both: &Measured<'_>) -> (u64, Vec<Finding>) {
    let pair = &both.pair;
    if pair.left.is_relocatable || pair.right.is_relocatable {
        return (0, Vec::new());
    }
    let (ours, theirs) = (Labels::of(&both.left), Labels::of(&both.right));
    let mut findings = Vec::new();
    let mut same = BTreeSet::new();
    for (stem, left) in &ours.ranges {
        let Some(right) = theirs.ranges.get(stem) else { continue };
        match range(sides, pair, left, right, (&ours, &theirs)) {
            Some(finding) => findings.push(finding),
            None => same.extend([left.start.name, left.stop.name]),
        }
    }
    let mut compared = 0;
    let numbers = absolutes(pair.right);
    for (name, left) in &ours.labels {
        let Some(right) = theirs.labels.get(name) else {
            findings.extend(absolute(sides, pair, left, numbers.get(name)));
            continue;
        };
        compared += 1;
        let strict = role(name).is_some() && !same.contains(name);
        findings.extend(label(sides, pair, (left, &ours), (right, &theirs), strict));
    }
    for (name, left) in absolutes(pair.left) {
        let Some(right) = numbers.get(name).copied() else {
            let there = theirs.labels.get(name);
            findings.extend(there.and_then(|label| absolute(sides, pair, label, Some(&left))));
            continue;
        };
        compared += 1;
        if left != right && !mean_the_same(&ours, left, &theirs, right) {
            let subject = subject_in(pair.name, name);
            let (a, b) = (format!("{left:#x}"), format!("{right:#x}"));
            let key = "symbol.value.changed";
            findings.push(
                sides
                    .finding(key, Severity::Warning, &subject, a, b)
                    .because("it is no address, and another number on each side"),
            );
        }
    }
    (compared, findings)
}

/// One label.
#[derive(Clone, Copy)]
struct Label<'a> {
    name: &'a str,
    address: u64,
    section: usize,
}

/// What two labels bound.
struct Range<'a> {
    start: Label<'a>,
    stop: Label<'a>,
}

/// The labels of one image.
struct Labels<'a> {
    image: &'a ImageFacts,
    extents: &'a Extents<'a>,
    /// Labels that every object may refer to, where only one has the name.
    labels: BTreeMap<&'a str, Label<'a>>,
    /// By what they bound.
    ranges: BTreeMap<String, Range<'a>>,
    /// Numbers of the loaded sections with bytes, in order of address.
    order: Vec<usize>,
}

impl<'a> Labels<'a> {
    fn of(side: &'a Side<'a>) -> Self {
        let (image, extents) = (side.image, &side.extents);
        let mut found: BTreeMap<&str, Option<Label<'_>>> = BTreeMap::new();
        for symbol in image.symbols.iter().filter(|symbol| is_label(symbol)) {
            let Some(section) = symbol.section else { continue };
            let label = Label { name: &symbol.raw, address: symbol.value, section };
            found.entry(&symbol.raw).and_modify(|it| *it = None).or_insert(Some(label));
        }
        let labels: BTreeMap<&str, Label<'_>> =
            found.into_iter().filter_map(|(name, label)| Some((name, label?))).collect();
        let spans = image.section_spans.iter().enumerate();
        let mut order: Vec<usize> =
            spans.filter(|(_, span)| span.alloc && span.size > 0).map(|(index, _)| index).collect();
        order.sort_by_key(|index| image.section_spans.get(*index).map(|span| span.address));
        let ranges = ranges(&labels);
        Self { image, extents, labels, ranges, order }
    }

    fn section_name(&self, index: usize) -> &'a str {
        self.image.section_names.get(index).map_or("", String::as_str)
    }

    /// The name of the first section with bytes that begins at an address or behind it.
    fn next_section(&self, address: u64) -> Option<&'a str> {
        let behind = self.order.iter().find(|index| {
            self.image.section_spans.get(**index).is_some_and(|span| span.address >= address)
        });
        behind.map(|index| self.section_name(*index))
    }

    /// The place of a label in its section.
    fn place(&self, label: &Label<'_>) -> Place {
        let Some(span) = self.image.section_spans.get(label.section) else { return Place::Within };
        let end = span.address.saturating_add(span.size);
        match label.address {
            at if at < span.address => Place::Before,
            at if at > end => Place::Behind(at - end),
            _ if span.size == 0 => Place::Empty,
            at if at == span.address => Place::Start,
            at if at == end => Place::End,
            _ => Place::Within,
        }
    }

    /// The function or variable that a label lies inside of, and how far.
    fn holder(&self, label: &Label<'_>) -> Option<(&str, u64)> {
        let before = self.extents.within(0, label.address);
        let holds = |piece: &&Piece<'_>| label.address < piece.end();
        let piece = before.iter().rev().take(8).find(holds)?;
        Some((&piece.name, label.address - piece.symbol.value))
    }
}

fn is_label(symbol: &SymbolFacts) -> bool {
    symbol.size == 0 && symbol.binding != "local" && symbol.kind == "notype"
}

/// A label that is in a section on one side and a number on the other.
fn absolute(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    label: &Label<'_>,
    number: Option<&u64>,
) -> Option<Finding> {
    let subject = subject_in(pair.name, label.name);
    let is_left = pair.left.symbols.iter().any(|it| it.raw == label.name && it.section.is_some());
    let texts = ("in a section".to_owned(), format!("absolute, {:#x}", number?));
    let (left, right) = if is_left { texts } else { (texts.1, texts.0) };
    Some(sides.finding("label.moved", Severity::Error, &subject, left, right))
}

fn ranges<'a>(labels: &BTreeMap<&'a str, Label<'a>>) -> BTreeMap<String, Range<'a>> {
    type Ends<'a> = (Vec<Label<'a>>, Vec<Label<'a>>);
    let mut stems: BTreeMap<String, Ends<'_>> = BTreeMap::new();
    for (name, label) in labels {
        match role(name) {
            Some((Role::Start, stem)) => stems.entry(stem).or_default().0.push(*label),
            Some((Role::Stop, stem)) => stems.entry(stem).or_default().1.push(*label),
            None => {}
        }
    }
    // `init_stack` and `init_stack_end`.
    for (stem, (starts, _)) in stems.iter_mut().filter(|(_, (starts, _))| starts.is_empty()) {
        starts.extend(labels.get(stem.as_str()).copied());
    }
    let ranges = stems.into_iter().filter_map(|(stem, (starts, stops))| {
        match (starts.as_slice(), stops.as_slice()) {
            ([start], [stop]) => Some((stem, Range { start: *start, stop: *stop })),
            _ => None,
        }
    });
    ranges.collect()
}

/// Where a label is, without its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Start,
    Within,
    End,
    /// That many bytes behind the end of its section.
    Behind(u64),
    /// In a section without bytes.
    Empty,
}

fn label(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    (left, ours): (&Label<'_>, &Labels<'_>),
    (right, theirs): (&Label<'_>, &Labels<'_>),
    strict: bool,
) -> Option<Finding> {
    let names = (ours.section_name(left.section), theirs.section_name(right.section));
    let (a, b) = (ours.place(left), theirs.place(right));
    let (inside, outside) = (ours.holder(left), theirs.holder(right));
    let same_section = canonical(names.0).name == canonical(names.1).name;
    let same = same_section
        && match (a, b) {
            // What stands first in a section, or last, is the linker's choice.
            (
                Place::Start | Place::Within | Place::End,
                Place::Start | Place::Within | Place::End,
            ) if a != b => !strict,
            (Place::Within, Place::Within) => inside == outside,
            (Place::Behind(one), Place::Behind(other)) => {
                let aligned =
                    is_aligned_gap(one, left.address) && is_aligned_gap(other, right.address);
                (one == other || aligned)
                    && ours.next_section(left.address) == theirs.next_section(right.address)
            }
            _ => a == b,
        };
    if same {
        return None;
    }
    let text =
        |labels: &Labels<'_>, place: Place, section: &str, holder: Option<(&str, u64)>| match (
            place, holder,
        ) {
            (Place::Within, Some((name, far))) => format!("{name}+{far:#x} in {section}"),
            (Place::Within, None) => format!("within {section}"),
            (Place::Before, _) => format!("before {section}"),
            (Place::Start, _) => format!("at the start of {section}"),
            (Place::End, _) => format!("at the end of {section}"),
            (Place::Empty, _) => format!("in {section}, which is empty"),
            (Place::Behind(far), _) => {
                let next = labels.next_section(left.address).map(|it| format!(", before {it}"));
                format!("{far:#x} bytes behind {section}{}", next.unwrap_or_default())
            }
        };
    let subject = subject_in(pair.name, left.name);
    let (left, right) = (text(ours, a, names.0, inside), text(theirs, b, names.1, outside));
    Some(sides.finding("label.moved", Severity::Error, &subject, left, right))
}

/// What two labels bound: as many bytes where no symbol lies between, else the same functions and
/// variables.
fn range(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    left: &Range<'_>,
    right: &Range<'_>,
    (ours, theirs): (&Labels<'_>, &Labels<'_>),
) -> Option<Finding> {
    let subject = subject_in(pair.name, &format!("{}..{}", left.start.name, left.stop.name));
    let length = |range: &Range<'_>| range.stop.address.checked_sub(range.start.address);
    let text = |range: &Range<'_>| match length(range) {
        Some(length) => format!("{length} bytes"),
        None => format!("{} lies before {}", range.stop.name, range.start.name),
    };
    let finding =
        |key: &'static str| sides.finding(key, Severity::Error, &subject, text(left), text(right));
    let (Some(one), Some(other)) = (length(left), length(right)) else {
        return Some(finding("label.order"));
    };
    let held = ours.extents.within(left.start.address, left.stop.address);
    let theirs_held = theirs.extents.within(right.start.address, right.stop.address);
    let changed = "label.range.changed";
    if held.is_empty() && theirs_held.is_empty() {
        // Between two kernels a table may have another length; that it has none is another matter.
        let differ = if sides.modes { one != other } else { (one == 0) != (other == 0) };
        let cause = "no function and no variable lies between these labels: the linker script sets \
                     how far they are apart, or a table whose rows differ";
        return differ.then(|| finding(changed).because(cause));
    }
    let odd = odd((ours, held), (theirs, theirs_held));
    if !odd.is_empty() {
        let shown: Vec<&str> = odd.iter().take(NAMED).copied().collect();
        let more = match odd.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let cause = format!("{}{more} lie between them on one side only", shown.join(", "));
        return Some(finding(changed).because(cause));
    }
    let accounts = (
        ours.extents.between(left.start.address, left.stop.address),
        theirs.extents.between(right.start.address, right.stop.address),
    );
    (sides.modes && !accounts.0.is_padding(&accounts.1)).then(|| {
        let cause = format!(
            "the functions and variables between them are the same, and alignment accounts for at \
             most {} bytes",
            accounts.0.slack.max(accounts.1.slack)
        );
        finding(changed).because(cause)
    })
}

/// Names of which one side has more between two labels, and not in all: first those that the first side
/// has there.
fn odd<'p>(
    (ours, held): (&Labels<'_>, &'p [Piece<'_>]),
    (theirs, theirs_held): (&Labels<'_>, &'p [Piece<'_>]),
) -> Vec<&'p str> {
    let names = [held, theirs_held].map(|pieces| pieces.iter().map(|it| it.id + 1).max());
    let mut counts = vec![(0_u64, 0_u64); names.into_iter().flatten().max().unwrap_or(0)];
    let mut count = |piece: &Piece<'_>, (n, m): (u64, u64)| {
        if let Some(known) = counts.get_mut(piece.id) {
            *known = (known.0 + n, known.1 + m);
        }
    };
    held.iter().for_each(|piece| count(piece, (1, 0)));
    theirs_held.iter().for_each(|piece| count(piece, (0, 1)));
    let differ = |piece: &&Piece<'_>| {
        counts.get(piece.id).is_some_and(|(n, m)| n != m)
            && ours.extents.named(piece.id) == theirs.extents.named(piece.id)
    };
    let list = |pieces: &'p [Piece<'_>]| {
        let names: BTreeSet<&str> = pieces.iter().filter(differ).map(|it| &*it.name).collect();
        names
    };
    let (first, second) = (list(held), list(theirs_held));
    first.iter().chain(second.difference(&first)).copied().collect()
}

/// Numbers that stand in the symbol table as such, where only one has the name.
fn absolutes(image: &ImageFacts) -> BTreeMap<&str, u64> {
    let mut found: BTreeMap<&str, Option<u64>> = BTreeMap::new();
    let absolute = image.symbols.iter().filter(|it| it.section.is_none() && it.binding != "local");
    for symbol in absolute {
        found.entry(&symbol.raw).and_modify(|it| *it = None).or_insert(Some(symbol.value));
    }
    found.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Of two numbers that differ, what both may stand for all the same: the address of one symbol,
/// where it is loaded, or how far it is from the start of the image, whole or half of it
/// (`phys_startup_64`, `_kernel_size_le_lo32`).
fn mean_the_same(ours: &Labels<'_>, left: u64, theirs: &Labels<'_>, right: u64) -> bool {
    let (one, other) = (ours.meanings(left), theirs.meanings(right));
    !one.is_disjoint(&other)
}

impl Labels<'_> {
    fn meanings(&self, value: u64) -> BTreeSet<String> {
        let base = self.labels.get("_text").map_or(0, |label| label.address);
        let mut found = BTreeSet::new();
        let loads = self.image.loading.segments.iter().filter(|it| it.kind == "LOAD");
        let deltas = loads.map(|it| it.address.wrapping_sub(it.physical));
        let mut ways: Vec<(String, u64)> =
            deltas.map(|delta| ("loaded".to_owned(), value.wrapping_add(delta))).collect();
        ways.extend([("at".to_owned(), value), ("from".to_owned(), value.wrapping_add(base))]);
        for symbol in self.image.symbols.iter().filter(|it| it.section.is_some()) {
            let name = canonical(&symbol.raw).name;
            for (way, address) in &ways {
                if symbol.value == *address {
                    found.insert(format!("{way} {name}"));
                }
            }
            let far = symbol.value.wrapping_sub(base);
            let halves = [far & 0xffff_ffff, far >> 32];
            if halves.contains(&value) {
                found.insert(format!("half {name}"));
            }
        }
        found
    }
}
