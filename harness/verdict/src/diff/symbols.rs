//! Symbols: the same multiset of canonical names and kinds, and the same undefined ones.

use super::dwarf::{self, dwarf};
use super::linker::linker;
use super::measured::{Measured, Measures, Named, Side, paired};
use super::places::places;
use super::sizes::{Causes, between_modes};
use super::{Pair, Sides, subject_in};
use crate::layer::{LayerVerdict, Omitted};
use crate::normalize::canonical;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{BuildFacts, ImageFacts, SymbolFacts};
use twinlto_model::{Finding, Layer, Severity};

pub(crate) fn symbols(
    sides: Sides<'_>,
    (a, b): (&BuildFacts, &BuildFacts),
    measures: &Measures<'_>,
) -> LayerVerdict {
    let measures = match measures {
        Ok(measures) => measures,
        Err(why) => return LayerVerdict::without(Layer::Symbols, why),
    };
    let mut layer = LayerVerdict::new(Layer::Symbols);
    let causes = Causes::of(sides.arch, a, b);
    for both in measures {
        let pair = &both.pair;
        if let Some(side) = without_symbols(sides, pair) {
            layer.omit_part(format!("symbols of {} ({side} has no symbol table)", pair.name));
            layer.findings.push(stripped(sides, pair));
            continue;
        }
        layer.compared += one_image(sides, both, &mut layer.findings);
        layer.findings.extend(places(sides, both));
        if sides.modes {
            layer.findings.extend(between_modes(sides, both, &causes));
        }
        layer.findings.extend(dwarf(sides, pair));
        if let Some(what) = dwarf::not_compared(pair) {
            layer.omit_part(what);
        }
    }
    modules(sides, a, b, &mut layer.findings);
    match linker(sides, a, b) {
        _ if !sides.modes => {}
        Some(findings) => layer.findings.extend(findings),
        None => layer.omit_part("linker options (no .cmd file records a link)"),
    }
    if layer.compared == 0 {
        match layer.omitted {
            // That of one side is said already.
            Omitted::Part(what) => layer.omitted = Omitted::All(what),
            _ => layer.omit_all("vmlinux has no symbol table"),
        }
    }
    layer
}

/// The side that has no symbol table, where the other has one: nothing of it is gone but names.
pub(super) fn without_symbols<'s>(sides: Sides<'s>, pair: &Pair<'_>) -> Option<&'s str> {
    let none = |image: &ImageFacts| image.symbols.is_empty() && image.undefined.is_empty();
    match (none(pair.left), none(pair.right)) {
        (true, false) => Some(sides.left),
        (false, true) => Some(sides.right),
        _ => None,
    }
}

fn stripped(sides: Sides<'_>, pair: &Pair<'_>) -> Finding {
    let text = |image: &ImageFacts| match image.symbols.len() + image.undefined.len() {
        0 => "no symbol table".to_owned(),
        count => format!("{count} symbols"),
    };
    let (left, right) = (text(pair.left), text(pair.right));
    sides.finding("symbol.table.lost", Severity::Error, pair.name, left, right).because(
        "one file was stripped (strip, objcopy -S) or linked with -s: what its names would tell, \
         such as tables and initcalls, is not compared",
    )
}

/// Symbols of one canonical name and kind in one image.
struct Namesakes<'a> {
    name: &'a str,
    kind: &'static str,
    count: u64,
    /// One of them.
    symbol: &'a SymbolFacts,
}

impl Namesakes<'_> {
    fn key(&self) -> (&str, &'static str) {
        (self.name, self.kind)
    }
}

/// What is compared of an image's symbols, sorted by name and kind.
fn namesakes<'s>(side: &'s Side<'_>) -> Vec<Namesakes<'s>> {
    let mut list: Vec<Namesakes<'_>> = Vec::with_capacity(side.names.len());
    for Named { name, symbol, .. } in side.names.iter().filter(|it| !is_derived(&it.symbol.raw)) {
        // The first in the file stands for its namesakes.
        match list.last_mut() {
            Some(first) if first.key() == (name, symbol.kind) => first.count += 1,
            _ => list.push(Namesakes { name, kind: symbol.kind, count: 1, symbol }),
        }
    }
    list
}

/// Symbols that say where code or data starts, or were left by the assembler: they follow the
/// number of sections, not the code.
pub(super) fn is_derived(name: &str) -> bool {
    name.is_empty()
        || name.starts_with(".L")
        || is_mapping(name)
        || name.starts_with("L0\u{1}")
        || name.starts_with("__kallsyms")
        || name.starts_with("kallsyms_")
}

/// `$d`, `$x`, also behind a prefix that objcopy gave all symbols of a file (`__pi_$x`,
/// `__kvm_nvhe_$d`; `arch/arm64/kernel/pi/Makefile` and `arch/arm64/kvm/hyp/nvhe/Makefile`, Linux
/// 7.3).
fn is_mapping(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["__pi_", "__kvm_nvhe_", "__efistub_"];
    let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    bare.starts_with('$')
}

fn one_image(sides: Sides<'_>, both: &Measured<'_>, findings: &mut Vec<Finding>) -> u64 {
    let (pair, ours, theirs) = (&both.pair, namesakes(&both.left), namesakes(&both.right));
    // Where the bytes of functions and variables are compared, their sizes are told with them.
    let all = pair.left.pieces.bodies.iter().chain(&pair.right.pieces.bodies);
    let bodies: BTreeSet<Cow<'_, str>> = all.map(|body| canonical(&body.name).name).collect();
    let mut count = 0;
    let discarded = discarded(sides, pair);
    let renamed = if sides.modes { renamed(&ours, &theirs) } else { BTreeSet::new() };
    for (ours, theirs) in paired(&ours, &theirs, Namesakes::key) {
        let Some(one) = ours.or(theirs) else { continue };
        count += 1;
        let (name, kind) = one.key();
        let (left, right) = (times(ours), times(theirs));
        if left == right {
            if let (1, Some(ours), Some(theirs)) = (left, ours, theirs) {
                findings.extend(binding(sides, pair, name, ours.symbol, theirs.symbol));
                if !bodies.contains(name) {
                    findings.extend(size(sides, pair, name, ours.symbol, theirs.symbol));
                }
            }
            continue;
        }
        let what = |n: u64| match n {
            0 => "not there".to_owned(),
            1 => format!("{kind} {name}"),
            n => format!("{kind} {name}, {n} times"),
        };
        let which = match (left, right) {
            (n, m) if n > 0 && m > 0 => "symbol.count",
            (n, _) if sides.is_loss(n > 0) => "symbol.lost",
            _ => "symbol.added",
        };
        let subject = subject_in(pair.name, name);
        if renamed.contains(&(unnumbered(name), kind)) {
            let note =
                sides.finding("symbol.renamed", Severity::Note, &subject, what(left), what(right));
            let cause =
                "one mode gives a local a number where a backend meets another of that name";
            findings.push(note.because(cause).grouped(cause).lawful());
            continue;
        }
        let finding = sides.finding(which, Severity::Warning, &subject, what(left), what(right));
        findings.push(match &discarded {
            Some(cause) if one.symbol.binding == "local" => {
                finding.because(cause.clone()).grouped("discarded")
            }
            _ => finding.grouped(kind.to_string()),
        });
    }
    let (ours, theirs) = (undefined(pair.left), undefined(pair.right));
    for name in ours.symmetric_difference(&theirs) {
        let what = |names: &BTreeSet<Cow<'_, str>>| {
            if names.contains(name) { "undefined" } else { "not undefined" }.to_owned()
        };
        let subject = subject_in(pair.name, name);
        let (left, right) = (what(&ours), what(&theirs));
        let key = "symbol.undefined.changed";
        findings.push(sides.finding(key, Severity::Error, &subject, left, right));
    }
    count
}

/// Why local symbols are gone, where one side has none at all.
fn discarded(sides: Sides<'_>, pair: &Pair<'_>) -> Option<String> {
    let has = |image: &ImageFacts| {
        let mut symbols = image.symbols.iter().filter(|symbol| !is_derived(&symbol.raw));
        symbols.any(|symbol| symbol.binding == "local")
    };
    let side = match (has(pair.left), has(pair.right)) {
        (true, false) => sides.right,
        (false, true) => sides.left,
        _ => return None,
    };
    Some(format!("{side} has no local symbol: it was stripped (strip -x) or linked with -x"))
}

fn times(side: Option<&Namesakes<'_>>) -> u64 {
    side.map_or(0, |same| same.count)
}

/// Names of which both sides have as many, counting those with a number behind the name: a backend
/// gives a local such a number where it imports another of its name. With LLVM 23 and later promoted
/// locals keep their names in-process, and so meet there and not in distributed mode
/// (`llvm/lib/IR/ValueSymbolTable.cpp`, `makeUniqueName`).
fn renamed<'a>(
    ours: &'a [Namesakes<'_>],
    theirs: &'a [Namesakes<'_>],
) -> BTreeSet<(&'a str, &'static str)> {
    let mut sums: BTreeMap<(&str, &'static str), (u64, u64)> = BTreeMap::new();
    for (left, right) in paired(ours, theirs, Namesakes::key) {
        let (n, m) = (times(left), times(right));
        if let Some(one) = left.or(right).filter(|_| n != m) {
            let sum = sums.entry((unnumbered(one.name), one.kind)).or_default();
            *sum = (sum.0 + n, sum.1 + m);
        }
    }
    sums.into_iter().filter(|(_, (n, m))| n == m).map(|(key, _)| key).collect()
}

/// A name without the number that keeps it apart from others: `foo` of `foo.34` and of `foo.N`.
fn unnumbered(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, "N")) if !stem.is_empty() => stem,
        Some((stem, end))
            if !stem.is_empty() && !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()) =>
        {
            stem
        }
        _ => name,
    }
}

/// What other objects must define; a promoted local of another module without its hash.
pub(crate) fn undefined(image: &ImageFacts) -> BTreeSet<Cow<'_, str>> {
    image.undefined.iter().map(|name| canonical(name).name).collect()
}

/// Who can see a symbol, and the bits that the machine has for it. Promotion makes a local global.
fn binding(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    name: &str,
    ours: &SymbolFacts,
    theirs: &SymbolFacts,
) -> Option<Finding> {
    let is_promoted = |symbol: &SymbolFacts| canonical(&symbol.raw).promoted;
    let of = |symbol: &SymbolFacts| (symbol.binding, symbol.visibility, symbol.other);
    if of(ours) == of(theirs) || is_promoted(ours) != is_promoted(theirs) {
        return None;
    }
    let text = |symbol: &SymbolFacts| {
        let mut text = symbol.binding.to_owned();
        if symbol.visibility != "default" {
            text = format!("{text}, {}", symbol.visibility);
        }
        match symbol.other {
            0 => text,
            other => format!("{text}, st_other {other:#x}"),
        }
    };
    let subject = subject_in(pair.name, name);
    let (left, right) = (text(ours), text(theirs));
    Some(sides.finding("symbol.binding.changed", Severity::Warning, &subject, left, right))
}

/// Size of a function or variable. In-process, lld and the compiler place and merge by themselves,
/// so that between the modes sizes are compared section by section alone.
fn size(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    name: &str,
    ours: &SymbolFacts,
    theirs: &SymbolFacts,
) -> Option<Finding> {
    let sized = |symbol: &SymbolFacts| matches!(symbol.kind, "func" | "object" | "tls" | "common");
    if sides.modes || ours.size == theirs.size || !sized(ours) {
        return None;
    }
    let place = |image: &ImageFacts, symbol: &SymbolFacts| {
        symbol.section.and_then(|index| image.section_names.get(index).cloned())
    };
    // The size of a whole section that grew names what grew in it.
    let total = |image: &ImageFacts, symbol| {
        place(image, symbol).and_then(|name| image.sections.get(&name)).map(|s| s.size)
    };
    let (left, right) = (total(pair.left, ours), total(pair.right, theirs));
    let (before, after) = (format!("{} bytes", ours.size), format!("{} bytes", theirs.size));
    let subject = subject_in(pair.name, name);
    let new = |severity| {
        sides.finding("symbol.size.changed", severity, &subject, before.clone(), after.clone())
    };
    Some(match (left, right) {
        (Some(a), Some(b)) if a == b => new(Severity::Warning)
            .because("its section has the same size on both sides, and this symbol has not")
            .grouped("size in the same"),
        _ => {
            let cause = "its section has another size as well (section.size.changed)";
            new(Severity::Warning).because(cause).grouped(cause)
        }
    })
}

fn modules(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts, findings: &mut Vec<Finding>) {
    let names: BTreeSet<&String> = a.modules.keys().chain(b.modules.keys()).collect();
    for name in names {
        let state = |facts: &BuildFacts| match facts.modules.get(name) {
            None => "not built".to_owned(),
            Some(answer) => answer.why_not(&format!("{name}.ko")).unwrap_or_else(|| "built".into()),
        };
        let (left, right) = (state(a), state(b));
        if left != right || left != "built" {
            findings.push(sides.finding("module.lost", Severity::Error, name, left, right));
            continue;
        }
        let info = |facts: &BuildFacts| {
            facts.modules.get(name).and_then(|m| m.get()).map(|m| m.modinfo.clone())
        };
        if info(a) != info(b) {
            let text = |facts: &BuildFacts, other: &BuildFacts| {
                let theirs = info(other).unwrap_or_default();
                let only =
                    info(facts).unwrap_or_default().into_iter().filter(|i| !theirs.contains(i));
                only.map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
            };
            let (left, right) = (text(a, b), text(b, a));
            findings.push(sides.finding(
                "module.modinfo.changed",
                Severity::Error,
                name,
                left,
                right,
            ));
        }
    }
}

pub(crate) fn promoted(image: &ImageFacts) -> u64 {
    image.symbols.iter().filter(|s| canonical(&s.raw).promoted).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::Arch;

    fn image(names: &[&str]) -> ImageFacts {
        let symbol = |name: &&str| SymbolFacts {
            raw: (*name).to_owned(),
            kind: "func",
            binding: "global",
            visibility: "default",
            size: 4,
            value: 0,
            other: 0,
            section: None,
        };
        ImageFacts { symbols: names.iter().map(symbol).collect(), ..ImageFacts::default() }
    }

    fn keys(sides: Sides<'_>, left: &[&str], right: &[&str]) -> Vec<String> {
        let (left, right) = (image(left), image(right));
        let pair = Pair { name: "vmlinux", left: &left, right: &right };
        let mut findings = Vec::new();
        one_image(sides, &Measured::of(pair), &mut findings);
        findings.iter().map(|f| f.key.as_str().to_owned()).collect()
    }

    #[test]
    fn what_is_lost_is_lost_from_a_to_b_and_between_the_modes_by_the_distributed_kernel() {
        let files = Sides { arch: Arch::Arm64, left: "A", right: "B", modes: false };
        let modes = Sides::modes(Arch::Arm64);
        let turned = Sides { left: "in-process", right: "distributed", ..modes };
        for (sides, key) in
            [(files, "symbol.lost"), (modes, "symbol.added"), (turned, "symbol.lost")]
        {
            assert_eq!(keys(sides, &["a", "f"], &["a"]), [key]);
        }
        assert_eq!(keys(files, &["a"], &["a", "f"]), ["symbol.added"]);
        assert_eq!(keys(files, &["a"], &["a", "a"]), ["symbol.count"]);
    }

    #[test]
    fn a_local_with_a_number_is_the_same_local_between_the_modes() {
        let modes = Sides::modes(Arch::Arm64);
        let files = Sides { arch: Arch::Arm64, left: "A", right: "B", modes: false };
        let (left, right) = (["f", "f", "g"], ["f", "f.34", "g"]);
        assert_eq!(keys(modes, &left, &right), ["symbol.renamed", "symbol.renamed"]);
        assert_eq!(keys(files, &left, &right), ["symbol.count", "symbol.added"]);
        // One that is not there is not renamed.
        assert_eq!(keys(modes, &left, &["f", "g"]), ["symbol.count"]);
        assert_eq!(keys(modes, &["f", "f", "f"], &["f", "f.34"]).len(), 2);
        assert!(!keys(modes, &["f", "f", "f"], &["f", "f.34"]).contains(&"symbol.renamed".into()));
        assert_eq!(unnumbered(".compoundliteral.N"), ".compoundliteral");
        assert_eq!((unnumbered("f."), unnumbered(".5"), unnumbered("f.x")), ("f.", ".5", "f.x"));
    }

    #[test]
    fn mapping_symbols_with_a_prefix_are_no_symbols() {
        let files = Sides { arch: Arch::Arm64, left: "A", right: "B", modes: false };
        let derived = ["a", "$d", "__pi_$x", "__kvm_nvhe_$d.3"];
        assert_eq!(keys(files, &derived, &["a"]), [""; 0]);
        assert_eq!(keys(files, &["a", "__pi_memcpy"], &["a"]), ["symbol.lost"]);
    }
}
