//! How types lie in memory.

use super::load::Slice;
use super::member::Around;
use super::names::{Called, Interner, Named, Through};
use super::roots::{Index, Roots, index, is_type};
use super::signature::{RawSignature, Signature};
use super::walk::{Die, Walk};
use super::{DwarfError, Parsed};
use foldhash::{HashMap, HashSet};
use gimli::Section;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The types that can be reached from some functions and variables: through parameters, results,
/// pointers, arrays, typedefs and members.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layouts {
    /// By name, as `struct node`, or the typedef's name of a struct that has no other; every
    /// definition, because C lets each unit have its own.
    pub types: BTreeMap<String, BTreeSet<Layout>>,
    /// Names of those that are reached and nowhere defined.
    pub incomplete: BTreeSet<String>,
    /// How the functions and variables are declared from which the way began, by the linker's name;
    /// every declaration, because units may differ.
    pub signatures: BTreeMap<String, BTreeSet<Signature>>,
    /// Functions and variables from which the way began, with their copies in other units.
    pub roots: u64,
}

/// One definition of a struct, union or enum.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layout {
    /// Units: bytes.
    pub size: Option<u64>,
    /// Alignment where the source asks for one; units: bytes.
    pub align: Option<u64>,
    /// Members in the order of the source.
    pub members: Vec<Member>,
    /// Enumerators with their values, in the order of the source.
    pub values: Vec<(String, i128)>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its name. Members of unnamed structs follow with the path to them: `inner.x`, for arrays
    /// `inner[].x`; of unnamed members the path is empty, as in C.
    pub path: String,
    /// Where it begins; units: bits from the start of the outermost struct.
    pub offset: u64,
    /// Units: bits; none if it is no bit-field.
    pub bit_size: Option<u64>,
    /// Size of its type, units: bytes; 0 for an array without a length, none if not known.
    pub size: Option<u64>,
    /// Its type as C writes it, less the declared name; what is longer than 4096 characters ends
    /// in `…`.
    pub type_name: String,
    /// The same without typedefs, with the size or sign of base types whose names leave it open.
    pub plain_name: String,
    /// The key in [`Layouts::types`] of the type that lies in it, in an array or not; none behind
    /// pointers.
    pub embeds: Option<String>,
}

#[derive(PartialEq, Eq, Hash)]
pub(super) struct RawMember<'d> {
    pub(super) path: Cow<'d, str>,
    pub(super) offset: u64,
    pub(super) bit_size: Option<u64>,
    pub(super) size: Option<u64>,
    pub(super) text: u32,
    pub(super) plain: u32,
    pub(super) embeds: Option<u32>,
}

#[derive(PartialEq, Eq, Hash)]
struct RawLayout<'d> {
    size: Option<u64>,
    align: Option<u64>,
    members: Vec<RawMember<'d>>,
    values: Vec<(Cow<'d, str>, i128)>,
}

/// What is known on the way.
pub(super) struct Reader<'w, 'd> {
    pub(super) walk: &'w Walk<'w, 'd>,
    pub(super) big: bool,
    pub(super) texts: Interner,
    pub(super) keys: Interner,
    /// What pointers to types and qualified types are called: tag and text of the type.
    pub(super) derived: HashMap<(u16, u32), u32>,
    /// What named types are called, by keyword and name.
    pub(super) called: HashMap<(&'static str, Cow<'d, str>), Called>,
    /// The unnamed structs, unions and enums that types have in them.
    pub(super) unnamed: Vec<(Die, Through)>,
    /// How functions and variables are declared, by the linker's name.
    pub(super) signatures: HashMap<Cow<'d, str>, HashSet<RawSignature>>,
    seen: Vec<Seen>,
    queue: Vec<(Die, u32)>,
    /// Names of declarations whose definitions were looked for.
    declared: HashSet<u32>,
    found: HashMap<u32, HashSet<RawLayout<'d>>>,
    incomplete: BTreeSet<u32>,
    budget: usize,
}

/// What was read of one unit. A table for each is small, and stays in the processor's cache while
/// types of this unit lead to others of it.
#[derive(Default)]
struct Seen {
    names: HashMap<usize, Named>,
    queued: HashSet<(usize, u32)>,
}

/// Work that a byte of debug information may make; a real one makes less than one unit.
const WORK: usize = 64;

pub(super) fn layouts<'d>(
    dwarf: &gimli::Dwarf<Slice<'d>>,
    units: &[Parsed<'d>],
    roots: Roots<'_>,
) -> Result<Layouts, DwarfError> {
    let walk = Walk::new(dwarf, units);
    let index = index(&walk, roots)?;
    let data = dwarf.debug_info.reader();
    let mut reader = Reader {
        walk: &walk,
        big: matches!(gimli::Reader::endian(data), gimli::RunTimeEndian::Big),
        texts: Interner::default(),
        keys: Interner::default(),
        derived: HashMap::default(),
        called: HashMap::default(),
        unnamed: Vec::new(),
        signatures: HashMap::default(),
        seen: units.iter().map(|_| Seen::default()).collect(),
        queue: Vec::new(),
        declared: HashSet::default(),
        found: HashMap::default(),
        incomplete: BTreeSet::new(),
        budget: data.len().saturating_mul(WORK).saturating_add(1 << 20),
    };
    for root in &index.roots {
        reader.root(root, &index)?;
    }
    while let Some((die, key)) = reader.queue.pop() {
        reader.layout(die, key, &index)?;
    }
    Ok(reader.finish(index.roots.len() as u64))
}

impl<'d> Reader<'_, 'd> {
    /// Each type at each place once.
    pub(super) fn enqueue(&mut self, die: Die, key: u32) {
        let seen = self.seen.get_mut(die.0);
        if seen.is_some_and(|seen| seen.queued.insert((die.1.0, key))) {
            self.queue.push((die, key));
        }
    }

    pub(super) fn known(&self, (unit, at): Die) -> Option<Named> {
        self.seen.get(unit)?.names.get(&at.0).copied()
    }

    pub(super) fn learn(&mut self, (unit, at): Die, named: Named) {
        if let Some(seen) = self.seen.get_mut(unit) {
            seen.names.insert(at.0, named);
        }
    }

    /// Counts work, so that types that refer to one another in circles come to an end.
    pub(super) fn charge(&mut self, work: usize) -> Result<(), DwarfError> {
        self.budget = self.budget.checked_sub(work).ok_or(DwarfError::Nested)?;
        Ok(())
    }

    fn layout(&mut self, die: Die, key: u32, index: &Index<'d>) -> Result<(), DwarfError> {
        let walk = self.walk;
        let blame = walk.blame(die.0);
        let Some(entry) = walk.entry(die).map_err(&blame)?.filter(|entry| is_type(entry.tag))
        else {
            return Ok(());
        };
        if entry.declaration {
            if !self.declared.insert(key) {
                return Ok(());
            }
            let name = walk.name(die.0, &entry).map_err(&blame)?.unwrap_or_default();
            match index.types.get(&(entry.tag, name)) {
                Some(definitions) => definitions.iter().for_each(|die| self.enqueue(*die, key)),
                None => {
                    self.incomplete.insert(key);
                }
            }
            return Ok(());
        }
        let mut layout = RawLayout {
            size: entry.size,
            align: entry.align,
            members: Vec::new(),
            values: Vec::new(),
        };
        if entry.tag == gimli::DW_TAG_enumeration_type {
            let enumerators = |tag| tag == gimli::DW_TAG_enumerator;
            let (_, children) = walk.family(die, enumerators).map_err(&blame)?.unzip();
            for child in children.iter().flatten() {
                let name = walk.name(die.0, child).map_err(&blame)?.unwrap_or_default();
                layout.values.push((name, child.value.unwrap_or_default()));
            }
        } else {
            let around = Around { path: "", base: 0, depth: 0 };
            self.members_of(die, around, &mut layout.members)?;
        }
        self.found.entry(key).or_default().insert(layout);
        Ok(())
    }

    fn finish(self, roots: u64) -> Layouts {
        let key = |number: u32| self.keys.text(number).to_owned();
        let member = |raw: &RawMember<'_>| Member {
            path: raw.path.clone().into_owned(),
            offset: raw.offset,
            bit_size: raw.bit_size,
            size: raw.size,
            type_name: self.shown(raw.text),
            plain_name: self.shown(raw.plain),
            embeds: raw.embeds.map(key),
        };
        let layout = |raw: &RawLayout<'_>| Layout {
            size: raw.size,
            align: raw.align,
            members: raw.members.iter().map(member).collect(),
            values: raw.values.iter().map(|(name, n)| (name.clone().into_owned(), *n)).collect(),
        };
        let types = self.found.iter().map(|(number, raw)| {
            let layouts: BTreeSet<Layout> = raw.iter().map(layout).collect();
            (key(*number), layouts)
        });
        let types: BTreeMap<_, _> = types.collect();
        let incomplete = self.incomplete.iter().map(|number| key(*number));
        let incomplete = incomplete.filter(|key| !types.contains_key(key)).collect();
        let signatures = self.signatures.iter().map(|(name, all)| {
            let name = name.clone().into_owned();
            let all = self.declared_as(&name, all);
            (name, all)
        });
        Layouts { types, incomplete, signatures: signatures.collect(), roots }
    }
}
