use super::files::is_bitcode;
use super::{Place, with_evidence};
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, BuildFacts, FileFacts};
use twinlto_facts::elf::ObjectKind;
use twinlto_facts::kbuild::native_path;
use twinlto_model::{Evidence, Finding};

/// Judges `builtin.order` and `vmlinux.a` against the index.
pub(super) fn judge(
    place: Place,
    facts: &BuildFacts,
    order: &[String],
    index: &[String],
) -> Vec<Finding> {
    let in_index: BTreeSet<&str> = index.iter().map(String::as_str).collect();
    let mut findings = outside_index(place, facts);
    let mut seen = BTreeSet::new();
    for name in index.iter().filter(|name| !seen.insert(*name)) {
        let finding = place.error("index.duplicated", name);
        findings.push(finding.because("vmlinux.thinlto-index lists it more than once"));
    }
    let in_order: BTreeSet<&str> = order.iter().map(String::as_str).collect();
    for name in in_index.difference(&in_order) {
        findings.push(
            place
                .error("index.unknown-object", name)
                .because("the index lists an object that builtin.order does not"),
        );
    }
    findings.extend(not_made(place, facts, &in_index));
    if let Some(members) = facts.archive.get() {
        let expected: Vec<String> =
            order
                .iter()
                .map(|name| {
                    if in_index.contains(name.as_str()) { native_path(name) } else { name.clone() }
                })
                .collect();
        findings.extend(members_one_to_one(place, &expected, members));
        findings.extend(member_order(place, &expected, members));
    }
    findings
}

/// Members that the archiver was told to take and that nobody makes: the archive is missing for
/// that reason.
fn not_made(place: Place, facts: &BuildFacts, in_index: &BTreeSet<&str>) -> Vec<Finding> {
    let members: BTreeSet<&String> = facts.log.members_not_found.iter().collect();
    let is_absent = facts.archive.get().is_none();
    members
        .into_iter()
        .filter(|_| is_absent)
        .filter_map(|native| Some((native, ir_name(native)?)))
        .filter(|(_, ir)| facts.other_objects.contains_key(ir) && !in_index.contains(ir.as_str()))
        .map(|(native, ir)| not_indexed(place, native, &ir, "told to llvm-ar"))
        .collect()
}

/// `X.o` of `X.thinlto-native.o`.
fn ir_name(native: &str) -> Option<String> {
    native.strip_suffix(".thinlto-native.o").map(|stem| format!("{stem}.o"))
}

/// An archive that is there and makes no sense.
pub(super) fn unreadable(place: Place, facts: &BuildFacts) -> Option<Finding> {
    match &facts.archive {
        Answer::Bad(why) => Some(place.error("file.unreadable", "vmlinux.a").because(why)),
        Answer::Read(members) if members.is_empty() => {
            Some(place.error("file.unreadable", "vmlinux.a").because("it has no members"))
        }
        _ => None,
    }
}

/// What is not an IR object is a whole ELF object; anything else is damage.
pub(super) fn unfit_members(place: Place, facts: &BuildFacts) -> Vec<Finding> {
    let unfit = |file: &FileFacts| match &file.kind {
        Some(ObjectKind::Elf(_)) => file.damage.clone(),
        // What the thin link should have taken is judged by the index.
        Some(ObjectKind::Bitcode { .. }) if place.mode.has_native_objects() => None,
        Some(kind) => Some(kind.to_string()),
        None => Some(file.why_not().to_owned()),
    };
    let members = facts.other_objects.iter();
    members
        .filter_map(|(name, file)| Some((name, unfit(file)?)))
        .map(|(name, what)| {
            place
                .error("archive.member.unfit", name)
                .because(format!("it is no sound object: {what}"))
                .grouped(what)
        })
        .collect()
}

/// An object of `builtin.order` that the index lacks must not be bitcode: no backend makes it
/// native, and it stays bitcode in `vmlinux.a`.
fn outside_index(place: Place, facts: &BuildFacts) -> Vec<Finding> {
    let bitcode = facts.other_objects.iter().filter(|(_, f)| is_bitcode(f));
    bitcode
        .map(|(name, _)| {
            if facts.unlisted_indexes.contains(name) {
                return place
                    .error("index.list.cut", name)
                    .because(
                        "the thin link wrote its index, and vmlinux.thinlto-index does not list \
                         it: the list is not whole",
                    )
                    .known_as("native-omitted")
                    .remedy("run the thin link again");
            }
            place
                .error("ir.outside-index", name)
                .because("bitcode that the thin link did not index, such as a regular LTO object")
                .known_as("full-lto-partition")
        })
        .collect()
}

fn members_one_to_one(place: Place, expected: &[String], members: &[String]) -> Vec<Finding> {
    let count = |list: &[String]| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for name in list {
            *counts.entry(name.clone()).or_default() += 1;
        }
        counts
    };
    let (wanted, found) = (count(expected), count(members));
    let mut findings = Vec::new();
    for (name, times) in &wanted {
        match found.get(name) {
            Some(n) if n == times => {}
            Some(n) if n > times => findings.push(
                place
                    .error("archive.member.duplicated", name)
                    .because(format!("vmlinux.a holds it {n} times"))
                    .known_as("native-duplicated"),
            ),
            Some(n) => findings.push(
                place
                    .error("archive.member.missing", name)
                    .because(format!("builtin.order lists it {times} times, vmlinux.a holds {n}")),
            ),
            None => findings.push(missing_member(place, name, &found)),
        }
    }
    // An IR object in the place of its native object was named as that.
    let instead = |name: &String| wanted.contains_key(&native_path(name));
    for name in found.keys().filter(|name| !wanted.contains_key(*name) && !instead(name)) {
        findings.push(extra_member(place, name, &wanted));
    }
    findings
}

fn missing_member(place: Place, name: &str, found: &BTreeMap<String, usize>) -> Finding {
    match ir_name(name).filter(|ir| found.contains_key(ir)) {
        Some(ir) => with_evidence(
            place.error("archive.member.ir", &ir),
            Some(Evidence::new("expected", name)),
            Some(Evidence::new("vmlinux.a", &ir)),
        )
        .because("the archive holds the IR object instead of its native object")
        .known_as("native-omitted"),
        None => place
            .error("archive.member.missing", name)
            .because("vmlinux.a does not hold it")
            .known_as("native-omitted"),
    }
}

fn extra_member(place: Place, name: &str, wanted: &BTreeMap<String, usize>) -> Finding {
    match ir_name(name).filter(|ir| wanted.contains_key(ir)) {
        Some(ir) => not_indexed(place, name, &ir, "vmlinux.a"),
        None => place
            .error("archive.member.extra", name)
            .because("vmlinux.a holds an object that builtin.order does not list"),
    }
}

fn not_indexed(place: Place, native: &str, ir: &str, side: &str) -> Finding {
    with_evidence(
        place.error("archive.member.not-indexed", ir),
        Some(Evidence::new("expected", ir)),
        Some(Evidence::new(side, native)),
    )
    .because(
        "it is mapped to a native object though the index does not list it: its name is part of \
         another object's",
    )
    .known_as("grep-substring")
}

/// Initcalls of one level run in archive order, so it must be the order of `builtin.order`.
fn member_order(place: Place, expected: &[String], members: &[String]) -> Option<Finding> {
    let finding = moved(place, expected, members, ["builtin.order", "vmlinux.a"])?;
    Some(finding.because("the archive was not made in the order of builtin.order"))
}

/// Both modes link the same objects in the same order: `builtin.order` holds that of the in-process
/// archive.
pub(super) fn same_order(place: Place, order: &[String], twin: &[String]) -> Option<Finding> {
    let sides = ["in-process vmlinux.a", "builtin.order"];
    let finding = moved(place, twin, order, sides)?;
    let cause = "builtin.order is not in the order of the archive that it is made from, which is that of \
                 the in-process link";
    Some(finding.because(cause).remedy("scripts/Makefile.vmlinux_a"))
}

/// The first object that stands elsewhere in one of two lists.
fn moved(
    place: Place,
    expected: &[String],
    members: &[String],
    [left, right]: [&str; 2],
) -> Option<Finding> {
    let in_both = |list: &[String], other: &[String]| -> Vec<String> {
        let other: BTreeSet<&String> = other.iter().collect();
        let mut seen = BTreeSet::new();
        // Only the first of several: how many there are is another finding.
        list.iter().filter(|name| other.contains(name) && seen.insert(*name)).cloned().collect()
    };
    let (wanted, found) = (in_both(expected, members), in_both(members, expected));
    if wanted == found {
        return None;
    }
    let first = capture_diff_slices(Algorithm::Myers, &wanted, &found)
        .into_iter()
        .find(|op| op.tag() != DiffTag::Equal)?;
    let at = first.old_range().start;
    let subject = wanted.get(at).or(wanted.last())?;
    let after = |list: &[String], at: usize| {
        at.checked_sub(1)
            .and_then(|i| list.get(i))
            .map_or("first".to_owned(), |before| format!("after {before}"))
    };
    let found_at = found.iter().position(|name| name == subject)?;
    Some(
        with_evidence(
            place.error("archive.order.changed", subject),
            Some(Evidence::new(left, after(&wanted, at))),
            Some(Evidence::new(right, after(&found, found_at))),
        )
        .known_as("order-lost"),
    )
}
