//! What the bytes of loaded sections are: functions, variables, tables, and what nothing names.

use super::image::Image;
use super::section::SHT_NOTE;
use super::symbol::{SectionRef, SymbolKind};
use std::collections::BTreeMap;

/// What some bytes of a loaded section belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// A table of the kernel, or a list of exports, which a reader of its own decodes.
    Table,
    /// A note (`SHT_NOTE`).
    Note,
    /// A function that a symbol covers.
    Function,
    /// A variable that a symbol covers, its contents in the file.
    Variable,
    /// A variable without contents in the file (`SHT_NOBITS`).
    Zeroed,
    /// A symbol of another type covers it, such as those of linker scripts and assembly.
    Labelled,
    /// No symbol covers it, and it repeats the fill of its section: zeros, or the processor's
    /// instructions that do nothing or trap.
    Padding,
    /// No symbol covers it: texts and constants without a name, and code of assembly.
    Unnamed,
}

/// The bytes of one kind in the loaded sections of one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extent {
    /// Name of the section.
    pub section: String,
    /// What they belong to.
    pub content: Content,
    /// How many there are.
    pub bytes: u64,
}

/// Sections that are tables as a whole, for which there is a reader.
const TABLES: [&str; 15] = [
    "__param",
    ".init.setup",
    "__ex_table",
    "__bug_table",
    ".altinstructions",
    ".alternative",
    "__jump_table",
    ".static_call_sites",
    ".static_call_tramp_key",
    ".export_symbol",
    "__ksymtab",
    "__ksymtab_gpl",
    "__kcrctab",
    "__kcrctab_gpl",
    "__kflagstab",
];

/// Divides the bytes of every loaded section among what they belong to, so that the sum is the size
/// of all loaded sections. Of overlapping symbols functions go first, then variables. Sorted by
/// section and content; units: bytes.
#[must_use]
pub fn extents(image: &Image<'_>) -> Vec<Extent> {
    let spans = Spans::of(image);
    let mut sums: BTreeMap<(String, Content), u64> = BTreeMap::new();
    for (index, section) in image.sections.iter().enumerate() {
        if !section.flags.alloc() || section.size == 0 {
            continue;
        }
        let mut add = |content, bytes: u64| {
            if bytes > 0 {
                *sums.entry((section.name.clone().into_owned(), content)).or_default() += bytes;
            }
        };
        if TABLES.contains(&section.name.as_ref()) || section.name.starts_with(".pci_fixup") {
            add(Content::Table, section.size);
        } else if section.sh_type == SHT_NOTE {
            add(Content::Note, section.size);
        } else {
            let data = if section.is_nobits() { None } else { Some(image.data(index)) };
            divide(spans.by_section.get(&index).map_or(&[][..], Vec::as_slice), section.size, data)
                .into_iter()
                .for_each(|(content, bytes)| add(content, bytes));
        }
    }
    let extent = |((section, content), bytes)| Extent { section, content, bytes };
    sums.into_iter().map(extent).collect()
}

/// What symbols cover, by section: rank, start and end from the section's start.
struct Spans {
    by_section: BTreeMap<usize, Vec<(u64, u64, Content)>>,
}

impl Spans {
    fn of(image: &Image<'_>) -> Self {
        let mut by_section: BTreeMap<usize, Vec<(u64, u64, Content)>> = BTreeMap::new();
        for symbol in image.symbols.iter().filter(|s| s.size > 0) {
            let SectionRef::Named(index) = symbol.section else { continue };
            let Some(section) = image.sections.get(index) else { continue };
            let content = match symbol.kind {
                SymbolKind::Func | SymbolKind::Ifunc => Content::Function,
                SymbolKind::Object | SymbolKind::Tls | SymbolKind::Common => Content::Variable,
                SymbolKind::Section | SymbolKind::File => continue,
                SymbolKind::NoType | SymbolKind::Other(_) => Content::Labelled,
            };
            let base = if image.ident.is_relocatable() { 0 } else { section.address };
            let Some(start) = symbol.value.checked_sub(base) else { continue };
            let end = start.saturating_add(symbol.size).min(section.size);
            if start < end {
                by_section.entry(index).or_default().push((start, end, content));
            }
        }
        for spans in by_section.values_mut() {
            spans.sort_unstable();
        }
        Self { by_section }
    }
}

/// Goes through a section from its start; `spans` are sorted.
fn divide(spans: &[(u64, u64, Content)], size: u64, data: Option<&[u8]>) -> BTreeMap<Content, u64> {
    let mut sums = BTreeMap::new();
    let mut at = 0;
    for (start, end, content) in spans {
        gap(&mut sums, at, (*start).max(at), data);
        let from = (*start).max(at);
        if *end > from {
            let content = match (content, data) {
                (Content::Variable, None) => Content::Zeroed,
                (content, _) => *content,
            };
            *sums.entry(content).or_default() += end - from;
            at = *end;
        }
    }
    gap(&mut sums, at, size, data);
    sums
}

/// What no symbol covers.
fn gap(sums: &mut BTreeMap<Content, u64>, from: u64, to: u64, data: Option<&[u8]>) {
    let Some(len) = to.checked_sub(from).filter(|len| *len > 0) else { return };
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    let bytes = data.and_then(|data| data.get(range.map_or(0..0, |(from, to)| from..to)));
    let is_fill = match (data, bytes) {
        (None, _) => true,
        (Some(_), Some(bytes)) => is_fill(bytes),
        (Some(_), None) => false,
    };
    *sums.entry(if is_fill { Content::Padding } else { Content::Unnamed }).or_default() += len;
}

/// Whether a gap holds nothing but fill: zeros; one-byte `int3` and `nop` of x86_64; `nop` of arm64,
/// riscv and loongarch. The longer `nop`s of x86_64 are not told from code.
fn is_fill(bytes: &[u8]) -> bool {
    const NOPS: [[u8; 4]; 3] = [[0x1f, 0x20, 0x03, 0xd5], [0x13, 0, 0, 0], [0, 0, 0x40, 0x03]];
    let repeats = |byte: u8| bytes.iter().all(|b| *b == byte);
    let is_nop = |nop: &[u8; 4]| bytes.chunks(4).all(|word| word == nop);
    repeats(0) || repeats(0xcc) || repeats(0x90) || NOPS.iter().any(is_nop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Content::{Function, Padding, Unnamed, Variable, Zeroed};

    fn sums(spans: &[(u64, u64, Content)], size: u64, data: Option<&[u8]>) -> Vec<(Content, u64)> {
        divide(spans, size, data).into_iter().collect()
    }

    #[test]
    fn every_byte_is_counted_once() {
        let mut data = [0u8; 20];
        data[18] = 7;
        let spans = [(0, 8, Function), (4, 10, Function), (12, 16, Variable)];
        assert_eq!(
            sums(&spans, 20, Some(&data)),
            [(Function, 10), (Variable, 4), (Padding, 2), (Unnamed, 4)]
        );
        assert_eq!(sums(&[(0, 4, Variable)], 20, None), [(Zeroed, 4), (Padding, 16)]);
        assert_eq!(sums(&[], 0, None), []);
    }

    #[test]
    fn a_gap_of_nops_is_padding() {
        assert!(is_fill(&[0x1f, 0x20, 0x03, 0xd5, 0x1f, 0x20, 0x03, 0xd5]));
        assert!(is_fill(&[0xcc; 7]));
        assert!(!is_fill(&[0x1f, 0x20, 0x03]));
        assert!(!is_fill(&[0, 0, 0, 1]));
    }
}
