//! What became of one definition, in words.

use super::spell::spell;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::kbuild::{
    Definition, Member, TypeKind, enumerators, members, split, split_body,
};

/// How many changes of one type are told; the others are counted.
const TOLD: usize = 3;

/// Structures within structures that are looked into.
const DEEPEST: usize = 16;

/// What became of a definition, where the tokens differ.
pub(super) fn change(tagged: &str, left: &Definition<'_>, right: &Definition<'_>) -> String {
    let (kind, name) = TypeKind::of(tagged);
    match (left.is_unknown(), right.is_unknown()) {
        (true, false) => return "genksyms did not see its definition and now does".to_owned(),
        (false, true) => return "genksyms saw its definition and now does not".to_owned(),
        _ => {}
    }
    let (a, b) = (left.tokens.as_slice(), right.tokens.as_slice());
    let mut said = match kind {
        TypeKind::Struct | TypeKind::Union => bodies("member", a, b, members),
        TypeKind::Enum => bodies("enumerator", a, b, enumerators),
        TypeKind::Typedef => bodies("member", a, b, members),
        TypeKind::Declaration => signature(name, a, b),
        TypeKind::EnumConstant => Vec::new(),
    };
    if said.is_empty() {
        let short = |tokens: &[&str]| {
            let tokens = tokens.strip_prefix(&["typedef"]).unwrap_or(tokens);
            match kind {
                TypeKind::Typedef => spell(tokens.strip_suffix(&[name]).unwrap_or(tokens)),
                _ => spell(tokens),
            }
        };
        said.push(from_to("it", &short(a), &short(b)));
    }
    told(said)
}

fn told(mut said: Vec<String>) -> String {
    let more = said.len().saturating_sub(TOLD);
    said.truncate(TOLD);
    let text = said.join(", ");
    match more {
        0 => text,
        1 => format!("{text}, and one more change"),
        _ => format!("{text}, and {more} more changes"),
    }
}

/// Two long texts that begin alike are spelled alike once they are cut.
fn from_to(what: &str, a: &str, b: &str) -> String {
    if a == b { format!("{what} changed") } else { format!("{what} changed from {a} to {b}") }
}

/// What became of what is in the braces, and of what stands around them.
fn bodies<'a>(
    word: &str,
    a: &[&'a str],
    b: &[&'a str],
    read: impl Fn(&[&'a str]) -> Option<Vec<Member<'a>>>,
) -> Vec<String> {
    let (Some(ours), Some(theirs)) = (read(a), read(b)) else {
        return Vec::new();
    };
    let mut said = lists(word, &ours, &theirs, DEEPEST);
    let around = |tokens: &[&'a str]| {
        let (before, _, after) = split_body(tokens)?;
        Some([before, after].concat())
    };
    if around(a) != around(b) {
        said.push("its attributes changed".to_owned());
    }
    said
}

/// Members by names that are unique in their list: unnamed ones are called by what they are, and
/// a name that comes again has its number.
fn named<'m, 'a>(list: &'m [Member<'a>]) -> Vec<(String, &'m Member<'a>)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut named = Vec::new();
    for member in list {
        let name = match member.name {
            Some(name) => format!("`{name}`"),
            None => unnamed(member),
        };
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        named.push((if *count == 1 { name } else { format!("{name} number {count}") }, member));
    }
    named
}

/// An unnamed member by its kind and, since inserting one must not rename all others, by the first
/// name within it.
fn unnamed(member: &Member<'_>) -> String {
    let mut kind = match member.tokens.first() {
        Some(word @ (&"struct" | &"union")) => (*word).to_owned(),
        _ => return "an unnamed bit-field".to_owned(),
    };
    let mut inner = member.inner();
    for _ in 0..DEEPEST {
        let Some(first) = inner.as_ref().and_then(|list| list.first()) else { break };
        if let Some(name) = first.name {
            kind.push_str(&format!(" of `{name}`"));
            break;
        }
        inner = first.inner();
    }
    format!("the unnamed {kind}")
}

fn lists(word: &str, ours: &[Member<'_>], theirs: &[Member<'_>], deepest: usize) -> Vec<String> {
    let (ours, theirs) = (named(ours), named(theirs));
    let names = |list: &[(String, &Member<'_>)]| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).collect()
    };
    let (left, right) = (names(&ours), names(&theirs));
    let left_of: BTreeMap<&str, &Member<'_>> = ours.iter().map(|(n, m)| (n.as_str(), *m)).collect();
    let right_of: BTreeMap<&str, &Member<'_>> =
        theirs.iter().map(|(n, m)| (n.as_str(), *m)).collect();
    let call =
        |name: &str| if name.starts_with('`') { format!("{word} {name}") } else { name.to_owned() };
    let mut said = Vec::new();
    let mut moved = BTreeSet::new();
    for op in capture_diff_slices(Algorithm::Myers, &left, &right) {
        let gone = left.get(op.old_range()).unwrap_or_default();
        let come = right.get(op.new_range()).unwrap_or_default();
        if op.tag() == DiffTag::Equal {
            for name in gone {
                let (Some(a), Some(b)) = (left_of.get(name.as_str()), right_of.get(name.as_str()))
                else {
                    continue;
                };
                said.extend(one(word, &call(name), a, b, deepest));
            }
            continue;
        }
        if let ([old], [new]) = (gone, come)
            && let (Some(a), Some(b)) = (left_of.get(old.as_str()), right_of.get(new.as_str()))
            && a.tokens == b.tokens
            && !right_of.contains_key(old.as_str())
            && !left_of.contains_key(new.as_str())
        {
            said.push(format!("{} was renamed to {new}", call(old)));
            continue;
        }
        for name in gone {
            if right_of.contains_key(name.as_str()) {
                moved.insert(name.clone());
            } else {
                let kind = left_of.get(name.as_str()).map(|m| of_type(word, m)).unwrap_or_default();
                said.push(format!("{}{kind} was removed", call(name)));
            }
        }
        for name in come {
            if !left_of.contains_key(name.as_str()) {
                let kind =
                    right_of.get(name.as_str()).map(|m| of_type(word, m)).unwrap_or_default();
                said.push(format!("{}{kind} was inserted {}", call(name), place(&right, name)));
            }
        }
    }
    for name in &moved {
        let (before, after) = (place(&left, name), place(&right, name));
        said.push(format!("{} was moved: it stood {before} and now {after}", call(name)));
        if let (Some(a), Some(b)) = (left_of.get(name.as_str()), right_of.get(name.as_str())) {
            said.extend(one(word, &call(name), a, b, deepest));
        }
    }
    said
}

/// `after X`, or `at the beginning`.
fn place(list: &[String], name: &String) -> String {
    let at = list.iter().position(|it| it == name).and_then(|at| at.checked_sub(1));
    match at.and_then(|at| list.get(at)) {
        Some(before) => format!("after {before}"),
        None => "at the beginning".to_owned(),
    }
}

/// ` (int)`; of an enumerator its value.
fn of_type(word: &str, member: &Member<'_>) -> String {
    let text = spell(&member.tokens);
    let is_clear = member.name.is_none() || text.is_empty();
    match word {
        _ if is_clear => String::new(),
        "enumerator" => format!(" ({text})"),
        _ if member.tokens.contains(&"{") => {
            format!(" ({})", member.tokens.first().copied().unwrap_or_default())
        }
        _ => format!(" ({text})"),
    }
}

/// What became of one member that both sides have.
fn one(word: &str, called: &str, a: &Member<'_>, b: &Member<'_>, deepest: usize) -> Vec<String> {
    if a.tokens == b.tokens {
        return Vec::new();
    }
    if let (Some(ours), Some(theirs), Some(deeper)) = (a.inner(), b.inner(), deepest.checked_sub(1))
    {
        let inside = lists(word, &ours, &theirs, deeper);
        if !inside.is_empty() {
            return inside.into_iter().map(|said| format!("in {called}, {said}")).collect();
        }
    }
    let what = match word {
        "enumerator" => format!("the value of {called}"),
        _ => format!("the type of {called}"),
    };
    let value = |member: &Member<'_>| {
        let tokens = member.tokens.strip_prefix(&["="]).unwrap_or(&member.tokens);
        if tokens.is_empty() { "the next one".to_owned() } else { spell(tokens) }
    };
    vec![from_to(&what, &value(a), &value(b))]
}

/// What became of a function's result and parameters; nothing where it is no function on both
/// sides, or another kind of one.
fn signature(name: &str, a: &[&str], b: &[&str]) -> Vec<String> {
    let (Some((result_a, list_a, rest_a)), Some((result_b, list_b, rest_b))) =
        (function(name, a), function(name, b))
    else {
        return Vec::new();
    };
    let mut said = Vec::new();
    if result_a != result_b {
        said.push(from_to("the return type", &spell(result_a), &spell(result_b)));
    }
    said.extend(parameters(&split(list_a, ","), &split(list_b, ",")));
    if rest_a != rest_b {
        said.push("its attributes changed".to_owned());
    }
    said
}

/// Result, parameters, and what follows: `int`, `s#file *` and nothing of `int f ( s#file * )`.
fn function<'t, 'a>(
    name: &str,
    tokens: &'t [&'a str],
) -> Option<(&'t [&'a str], &'t [&'a str], &'t [&'a str])> {
    let at = tokens.iter().position(|token| *token == name)?;
    let (result, from) = tokens.split_at_checked(at)?;
    let inside = from.get(1..)?.strip_prefix(&["("])?;
    // Splitting at the parenthesis that closes the one that was taken off.
    let mut depth = 1_usize;
    let close = inside.iter().position(|token| {
        match *token {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let (list, after) = inside.split_at_checked(close)?;
    Some((result, list, after.get(1..).unwrap_or_default()))
}

fn parameters(a: &[&[&str]], b: &[&[&str]]) -> Vec<String> {
    let none = |list: &[&[&str]]| matches!(list, [] | [[]] | [["void"]]);
    let a = if none(a) { &[] } else { a };
    let b = if none(b) { &[] } else { b };
    let mut said = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, a, b) {
        let old: Vec<_> = op.old_range().zip(a.get(op.old_range()).unwrap_or_default()).collect();
        let new: Vec<_> = op.new_range().zip(b.get(op.new_range()).unwrap_or_default()).collect();
        if op.tag() == DiffTag::Equal {
            continue;
        }
        for pair in 0..old.len().max(new.len()) {
            said.push(match (old.get(pair), new.get(pair)) {
                (Some((at, left)), Some((_, right))) => {
                    let what = format!("parameter {}", at + 1);
                    from_to(&what, &spell(left), &spell(right))
                }
                (Some((at, left)), None) => {
                    format!("parameter {} ({}) was removed", at + 1, spell(left))
                }
                (None, Some((at, right))) => {
                    format!("parameter {} ({}) was added", at + 1, spell(right))
                }
                (None, None) => continue,
            });
        }
    }
    said
}

#[cfg(test)]
mod tests;
