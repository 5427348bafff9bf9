use crate::elf::image::Image;
use crate::elf::place::rank;
use crate::elf::symbol::{SectionRef, Symbol, SymbolKind, Visibility};
use std::collections::BTreeMap;

/// Finds the symbol that a byte belongs to.
pub(super) struct Names<'i, 'a> {
    /// By section: in order of address; of those at one address the best is last. One with a
    /// size is better than a label, one that others may see than a hidden one, which linking
    /// makes local; then by rank.
    sections: BTreeMap<usize, Vec<&'i Symbol<'a>>>,
}

/// How many symbols to look back for one that still lasts. Symbols hardly ever lie inside
/// others; the bound keeps a made file from costing time beyond its size.
const LOOK_BACK: usize = 64;

impl<'i, 'a> Names<'i, 'a> {
    pub(super) fn new(image: &'i Image<'a>) -> Self {
        let mut sections: BTreeMap<usize, Vec<&Symbol<'_>>> = BTreeMap::new();
        for symbol in &image.symbols {
            let SectionRef::Named(index) = symbol.section else { continue };
            let names = !matches!(symbol.kind, SymbolKind::Section | SymbolKind::File)
                && !symbol.name.is_empty()
                && !symbol.is_mapping();
            // A label at the end of a section has the address of the next.
            let inside = image.ident.is_relocatable()
                || image.sections.get(index).is_some_and(|section| section.holds(symbol.value));
            if names && inside {
                sections.entry(index).or_default().push(symbol);
            }
        }
        for symbols in sections.values_mut() {
            symbols.sort_by(|a, b| {
                let key = |it: &Symbol<'_>| (it.value, it.size != 0, !is_hidden(it));
                key(a).cmp(&key(b)).then_with(|| rank(b).cmp(&rank(a)))
            });
        }
        Self { sections }
    }

    /// The symbol that lasts over `at`, an address or in relocatable files an offset; else the
    /// label before it.
    pub(super) fn holder(&self, section: usize, at: u64) -> Option<&'i Symbol<'a>> {
        let symbols = self.sections.get(&section)?;
        let before = symbols.get(..symbols.partition_point(|it| it.value <= at))?;
        let near = || before.iter().rev().take(LOOK_BACK);
        let lasting = near().find(|it| at - it.value < it.size);
        lasting.or_else(|| near().find(|it| it.size == 0)).copied()
    }

    /// The symbol that starts at `at`.
    pub(super) fn start(&self, section: usize, at: u64) -> Option<&'i Symbol<'a>> {
        let symbols = self.sections.get(&section)?;
        let last = symbols.partition_point(|it| it.value <= at).checked_sub(1)?;
        symbols.get(last).filter(|it| it.value == at).copied()
    }
}

fn is_hidden(symbol: &Symbol<'_>) -> bool {
    matches!(symbol.visibility, Visibility::Hidden | Visibility::Internal)
}
