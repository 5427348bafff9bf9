//! Types as C writes them: `struct node *`, `int (*)(long)`, `char[8]`.

use super::DwarfError;
use super::layout::Reader;
use super::roots::is_type;
use super::walk::{Die, Entry};
use foldhash::HashMap;
use std::borrow::Cow;

/// Numbers for texts, so that equal ones are stored once and compared as numbers.
#[derive(Default)]
pub(super) struct Interner {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Interner {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }

    pub(super) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }
}

/// How an unnamed struct is part of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Through {
    Nothing,
    Array,
    Pointer,
}

/// What one type is called, and what else its users need of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    /// Number of its text: what stands before a declared name, a NUL, and what stands after it.
    pub(super) text: u32,
    /// Units: bytes.
    pub(super) size: Option<u64>,
    /// The unnamed struct, union or enum in it: number in [`Reader::unnamed`].
    pub(super) unnamed: Option<u32>,
    /// The layout that lies in it, not behind a pointer.
    pub(super) embeds: Option<u32>,
}

/// What a struct or typedef is called: number of its text, and of its key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called {
    text: u32,
    key: u32,
}

/// So deep may type stand in type; C has no use for a tenth of it.
pub(super) const DEPTH: u32 = 64;
/// So long may the text of a type be; units: bytes.
const LENGTH: usize = 4096;

impl<'d> Reader<'_, 'd> {
    /// Names a type, and puts the structs on its way into the queue.
    pub(super) fn name_of(&mut self, die: Option<Die>, depth: u32) -> Result<Named, DwarfError> {
        let Some(die) = die else {
            return self.plain("void", Some(1));
        };
        if let Some(known) = self.known(die) {
            return Ok(known);
        }
        // Stands for the type itself while it is looked at: a circle ends here.
        let circle = self.plain("…", None)?;
        if depth > DEPTH {
            return Ok(circle);
        }
        self.learn(die, circle);
        let walk = self.walk;
        let named = match walk.entry(die).map_err(walk.blame(die.0))? {
            Some(entry) => self.describe(die, &entry, depth + 1)?,
            None => circle,
        };
        self.learn(die, named);
        Ok(named)
    }

    fn describe(&mut self, die: Die, entry: &Entry<'d>, depth: u32) -> Result<Named, DwarfError> {
        let walk = self.walk;
        let name = walk.name(die.0, entry).map_err(walk.blame(die.0))?;
        match entry.tag {
            tag if is_type(tag) => self.tagged(die, entry, name),
            gimli::DW_TAG_typedef => {
                let target = self.name_of(entry.target, depth)?;
                let text = self.called("", name.clone().unwrap_or_default())?.text;
                let named = Named { text, size: target.size, unnamed: None, embeds: None };
                let Some((unnamed, through)) = self.unnamed_in(target) else {
                    return Ok(Named { embeds: target.embeds, ..named });
                };
                // It has no other name than this.
                let key = self.keys.number(name.as_deref().unwrap_or_default());
                self.enqueue(unnamed, key);
                let embeds = (through != Through::Pointer).then_some(key);
                Ok(Named { embeds, ..named })
            }
            gimli::DW_TAG_const_type => self.qualified("const", entry, depth),
            gimli::DW_TAG_volatile_type => self.qualified("volatile", entry, depth),
            gimli::DW_TAG_restrict_type => self.qualified("restrict", entry, depth),
            gimli::DW_TAG_atomic_type => self.qualified("_Atomic", entry, depth),
            gimli::DW_TAG_pointer_type => {
                let target = self.name_of(entry.target, depth)?;
                let text =
                    self.derived(entry.tag, target, |before, after| match before.ends_with('*') {
                        _ if after.starts_with(['(', '[']) => format!("{before} (*\0){after}"),
                        true => format!("{before}*\0{after}"),
                        false => format!("{before} *\0{after}"),
                    })?;
                let unnamed = self.unnamed_in(target).map(|(die, _)| (die, Through::Pointer));
                let unnamed = unnamed.map(|unnamed| self.unnamed(unnamed));
                let size = entry.size.or_else(|| self.word(die));
                Ok(Named { text, size, unnamed, embeds: None })
            }
            gimli::DW_TAG_array_type => self.array(die, entry, depth),
            gimli::DW_TAG_subroutine_type => {
                let parameters = self.parameters(die, depth)?;
                let target = self.name_of(entry.target, depth)?;
                let (before, after) = self.halves(target);
                self.declared(&format!("{before}\0({parameters}){after}"), None)
            }
            _ => self.plain(name.as_deref().unwrap_or("…"), entry.size),
        }
    }

    fn tagged(
        &mut self,
        die: Die,
        entry: &Entry<'d>,
        name: Option<Cow<'d, str>>,
    ) -> Result<Named, DwarfError> {
        let word = word_of(entry.tag);
        if let Some(name) = name {
            let Called { text, key } = self.called(word, name)?;
            self.enqueue(die, key);
            return Ok(Named { text, size: entry.size, unnamed: None, embeds: Some(key) });
        }
        let mut text = format!("{word} {{…}}");
        if entry.tag == gimli::DW_TAG_enumeration_type {
            let walk = self.walk;
            let family = walk.family(die, |tag| tag == gimli::DW_TAG_enumerator);
            let (_, children) = family.map_err(walk.blame(die.0))?.unzip();
            let mut values = Vec::new();
            for child in children.iter().flatten() {
                let name = walk.name(die.0, child).map_err(walk.blame(die.0))?;
                let value = child.value.unwrap_or_default();
                values.push(format!("{} = {value}", name.unwrap_or_default()));
            }
            text = format!("{word} {{{}}}", values.join(", "));
        }
        let unnamed = Some(self.unnamed((die, Through::Nothing)));
        Ok(Named { unnamed, ..self.plain(&text, entry.size)? })
    }

    /// The text and the key of a name, which hundreds of units have in common.
    fn called(&mut self, word: &'static str, name: Cow<'d, str>) -> Result<Called, DwarfError> {
        if let Some(known) = self.called.get(&(word, Cow::Borrowed(&*name))) {
            return Ok(*known);
        }
        let text =
            if word.is_empty() { name.clone().into_owned() } else { format!("{word} {name}") };
        let named = self.plain(&text, None)?;
        let called = Called { text: named.text, key: self.keys.number(&text) };
        self.called.insert((word, name), called);
        Ok(called)
    }

    fn qualified(
        &mut self,
        word: &str,
        entry: &Entry<'d>,
        depth: u32,
    ) -> Result<Named, DwarfError> {
        let target = self.name_of(entry.target, depth)?;
        let text = self.derived(entry.tag, target, |before, after| {
            if before.ends_with('*') {
                format!("{before}{word}\0{after}")
            } else {
                format!("{word} {before}\0{after}")
            }
        })?;
        Ok(Named { text, ..target })
    }

    fn array(&mut self, die: Die, entry: &Entry<'d>, depth: u32) -> Result<Named, DwarfError> {
        let walk = self.walk;
        let family = walk.family(die, |tag| tag == gimli::DW_TAG_subrange_type);
        let (_, bounds) = family.map_err(walk.blame(die.0))?.unzip();
        let target = self.name_of(entry.target, depth)?;
        let (before, after) = self.halves(target);
        let mut text = format!("{before}\0");
        let mut size = target.size;
        for bound in bounds.iter().flatten() {
            match bound.count {
                Some(count) => text.push_str(&format!("[{count}]")),
                None => text.push_str("[]"),
            }
            size = size.map(|size| size.saturating_mul(bound.count.unwrap_or(0)));
        }
        text.push_str(&after);
        let unnamed = self.unnamed_in(target).map(|(die, through)| match through {
            Through::Nothing => (die, Through::Array),
            through => (die, through),
        });
        let unnamed = unnamed.map(|unnamed| self.unnamed(unnamed));
        let size = entry.size.or(size);
        Ok(Named { unnamed, embeds: target.embeds, ..self.declared(&text, size)? })
    }

    /// The parameters of a function or of its type, in one text.
    pub(super) fn parameters(&mut self, die: Die, depth: u32) -> Result<String, DwarfError> {
        let wanted = |tag| {
            matches!(tag, gimli::DW_TAG_formal_parameter | gimli::DW_TAG_unspecified_parameters)
        };
        let walk = self.walk;
        let (_, children) = walk.family(die, wanted).map_err(walk.blame(die.0))?.unzip();
        let mut texts = Vec::new();
        for child in children.iter().flatten() {
            if child.tag == gimli::DW_TAG_unspecified_parameters {
                texts.push("...".to_owned());
            } else {
                let named = self.name_of(child.target, depth)?;
                texts.push(self.shown(named.text));
            }
        }
        Ok(if texts.is_empty() { "void".to_owned() } else { texts.join(", ") })
    }

    /// Bytes of an address in the unit of an entry.
    fn word(&self, (unit, _): Die) -> Option<u64> {
        self.walk.units.get(unit).map(|unit| u64::from(unit.header.address_size()))
    }

    pub(super) fn unnamed_in(&self, named: Named) -> Option<(Die, Through)> {
        self.unnamed.get(named.unnamed? as usize).copied()
    }

    fn unnamed(&mut self, unnamed: (Die, Through)) -> u32 {
        self.unnamed.push(unnamed);
        self.unnamed.len() as u32 - 1
    }

    /// The text of a type that is made of another; each is put together once.
    fn derived(
        &mut self,
        tag: gimli::DwTag,
        target: Named,
        text: impl Fn(&str, &str) -> String,
    ) -> Result<u32, DwarfError> {
        if let Some(known) = self.derived.get(&(tag.0, target.text)) {
            return Ok(*known);
        }
        let (before, after) = self.halves(target);
        let number = self.declared(&text(&before, &after), None)?.text;
        self.derived.insert((tag.0, target.text), number);
        Ok(number)
    }

    /// What stands before a declared name and after it.
    fn halves(&self, named: Named) -> (String, String) {
        let text = self.texts.text(named.text);
        let (before, after) = text.split_once('\0').unwrap_or((text, ""));
        (before.to_owned(), after.to_owned())
    }

    /// A type without a declared name.
    pub(super) fn shown(&self, text: u32) -> String {
        self.texts.text(text).replacen('\0', "", 1)
    }

    fn plain(&mut self, text: &str, size: Option<u64>) -> Result<Named, DwarfError> {
        self.declared(&format!("{text}\0"), size)
    }

    fn declared(&mut self, text: &str, size: Option<u64>) -> Result<Named, DwarfError> {
        self.charge(text.len())?;
        let number = match text.char_indices().nth(LENGTH) {
            Some((end, _)) => {
                let start = text.get(..end).unwrap_or_default().replace('\0', "");
                self.texts.number(&format!("{start}…\0"))
            }
            None => self.texts.number(text),
        };
        Ok(Named { text: number, size, unnamed: None, embeds: None })
    }
}

pub(super) const fn word_of(tag: gimli::DwTag) -> &'static str {
    match tag {
        gimli::DW_TAG_union_type => "union",
        gimli::DW_TAG_enumeration_type => "enum",
        _ => "struct",
    }
}
