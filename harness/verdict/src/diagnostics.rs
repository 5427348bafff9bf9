//! What two builds said: new, gone, still there, or the same with another severity.
//!
//! Only steps that both builds ran are compared. An in-process build that was made from a copy of
//! its twin compiles a few files; what a front end said in the other build alone is no difference.

mod heard;
mod tell;

use crate::diff::Sides;
use crate::layer::{LayerVerdict, Omitted};
use heard::{Heard, Side, steps};
use std::collections::{BTreeMap, BTreeSet};
use tell::{Entry, Teller, such_as};
use twinlto_facts::build::BuildFacts;
use twinlto_facts::log::{BuildLog, Diagnostic, Gravity, Stage, Tool};
use twinlto_model::{Change, Finding, Layer, Severity, Site, count};

/// What is told of messages that both logs have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: two builds are compared, and these are no difference.
    Differences,
    /// Everything: two logs are compared.
    Everything,
}

/// Compares what both builds said, as the logs in `ours` and `theirs` tell.
#[must_use]
pub fn diagnostics(
    sides: Sides<'_>,
    ours: &BuildFacts,
    theirs: &BuildFacts,
    scope: Scope,
) -> LayerVerdict {
    compare(sides, ours, theirs, scope).layer
}

/// How many lines of each tool's messages were held against nothing in the log of each side; none
/// where no line was compared at all.
pub(crate) fn unheard_lines(
    sides: Sides<'_>,
    ours: &BuildFacts,
    theirs: &BuildFacts,
) -> Option<[BTreeMap<Tool, u64>; 2]> {
    let told = compare(sides, ours, theirs, Scope::Differences);
    let lines = |facts: &BuildFacts, keys: &BTreeSet<MessageKey>| {
        let mut lines = BTreeMap::new();
        for (said, how) in &facts.log.diagnostics {
            if keys.contains(&key_of(said)) && BuildLog::is_compared(said) {
                *lines.entry(said.tool).or_default() += how.times;
            }
        }
        lines
    };
    let [left, right] = &told.unheard;
    (told.layer.compared > 0).then(|| [lines(ours, left), lines(theirs, right)])
}

/// Class and subject: two messages with the same are one.
type MessageKey = (String, String);

/// What a comparison told, and the messages of each side that it could hold against nothing.
struct Told {
    layer: LayerVerdict,
    unheard: [BTreeSet<MessageKey>; 2],
}

fn compare(sides: Sides<'_>, ours: &BuildFacts, theirs: &BuildFacts, scope: Scope) -> Told {
    let mut told = Told {
        layer: LayerVerdict::new(Layer::Diagnostics),
        unheard: [BTreeSet::new(), BTreeSet::new()],
    };
    for (facts, side) in [(ours, sides.left), (theirs, sides.right)] {
        if facts.log.lines == 0 {
            let why = match facts.log.path.as_str() {
                "" => format!("there is no log of what make said in the {side} build"),
                path => format!("the log of the {side} build is empty: {path}"),
            };
            told.layer.omitted = Omitted::Excused(why);
            return told;
        }
    }
    let (left, right) = (Side::new(ours), Side::new(theirs));
    let modes = matches!((left.mode, right.mode), (Some(a), Some(b)) if a != b);
    let silent = left.is_silent() && right.is_silent();
    let (a, b) = (messages(&left), messages(&right));
    told.layer.compared = match silent {
        true => a.keys().chain(b.keys()).collect::<BTreeSet<_>>().len() as u64,
        false => steps(&left, &right, modes),
    };
    let tell = Teller { sides, left: &left, right: &right, modes, silent };
    pair(&mut told, &tell, Heard { modes, silent }, (&a, &b), scope);
    ends(&mut told, &tell);
    if told.layer.compared == 0 && told.layer.findings.is_empty() {
        let why = match silent {
            true => "the logs show no step and no message, as those of make -s do",
            false => "the logs show no step that both builds ran",
        };
        told.layer.omitted = Omitted::Excused(why.to_owned());
        return told;
    }
    // That one build ended and the other did not is compared, whatever steps there are.
    told.layer.compared = told.layer.compared.max(told.layer.findings.len() as u64);
    let parts = left_out(&tell, (&a, &b), &told.unheard);
    if !parts.is_empty() {
        told.layer.omit_part(parts.join(", "));
    }
    told
}

type Messages<'a> = BTreeMap<MessageKey, Entry<'a>>;

fn pair(
    told: &mut Told,
    tell: &Teller<'_>,
    heard: Heard,
    (a, b): (&Messages<'_>, &Messages<'_>),
    scope: Scope,
) {
    let Told { layer, unheard: [unheard_left, unheard_right] } = told;
    let (left, right) = (tell.left, tell.right);
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    for key in keys {
        match (a.get(key), b.get(key)) {
            (Some(x), Some(y)) if x.said.gravity != y.said.gravity => {
                layer.findings.push(tell.severity(x, y));
            }
            (Some(x), Some(_)) if scope == Scope::Everything => layer.findings.push(tell.stays(x)),
            (Some(x), None) if heard.by(right, left, x) => layer.findings.push(tell.left_only(x)),
            (None, Some(y)) if heard.by(left, right, y) => layer.findings.push(tell.right_only(y)),
            (Some(_), None) => {
                unheard_left.insert(key.clone());
            }
            (None, Some(_)) => {
                unheard_right.insert(key.clone());
            }
            _ => {}
        }
    }
}

/// A build that make gave up, where the other one came to its end and no finding tells of it: whatever
/// its tools said was held against nothing, so make's own error counts.
fn ends(told: &mut Told, tell: &Teller<'_>) {
    for (side, other, is_left) in [(tell.left, tell.right, true), (tell.right, tell.left, false)] {
        let is_told = |finding: &Finding| {
            let quoted = |site: &Site| {
                let quote = if is_left { &site.left } else { &site.right };
                quote.is_some()
            };
            let is_end =
                finding.severity == Severity::Error || finding.change == Some(Change::Fixed);
            is_end && finding.sites.iter().any(quoted)
        };
        if !side.failed || other.failed || told.layer.findings.iter().any(is_told) {
            continue;
        }
        let ends = side.log.ends();
        let [left, right] = &mut told.unheard;
        let unheard = if is_left { left } else { right };
        ends.iter().for_each(|(said, _)| {
            unheard.remove(&key_of(said));
        });
        told.layer.findings.extend(ends.into_iter().map(|(said, how)| match is_left {
            true => tell.left_only(&Entry { said, how }),
            false => tell.right_only(&Entry { said, how }),
        }));
    }
}

/// What was held against nothing, in words.
fn left_out(
    tell: &Teller<'_>,
    (a, b): (&Messages<'_>, &Messages<'_>),
    [left, right]: &[BTreeSet<MessageKey>; 2],
) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for (keys, all, other) in [(left, a, tell.sides.right), (right, b, tell.sides.left)] {
        if keys.is_empty() {
            continue;
        }
        let messages = count(keys.len(), "message", "messages");
        let mut errors = keys.iter().filter_map(|key| all.get(key)).filter(|it| it.is_error());
        let example = errors.next().map_or_else(String::new, |it| such_as(&it.how.quote));
        parts.push(format!("{messages} of steps that the {other} log does not show{example}"));
    }
    for (side, name) in [(tell.left, tell.sides.left), (tell.right, tell.sides.right)] {
        if side.is_silent() {
            parts.push(format!(
                "steps of the {name} build, of which its log shows none, as that of make -s"
            ));
        }
        if side.hides_its_backends() {
            parts.push(format!("words of the {name} backends, which its log does not have"));
        }
        if side.log.unknown_lines() > 0 {
            let n = usize::try_from(side.log.unknown_lines()).unwrap_or(usize::MAX);
            let lines = count(n, "line", "lines");
            let example = side.log.unknown.first().map_or_else(String::new, |line| such_as(line));
            parts.push(format!("{lines} of the {name} log that are of no known kind{example}"));
        }
    }
    parts
}

/// The messages of a log by class and subject, the gravest of each; none of those that follow from
/// others, explain others or are about the machine.
fn messages<'a>(side: &Side<'a>) -> Messages<'a> {
    let mut messages: Messages<'a> = BTreeMap::new();
    for (said, how) in &side.log.diagnostics {
        if said.gravity == Gravity::Note || !counts(side, said) {
            continue;
        }
        let entry = Entry { said, how };
        messages.entry(key_of(said)).and_modify(|known| known.join(&entry)).or_insert(entry);
    }
    messages
}

fn key_of(said: &Diagnostic) -> MessageKey {
    (said.class().to_owned(), said.subject())
}

fn counts(side: &Side<'_>, said: &Diagnostic) -> bool {
    match said.stage() {
        // Where no tool says why, that a recipe failed is all that there is.
        Stage::Follows | Stage::Machine if side.log.is_unexplained(said) => true,
        Stage::Follows | Stage::Machine => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
