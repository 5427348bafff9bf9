//! The parts of a relocatable file, for telling what differs between two that are not identical.

use super::image::Image;
use super::symbol::{SectionRef, Symbol, SymbolKind};
use std::collections::BTreeMap;

/// A relocatable file in parts: its sections with their relocations, and its symbols. The symbol
/// and string tables and the relocation sections are no parts of their own: they are read into these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// ELF machine, type and header flags.
    pub header: (u16, u16, u32),
    /// By name, and by their place among those of one name.
    pub sections: BTreeMap<(String, usize), Part>,
    /// Named symbols by name; of each what the symbol table says, in the order of the table.
    pub symbols: BTreeMap<String, Vec<String>>,
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whether it is loaded.
    pub loaded: bool,
    /// Type, flags, alignment in bytes and bytes of an entry, as they are printed.
    pub shape: String,
    /// Bytes that it has in memory.
    pub size: u64,
    /// Its bytes in the file; none of `.bss` and its like.
    pub bytes: Vec<u8>,
    /// Its relocations by place.
    pub relocations: Vec<PartRelocation>,
    /// Where its functions, variables and labels begin and end (units: bytes), with their names.
    pub labels: Vec<(u64, u64, String)>,
}

/// One relocation of a section.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartRelocation {
    /// Its place in the section; units: bytes.
    pub offset: u64,
    /// Its type on the machine.
    pub kind: u32,
    /// The symbol or section that it names; empty for none.
    pub symbol: String,
    /// What is added; none of a form that keeps it in the section.
    pub addend: Option<i64>,
}

impl Part {
    /// What lies at a place: the symbol that covers it, or else the last label before it.
    #[must_use]
    pub fn at(&self, offset: u64) -> Option<&str> {
        let before = self.labels.partition_point(|(start, _, _)| *start <= offset);
        let labels = self.labels.get(..before)?;
        let covers = labels.iter().rev().find(|(_, end, _)| *end > offset);
        covers.or(labels.last()).map(|(_, _, name)| name.as_str())
    }
}

/// Takes a relocatable file apart.
#[must_use]
pub fn parts(image: &Image<'_>) -> Parts {
    let mut sections: BTreeMap<(String, usize), Part> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut labels = labels(image);
    for (index, section) in image.sections.iter().enumerate().skip(1) {
        let tables = ["SYMTAB", "STRTAB", "SYMTAB_SHNDX"];
        if section.is_relocations() || tables.contains(&&*section.type_name()) {
            continue;
        }
        let number = counts.entry(section.name.as_ref()).or_default();
        let key = (section.name.clone().into_owned(), *number);
        *number += 1;
        let part = Part {
            loaded: section.flags.alloc(),
            shape: format!(
                "{} {} ({:#x}) align {} entsize {}",
                section.type_name_on(image.ident.e_machine),
                section.flags,
                section.flags.0,
                section.align,
                section.entsize
            ),
            size: section.size,
            bytes: image.data(index).to_vec(),
            relocations: relocations(image, index),
            labels: labels.remove(&index).unwrap_or_default(),
        };
        sections.insert(key, part);
    }
    let ident = &image.ident;
    Parts {
        header: (ident.e_machine, ident.e_type, ident.e_flags),
        sections,
        symbols: symbols(image),
    }
}

fn relocations(image: &Image<'_>, section: usize) -> Vec<PartRelocation> {
    let tables = image.relocation_sections(section);
    let all = tables.flat_map(|table| image.relocations(table));
    let mut list: Vec<PartRelocation> = all
        .map(|relocation| {
            let number = (relocation.symbol as usize).checked_sub(1);
            let symbol = number.and_then(|number| image.symbols.get(number));
            PartRelocation {
                offset: relocation.offset,
                kind: relocation.kind,
                symbol: symbol.map(|symbol| name_of(image, symbol)).unwrap_or_default(),
                addend: relocation.addend,
            }
        })
        .collect();
    // Several at one place take effect in the order of the table.
    list.sort_by_key(|relocation| relocation.offset);
    list
}

/// The name of a symbol, or of the section that it stands for.
fn name_of(image: &Image<'_>, symbol: &Symbol<'_>) -> String {
    match (symbol.kind, symbol.section) {
        (SymbolKind::Section, SectionRef::Named(index)) => {
            image.sections.get(index).map(|s| s.name.clone().into_owned()).unwrap_or_default()
        }
        _ => symbol.name.clone().into_owned(),
    }
}

fn labels(image: &Image<'_>) -> BTreeMap<usize, Vec<(u64, u64, String)>> {
    let mut map: BTreeMap<usize, Vec<(u64, u64, String)>> = BTreeMap::new();
    for symbol in image.symbols.iter().filter(|s| !s.is_mapping() && !s.name.is_empty()) {
        if let (SectionRef::Named(section), false) =
            (symbol.section, symbol.kind == SymbolKind::Section)
        {
            let end = symbol.value.saturating_add(symbol.size);
            let label = (symbol.value, end, symbol.name.clone().into_owned());
            map.entry(section).or_default().push(label);
        }
    }
    for labels in map.values_mut() {
        labels.sort();
    }
    map
}

fn symbols(image: &Image<'_>) -> BTreeMap<String, Vec<String>> {
    let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for symbol in &image.symbols {
        // A file's name says where the source lies.
        if symbol.kind == SymbolKind::File || symbol.name.is_empty() {
            continue;
        }
        let place = match symbol.section {
            SectionRef::Named(index) => {
                let name = image.sections.get(index).map(|section| section.name.as_ref());
                format!("{}+{:#x}", name.unwrap_or_default(), symbol.value)
            }
            SectionRef::Undefined => "undefined".to_owned(),
            SectionRef::Absolute => format!("absolute {:#x}", symbol.value),
            other => format!("{other:?} {:#x}", symbol.value),
        };
        let text = format!(
            "{} {} {} other {:#x}, {} bytes, {place}",
            symbol.binding.name(),
            symbol.visibility.name(),
            symbol.kind.name(),
            symbol.other,
            symbol.size
        );
        map.entry(symbol.name.clone().into_owned()).or_default().push(text);
    }
    map
}
