use crate::compare::Verdict;
use crate::diff::promoted;
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
    let mut put = |name: &str, n: usize| {
        counts.insert(name.to_owned(), n as u64);
    };
    put("ir_objects", facts.objects.len());
    let natives = facts.objects.values();
    put(
        "native_objects",
        natives.filter(|o| matches!(o.native.kind, Some(ObjectKind::Elf(_)))).count(),
    );
    put("other_objects", facts.other_objects.len());
    put("exports", facts.symvers.get().map_or(0, |s| s.exports.len()));
    let image = facts.image.get();
    put("symbols", image.map_or(0, |i| i.symbols.len()));
    put("undefined_symbols", image.map_or(0, |i| i.undefined.len()));
    put("promoted_symbols", image.map_or(0, |_| promoted_symbols(facts) as usize));
    let sections = || image.into_iter().flat_map(|image| image.sections.values());
    let bytes = |wanted: fn(&SectionFacts) -> bool| {
        sections().filter(|section| section.alloc && wanted(section)).map(|s| s.size).sum::<u64>()
    };
    put("text_bytes", bytes(|section| section.exec) as usize);
    put("image_bytes", bytes(|section| section.kind != "NOBITS") as usize);
    put("sections", image.map_or(0, |i| i.sections.len()));
    put("initcalls", image.and_then(|i| i.initcalls.get()).map_or(0, Vec::len));
    let levels = image.and_then(|i| i.initcalls.get());
    let levels: BTreeSet<String> =
        levels.into_iter().flatten().map(|c| c.level.to_string()).collect();
    put("initcall_levels", levels.len());
    put("kcrctab_entries", image.and_then(|i| i.exports.get()).map_or(0, Vec::len));
    put("modules", facts.modules.values().filter(|m| matches!(m, Answer::Read(_))).count());
    put(
        "dwarf_units",
        image.and_then(|i| i.producers.get()).map_or(0, |p| p.values().sum::<u64>() as usize),
    );
    let suffix = format!(".{}", mode.name());
    for layer in &verdict.layers {
        for (name, n) in &layer.counts {
            match name.strip_suffix(&suffix) {
                Some(stem) => counts.insert(stem.to_owned(), *n),
                None if !name.contains('.') && first => counts.insert(name.clone(), *n),
                None => None,
            };
        }
    }
    counts
}
