//! Sections: the same names and permissions; sizes may differ where lld places every function
//! and variable by itself.

use super::growth::{by_symbol, rest, sizes};
use super::labels::labels;
use super::loading::loading;
use super::marks::marks;
use super::measured::{Measured, Measures};
use super::{Pair, Sides, VMLINUX, pairs, subject_in};
use crate::expect::Budget;
use crate::layer::LayerVerdict;
use crate::normalize::told_apart;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{BuildFacts, SectionFacts};
use twinlto_model::{Arch, Finding, Layer, Severity};

/// How much the code of a section may grow or shrink between the modes, in per mille of the
/// larger side. Measured on Linux 7.3 tiny, clang 22: at most 0.4 ‰ (x86_64 and riscv).
const CODE_BUDGET_PER_MILLE: u64 = 5;

/// A difference in code below this many bytes is alignment.
const CODE_SLACK: u64 = 4096;

pub(crate) fn sections(
    sides: Sides<'_>,
    measures: &Measures<'_>,
    budgets: &[Budget],
) -> LayerVerdict {
    let measures = match measures {
        Ok(measures) => measures,
        Err(why) => return LayerVerdict::without(Layer::Sections, why),
    };
    let mut layer = LayerVerdict::new(Layer::Sections);
    for both in measures {
        let pair = &both.pair;
        layer.compared += one_image(sides, both, budgets, &mut layer.findings);
        let (labels, found) = labels(sides, both);
        layer.compared += labels;
        layer.findings.extend(found);
        layer.findings.extend(loading(sides, pair));
        let found = marks(sides, pair, &mut |what| layer.omit_part(what));
        layer.findings.extend(found);
    }
    if layer.compared == 0 {
        layer.omit_all("vmlinux has no sections");
    }
    layer
}

/// The numbers of the budgets that are for a section of these builds.
pub(crate) fn budgets_in_use(
    a: &BuildFacts,
    b: &BuildFacts,
    budgets: &[Budget],
) -> BTreeSet<usize> {
    let mut names = BTreeSet::new();
    let sides = Sides::modes(Arch::X86_64);
    for pair in pairs(sides, a, b).iter().flatten().filter(|_| !budgets.is_empty()) {
        for image in [pair.left, pair.right] {
            let loaded = image.sections.iter().filter(|(_, section)| loaded(section));
            names.extend(loaded.map(|(name, _)| subject_in(pair.name, name)));
        }
    }
    let numbered = budgets.iter().enumerate();
    let used = numbered.filter(|(_, b)| names.iter().any(|name| b.section.matches(name)));
    used.map(|(number, _)| number).collect()
}

/// Sections that are loaded; the rest (symbol tables, comments, debug information) is no part
/// of the kernel's memory.
fn loaded(section: &&SectionFacts) -> bool {
    section.alloc
}

/// Sections by the name that two builds of the same source share.
fn by_name(sections: &BTreeMap<String, SectionFacts>) -> BTreeMap<String, &SectionFacts> {
    let named = told_apart(sections.keys());
    named.filter_map(|(raw, name)| Some((name, sections.get(raw)?))).collect()
}

fn one_image(
    sides: Sides<'_>,
    both: &Measured<'_>,
    budgets: &[Budget],
    findings: &mut Vec<Finding>,
) -> u64 {
    let pair = &both.pair;
    let (ours, theirs) = (by_name(&pair.left.sections), by_name(&pair.right.sections));
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let mut compared = 0;
    let mut alone = Vec::new();
    for name in names {
        let (left, right) = (ours.get(name).copied(), theirs.get(name).copied());
        let (left, right) = (left.filter(loaded), right.filter(loaded));
        if left.is_none() && right.is_none() {
            continue;
        }
        compared += 1;
        let subject = subject_in(pair.name, name);
        match (left, right) {
            (Some(a), Some(b)) => {
                findings.extend(permissions(sides, &subject, a, b));
                findings.extend(kind(sides, &subject, a, b));
                findings.extend(alignment(sides, &subject, a, b));
                let budget = budgets.iter().find(|budget| budget.section.matches(&subject));
                // Placement moves bytes; it never takes all of them away.
                if (a.size == 0) == (b.size == 0) {
                    findings.extend(size(sides, both, (name, a, b), budget));
                } else {
                    findings.push(emptied(sides, &subject, a, b));
                }
            }
            (Some(only), None) | (None, Some(only)) => {
                alone.push((name, left.is_some(), only));
                findings.extend(one_sided(sides, &subject, left, right, only));
            }
            (None, None) => {}
        }
    }
    renamed(both, &alone, findings);
    compared
}

/// Says of a section of one side that it is one of the other under another name, where both are as
/// large, of one kind, and hold the same symbols.
fn renamed(
    both: &Measured<'_>,
    alone: &[(&String, bool, &SectionFacts)],
    findings: &mut [Finding],
) {
    let alike = |a: &SectionFacts, b: &SectionFacts| {
        (a.size, &a.kind, a.alloc) == (b.size, &b.kind, b.alloc) && a.size > 0
    };
    for (name, _, ours) in alone.iter().filter(|(_, left, _)| *left) {
        let twins = alone.iter().filter(|(_, left, other)| !left && alike(ours, other));
        let held = sizes(&both.left, name);
        let twin = twins.map(|(twin, ..)| twin).find(|twin| sizes(&both.right, twin) == held);
        let Some(twin) = twin else { continue };
        let cause = format!(
            "{name} is {twin} on the other side: as large, {}, as objcopy --rename-section leaves it",
            if held.is_empty() { "without symbols" } else { "with the same symbols" }
        );
        let subjects = [name, twin].map(|name| subject_in(both.pair.name, name));
        for finding in findings.iter_mut() {
            if finding.subjects().iter().any(|it| subjects.iter().any(|subject| subject == it)) {
                *finding = finding.clone().because(cause.clone()).grouped(cause.clone());
            }
        }
    }
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
    let key = if sides.is_loss(left.is_some()) { "section.lost" } else { "section.added" };
    let finding = |severity| sides.finding(key, severity, subject, text(left), text(right));
    if only.size == 0 {
        let note = finding(Severity::Note).because("it is empty").lawful();
        return Some(note.grouped("empty"));
    }
    Some(finding(Severity::Error))
}

/// A section that is empty on one side alone.
fn emptied(sides: Sides<'_>, subject: &str, a: &SectionFacts, b: &SectionFacts) -> Finding {
    let key = if sides.is_loss(b.size == 0) { "section.lost" } else { "section.added" };
    let text = |s: &SectionFacts| match s.size {
        0 => "empty".to_owned(),
        size => format!("{size} bytes"),
    };
    sides
        .finding(key, Severity::Error, subject, text(a), text(b))
        .because("the section is there on both sides, and on one it has no bytes at all")
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

/// Type and flags beside write and execute: whether strings are merged, whether memory is cleared.
fn kind(sides: Sides<'_>, subject: &str, a: &SectionFacts, b: &SectionFacts) -> Option<Finding> {
    // Writable or executable in one alone is another finding.
    let of =
        |s: &SectionFacts| (s.kind.clone(), s.flags.replace(['W', 'X'], ""), s.related.clone());
    if of(a) == of(b) {
        return None;
    }
    let text =
        |s: &SectionFacts| [s.kind.as_str(), &s.flags, &s.related].join(" ").trim_end().to_owned();
    Some(sides.finding("section.type.changed", Severity::Warning, subject, text(a), text(b)))
}

/// Alignment and size of entries.
fn alignment(
    sides: Sides<'_>,
    subject: &str,
    a: &SectionFacts,
    b: &SectionFacts,
) -> Option<Finding> {
    if (a.align, a.entsize) == (b.align, b.entsize) {
        return None;
    }
    let text = |s: &SectionFacts| match s.entsize {
        0 => format!("aligned to {} bytes", s.align),
        size => format!("aligned to {} bytes, {size} bytes an entry", s.align),
    };
    Some(sides.finding("section.alignment.changed", Severity::Warning, subject, text(a), text(b)))
}

fn size(
    sides: Sides<'_>,
    both: &Measured<'_>,
    (section, a, b): (&str, &SectionFacts, &SectionFacts),
    budget: Option<&Budget>,
) -> Option<Finding> {
    if a.size == b.size {
        return None;
    }
    let pair = &both.pair;
    let subject = subject_in(pair.name, section);
    let (left, right) = (format!("{} bytes", a.size), format!("{} bytes", b.size));
    let finding =
        |key, severity| sides.finding(key, severity, &subject, left.clone(), right.clone());
    if let Some(budget) = budget.filter(|budget| budget.growth.is_exceeded(a.size, b.size)) {
        let limit = format!("what lld's placement is allowed here, {}", budget.growth);
        return Some(finding("section.size.budget", Severity::Warning).not_because(limit));
    }
    let (more, delta) = (a.size.max(b.size), a.size.abs_diff(b.size));
    let code = a.exec && budget.is_none();
    // Sizes are those of a file's headers: any number may stand there.
    let much = u128::from(delta) * 1000 > u128::from(more) * u128::from(CODE_BUDGET_PER_MILLE);
    if code && delta > CODE_SLACK && much {
        let over = finding("section.size.budget", Severity::Warning);
        return Some(match by_symbol(both, section) {
            Some(symbols) => over.because(symbols),
            None if sides.modes => over
                .not_because("placing functions by themselves, which moves code by at most 0.5 %"),
            None if stripped(pair) => over,
            None => over.because(PLACES),
        });
    }
    let note = finding("section.size.changed", Severity::Note);
    Some(if sides.modes {
        let warning = finding("section.size.changed", Severity::Warning);
        between_modes(both, section, (note, warning), budget.is_some())
    } else {
        match by_symbol(both, section) {
            Some(symbols) => note.because(symbols.clone()).grouped(symbols),
            None if stripped(pair) => note.because(NO_SYMBOLS).grouped(NO_SYMBOLS),
            None => match nameless(both, section) {
                // Of relocatable files the bytes themselves are compared.
                Some(cause) if !pair.left.is_relocatable => {
                    finding("section.size.changed", Severity::Warning).because(cause)
                }
                _ => note.because(PLACES).grouped(PLACES),
            },
        }
    })
}

/// That a section has more bytes without a symbol on one side than alignment accounts for.
fn nameless(both: &Measured<'_>, section: &str) -> Option<String> {
    let (ours, theirs) = (rest(&both.left, section), rest(&both.right, section));
    (!ours.is_padding(&theirs)).then(|| {
        format!(
            "{} bytes of it belong to no function or variable on one side and {} on the other, and \
             alignment accounts for at most {} of them",
            ours.rest,
            theirs.rest,
            ours.slack.max(theirs.slack)
        )
    })
}

/// Between the modes a size needs a cause that is shown: the same functions and variables, and
/// padding for the rest. `allowed` is whether the user has a budget for it.
fn between_modes(
    both: &Measured<'_>,
    section: &str,
    (note, warning): (Finding, Finding),
    allowed: bool,
) -> Finding {
    let found = |cause: String| if allowed { note.clone() } else { warning.clone() }.because(cause);
    let (pair, symbols) = (&both.pair, by_symbol(both, section));
    if pair.name != VMLINUX {
        let who = symbols.unwrap_or_else(|| "every symbol has the same size".to_owned());
        return found(format!("modules are compiled and linked alike in both modes; {who}"));
    }
    if stripped(pair) {
        return note.because(NO_SYMBOLS).grouped(NO_SYMBOLS);
    }
    if let Some(cause) = nameless(both, section) {
        return found(cause);
    }
    // What differs in size is judged by itself.
    let cause = symbols.map(|symbols| format!("{symbols} (symbol.size.changed), and padding"));
    let cause = cause.unwrap_or_else(|| PLACED.to_owned());
    note.because(cause.clone()).lawful().grouped(cause)
}

/// Whether one side has no symbols that could tell.
fn stripped(pair: &Pair<'_>) -> bool {
    pair.left.symbols.is_empty() || pair.right.symbols.is_empty()
}

const PLACED: &str = "its functions and variables are the same in both modes; in-process each has a \
                      section of its own, so that they are ordered and aligned one by one";

const NO_SYMBOLS: &str = "without a symbol table nobody can tell of what it has more";

const PLACES: &str = "every symbol has the same size on both sides: order, alignment and padding";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expectations;
    use crate::diff::measured;
    use twinlto_facts::build::{Answer, ImageFacts};
    use twinlto_model::Layer;

    fn build(text: u64, data: u64) -> BuildFacts {
        let mut image = ImageFacts::default();
        for (name, exec, size) in [(".text", true, text), (".data", false, data)] {
            let section = SectionFacts { alloc: true, exec, size, ..SectionFacts::default() };
            image.sections.insert(name.to_owned(), section);
        }
        BuildFacts { image: Answer::Read(image), ..BuildFacts::default() }
    }

    /// Subjects that are over budget, with these sizes and these `[[budget]]`s.
    fn over(ours: (u64, u64), theirs: (u64, u64), budgets: &[(&str, &str)]) -> Vec<String> {
        let entry = |(section, growth): &(&str, &str)| {
            format!("[[budget]]\nsection = '{section}'\ngrowth = '{growth}'\n")
        };
        let text: String = budgets.iter().map(entry).collect();
        let file = Expectations::parse("t.toml", &text).unwrap();
        let (a, b) = (build(ours.0, ours.1), build(theirs.0, theirs.1));
        let sides = Sides::modes(Arch::Arm64);
        let layer = sections(sides, &measured(sides, &a, &b), &file.budgets);
        assert_eq!(layer.layer, Layer::Sections);
        let over = layer.findings.iter().filter(|f| f.key.as_str() == "section.size.budget");
        over.flat_map(|f| f.subjects().into_iter().map(str::to_owned)).collect()
    }

    #[test]
    fn without_a_budget_only_much_more_code_is_over_it() {
        assert!(over((1_000_000, 10), (1_004_000, 900_000), &[]).is_empty());
        assert_eq!(over((1_000_000, 10), (1_010_000, 10), &[]), [".text"]);
        assert_eq!(over((u64::MAX, 10), (1, 10), &[]), [".text"]);
    }

    #[test]
    fn a_budget_stands_in_for_the_limit_of_its_section() {
        let (ours, theirs) = ((1_000_000, 1000), (1_010_000, 1100));
        assert!(over(ours, theirs, &[(".text", "1%")]).is_empty());
        assert_eq!(over(ours, theirs, &[(".text", "4 KiB")]), [".text"]);
        assert_eq!(over(ours, theirs, &[(".data", "5%"), ("*", "2%")]), [".data"]);
    }

    #[test]
    fn a_budget_for_no_section_is_known() {
        let text = "[[budget]]\nsection = '.txt'\ngrowth = '1%'\n\
                    [[budget]]\nsection = '.da*'\ngrowth = '1%'\n";
        let file = Expectations::parse("t.toml", text).unwrap();
        let (a, b) = (build(1, 1), build(1, 1));
        assert_eq!(budgets_in_use(&a, &b, &file.budgets), BTreeSet::from([1]));
    }
}
