//! The members of one struct, those of unnamed structs in it included.

use super::DwarfError;
use super::layout::{RawMember, Reader};
use super::names::{DEPTH, Named, Through};
use super::walk::{Die, Entry};
use std::borrow::Cow;

/// What is around members: the path to them and where they begin.
#[derive(Clone, Copy)]
pub(super) struct Around<'p> {
    pub(super) path: &'p str,
    /// Units: bits from the start of the outermost struct.
    pub(super) base: u64,
    pub(super) depth: u32,
}

impl<'d> Reader<'_, 'd> {
    /// Adds the member, or where it has no name and no type with one, those in it.
    pub(super) fn member(
        &mut self,
        unit: usize,
        entry: &Entry<'d>,
        around: Around<'_>,
        members: &mut Vec<RawMember<'d>>,
    ) -> Result<(), DwarfError> {
        let walk = self.walk;
        let name = walk.name(unit, entry).map_err(walk.blame(unit))?;
        let named = self.name_of(entry.target, 0)?;
        let offset = around.base.saturating_add(offset(entry, self.big));
        let mut inner = Cow::Borrowed(around.path);
        if name.is_some() || named.unnamed.is_none() {
            let name = match name {
                Some(name) => name,
                // Microsoft's extension: a named struct as an unnamed member.
                None => Cow::Owned(self.shown(named.text)),
            };
            let path = match around.path {
                "" => name,
                path => Cow::Owned(format!("{path}{name}")),
            };
            self.charge(path.len())?;
            if named.unnamed.is_some() {
                inner = Cow::Owned(path.clone().into_owned());
            }
            members.push(RawMember {
                path,
                offset,
                bit_size: entry.bit_size,
                size: named.size,
                text: named.text,
                plain: named.plain,
                embeds: named.embeds,
            });
        }
        self.inside(named, &inner, offset, around.depth, members)
    }

    /// Adds the members of the unnamed struct that a member's type has in it.
    fn inside(
        &mut self,
        named: Named,
        path: &str,
        offset: u64,
        depth: u32,
        members: &mut Vec<RawMember<'d>>,
    ) -> Result<(), DwarfError> {
        let Some((die, through)) = self.unnamed_in(named) else {
            return Ok(());
        };
        if depth > DEPTH {
            return Err(DwarfError::Nested);
        }
        let (path, base) = match through {
            Through::Nothing if path.is_empty() || path.ends_with('.') => (path.to_owned(), offset),
            Through::Nothing => (format!("{path}."), offset),
            Through::Array => (format!("{path}[]."), offset),
            Through::Pointer => (format!("{path}->"), 0),
        };
        self.members_of(die, Around { path: &path, base, depth: depth + 1 }, members)
    }

    /// Adds the members of a struct or union.
    pub(super) fn members_of(
        &mut self,
        die: Die,
        around: Around<'_>,
        members: &mut Vec<RawMember<'d>>,
    ) -> Result<(), DwarfError> {
        let walk = self.walk;
        let wanted = |tag| matches!(tag, gimli::DW_TAG_member | gimli::DW_TAG_inheritance);
        let (_, children) = walk.family(die, wanted).map_err(walk.blame(die.0))?.unzip();
        self.charge(1)?;
        // A static member of C++ is a declaration.
        for child in children.iter().flatten().filter(|child| !child.declaration) {
            self.charge(1)?;
            self.member(die.0, child, around, members)?;
        }
        Ok(())
    }
}

/// Where a member begins; units: bits from the start of its struct.
///
/// Source: DWARF 5, section 5.7.6; DWARF 3, section 5.6.6, for `DW_AT_bit_offset`, which counts
/// from the most significant bit of the storage.
fn offset(entry: &Entry<'_>, big: bool) -> u64 {
    let bytes = entry.location.unwrap_or_default().saturating_mul(8);
    if let Some(bits) = entry.data_bit_offset {
        return bytes.saturating_add(bits);
    }
    match (entry.bit_offset, entry.size, entry.bit_size) {
        (Some(from_top), _, _) if big => bytes.saturating_add(from_top),
        (Some(from_top), Some(storage), Some(size)) => bytes
            .saturating_add(storage.saturating_mul(8))
            .saturating_sub(from_top)
            .saturating_sub(size),
        (from_top, _, _) => bytes.saturating_add(from_top.unwrap_or_default()),
    }
}
