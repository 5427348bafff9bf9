use super::error::ElfError;
use super::image::Image;
use super::place::{field, text_at};
use crate::kbuild::Crc;
use std::collections::BTreeMap;

/// Size of `struct modversion_info`; units: bytes.
const MODVERSION_INFO: usize = 64;

/// What a `.ko` imports, with the CRCs that it expects: `__versions`, joined with the extended
/// tables for long names. Empty without `CONFIG_MODVERSIONS`.
///
/// Source: `struct modversion_info` in `include/linux/module.h` (an `unsigned long` and the name,
/// 64 bytes together) and `add_extended_versions` in `scripts/mod/modpost.c`, Linux 7.3.
///
/// # Errors
///
/// The bytes are no whole ELF file, a table has a broken entry, or two entries for one symbol
/// disagree.
pub fn modversions(bytes: &[u8]) -> Result<BTreeMap<String, Crc>, ElfError> {
    let image = Image::parse(bytes)?;
    joined(&version_rows(&image)?)
}

/// Both tables as one.
///
/// # Errors
///
/// Two rows for one symbol disagree.
pub fn joined(rows: &VersionRows) -> Result<BTreeMap<String, Crc>, ElfError> {
    let tables = [("__versions", &rows.basic), ("__version_ext_crcs", &rows.extended)];
    let mut versions: BTreeMap<String, Crc> = BTreeMap::new();
    for (table, rows) in tables {
        for (name, crc) in rows.iter().flatten() {
            match versions.get(name) {
                Some(known) if known != crc => {
                    let why = format!("'{name}' has the CRCs {known} and {crc}");
                    return Err(ElfError::table(table, why));
                }
                _ => versions.insert(name.clone(), *crc),
            };
        }
    }
    Ok(versions)
}

/// The rows of both tables of a `.ko`, as they stand: doubled ones twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionRows {
    /// `__versions`; none where there is no such section.
    pub basic: Option<Vec<(String, Crc)>>,
    /// `__version_ext_crcs` and `__version_ext_names`; none where there are no such sections.
    pub extended: Option<Vec<(String, Crc)>>,
}

/// Reads the rows of both tables. Source: as for [`modversions`].
///
/// # Errors
///
/// A table has a broken entry.
pub fn version_rows(image: &Image<'_>) -> Result<VersionRows, ElfError> {
    Ok(VersionRows { basic: basic(image)?, extended: extended(image)? })
}

/// What `__this_module` holds, the variable that the kernel makes its `struct module` of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThisModule {
    /// The name that it gives itself.
    pub name: String,
    /// What its pointers name, by place; units: bytes.
    pub pointers: Vec<(u64, String)>,
}

/// Reads `.gnu.linkonce.this_module`; none where there is no such section.
///
/// Source: `struct module` in `include/linux/module.h` (`enum module_state state`, `struct
/// list_head list`, `char name[]`) and `add_header` in `scripts/mod/modpost.c`, Linux 7.3.
///
/// # Errors
///
/// The section holds no name, or one without an end.
pub fn this_module(image: &Image<'_>) -> Result<Option<ThisModule>, ElfError> {
    const SECTION: &str = ".gnu.linkonce.this_module";
    let Some((index, _)) = image.section(SECTION) else {
        return Ok(None);
    };
    let bad = |why: &str| ElfError::table(SECTION, why.to_owned());
    // What stands before the name is zero in the file.
    let data = image.data(index);
    let at = data.iter().position(|byte| *byte != 0).ok_or_else(|| bad("it holds no name"))?;
    let name = data.get(at..).and_then(|name| text_at(name, 0));
    let name = name.ok_or_else(|| bad("its name has no end"))?;
    let tables = image.relocation_sections(index);
    let mut pointers: Vec<(u64, String)> = tables
        .flat_map(|table| image.relocations(table))
        .map(|relocation| {
            let number = (relocation.symbol as usize).checked_sub(1);
            let symbol = number.and_then(|number| image.symbols.get(number));
            let name = symbol.map(|s| s.name.clone().into_owned()).unwrap_or_default();
            (relocation.offset, name)
        })
        .collect();
    pointers.sort();
    Ok(Some(ThisModule { name: String::from_utf8_lossy(name).into_owned(), pointers }))
}

/// The `key=value` entries of `.modinfo`, sorted; an entry without `=` is a key without value.
/// In a `vmlinux.o` the keys start with the name of the built-in module.
///
/// Source: `__MODULE_INFO` in `include/linux/moduleparam.h`, Linux 7.3.
///
/// # Errors
///
/// The bytes are no whole ELF file.
pub fn modinfo(bytes: &[u8]) -> Result<Vec<(String, String)>, ElfError> {
    Ok(modinfo_of(&Image::parse(bytes)?))
}

/// [`modinfo`] of a file that was read already.
#[must_use]
pub fn modinfo_of(image: &Image<'_>) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    for (index, section) in image.sections.iter().enumerate() {
        if section.name != ".modinfo" {
            continue;
        }
        for entry in image.data(index).split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let text = String::from_utf8_lossy(entry);
            let (key, value) = text.split_once('=').unwrap_or((&text, ""));
            entries.push((key.to_owned(), value.to_owned()));
        }
    }
    entries.sort();
    entries
}

fn basic(image: &Image<'_>) -> Result<Option<Vec<(String, Crc)>>, ElfError> {
    let Some((index, _)) = image.section("__versions") else {
        return Ok(None);
    };
    let data = image.data(index);
    let bad = |why: String| ElfError::table("__versions", why);
    if !data.len().is_multiple_of(MODVERSION_INFO) {
        return Err(bad(format!("{} bytes, no multiple of {MODVERSION_INFO}", data.len())));
    }
    let mut rows = Vec::with_capacity(data.len() / MODVERSION_INFO);
    for (number, entry) in data.chunks_exact(MODVERSION_INFO).enumerate() {
        let (crc, name) = entry.split_at(image.ident.pointer_size().min(entry.len()));
        let crc = image.ident.endian.uint(crc);
        let crc = u32::try_from(crc)
            .map_err(|_| bad(format!("entry {number} has the CRC {crc:#x}, more than 32 bits")))?;
        let name = text_at(name, 0).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| bad(format!("entry {number} has no name")))?;
        rows.push((String::from_utf8_lossy(name).into_owned(), Crc(crc)));
    }
    Ok(Some(rows))
}

fn extended(image: &Image<'_>) -> Result<Option<Vec<(String, Crc)>>, ElfError> {
    let Some((crcs, _)) = image.section("__version_ext_crcs") else {
        return Ok(None);
    };
    let Some((names, _)) = image.section("__version_ext_names") else {
        return Err(ElfError::NoSection("__version_ext_names".to_owned()));
    };
    let bad = |why: String| ElfError::table("__version_ext_crcs", why);
    let (crcs, names) = (image.data(crcs), image.data(names));
    if !crcs.len().is_multiple_of(4) {
        return Err(bad(format!("{} bytes, no multiple of 4", crcs.len())));
    }
    let (mut rows, mut offset) = (Vec::with_capacity(crcs.len() / 4), 0);
    for (number, crc) in crcs.chunks_exact(4).enumerate() {
        let name = field(names, offset, 1).and_then(|_| text_at(names, offset));
        let name = name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| bad(format!("entry {number} has no name")))?;
        offset += name.len() as u64 + 1;
        let crc = Crc(image.ident.endian.uint(crc) as u32);
        rows.push((String::from_utf8_lossy(name).into_owned(), crc));
    }
    Ok(Some(rows))
}
