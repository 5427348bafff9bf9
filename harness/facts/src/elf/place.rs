//! Follows the pointers of the kernel's tables, in linked and in relocatable files.

use super::image::Image;
use super::relocation::Relocation;
use super::section::SHT_RELA;
use super::symbol::{Binding, SectionRef, Symbol, SymbolKind};
use std::collections::{BTreeMap, BTreeSet};

/// How a table stores a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Encoding {
    /// 32 bits, relative to their own address (`CONFIG_HAVE_ARCH_PREL32_RELOCATIONS`: arm64 and
    /// x86 in Linux 7.3).
    Prel32,
    /// An address (riscv, loongarch).
    Absolute,
}

/// A byte of the image: an offset in a section of a relocatable file, or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Index of the section; `None` in a linked file.
    pub(super) section: Option<usize>,
    /// Offset or address.
    pub(super) at: u64,
}

/// Where a pointer leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// To something in this file; with the symbol number that its relocation names, or 0.
    Here(Place, u32),
    /// To a symbol that another file defines, by its number.
    Elsewhere(u32),
}

/// Follows pointers that stand in chosen sections.
pub(super) struct Pointers<'i, 'a> {
    image: &'i Image<'a>,
    relocations: BTreeMap<Place, Vec<Relocation>>,
}

impl Encoding {
    pub(super) const ALL: [Self; 2] = [Self::Prel32, Self::Absolute];

    /// Units: bytes.
    pub(super) const fn size(self, image: &Image<'_>) -> u64 {
        match self {
            Self::Prel32 => 4,
            Self::Absolute => image.ident.pointer_size() as u64,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Prel32 => "relative",
            Self::Absolute => "absolute",
        }
    }
}

impl<'i, 'a> Pointers<'i, 'a> {
    /// Gathers the relocations of these sections.
    pub(super) fn new(image: &'i Image<'a>, sections: &BTreeSet<usize>) -> Self {
        let mut relocations: BTreeMap<Place, Vec<Relocation>> = BTreeMap::new();
        for (index, section) in image.sections.iter().enumerate() {
            if image.ident.is_relocatable() {
                let target = section.info as usize;
                if sections.contains(&target) {
                    for relocation in image.relocations(index) {
                        let place = Place { section: Some(target), at: relocation.offset };
                        relocations.entry(place).or_default().push(relocation);
                    }
                }
            } else if section.sh_type == SHT_RELA && section.flags.alloc() {
                // .rela.dyn: the linker may leave zeros in place (`--no-apply-dynamic-relocs`).
                // What `--emit-relocs` leaves is not loaded and already applied.
                for relocation in image.relocations(index) {
                    let holds = |index: &usize| {
                        image.sections.get(*index).is_some_and(|it| it.holds(relocation.offset))
                    };
                    if sections.iter().any(holds) {
                        let place = Place { section: None, at: relocation.offset };
                        relocations.entry(place).or_default().push(relocation);
                    }
                }
            }
        }
        Self { image, relocations }
    }

    /// Follows the pointer at `offset` of section `index`.
    pub(super) fn follow(
        &self,
        index: usize,
        offset: u64,
        encoding: Encoding,
    ) -> Result<Target, String> {
        let image = self.image;
        let size = encoding.size(image);
        let raw = field(image.data(index), offset, size).ok_or("the section ends before it")?;
        let raw = image.ident.endian.uint(raw);
        let address = image.sections.get(index).map_or(0, |it| it.address).wrapping_add(offset);
        let place = if image.ident.is_relocatable() {
            Place { section: Some(index), at: offset }
        } else {
            Place { section: None, at: address }
        };
        let relocation = match self.relocations.get(&place).map(Vec::as_slice) {
            None | Some([]) => None,
            Some([one]) => Some(one),
            Some(_) => return Err("more than one relocation".to_owned()),
        };
        let here = |at: u64| Target::Here(Place { section: None, at: self.fit(at) }, 0);
        match relocation {
            None if image.ident.is_relocatable() => Err("no relocation".to_owned()),
            None if encoding == Encoding::Prel32 => Ok(here(address.wrapping_add(sign(raw, 4)))),
            None => Ok(here(raw)),
            Some(relocation) => {
                let addend = relocation.addend.map_or_else(|| sign(raw, size), |it| it as u64);
                if image.ident.is_relocatable() {
                    self.symbolic(relocation.symbol, addend)
                } else if relocation.symbol == 0 && encoding == Encoding::Absolute {
                    // R_*_RELATIVE.
                    Ok(here(addend))
                } else {
                    Err(format!("dynamic relocation of kind {}", relocation.kind))
                }
            }
        }
    }

    fn symbolic(&self, number: u32, addend: u64) -> Result<Target, String> {
        let symbol = numbered(self.image, number).ok_or("relocation without a symbol")?;
        let at = self.fit(symbol.value.wrapping_add(addend));
        match symbol.section {
            SectionRef::Named(index) => {
                Ok(Target::Here(Place { section: Some(index), at }, number))
            }
            SectionRef::Absolute => Ok(Target::Here(Place { section: None, at }, number)),
            SectionRef::Undefined | SectionRef::Common if addend == 0 => {
                Ok(Target::Elsewhere(number))
            }
            _ => Err(format!("'{}' plus {addend:#x}", symbol.name)),
        }
    }

    /// Addresses of 32-bit files wrap at 32 bits.
    fn fit(&self, address: u64) -> u64 {
        if self.image.ident.pointer_size() == 4 { address & 0xffff_ffff } else { address }
    }
}

/// The symbol that relocations know by this number.
pub(super) fn numbered<'i, 'a>(image: &'i Image<'a>, number: u32) -> Option<&'i Symbol<'a>> {
    image.symbols.get((number as usize).checked_sub(1)?)
}

/// The symbols at each of these places, the one that names it best first: global before local,
/// function before the untyped, without `.llvm.<hash>` before with one, then by name. Mapping,
/// section and file symbols do not count.
pub(super) fn symbols_at<'i, 'a>(
    image: &'i Image<'a>,
    places: &BTreeSet<Place>,
) -> BTreeMap<Place, Vec<&'i Symbol<'a>>> {
    let mut found: BTreeMap<Place, Vec<&Symbol<'_>>> = BTreeMap::new();
    for symbol in &image.symbols {
        let place = match symbol.section {
            SectionRef::Named(index) if image.ident.is_relocatable() => {
                Place { section: Some(index), at: symbol.value }
            }
            SectionRef::Named(_) | SectionRef::Absolute => {
                Place { section: None, at: symbol.value }
            }
            _ => continue,
        };
        let names = !matches!(symbol.kind, SymbolKind::Section | SymbolKind::File)
            && !symbol.name.is_empty();
        if names && places.contains(&place) && !symbol.is_mapping() {
            found.entry(place).or_default().push(symbol);
        }
    }
    for symbols in found.values_mut() {
        symbols.sort_by(|a, b| rank(a).cmp(&rank(b)));
    }
    found
}

/// The section of a linked file that is loaded at `address`, or of a relocatable file that
/// holds the place.
pub(super) fn section_of(image: &Image<'_>, place: Place) -> Option<usize> {
    match place.section {
        Some(index) => Some(index),
        None => image.sections.iter().position(|section| section.holds(place.at)),
    }
}

/// `size` bytes at `offset`.
pub(super) fn field(data: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    data.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}

/// The text at `offset` up to its NUL.
pub(super) fn text_at(data: &[u8], offset: u64) -> Option<&[u8]> {
    let rest = data.get(usize::try_from(offset).ok()?..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    rest.get(..end)
}

fn sign(raw: u64, size: u64) -> u64 {
    if size == 4 { i64::from(raw as u32 as i32) as u64 } else { raw }
}

fn rank<'s>(symbol: &'s Symbol<'_>) -> (u8, u8, u8, bool, &'s str) {
    let section = u8::from(symbol.section == SectionRef::Absolute);
    let binding = match symbol.binding {
        Binding::Global => 0,
        Binding::Weak => 1,
        Binding::Unique => 2,
        Binding::Local => 3,
        Binding::Other(_) => 4,
    };
    let kind = match symbol.kind {
        SymbolKind::Func | SymbolKind::Ifunc => 0,
        SymbolKind::Object | SymbolKind::Tls | SymbolKind::Common => 1,
        _ => 2,
    };
    (section, binding, kind, symbol.name.contains(".llvm."), &symbol.name)
}
