//! One entry of a unit, as far as types need it, and the way from entry to entry.

use super::load::Slice;
use super::{DwarfError, Parsed, damaged, start_of};
use foldhash::HashMap;
use gimli::{Abbreviation, AttributeValue, EntriesRaw, UnitOffset, UnitType};
use std::borrow::Cow;

/// Where an entry stands: number of the unit, and place in it.
pub(super) type Die = (usize, UnitOffset);

/// Where a unit of `.debug_types` starts ([`start_of`]).
const IN_TYPES: u64 = usize::MAX as u64;

/// What is read of an entry.
pub(super) struct Entry<'d> {
    pub(super) tag: gimli::DwTag,
    pub(super) has_children: bool,
    pub(super) external: bool,
    pub(super) declaration: bool,
    pub(super) target: Option<Die>,
    /// `DW_AT_specification`: the declaration that this entry completes.
    pub(super) completes: Option<Die>,
    /// Units: bytes.
    pub(super) size: Option<u64>,
    /// Units: bytes.
    pub(super) align: Option<u64>,
    /// Units: bytes from the start of the struct.
    pub(super) location: Option<u64>,
    /// `DW_AT_data_bit_offset`; units: bits from the start of the struct.
    pub(super) data_bit_offset: Option<u64>,
    /// `DW_AT_bit_offset` (DWARF 3): bits from the most significant one of the storage.
    pub(super) bit_offset: Option<u64>,
    /// Units: bits.
    pub(super) bit_size: Option<u64>,
    /// Elements of an array.
    pub(super) count: Option<u64>,
    pub(super) value: Option<i128>,
    /// `DW_AT_signature`: the type unit that has the definition of this declaration.
    pub(super) signature: Option<Die>,
    /// `DW_AT_abstract_origin`: the function whose copy this is.
    pub(super) origin: Option<Die>,
    /// `DW_AT_encoding` of a base type.
    pub(super) encoding: Option<gimli::DwAte>,
    /// `DW_AT_inline`: what copies of a function have in common, and no copy itself.
    pub(super) inline: bool,
    pub(super) prototyped: bool,
    pub(super) noreturn: bool,
    /// `DW_AT_calling_convention`, where it is not the usual one.
    pub(super) convention: Option<gimli::DwCc>,
    name: Option<AttributeValue<Slice<'d>>>,
    linkage_name: Option<AttributeValue<Slice<'d>>>,
}

/// The units of a file, for random access.
pub(super) struct Walk<'w, 'd> {
    pub(super) dwarf: &'w gimli::Dwarf<Slice<'d>>,
    pub(super) units: &'w [Parsed<'d>],
    starts: Vec<usize>,
    /// The types that type units define, by signature.
    types: HashMap<u64, Die>,
}

impl<'w, 'd> Walk<'w, 'd> {
    pub(super) fn new(dwarf: &'w gimli::Dwarf<Slice<'d>>, units: &'w [Parsed<'d>]) -> Self {
        let types =
            units.iter().enumerate().filter_map(|(unit, parsed)| match parsed.header.type_() {
                UnitType::Type { type_signature, type_offset } => {
                    Some((type_signature.0, (unit, type_offset)))
                }
                _ => None,
            });
        Self { dwarf, units, starts: units.iter().map(start_of).collect(), types: types.collect() }
    }

    /// Says in which unit something is wrong.
    pub(super) fn blame(&self, unit: usize) -> impl Fn(gimli::Error) -> DwarfError + use<> {
        let at = self.starts.get(unit).copied().unwrap_or_default() as u64;
        move |error| match at {
            IN_TYPES => DwarfError::DamagedTypes(error.to_string()),
            at => damaged(at, error),
        }
    }

    /// The entries of a unit from a place on; all of them without one.
    pub(super) fn entries(
        &self,
        unit: usize,
        from: Option<UnitOffset>,
    ) -> gimli::Result<Option<EntriesRaw<'w, Slice<'d>>>> {
        self.units.get(unit).map(|unit| unit.entries_raw(from)).transpose()
    }

    /// The entry at a place; none where none begins.
    pub(super) fn entry(&self, (unit, at): Die) -> gimli::Result<Option<Entry<'d>>> {
        let Some(mut raw) = self.entries(unit, Some(at))? else {
            return Ok(None);
        };
        if raw.is_empty() {
            return Ok(None);
        }
        match raw.read_abbreviation()? {
            Some(abbreviation) => self.read(&mut raw, unit, abbreviation).map(Some),
            None => Ok(None),
        }
    }

    /// An entry and its children with a tag that is wanted, in order; what is in a variant part
    /// (Rust) counts as if it stood outside.
    pub(super) fn family(
        &self,
        (unit, at): Die,
        wanted: fn(gimli::DwTag) -> bool,
    ) -> gimli::Result<Option<(Entry<'d>, Vec<Entry<'d>>)>> {
        let Some(mut raw) = self.entries(unit, Some(at))? else {
            return Ok(None);
        };
        if raw.is_empty() {
            return Ok(None);
        }
        let Some(abbreviation) = raw.read_abbreviation()? else {
            return Ok(None);
        };
        let parent = self.read(&mut raw, unit, abbreviation)?;
        let mut children = Vec::new();
        // Children down to this depth belong to the entry.
        let mut open = 1;
        while parent.has_children && !raw.is_empty() {
            let depth = raw.next_depth();
            let Some(abbreviation) = raw.read_abbreviation()? else {
                if raw.next_depth() < 1 {
                    break;
                }
                open = open.min(raw.next_depth());
                continue;
            };
            let tag = abbreviation.tag();
            if depth == open && wanted(tag) {
                children.push(self.read(&mut raw, unit, abbreviation)?);
                continue;
            }
            raw.skip_attributes(abbreviation.attributes())?;
            let variant = matches!(tag, gimli::DW_TAG_variant_part | gimli::DW_TAG_variant);
            if depth == open && variant && abbreviation.has_children() {
                open += 1;
            }
        }
        Ok(Some((parent, children)))
    }

    /// The attributes of an entry whose abbreviation was read.
    pub(super) fn read(
        &self,
        raw: &mut EntriesRaw<'_, Slice<'d>>,
        unit: usize,
        abbreviation: &Abbreviation,
    ) -> gimli::Result<Entry<'d>> {
        let mut entry = Entry::new(abbreviation);
        for spec in abbreviation.attributes() {
            if !is_needed(spec.name()) {
                raw.skip_attributes(std::slice::from_ref(spec))?;
                continue;
            }
            let attribute = raw.read_attribute(*spec)?;
            let number = || attribute.udata_value();
            match attribute.name() {
                gimli::DW_AT_name => entry.name = Some(attribute.value()),
                gimli::DW_AT_linkage_name => entry.linkage_name = Some(attribute.value()),
                gimli::DW_AT_type => entry.target = self.place(unit, attribute.raw_value()),
                gimli::DW_AT_specification => {
                    entry.completes = self.place(unit, attribute.raw_value());
                }
                gimli::DW_AT_byte_size => entry.size = number(),
                gimli::DW_AT_alignment => entry.align = number(),
                gimli::DW_AT_data_member_location => entry.location = location(&attribute),
                gimli::DW_AT_data_bit_offset => entry.data_bit_offset = number(),
                gimli::DW_AT_bit_offset => entry.bit_offset = number(),
                gimli::DW_AT_bit_size => entry.bit_size = number(),
                gimli::DW_AT_count => entry.count = number(),
                // Clang and GCC write -1 or nothing for an array without a length.
                gimli::DW_AT_upper_bound => {
                    let all_ones = |bound: u64| bound == u64::MAX || bound == u64::from(u32::MAX);
                    let bound = number().filter(|bound| !all_ones(*bound));
                    entry.count = bound.map(|bound| bound + 1);
                }
                gimli::DW_AT_const_value => {
                    entry.value = match attribute.value() {
                        AttributeValue::Sdata(value) => Some(i128::from(value)),
                        _ => number().map(i128::from),
                    };
                }
                gimli::DW_AT_external => entry.external = is_set(&attribute),
                gimli::DW_AT_declaration => entry.declaration = is_set(&attribute),
                gimli::DW_AT_signature => {
                    entry.signature = self.place(unit, attribute.raw_value());
                }
                gimli::DW_AT_abstract_origin => {
                    entry.origin = self.place(unit, attribute.raw_value());
                }
                gimli::DW_AT_encoding => {
                    if let AttributeValue::Encoding(encoding) = attribute.value() {
                        entry.encoding = Some(encoding);
                    }
                }
                gimli::DW_AT_inline => {
                    let not = AttributeValue::Inline(gimli::DW_INL_not_inlined);
                    entry.inline = attribute.value() != not;
                }
                gimli::DW_AT_prototyped => entry.prototyped = is_set(&attribute),
                gimli::DW_AT_noreturn => entry.noreturn = is_set(&attribute),
                gimli::DW_AT_calling_convention => {
                    if let AttributeValue::CallingConvention(convention) = attribute.value() {
                        entry.convention = Some(convention);
                    }
                }
                _ => {}
            }
        }
        Ok(entry)
    }

    /// Where a reference leads; none for other files.
    fn place(&self, unit: usize, value: AttributeValue<Slice<'d>>) -> Option<Die> {
        match value {
            AttributeValue::UnitRef(at) => Some((unit, at)),
            AttributeValue::DebugInfoRef(at) => {
                let unit = self.starts.partition_point(|start| *start <= at.0).checked_sub(1)?;
                let at = at.0.checked_sub(*self.starts.get(unit)?)?;
                Some((unit, UnitOffset(at)))
            }
            AttributeValue::DebugTypesRef(signature) => self.types.get(&signature.0).copied(),
            _ => None,
        }
    }

    pub(super) fn name(
        &self,
        unit: usize,
        entry: &Entry<'d>,
    ) -> gimli::Result<Option<Cow<'d, str>>> {
        self.text(unit, entry.name)
    }

    /// The name that the linker sees.
    pub(super) fn symbol(
        &self,
        unit: usize,
        entry: &Entry<'d>,
    ) -> gimli::Result<Option<Cow<'d, str>>> {
        self.text(unit, entry.linkage_name.or(entry.name))
    }

    fn text(
        &self,
        unit: usize,
        value: Option<AttributeValue<Slice<'d>>>,
    ) -> gimli::Result<Option<Cow<'d, str>>> {
        let (Some(value), Some(unit)) = (value, self.units.get(unit)) else {
            return Ok(None);
        };
        let text = self.dwarf.attr_string(unit, value)?;
        Ok(Some(String::from_utf8_lossy(text.slice())))
    }
}

impl Entry<'_> {
    fn new(abbreviation: &Abbreviation) -> Self {
        Self {
            tag: abbreviation.tag(),
            has_children: abbreviation.has_children(),
            external: false,
            declaration: false,
            target: None,
            completes: None,
            size: None,
            align: None,
            location: None,
            data_bit_offset: None,
            bit_offset: None,
            bit_size: None,
            count: None,
            value: None,
            signature: None,
            origin: None,
            encoding: None,
            inline: false,
            prototyped: false,
            noreturn: false,
            convention: None,
            name: None,
            linkage_name: None,
        }
    }
}

/// What [`Walk::read`] reads; all else is passed over, which is faster.
const fn is_needed(name: gimli::DwAt) -> bool {
    matches!(
        name,
        gimli::DW_AT_name
            | gimli::DW_AT_linkage_name
            | gimli::DW_AT_type
            | gimli::DW_AT_specification
            | gimli::DW_AT_byte_size
            | gimli::DW_AT_alignment
            | gimli::DW_AT_data_member_location
            | gimli::DW_AT_data_bit_offset
            | gimli::DW_AT_bit_offset
            | gimli::DW_AT_bit_size
            | gimli::DW_AT_count
            | gimli::DW_AT_upper_bound
            | gimli::DW_AT_const_value
            | gimli::DW_AT_external
            | gimli::DW_AT_declaration
            | gimli::DW_AT_signature
            | gimli::DW_AT_abstract_origin
            | gimli::DW_AT_encoding
            | gimli::DW_AT_inline
            | gimli::DW_AT_prototyped
            | gimli::DW_AT_noreturn
            | gimli::DW_AT_calling_convention
    )
}

fn is_set(attribute: &gimli::Attribute<Slice<'_>>) -> bool {
    matches!(attribute.value(), AttributeValue::Flag(true))
}

/// Bytes from the start of the struct: a number, or as DWARF 2 has it `DW_OP_plus_uconst`.
fn location(attribute: &gimli::Attribute<Slice<'_>>) -> Option<u64> {
    if let Some(number) = attribute.udata_value() {
        return Some(number);
    }
    let mut code = attribute.exprloc_value()?.0;
    let operation = gimli::Reader::read_u8(&mut code).ok()?;
    let number = gimli::Reader::read_uleb128(&mut code).ok()?;
    (operation == gimli::DW_OP_plus_uconst.0).then_some(number)
}
