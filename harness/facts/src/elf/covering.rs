//! What a place in a section belongs to: the symbol that covers it, or the text that stands there.

use super::image::Image;
use super::symbol::SectionRef;
use std::collections::BTreeMap;

/// Symbols with a size, by section: start, end and name, sorted.
pub(super) struct Covering<'i, 'a> {
    image: &'i Image<'a>,
    by_section: BTreeMap<usize, Vec<(u64, u64, &'i str)>>,
}

/// How many symbols before a place are tried: such as cover one another.
const NESTED: usize = 8;

impl<'i, 'a> Covering<'i, 'a> {
    pub(super) fn new(image: &'i Image<'a>) -> Self {
        let mut by_section: BTreeMap<usize, Vec<(u64, u64, &str)>> = BTreeMap::new();
        for symbol in
            image.symbols.iter().filter(|s| s.size > 0 && !s.name.is_empty() && !s.is_mapping())
        {
            if let SectionRef::Named(section) = symbol.section {
                let end = symbol.value.saturating_add(symbol.size);
                by_section.entry(section).or_default().push((symbol.value, end, &symbol.name));
            }
        }
        for symbols in by_section.values_mut() {
            symbols.sort_unstable();
        }
        Self { image, by_section }
    }

    /// The symbol that covers an offset of a section, and how far into it the offset is; of a
    /// section of texts or constants that may be merged, what stands there. Units: bytes.
    pub(super) fn at(&self, section: usize, offset: i64) -> Option<(String, i64)> {
        let place = u64::try_from(offset).ok()?;
        match self.content(section, place) {
            Some(content) => Some((content, 0)),
            None => self.symbol(section, place),
        }
    }

    fn symbol(&self, section: usize, place: u64) -> Option<(String, i64)> {
        let symbols = self.by_section.get(&section)?;
        let before = symbols.partition_point(|(start, ..)| *start <= place);
        let mut near = symbols.iter().take(before).rev().take(NESTED);
        let (start, ..) = near.find(|(_, end, _)| place < *end)?;
        // Of several at one place the first by name, so that both files give the same.
        let first = symbols.partition_point(|(other, ..)| other < start);
        let mut same = symbols.iter().skip(first).take_while(|(other, ..)| other == start);
        let (_, _, name) = same.find(|(_, end, _)| place < *end)?;
        Some(((*name).to_owned(), i64::try_from(place - start).ok()?))
    }

    fn content(&self, section: usize, place: u64) -> Option<String> {
        let header = self.image.sections.get(section)?;
        let rest = self.image.data(section).get(usize::try_from(place).ok()?..)?;
        if !header.is_merged() {
            return None;
        }
        if !header.is_text() {
            let size = usize::try_from(header.entsize).ok().filter(|size| *size > 0)?;
            let hex: String = rest.get(..size)?.iter().map(|byte| format!("{byte:02x}")).collect();
            return Some(format!("the constant {hex}"));
        }
        if header.entsize > 1 {
            return None;
        }
        let end = rest.iter().position(|byte| *byte == 0)?;
        Some(format!("{:?}", String::from_utf8_lossy(rest.get(..end)?)))
    }
}
