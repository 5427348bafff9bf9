//! Initcalls: the same functions at the same levels in the same order.

use super::Sides;
use crate::layer::LayerVerdict;
use crate::normalize::canonical;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::elf::Initcall;
use twinlto_model::{Arch, Evidence, Finding, Key, Layer, Severity, Site};

pub(crate) fn initcalls(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> LayerVerdict {
    let (ours, theirs) = match (of(a, sides.left), of(b, sides.right)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Ok(_), Err(why)) | (Err(why), Ok(_)) if both_linked(a, b) => {
            return one_sided(sides, a, b, why);
        }
        (Err(why), _) | (_, Err(why)) => return LayerVerdict::without(Layer::Initcalls, why),
    };
    let mut layer = LayerVerdict::new(Layer::Initcalls);
    let levels: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let empty = Vec::new();
    for level in levels {
        let left = ours.get(level).unwrap_or(&empty);
        let right = theirs.get(level).unwrap_or(&empty);
        layer.compared += left.len().max(right.len()) as u64;
        one_level(sides, level, left, right, &mut layer.findings);
    }
    for facts in [a, b] {
        layer.findings.extend(as_scripted(sides.arch, facts));
        if facts.initcall_script == Answer::Absent {
            layer.omit_part(format!("initcalls against {SCRIPT} (it is not there)"));
        }
    }
    if layer.compared == 0 {
        layer.omit_all("vmlinux has no initcall");
    }
    layer
}

/// Whether both sides are linked files that may have a table of initcalls and the symbols that
/// bound it.
fn both_linked(a: &BuildFacts, b: &BuildFacts) -> bool {
    let linked = |facts: &BuildFacts| {
        facts.image.get().is_some_and(|image| !image.is_relocatable && !image.symbols.is_empty())
    };
    linked(a) && linked(b)
}

/// One side has initcalls, and the table of the other is gone or makes no sense.
fn one_sided(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts, why: String) -> LayerVerdict {
    let number = |facts: &BuildFacts| {
        facts.image.get().and_then(|image| image.initcalls.get()).map(Vec::len)
    };
    let mut layer = LayerVerdict::new(Layer::Initcalls);
    let (left, right) = (number(a), number(b));
    layer.compared = left.max(right).unwrap_or_default() as u64;
    if layer.compared == 0 {
        return LayerVerdict::without(Layer::Initcalls, why);
    }
    let say = |number: Option<usize>| match number {
        Some(number) => format!("{number} initcalls"),
        None => "no table that makes sense".to_owned(),
    };
    let key = "initcall.table.lost";
    let finding = sides.finding(key, Severity::Error, "initcalls", say(left), say(right));
    layer.findings.push(finding.because(why));
    layer
}

/// Where kbuild writes the order of initcalls for an LTO link.
const SCRIPT: &str = ".tmp_initcalls.lds";

/// The linker must place initcalls as `.tmp_initcalls.lds` orders them
/// (`scripts/generate_initcall_order.pl`, Linux 7.3).
fn as_scripted(arch: Arch, facts: &BuildFacts) -> Option<Finding> {
    let script = match &facts.initcall_script {
        Answer::Read(script) if !script.is_empty() => script,
        Answer::Absent => return None,
        other => {
            let why = other.why_not(SCRIPT).unwrap_or_else(|| "it orders no initcall".to_owned());
            let site = Site::new(arch, facts.mode, SCRIPT);
            let finding = Finding::new(Key::new("file.unreadable"), Severity::Error, site);
            return Some(finding.because(why.clone()).grouped(why));
        }
    };
    let calls = facts.image.get()?.initcalls.get()?;
    let placed: Vec<String> = calls.iter().filter_map(|call| call.entry.clone()).collect();
    let (known, there): (BTreeSet<&String>, BTreeSet<&String>) =
        (script.iter().collect(), placed.iter().collect());
    if let Some(entry) = placed.iter().find(|entry| !known.contains(entry)) {
        let site = Site::new(arch, facts.mode, entry).sides(
            Evidence::new("linker script", "does not place it").at(SCRIPT),
            Evidence::new("kernel", "an initcall").at("vmlinux"),
        );
        return Some(
            Finding::new(Key::new("initcall.order.script"), Severity::Error, site)
                .because("the order that was generated for the kernel lacks it"),
        );
    }
    let wanted: Vec<String> = script.iter().filter(|e| there.contains(e)).cloned().collect();
    let found: Vec<String> = placed.iter().filter(|e| known.contains(e)).cloned().collect();
    let (entry, before, after) = first_moved(&wanted, &found)?;
    let site = Site::new(arch, facts.mode, entry).sides(
        Evidence::new("linker script", before).at(SCRIPT),
        Evidence::new("kernel", after).at("vmlinux"),
    );
    Some(
        Finding::new(Key::new("initcall.order.script"), Severity::Error, site)
            .because("the kernel was not linked with the order that was generated for it"),
    )
}

/// Level → functions in the order in which they run.
fn of(facts: &BuildFacts, side: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let image = match &facts.image {
        Answer::Read(image) => image,
        other => {
            return Err(format!("{side}: {}", other.why_not("vmlinux").unwrap_or_default()));
        }
    };
    let list: &Vec<Initcall> = match &image.initcalls {
        Answer::Read(list) => list,
        other => {
            return Err(format!("{side}: {}", other.why_not("initcall table").unwrap_or_default()));
        }
    };
    let mut levels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in list {
        let function = canonical(&call.function).name.into_owned();
        levels.entry(call.level.to_string()).or_default().push(function);
    }
    Ok(levels)
}

fn one_level(
    sides: Sides<'_>,
    level: &str,
    left: &[String],
    right: &[String],
    findings: &mut Vec<Finding>,
) {
    let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) =
        (left.iter().collect(), right.iter().collect());
    for function in ours.symmetric_difference(&theirs) {
        let text = |there: bool| {
            if there { format!("level {level}") } else { format!("not at level {level}") }
        };
        let (a, b) = (text(ours.contains(function)), text(theirs.contains(function)));
        findings
            .push(sides.finding("initcall.lost", Severity::Error, function, a, b).grouped(level));
    }
    let common = |list: &[String], other: &BTreeSet<&String>| -> Vec<String> {
        list.iter().filter(|f| other.contains(f)).cloned().collect()
    };
    let (left, right) = (common(left, &theirs), common(right, &ours));
    if let Some((function, before, after)) = first_moved(&left, &right) {
        findings.push(
            sides
                .finding(
                    "initcall.order.changed",
                    Severity::Error,
                    &function,
                    format!("level {level}, {before}"),
                    format!("level {level}, {after}"),
                )
                .grouped(level),
        );
    }
}

/// The first function that does not run where it did, and what runs before it on each side.
pub(crate) fn first_moved(left: &[String], right: &[String]) -> Option<(String, String, String)> {
    let first = capture_diff_slices(Algorithm::Myers, left, right)
        .into_iter()
        .find(|op| op.tag() != DiffTag::Equal)?;
    // What Myers deletes on the left moved away; what it only inserts moved here.
    let function = match first.tag() {
        DiffTag::Insert => right.get(first.new_range().start)?,
        _ => left.get(first.old_range().start)?,
    };
    let after = |list: &[String]| -> Option<String> {
        let at = list.iter().position(|f| f == function)?;
        Some(match at.checked_sub(1).and_then(|i| list.get(i)) {
            Some(before) => format!("after {before}"),
            None => "first".to_owned(),
        })
    };
    Some((function.clone(), after(left)?, after(right)?))
}

#[cfg(test)]
mod tests {
    use super::first_moved;
    use proptest::prelude::*;

    fn list(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_first_moved_initcall_is_named_with_its_neighbours() {
        let moved = first_moved(&list("a b c d"), &list("a c d b"));
        assert_eq!(moved, Some(("b".into(), "after a".into(), "after d".into())));
    }

    proptest! {
        #[test]
        fn an_order_is_changed_exactly_when_the_lists_differ(
            a in Just(list("a b c d e")).prop_shuffle(), b in Just(list("a b c d e")).prop_shuffle()
        ) {
            prop_assert_eq!(first_moved(&a, &b).is_some(), a != b);
        }
    }
}
