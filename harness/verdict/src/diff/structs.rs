//! How two definitions of one type differ, in words: what was changed, not what moved with it.

use std::collections::BTreeMap;
use twinlto_facts::dwarf::{Layout, Member};

/// A difference between two definitions, and what both sides hold at the first place.
pub(super) struct Change {
    pub(super) cause: String,
    pub(super) left: String,
    pub(super) right: String,
}

/// So many changes of one type are told, and the others counted.
const TOLD: usize = 3;

/// One change, and from which place on it moves what follows.
struct Step {
    text: String,
    left: String,
    right: String,
    /// Units: bits; the first place on the left and on the right that it may have moved.
    from: (u64, u64),
}

pub(super) fn describe(a: &Layout, b: &Layout) -> Change {
    let mut steps = members(a, b);
    steps.extend(values(a, b));
    if a.align != b.align {
        let text = |align: Option<u64>| align.map_or("none".to_owned(), |n| n.to_string());
        let (left, right) = (text(a.align), text(b.align));
        steps.push(step(format!("asked alignment {left} -> {right}"), (left, right), (0, 0)));
    }
    steps.extend(moves(a, b, &steps));
    let size = |layout: &Layout| layout.size.map_or("no size".to_owned(), |n| n.to_string());
    if a.size != b.size {
        let text = format!("size {} -> {}", size(a), size(b));
        let sides = (format!("size {}", size(a)), format!("size {}", size(b)));
        steps.push(step(text, sides, (0, 0)));
    }
    if steps.is_empty() {
        let order = |layout: &Layout| {
            layout.members.iter().map(|m| m.path.as_str()).take(4).collect::<Vec<_>>().join(", ")
        };
        let text = "its members stand in another order".to_owned();
        steps.push(step(text, (order(a), order(b)), (0, 0)));
    }
    let mut texts: Vec<&str> = steps.iter().map(|step| step.text.as_str()).take(TOLD).collect();
    let more = format!("{} more changes", steps.len().saturating_sub(TOLD));
    if steps.len() > TOLD {
        texts.push(&more);
    }
    let cause = texts.join("; ");
    let (left, right) = match steps.into_iter().next() {
        Some(first) => (first.left, first.right),
        None => (String::new(), String::new()),
    };
    Change { cause, left, right }
}

fn step(text: String, (left, right): (String, String), from: (u64, u64)) -> Step {
    Step { text, left, right, from }
}

/// `offset 8`, `offset 8 bit 3`.
fn place(bits: u64) -> String {
    match bits % 8 {
        0 => format!("offset {}", bits / 8),
        bit => format!("offset {} bit {bit}", bits / 8),
    }
}

fn told(member: &Member) -> String {
    let bits = member.bit_size.map_or(String::new(), |bits| format!(":{bits}"));
    format!("`{}`{bits} ({}) at {}", member.path, member.type_name, place(member.offset))
}

/// Members of one side alone, and those that have another type or size.
fn members(a: &Layout, b: &Layout) -> Vec<Step> {
    let (ours, theirs) = (by_path(a), by_path(b));
    let gone = outermost(a, &theirs);
    let new = outermost(b, &ours);
    let mut steps = Vec::new();
    let none = || "no such member".to_owned();
    if let ([old], [young]) = (gone.as_slice(), new.as_slice())
        && (old.offset, &old.type_name, old.bit_size)
            == (young.offset, &young.type_name, young.bit_size)
    {
        let text = format!("member `{}` is called `{}`", old.path, young.path);
        steps.push(step(text, (told(old), told(young)), (old.offset, young.offset)));
    } else {
        for old in gone {
            let text = format!("member `{}` was removed at {}", old.path, place(old.offset));
            steps.push(step(text, (told(old), none()), (old.offset, old.offset)));
        }
        for young in new {
            let text = format!("member `{}` was inserted at {}", young.path, place(young.offset));
            steps.push(step(text, (none(), told(young)), (young.offset, young.offset)));
        }
    }
    for old in &a.members {
        let Some(young) = theirs.get(old.path.as_str()) else { continue };
        let from = (old.offset, young.offset);
        let size = |member: &Member| member.size.map_or("?".to_owned(), |size| size.to_string());
        let bits = |member: &Member| member.bit_size.map_or("all".to_owned(), |n| n.to_string());
        let (what, x, y) = if old.type_name != young.type_name {
            ("type", old.type_name.clone(), young.type_name.clone())
        } else if old.plain_name != young.plain_name {
            // A typedef that means another type now.
            ("type", old.plain_name.clone(), young.plain_name.clone())
        } else if old.size != young.size {
            ("size", size(old), size(young))
        } else if old.bit_size != young.bit_size {
            ("bits", bits(old), bits(young))
        } else {
            continue;
        };
        let text = format!("member `{}`: {what} {x} -> {y}", old.path);
        steps.push(step(
            text,
            (format!("`{}` {what} {x}", old.path), format!("`{}` {what} {y}", old.path)),
            from,
        ));
    }
    steps
}

fn by_path(layout: &Layout) -> BTreeMap<&str, &Member> {
    layout.members.iter().map(|member| (member.path.as_str(), member)).collect()
}

/// Members that the other side has not; without those that lie in one that it has not.
fn outermost<'a>(layout: &'a Layout, other: &BTreeMap<&str, &Member>) -> Vec<&'a Member> {
    let own = by_path(layout);
    let is_alone = |path: &str| own.contains_key(path) && !other.contains_key(path);
    let inside = |path: &str| {
        let ends = path.match_indices(['.', '[', '-']).map(|(end, _)| end);
        ends.filter_map(|end| path.get(..end)).any(is_alone)
    };
    let members = layout.members.iter();
    members.filter(|m| !other.contains_key(m.path.as_str()) && !inside(&m.path)).collect()
}

/// The first member that moved without one of these changes before it.
fn moves(a: &Layout, b: &Layout, steps: &[Step]) -> Option<Step> {
    let theirs = by_path(b);
    let explained = |old: &Member, young: &Member| {
        steps.iter().any(|step| step.from.0 <= old.offset || step.from.1 <= young.offset)
    };
    let pairs = a.members.iter().filter_map(|old| Some((old, *theirs.get(old.path.as_str())?)));
    let mut moved =
        pairs.filter(|(old, young)| old.offset != young.offset && !explained(old, young));
    let (old, young) = moved.next()?;
    let (x, y) = (place(old.offset), place(young.offset));
    let to = y.strip_prefix("offset ").unwrap_or(&y);
    let mut text = format!("member `{}` moved from {x} to {to}", old.path);
    match moved.count() {
        0 => {}
        1 => text.push_str(", and 1 other"),
        n => text.push_str(&format!(", and {n} others")),
    }
    Some(step(text, (told(old), told(young)), (old.offset, young.offset)))
}

/// Enumerators of one side alone or with another value.
fn values(a: &Layout, b: &Layout) -> Vec<Step> {
    let table =
        |layout: &Layout| -> BTreeMap<String, i128> { layout.values.iter().cloned().collect() };
    let (ours, theirs) = (table(a), table(b));
    let none = || "no such value".to_owned();
    let mut steps = Vec::new();
    for (name, old) in &a.values {
        match theirs.get(name) {
            Some(young) if young == old => {}
            Some(young) => {
                let text = format!("value `{name}` {old} -> {young}");
                steps.push(step(text, (old.to_string(), young.to_string()), (0, 0)));
            }
            None => {
                let text = format!("value `{name}` = {old} was removed");
                steps.push(step(text, (old.to_string(), none()), (0, 0)));
            }
        }
    }
    for (name, young) in b.values.iter().filter(|(name, _)| !ours.contains_key(name)) {
        let text = format!("value `{name}` = {young} was inserted");
        steps.push(step(text, (none(), young.to_string()), (0, 0)));
    }
    steps
}

/// The type in it whose size alone makes it differ, if there is one: the members are the same, and
/// the first that moved or grew stands behind or holds it.
pub(super) fn follows<'a>(
    a: &'a Layout,
    b: &Layout,
    is_changed: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    let same = |(x, y): (&Member, &Member)| {
        (&x.path, &x.type_name, &x.plain_name, x.bit_size)
            == (&y.path, &y.type_name, &y.plain_name, y.bit_size)
    };
    let alike = a.members.len() == b.members.len()
        && a.members.iter().zip(&b.members).all(same)
        && (a.align, &a.values) == (b.align, &b.values);
    if !alike {
        return None;
    }
    for (x, y) in a.members.iter().zip(&b.members) {
        if x.size != y.size {
            return x.embeds.as_deref().filter(|key| is_changed(key));
        }
        if x.offset != y.offset {
            return None;
        }
    }
    None
}
