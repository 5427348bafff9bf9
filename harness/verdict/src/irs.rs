//! The IR objects of two builds: byte for byte the same, as no mode of ThinLTO has a part in making
//! them.
//!
//! One that is compiled again for the other mode holds other places of its inline assembly, for
//! `autoconf.h` is as much shorter as the name of the mode; and debugging information holds the path
//! of the build. Both are told apart record by record, and nothing else is.

use crate::config::{changed_symbols, is_of_the_mode};
use crate::diff::{Sides, bitcode};
use crate::layer::LayerVerdict;
use crate::transport::Homes;
use std::collections::BTreeSet;
use twinlto_facts::bitcode::{self as facts, BitcodeFacts, Content, Unlike};
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::Depends;
use twinlto_model::{Account, Finding, Layer, Severity, Unit};

/// One IR object of both builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IrPair {
    /// Its name, as the index or the archive has it.
    pub object: String,
    /// What the two are to each other.
    pub same: IrSame,
}

/// What two IR objects are to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IrSame {
    /// Identical, byte for byte.
    Identical,
    /// They differ.
    Different(Box<IrDifference>),
    /// One cannot be read.
    Unreadable(String),
}

/// Two IR objects that differ, and what is known of their making.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IrDifference {
    /// The bytes of both.
    pub bytes: (Vec<u8>, Vec<u8>),
    /// What fixdep recorded of both.
    pub depends: (Depends, Depends),
    /// A file that names a configuration symbol which differs, with its line and the symbol:
    /// the source, or a header that it includes.
    pub asks: Option<(String, usize, String)>,
    /// Headers of the build directories that both include and that differ.
    pub headers: Vec<String>,
    /// How much longer `include/generated/autoconf.h` is in the second build; units: bytes. None
    /// where it is not there.
    pub shift: Option<i64>,
}

/// The symbols that differ between two builds and that an object depends on: those of the mode first.
#[must_use]
pub fn symbols_in_question(a: &BuildFacts, b: &BuildFacts, depends: &Depends) -> Vec<String> {
    let changed = changed_symbols(&a.config, &b.config, true);
    let mut symbols: Vec<String> =
        depends.symbols.iter().filter(|s| changed.contains(s.as_str())).cloned().collect();
    symbols.sort_by_key(|symbol| !is_of_the_mode(symbol));
    symbols
}

/// Holds the IR objects of two builds against each other. What is found belongs to the artefacts.
#[must_use]
pub fn irs(
    sides: Sides<'_>,
    a: &BuildFacts,
    b: &BuildFacts,
    pairs: &[IrPair],
) -> (LayerVerdict, Account) {
    let mut layer = LayerVerdict::new(Layer::Artefacts);
    let homes = Homes::of(a, b);
    let mut account = Account::of("both", "the IR objects", Unit::Objects, pairs.len() as u64);
    for pair in pairs {
        layer.compared += 1;
        let found = match &pair.same {
            IrSame::Identical => None,
            IrSame::Unreadable(why) => {
                let other = "not compared".to_owned();
                let finding =
                    sides.finding(CHANGED, Severity::Error, &pair.object, why.clone(), other);
                Some(finding.because("it cannot be read").grouped("unreadable"))
            }
            IrSame::Different(difference) => {
                let unlike = unlike_of(&homes, difference);
                if let Some(rule) = unlike.as_ref().and_then(|unlike| rule(unlike, difference)) {
                    account = account.set_aside(rule, "IR objects, but for that the same", 1);
                    continue;
                }
                let contents = contents(sides, &homes, difference);
                Some(one(sides, (a, b), &pair.object, (difference, unlike, contents)))
            }
        };
        layer.findings.extend(found);
        account = account.compared(Layer::Artefacts, "IR objects, byte for byte", 1);
    }
    (layer, account.close())
}

pub(crate) const CHANGED: &str = "ir.bytes.changed";

/// How two objects differ, record by record.
fn unlike_of(homes: &Homes, difference: &IrDifference) -> Option<Unlike> {
    let (left, right) = (|text: &str| homes.left_text(text), |text: &str| homes.right_text(text));
    facts::unlike(&difference.bytes.0, &difference.bytes.1, &left, &right).ok()
}

/// The rule by which two objects that differ are the same all the same.
fn rule(unlike: &Unlike, difference: &IrDifference) -> Option<&'static str> {
    // Where inline assembly stands in all that the compiler read: `autoconf.h`, which every source
    // includes first, is shorter in the mode with the shorter name.
    let is_shift = |distance: &i64| difference.shift == Some(*distance);
    if !unlike.other.is_empty() || !unlike.moved.iter().all(is_shift) {
        return None;
    }
    match (unlike.moved.is_empty(), unlike.paths) {
        (false, true) => Some("paths of the build, and places in the source behind autoconf.h"),
        (false, false) => Some("places in the source behind autoconf.h"),
        (true, true) => Some("paths of the build"),
        (true, false) => None,
    }
}

/// One object that differs, how, and what differs in its contents.
fn one(
    sides: Sides<'_>,
    builds: (&BuildFacts, &BuildFacts),
    object: &str,
    (difference, unlike, contents): (&IrDifference, Option<Unlike>, Vec<Finding>),
) -> Finding {
    let (left, right) = match contents.first() {
        Some(first) => told(first),
        None => {
            let parts: Vec<String> = unlike.into_iter().flat_map(|unlike| unlike.other).collect();
            let parts = if parts.is_empty() {
                String::new()
            } else {
                format!(", of which differs: {}", parts.join(" "))
            };
            let bytes = |bytes: &[u8]| format!("{} bytes{parts}", bytes.len());
            (bytes(&difference.bytes.0), bytes(&difference.bytes.1))
        }
    };
    let finding = sides.finding(CHANGED, Severity::Error, object, left, right);
    match cause(sides, builds, difference) {
        Some(cause) => {
            let group = cause.clone();
            finding.because(cause).grouped(group)
        }
        None => finding
            .not_because("the configuration symbols that it depends on")
            .not_because("the generated headers that it includes")
            .grouped("unknown"),
    }
}

/// `flag PIE: 2` against `not there`, of the first difference in the contents.
fn told(finding: &Finding) -> (String, String) {
    let site = finding.sites.first();
    let side = |evidence: Option<&twinlto_model::Evidence>| {
        let subject = site.map(|site| site.subject.as_str()).unwrap_or_default();
        let what = finding.key.as_str().split('.').nth(1).unwrap_or_default();
        format!("{what} {subject}: {}", evidence.map(|e| e.text.as_str()).unwrap_or_default())
    };
    (side(site.and_then(|s| s.left.as_ref())), side(site.and_then(|s| s.right.as_ref())))
}

/// What differs in targets, flags, globals and summaries.
fn contents(sides: Sides<'_>, homes: &Homes, difference: &IrDifference) -> Vec<Finding> {
    let (Ok(mut ours), Ok(mut theirs)) =
        (facts::read(&difference.bytes.0), facts::read(&difference.bytes.1))
    else {
        return Vec::new();
    };
    without_place(&mut ours, |text| homes.left_text(text));
    without_place(&mut theirs, |text| homes.right_text(text));
    bitcode(sides, &ours, &theirs).findings
}

/// Takes the place of the build out of the name of the source file.
fn without_place(facts: &mut BitcodeFacts<'_>, text: impl Fn(&str) -> String) {
    for module in &mut facts.modules {
        if let Content::Ir(ir) = &mut module.content {
            ir.source_file_name = text(&ir.source_file_name);
        }
    }
}

/// Why two IR objects differ, as far as the records of their making tell.
fn cause(
    sides: Sides<'_>,
    (a, b): (&BuildFacts, &BuildFacts),
    difference: &IrDifference,
) -> Option<String> {
    let Sides { left, right, .. } = sides;
    let value = |facts: &BuildFacts, symbol: &str| facts.config.get(symbol).to_string();
    if let Some((file, line, symbol)) = &difference.asks {
        let (ours, theirs) = (value(a, symbol), value(b, symbol));
        return Some(format!(
            "{file}:{line} asks for CONFIG_{symbol}, which is {ours} {left} and {theirs} {right}"
        ));
    }
    let (ours, theirs) = &difference.depends;
    let asked = [ours, theirs].into_iter().flat_map(|depends| symbols_in_question(a, b, depends));
    if let Some(symbol) = asked.into_iter().next() {
        let (ours, theirs) = (value(a, &symbol), value(b, &symbol));
        return Some(format!(
            "it depends on CONFIG_{symbol}, which is {ours} {left} and {theirs} {right}"
        ));
    }
    if let Some(header) = difference.headers.first() {
        return Some(format!("it includes {header}, which differs"));
    }
    let set =
        |depends: &Depends| -> BTreeSet<String> { depends.includes.iter().cloned().collect() };
    let (ours, theirs) = (set(ours), set(theirs));
    let alone = |list: &BTreeSet<String>, other: &BTreeSet<String>, side: &str| {
        let header = list.difference(other).next()?;
        Some(format!("{side} alone includes {header}"))
    };
    // Sources at another place are other files by name.
    let one_tree = a.source == b.source;
    alone(&ours, &theirs, left)
        .or_else(|| alone(&theirs, &ours, right))
        .filter(|_| one_tree && !ours.is_empty() && !theirs.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::kbuild::Config;
    use twinlto_model::{Arch, Tier};

    fn build(config: &str, home: &str) -> BuildFacts {
        BuildFacts {
            config: Config::parse(config),
            home: Some(home.to_owned()),
            source: Some("/src".to_owned()),
            ..BuildFacts::default()
        }
    }

    fn depends(symbols: &[&str], includes: &[&str]) -> Depends {
        let list = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        Depends { source: None, includes: list(includes), symbols: list(symbols) }
    }

    fn found(
        builds: (&BuildFacts, &BuildFacts),
        difference: IrDifference,
    ) -> (Vec<Finding>, LayerVerdict) {
        let pair = |object: &str, same| IrPair { object: object.to_owned(), same };
        let pairs =
            [pair("a.o", IrSame::Identical), pair("b.o", IrSame::Different(Box::new(difference)))];
        let (layer, account) = irs(Sides::modes(Arch::Arm64), builds.0, builds.1, &pairs);
        assert_eq!(account.total, account.compared());
        (layer.findings.clone(), layer)
    }

    const DIST: &str = "CONFIG_LTO_CLANG_THIN_DIST=y\nCONFIG_NR_CPUS=64\n";
    const THIN: &str = "CONFIG_LTO_CLANG_THIN=y\nCONFIG_NR_CPUS=64\n";

    #[test]
    fn an_object_that_differs_is_an_error_and_the_record_says_why() {
        let (a, b) = (build(DIST, "/o"), build(THIN, "/o"));
        let many = build(&THIN.replace("64", "128"), "/o");
        let of = |twin: &BuildFacts, difference: IrDifference| {
            let (found, layer) = found((&a, twin), difference);
            assert_eq!(layer.compared, 2);
            let [finding] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!((finding.severity, finding.subjects()), (Severity::Error, vec!["b.o"]));
            finding.cause.clone().unwrap_or_default()
        };
        let both = |depends: Depends| IrDifference {
            depends: (depends.clone(), depends),
            ..IrDifference::default()
        };
        let asks = Some(("include/x.h".to_owned(), 7, "LTO_CLANG_THIN".to_owned()));
        assert_eq!(
            of(&b, IrDifference { asks, ..IrDifference::default() }),
            "include/x.h:7 asks for CONFIG_LTO_CLANG_THIN, which is n distributed and y in-process"
        );
        assert_eq!(
            of(&many, both(depends(&["A", "NR_CPUS"], &[]))),
            "it depends on CONFIG_NR_CPUS, which is 64 distributed and 128 in-process"
        );
        let headers = vec!["include/generated/bounds.h".to_owned()];
        assert_eq!(
            of(&b, IrDifference { headers, ..both(depends(&["A"], &[])) }),
            "it includes include/generated/bounds.h, which differs"
        );
        let includes = IrDifference {
            depends: (depends(&[], &["x.h", "y.h"]), depends(&[], &["x.h"])),
            ..IrDifference::default()
        };
        assert_eq!(of(&b, includes), "distributed alone includes y.h");
        let (unknown, _) = found((&a, &b), both(depends(&["A"], &["x.h"])));
        assert_eq!(unknown[0].tier, Tier::Unexplained);
        assert_eq!(unknown[0].ruled_out.len(), 2);
    }

    #[test]
    fn only_the_shift_of_the_configuration_is_a_rule() {
        let unlike = |moved: &[i64], paths, other: &[&str]| Unlike {
            moved: moved.iter().copied().collect(),
            paths,
            other: other.iter().map(|s| (*s).to_owned()).collect(),
        };
        let of = |unlike: &Unlike, shift| {
            rule(unlike, &IrDifference { shift, ..IrDifference::default() }).is_some()
        };
        assert!(of(&unlike(&[-5], false, &[]), Some(-5)));
        assert!(of(&unlike(&[-5], true, &[]), Some(-5)));
        assert!(of(&unlike(&[], true, &[]), None));
        assert!(!of(&unlike(&[-4], false, &[]), Some(-5)));
        assert!(!of(&unlike(&[-5, 1], false, &[]), Some(-5)));
        assert!(!of(&unlike(&[-5], false, &[]), None));
        assert!(!of(&unlike(&[-5], true, &["FUNCTION_BLOCK"]), Some(-5)));
        assert!(!of(&unlike(&[], false, &[]), Some(0)));
    }
}
