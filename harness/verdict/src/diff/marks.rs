//! What files say of themselves: machine and ABI, attributes, producers, notes, groups, kinds of
//! relocations.

use super::{Pair, Sides, subject_in};
use crate::normalize::told_apart;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, ImageFacts};
use twinlto_facts::elf::Mark;
use twinlto_model::{Finding, Severity};

type Marks = BTreeMap<String, String>;

/// Compares them; what cannot be compared goes to `not_compared`.
pub(super) fn marks(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    not_compared: &mut impl FnMut(String),
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = header(sides, pair).into_iter().collect();
    for mark in Mark::ALL {
        match (read(pair.left, mark), read(pair.right, mark)) {
            (Ok(ours), Ok(theirs)) => findings.extend(one_kind(sides, pair, mark, &ours, &theirs)),
            (Err(why), _) | (_, Err(why)) => {
                not_compared(format!("{mark} of {} ({why})", pair.name));
            }
        }
    }
    findings
}

fn read(image: &ImageFacts, mark: Mark) -> Result<Marks, String> {
    match image.marks.get(&mark) {
        Some(Answer::Read(marks)) if mark == Mark::Relocations => Ok(by_name(marks)),
        Some(Answer::Read(marks)) => Ok(marks.clone()),
        Some(Answer::Bad(why)) => Err(why.clone()),
        Some(Answer::Absent) | None => Ok(Marks::new()),
    }
}

/// By the section names that two builds of the same source share.
fn by_name(marks: &Marks) -> Marks {
    let named = told_apart(marks.keys());
    named.filter_map(|(raw, name)| Some((name, marks.get(raw)?.clone()))).collect()
}

fn one_kind(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    mark: Mark,
    ours: &Marks,
    theirs: &Marks,
) -> Vec<Finding> {
    let (key, severity) = match mark {
        Mark::Attributes => ("elf.attributes.changed", Severity::Error),
        Mark::Producers => ("elf.producer.changed", Severity::Warning),
        Mark::Notes => ("elf.note.changed", Severity::Error),
        Mark::Groups => ("elf.group.changed", Severity::Warning),
        Mark::Relocations => ("section.relocations.changed", Severity::Warning),
    };
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let finding = |name: &String| {
        let (left, right) = (ours.get(name), theirs.get(name));
        if left == right {
            return None;
        }
        let say = |value: Option<&String>| value.cloned().unwrap_or_else(|| "not there".to_owned());
        let subject = match mark {
            Mark::Relocations => name.clone(),
            _ => format!("{mark} {name}"),
        };
        let subject = subject_in(pair.name, &subject);
        let new = |severity| sides.finding(key, severity, &subject, say(left), say(right));
        // How many there are follows the code and the data; which kinds there are does not.
        if mark == Mark::Relocations && kinds(left) == kinds(right) {
            let note = new(Severity::Note).because("the same kinds in another number");
            let note = note.grouped("number");
            return Some(if sides.modes { note.lawful() } else { note });
        }
        Some(new(severity))
    };
    names.into_iter().filter_map(finding).collect()
}

/// The kinds without their numbers.
fn kinds(text: Option<&String>) -> BTreeSet<&str> {
    let parts = text.map(String::as_str).unwrap_or_default().split(", ");
    parts.map(|part| part.rsplit_once(' ').map_or(part, |(kind, _)| kind)).collect()
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::Arch;

    fn found(mark: Mark, left: &str, right: &str) -> Vec<(String, Severity)> {
        let image = |text: &str| {
            let named = BTreeMap::from([("x".to_owned(), text.to_owned())]);
            let marks = BTreeMap::from([(mark, Answer::Read(named))]);
            ImageFacts { marks, ..ImageFacts::default() }
        };
        let (left, right) = (image(left), image(right));
        let pair = Pair { name: "vmlinux", left: &left, right: &right };
        let sides = Sides { arch: Arch::Arm64, left: "A", right: "B", modes: false };
        let found = marks(sides, &pair, &mut |what| panic!("{what}"));
        found.iter().map(|f| (f.key.to_string(), f.severity)).collect()
    }

    #[test]
    fn another_kind_of_relocation_is_worse_than_another_number() {
        let relocations = |left, right| found(Mark::Relocations, left, right);
        assert_eq!(relocations("R_A 1, R_B 2", "R_A 1, R_B 2"), []);
        let key = "section.relocations.changed".to_owned();
        assert_eq!(relocations("R_A 1, R_B 2", "R_A 7, R_B 2"), [(key.clone(), Severity::Note)]);
        assert_eq!(relocations("R_A 1", "R_A 1, R_B 2"), [(key, Severity::Warning)]);
    }

    #[test]
    fn a_changed_note_is_an_error() {
        let key = "elf.note.changed".to_owned();
        assert_eq!(found(Mark::Notes, "0300", "0100"), [(key, Severity::Error)]);
    }
}
