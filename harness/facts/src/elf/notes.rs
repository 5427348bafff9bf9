use super::error::ElfError;
use super::image::Image;
use super::kind::ElfEndian;
use super::place::field;
use super::section::SHT_NOTE;
use std::fmt;

/// One entry of a note section.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The section that it stands in.
    pub section: String,
    /// Who gives the type its meaning: `GNU`, `Linux`, `Xen`.
    pub owner: String,
    /// `NT_GNU_BUILD_ID` (3) …
    pub kind: u32,
    /// Its description.
    pub bytes: Vec<u8>,
}

/// A property of `NT_GNU_PROPERTY_TYPE_0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Property {
    /// `GNU_PROPERTY_AARCH64_FEATURE_1_AND` (0xc0000000) …
    pub kind: u32,
    /// Its value.
    pub bytes: Vec<u8>,
}

/// `NT_GNU_BUILD_ID`
const BUILD_ID: u32 = 3;
/// `NT_GNU_PROPERTY_TYPE_0`
const PROPERTIES: u32 = 5;

/// The notes of all note sections, in file order.
///
/// Source: System V gABI, "Note Section"; `struct elf_note` in `include/linux/elfnote.h`, Linux
/// 7.3. Names and descriptions are padded to four bytes, in sections aligned to eight to eight.
///
/// # Errors
///
/// [`ElfError::Table`] if a note ends after its section.
pub fn notes(image: &Image<'_>) -> Result<Vec<Note>, ElfError> {
    let mut found = Vec::new();
    for (index, section) in image.sections.iter().enumerate() {
        if section.sh_type != SHT_NOTE || section.flags.compressed() {
            continue;
        }
        let align = if section.align == 8 { 8 } else { 4 };
        let mut rest = image.data(index);
        while !rest.is_empty() {
            let (note, after) = read(&section.name, rest, image.ident.endian, align)
                .ok_or_else(|| ElfError::table(section.name.as_ref(), "a note ends too early"))?;
            found.push(note);
            rest = after;
        }
    }
    Ok(found)
}

impl Note {
    /// The build id, if it is one.
    #[must_use]
    pub fn build_id(&self) -> Option<&[u8]> {
        (self.owner == "GNU" && self.kind == BUILD_ID).then_some(self.bytes.as_slice())
    }

    /// The properties in it, in file order; none if it holds no properties.
    ///
    /// Source: Linux Extensions to gABI, "Program Property"; values are padded like an address.
    ///
    /// # Errors
    ///
    /// [`ElfError::Table`] if a property ends after its note.
    pub fn properties(&self, image: &Image<'_>) -> Result<Vec<Property>, ElfError> {
        let mut found = Vec::new();
        if self.owner != "GNU" || self.kind != PROPERTIES {
            return Ok(found);
        }
        let endian = image.ident.endian;
        let align = image.ident.pointer_size() as u64;
        let mut rest = self.bytes.as_slice();
        while !rest.is_empty() {
            let read = || {
                let kind = endian.uint(field(rest, 0, 4)?) as u32;
                let bytes = field(rest, 8, endian.uint(field(rest, 4, 4)?))?;
                let property = Property { kind, bytes: bytes.to_vec() };
                Some((property, padded(rest, 8 + bytes.len() as u64, align)))
            };
            let (property, after) = read()
                .ok_or_else(|| ElfError::table(&self.section, "a property ends too early"))?;
            found.push(property);
            rest = after;
        }
        Ok(found)
    }
}

impl fmt::Display for Note {
    /// `.notes GNU 3 0123abcd`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.section, self.owner, self.kind)?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn read<'a>(
    section: &str,
    data: &'a [u8],
    endian: ElfEndian,
    align: u64,
) -> Option<(Note, &'a [u8])> {
    let word = |at: u64| Some(endian.uint(field(data, at, 4)?));
    let (name_size, size, kind) = (word(0)?, word(4)?, word(8)?);
    let name = field(data, 12, name_size)?;
    let at = (12 + name_size).checked_next_multiple_of(align)?;
    let bytes = field(data, at, size)?;
    let owner = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let note = Note {
        section: section.to_owned(),
        owner: String::from_utf8_lossy(owner).into_owned(),
        kind: kind as u32,
        bytes: bytes.to_vec(),
    };
    Some((note, padded(data, at + size, align)))
}

/// What follows `end` and its padding, which the last of a section may lack.
fn padded(data: &[u8], end: u64, align: u64) -> &[u8] {
    let next = end.checked_next_multiple_of(align).and_then(|at| usize::try_from(at).ok());
    next.and_then(|at| data.get(at..)).unwrap_or_default()
}
