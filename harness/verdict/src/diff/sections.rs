//! Sections: the same names and permissions; sizes may differ where lld places every function
//! and variable by itself.

use super::growth::by_symbol;
use super::{Pair, Sides, pairs, subject_in};
use crate::layer::LayerVerdict;
use std::collections::BTreeSet;
use twinlto_facts::build::{BuildFacts, SectionFacts};
use twinlto_model::{Finding, Layer, Severity};

/// How much the code of a section may grow or shrink between the modes, in per mille of the
/// larger side. Measured on Linux 7.3 tiny, clang 22: at most 0.4 ‰ (x86_64 and riscv).
const CODE_BUDGET_PER_MILLE: u64 = 5;

/// A difference in code below this many bytes is alignment.
const CODE_SLACK: u64 = 4096;

pub(crate) fn sections(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> LayerVerdict {
    let pairs = match pairs(sides, a, b) {
        Ok(pairs) => pairs,
        Err(why) => return LayerVerdict::without(Layer::Sections, why),
    };
    let mut layer = LayerVerdict::new(Layer::Sections);
    for pair in &pairs {
        layer.compared += one_image(sides, pair, &mut layer.findings);
        layer.findings.extend(header(sides, pair));
    }
    if layer.compared == 0 {
        layer.omit_all("vmlinux has no sections");
    }
    layer
}

/// Sections that are loaded; the rest (symbol tables, comments, debug information) is no part
/// of the kernel's memory.
fn loaded(section: &&SectionFacts) -> bool {
    section.alloc
}

fn one_image(sides: Sides<'_>, pair: &Pair<'_>, findings: &mut Vec<Finding>) -> u64 {
    let (ours, theirs) = (&pair.left.sections, &pair.right.sections);
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let mut compared = 0;
    for name in names {
        let (left, right) = (ours.get(name).filter(loaded), theirs.get(name).filter(loaded));
        if left.is_none() && right.is_none() {
            continue;
        }
        compared += 1;
        let subject = subject_in(pair.name, name);
        match (left, right) {
            (Some(a), Some(b)) => {
                findings.extend(permissions(sides, &subject, a, b));
                findings.extend(size(sides, pair, name, a, b));
            }
            (Some(only), None) | (None, Some(only)) => {
                findings.extend(one_sided(sides, &subject, left, right, only));
            }
            (None, None) => {}
        }
    }
    compared
}

fn one_sided(
    sides: Sides<'_>,
    subject: &str,
    left: Option<&SectionFacts>,
    right: Option<&SectionFacts>,
    only: &SectionFacts,
) -> Option<Finding> {
    let text = |s: Option<&SectionFacts>| {
        s.map_or("not there".to_owned(), |s| format!("{} bytes, {}", s.size, s.flags))
    };
    let key = if left.is_some() { "section.added" } else { "section.lost" };
    let finding = |severity| sides.finding(key, severity, subject, text(left), text(right));
    if only.size == 0 {
        let note = finding(Severity::Note).because("it is empty").lawful();
        return Some(note.grouped("empty"));
    }
    Some(finding(Severity::Error))
}

fn permissions(
    sides: Sides<'_>,
    subject: &str,
    a: &SectionFacts,
    b: &SectionFacts,
) -> Option<Finding> {
    if (a.write, a.exec) == (b.write, b.exec) {
        return None;
    }
    let text = |s: &SectionFacts| {
        let both = if s.write && s.exec { " (writable and executable)" } else { "" };
        format!("{}{both}", s.flags)
    };
    Some(sides.finding("section.permissions.changed", Severity::Error, subject, text(a), text(b)))
}

fn size(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    section: &str,
    a: &SectionFacts,
    b: &SectionFacts,
) -> Option<Finding> {
    if a.size == b.size {
        return None;
    }
    let subject = subject_in(pair.name, section);
    let (left, right) = (format!("{} bytes", a.size), format!("{} bytes", b.size));
    let finding =
        |key, severity| sides.finding(key, severity, &subject, left.clone(), right.clone());
    let (more, delta) = (a.size.max(b.size), a.size.abs_diff(b.size));
    if a.exec && delta > CODE_SLACK && delta * 1000 > more * CODE_BUDGET_PER_MILLE {
        let over = finding("section.size.budget", Severity::Warning);
        return Some(match by_symbol(pair, section) {
            Some(symbols) => over.because(symbols),
            None if sides.modes => over
                .not_because("placing functions by themselves, which moves code by at most 0.5 %"),
            None => over.because(PLACES),
        });
    }
    let note = finding("section.size.changed", Severity::Note);
    Some(if sides.modes {
        note.because(
            "lld gives every function and variable a section of its own in-process, so they are \
             merged, ordered and aligned one by one",
        )
        .lawful()
        .grouped("placement")
    } else {
        match by_symbol(pair, section) {
            Some(symbols) => note.because(symbols.clone()).grouped(symbols),
            None => note.because(PLACES).grouped(PLACES),
        }
    })
}

const PLACES: &str = "every symbol has the same size on both sides: order, alignment and padding";

/// Machine and ABI of the linked file.
fn header(sides: Sides<'_>, pair: &Pair<'_>) -> Option<Finding> {
    let (a, b) = (pair.left, pair.right);
    if (a.e_machine, a.e_flags) == (b.e_machine, b.e_flags) {
        return None;
    }
    let text = |machine: u16, flags: u32| format!("e_machine {machine}, e_flags {flags:#x}");
    Some(sides.finding(
        "elf.header.changed",
        Severity::Error,
        pair.name,
        text(a.e_machine, a.e_flags),
        text(b.e_machine, b.e_flags),
    ))
}
