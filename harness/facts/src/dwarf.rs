//! What the debug information says of its compile units.

use crate::elf::{ElfEndian, ElfError, Image, Relocation, SectionRef};
use gimli::{AttributeValue, DwarfSections, EndianSlice, RunTimeEndian, SectionId};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use thiserror::Error;

/// One compile unit: what one run of a compiler made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unit {
    /// Its source file as the compiler was given it (`DW_AT_name`); empty where it says none.
    pub name: String,
    /// Compiler and version (`DW_AT_producer`); empty where it says none.
    pub producer: String,
    /// `DW_LANG_C11`, `DW_LANG_Mips_Assembler` … (`DW_AT_language`); empty where it says none.
    pub language: String,
    /// Version of the DWARF standard: 4, 5.
    pub version: u16,
    /// Whether it has a line table that is not empty.
    pub has_lines: bool,
}

/// Why debug information could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DwarfError {
    /// The file around it could not.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// A section is compressed (`CONFIG_DEBUG_INFO_COMPRESSED_*`), which is not supported.
    #[error("section '{0}' is compressed")]
    Compressed(String),
    /// A relocatable file has two sections with one name: units in COMDAT groups.
    #[error("more than one section '{0}'")]
    Repeated(String),
    /// A relocatable file for a machine whose relocations are not known here.
    #[error("relocations of machine {0} are not known")]
    Machine(u16),
    /// A unit makes no sense.
    #[error("damaged unit at {at:#x} in .debug_info: {why}")]
    Damaged {
        /// Where it starts, or where the search for the next one stopped; units: bytes.
        at: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// The compile units of an ELF file, linked or not, sorted by name and then by the other fields;
/// none without `.debug_info`. Type units and the units of `.dwo` files are left out.
///
/// Source: DWARF 5, section 3.1.1; before the link, values of 4 and 8 bytes are relocated as the
/// processor supplements say.
///
/// # Errors
///
/// See [`DwarfError`].
pub fn units(bytes: &[u8]) -> Result<Vec<Unit>, DwarfError> {
    let image = Image::parse(bytes)?;
    let endian = match image.ident.endian {
        ElfEndian::Little => RunTimeEndian::Little,
        ElfEndian::Big => RunTimeEndian::Big,
    };
    let sections = DwarfSections::load(|id| section(&image, id))?;
    let dwarf = sections.borrow(|data| EndianSlice::new(data, endian));
    let mut found = Vec::new();
    let mut headers = dwarf.units();
    let mut at = 0;
    while let Some(header) = headers.next().map_err(|error| damaged(at, error))? {
        let next = at.saturating_add(header.length_including_self() as u64);
        found.extend(unit(&dwarf, header).map_err(|error| damaged(at, error))?);
        at = next;
    }
    found.sort();
    Ok(found)
}

fn damaged(at: u64, error: gimli::Error) -> DwarfError {
    DwarfError::Damaged { at, why: error.to_string() }
}

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

fn unit<'a>(
    dwarf: &gimli::Dwarf<Slice<'a>>,
    header: gimli::UnitHeader<Slice<'a>>,
) -> gimli::Result<Option<Unit>> {
    let version = header.version();
    let unit = dwarf.unit(header)?;
    let mut entries = unit.entries();
    let Some(root) = entries.next_dfs()? else {
        return Ok(None);
    };
    if !matches!(root.tag(), gimli::DW_TAG_compile_unit | gimli::DW_TAG_skeleton_unit) {
        return Ok(None);
    }
    let text = |name| -> gimli::Result<String> {
        let Some(value) = root.attr_value(name) else {
            return Ok(String::new());
        };
        let text = dwarf.attr_string(&unit, value)?;
        Ok(String::from_utf8_lossy(text.slice()).into_owned())
    };
    let language = match root.attr_value(gimli::DW_AT_language) {
        Some(AttributeValue::Language(language)) => language.to_string(),
        _ => String::new(),
    };
    let lines = unit.line_program.as_ref();
    Ok(Some(Unit {
        name: text(gimli::DW_AT_name)?,
        producer: text(gimli::DW_AT_producer)?,
        language,
        version,
        has_lines: lines.is_some_and(|lines| !lines.header().raw_program_buf().is_empty()),
    }))
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
