//! The contents of linked files of one mode: every byte where both have one layout, else every variable
//! by its name, pointers read as symbol and offset.

mod by_name;
mod place;
mod values;

use super::code::hex;
use super::{Pair, Sides, subject_in};
use crate::layer::LayerVerdict;
use crate::normalize::canonical;
use place::{Owner, Side};
use std::collections::BTreeMap;
use twinlto_facts::elf::{Contents, Loaded};
use twinlto_model::{Finding, Severity};

/// Compares the contents of one pair; what was not compared is said in `layer` with its size.
pub(super) fn contents(sides: Sides<'_>, pair: &Pair<'_>, layer: &mut LayerVerdict) {
    let (ours, theirs) = (&pair.left.contents, &pair.right.contents);
    if ours.sections.is_empty() || theirs.sections.is_empty() {
        return;
    }
    let report = Report { sides, pair };
    if ours == theirs {
        layer.compared += count(ours);
        return;
    }
    if same_layout(ours, theirs) {
        layer.compared += count(ours);
        layer.findings.extend(byte_for_byte(&report, ours, theirs));
        return;
    }
    by_name::compare(&report, (&Side::new(ours), &Side::new(theirs)), layer);
}

/// Whether every byte of two linked files can be held against the other's, because everything lies at the
/// same address in both.
pub(crate) fn lie_alike(pair: &Pair<'_>) -> bool {
    let (ours, theirs) = (&pair.left.contents, &pair.right.contents);
    !ours.sections.is_empty() && same_layout(ours, theirs)
}

/// How many things are compared: symbols and sections.
fn count(contents: &Contents) -> u64 {
    (contents.names.len() + contents.sections.len()) as u64
}

/// Whether everything lies at the same address in both, by names that two builds share.
fn same_layout(a: &Contents, b: &Contents) -> bool {
    let sections = a.sections.len() == b.sections.len()
        && a.sections.iter().zip(&b.sections).all(|(x, y)| {
            (x.address, x.size, x.bytes.len()) == (y.address, y.size, y.bytes.len())
                && canonical(&x.name).name == canonical(&y.name).name
        });
    sections
        && a.names.len() == b.names.len()
        && a.names.iter().zip(&b.names).all(|(x, y)| {
            (x.address, x.size) == (y.address, y.size)
                && (x.name == y.name || canonical(&x.name).name == canonical(&y.name).name)
        })
}

/// What makes findings of one pair.
struct Report<'s, 'p> {
    sides: Sides<'s>,
    pair: &'p Pair<'p>,
}

impl Report<'_, '_> {
    /// A finding about what has this name, or about a place of a section.
    fn finding(&self, subject: &str, is_code: bool, (left, right): (String, String)) -> Finding {
        let key = if is_code { "code.changed" } else { "data.changed" };
        let subject = subject_in(self.pair.name, subject);
        let finding = self.sides.finding(key, Severity::Warning, &subject, left, right);
        finding.grouped(self.pair.name)
    }

    /// The same for bytes that say when and by whom the kernel was built.
    fn made(&self, subject: &str, sides: (String, String), cause: &str) -> Finding {
        let finding = Finding { severity: Severity::Note, ..self.finding(subject, false, sides) };
        finding.because(cause).grouped(cause).lawful()
    }
}

/// Every byte of two files of one layout: one finding for each thing that has another byte.
fn byte_for_byte(report: &Report<'_, '_>, a: &Contents, b: &Contents) -> Vec<Finding> {
    let side = Side::new(a);
    let mut found: BTreeMap<Owner<'_>, Finding> = BTreeMap::new();
    for (x, y) in a.sections.iter().zip(&b.sections).filter(|(x, y)| x.bytes != y.bytes) {
        let id = if x.is_note { build_id(&x.bytes) } else { None };
        let mut end = 0;
        while let Some(at) = first_difference(&x.bytes, &y.bytes, end) {
            end = at + 1;
            let in_id = id.as_ref().filter(|range| range.contains(&at));
            if let Some(range) = in_id {
                let shown = (hex(&x.bytes, range.start), hex(&y.bytes, range.start));
                let subject = format!("the build ID in {}", x.name);
                end = range.end;
                found
                    .entry(Owner::Place(x.address + at as u64))
                    .or_insert_with(|| report.made(&subject, shown, BUILD_ID));
                continue;
            }
            let owner = side.owner(x, x.address.saturating_add(at as u64));
            if let Some(last) = side.end_of(&owner) {
                end = end.max(usize::try_from(last.saturating_sub(x.address)).unwrap_or(end));
            }
            let finding = of_owner(report, (x, y), &owner, at);
            found.entry(owner).or_insert(finding);
        }
    }
    // What the loader is told to fill in.
    if a.dynamic != b.dynamic {
        let count = |contents: &Contents| format!("{} relocations", contents.dynamic.len());
        let finding = report.finding("dynamic relocations", false, (count(a), count(b)));
        found.insert(Owner::Relocations, finding);
    }
    found.into_values().collect()
}

/// Why a build ID may be another one.
pub(super) const BUILD_ID: &str = "the build ID covers the whole file, debug information included";

/// The first offset from `from` on at which two texts of one length differ.
fn first_difference(a: &[u8], b: &[u8], from: usize) -> Option<usize> {
    let (a, b) = (a.get(from..)?, b.get(from..)?);
    // Blocks first: most are the same, and comparing them costs next to nothing.
    const BLOCK: usize = 4096;
    let mut at = 0;
    for (x, y) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        if x != y {
            let inside = x.iter().zip(y).position(|(x, y)| x != y)?;
            return Some(from + at + inside);
        }
        at += BLOCK;
    }
    None
}

fn of_owner(
    report: &Report<'_, '_>,
    (x, y): (&Loaded, &Loaded),
    owner: &Owner<'_>,
    at: usize,
) -> Finding {
    let evidence = |section: &Loaded, start: u64| {
        let offset = section.address.saturating_add(at as u64).saturating_sub(start);
        format!("{} at +{offset:#x}", hex(&section.bytes, at))
    };
    match owner {
        Owner::Name(named) => {
            let name = canonical(&named.name).name;
            if let (Some(x), Some(y)) = (by_name::part(x, named), by_name::part(y, named))
                && values::is_when_it_was_made(&name, x, y)
            {
                let text = |bytes: &[u8]| values::version(bytes);
                return report.made(&name, (text(x), text(y)), values::MADE);
            }
            let shown =
                |section| format!("{} bytes, {}", named.size, evidence(section, named.address));
            report.finding(&name, named.is_code, (shown(x), shown(y)))
        }
        _ => {
            let place = x.address.saturating_add(at as u64);
            let subject =
                format!("{}+{:#x}", canonical(&x.name).name, place.saturating_sub(x.address));
            let shown = (hex(&x.bytes, at), hex(&y.bytes, at));
            report.finding(&subject, x.is_code, shown)
        }
    }
}

/// Where the build ID stands in a section of notes: `Elf64_Nhdr`, `GNU`, and its bytes (`ld.lld
/// --build-id`). All four architectures are little-endian.
fn build_id(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    const HEADER: usize = 16;
    const AFTER: [u8; 8] = [3, 0, 0, 0, b'G', b'N', b'U', 0];
    let is_id = |window: &[u8]| window.starts_with(&[4, 0, 0, 0]) && window.ends_with(&AFTER);
    let at = bytes.windows(HEADER).position(is_id)?;
    let size = bytes.get(at + 4..at + 8)?;
    let size = size.iter().rev().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
    let start = at + HEADER;
    Some(start..start.saturating_add(size).min(bytes.len()))
}
