//! Where the way to types begins, and where types of a name are defined.

use super::DwarfError;
use super::walk::{Die, Entry, Walk};
use foldhash::{HashMap, HashSet};
use gimli::DwTag;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Whose types are read.
#[derive(Debug, Clone, Copy)]
pub enum Roots<'a> {
    /// Functions and variables of these names: what a kernel exports.
    Named(&'a BTreeSet<String>),
    /// All that other files can see, where nothing says which of it is exported.
    External,
}

impl Roots<'_> {
    fn has(self, name: &str) -> bool {
        match self {
            Self::Named(names) => names.contains(name),
            Self::External => true,
        }
    }
}

/// A function or variable whose types are read.
pub(super) struct Root<'d> {
    pub(super) die: Die,
    pub(super) tag: DwTag,
    /// The name that the linker sees.
    pub(super) name: Cow<'d, str>,
}

/// What one walk over all units found.
#[derive(Default)]
pub(super) struct Index<'d> {
    /// Functions and variables.
    pub(super) roots: Vec<Root<'d>>,
    /// Functions that have a copy with more parameters than its type tells, by which C's `...` is
    /// told: of a function that was inlined somewhere, the copies alone have it.
    pub(super) variadic: HashSet<Die>,
    /// Structs, unions and enums by tag and name, outside functions; without declarations.
    pub(super) types: HashMap<(DwTag, Cow<'d, str>), Vec<Die>>,
}

pub(super) const fn is_type(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_union_type
            | gimli::DW_TAG_enumeration_type
    )
}

pub(super) fn index<'d>(walk: &Walk<'_, 'd>, roots: Roots<'_>) -> Result<Index<'d>, DwarfError> {
    let mut index = Index::default();
    for unit in 0..walk.units.len() {
        one(walk, unit, roots, &mut index).map_err(walk.blame(unit))?;
    }
    Ok(index)
}

fn one<'d>(
    walk: &Walk<'_, 'd>,
    unit: usize,
    roots: Roots<'_>,
    index: &mut Index<'d>,
) -> gimli::Result<()> {
    let Some(mut raw) = walk.entries(unit, None)? else {
        return Ok(());
    };
    // What stands deeper than this belongs to a function.
    let mut function = isize::MAX;
    // The function that the one around is a copy of.
    let mut copy = None;
    while !raw.is_empty() {
        let (depth, at) = (raw.next_depth(), raw.next_offset());
        let Some(abbreviation) = raw.read_abbreviation()? else {
            continue;
        };
        let tag = abbreviation.tag();
        if depth <= function {
            function = isize::MAX;
            copy = None;
        }
        if tag == gimli::DW_TAG_unspecified_parameters
            && depth == function.saturating_add(1)
            && let Some(origin) = copy
        {
            index.variadic.insert(origin);
        }
        let is_root = matches!(tag, gimli::DW_TAG_subprogram | gimli::DW_TAG_variable);
        if depth > function || !(is_root || is_type(tag)) {
            raw.skip_attributes(abbreviation.attributes())?;
            continue;
        }
        let entry = walk.read(&mut raw, unit, abbreviation)?;
        if tag == gimli::DW_TAG_subprogram {
            function = depth;
        }
        if entry.declaration {
            continue;
        }
        if is_root {
            if let Some(name) = wanted(walk, unit, &entry, roots)? {
                index.roots.push(Root { die: (unit, at), tag, name });
            } else if tag == gimli::DW_TAG_subprogram {
                copy = entry.origin;
            }
        } else if let Some(name) = walk.name(unit, &entry)? {
            index.types.entry((tag, name)).or_default().push((unit, at));
        }
    }
    Ok(())
}

/// The name of a function or variable whose types are wanted. GCC completes a declaration that was there before, which then has name and linkage.
fn wanted<'d>(
    walk: &Walk<'_, 'd>,
    unit: usize,
    entry: &Entry<'d>,
    roots: Roots<'_>,
) -> gimli::Result<Option<Cow<'d, str>>> {
    let declared = match entry.completes {
        Some(die) => walk.entry(die)?.map(|declaration| (die.0, declaration)),
        None => None,
    };
    let (unit, entry) = match &declared {
        Some((unit, declaration)) => (*unit, declaration),
        None => (unit, entry),
    };
    if !entry.external {
        return Ok(None);
    }
    Ok(walk.symbol(unit, entry)?.filter(|name| roots.has(name)))
}
