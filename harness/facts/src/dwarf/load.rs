//! Debug sections as bytes: of a relocatable file with its relocations applied.

use super::DwarfError;
use super::unpack::{Budget, unpacked};
use crate::elf::{ElfEndian, Image, Relocation, SectionRef};
use gimli::{AbbreviationsCacheStrategy, DwarfSections, EndianSlice, RunTimeEndian, SectionId};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The sections that units, types and their names are read from.
const READ: [SectionId; 8] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugTypes,
];

/// Bytes of a debug section, in the file's byte order.
pub(super) type Slice<'d> = EndianSlice<'d, RunTimeEndian>;

/// All debug sections of one file.
pub(super) struct Loaded<'a> {
    sections: DwarfSections<Cow<'a, [u8]>>,
    endian: RunTimeEndian,
}

impl<'a> Loaded<'a> {
    pub(super) fn load(bytes: &'a [u8]) -> Result<Self, DwarfError> {
        // The symbols are for relocations alone, and most of the work.
        let mut image = Image::outline(bytes)?;
        if image.ident.is_relocatable() {
            image = Image::parse(bytes)?;
        }
        let endian = match image.ident.endian {
            ElfEndian::Little => RunTimeEndian::Little,
            ElfEndian::Big => RunTimeEndian::Big,
        };
        let mut pieces = Pieces::of(&image, bytes)?;
        Ok(Self { sections: DwarfSections::load(|id| pieces.section(&image, id))?, endian })
    }

    pub(super) fn dwarf(&self) -> gimli::Dwarf<Slice<'_>> {
        let mut dwarf = self.sections.borrow(|data| EndianSlice::new(data, self.endian));
        // Units that share a table do not each keep a copy of it.
        dwarf.populate_abbreviations_cache(AbbreviationsCacheStrategy::Duplicates);
        dwarf
    }
}

/// One section of the file that holds debug information.
struct Piece<'a> {
    index: usize,
    /// Without compression.
    data: Cow<'a, [u8]>,
    /// Where it begins in what all sections of its name hold; units: bytes.
    start: u64,
}

/// The debug sections of a file by name (`.debug_info` of a `.zdebug_info` as well). A relocatable
/// file has several of one name, where each type stands in a group of its own
/// (`-fdebug-types-section`); they count as one, in the order of the file.
struct Pieces<'a> {
    by_name: BTreeMap<String, Vec<Piece<'a>>>,
    /// Where pieces begin, by section index.
    starts: BTreeMap<usize, u64>,
}

impl<'a> Pieces<'a> {
    fn of(image: &Image<'a>, file: &[u8]) -> Result<Self, DwarfError> {
        let mut pieces = Self { by_name: BTreeMap::new(), starts: BTreeMap::new() };
        let mut budget = Budget::of(file);
        for (index, section) in image.sections.iter().enumerate() {
            let name = match section.name.strip_prefix(".zdebug_") {
                Some(rest) => format!(".debug_{rest}"),
                None if section.name.starts_with(".debug_") => section.name.to_string(),
                None => continue,
            };
            // Only these are read; of the others no size may be too much.
            if !READ.iter().any(|id| id.name() == name) {
                continue;
            }
            let data = unpacked(image, index, &mut budget)?;
            let same = pieces.by_name.entry(name).or_default();
            if !same.is_empty() {
                if !image.ident.is_relocatable() {
                    return Err(DwarfError::Repeated(section.name.to_string()));
                }
                // Damaged headers may all claim the same bytes.
                let taken = budget.take(data.len() as u64);
                taken.map_err(|_| DwarfError::Repeated(section.name.to_string()))?;
            }
            let start = same.last().map_or(0, |last| last.start + last.data.len() as u64);
            pieces.starts.insert(index, start);
            same.push(Piece { index, data, start });
        }
        Ok(pieces)
    }

    /// Takes the bytes of a debug section, relocated where the file is not linked.
    fn section(&mut self, image: &Image<'a>, id: SectionId) -> Result<Cow<'a, [u8]>, DwarfError> {
        let mut whole = Cow::Borrowed(&[][..]);
        for Piece { index, mut data, .. } in self.by_name.remove(id.name()).unwrap_or_default() {
            if image.ident.is_relocatable() {
                for table in image.relocation_sections(index) {
                    for relocation in image.relocations(table) {
                        self.relocate(image, data.to_mut(), &relocation)?;
                    }
                }
            }
            if whole.is_empty() {
                whole = data;
            } else {
                whole.to_mut().extend_from_slice(&data);
            }
        }
        Ok(whole)
    }

    /// Where a symbol lies in the debug section that it belongs to, or what its value is.
    fn value(&self, image: &Image<'_>, symbol: u32) -> u64 {
        let symbol = (symbol as usize).checked_sub(1).and_then(|index| image.symbols.get(index));
        match symbol.map(|symbol| (symbol.section, symbol.value)) {
            Some((SectionRef::Named(index), value)) => {
                value.wrapping_add(self.starts.get(&index).copied().unwrap_or(0))
            }
            Some((SectionRef::Undefined, _)) | None => 0,
            Some((_, value)) => value,
        }
    }

    /// Puts a value in place. One that lies outside, names no symbol or has no effect on whole
    /// values is passed over: gimli then says what is damaged.
    fn relocate(
        &self,
        image: &Image<'_>,
        data: &mut [u8],
        it: &Relocation,
    ) -> Result<(), DwarfError> {
        let endian = image.ident.endian;
        let Some(effect) = effect(image.ident.e_machine, it.kind)? else {
            return Ok(());
        };
        let (Effect::Set(size) | Effect::Add(size) | Effect::Subtract(size)) = effect;
        let value = self.value(image, it.symbol);
        let field =
            usize::try_from(it.offset).ok().and_then(|at| data.get_mut(at..at.checked_add(size)?));
        let Some(field) = field else { return Ok(()) };
        let old = endian.uint(field);
        let new = match (effect, it.addend) {
            (Effect::Set(_), Some(addend)) => value.wrapping_add_signed(addend),
            (Effect::Set(_), None) => value.wrapping_add(old),
            (Effect::Add(_), addend) => {
                old.wrapping_add(value.wrapping_add_signed(addend.unwrap_or(0)))
            }
            (Effect::Subtract(_), addend) => {
                old.wrapping_sub(value.wrapping_add_signed(addend.unwrap_or(0)))
            }
        };
        let little = new.to_le_bytes();
        let bytes = little.iter().take(size);
        match endian {
            ElfEndian::Little => field.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from),
            ElfEndian::Big => field.iter_mut().rev().zip(bytes).for_each(|(to, from)| *to = *from),
        }
        Ok(())
    }
}

/// What a relocation does to the bytes in its place.
#[derive(Clone, Copy)]
enum Effect {
    Set(usize),
    Add(usize),
    Subtract(usize),
}

/// The relocations of 4 and 8 bytes that compilers put into debug sections. Those of 1 and 2
/// bytes and of LEB128 numbers change what line programs and expressions say, never names.
fn effect(machine: u16, kind: u32) -> Result<Option<Effect>, DwarfError> {
    use object::elf::{
        EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_PPC, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64,
    };
    Ok(Some(match (object::elf::Machine(machine), kind) {
        (EM_X86_64, 1) | (EM_AARCH64, 257) | (EM_RISCV | EM_LOONGARCH, 2) => Effect::Set(8),
        (EM_S390, 22) | (EM_PPC64, 38) => Effect::Set(8),
        (EM_X86_64, 10 | 11) | (EM_AARCH64, 258) | (EM_RISCV | EM_LOONGARCH, 1) => Effect::Set(4),
        (EM_RISCV, 56) | (EM_386, 1) | (EM_ARM, 2) => Effect::Set(4),
        (EM_S390, 4) | (EM_PPC | EM_PPC64, 1) => Effect::Set(4),
        (EM_RISCV, 35) | (EM_LOONGARCH, 50) => Effect::Add(4),
        (EM_RISCV, 36) | (EM_LOONGARCH, 51) => Effect::Add(8),
        (EM_RISCV, 39) | (EM_LOONGARCH, 55) => Effect::Subtract(4),
        (EM_RISCV, 40) | (EM_LOONGARCH, 56) => Effect::Subtract(8),
        (
            EM_X86_64 | EM_AARCH64 | EM_RISCV | EM_LOONGARCH | EM_S390 | EM_PPC | EM_PPC64 | EM_386
            | EM_ARM,
            _,
        ) => return Ok(None),
        _ => return Err(DwarfError::Machine(machine)),
    }))
}
