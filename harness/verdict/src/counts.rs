use crate::compare::Verdict;
use crate::diff::promoted;
use crate::number::{self, Number};
use std::collections::BTreeSet;
use twinlto_facts::build::{Answer, BuildFacts, SectionFacts};
use twinlto_facts::elf::ObjectKind;
use twinlto_model::{Counts, Mode};

/// How many names of `vmlinux` carry `.llvm.<hash>`.
#[must_use]
pub fn promoted_symbols(facts: &BuildFacts) -> u64 {
    facts.image.get().map_or(0, promoted)
}

/// What was read from one build and what of it was compared, by name. What was
/// compared between both is among the counts of the `first`.
#[must_use]
pub fn cell_counts(mode: Mode, first: bool, facts: &BuildFacts, verdict: &Verdict) -> Counts {
    let mut counts = Counts::new();
    let mut put = |number: Number, n: usize| {
        counts.insert(number.name().to_owned(), n as u64);
    };
    put(number::IR_OBJECTS, facts.objects.len());
    let natives = facts.objects.values();
    put(
        number::NATIVE_OBJECTS,
        natives.filter(|o| matches!(o.native.kind, Some(ObjectKind::Elf(_)))).count(),
    );
    put(number::OTHER_OBJECTS, facts.other_objects.len());
    put(number::EXPORTS, facts.symvers.get().map_or(0, |s| s.exports.len()));
    let image = facts.image.get();
    put(number::SYMBOLS, image.map_or(0, |i| i.symbols.len()));
    put(number::UNDEFINED_SYMBOLS, image.map_or(0, |i| i.undefined.len()));
    put(number::PROMOTED_SYMBOLS, image.map_or(0, |_| promoted_symbols(facts) as usize));
    let sections = || image.into_iter().flat_map(|image| image.sections.values());
    let bytes = |wanted: fn(&SectionFacts) -> bool| {
        sections().filter(|section| section.alloc && wanted(section)).map(|s| s.size).sum::<u64>()
    };
    put(number::TEXT_BYTES, bytes(|section| section.exec) as usize);
    put(number::IMAGE_BYTES, bytes(|section| section.kind != "NOBITS") as usize);
    put(number::SECTIONS, image.map_or(0, |i| i.sections.len()));
    put(number::INITCALLS, image.and_then(|i| i.initcalls.get()).map_or(0, Vec::len));
    let levels = image.and_then(|i| i.initcalls.get());
    let levels: BTreeSet<String> =
        levels.into_iter().flatten().map(|c| c.level.to_string()).collect();
    put(number::INITCALL_LEVELS, levels.len());
    put(number::KCRCTAB_ENTRIES, image.and_then(|i| i.exports.get()).map_or(0, Vec::len));
    put(number::MODULES, facts.modules.values().filter(|m| matches!(m, Answer::Read(_))).count());
    put(
        number::DWARF_UNITS,
        image.and_then(|i| i.producers.get()).map_or(0, |p| p.values().sum::<u64>() as usize),
    );
    for layer in &verdict.layers {
        for ((number, of), n) in &layer.counts {
            if of.map_or(first, |of| of == mode) {
                counts.insert(number.name().to_owned(), *n);
            }
        }
    }
    counts
}
