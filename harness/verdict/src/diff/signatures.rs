//! Signatures: what other files can call or use is declared alike, as debug information says.

use super::Sides;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::dwarf::{Signature, TypeName};
use twinlto_model::{Finding, Severity};

/// By the linker's name, every declaration.
type Signatures = BTreeMap<String, BTreeSet<Signature>>;

/// Compares what both sides declare; what one side alone has is told with symbols and exports.
pub(super) fn signatures(sides: Sides<'_>, ours: &Signatures, theirs: &Signatures) -> Vec<Finding> {
    let both = ours.iter().filter_map(|(name, left)| Some((name, left, theirs.get(name)?)));
    let differ = both.filter(|(_, left, right)| left != right);
    differ.filter_map(|(name, left, right)| of_name(sides, name, left, right)).collect()
}

/// How many names have a declaration.
pub(super) fn count(ours: &Signatures, theirs: &Signatures) -> u64 {
    ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>().len() as u64
}

fn of_name(
    sides: Sides<'_>,
    name: &str,
    left: &BTreeSet<Signature>,
    right: &BTreeSet<Signature>,
) -> Option<Finding> {
    // A declaration that one side alone has, beside the one of the other side that is most like it.
    let only = |of: &BTreeSet<Signature>, other: &BTreeSet<Signature>| {
        of.iter().find(|it| !other.contains(*it)).cloned()
    };
    let nearest = |to: &Signature, among: &BTreeSet<Signature>| {
        among.iter().min_by_key(|it| changes(to, it).len()).cloned()
    };
    let (a, b) = match (only(left, right), only(right, left)) {
        (Some(a), None) => (a.clone(), nearest(&a, right)?),
        (None, Some(b)) => (nearest(&b, left)?, b),
        (a, b) => (a?, b?),
    };
    let all = changes(&a, &b);
    let in_kind = |means: bool| all.iter().filter(move |change| change.means == means);
    let means = in_kind(true).next().is_some();
    let texts: Vec<&str> = in_kind(means).map(|change| change.text.as_str()).collect();
    let mut cause = texts.join("; ");
    if left.len() > 1 || right.len() > 1 {
        cause.push_str(", in some units");
    }
    let (key, severity) = match means {
        true => ("signature.changed", Severity::Error),
        false => ("signature.spelling", Severity::Warning),
    };
    let shown = |it: &Signature| {
        let attributes = it.attributes.iter().map(|text| format!(", {text}"));
        format!("{}{}", it.declaration, attributes.collect::<String>())
    };
    let finding = sides.finding(key, severity, name, shown(&a), shown(&b));
    let group = format!("{name} {cause}");
    Some(finding.because(cause).grouped(group))
}

/// One change in words.
struct Change {
    text: String,
    /// Whether callers and the callee no longer agree; otherwise the same type is written in
    /// another way.
    means: bool,
}

fn changes(a: &Signature, b: &Signature) -> Vec<Change> {
    let means = |text: String| Change { text, means: true };
    if a.is_function != b.is_function {
        let what = |it: &Signature| if it.is_function { "a function" } else { "a variable" };
        return vec![means(format!("{} -> {}", what(a), what(b)))];
    }
    let what = if a.is_function { "result" } else { "type" };
    let mut all = Vec::from_iter(retyped(what, &a.result, &b.result));
    all.extend(parameters(&a.parameters, &b.parameters));
    match (a.variadic, b.variadic) {
        (true, false) => all.push(means("`...` was removed".to_owned())),
        (false, true) => all.push(means("`...` was inserted".to_owned())),
        _ => {}
    }
    let gone = a.attributes.difference(&b.attributes).map(|text| format!("no longer: {text}"));
    let new = b.attributes.difference(&a.attributes).map(|text| format!("now: {text}"));
    all.extend(gone.chain(new).map(means));
    all
}

/// A type in one place on both sides.
fn retyped(what: &str, a: &TypeName, b: &TypeName) -> Option<Change> {
    if a == b {
        return None;
    }
    let means = a.plain != b.plain;
    let text = if a.spelled == b.spelled {
        format!("{what} {}: {} -> {}", a.spelled, a.plain, b.plain)
    } else if means {
        format!("{what}: {} -> {}", a.spelled, b.spelled)
    } else {
        format!("{what}: {} -> {}, which is the same type", a.spelled, b.spelled)
    };
    Some(Change { text, means })
}

/// Parameters that were removed, inserted or have another type. Numbers count from 1, and on the side
/// that has the parameter.
fn parameters(a: &[TypeName], b: &[TypeName]) -> Vec<Change> {
    let alike = |(x, y): &(&TypeName, &TypeName)| x.plain == y.plain;
    let start = a.iter().zip(b).take_while(alike).count();
    let shorter = a.len().min(b.len()) - start;
    let end = a.iter().rev().zip(b.iter().rev()).take(shorter).take_while(alike).count();
    let (x, y) = (a.get(start..a.len() - end), b.get(start..b.len() - end));
    let (x, y) = (x.unwrap_or_default(), y.unwrap_or_default());
    let written = a.iter().zip(b).take(start).enumerate().chain({
        let ends = a.iter().rev().zip(b.iter().rev()).take(end).enumerate();
        ends.map(|(at, pair)| (a.len() - 1 - at, pair))
    });
    let mut all: Vec<Change> = written
        .filter_map(|(at, (x, y))| retyped(&format!("parameter {}", at + 1), x, y))
        .collect();
    for (at, (x, y)) in x.iter().zip(y).enumerate() {
        all.extend(retyped(&format!("parameter {}", start + at + 1), x, y));
    }
    let both = x.len().min(y.len());
    for (more, what) in [(x, "removed"), (y, "inserted")] {
        for (at, it) in more.iter().enumerate().skip(both) {
            let text = format!("parameter {} {} was {what}", start + at + 1, it.spelled);
            all.push(Change { text, means: true });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::Arch;

    /// `t=int` is a typedef of int.
    fn type_name(text: &str) -> TypeName {
        let (spelled, plain) = text.split_once('=').unwrap_or((text, text));
        TypeName { spelled: spelled.into(), plain: plain.into() }
    }

    /// `result(parameter, parameter, ...) attribute`, or a type.
    fn signature(text: &str) -> Signature {
        let function = text.split_once('(');
        let (result, rest) = function.unwrap_or((text, ")"));
        let (list, attribute) = rest.split_once(')').unwrap();
        let list = list.split(", ").filter(|text| !text.is_empty());
        Signature {
            declaration: text.to_owned(),
            is_function: function.is_some(),
            result: type_name(result),
            parameters: list.clone().filter(|text| *text != "...").map(type_name).collect(),
            variadic: list.clone().any(|text| text == "..."),
            attributes: (!attribute.is_empty())
                .then(|| attribute.trim().to_owned())
                .into_iter()
                .collect(),
        }
    }

    fn told(left: &[&str], right: &[&str]) -> Vec<(String, String)> {
        let all = |texts: &[&str]| {
            Signatures::from([("f".to_owned(), texts.iter().map(|text| signature(text)).collect())])
        };
        let sides = Sides { arch: Arch::Arm64, left: "A", right: "B", modes: false };
        let findings = signatures(sides, &all(left), &all(right));
        findings
            .into_iter()
            .map(|f| (f.key.as_str().to_owned(), f.cause.unwrap_or_default().to_string()))
            .collect()
    }

    #[test]
    fn each_change_of_a_signature_is_told() {
        for (a, b, cause) in [
            ("int(int, int)", "int(int)", "parameter 2 int was removed"),
            ("int(int)", "int(long, int)", "parameter 1 long was inserted"),
            ("int(int, long)", "int(int, short)", "parameter 2: long -> short"),
            ("int(int, long, char)", "int(int, char)", "parameter 2 long was removed"),
            ("int(int)", "long(int)", "result: int -> long"),
            ("int(int, ...)", "int(int)", "`...` was removed"),
            ("int(int)", "int(int, ...)", "`...` was inserted"),
            ("int(t=int)", "int(t=long)", "parameter 1 t: int -> long"),
            ("int", "long", "type: int -> long"),
            ("int", "int()", "a variable -> a function"),
            ("int()", "int() never returns", "now: never returns"),
            ("int() no prototype", "int()", "no longer: no prototype"),
            (
                "int(a, b)",
                "long(b, a, c)",
                "result: int -> long; parameter 1: a -> b; parameter 2: b -> a; parameter 3 c was inserted",
            ),
        ] {
            assert_eq!(told(&[a], &[b]), [("signature.changed".to_owned(), cause.to_owned())]);
            assert_eq!(told(&[a], &[a]), []);
        }
        let same = "parameter 1: t -> int, which is the same type".to_owned();
        let written = told(&["int(t=int)"], &["int(int)"]);
        assert_eq!(written, [("signature.spelling".to_owned(), same)]);
    }

    #[test]
    fn a_declaration_of_one_unit_alone_counts() {
        let some = "parameter 1: int -> long, in some units".to_owned();
        let found = [("signature.changed".to_owned(), some)];
        assert_eq!(told(&["int(int)"], &["int(int)", "int(long)"]), found);
        assert_eq!(told(&["int(int)", "int(long)"], &["int(int)", "int(long)"]), []);
    }
}
