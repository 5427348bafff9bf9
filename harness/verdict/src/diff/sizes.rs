//! Sizes of functions and variables between the modes: the same code makes the same bytes, so that
//! another size needs a cause.

use super::measured::{Measured, Named, Side, paired};
use super::{Pair, Sides, VMLINUX, subject_in};
use crate::normalize::canonical;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use twinlto_facts::build::BuildFacts;
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

/// The functions and variables of one name and kind.
struct Group<'s> {
    name: &'s str,
    kind: &'static str,
    /// Their sizes among all; units: bytes.
    sizes: Range<usize>,
    /// Whether all are in sections without bytes.
    zero: bool,
}

/// Sizes by name and kind.
struct Sizes<'s> {
    groups: Vec<Group<'s>>,
    all: Vec<u64>,
}

impl<'s> Sizes<'s> {
    /// Of symbols by name and kind; `is_zero` tells sections without bytes.
    fn of(names: &'s [Named<'_>], is_zero: impl Fn(usize) -> bool) -> Self {
        let sized = |kind| matches!(kind, "func" | "object" | "tls" | "common");
        let mut sizes = Self { groups: Vec::new(), all: Vec::with_capacity(names.len()) };
        for group in names.chunk_by(|a, b| a.key() == b.key()) {
            let Some((name, kind)) = group.first().map(Named::key).filter(|(_, it)| sized(*it))
            else {
                continue;
            };
            let start = sizes.all.len();
            sizes.all.extend(group.iter().map(|it| it.symbol.size));
            sizes.all.get_mut(start..).unwrap_or_default().sort_unstable();
            let zero = group.iter().all(|it| it.symbol.section.is_some_and(&is_zero));
            sizes.groups.push(Group { name, kind, sizes: start..sizes.all.len(), zero });
        }
        sizes
    }

    fn list(&self, group: &Group<'_>) -> &[u64] {
        self.all.get(group.sizes.clone()).unwrap_or_default()
    }
}

/// Names of functions and variables of which one side has others than the other one, or of other sizes.
pub(super) fn resized(ours: &[Named<'_>], theirs: &[Named<'_>]) -> BTreeSet<String> {
    let sizes = |names| Sizes::of(names, |_| false);
    let (ours, theirs) = rayon::join(|| sizes(ours), || sizes(theirs));
    let groups = paired(&ours.groups, &theirs.groups, |it| (it.name, it.kind));
    let differ = groups.filter(|(left, right)| {
        left.map(|left| ours.list(left)) != right.map(|right| theirs.list(right))
    });
    differ.filter_map(|(left, right)| Some(left.or(right)?.name.to_owned())).collect()
}

/// Compares them between the modes, where both sides have as many of a name.
pub(super) fn between_modes(
    sides: Sides<'_>,
    both: &Measured<'_>,
    causes: &Causes<'_>,
) -> Vec<Finding> {
    let pair = &both.pair;
    let (ours, theirs) = (sizes(&both.left), sizes(&both.right));
    let mut findings = Vec::new();
    for sides_of_one in paired(&ours.groups, &theirs.groups, |it| (it.name, it.kind)) {
        let (Some(one), Some(twin)) = sides_of_one else { continue };
        let (left, right) = (ours.list(one), theirs.list(twin));
        if left == right || left.len() != right.len() {
            continue;
        }
        let what = Sized { name: one.name, kind: one.kind, zero: one.zero && twin.zero };
        let told: Vec<_> = left
            .iter()
            .zip(right)
            .filter(|(a, b)| a != b)
            .map(|(a, b)| causes.explain(&what, *a, *b).filter(|_| pair.name == VMLINUX))
            .collect();
        findings.push(one_name(sides, pair, &what, (left, right), told.into_iter().collect()));
    }
    findings
}

fn sizes<'s>(side: &'s Side<'_>) -> Sizes<'s> {
    let kind = |name| side.image.sections.get(name).map(|section| section.kind.as_str());
    let names = side.image.section_names.iter();
    let nobits: Vec<bool> = names.map(|name| kind(name) == Some("NOBITS")).collect();
    Sizes::of(&side.names, |index| nobits.get(index).copied().unwrap_or_default())
}

fn one_name(
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
