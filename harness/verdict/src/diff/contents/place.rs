//! What lies at an address of a linked file.

use crate::normalize::canonical;
use std::borrow::Cow;
use std::collections::BTreeMap;
use twinlto_facts::elf::{Contents, Dynamic, Loaded, Named};

/// One of two linked files, prepared for looking up addresses.
pub(super) struct Side<'a> {
    pub(super) contents: &'a Contents,
    /// The highest end of any symbol up to each one, so that a look back knows when to stop.
    ends: Vec<u64>,
    dynamic: BTreeMap<u64, &'a Dynamic>,
}

/// What a byte belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner<'a> {
    /// The smallest symbol that covers it.
    Name(&'a Named),
    /// None: the start of what no symbol covers there.
    Place(u64),
    /// The relocations of the file itself.
    Relocations,
}

/// How many symbols before a place are tried: such as cover one another.
const NESTED: usize = 16;

impl<'a> Side<'a> {
    pub(super) fn new(contents: &'a Contents) -> Self {
        let mut highest = 0;
        let ends = contents.names.iter().map(|named| {
            highest = end(named).max(highest);
            highest
        });
        Self {
            ends: ends.collect(),
            dynamic: contents.dynamic.iter().map(|it| (it.place, it)).collect(),
            contents,
        }
    }

    /// The relocation that fills in this place.
    pub(super) fn dynamic(&self, place: u64) -> Option<&'a Dynamic> {
        self.dynamic.get(&place).copied()
    }

    /// The loaded section that holds an address.
    pub(super) fn section(&self, address: u64) -> Option<&'a Loaded> {
        let sections = &self.contents.sections;
        let before = sections.partition_point(|section| section.address <= address);
        // Those that take no room in the image may lie at the address of another one.
        let mut near = sections.iter().take(before).rev().take(NESTED);
        near.find(|section| address - section.address < section.size)
    }

    /// The symbols that cover an address, the last that begins first.
    fn covering(&self, address: u64) -> impl Iterator<Item = &'a Named> {
        let names = &self.contents.names;
        let before = names.partition_point(|named| named.address <= address);
        let ends = self.ends.get(..before).unwrap_or_default();
        let open = ends.iter().rev().take_while(move |end| **end > address).count().min(before);
        let near = names.iter().take(before).rev().take(open.min(1 + NESTED * NESTED));
        near.filter(move |named| address < end(named))
    }

    /// The symbol that covers an address, and how far into it the address is. Of several at one place
    /// the first by name, so that both files give the same.
    pub(super) fn name(&self, address: u64) -> Option<(Cow<'a, str>, u64)> {
        let mut covering = self.covering(address);
        let mut best = covering.next()?;
        for other in covering.take_while(|other| other.address == best.address) {
            best = other;
        }
        Some((canonical(&best.name).name, address - best.address))
    }

    /// The last symbol at or before an address in its section.
    pub(super) fn before(&self, section: &Loaded, address: u64) -> Option<&'a Named> {
        let names = &self.contents.names;
        let before = names.partition_point(|named| named.address <= address);
        let last = names.get(before.checked_sub(1)?)?;
        (last.address >= section.address).then_some(last)
    }

    /// That symbol by its name, and how far behind its start the address is.
    pub(super) fn behind(&self, section: &Loaded, address: u64) -> Option<(Cow<'a, str>, u64)> {
        let last = self.before(section, address)?;
        Some((canonical(&last.name).name, address - last.address))
    }

    /// What a byte of a section belongs to.
    pub(super) fn owner(&self, section: &Loaded, address: u64) -> Owner<'a> {
        match self.covering(address).next() {
            Some(named) => Owner::Name(named),
            None => {
                let last = self.before(section, address);
                Owner::Place(last.map_or(section.address, |named| end(named).max(named.address)))
            }
        }
    }

    /// Where what has no name ends: at the next symbol.
    pub(super) fn end_of(&self, owner: &Owner<'_>) -> Option<u64> {
        let Owner::Place(start) = owner else { return None };
        let names = &self.contents.names;
        names.get(names.partition_point(|named| named.address <= *start)).map(|it| it.address)
    }

    /// The text that stands at an address, without its NUL.
    pub(super) fn text(&self, address: u64) -> Option<&'a [u8]> {
        let section = self.section(address)?;
        let rest = section.bytes.get(usize::try_from(address - section.address).ok()?..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        let text = rest.get(..end)?;
        text.iter().all(|byte| is_of_text(*byte)).then_some(text)
    }
}

/// Where a symbol ends.
pub(super) const fn end(named: &Named) -> u64 {
    named.address.saturating_add(named.size)
}

/// Whether a byte may stand in a text of the kernel; `\u{1}` begins a level of `printk`.
pub(super) const fn is_of_text(byte: u8) -> bool {
    matches!(byte, 1 | b'\t' | b'\n' | b'\r' | 0x1b | b' '..=b'~' | 0x80..)
}
