//! Finds tables in a file and reads their entries field by field.

use super::names::Names;
use super::{TableEntry, TableSymbol};
use crate::elf::image::Image;
use crate::elf::place::{Encoding, Place, Pointers, Target, field, numbered, section_of, text_at};
use crate::elf::symbol::{SectionRef, Symbol};
use foldhash::{HashMap, HashMapExt};
use std::collections::BTreeSet;
use twinlto_model::Arch;

/// A file whose tables are read.
pub(super) struct Reader<'i, 'a> {
    pub(super) image: &'i Image<'a>,
    names: Names<'i, 'a>,
    /// The first symbol of each name: tables are looked for by dozens of them.
    symbols: HashMap<&'i str, &'i Symbol<'a>>,
}

/// A run of bytes that holds entries and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    section: usize,
    /// Units: bytes from the start of the section.
    start: u64,
    size: u64,
}

/// Spans of one table and the pointers in them.
pub(super) struct Spans<'r, 'i, 'a> {
    reader: &'r Reader<'i, 'a>,
    pointers: Pointers<'i, 'a>,
    spans: Vec<Span>,
}

/// One entry of a table, or the start of one.
pub(super) struct Row<'s, 'r, 'i, 'a> {
    of: &'s Spans<'r, 'i, 'a>,
    section: usize,
    offset: u64,
}

/// No text or name of a table is longer; units: bytes. Many entries may lead to one text, and
/// what is read must not outgrow the file without bound.
const LONGEST: usize = 4096;

impl<'i, 'a> Reader<'i, 'a> {
    pub(super) fn new(image: &'i Image<'a>) -> Self {
        let mut symbols = HashMap::with_capacity(image.symbols.len());
        for symbol in &image.symbols {
            symbols.entry(symbol.name.as_ref()).or_insert(symbol);
        }
        Self { image, names: Names::new(image), symbols }
    }

    /// The architecture, if it is one whose tables are known.
    pub(super) fn arch(&self) -> Result<Arch, String> {
        let machine = self.image.ident.e_machine;
        Arch::from_e_machine(machine).ok_or_else(|| format!("not known for machine {machine}"))
    }

    /// Units: bytes.
    pub(super) const fn word(&self) -> u64 {
        self.image.ident.pointer_size() as u64
    }

    /// Every section with this name.
    pub(super) fn sections(&self, name: &str) -> Vec<Span> {
        let sections = self.image.sections.iter().enumerate();
        let named = sections.filter(|(_, section)| section.name == name && section.size != 0);
        let whole =
            |(section, _)| Span { section, start: 0, size: self.image.data(section).len() as u64 };
        named.map(whole).collect()
    }

    /// What lies between two symbols of a linked file; none without them.
    pub(super) fn between(&self, start: &str, stop: &str) -> Result<Vec<Span>, String> {
        let image = self.image;
        if image.ident.is_relocatable() {
            return Ok(Vec::new());
        }
        let (Some(first), Some(last)) = (self.symbols.get(start), self.symbols.get(stop)) else {
            return Ok(Vec::new());
        };
        let size = last.value.checked_sub(first.value);
        let size = size.ok_or_else(|| format!("'{start}' lies after '{stop}'"))?;
        if size == 0 {
            return Ok(Vec::new());
        }
        let SectionRef::Named(section) = first.section else {
            return Err(format!("'{start}' is in no section"));
        };
        let address = image.sections.get(section).map_or(0, |it| it.address);
        let start_at = first.value.wrapping_sub(address);
        if field(image.data(section), start_at, size).is_none() {
            return Err(format!("'{start}' and '{stop}' lie in different sections"));
        }
        Ok(vec![Span { section, start: start_at, size }])
    }

    /// Every section with this name, else what two symbols bound.
    pub(super) fn named_or_between(
        &self,
        name: &str,
        start: &str,
        stop: &str,
    ) -> Result<Vec<Span>, String> {
        let named = self.sections(name);
        if named.is_empty() { self.between(start, stop) } else { Ok(named) }
    }

    /// Gathers the pointers of these spans.
    pub(super) fn spans(&self, spans: Vec<Span>) -> Spans<'_, 'i, 'a> {
        let sections: BTreeSet<usize> = spans.iter().map(|span| span.section).collect();
        Spans { reader: self, pointers: Pointers::new(self.image, &sections), spans }
    }
}

impl<'r, 'i, 'a> Spans<'r, 'i, 'a> {
    pub(super) const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Reads entries of `size` bytes, in order.
    pub(super) fn each(
        &self,
        size: u64,
        read: impl FnMut(&Row<'_, 'r, 'i, 'a>) -> Result<TableEntry, String>,
    ) -> Result<Vec<TableEntry>, String> {
        self.each_but_last(size, size, read)
    }

    /// The same where the last entry of a section may be `last` bytes, without its padding.
    pub(super) fn each_but_last(
        &self,
        size: u64,
        last: u64,
        mut read: impl FnMut(&Row<'_, 'r, 'i, 'a>) -> Result<TableEntry, String>,
    ) -> Result<Vec<TableEntry>, String> {
        let mut entries = Vec::new();
        for span in &self.spans {
            if span.size % size != 0 && span.size % size != last {
                return Err(format!("{} bytes, no multiple of {size}", span.size));
            }
            for number in 0..span.size.div_ceil(size) {
                let offset = span.start + number * size;
                let row = Row { of: self, section: span.section, offset };
                entries.push(read(&row).map_err(|why| format!("entry {number}: {why}"))?);
            }
        }
        Ok(entries)
    }

    /// Reads entries that say themselves how long they are; `read` returns their size too, which
    /// is not 0.
    pub(super) fn each_sized(
        &self,
        mut read: impl FnMut(&Row<'_, 'r, 'i, 'a>) -> Result<(TableEntry, u64), String>,
    ) -> Result<Vec<TableEntry>, String> {
        let mut entries = Vec::new();
        for span in &self.spans {
            let mut at = 0;
            while at < span.size {
                let row = Row { of: self, section: span.section, offset: span.start + at };
                let (entry, size) =
                    read(&row).map_err(|why| format!("entry {}: {why}", entries.len()))?;
                entries.push(entry);
                at = at.saturating_add(size.max(1));
            }
        }
        Ok(entries)
    }
}

impl<'i, 'a> Row<'_, '_, 'i, 'a> {
    const fn image(&self) -> &'i Image<'a> {
        self.of.reader.image
    }

    /// The number of `size` bytes in the field at `at`.
    pub(super) fn uint(&self, at: u64, size: u64) -> Result<u64, String> {
        let bytes = field(self.image().data(self.section), self.offset + at, size);
        bytes.map(|it| self.image().ident.endian.uint(it)).ok_or_else(|| "it is cut off".to_owned())
    }

    /// The text that stands in the entry itself at `at`, and its size with the NUL.
    pub(super) fn inline_text(&self, at: u64) -> Result<(String, u64), String> {
        let text = text_at(self.image().data(self.section), self.offset + at);
        let text = text.ok_or("a text has no end")?;
        Ok((bounded(&String::from_utf8_lossy(text))?, text.len() as u64 + 1))
    }

    /// The text that the pointer at `at` leads to.
    pub(super) fn text(&self, at: u64, encoding: Encoding) -> Result<String, String> {
        let (section, place) = self.place(at, encoding)?;
        let base = self.image().sections.get(section).map_or(0, |it| it.address);
        let offset = if place.section.is_some() { place.at } else { place.at.wrapping_sub(base) };
        let text = text_at(self.image().data(section), offset);
        bounded(&String::from_utf8_lossy(text.ok_or("a text has no end")?))
    }

    /// The function that holds the code that the pointer at `at` leads to.
    pub(super) fn code(&self, at: u64, encoding: Encoding) -> Result<TableSymbol, String> {
        let (section, place) = self.place(at, encoding)?;
        self.is_code(section)?;
        let symbol = self.of.reader.names.holder(section, place.at);
        let name = symbol
            .map(|it| it.name.as_ref())
            .or_else(|| self.image().sections.get(section).map(|section| section.name.as_ref()));
        let far = symbol.map(|it| (place.at - it.value, it.size));
        let (offset, holds) = match far {
            Some((far, size)) if far < size || far == 0 => (far, true),
            _ => (0, false),
        };
        Ok(TableSymbol { name: bounded(name.unwrap_or_default())?, offset, holds })
    }

    /// The function that the pointer at `at` leads to the start of.
    pub(super) fn function(&self, at: u64, encoding: Encoding) -> Result<TableSymbol, String> {
        let name = match self.lead(at, encoding)? {
            Target::Elsewhere(number, 0) => numbered(self.image(), number),
            Target::Elsewhere(..) => None,
            Target::Here(place, _) => {
                let section = self.section_of(place)?;
                self.is_code(section)?;
                self.of.reader.names.start(section, place.at)
            }
        };
        let name = name.ok_or("a pointer leads to the start of no function")?;
        Ok(TableSymbol { name: bounded(&name.name)?, offset: 0, holds: true })
    }

    /// The object that the pointer at `at` leads into; its low bits `flags` come apart.
    pub(super) fn object(
        &self,
        at: u64,
        encoding: Encoding,
        flags: u64,
    ) -> Result<(TableSymbol, u64), String> {
        let (name, offset, low, holds) = match self.lead(at, encoding)? {
            Target::Elsewhere(number, far) => {
                let symbol = numbered(self.image(), number).ok_or("no symbol")?;
                (bounded(&symbol.name)?, far & !flags, far & flags, true)
            }
            Target::Here(place, _) => {
                let section = self.section_of(place)?;
                let whole = place.at & !flags;
                let symbol = self.of.reader.names.holder(section, whole);
                let (name, start, size) = match (symbol, self.image().sections.get(section)) {
                    (Some(symbol), _) => (symbol.name.as_ref(), symbol.value, symbol.size),
                    (None, Some(section)) => (section.name.as_ref(), section.address, 0),
                    (None, None) => return Err("no section".to_owned()),
                };
                let offset = whole.wrapping_sub(start);
                let holds = symbol.is_some() && (offset < size || offset == 0);
                (bounded(name)?, offset, place.at & flags, holds)
            }
        };
        Ok((TableSymbol { name, offset, holds }, low))
    }

    /// The symbol that the relocation at `at` names.
    pub(super) fn symbol(&self, at: u64, encoding: Encoding) -> Result<TableSymbol, String> {
        match self.lead(at, encoding)? {
            Target::Elsewhere(number, offset) => {
                let symbol = numbered(self.image(), number).ok_or("no symbol")?;
                Ok(TableSymbol { name: bounded(&symbol.name)?, offset, holds: true })
            }
            Target::Here(..) => Ok(self.object(at, encoding, 0)?.0),
        }
    }

    /// What the pointer at `at` leads to; none for a null pointer.
    pub(super) fn optional(
        &self,
        at: u64,
        encoding: Encoding,
    ) -> Result<Option<TableSymbol>, String> {
        match self.lead(at, encoding) {
            Ok(Target::Here(place, 0)) if place.section.is_none() && place.at == 0 => Ok(None),
            // A pointer without a relocation is null.
            Err(_) if self.uint(at, encoding.size(self.image()))? == 0 => Ok(None),
            _ => self.symbol(at, encoding).map(Some),
        }
    }

    /// The code that the pointer at `at` leads to, for `size` bytes.
    pub(super) fn code_bytes(
        &self,
        at: u64,
        encoding: Encoding,
        size: u64,
    ) -> Result<(u64, &'i [u8]), String> {
        let (section, place) = self.place(at, encoding)?;
        self.is_code(section)?;
        let base = match place.section {
            Some(_) => 0,
            None => self.image().sections.get(section).map_or(0, |it| it.address),
        };
        let bytes = field(self.image().data(section), place.at.wrapping_sub(base), size);
        Ok((place.at, bytes.ok_or("the section ends before the code")?))
    }

    /// What is loaded at an address of a linked file: the symbol that lasts over it, or nothing but
    /// that something is; none where nothing is loaded there.
    pub(super) fn loaded_at(&self, address: u64) -> Option<String> {
        if self.image().ident.is_relocatable() {
            return None;
        }
        let section = section_of(self.image(), Place { section: None, at: address })?;
        let symbol = self.of.reader.names.holder(section, address);
        let symbol = symbol.filter(|it| address - it.value < it.size || address == it.value);
        Some(symbol.map_or_else(String::new, |it| it.name.clone().into_owned()))
    }

    /// The best name of the place itself.
    pub(super) fn label(&self) -> Option<&'i str> {
        let section = self.image().sections.get(self.section)?;
        let at = section.address.wrapping_add(self.offset);
        let symbol = self.of.reader.names.start(self.section, at)?;
        Some(symbol.name.as_ref())
    }

    fn lead(&self, at: u64, encoding: Encoding) -> Result<Target, String> {
        self.of.pointers.lead(self.section, self.offset + at, encoding)
    }

    /// A place in this file, and its section.
    fn place(&self, at: u64, encoding: Encoding) -> Result<(usize, Place), String> {
        match self.lead(at, encoding)? {
            Target::Here(place, _) => Ok((self.section_of(place)?, place)),
            Target::Elsewhere(..) => Err("a pointer leads out of the file".to_owned()),
        }
    }

    fn section_of(&self, place: Place) -> Result<usize, String> {
        let absolute = place.section.is_none() && self.image().ident.is_relocatable();
        let section = if absolute { None } else { section_of(self.image(), place) };
        section.ok_or_else(|| "a pointer leads to no section".to_owned())
    }

    /// In objects some code stands in sections that only the linker puts among code (arm64's
    /// `.rodata.text`); there a relocation vouches for the pointer.
    fn is_code(&self, section: usize) -> Result<(), String> {
        let object = self.image().ident.is_relocatable();
        let code = self.image().sections.get(section).map(|it| it.flags);
        let code = code.is_some_and(|flags| flags.exec() || object && flags.alloc());
        if code { Ok(()) } else { Err("a pointer leads to no code".to_owned()) }
    }
}

/// Of several ways to read a table the one that makes sense throughout.
pub(super) fn only(
    readings: Vec<(&str, Result<Vec<TableEntry>, String>)>,
) -> Result<Vec<TableEntry>, String> {
    let mut good: Vec<(&str, Vec<TableEntry>)> = Vec::new();
    let mut refusals = Vec::new();
    for (layout, reading) in readings {
        match reading {
            Ok(entries) => good.push((layout, entries)),
            Err(why) => refusals.push(format!("{layout}: {why}")),
        }
    }
    good.dedup_by(|a, b| a.1 == b.1);
    match (good.pop(), good.pop()) {
        (Some((_, entries)), None) => Ok(entries),
        (None, _) => Err(refusals.join("; ")),
        (Some((one, _)), Some((other, _))) => {
            Err(format!("both as {other} and as {one} it makes sense"))
        }
    }
}

fn bounded(text: &str) -> Result<String, String> {
    if text.len() > LONGEST {
        return Err(format!("a text of {} bytes, more than {LONGEST}", text.len()));
    }
    Ok(text.to_owned())
}
