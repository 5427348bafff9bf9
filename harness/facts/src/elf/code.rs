//! Functions and variables of relocatable files, and the bytes between them.
//!
//! Nothing is masked: relocatable files of the four architectures have their addends in the
//! relocations, and the bits that these fill in are zero. That was so at each of 800,000 relocations in the
//! objects of Linux 7.3.4 and of the pocket kernel (LLVM 22). The exception that clang makes is a ULEB128
//! number of riscv (`R_RISCV_SET_ULEB128`), which holds the distance already and is the same of the
//! same code. What stands there all the same is a difference: additions (`R_RISCV_ADD32`) add to it.
//! Addends in place (`SHT_REL`) are a part of the bytes.

use super::covering::Covering;
use super::image::Image;
use super::relocation::Relocation;
use super::section::{SHT_CREL, SHT_GROUP, SHT_REL, SHT_RELA, SHT_SYMTAB, Section};
use super::share::{Bytes, References};
use super::stretch::{Stretch, stretches};
use super::symbol::{SectionRef, Symbol, SymbolKind};
use std::collections::BTreeMap;

/// One function or variable.
#[derive(Debug, Clone)]
pub struct Body {
    /// Its name as it stands in the symbol table.
    pub name: String,
    /// Whether it is a variable.
    pub is_data: bool,
    /// The section that holds it; `COMMON` for what the linker allocates.
    pub section: String,
    /// Where it begins in its section; units: bytes.
    pub start: u64,
    /// Units: bytes.
    pub size: u64,
    /// Its bytes as they stand in the file; none in `.bss` and its like.
    pub bytes: Bytes,
    /// What its relocations refer to, in the order of their places.
    pub references: References,
}

/// What one relocation refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Where it is; units: bytes from the start of the section.
    pub place: u64,
    /// Relocation type of the machine.
    pub kind: u32,
    /// The symbol; where the relocation names a section, the symbol that covers the place in it, or
    /// the text or constant there that may be merged, or else the section; empty for none.
    pub symbol: String,
    /// What is added to `symbol`; units: bytes.
    pub addend: i64,
    /// Every distance, symbol and addend that may be meant, `symbol` among them: on x86_64 the addend
    /// of a relocation to a section also holds the distance to the end of the instruction, which is not
    /// recorded.
    pub or: Vec<(i64, String, i64)>,
    /// Where no symbol covers the place, the size of its section: places move where it differs.
    pub within: Option<u64>,
}

/// What is compared byte by byte of a relocatable file.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    /// Functions and variables that have a size, in the order of section and place.
    pub bodies: Vec<Body>,
    /// The bytes that belong to none of them, in the same order.
    pub stretches: Vec<Stretch>,
    /// Bytes of sections that are not loaded and not compared: debug information and the like.
    pub left_out: BTreeMap<String, u64>,
}

/// Every function and variable of a relocatable file that has a size, in the order of section and
/// offset; none for linked files, whose bytes are full of addresses.
#[must_use]
pub fn bodies(image: &Image<'_>) -> Vec<Body> {
    pieces(image).bodies
}

/// All bytes of a relocatable file that are compared one by one, each in one piece at least; empty
/// for linked files. What a symbol covers beyond the end of its section (a damaged size) is not there.
#[must_use]
pub fn pieces(image: &Image<'_>) -> Pieces {
    let mut pieces = Pieces::default();
    if !image.ident.is_relocatable() {
        return pieces;
    }
    let mut by_section: BTreeMap<usize, Vec<&Symbol<'_>>> = BTreeMap::new();
    for symbol in image.symbols.iter().filter(|symbol| is_named(symbol)) {
        match symbol.section {
            SectionRef::Named(section) => by_section.entry(section).or_default().push(symbol),
            SectionRef::Common => pieces.bodies.push(common(symbol)),
            _ => {}
        }
    }
    let covering = Covering::new(image);
    let mut merged = Vec::new();
    for (index, section) in image.sections.iter().enumerate() {
        if !is_compared(section) {
            if section.size > 0 && !is_structure(section) {
                *pieces.left_out.entry(section.name.clone().into_owned()).or_default() +=
                    section.size;
            }
            continue;
        }
        let mut symbols = by_section.remove(&index).unwrap_or_default();
        symbols.sort_by(|a, b| (a.value, &a.name).cmp(&(b.value, &b.name)));
        let references = references(&covering, image, index);
        let bytes = Bytes::new(image.data(index));
        let first = pieces.bodies.len();
        let sized = symbols.iter().filter(|symbol| symbol.size > 0 && symbol.value < section.size);
        pieces.bodies.extend(sized.map(|symbol| body(section, symbol, &bytes, &references)));
        if section.is_merged() && pieces.bodies.len() == first {
            // What is used is compared where it is used; the rest once all uses are known.
            merged.push(index);
        } else {
            pieces.stretches.extend(stretches(
                image.ident.e_machine,
                section,
                &symbols,
                &bytes,
                &references,
            ));
        }
    }
    pieces.stretches.extend(super::stretch::unused(image, &merged));
    pieces
}

/// Whether a symbol names a function, a variable, or a place between them. Texts and constants without
/// a name of their own are told where they are used.
fn is_named(symbol: &Symbol<'_>) -> bool {
    !matches!(symbol.kind, SymbolKind::Section | SymbolKind::File)
        && !symbol.name.is_empty()
        && !symbol.is_mapping()
}

/// Whether the bytes of a section are compared: not those of debug information and of the file's own
/// structure. Attributes are compared by what they say.
fn is_compared(section: &Section<'_>) -> bool {
    const DERIVED: [&str; 3] = [".debug_", ".zdebug_", ".comment"];
    !is_structure(section) && !DERIVED.iter().any(|start| section.name.starts_with(start))
}

/// Whether a section is a part of the file's structure, which is compared by what it means.
fn is_structure(section: &Section<'_>) -> bool {
    /// `SHT_STRTAB`, `SHT_SYMTAB_SHNDX`, `SHT_RISCV_ATTRIBUTES`, and numbers of symbols for the
    /// linker: `SHT_LLVM_ADDRSIG` and two forms of `SHT_LLVM_CALL_GRAPH_PROFILE`.
    const OTHERS: [u32; 6] = [3, 18, 0x7000_0003, 0x6fff_4c03, 0x6fff_4c02, 0x6fff_4c09];
    matches!(section.sh_type, 0 | SHT_SYMTAB | SHT_RELA | SHT_REL | SHT_CREL | SHT_GROUP)
        || OTHERS.contains(&section.sh_type)
}

fn body(
    section: &Section<'_>,
    symbol: &Symbol<'_>,
    bytes: &Bytes,
    references: &References,
) -> Body {
    let end = symbol.value.saturating_add(symbol.size);
    Body {
        name: symbol.name.clone().into_owned(),
        is_data: match symbol.kind {
            SymbolKind::Func | SymbolKind::Ifunc => false,
            SymbolKind::Object | SymbolKind::Tls | SymbolKind::Common => true,
            _ => !section.flags.exec(),
        },
        section: section.name.clone().into_owned(),
        start: symbol.value,
        size: symbol.size,
        bytes: bytes.part(symbol.value, end),
        references: references.part(symbol.value, end),
    }
}

/// A variable for which the linker finds a place.
fn common(symbol: &Symbol<'_>) -> Body {
    Body {
        name: symbol.name.clone().into_owned(),
        is_data: true,
        section: "COMMON".to_owned(),
        start: 0,
        size: symbol.size,
        bytes: Bytes::default(),
        references: References::default(),
    }
}

/// What the relocations of a section refer to, by place.
fn references(covering: &Covering<'_, '_>, image: &Image<'_>, section: usize) -> References {
    let mut relocations: Vec<Relocation> =
        image.relocation_sections(section).flat_map(|index| image.relocations(index)).collect();
    relocations.sort();
    References::new(relocations.iter().map(|it| reference(covering, image, it)).collect())
}

fn reference(covering: &Covering<'_, '_>, image: &Image<'_>, relocation: &Relocation) -> Reference {
    let number = (relocation.symbol as usize).checked_sub(1);
    let addend = relocation.addend.unwrap_or_default();
    let plain = |symbol: String, addend, within| Reference {
        place: relocation.offset,
        kind: relocation.kind,
        symbol,
        addend,
        or: Vec::new(),
        within,
    };
    match number.and_then(|number| image.symbols.get(number)) {
        None => plain(String::new(), addend, None),
        Some(symbol) => match (symbol.kind, symbol.section) {
            // A label that the compiler numbers says no more than its place does.
            (kind, SectionRef::Named(index))
                if kind == SymbolKind::Section || symbol.name.starts_with(".L") =>
            {
                let addend = addend.saturating_add_unsigned(symbol.value);
                let distances = distances(image.ident.e_machine, relocation.kind);
                let at = |n: &i64| {
                    let (symbol, addend) = covering.at(index, addend.saturating_add(*n))?;
                    Some((*n, symbol, addend))
                };
                let found: Vec<_> = distances.iter().filter_map(at).collect();
                match (found.first().cloned(), image.sections.get(index)) {
                    (Some((_, symbol, addend)), _) => {
                        Reference { or: found, ..plain(symbol, addend, None) }
                    }
                    (None, Some(header)) => {
                        plain(header.name.clone().into_owned(), addend, Some(header.size))
                    }
                    (None, None) => plain(String::new(), addend, None),
                }
            }
            _ => plain(symbol.name.clone().into_owned(), addend, None),
        },
    }
}

/// What may have to be added to the addend for the place that is meant: x86_64 counts from the
/// end of the instruction, behind which up to four more bytes of it may stand; data counts from
/// the field itself.
pub(super) const fn distances(machine: u16, kind: u32) -> &'static [i64] {
    const X86_64: u16 = 62;
    // R_X86_64_PC32, PLT32 and GOTPCREL, and its two relaxable forms.
    match (machine, kind) {
        (X86_64, 2 | 4 | 9 | 41 | 42) => &[4, 0, 5, 6, 8],
        _ => &[0],
    }
}
