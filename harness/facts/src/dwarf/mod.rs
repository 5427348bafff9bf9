//! What debug information says: who compiled each unit and how, how exported functions and variables
//! are declared, and how the types lie in memory that they hand over.

mod layout;
mod load;
mod member;
mod names;
mod options;
mod roots;
mod signature;
mod units;
mod unpack;
mod walk;

pub use layout::{Layout, Layouts, Member};
pub use roots::Roots;
pub use signature::{Signature, TypeName};
pub use units::Unit;

use crate::elf::ElfError;
use load::{Loaded, Slice};
use thiserror::Error;

/// The debug information of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DebugFacts {
    /// Its compile units, sorted; several have one name where the compiler took functions of
    /// one unit into others (ThinLTO).
    pub units: Vec<Unit>,
    /// The types that are reached from [`Roots`].
    pub layouts: Layouts,
    /// Files that units say the rest of their debug information is in (split DWARF, `.dwo`), sorted;
    /// these are not read.
    pub split: Vec<String>,
}

/// Why debug information could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DwarfError {
    /// The file around it could not.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// A section is compressed (`CONFIG_DEBUG_INFO_COMPRESSED_*`) and cannot be unpacked.
    #[error("section '{section}' is compressed: {why}")]
    Compressed {
        /// Its name.
        section: String,
        /// What is wrong with it.
        why: String,
    },
    /// A linked file has two sections with one name.
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
    /// A type unit makes no sense.
    #[error("damaged unit in .debug_types: {0}")]
    DamagedTypes(String),
    /// Types refer to one another so that reading them would not end in sensible time.
    #[error("the types in .debug_info are more deeply nested than their size allows")]
    Nested,
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
    let loaded = Loaded::load(bytes)?;
    let dwarf = loaded.dwarf();
    units::facts(&dwarf, &parsed(&dwarf)?)
}

/// The units of an ELF file and the types that are reached from `roots`.
///
/// Source: DWARF 5, sections 3.1.1 and 5.
///
/// # Errors
///
/// See [`DwarfError`].
pub fn debug(bytes: &[u8], roots: Roots<'_>) -> Result<DebugFacts, DwarfError> {
    let loaded = Loaded::load(bytes)?;
    let dwarf = loaded.dwarf();
    let parsed = parsed(&dwarf)?;
    let units = units::facts(&dwarf, &parsed)?;
    let layouts = layout::layouts(&dwarf, &parsed, roots)?;
    let split = units::split(&dwarf, &parsed)?;
    Ok(DebugFacts { units, layouts, split })
}

/// One unit, ready to be read.
type Parsed<'d> = gimli::Unit<Slice<'d>>;

/// Every unit in the order of the file, those of `.debug_types` last.
fn parsed<'d>(dwarf: &gimli::Dwarf<Slice<'d>>) -> Result<Vec<Parsed<'d>>, DwarfError> {
    let mut parsed = Vec::new();
    let mut headers = dwarf.units();
    let mut at = 0;
    while let Some(header) = headers.next().map_err(|error| damaged(at, error))? {
        let next = at.saturating_add(header.length_including_self() as u64);
        parsed.push(dwarf.unit(header).map_err(|error| damaged(at, error))?);
        at = next;
    }
    // DWARF 4 has a section of its own for units with one type.
    let mut headers = dwarf.type_units();
    let in_types = |error: gimli::Error| DwarfError::DamagedTypes(error.to_string());
    while let Some(header) = headers.next().map_err(in_types)? {
        parsed.push(dwarf.unit(header).map_err(in_types)?);
    }
    Ok(parsed)
}

/// Where a unit starts; units: bytes from the start of `.debug_info`; behind all of them for one of
/// `.debug_types`.
fn start_of(unit: &Parsed<'_>) -> usize {
    unit.header.debug_info_offset().map_or(usize::MAX, |offset| offset.0)
}

fn damaged(at: u64, error: gimli::Error) -> DwarfError {
    DwarfError::Damaged { at, why: error.to_string() }
}
