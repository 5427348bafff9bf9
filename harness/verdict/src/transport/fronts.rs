//! The front ends of both modes: the same IR objects need the same options.

use super::options::changes;
use super::severity_of;
use crate::diff::Sides;
use rayon::prelude::*;
use std::collections::BTreeMap;
use twinlto_facts::build::{Answer, BuildFacts, CommandText};
use twinlto_facts::flags::{lex, resolve};
use twinlto_model::{Finding, Key, Mode, Severity, Site};

/// Compares the front-end commands of the objects that both builds have.
pub(crate) fn fronts(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Finding> {
    let names: Vec<_> = a.objects.iter().collect();
    let found: Vec<Vec<Finding>> = names
        .par_iter()
        .filter_map(|(name, ours)| {
            let theirs = &b.objects.get(*name)?.front;
            Some(match (&ours.front, theirs) {
                (Answer::Read(x), Answer::Read(y)) if x.text == y.text => Vec::new(),
                (Answer::Read(x), Answer::Read(y)) => one(sides, name, x, y),
                (Answer::Read(_), missing) => vec![unreadable(sides, name, missing)],
                // The first side's own commands are judged with their backends.
                _ => Vec::new(),
            })
        })
        .collect();
    found.concat()
}

/// One object: a finding for all options that differ alike.
fn one(sides: Sides<'_>, name: &str, a: &CommandText, b: &CommandText) -> Vec<Finding> {
    let (Ok(ours), Ok(theirs)) = (lex(&a.text), lex(&b.text)) else {
        return Vec::new();
    };
    let (Some(ours), Some(theirs)) = (ours.first(), theirs.first()) else {
        return Vec::new();
    };
    let (ours, theirs) = (resolve(&ours.words), resolve(&theirs.words));
    let mut by_severity: BTreeMap<Severity, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for change in changes(&ours, &theirs) {
        if let Some(severity) = severity_of(&change) {
            let (left, right) = by_severity.entry(severity).or_default();
            left.extend(change.from.clone());
            right.extend(change.to.clone());
        }
    }
    let text = |list: &[String]| {
        if list.is_empty() { "not there".to_owned() } else { list.join(" ") }
    };
    by_severity
        .into_iter()
        .map(|(severity, (left, right))| {
            let (left, right) = (text(&left), text(&right));
            let group = format!("{left} {right}");
            sides
                .finding("flags.front.changed", severity, name, left, right)
                .because("the front ends of the two builds were given different options")
                .grouped(group)
        })
        .collect()
}

fn unreadable(sides: Sides<'_>, name: &str, missing: &Answer<CommandText>) -> Finding {
    let why = missing.why_not("its .cmd file").unwrap_or_default();
    let site = Site::new(sides.arch, Some(Mode::InProcess), name);
    Finding::new(Key::new("cmd.unreadable"), Severity::Error, site)
        .because(format!("its in-process front end cannot be compared: {why}"))
        .grouped(why.rsplit(": ").next().unwrap_or(&why))
}
