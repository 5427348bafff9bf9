//! The bytes of relocatable files that belong to no function and no variable.

use super::code::{CodePair, Part, differ};
use super::contents::BUILD_ID;
use super::{Renamed, Sides, subject_in};
use crate::normalize::canonical;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::ImageFacts;
use twinlto_facts::elf::{Mark, Stretch};
use twinlto_model::{Finding, Severity};

/// Sections whose rows describe code: where that differs, so do they. Written by the compiler, by the
/// macros of the kernel (`arch/*/include/asm`) and by objtool (`tools/objtool/check.c`, Linux 7.3).
const OF_CODE: [&str; 17] = [
    ".altinstr_replacement",
    ".altinstructions",
    ".call_sites",
    ".eh_frame",
    ".ibt_endbr_seal",
    ".kcfi_traps",
    ".orc_unwind",
    ".orc_unwind_ip",
    ".retpoline_sites",
    ".return_sites",
    ".sframe",
    ".smp_locks",
    ".static_call_sites",
    "__bug_table",
    "__ex_table",
    "__jump_table",
    "__patchable_function_entries",
];

/// Compares them; how many there are, and what was found. `code` says whether a function of the pair
/// differs.
pub(super) fn stretches(
    sides: Sides<'_>,
    pair: &CodePair<'_>,
    with: (&Renamed, u16),
    code: bool,
) -> (u64, Vec<Finding>) {
    let (ours, theirs) = (by_place(pair.left), by_place(pair.right));
    let places: BTreeSet<&Place<'_>> = ours.keys().chain(theirs.keys()).collect();
    let (mut compared, mut findings) = (0, Vec::new());
    for place in places {
        let none = Vec::new();
        let (left, right) = (ours.get(place).unwrap_or(&none), theirs.get(place).unwrap_or(&none));
        compared += left.len().max(right.len()) as u64;
        for at in 0..left.len().max(right.len()) {
            let both = (left.get(at).copied(), right.get(at).copied());
            // What notes say is told with the sections.
            if place.0.starts_with(".note") && notes_differ(pair) {
                continue;
            }
            if let Some(found) = one(both, with) {
                findings.push(finding(sides, pair, both, found, code));
            }
        }
    }
    (compared, findings)
}

fn notes_differ(pair: &CodePair<'_>) -> bool {
    pair.left.marks.get(&Mark::Notes) != pair.right.marks.get(&Mark::Notes)
}

/// Section, and the symbol by which a stretch is known: among instructions the one that it stands before,
/// as the hash of a function's type does, else the one behind which it stands.
type Place<'a> = (Cow<'a, str>, bool, Cow<'a, str>);

fn by_place(image: &ImageFacts) -> BTreeMap<Place<'_>, Vec<&Stretch>> {
    let mut map: BTreeMap<Place<'_>, Vec<&Stretch>> = BTreeMap::new();
    for stretch in &image.pieces.stretches {
        let anchor = if stretch.is_code { &stretch.before } else { &stretch.after };
        let place = (canonical(&stretch.section).name, stretch.is_code, canonical(anchor).name);
        map.entry(place).or_default().push(stretch);
    }
    map
}

/// What two stretches at one place differ in: both sides, and why where that is certain.
fn one(
    (left, right): (Option<&Stretch>, Option<&Stretch>),
    with: (&Renamed, u16),
) -> Option<(String, String, String)> {
    let part = |stretch: &Stretch| Part {
        start: stretch.start,
        size: stretch.size,
        bytes: stretch.bytes.clone(),
        references: stretch.references.clone(),
    };
    match (left, right) {
        // As much padding as the next alignment needs.
        (Some(a), Some(b)) if a.is_padding && b.is_padding && a.size != b.size => None,
        (Some(a), Some(b)) => differ(&part(a), &part(b), with),
        (Some(only), None) if !only.is_padding => {
            Some((format!("{} bytes", only.size), "not there".to_owned(), String::new()))
        }
        (None, Some(only)) if !only.is_padding => {
            Some(("not there".to_owned(), format!("{} bytes", only.size), String::new()))
        }
        _ => None,
    }
}

fn finding(
    sides: Sides<'_>,
    pair: &CodePair<'_>,
    both: (Option<&Stretch>, Option<&Stretch>),
    (left, right, cause): (String, String, String),
    code: bool,
) -> Finding {
    let (subject, is_code, section) = match both {
        (Some(one), _) | (None, Some(one)) => {
            let section = canonical(&one.section).name;
            (subject_in(pair.name, &format!("{section}+{:#x}", one.start)), one.is_code, section)
        }
        (None, None) => (pair.name.to_owned(), false, Cow::Borrowed("")),
    };
    let key = if is_code { "code.changed" } else { "data.changed" };
    if section == ".note.gnu.build-id" {
        let note = sides.finding(key, Severity::Note, &subject, left, right);
        return note.because(BUILD_ID).grouped(BUILD_ID).lawful();
    }
    let follows = code && OF_CODE.contains(&&*section);
    let severity = if follows { Severity::Note } else { Severity::Warning };
    let finding = sides.finding(key, severity, &subject, left, right);
    match (follows, cause.as_str()) {
        (true, _) => finding.because(DESCRIBES).grouped(DESCRIBES),
        (false, "") => finding.grouped(pair.name),
        (false, cause) => finding.because(cause).grouped(cause),
    }
}

const DESCRIBES: &str = "it describes code, and code differs (code.changed)";
