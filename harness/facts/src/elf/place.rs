//! Follows the pointers of the kernel's tables, in linked and in relocatable files.

use super::image::Image;
use super::relocation::Relocation;
use super::section::SHT_RELA;
use super::symbol::{Binding, SectionRef, Symbol, SymbolKind};
use foldhash::HashMap;
use object::elf::{
    EM_LOONGARCH, EM_RISCV, Machine, R_LARCH_ADD32, R_LARCH_ADD64, R_LARCH_SUB32, R_LARCH_SUB64,
    R_RISCV_ADD32, R_RISCV_ADD64, R_RISCV_SUB32, R_RISCV_SUB64,
};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// How a table stores a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Encoding {
    /// 32 bits, relative to their own address (`CONFIG_HAVE_ARCH_PREL32_RELOCATIONS`: arm64 and
    /// x86 in Linux 7.3).
    Prel32,
    /// An address (riscv, loongarch).
    Absolute,
    /// As wide as an address, relative to its own address (`key` of `struct jump_entry`).
    PrelLong,
}

/// A byte of the image: an offset in a section of a relocatable file, or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// To a symbol that another file defines, by its number, and this many bytes on.
    Elsewhere(u32, u64),
}

/// Follows pointers that stand in chosen sections.
pub(super) struct Pointers<'i, 'a> {
    image: &'i Image<'a>,
    relocations: BTreeMap<Place, Vec<Relocation>>,
}

impl Encoding {
    /// Those that a table of pointers may have.
    pub(super) const ALL: [Self; 2] = [Self::Prel32, Self::Absolute];

    /// Units: bytes.
    pub(super) const fn size(self, image: &Image<'_>) -> u64 {
        match self {
            Self::Prel32 => 4,
            Self::Absolute | Self::PrelLong => image.ident.pointer_size() as u64,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Prel32 | Self::PrelLong => "relative",
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

    /// Follows the pointer at `offset` of section `index`, which leads to the start of what it
    /// names if another file defines that.
    pub(super) fn follow(
        &self,
        index: usize,
        offset: u64,
        encoding: Encoding,
    ) -> Result<Target, String> {
        match self.lead(index, offset, encoding)? {
            Target::Elsewhere(number, far) if far != 0 => {
                let name = numbered(self.image, number).map_or("", |symbol| &symbol.name);
                Err(format!("'{name}' plus {far:#x}"))
            }
            target => Ok(target),
        }
    }

    /// Follows the pointer at `offset` of section `index`, wherever it leads.
    pub(super) fn lead(
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
            Some([one]) => Some(*one),
            Some([one, other]) => Some(self.difference(place, size, *one, *other)?),
            Some(_) => return Err("more than one relocation".to_owned()),
        };
        let here = |at: u64| Target::Here(Place { section: None, at: self.fit(at) }, 0);
        match relocation {
            None if image.ident.is_relocatable() => Err("no relocation".to_owned()),
            None if encoding == Encoding::Absolute => Ok(here(raw)),
            None => Ok(here(address.wrapping_add(sign(raw, size)))),
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

    /// What two relocations for one place add up to: code that the linker may shorten (riscv, and
    /// loongarch with relaxation) has `target - here` as a sum and a difference. The one that
    /// names the target, if the other takes away nothing but the place itself.
    fn difference(
        &self,
        place: Place,
        size: u64,
        one: Relocation,
        other: Relocation,
    ) -> Result<Relocation, String> {
        let not_understood = || {
            let name = |it: Relocation| it.kind_name(self.image.ident.e_machine);
            format!("more than one relocation: {} and {}", name(one), name(other))
        };
        let (add, sub) = sum_kinds(self.image, size).ok_or_else(not_understood)?;
        let (target, origin) = match (one.kind, other.kind) {
            (a, b) if (a, b) == (add, sub) => (one, other),
            (a, b) if (a, b) == (sub, add) => (other, one),
            _ => return Err(not_understood()),
        };
        match self.symbolic(origin.symbol, origin.addend.unwrap_or_default() as u64)? {
            Target::Here(from, _) if from == place => Ok(target),
            _ => Err("relative to another place than its own".to_owned()),
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
            SectionRef::Undefined | SectionRef::Common => Ok(Target::Elsewhere(number, addend)),
            SectionRef::Other(_) => Err(format!("'{}' plus {addend:#x}", symbol.name)),
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
/// section and file symbols do not count, nor do labels of other sections: that at the end of a
/// section, or behind it, has the address of what the next section begins with.
pub(super) fn symbols_at<'i, 'a>(
    image: &'i Image<'a>,
    places: &BTreeSet<Place>,
) -> BTreeMap<Place, Vec<&'i Symbol<'a>>> {
    let mut found: BTreeMap<Place, Vec<&Symbol<'_>>> = BTreeMap::new();
    // In a linked file, the section that each is in.
    let in_section = |place: Place| match image.ident.is_relocatable() {
        true => None,
        false => section_of(image, place),
    };
    let wanted: HashMap<Place, Option<usize>> =
        places.iter().map(|place| (*place, in_section(*place))).collect();
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
        let Some(section) = wanted.get(&place) else { continue };
        let elsewhere = match (symbol.section, section) {
            (SectionRef::Named(index), Some(section)) => index != *section,
            _ => false,
        };
        let names = !matches!(symbol.kind, SymbolKind::Section | SymbolKind::File)
            && !symbol.name.is_empty()
            && !elsewhere;
        if names && !symbol.is_mapping() {
            found.entry(place).or_default().push(symbol);
        }
    }
    for symbols in found.values_mut() {
        symbols.sort_by(|a, b| by_rank(a, b));
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

/// The kinds of relocation that add a symbol to `size` bytes and take one away.
fn sum_kinds(image: &Image<'_>, size: u64) -> Option<(u32, u32)> {
    let (add, sub) = match (Machine(image.ident.e_machine), size) {
        (EM_RISCV, 4) => (R_RISCV_ADD32, R_RISCV_SUB32),
        (EM_RISCV, 8) => (R_RISCV_ADD64, R_RISCV_SUB64),
        (EM_LOONGARCH, 4) => (R_LARCH_ADD32, R_LARCH_SUB32),
        (EM_LOONGARCH, 8) => (R_LARCH_ADD64, R_LARCH_SUB64),
        _ => return None,
    };
    Some((add.0, sub.0))
}

fn sign(raw: u64, size: u64) -> u64 {
    if size == 4 { i64::from(raw as u32 as i32) as u64 } else { raw }
}

/// Which of two symbols names a place better: that one is less.
pub(super) fn by_rank(a: &Symbol<'_>, b: &Symbol<'_>) -> Ordering {
    let promoted = |it: &Symbol<'_>| it.name.contains(".llvm.");
    let order = rank(a).cmp(&rank(b));
    order.then_with(|| promoted(a).cmp(&promoted(b))).then_with(|| a.name.cmp(&b.name))
}

fn rank(symbol: &Symbol<'_>) -> (u8, u8, u8) {
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
    (section, binding, kind)
}
