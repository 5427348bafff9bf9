//! Linked files of other layouts: what has a name is compared by it.

use super::place::{Side, end, is_of_text};
use super::values::{self, View};
use super::{Report, hex};
use crate::layer::LayerVerdict;
use crate::normalize::canonical;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::elf::{Loaded, Named};
use twinlto_model::Finding;

/// Tables that other layers read row by row.
const TABLES: [&str; 9] = [
    "__param",
    "__ex_table",
    "__bug_table",
    ".altinstructions",
    ".alternative",
    "__jump_table",
    "__ksymtab",
    "__kcrctab",
    "__kflagstab",
];

/// Bytes that could not be compared, by what they are.
#[derive(Default)]
struct Left {
    code: u64,
    unnamed: u64,
    derived: u64,
}

pub(super) fn compare(
    report: &Report<'_, '_>,
    (a, b): (&Side<'_>, &Side<'_>),
    layer: &mut LayerVerdict,
) {
    let mut left = Left::default();
    named(report, (a, b), layer, &mut left);
    between(report, (a, b), layer, &mut left);
    let what = [
        (left.code, "bytes of functions, in whose instructions addresses stand"),
        (left.unnamed, "bytes that no symbol covers"),
        (left.derived, "bytes of kallsyms and BTF, which follow from names and types"),
    ];
    let what: Vec<String> = what
        .iter()
        .filter(|(size, _)| *size > 0)
        .map(|(size, what)| format!("{size} {what}"))
        .collect();
    if !what.is_empty() {
        let text = format!("contents of {}: {}", report.pair.name, what.join("; "));
        layer.omit_part(format!("{text}; everything in it lies elsewhere"));
    }
}

/// Functions and variables by name, in the order of their addresses.
fn by_name<'a>(side: &Side<'a>) -> BTreeMap<(Cow<'a, str>, bool), Vec<&'a Named>> {
    let mut map: BTreeMap<_, Vec<&Named>> = BTreeMap::new();
    for named in side.contents.names.iter().filter(|named| named.size > 0) {
        map.entry((canonical(&named.name).name, named.is_code)).or_default().push(named);
    }
    map
}

/// The bytes of a symbol, as far as the file has them.
pub(super) fn part<'s>(section: &'s Loaded, named: &Named) -> Option<&'s [u8]> {
    let start = usize::try_from(named.address.checked_sub(section.address)?).ok()?;
    let end = start.checked_add(usize::try_from(named.size).ok()?)?.min(section.bytes.len());
    section.bytes.get(start..end)
}

fn named(
    report: &Report<'_, '_>,
    (a, b): (&Side<'_>, &Side<'_>),
    layer: &mut LayerVerdict,
    left: &mut Left,
) {
    let (ours, theirs) = (by_name(a), by_name(b));
    let btf = ["BTF", ".BTF"].map(|name| section_bytes(a, name) != section_bytes(b, name));
    let other_types = btf.contains(&true);
    for ((name, is_code), list) in &ours {
        let Some(others) = theirs.get(&(name.clone(), *is_code)) else { continue };
        // Which of several is missing is not known: their number is told with the symbols.
        if list.len() != others.len() {
            continue;
        }
        for (x, y) in list.iter().zip(others) {
            layer.compared += 1;
            // The size of one alone is told with the symbols.
            if x.size != y.size && list.len() == 1 {
                continue;
            }
            if other_types && name.starts_with("__BTF_ID__") {
                left.derived += x.size;
                continue;
            }
            let found = one(report, name, (a, x), (b, y), left);
            layer.findings.extend(found);
        }
    }
}

fn section_bytes<'a>(side: &Side<'a>, name: &str) -> Option<&'a [u8]> {
    let mut sections = side.contents.sections.iter();
    sections.find(|section| section.name == name).map(|section| &*section.bytes)
}

fn one(
    report: &Report<'_, '_>,
    name: &str,
    (a, x): (&Side<'_>, &Named),
    (b, y): (&Side<'_>, &Named),
    left: &mut Left,
) -> Option<Finding> {
    let bytes = |n: u64| format!("{n} bytes");
    if x.size != y.size {
        return Some(report.finding(name, x.is_code, (bytes(x.size), bytes(y.size))));
    }
    let (from, to) = (a.section(x.address)?, b.section(y.address)?);
    let (ours, theirs) = (part(from, x)?, part(to, y)?);
    if from.is_code || to.is_code {
        if ours != theirs {
            left.code += x.size;
        }
        return None;
    }
    if ours.len() != theirs.len() {
        let text = |part: &[u8], size| match part.len() {
            0 => format!("{}, none of them in the file", bytes(size)),
            _ => bytes(size),
        };
        return Some(report.finding(name, false, (text(ours, x.size), text(theirs, y.size))));
    }
    let (ours, theirs) = (
        View { side: a, address: x.address, bytes: ours },
        View { side: b, address: y.address, bytes: theirs },
    );
    let at = values::difference(ours, theirs)?;
    if values::is_when_it_was_made(name, ours.bytes, theirs.bytes) {
        let shown = (values::version(ours.bytes), values::version(theirs.bytes));
        return Some(report.made(name, shown, values::MADE));
    }
    let text =
        |view: View<'_, '_>| format!("{}, {} at +{at:#x}", bytes(x.size), hex(view.bytes, at));
    Some(report.finding(name, false, (text(ours), text(theirs))))
}

/// Bytes of a section that no symbol with a size covers.
struct Gap<'a> {
    section: &'a Loaded,
    address: u64,
    bytes: &'a [u8],
}

/// All of them by section and the symbol behind which they stand.
fn gaps<'a>(side: &Side<'a>) -> BTreeMap<(Cow<'a, str>, Cow<'a, str>), Vec<Gap<'a>>> {
    let mut map: BTreeMap<_, Vec<Gap<'a>>> = BTreeMap::new();
    let names = &side.contents.names;
    for section in side.contents.sections.iter().filter(|it| !it.bytes.is_empty() && !it.is_note) {
        let last = section.address.saturating_add(section.bytes.len() as u64);
        let (mut from, mut after) = (section.address, Cow::Borrowed(""));
        let mut add = |from: u64, to: u64, after: &Cow<'a, str>| {
            let offset = |at: u64| usize::try_from(at.checked_sub(section.address)?).ok();
            let bytes = offset(from).zip(offset(to)).and_then(|(x, y)| section.bytes.get(x..y));
            if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
                let key = (canonical(&section.name).name, after.clone());
                map.entry(key).or_default().push(Gap { section, address: from, bytes });
            }
        };
        let first = names.partition_point(|named| named.address < section.address);
        for named in names.iter().skip(first).take_while(|named| named.address < last) {
            add(from, named.address, &after);
            if named.address >= from || end(named) > from {
                after = canonical(&named.name).name;
            }
            from = from.max(named.address).max(end(named).min(last));
        }
        add(from, last, &after);
    }
    map
}

fn between(
    report: &Report<'_, '_>,
    (a, b): (&Side<'_>, &Side<'_>),
    layer: &mut LayerVerdict,
    left: &mut Left,
) {
    let (ours, theirs) = (gaps(a), gaps(b));
    let places: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for place in places {
        let none = Vec::new();
        let (x, y) = (ours.get(place).unwrap_or(&none), theirs.get(place).unwrap_or(&none));
        layer.compared += x.len().max(y.len()) as u64;
        for at in 0..x.len().max(y.len()) {
            let found = gap(report, (a, x.get(at)), (b, y.get(at)), &place.1, left);
            layer.findings.extend(found);
        }
    }
}

fn gap(
    report: &Report<'_, '_>,
    (a, x): (&Side<'_>, Option<&Gap<'_>>),
    (b, y): (&Side<'_>, Option<&Gap<'_>>),
    after: &str,
    left: &mut Left,
) -> Option<Finding> {
    let bytes = |gap: Option<&Gap<'_>>| gap.map_or(0, |gap| gap.bytes.len() as u64);
    let size = bytes(x).max(bytes(y));
    let filled = |gap: Option<&Gap<'_>>| gap.is_some_and(|gap| gap.bytes.iter().any(|b| *b != 0));
    if !filled(x) && !filled(y) {
        return None;
    }
    let (Some(x), Some(y)) = (x, y) else {
        left.unnamed += size;
        return None;
    };
    if TABLES.contains(&x.section.name.as_str()) {
        return None;
    }
    if x.section.is_code {
        if x.bytes != y.bytes {
            left.code += size;
        }
        return None;
    }
    if after.starts_with("kallsyms_") || x.section.name.contains("BTF") {
        left.derived += size;
        return None;
    }
    if let (Some(ours), Some(theirs)) = (texts(x.bytes), texts(y.bytes)) {
        let only = |these: &BTreeSet<&[u8]>, those: &BTreeSet<&[u8]>| {
            let mut only = these.difference(those);
            let first = only.next().map(|text| format!("{:?}", String::from_utf8_lossy(text)));
            match (first, only.count()) {
                (None, _) => "no other text".to_owned(),
                (Some(first), 0) => first,
                (Some(first), more) => format!("{first} and {more} more"),
            }
        };
        return (ours != theirs).then(|| {
            let subject = format!("texts in {}", canonical(&x.section.name).name);
            report.finding(&subject, false, (only(&ours, &theirs), only(&theirs, &ours)))
        });
    }
    let view = |side, gap: &Gap<'_>| (side, gap.address);
    let same = x.bytes.len() == y.bytes.len() && {
        let ((a, from), (b, to)) = (view(a, x), view(b, y));
        let left = View { side: a, address: from, bytes: x.bytes };
        let right = View { side: b, address: to, bytes: y.bytes };
        values::difference(left, right).is_none()
    };
    if !same {
        left.unnamed += size;
    }
    None
}

/// The texts that some bytes consist of, where they consist of nothing else; at least two.
fn texts(bytes: &[u8]) -> Option<BTreeSet<&[u8]>> {
    let texts: BTreeSet<&[u8]> =
        bytes.split(|byte| *byte == 0).filter(|text| !text.is_empty()).collect();
    let long = texts.iter().filter(|text| text.len() > 3).count();
    let plain = texts.iter().all(|text| text.iter().all(|byte| is_of_text(*byte) && *byte < 0x80));
    (plain && long > 1 && long * 2 > texts.len()).then_some(texts)
}
