//! Objects that are native in both builds: the same, byte for byte.
//!
//! Between two modes of which neither is in-process these are what the backends made. Between any two
//! they are assembly, objects without LTO, modules and what those are made from: no linker generates code
//! there, so that both modes must make the same of them. Where bytes differ, the sections and
//! symbols that differ are named, and the cause, as far as options, configuration and files tell it.

mod cause;
mod commands;
mod lawful;

use crate::diff::Sides;
use crate::layer::LayerVerdict;
use crate::number;
use std::collections::BTreeMap;
use twinlto_facts::build::{BuildFacts, CommandText, NativeObject, NativeRole as Role};
use twinlto_model::{Account, Finding, Layer, Severity, Unit, count};

pub use cause::Surroundings;
pub(crate) use commands::{CommandChange, changes, shown};
use lawful::Rule;
pub use lawful::{BUILDER, Difference, Places, difference};

/// One native object of both builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativePair {
    /// Its name; what a backend made has that of its IR object.
    pub object: String,
    /// What it is to the build.
    pub role: Role,
    /// What the two sides are to each other.
    pub same: Sameness,
}

/// What such objects are called in an account, in the plural.
const fn name_of(role: Role) -> &'static str {
    match role {
        Role::Backend => "native objects of IR objects",
        Role::Member => "assembly and objects without LTO",
        Role::Module => "modules",
        Role::Part => "what modules and native objects are made from",
    }
}

/// What two files are to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sameness {
    /// Identical, byte for byte.
    Identical,
    /// Identical but for what rules let be.
    Lawful(Vec<&'static str>),
    /// They differ.
    Different {
        /// Bytes of both.
        bytes: (u64, u64),
        /// What differs, if they could be taken apart.
        what: Difference,
        /// What the records say of both.
        around: Box<Surroundings>,
    },
    /// One side alone has it, for this reason.
    Lost {
        /// What the first side has.
        left: String,
        /// What the second has.
        right: String,
    },
    /// One cannot be read.
    Unreadable(String),
}

/// Compares the native objects of two builds.
#[must_use]
pub fn natives(sides: Sides<'_>, pairs: &[NativePair], places: &Places) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Natives);
    let mut identical = 0;
    for pair in pairs {
        match &pair.same {
            Sameness::Identical => identical += u64::from(pair.role == Role::Backend),
            Sameness::Lawful(_) => {}
            Sameness::Different { bytes, what, around } => {
                layer.findings.push(changed(sides, pair, *bytes, what, around, places));
            }
            Sameness::Lost { left, right } => {
                let (left, right) = (left.clone(), right.clone());
                let finding =
                    sides.finding("native.lost", Severity::Error, &pair.object, left, right);
                layer.findings.push(finding.because("one build alone links it"));
            }
            Sameness::Unreadable(why) => {
                let (key, left, right) = ("native.changed", why.clone(), "not compared".to_owned());
                layer.findings.push(sides.finding(key, Severity::Error, &pair.object, left, right));
            }
        }
    }
    layer.compared = pairs.len() as u64;
    if pairs.iter().any(|pair| pair.role == Role::Backend) {
        layer.counts.insert((number::NATIVES_IDENTICAL, None), identical);
    }
    if pairs.is_empty() {
        layer.omit_all("no object is native in both builds");
    }
    layer
}

fn changed(
    sides: Sides<'_>,
    pair: &NativePair,
    (left, right): (u64, u64),
    what: &Difference,
    around: &Surroundings,
    places: &Places,
) -> Finding {
    // What is not loaded does not run.
    let severity =
        if what.loaded || what.parts.is_empty() { Severity::Error } else { Severity::Warning };
    let bytes = |n: u64| format!("{n} bytes");
    let finding =
        sides.finding("native.changed", severity, &pair.object, bytes(left), bytes(right));
    let shown = what.parts.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = what.parts.len().saturating_sub(SHOWN);
    let parts = match (shown.is_empty(), more) {
        (true, _) => "their bytes differ".to_owned(),
        (false, 0) => format!("these differ: {shown}"),
        (false, n) => format!("these differ: {shown} and {}", count(n, "other", "others")),
    };
    if pair.role == Role::Backend {
        return finding.because(parts);
    }
    let (why, certain) = cause::cause(around, places);
    let text = format!("{parts}; {why}");
    if certain { finding.because(text).grouped(why) } else { finding.because(text) }
}

/// How many parts are named.
const SHOWN: usize = 8;

/// The recorded commands of what is native in both builds, held against each other.
pub(crate) fn fronts(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Finding> {
    let places = places(a, b);
    let mut findings = Vec::new();
    for (name, ours) in &a.natives {
        let Some(theirs) = b.natives.get(name) else { continue };
        let (ours, theirs) = match (command_of(ours), command_of(theirs)) {
            (Some(ours), Some(theirs)) => (ours, theirs),
            (None, None) => continue,
            (ours, _) => {
                let text = |is_there| if is_there { "a command" } else { "no command" }.to_owned();
                let (left, right) = (text(ours.is_some()), text(ours.is_none()));
                let key = "cmd.unreadable";
                let finding = sides.finding(key, Severity::Error, name, left, right);
                findings.push(finding.because("one build alone recorded how it made it"));
                continue;
            }
        };
        let finding = |left: String, right: String| {
            let group = format!("{left} {right}");
            sides.finding("flags.front.changed", Severity::Error, name, left, right).grouped(group)
        };
        match commands::changes(&ours.text, &theirs.text, &places) {
            Ok(None) => {}
            Ok(Some(change)) => findings.push(
                finding(commands::shown(&change.left), commands::shown(&change.right))
                    .because("the two builds made it with different commands"),
            ),
            Err(why) => findings.push(
                finding("not compared".to_owned(), "not compared".to_owned())
                    .because(format!("a recorded command cannot be read: {why}")),
            ),
        }
    }
    findings
}

const fn command_of(object: &NativeObject) -> Option<&CommandText> {
    object.command.as_ref()
}

fn commands_of(facts: &BuildFacts) -> impl Iterator<Item = (&String, &CommandText)> {
    facts.natives.iter().filter_map(|(name, object)| Some((name, command_of(object)?)))
}

/// Which directories of two builds stand for each other.
#[must_use]
pub fn places(a: &BuildFacts, b: &BuildFacts) -> Places {
    let pair = |x: &str, y: &str| (x != y && !x.is_empty()).then(|| (x.to_owned(), y.to_owned()));
    let of = |facts: &BuildFacts| facts.source.clone().unwrap_or_default();
    let mut directories: Vec<(String, String)> =
        [pair(&a.directory, &b.directory), pair(&of(a), &of(b))].into_iter().flatten().collect();
    // A directory inside of another one has its name first.
    directories.sort_by_key(|(x, y)| std::cmp::Reverse(x.len().max(y.len())));
    Places { directories, modes: a.mode != b.mode }
}

/// The accounts of both sides: every native object, and every recorded command of one.
#[must_use]
pub fn account(
    sides: Sides<'_>,
    a: &BuildFacts,
    b: &BuildFacts,
    pairs: &[NativePair],
) -> Vec<Account> {
    let mut by_role: BTreeMap<Role, u64> = BTreeMap::new();
    let mut by_rule: BTreeMap<Rule, u64> = BTreeMap::new();
    let mut unreadable = 0;
    for pair in pairs {
        match &pair.same {
            Sameness::Lawful(rules) => {
                *by_rule.entry(rules.first().copied().unwrap_or_default()).or_default() += 1;
            }
            Sameness::Unreadable(_) => unreadable += 1,
            _ => *by_role.entry(pair.role).or_default() += 1,
        }
    }
    let objects = |side: &str| {
        let account = Account::of(side, "native objects", Unit::Objects, pairs.len() as u64);
        let account = by_role.iter().fold(account, |account, (role, n)| {
            account.compared(Layer::Natives, name_of(*role), *n)
        });
        let account = by_rule.iter().fold(account, |account, (rule, n)| {
            account.set_aside(*rule, "objects that differ by no more", *n)
        });
        account.not_compared("it cannot be read", "native objects", unreadable).close()
    };
    let commands = |side: &str, own: &BuildFacts, other: &BuildFacts| {
        let all = commands_of(own).count() as u64;
        let has = |name: &String| other.natives.get(name).and_then(command_of).is_some();
        let both = commands_of(own).filter(|(name, _)| has(name)).count() as u64;
        let account = Account::of(side, "native objects", Unit::Commands, all);
        let account = account.compared(Layer::Transport, "commands of native objects", both);
        account
            .not_compared("the other build has none", "commands of native objects", all - both)
            .close()
    };
    vec![
        objects(sides.left),
        objects(sides.right),
        commands(sides.left, a, b),
        commands(sides.right, b, a),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Arch, Mode};

    fn pair(object: &str, role: Role, same: Sameness) -> NativePair {
        NativePair { object: object.to_owned(), role, same }
    }

    fn different(parts: &[&str], loaded: bool, around: Surroundings) -> Sameness {
        let parts = parts.iter().map(|part| (*part).to_owned()).collect();
        let what = Difference { parts, loaded, ..Difference::default() };
        Sameness::Different { bytes: (8, 9), what, around: Box::new(around) }
    }

    #[test]
    fn what_differs_is_named_and_nothing_is_no_pass() {
        let sides = Sides::of(Arch::Arm64, Some(Mode::Distributed), Some(Mode::Reference));
        let differs = different(&["f in .text+0x4"], true, Surroundings::default());
        let pairs =
            [pair("a.o", Role::Backend, Sameness::Identical), pair("b.o", Role::Backend, differs)];
        let layer = natives(sides, &pairs, &Places::default());
        assert_eq!(
            (layer.compared, layer.counts.get(&(number::NATIVES_IDENTICAL, None))),
            (2, Some(&1))
        );
        let finding = layer.findings.first().unwrap();
        assert_eq!(finding.subjects(), ["b.o"]);
        assert_eq!(finding.cause.as_deref(), Some("these differ: f in .text+0x4"));
        assert!(natives(sides, &[], &Places::default()).not_compared().is_some());
    }

    #[test]
    fn a_cause_is_told_where_the_records_have_it_and_is_otherwise_unknown() {
        let told = |around: Surroundings| {
            let pairs = [pair("m.o", Role::Member, different(&["memcpy in .text"], true, around))];
            let layer = natives(Sides::modes(Arch::Arm64), &pairs, &Places::default());
            layer.findings.first().and_then(|finding| finding.cause.clone()).unwrap()
        };
        let commands = ["cc -Os -c m.S", "cc -O3 -c m.S"].map(|text| Some(text.to_owned()));
        let around = Surroundings { commands, ..Surroundings::default() };
        assert!(told(around).contains("different options: -O3 -Os"));
        let symbols = ["LTO_CLANG_THIN".to_owned()].into();
        let around = Surroundings { symbols, ..Surroundings::default() };
        assert!(told(around).contains("asks for CONFIG_LTO_CLANG_THIN"));
        let files = ["include/generated/x.h".to_owned()].into();
        let around = Surroundings { files, ..Surroundings::default() };
        assert!(told(around).contains("files that differ: include/generated/x.h"));
        let members = ["vdso.so".to_owned()].into();
        let around = Surroundings { members, ..Surroundings::default() };
        assert!(told(around).contains("it holds vdso.so"));
        assert!(told(Surroundings::default()).contains("cause unknown"));
    }

    #[test]
    fn what_is_not_loaded_keeps_nobody_from_booting() {
        let differs = different(&[".comment"], false, Surroundings::default());
        let pairs = [pair("a.ko", Role::Module, differs)];
        let layer = natives(Sides::modes(Arch::Arm64), &pairs, &Places::default());
        assert_eq!(layer.findings.first().map(|f| f.severity), Some(Severity::Warning));
    }

    #[test]
    fn the_account_is_the_whole() {
        let pairs = [
            pair("a.o", Role::Member, Sameness::Identical),
            pair("b.o", Role::Member, Sameness::Lawful(vec!["build-id"])),
            pair("c.ko", Role::Module, Sameness::Unreadable("cut off".to_owned())),
        ];
        let nothing = BuildFacts::default();
        let accounts = account(Sides::modes(Arch::Arm64), &nothing, &nothing, &pairs);
        let first = accounts.first().unwrap();
        assert_eq!((first.compared(), first.set_aside(), first.not_compared()), (1, 1, 1));
    }
}
