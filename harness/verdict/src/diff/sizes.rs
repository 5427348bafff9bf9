//! Sizes of functions and variables between the modes: the same code makes the same bytes, so that
//! another size needs a cause.

use super::{Pair, Sides, VMLINUX, subject_in};
use crate::normalize::canonical;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{BuildFacts, ImageFacts};
use twinlto_model::{Arch, Finding, Severity};

/// Why sizes may differ between the modes, as far as the builds show it.
pub(super) struct Causes<'a> {
    arch: Arch,
    /// Canonical name of a function → its object, and the object's own `-O`.
    own_levels: BTreeMap<Cow<'a, str>, (&'a str, &'a str)>,
    /// Whether backends are told how to align loops, and the in-process link is not.
    loops: bool,
    /// Whether the commands of both builds are known.
    commands: bool,
}

impl<'a> Causes<'a> {
    pub(super) fn of(arch: Arch, a: &'a BuildFacts, b: &'a BuildFacts) -> Self {
        let mut own_levels = BTreeMap::new();
        for (object, own) in a.levels.iter().chain(&b.levels) {
            for function in &own.functions {
                own_levels.insert(canonical(function).name, (object.as_str(), own.level.as_str()));
            }
        }
        let told = |facts: &BuildFacts| {
            let backends = facts.objects.values().filter_map(|object| object.back.get());
            backends.take(1).any(|command| command.text.contains("-falign-loops"))
        };
        let linked = |facts: &BuildFacts| {
            facts.link.as_ref().is_some_and(|link| link.contains("-align-loops"))
        };
        Self {
            arch,
            own_levels,
            loops: (told(a) || told(b)) && !linked(a) && !linked(b),
            commands: !a.objects.is_empty() && !b.objects.is_empty(),
        }
    }

    /// What the sizes of one function or variable are explained by, and whether that is known to be
    /// so and not only possible.
    fn explain(&self, what: &Sized<'_>, ours: u64, theirs: u64) -> Option<(String, bool)> {
        let (less, more) = (ours.min(theirs), ours.max(theirs));
        // `init/version-timestamp.c`, Linux 6.1 to 7.3.
        if what.name == "linux_banner" {
            let cause = "it says who built the kernel, where, when and with which compiler";
            return Some((cause.to_owned(), true));
        }
        if what.kind == "object" {
            let cause = "clang gives a variable of no bytes one byte in .bss, unless it has a section \
                         of its own, as in-process";
            return (more <= 1 && what.zero).then(|| (cause.to_owned(), true));
        }
        if let Some((object, level)) = self.own_levels.get(what.name) {
            let cause = format!(
                "{object} is compiled with its own {level}, and the in-process link has one level for \
                 all: see replay.mode.changed"
            );
            return Some((cause, true));
        }
        self.by_arch(less, more, theirs > ours).or_else(|| {
            let cause = "perhaps its object has an -O of its own, which the in-process link has not: \
                         audit of the two builds tells";
            (!self.commands && what.kind == "func").then(|| (cause.to_owned(), false))
        })
    }

    /// What assembler and linker do with jumps. Bounds are generous: jumps are not counted.
    fn by_arch(&self, less: u64, more: u64, grows: bool) -> Option<(String, bool)> {
        let delta = more - less;
        match self.arch {
            Arch::X86_64 if grows && self.loops && delta <= 64 + less / 4 => {
                let cause = "-falign-loops reaches backends and not the in-process link \
                             (loop-alignment-lost-in-process), and a jump to another section takes 3 \
                             or 4 bytes more";
                Some((cause.to_owned(), true))
            }
            Arch::X86_64 if grows && delta >= 3 && delta <= 8 + less / 8 => {
                let cause = "a jump to another section takes 3 or 4 bytes more, and in-process every \
                             function has a section of its own; jumps were not counted";
                Some((cause.to_owned(), true))
            }
            Arch::X86_64 if delta.is_multiple_of(16) && delta <= 64 && less >= 1024 => {
                let cause = "perhaps the source aligns code inside of it, as lib/zstd does, and that \
                             depends on where the function begins";
                Some((cause.to_owned(), false))
            }
            Arch::Riscv | Arch::Loongarch if delta <= 8 + less / 4 => {
                let cause = "the linker shortens calls as far as distances allow, and they differ; \
                             calls were not counted";
                Some((cause.to_owned(), true))
            }
            _ => None,
        }
    }
}

/// Namesakes of one kind, whose sizes differ.
struct Sized<'a> {
    name: &'a str,
    kind: &'static str,
    /// Whether all are in sections without bytes in the file.
    zero: bool,
}

/// Sizes by name and kind, and whether all of that name are in sections without bytes.
type Sizes<'a> = BTreeMap<(Cow<'a, str>, &'static str), (Vec<u64>, bool)>;

fn sizes(image: &ImageFacts) -> Sizes<'_> {
    let mut sizes = Sizes::new();
    let nobits: Vec<bool> = image
        .section_names
        .iter()
        .map(|name| image.sections.get(name).is_some_and(|section| section.kind == "NOBITS"))
        .collect();
    for symbol in &image.symbols {
        if matches!(symbol.kind, "func" | "object" | "tls" | "common") {
            let zero = symbol.section.and_then(|index| nobits.get(index)).copied();
            let slot = sizes.entry((canonical(&symbol.raw).name, symbol.kind));
            let (list, all) = slot.or_insert_with(|| (Vec::new(), true));
            list.push(symbol.size);
            *all &= zero.unwrap_or(false);
        }
    }
    for (list, _) in sizes.values_mut() {
        list.sort_unstable();
    }
    sizes
}

/// Names of functions of which both sides have as many, of another size; offsets into them mean
/// nothing.
pub(super) fn resized(pair: &Pair<'_>) -> BTreeSet<String> {
    let (ours, theirs) = rayon::join(|| sizes(pair.left), || sizes(pair.right));
    let differ =
        ours.iter().filter(|(key, (list, _))| theirs.get(*key).map(|it| &it.0) != Some(list));
    let mut names: BTreeSet<String> = differ.map(|((name, _), _)| name.to_string()).collect();
    names.extend(theirs.keys().filter(|key| !ours.contains_key(*key)).map(|key| key.0.to_string()));
    names
}

/// Compares them between the modes, where both sides have as many of a name.
pub(super) fn between_modes(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    causes: &Causes<'_>,
) -> Vec<Finding> {
    let (ours, theirs) = rayon::join(|| sizes(pair.left), || sizes(pair.right));
    let mut findings = Vec::new();
    for (key, (left, zero)) in &ours {
        let Some((right, twin_zero)) = theirs.get(key) else { continue };
        let (name, kind) = key;
        if left == right || left.len() != right.len() {
            continue;
        }
        let what = Sized { name, kind, zero: *zero && *twin_zero };
        let told: Vec<_> = left
            .iter()
            .zip(right)
            .filter(|(a, b)| a != b)
            .map(|(a, b)| causes.explain(&what, *a, *b).filter(|_| pair.name == VMLINUX))
            .collect();
        findings.push(one(sides, pair, &what, (left, right), told.into_iter().collect()));
    }
    findings
}

fn one(
    sides: Sides<'_>,
    pair: &Pair<'_>,
    what: &Sized<'_>,
    (left, right): (&[u64], &[u64]),
    cause: Option<Vec<(String, bool)>>,
) -> Finding {
    let text = |list: &[u64]| {
        let list: Vec<String> = list.iter().map(u64::to_string).collect();
        format!("{} bytes", list.join(" and "))
    };
    let subject = subject_in(pair.name, what.name);
    let finding = |severity| {
        sides.finding("symbol.size.changed", severity, &subject, text(left), text(right))
    };
    match cause.and_then(|causes| causes.into_iter().next()) {
        Some((cause, known)) => {
            let note = finding(Severity::Note).because(cause.clone()).grouped(cause);
            if known { note.lawful() } else { note }
        }
        None if pair.name != VMLINUX => finding(Severity::Warning)
            .because("modules are compiled and linked alike in both modes")
            .grouped("module"),
        None => finding(Severity::Warning)
            .not_because("anything that is known to change sizes between the modes"),
    }
}
