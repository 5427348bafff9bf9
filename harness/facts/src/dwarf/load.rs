//! Debug sections as bytes: of a relocatable file with its relocations applied.

use super::DwarfError;
use crate::elf::{ElfEndian, Image, Relocation, SectionRef};
use gimli::{DwarfSections, EndianSlice, RunTimeEndian, SectionId};
use std::borrow::Cow;

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
        Ok(Self { sections: DwarfSections::load(|id| section(&image, id))?, endian })
    }

    pub(super) fn dwarf(&self) -> gimli::Dwarf<Slice<'_>> {
        self.sections.borrow(|data| EndianSlice::new(data, self.endian))
    }
}

/// The bytes of a debug section, relocated where the file is not linked.
fn section<'a>(image: &Image<'a>, id: SectionId) -> Result<Cow<'a, [u8]>, DwarfError> {
    let name = id.name();
    let mut found = image.sections.iter().enumerate().filter(|(_, it)| it.name == name);
    let Some((index, section)) = found.next() else {
        let old = name.replacen(".debug_", ".zdebug_", 1);
        return match image.section(&old) {
            Some(_) => Err(DwarfError::Compressed(old)),
            None => Ok(Cow::Borrowed(&[])),
        };
    };
    if section.flags.compressed() {
        return Err(DwarfError::Compressed(name.to_owned()));
    }
    let data = image.data(index);
    if !image.ident.is_relocatable() {
        return Ok(Cow::Borrowed(data));
    }
    if found.next().is_some() {
        return Err(DwarfError::Repeated(name.to_owned()));
    }
    let mut data = Cow::Borrowed(data);
    for table in image.relocation_sections(index) {
        for relocation in image.relocations(table) {
            relocate(image, data.to_mut(), &relocation)?;
        }
    }
    Ok(data)
}

/// What a relocation does to the bytes in its place.
#[derive(Clone, Copy)]
enum Effect {
    Set(usize),
    Add(usize),
    Subtract(usize),
}

/// Puts a value in place. One that lies outside, names no symbol or has no effect on whole
/// values is passed over: gimli then says what is damaged.
fn relocate(image: &Image<'_>, data: &mut [u8], it: &Relocation) -> Result<(), DwarfError> {
    let endian = image.ident.endian;
    let Some(effect) = effect(image.ident.e_machine, it.kind)? else {
        return Ok(());
    };
    let (Effect::Set(size) | Effect::Add(size) | Effect::Subtract(size)) = effect;
    let symbol = (it.symbol as usize).checked_sub(1).and_then(|index| image.symbols.get(index));
    let value = match symbol {
        Some(symbol) if symbol.section != SectionRef::Undefined => symbol.value,
        _ => 0,
    };
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
