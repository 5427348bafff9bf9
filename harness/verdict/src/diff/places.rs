//! Where functions and variables lie, told without addresses: their section, and which others share
//! their bytes.

use super::extents::Piece;
use super::measured::{Measured, Side};
use super::{Sides, subject_in};
use crate::normalize::canonical;
use std::borrow::Cow;
use std::collections::BTreeSet;
use twinlto_facts::build::ImageFacts;
use twinlto_model::{Arch, Finding, Severity};

/// How many symbols to look back for one that still lasts.
const LOOK_BACK: usize = 8;

/// How many aliases of one place are told.
const ALIASES: usize = 16;

/// One function or variable and its place; in order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Placed<'a> {
    /// The number of its name, which is compared faster and orders as the name does.
    id: usize,
    name: &'a str,
    kind: &'static str,
    section: &'a str,
    /// What is odd or shared about its bytes.
    relation: Option<String>,
    /// In which other it begins.
    holder: Option<&'a str>,
}

/// Compares the places of all functions and variables that both sides have as often.
pub(super) fn places(sides: Sides<'_>, both: &Measured<'_>) -> Vec<Finding> {
    let (ours, theirs) = (sections(&both.left), sections(&both.right));
    let (left, right) = rayon::join(
        || placed(sides.arch, &both.left, &ours),
        || placed(sides.arch, &both.right, &theirs),
    );
    let (pair, resized) = (&both.pair, &both.resized);
    let mut findings = Vec::new();
    let (mut left, mut right) = (left.as_slice(), right.as_slice());
    while let (Some(a), Some(b)) = (left.first(), right.first()) {
        let (one, other) = ((a.id, a.kind), (b.id, b.kind));
        let count =
            |list: &[Placed<'_>], key| list.iter().take_while(|it| (it.id, it.kind) == key).count();
        let least = one.min(other);
        let (n, m) = (count(left, least), count(right, least));
        let ((same, rest), (twins, others)) = (left.split_at(n), right.split_at(m));
        if n == m {
            // Of a function that is longer than before, the next begins inside.
            let follows = |it: &Placed<'_>| it.holder.is_some_and(|name| resized.contains(name));
            let differ = |a: &Placed<'_>, b: &Placed<'_>| a != b && !follows(a) && !follows(b);
            let pairs = same.iter().zip(twins).filter(|(a, b)| differ(a, b));
            findings.extend(pairs.map(|(a, b)| {
                let subject = subject_in(pair.name, a.name);
                let key = "symbol.place.changed";
                sides.finding(key, Severity::Warning, &subject, text(a), text(b)).grouped(a.kind)
            }));
        }
        (left, right) = (rest, others);
    }
    findings
}

/// The canonical names of the sections of one side, by number.
fn sections<'s>(side: &'s Side<'_>) -> Vec<Cow<'s, str>> {
    side.image.section_names.iter().map(|name| canonical(name).name).collect()
}

fn text(placed: &Placed<'_>) -> String {
    match &placed.relation {
        Some(relation) => format!("in {}, {relation}", placed.section),
        None => format!("in {}", placed.section),
    }
}

fn placed<'e>(arch: Arch, side: &'e Side<'_>, sections: &'e [Cow<'_, str>]) -> Vec<Placed<'e>> {
    let (image, pieces) = (side.image, side.extents.pieces());
    let mut list = Vec::with_capacity(pieces.len());
    let mut group = 0..0;
    for (at, piece) in pieces.iter().enumerate() {
        if !group.contains(&at) {
            let same = |it: &&Piece<'_>| {
                (it.space(), it.symbol.value) == (piece.space(), piece.symbol.value)
            };
            group = at..at + pieces.get(at..).unwrap_or_default().iter().take_while(same).count();
        }
        let aliases = pieces.get(group.clone()).unwrap_or_default();
        let section = piece.symbol.section.and_then(|index| sections.get(index));
        let holder = holder(pieces, at, group.start);
        list.push(Placed {
            holder: holder.map(|holder| &*holder.name),
            id: piece.id,
            name: &piece.name,
            kind: piece.symbol.kind,
            section: section.map_or("", |name| name),
            relation: relation(arch, image, aliases, (piece, holder)),
        });
    }
    // Those that are equal are so in all that is told of them.
    list.sort_unstable();
    list
}

/// The one that the symbol at `at` begins inside of; `start` is the first at its place.
fn holder<'p, 'a>(pieces: &'p [Piece<'a>], at: usize, start: usize) -> Option<&'p Piece<'a>> {
    let piece = pieces.get(at)?;
    let lasts = |it: &&Piece<'_>| it.space() == piece.space() && it.end() > piece.symbol.value;
    pieces.get(..start)?.iter().rev().take(LOOK_BACK).find(lasts)
}

/// What is odd or shared about the bytes of a symbol; `aliases` are those at its place, itself as well.
fn relation(
    arch: Arch,
    image: &ImageFacts,
    aliases: &[Piece<'_>],
    (piece, holder): (&Piece<'_>, Option<&Piece<'_>>),
) -> Option<String> {
    let mut parts = Vec::new();
    match aliases.len() {
        0 | 1 => {}
        // Every system call that is not there is one function.
        many if many > ALIASES => parts.push(format!("where {many} begin")),
        _ => {
            let others = aliases.iter().filter(|it| !std::ptr::eq(*it, piece));
            let names: BTreeSet<&str> = others.map(|it| &*it.name).collect();
            parts.push(format!("where {} begins", Vec::from_iter(names).join(", ")));
        }
    }
    if let Some(holder) = holder {
        let far = piece.symbol.value - holder.symbol.value;
        parts.push(format!("inside {}+{far:#x}", holder.name));
    }
    let span = piece.symbol.section.and_then(|index| image.section_spans.get(index));
    if let Some(span) = span {
        let start = if image.is_relocatable { 0 } else { span.address };
        if piece.symbol.value < start || piece.end() > start.saturating_add(span.size) {
            parts.push("not within its section".to_owned());
        }
    }
    let instruction = match arch {
        Arch::Arm64 | Arch::Loongarch => 4,
        Arch::Riscv => 2,
        Arch::X86_64 => 1,
    };
    if piece.symbol.kind == "func" && !piece.symbol.value.is_multiple_of(instruction) {
        parts.push("where no instruction can begin".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}
