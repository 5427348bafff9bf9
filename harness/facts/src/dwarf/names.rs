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
    /// The same without typedefs.
    pub(super) plain: u32,
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
            // The type itself is in a unit of its own.
            tag if is_type(tag) && entry.signature.is_some() => {
                self.name_of(entry.signature, depth)
            }
            tag if is_type(tag) => self.tagged(die, entry, name),
            gimli::DW_TAG_typedef => {
                let target = self.name_of(entry.target, depth)?;
                let text = self.called("", name.clone().unwrap_or_default())?.text;
                let plain = target.plain;
                let named = Named { text, plain, size: target.size, unnamed: None, embeds: None };
                let Some((unnamed, through)) = self.unnamed_in(target) else {
                    return Ok(Named { embeds: target.embeds, ..named });
                };
                let named = Named { plain: text, ..named };
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
                let (text, plain) =
                    self.derived(entry.tag, target, |before, after| match before.ends_with('*') {
                        _ if after.starts_with(['(', '[']) => format!("{before} (*\0){after}"),
                        true => format!("{before}*\0{after}"),
                        false => format!("{before} *\0{after}"),
                    })?;
                let unnamed = self.unnamed_in(target).map(|(die, _)| (die, Through::Pointer));
                let unnamed = unnamed.map(|unnamed| self.unnamed(unnamed));
                let size = entry.size.or_else(|| self.word(die));
                Ok(Named { text, plain, size, unnamed, embeds: None })
            }
            gimli::DW_TAG_array_type => self.array(die, entry, depth),
            gimli::DW_TAG_subroutine_type => {
                let (parameters, variadic) = self.parameter_types(die, depth)?;
                let target = self.name_of(entry.target, depth)?;
                let types = |of: fn(&(u32, u32)) -> u32| {
                    let texts = parameters.iter().map(|both| self.shown(of(both)));
                    let mut texts: Vec<String> = texts.collect();
                    texts.extend(variadic.then(|| "...".to_owned()));
                    if texts.is_empty() { "void".to_owned() } else { texts.join(", ") }
                };
                let text = |(before, after): (String, String), types: String| {
                    format!("{before}\0({types}){after}")
                };
                let spelled = text(self.halves(target.text), types(|both| both.0));
                let plain = text(self.halves(target.plain), types(|both| both.1));
                self.both(&spelled, &plain, None)
            }
            gimli::DW_TAG_base_type => {
                let text = name.unwrap_or(Cow::Borrowed("…"));
                let plain = format!("{text}{}\0", self.left_open(die, entry, &text));
                self.both(&format!("{text}\0"), &plain, entry.size)
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
            let embeds = Some(key);
            return Ok(Named { text, plain: text, size: entry.size, unnamed: None, embeds });
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
        let (text, plain) = self.derived(entry.tag, target, |before, after| {
            if before.ends_with('*') {
                format!("{before}{word}\0{after}")
            } else {
                format!("{word} {before}\0{after}")
            }
        })?;
        Ok(Named { text, plain, ..target })
    }

    fn array(&mut self, die: Die, entry: &Entry<'d>, depth: u32) -> Result<Named, DwarfError> {
        let walk = self.walk;
        let family = walk.family(die, |tag| tag == gimli::DW_TAG_subrange_type);
        let (_, bounds) = family.map_err(walk.blame(die.0))?.unzip();
        let target = self.name_of(entry.target, depth)?;
        let mut lengths = String::new();
        let mut size = target.size;
        for bound in bounds.iter().flatten() {
            match bound.count {
                Some(count) => lengths.push_str(&format!("[{count}]")),
                None => lengths.push_str("[]"),
            }
            size = size.map(|size| size.saturating_mul(bound.count.unwrap_or(0)));
        }
        let text = |(before, after): (String, String)| format!("{before}\0{lengths}{after}");
        let (spelled, plain) = (text(self.halves(target.text)), text(self.halves(target.plain)));
        let unnamed = self.unnamed_in(target).map(|(die, through)| match through {
            Through::Nothing => (die, Through::Array),
            through => (die, through),
        });
        let unnamed = unnamed.map(|unnamed| self.unnamed(unnamed));
        let size = entry.size.or(size);
        Ok(Named { unnamed, embeds: target.embeds, ..self.both(&spelled, &plain, size)? })
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
    ) -> Result<(u32, u32), DwarfError> {
        let mut number = |of: u32| -> Result<u32, DwarfError> {
            if let Some(known) = self.derived.get(&(tag.0, of)) {
                return Ok(*known);
            }
            let (before, after) = self.halves(of);
            let number = self.number(&text(&before, &after))?;
            self.derived.insert((tag.0, of), number);
            Ok(number)
        };
        Ok((number(target.text)?, number(target.plain)?))
    }

    /// What stands before a declared name and after it.
    pub(super) fn halves(&self, text: u32) -> (String, String) {
        let text = self.texts.text(text);
        let (before, after) = text.split_once('\0').unwrap_or((text, ""));
        (before.to_owned(), after.to_owned())
    }

    /// A type without a declared name.
    pub(super) fn shown(&self, text: u32) -> String {
        self.texts.text(text).replacen('\0', "", 1)
    }

    fn plain(&mut self, text: &str, size: Option<u64>) -> Result<Named, DwarfError> {
        let text = self.number(&format!("{text}\0"))?;
        Ok(Named { text, plain: text, size, unnamed: None, embeds: None })
    }

    /// A type with both its texts.
    fn both(&mut self, text: &str, plain: &str, size: Option<u64>) -> Result<Named, DwarfError> {
        let (text, plain) = (self.number(text)?, self.number(plain)?);
        Ok(Named { text, plain, size, unnamed: None, embeds: None })
    }

    fn number(&mut self, text: &str) -> Result<u32, DwarfError> {
        self.charge(text.len())?;
        Ok(match text.char_indices().nth(LENGTH) {
            Some((end, _)) => {
                let start = text.get(..end).unwrap_or_default().replace('\0', "");
                self.texts.number(&format!("{start}…\0"))
            }
            None => self.texts.number(text),
        })
    }

    /// What the name of a base type does not say: its size where compilers differ, and the sign of a
    /// `char`.
    fn left_open(&self, die: Die, entry: &Entry<'d>, name: &str) -> String {
        let usual = match name {
            "char" | "signed char" | "unsigned char" | "_Bool" | "bool" => Some(1),
            "short" | "unsigned short" => Some(2),
            "int" | "unsigned int" | "float" => Some(4),
            "long" | "unsigned long" => self.word(die),
            "long long" | "unsigned long long" | "double" => Some(8),
            _ => None,
        };
        match entry.encoding {
            Some(gimli::DW_ATE_signed_char) if name == "char" => " (signed)".to_owned(),
            Some(gimli::DW_ATE_unsigned_char) if name == "char" => " (unsigned)".to_owned(),
            _ if usual == entry.size => String::new(),
            _ => entry.size.map_or(String::new(), |size| format!(" ({size} bytes)")),
        }
    }

    /// Units: bytes.
    pub(super) fn length(&self, text: u32) -> usize {
        self.texts.text(text).len()
    }
}

pub(super) const fn word_of(tag: gimli::DwTag) -> &'static str {
    match tag {
        gimli::DW_TAG_union_type => "union",
        gimli::DW_TAG_enumeration_type => "enum",
        _ => "struct",
    }
}
