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
    let mut versions = BTreeMap::new();
    basic(&image, &mut versions)?;
    extended(&image, &mut versions)?;
    Ok(versions)
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
    let image = Image::parse(bytes)?;
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
    Ok(entries)
}

fn basic(image: &Image<'_>, versions: &mut BTreeMap<String, Crc>) -> Result<(), ElfError> {
    let Some((index, _)) = image.section("__versions") else {
        return Ok(());
    };
    let data = image.data(index);
    let bad = |why: String| ElfError::table("__versions", why);
    if !data.len().is_multiple_of(MODVERSION_INFO) {
        return Err(bad(format!("{} bytes, no multiple of {MODVERSION_INFO}", data.len())));
    }
    for (number, entry) in data.chunks_exact(MODVERSION_INFO).enumerate() {
        let (crc, name) = entry.split_at(image.ident.pointer_size().min(entry.len()));
        let crc = image.ident.endian.uint(crc);
        let crc = u32::try_from(crc)
            .map_err(|_| bad(format!("entry {number} has the CRC {crc:#x}, more than 32 bits")))?;
        let name = text_at(name, 0).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| bad(format!("entry {number} has no name")))?;
        add(versions, name, Crc(crc)).map_err(bad)?;
    }
    Ok(())
}

fn extended(image: &Image<'_>, versions: &mut BTreeMap<String, Crc>) -> Result<(), ElfError> {
    let Some((crcs, _)) = image.section("__version_ext_crcs") else {
        return Ok(());
    };
    let Some((names, _)) = image.section("__version_ext_names") else {
        return Err(ElfError::NoSection("__version_ext_names".to_owned()));
    };
    let bad = |why: String| ElfError::table("__version_ext_crcs", why);
    let (crcs, names) = (image.data(crcs), image.data(names));
    if !crcs.len().is_multiple_of(4) {
        return Err(bad(format!("{} bytes, no multiple of 4", crcs.len())));
    }
    let mut offset = 0;
    for (number, crc) in crcs.chunks_exact(4).enumerate() {
        let name = field(names, offset, 1).and_then(|_| text_at(names, offset));
        let name = name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| bad(format!("entry {number} has no name")))?;
        offset += name.len() as u64 + 1;
        add(versions, name, Crc(image.ident.endian.uint(crc) as u32)).map_err(bad)?;
    }
    Ok(())
}

fn add(versions: &mut BTreeMap<String, Crc>, name: &[u8], crc: Crc) -> Result<(), String> {
    let name = String::from_utf8_lossy(name).into_owned();
    match versions.get(&name) {
        Some(known) if *known != crc => Err(format!("'{name}' has the CRCs {known} and {crc}")),
        _ => {
            versions.insert(name, crc);
            Ok(())
        }
    }
}
