//! Compile units.

use super::load::Slice;
use super::options::parted;
use super::{DwarfError, Parsed, damaged, start_of};
use gimli::AttributeValue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One compile unit: what one run of a compiler made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unit {
    /// Its source file as the compiler was given it (`DW_AT_name`); empty where it says none.
    pub name: String,
    /// Compiler and version (`DW_AT_producer`) without options; empty where it says none.
    pub producer: String,
    /// The options that it was compiled with, in their order, where the compiler recorded them;
    /// those whose values are paths are left out. `DW_AT_comp_dir` is a path and left out, too.
    pub options: Vec<String>,
    /// `DW_LANG_C11`, `DW_LANG_Mips_Assembler` … (`DW_AT_language`); empty where it says none.
    pub language: String,
    /// Version of the DWARF standard: 4, 5.
    pub version: u16,
    /// Whether it has a line table that is not empty.
    pub has_lines: bool,
}

pub(super) fn facts<'d>(
    dwarf: &gimli::Dwarf<Slice<'d>>,
    units: &[Parsed<'d>],
) -> Result<Vec<Unit>, DwarfError> {
    let mut found = Vec::new();
    for parsed in units {
        let fact = unit(dwarf, parsed);
        found.extend(fact.map_err(|error| damaged(start_of(parsed) as u64, error))?);
    }
    found.sort();
    Ok(found)
}

/// The `.dwo` files that units name, sorted, each once.
pub(super) fn split<'d>(
    dwarf: &gimli::Dwarf<Slice<'d>>,
    units: &[Parsed<'d>],
) -> Result<Vec<String>, DwarfError> {
    let mut files = BTreeSet::new();
    for parsed in units.iter().filter(|unit| start_of(unit) != usize::MAX) {
        let bad = |error| damaged(start_of(parsed) as u64, error);
        let mut entries = parsed.entries();
        let Some(root) = entries.next_dfs().map_err(bad)? else { continue };
        let name = [gimli::DW_AT_dwo_name, gimli::DW_AT_GNU_dwo_name];
        if let Some(value) = name.into_iter().find_map(|name| root.attr_value(name)) {
            let text = dwarf.attr_string(parsed, value).map_err(bad)?;
            files.insert(String::from_utf8_lossy(text.slice()).into_owned());
        }
    }
    Ok(files.into_iter().collect())
}

fn unit<'d>(dwarf: &gimli::Dwarf<Slice<'d>>, unit: &Parsed<'d>) -> gimli::Result<Option<Unit>> {
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
        let text = dwarf.attr_string(unit, value)?;
        Ok(String::from_utf8_lossy(text.slice()).into_owned())
    };
    let language = match root.attr_value(gimli::DW_AT_language) {
        Some(AttributeValue::Language(language)) => language.to_string(),
        _ => String::new(),
    };
    let lines = unit.line_program.as_ref();
    let (producer, options) = parted(&text(gimli::DW_AT_producer)?);
    Ok(Some(Unit {
        name: text(gimli::DW_AT_name)?,
        producer,
        options,
        language,
        version: unit.header.version(),
        has_lines: lines.is_some_and(|lines| !lines.header().raw_program_buf().is_empty()),
    }))
}
