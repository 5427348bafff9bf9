use crate::elf::image::Image;
use crate::elf::place::by_rank;
use crate::elf::symbol::{SectionRef, Symbol, SymbolKind, Visibility};

/// Finds the symbol that a byte belongs to.
pub(super) struct Names<'i, 'a> {
    /// By the number of the section: in order of address; of those at one address the best is last. One with a
    /// size is better than a label, one that others may see than a hidden one, which linking
    /// makes local; then by rank.
    sections: Vec<Vec<At<'i, 'a>>>,
}

/// A symbol with its value, which is looked at far more often than the rest.
type At<'i, 'a> = (u64, &'i Symbol<'a>);

/// How many symbols to look back for one that still lasts. Symbols hardly ever lie inside
/// others; the bound keeps a made file from costing time beyond its size.
const LOOK_BACK: usize = 64;

impl<'i, 'a> Names<'i, 'a> {
    pub(super) fn new(image: &'i Image<'a>) -> Self {
        let mut sections: Vec<Vec<At<'_, '_>>> = vec![Vec::new(); image.sections.len()];
        for symbol in &image.symbols {
            let SectionRef::Named(index) = symbol.section else { continue };
            let names = !matches!(symbol.kind, SymbolKind::Section | SymbolKind::File)
                && !symbol.name.is_empty()
                && !symbol.is_mapping();
            // A label at the end of a section has the address of the next.
            let inside = image.ident.is_relocatable()
                || image.sections.get(index).is_some_and(|section| section.holds(symbol.value));
            if let Some(section) = sections.get_mut(index).filter(|_| names && inside) {
                section.push((symbol.value, symbol));
            }
        }
        let key = |it: &Symbol<'_>| (it.size != 0, !is_hidden(it));
        for symbols in &mut sections {
            symbols.sort_by(|(at, a), (other, b)| {
                let order = at.cmp(other).then_with(|| key(a).cmp(&key(b)));
                order.then_with(|| by_rank(b, a))
            });
        }
        Self { sections }
    }

    /// The symbol that lasts over `at`, an address or in relocatable files an offset; else the
    /// label before it.
    pub(super) fn holder(&self, section: usize, at: u64) -> Option<&'i Symbol<'a>> {
        let symbols = self.sections.get(section)?;
        let before = symbols.get(..symbols.partition_point(|(value, _)| *value <= at))?;
        let near = || before.iter().rev().take(LOOK_BACK).map(|(_, symbol)| *symbol);
        let lasting = near().find(|it| at - it.value < it.size);
        lasting.or_else(|| near().find(|it| it.size == 0))
    }

    /// The symbol that starts at `at`.
    pub(super) fn start(&self, section: usize, at: u64) -> Option<&'i Symbol<'a>> {
        let symbols = self.sections.get(section)?;
        let last = symbols.partition_point(|(value, _)| *value <= at).checked_sub(1)?;
        symbols.get(last).filter(|(value, _)| *value == at).map(|(_, symbol)| *symbol)
    }
}

fn is_hidden(symbol: &Symbol<'_>) -> bool {
    matches!(symbol.visibility, Visibility::Hidden | Visibility::Internal)
}
