//! The bytes of a relocatable file that no symbol covers: padding, tables, constants without a name, and
//! texts that nothing refers to.

use super::code::distances;
use super::image::Image;
use super::section::Section;
use super::share::{Bytes, References};
use super::symbol::{SectionRef, Symbol, SymbolKind};
use std::collections::BTreeMap;

/// Bytes of a section that no symbol with a size covers.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// The section that holds them.
    pub section: String,
    /// The last symbol that stands before them in their section; empty at its start.
    pub after: String,
    /// The first symbol that stands behind them; empty at the end.
    pub before: String,
    /// Where they begin in the section; units: bytes.
    pub start: u64,
    /// How many there are.
    pub size: u64,
    /// Whether they lie among instructions.
    pub is_code: bool,
    /// Whether they are nothing but what an assembler fills gaps with.
    pub is_padding: bool,
    /// The bytes as they stand in the file; none in `.bss` and its like.
    pub bytes: Bytes,
    /// What their relocations refer to, in the order of their places.
    pub references: References,
}

/// What the symbols of a section, sorted by place, leave of it: cut where a symbol without a size
/// stands.
pub(super) fn stretches(
    machine: u16,
    section: &Section<'_>,
    symbols: &[&Symbol<'_>],
    bytes: &Bytes,
    references: &References,
) -> Vec<Stretch> {
    let mut list = Vec::new();
    let (mut from, mut after) = (0_u64, "");
    let mut add = |from: u64, to: u64, (after, before): (&str, &str)| {
        if from < to {
            let (bytes, references) = (bytes.part(from, to), references.part(from, to));
            // R_RISCV_ALIGN and R_LARCH_ALIGN ask the linker for what an assembler does elsewhere.
            let aligns = |kind: u32| matches!((machine, kind), (243, 43) | (258, 102));
            let fills = references.iter().all(|reference| aligns(reference.kind))
                && is_padding(machine, section.flags.exec(), &bytes);
            list.push(Stretch {
                section: section.name.clone().into_owned(),
                after: after.to_owned(),
                before: before.to_owned(),
                start: from,
                size: to - from,
                is_code: section.flags.exec(),
                is_padding: fills,
                bytes,
                references,
            });
        }
    };
    for symbol in symbols.iter().filter(|symbol| symbol.value < section.size) {
        add(from, symbol.value, (after, &symbol.name));
        let end = symbol.value.saturating_add(symbol.size).min(section.size);
        if symbol.value >= from || end > from {
            after = &symbol.name;
        }
        from = from.max(symbol.value).max(end);
    }
    add(from, section.size, (after, ""));
    list
}

/// Of sections of texts and constants that may be merged, what nothing refers to: one stretch a
/// section, its entries sorted.
pub(super) fn unused(image: &Image<'_>, merged: &[usize]) -> Vec<Stretch> {
    let mut used: BTreeMap<usize, Vec<u64>> =
        merged.iter().map(|index| (*index, Vec::new())).collect();
    for (index, table) in image.sections.iter().enumerate() {
        let target = image.sections.get(table.info as usize);
        let debug = target.is_none_or(|it| it.name.starts_with(".debug_"));
        if used.is_empty() || !table.is_relocations() || debug {
            continue;
        }
        for relocation in image.relocations(index) {
            let symbol = (relocation.symbol as usize).checked_sub(1);
            let Some(symbol) = symbol.and_then(|number| image.symbols.get(number)) else {
                continue;
            };
            let SectionRef::Named(section) = symbol.section else { continue };
            let Some(places) = used.get_mut(&section) else { continue };
            let addend = relocation.addend.unwrap_or_default();
            let at = addend.saturating_add_unsigned(symbol.value);
            let by_place = symbol.kind == SymbolKind::Section || symbol.name.starts_with(".L");
            let distances: &[i64] =
                if by_place { distances(image.ident.e_machine, relocation.kind) } else { &[0] };
            // The first that may be meant, as where it is compared.
            let first = distances.iter().find_map(|n| u64::try_from(at.saturating_add(*n)).ok());
            places.extend(first);
        }
    }
    let list = used.into_iter().filter_map(|(index, places)| {
        let section = image.sections.get(index)?;
        rest(section, image.data(index), places)
    });
    list.collect()
}

/// The entries of a section of which none of these places is a part, joined.
fn rest(section: &Section<'_>, data: &[u8], mut places: Vec<u64>) -> Option<Stretch> {
    places.sort_unstable();
    let mut left: Vec<&[u8]> = Vec::new();
    let mut start = 0;
    for entry in entries(section, data) {
        let end = start + entry.len() as u64;
        // An entry is used from the place on that is named; what stands before it is not.
        let first = places.get(places.partition_point(|place| *place < start)).copied();
        let unused = first.filter(|place| *place < end).unwrap_or(end);
        let unused = usize::try_from(unused - start).unwrap_or_default();
        left.extend(entry.get(..unused).filter(|part| !part.is_empty()));
        start = end;
    }
    left.sort_unstable();
    let bytes = left.concat();
    (!bytes.is_empty()).then(|| Stretch {
        section: section.name.clone().into_owned(),
        after: String::new(),
        before: String::new(),
        start: 0,
        size: bytes.len() as u64,
        is_code: section.flags.exec(),
        is_padding: bytes.iter().all(|byte| *byte == 0),
        bytes: Bytes::new(&bytes),
        references: References::default(),
    })
}

/// The entries of a section that may be merged: texts with their NUL, or constants of one size.
fn entries<'d>(section: &Section<'_>, data: &'d [u8]) -> Box<dyn Iterator<Item = &'d [u8]> + 'd> {
    let size = usize::try_from(section.entsize).unwrap_or_default().max(1);
    if section.is_text() && size == 1 {
        Box::new(data.split_inclusive(|byte| *byte == 0))
    } else {
        Box::new(data.chunks(size))
    }
}

/// Whether these bytes are what an assembler fills gaps with: zeros, traps, and instructions that do
/// nothing (LLVM 22, `writeNopData` of each target).
fn is_padding(machine: u16, is_code: bool, bytes: &[u8]) -> bool {
    const X86_64: u16 = 62;
    if bytes.iter().all(|byte| *byte == 0) {
        return true;
    }
    let whole = |nop: &[u8]| bytes.chunks(nop.len()).all(|chunk| chunk == nop);
    is_code
        && match machine {
            X86_64 => bytes.iter().all(|byte| *byte == 0xcc) || x86_nops(bytes),
            // NOP.
            183 => whole(&[0x1f, 0x20, 0x03, 0xd5]),
            // C.NOP and NOP, in any order.
            243 => riscv_nops(bytes),
            258 => whole(&[0, 0, 0x40, 0x03]),
            _ => false,
        }
}

fn riscv_nops(mut bytes: &[u8]) -> bool {
    while let Some(rest) =
        bytes.strip_prefix(&[0x01, 0]).or_else(|| bytes.strip_prefix(&[0x13, 0, 0, 0]))
    {
        bytes = rest;
    }
    bytes.is_empty()
}

/// `90`, and `0f 1f` with an operand, behind any number of `66` and `2e`.
fn x86_nops(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let prefixes = bytes.iter().take_while(|byte| matches!(byte, 0x66 | 0x2e)).count();
        let operation = bytes.get(prefixes..).unwrap_or_default();
        let length = match operation {
            [0x90, ..] => 1,
            [0x0f, 0x1f, 0x00, ..] => 3,
            [0x0f, 0x1f, 0x40, 0, ..] => 4,
            [0x0f, 0x1f, 0x44, 0, 0, ..] => 5,
            [0x0f, 0x1f, 0x80, 0, 0, 0, 0, ..] => 7,
            [0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, ..] => 8,
            _ => return false,
        };
        bytes = operation.get(length..).unwrap_or_default();
    }
    true
}
