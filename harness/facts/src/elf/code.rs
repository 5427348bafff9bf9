//! Functions and variables of relocatable files, with everything masked that a relocation fills
//! in.

use super::covering::Covering;
use super::image::Image;
use super::relocation::Relocation;
use super::symbol::{SectionRef, Symbol, SymbolKind};
use std::collections::BTreeMap;

/// The body of one function or variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its name as it stands in the symbol table.
    pub name: String,
    /// Whether it is a variable.
    pub is_data: bool,
    /// The section that holds it.
    pub section: String,
    /// Units: bytes.
    pub size: u64,
    /// Its bytes; what relocations fill in is zero.
    pub bytes: Vec<u8>,
    /// What its relocations refer to, in the order of their places.
    pub references: Vec<Reference>,
}

/// What one relocation of a function or variable refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The place in it; units: bytes.
    pub offset: u64,
    /// Relocation type of the machine.
    pub kind: u32,
    /// The symbol; where the relocation names a section, the symbol that covers the place in it, or
    /// the text or constant there that may be merged, or else the section; empty for none.
    pub symbol: String,
    /// What is added to `symbol`; units: bytes.
    pub addend: i64,
    /// Other symbols and addends that may be meant: on x86_64 the addend of a relocation to a
    /// section also holds the distance to the end of the instruction, which is not recorded.
    pub or: Vec<(String, i64)>,
    /// Where no symbol covers the place, the size of its section: places move where it differs.
    pub within: Option<u64>,
}

/// Every function and initialised variable of a relocatable file that has a size, in the order of
/// section and offset; none for linked files, whose bytes are full of addresses. Those whose bytes are not in
/// the file (a damaged size) are left out.
#[must_use]
pub fn bodies(image: &Image<'_>) -> Vec<Body> {
    if !image.ident.is_relocatable() {
        return Vec::new();
    }
    let mut by_section: BTreeMap<usize, Vec<&Symbol<'_>>> = BTreeMap::new();
    for symbol in &image.symbols {
        if let (SymbolKind::Func | SymbolKind::Object, SectionRef::Named(section), 1..) =
            (symbol.kind, symbol.section, symbol.size)
        {
            // Texts and constants without a name of their own are told where they are used.
            if !symbol.name.starts_with(".L") {
                by_section.entry(section).or_default().push(symbol);
            }
        }
    }
    let covering = Covering::new(image);
    let mut bodies = Vec::new();
    for (section, mut symbols) in by_section {
        symbols.sort_by_key(|symbol| (symbol.value, symbol.name.clone()));
        let mut relocations: Vec<Relocation> =
            image.relocation_sections(section).flat_map(|index| image.relocations(index)).collect();
        relocations.sort();
        bodies.extend(
            symbols.iter().filter_map(|s| body(&covering, image, section, s, &relocations)),
        );
    }
    bodies
}

fn body(
    covering: &Covering<'_, '_>,
    image: &Image<'_>,
    section: usize,
    symbol: &Symbol<'_>,
    relocations: &[Relocation],
) -> Option<Body> {
    let start = usize::try_from(symbol.value).ok()?;
    let size = usize::try_from(symbol.size).ok()?;
    let mut bytes = image.data(section).get(start..start.checked_add(size)?)?.to_vec();
    let first = relocations.partition_point(|r| r.offset < symbol.value);
    let mut references = Vec::new();
    for relocation in relocations.iter().skip(first) {
        let offset = relocation.offset.saturating_sub(symbol.value);
        if offset >= symbol.size {
            break;
        }
        let from = usize::try_from(offset).ok()?;
        let to = from.saturating_add(width(image.ident.e_machine, relocation.kind)).min(size);
        if let Some(place) = bytes.get_mut(from..to) {
            place.fill(0);
        }
        references.push(reference(covering, image, offset, relocation));
    }
    Some(Body {
        name: symbol.name.clone().into_owned(),
        is_data: symbol.kind == SymbolKind::Object,
        section: image.sections.get(section).map(|s| s.name.clone().into_owned())?,
        size: symbol.size,
        bytes,
        references,
    })
}

fn reference(
    covering: &Covering<'_, '_>,
    image: &Image<'_>,
    offset: u64,
    relocation: &Relocation,
) -> Reference {
    let number = (relocation.symbol as usize).checked_sub(1);
    let addend = relocation.addend.unwrap_or_default();
    let plain = |symbol: String, addend, within| Reference {
        offset,
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
                let mut found =
                    distances.iter().filter_map(|n| covering.at(index, addend.saturating_add(*n)));
                match (found.next(), image.sections.get(index)) {
                    (Some((symbol, addend)), _) => {
                        Reference { or: found.collect(), ..plain(symbol, addend, None) }
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
const fn distances(machine: u16, kind: u32) -> &'static [i64] {
    const X86_64: u16 = 62;
    // R_X86_64_PC32, PLT32 and GOTPCREL, and its two relaxable forms.
    match (machine, kind) {
        (X86_64, 2 | 4 | 9 | 41 | 42) => &[4, 0, 5, 6, 8],
        _ => &[0],
    }
}

/// How many bytes a relocation fills in at most, by its type; where it is a part of an
/// instruction, the whole instruction. Source: the processor supplements of the System V ABI
/// (`R_X86_64_*`, `R_AARCH64_*`, `R_RISCV_*`, `R_LARCH_*`).
const fn width(machine: u16, kind: u32) -> usize {
    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;
    const RISCV: u16 = 243;
    const LOONGARCH: u16 = 258;
    match (machine, kind) {
        // R_X86_64_64, PC64, GOTPC64 and their like.
        (X86_64, 1 | 16..=18 | 24 | 25 | 27..=31) => 8,
        (X86_64, 12 | 13) => 2,
        (X86_64, 14 | 15) => 1,
        // R_AARCH64_ABS64, PREL64.
        (AARCH64, 257 | 260) => 8,
        (AARCH64, 259 | 262) => 2,
        // R_RISCV_64, CALL and CALL_PLT (two instructions), ADD64 and SUB64.
        (RISCV, 2 | 18 | 19 | 36 | 40) => 8,
        // R_RISCV_RVC_BRANCH and RVC_JUMP, ADD16, SUB16, SET16.
        (RISCV, 34 | 38 | 44 | 45 | 55) => 2,
        (RISCV, 33 | 37 | 52..=54) => 1,
        // R_RISCV_ALIGN and R_RISCV_RELAX fill in nothing.
        (RISCV, 43 | 51) => 0,
        // R_LARCH_64, ADD64, SUB64, CALL36.
        (LOONGARCH, 2 | 51 | 56 | 110) => 8,
        // R_LARCH_ALIGN and R_LARCH_RELAX.
        (LOONGARCH, 100 | 102) => 0,
        _ => 4,
    }
}
