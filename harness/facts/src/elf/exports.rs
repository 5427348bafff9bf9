use super::error::ElfError;
use super::image::Image;
use super::place::{
    Encoding, Place, Pointers, Target, field, numbered, section_of, symbols_at, text_at,
};
use crate::kbuild::Crc;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One symbol that an image offers to modules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExportEntry {
    /// The name it is exported under.
    pub name: String,
    /// Its namespace; empty for none.
    pub namespace: String,
    /// CRC of its signature; none without `CONFIG_MODVERSIONS`.
    pub crc: Option<Crc>,
    /// Whether only GPL modules may use it.
    pub gpl: bool,
    /// Its byte in `__kflagstab` (`enum ksym_flags`), in kernels that have that table.
    pub flags: Option<u8>,
    /// What it leads to.
    pub value: ExportValue,
}

/// What an export leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExportValue {
    /// The symbol there: one with the export's name if there is one, else the one that names
    /// it best; none where no symbol stands.
    pub symbol: Option<String>,
    /// Its address; none in relocatable files.
    pub address: Option<u64>,
}

/// `KSYM_FLAG_GPL_ONLY`, `include/linux/module_symbol.h`, Linux 7.3.
const KSYM_FLAG_GPL_ONLY: u8 = 1;

/// Decodes the export tables of a final `vmlinux`, of a `.ko` or of a native `.vmlinux.export.o`
/// or `.mod.o`; sorted by name. Empty if there are none.
///
/// Source: `include/linux/export-internal.h`, `scripts/module.lds.S` and
/// `include/asm-generic/vmlinux.lds.h`, Linux 7.3: `struct kernel_symbol` is value, name and
/// namespace, as three relative 32-bit words or three addresses; CRCs and flags stand in tables
/// of the same order. Before `__kflagstab`, GPL-only symbols had tables of their own,
/// `__ksymtab_gpl` and `__kcrctab_gpl`. Kernels before 5.4, which had no namespaces, and the
/// relative CRCs of 4.11 to 5.18 are not understood.
///
/// # Errors
///
/// [`ElfError::Table`] if neither way of reading an entry makes sense of the whole table, or
/// both do in different ways; if the tables disagree in length; if a `__ksymtab_<name>` symbol
/// contradicts the name that its entry leads to.
pub fn exports(image: &Image<'_>) -> Result<Vec<ExportEntry>, ElfError> {
    let tables = find_tables(image);
    let sections: BTreeSet<usize> = tables.iter().map(|table| table.entries).collect();
    if sections.is_empty() {
        return Ok(Vec::new());
    }
    let pointers = Pointers::new(image, &sections);
    let labels = entry_labels(image, &sections);
    let mut readings = Vec::new();
    let mut refusals = Vec::new();
    for encoding in Encoding::ALL {
        let read: Result<Vec<Vec<Raw>>, String> = tables
            .iter()
            .map(|table| read_table(image, &pointers, &labels, table, encoding))
            .collect();
        match read {
            Ok(raw) => readings.push(raw.concat()),
            Err(why) => refusals.push(format!("as {} pointers: {why}", encoding.name())),
        }
    }
    readings.dedup();
    match readings.as_slice() {
        [raw] => Ok(name_values(image, raw)),
        [] => Err(ElfError::table("__ksymtab", refusals.join("; "))),
        _ => Err(ElfError::table("__ksymtab", "relative and absolute pointers both make sense")),
    }
}

/// One `__ksymtab` section and its companions.
struct Table {
    name: String,
    entries: usize,
    crcs: Option<usize>,
    flags: Option<usize>,
    gpl: bool,
}

#[derive(Clone, PartialEq, Eq)]
struct Raw {
    name: String,
    namespace: String,
    crc: Option<Crc>,
    flags: Option<u8>,
    gpl: bool,
    target: Target,
}

/// `__ksymtab` and `__ksymtab_gpl` of linked images, `___ksymtab+name` and
/// `___ksymtab_gpl+name` of what modpost wrote, each with its CRCs and flags.
fn find_tables(image: &Image<'_>) -> Vec<Table> {
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, section) in image.sections.iter().enumerate() {
        if section.name.contains("__k") {
            by_name.entry(&section.name).or_insert(index);
        }
    }
    let mut tables = Vec::new();
    for (name, index) in &by_name {
        let (stem, suffix) = name.split_at(name.find('+').unwrap_or(name.len()));
        let (start, gpl) = match (stem, suffix) {
            ("__ksymtab", "") => ("__", false),
            ("__ksymtab_gpl", "") => ("__", true),
            ("___ksymtab", suffix) if !suffix.is_empty() => ("___", false),
            ("___ksymtab_gpl", suffix) if !suffix.is_empty() => ("___", true),
            _ => continue,
        };
        let kind = if gpl { "_gpl" } else { "" };
        let companion =
            |table: &str| by_name.get(format!("{start}{table}{kind}{suffix}").as_str()).copied();
        tables.push(Table {
            name: (*name).to_owned(),
            entries: *index,
            crcs: companion("kcrctab"),
            flags: companion("kflagstab"),
            gpl,
        });
    }
    tables
}

/// Names that `__ksymtab_<name>` symbols give to entries.
fn entry_labels<'i>(
    image: &'i Image<'_>,
    sections: &BTreeSet<usize>,
) -> BTreeMap<(usize, u64), &'i str> {
    let mut labels = BTreeMap::new();
    for symbol in &image.symbols {
        let super::SectionRef::Named(index) = symbol.section else {
            continue;
        };
        let Some(name) = symbol.name.strip_prefix("__ksymtab_") else {
            continue;
        };
        if sections.contains(&index) {
            let start = image.sections.get(index).map_or(0, |section| section.address);
            labels.insert((index, symbol.value.wrapping_sub(start)), name);
        }
    }
    labels
}

fn read_table(
    image: &Image<'_>,
    pointers: &Pointers<'_, '_>,
    labels: &BTreeMap<(usize, u64), &str>,
    table: &Table,
    encoding: Encoding,
) -> Result<Vec<Raw>, String> {
    let word = encoding.size(image);
    let size = image.data(table.entries).len() as u64;
    if !size.is_multiple_of(3 * word) {
        return Err(format!("{} has {size} bytes, no multiple of {}", table.name, 3 * word));
    }
    let count = size / (3 * word);
    let crcs = companion(image, table.crcs, count, 4)?;
    let flags = companion(image, table.flags, count, 1)?;
    let mut entries = Vec::new();
    for number in 0..count {
        let offset = number * 3 * word;
        let follow = |which: u64| pointers.follow(table.entries, offset + which * word, encoding);
        let read = || -> Result<Raw, String> {
            let name = string(image, follow(1)?)?;
            if name.is_empty() {
                return Err("its name is empty".to_owned());
            }
            if let Some(label) = labels.get(&(table.entries, offset)).filter(|it| **it != name) {
                return Err(format!("'__ksymtab_{label}' stands at the entry of '{name}'"));
            }
            let flags = flags.and_then(|data| field(data, number, 1)?.first().copied());
            let crc = crcs.and_then(|data| field(data, number * 4, 4));
            Ok(Raw {
                name,
                namespace: string(image, follow(2)?)?,
                crc: crc.map(|bytes| Crc(image.ident.endian.uint(bytes) as u32)),
                flags,
                gpl: table.gpl || flags.is_some_and(|flags| flags & KSYM_FLAG_GPL_ONLY != 0),
                target: follow(0)?,
            })
        };
        entries.push(read().map_err(|why| format!("entry {number} of {}: {why}", table.name))?);
    }
    Ok(entries)
}

/// The bytes of a table that runs beside `__ksymtab`; checks its length.
fn companion<'a>(
    image: &Image<'a>,
    index: Option<usize>,
    count: u64,
    entry: u64,
) -> Result<Option<&'a [u8]>, String> {
    let Some(index) = index else { return Ok(None) };
    let data = image.data(index);
    // Without MODVERSIONS the linker script still makes an empty __kcrctab.
    if data.is_empty() {
        return Ok(None);
    }
    if data.len() as u64 == count * entry {
        return Ok(Some(data));
    }
    let name = image.sections.get(index).map_or("", |section| &section.name);
    Err(format!("{name} has {} bytes for {count} entries of {entry}", data.len()))
}

/// The text in `__ksymtab_strings` that a pointer leads to.
fn string(image: &Image<'_>, target: Target) -> Result<String, String> {
    let outside = || "a name lies outside __ksymtab_strings".to_owned();
    let Target::Here(place, _) = target else {
        return Err(outside());
    };
    let index = section_of(image, place).ok_or_else(outside)?;
    let section = image.sections.get(index).ok_or_else(outside)?;
    if section.name != "__ksymtab_strings" {
        return Err(outside());
    }
    let offset =
        if place.section.is_some() { place.at } else { place.at.wrapping_sub(section.address) };
    let text = text_at(image.data(index), offset).ok_or_else(outside)?;
    match std::str::from_utf8(text) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(format!("the name '{}' is no UTF-8", text.escape_ascii())),
    }
}

fn name_values(image: &Image<'_>, raw: &[Raw]) -> Vec<ExportEntry> {
    let places: BTreeSet<Place> = raw
        .iter()
        .filter_map(|entry| match entry.target {
            Target::Here(place, _) => Some(place),
            Target::Elsewhere(..) => None,
        })
        .collect();
    let names = symbols_at(image, &places);
    let mut entries: Vec<ExportEntry> = raw
        .iter()
        .map(|entry| {
            let value = match entry.target {
                Target::Elsewhere(number, _) => ExportValue {
                    symbol: numbered(image, number).map(|symbol| symbol.name.clone().into_owned()),
                    address: None,
                },
                Target::Here(place, _) => {
                    let at = names.get(&place).map(Vec::as_slice).unwrap_or_default();
                    let own = at.iter().find(|symbol| symbol.name == entry.name);
                    ExportValue {
                        symbol: own.or(at.first()).map(|it| it.name.clone().into_owned()),
                        address: place.section.is_none().then_some(place.at),
                    }
                }
            };
            ExportEntry {
                name: entry.name.clone(),
                namespace: entry.namespace.clone(),
                crc: entry.crc,
                gpl: entry.gpl,
                flags: entry.flags,
                value,
            }
        })
        .collect();
    entries.sort();
    entries
}
