//! How a linked file is loaded: the file header beyond machine and ABI, the program headers, and
//! where execution starts.

use super::image::Image;
use super::kind::ElfClass;
use super::place::field;
use super::symbol::{SectionRef, Symbol, SymbolKind};
use object::elf::{Machine, ProgramType, machine_names};
use std::collections::BTreeSet;

/// The file header and the program headers of an ELF file.
///
/// Source: System V gABI, chapters "ELF Header" and "Program Header"; Linux reads the same fields
/// in `kernel/kexec_elf.c` and boot loaders do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loading {
    /// `e_type`: 1 relocatable, 2 executable, 3 shared.
    pub e_type: u16,
    /// `EI_OSABI`, `EI_ABIVERSION`, the padding behind it, `e_version`, `e_ehsize`, `e_phentsize`, `e_shentsize`, and
    /// whether `e_shstrndx` names a table of strings: constants, by name.
    pub constants: Vec<(&'static str, u64)>,
    /// `e_entry`, an address; a physical one on x86_64.
    pub entry: u64,
    /// What stands there; none where no symbol and no section does.
    pub entry_place: Option<Spot>,
    /// Program headers in file order.
    pub segments: Vec<Segment>,
    /// Sections of at least a byte that are loaded and lie in no `PT_LOAD`, in order of address.
    pub outside: Vec<String>,
    /// What lies between the loaded sections of a linked file, in order of address.
    pub gaps: Vec<Gap>,
}

/// The bytes between a loaded section and the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Name of the section behind it.
    pub section: String,
    /// Name of the section before it.
    pub behind: String,
    /// How many they are; units: bytes.
    pub bytes: u64,
    /// Where the section behind it starts; an address.
    pub start: u64,
}

/// A place, told without its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Raw names of the symbols that stand there exactly; else of the one that lasts over it.
    pub symbols: BTreeSet<String>,
    /// How far into that one it is; units: bytes.
    pub offset: u64,
    /// Name of the section.
    pub section: String,
    /// Whether the section holds code.
    pub exec: bool,
}

/// One program header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segment {
    /// `p_type` as readelf prints it: `LOAD`, `NOTE`, `GNU_STACK`; a number where it has no name.
    pub kind: String,
    /// `p_flags`: 1 executable, 2 writable, 4 readable.
    pub flags: u32,
    /// `p_offset`; units: bytes of the file.
    pub offset: u64,
    /// `p_vaddr`
    pub address: u64,
    /// `p_paddr`: the load address.
    pub physical: u64,
    /// `p_filesz`; units: bytes.
    pub file_size: u64,
    /// `p_memsz`; units: bytes.
    pub size: u64,
    /// `p_align`; units: bytes.
    pub align: u64,
    /// Sections of at least a byte that it holds, in order of address.
    pub sections: Vec<String>,
    /// How far its borders are from those of its sections.
    pub borders: Borders,
}

/// Distances between the borders of a segment and of what it holds; units: bytes, modulo 2^64. All
/// are 0 as lld writes them, but for a first segment that begins with headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Borders {
    /// From `p_vaddr` to the first section.
    pub before: u64,
    /// From the end of the last section to that of the memory.
    pub after: u64,
    /// From `p_offset` to where the file has the first section.
    pub file_before: u64,
    /// From where the file has the end of the last section with bytes to the end of the segment's.
    pub file_after: u64,
    /// Whether a section lies elsewhere in the segment in the file than in memory, or the two places of
    /// a `PT_LOAD` differ by no multiple of its alignment.
    pub skewed: bool,
}

const PT_LOAD: u64 = 1;

/// Sizes and places of the fields of both classes.
struct Layout {
    word: u64,
    header_size: u64,
    /// Where `e_entry` stands; `e_phoff` follows it.
    entry: u64,
    /// Where `e_ehsize` stands, and after it five more fields of two bytes.
    sizes: u64,
}

impl Layout {
    const fn of(class: ElfClass) -> Self {
        match class {
            ElfClass::Elf32 => Self { word: 4, header_size: 32, entry: 24, sizes: 40 },
            ElfClass::Elf64 => Self { word: 8, header_size: 56, entry: 24, sizes: 52 },
        }
    }
}

/// Reads them. What is cut off is left out: whether the file is whole is [`Image::parse`]'s.
#[must_use]
pub fn loading(image: &Image<'_>) -> Loading {
    let layout = Layout::of(image.ident.class);
    let number = |at: u64, size: u64| {
        field(image.bytes(), at, size).map_or(0, |bytes| image.ident.endian.uint(bytes))
    };
    let size_field = |nth: u64| number(layout.sizes + nth * 2, 2);
    let entry = number(layout.entry, layout.word);
    let table = number(layout.entry + layout.word, layout.word);
    // More than 65,534 program headers are counted in the first section header.
    let count = match size_field(2) {
        0xffff => image.sections.first().map_or(0, |section| u64::from(section.info)),
        count => count,
    };
    let strings = image.sections.get(size_field(5) as usize).is_some_and(|it| it.sh_type == 3);
    let constants = vec![
        ("EI_OSABI", number(7, 1)),
        ("EI_ABIVERSION", number(8, 1)),
        ("EI_PAD", number(9, 4) + number(13, 3)),
        ("e_version", number(20, 4)),
        ("e_ehsize", size_field(0)),
        ("e_phentsize", size_field(1)),
        ("e_shentsize", size_field(3)),
        ("e_shstrndx leads to strings", u64::from(strings)),
    ];
    let loaded = loaded_sections(image);
    let mut held = BTreeSet::new();
    let mut segments = Vec::new();
    for nth in 0..count {
        let at = table.saturating_add(nth.saturating_mul(layout.header_size));
        let Some(bytes) = field(image.bytes(), at, layout.header_size) else { break };
        segments.push(segment(image, &layout, bytes, &loaded, &mut held));
    }
    let outside = loaded.iter().filter(|index| !held.contains(*index) && !segments.is_empty());
    let outside = outside.filter_map(|index| image.sections.get(*index));
    Loading {
        e_type: image.ident.e_type,
        constants,
        entry,
        entry_place: entry_place(image, entry, &segments),
        outside: outside.map(|section| section.name.clone().into_owned()).collect(),
        segments,
        gaps: if image.ident.is_relocatable() { Vec::new() } else { gaps(image, &loaded) },
    }
}

/// Sections that overlap (`.data..percpu` at address 0) have none.
fn gaps(image: &Image<'_>, loaded: &[usize]) -> Vec<Gap> {
    let section = |index: &usize| image.sections.get(*index);
    let pairs = loaded.iter().zip(loaded.iter().skip(1));
    let gap = |(before, next): (&usize, &usize)| {
        let (before, next) = (section(before)?, section(next)?);
        let end = before.address.checked_add(before.size)?;
        Some(Gap {
            section: next.name.clone().into_owned(),
            behind: before.name.clone().into_owned(),
            bytes: next.address.checked_sub(end)?,
            start: next.address,
        })
    };
    pairs.filter_map(gap).collect()
}

/// Indices of the sections of at least a byte that are loaded, in order of address.
fn loaded_sections(image: &Image<'_>) -> Vec<usize> {
    let sections = image.sections.iter().enumerate();
    let mut loaded: Vec<usize> = sections
        .filter(|(_, section)| section.flags.alloc() && section.size > 0)
        .map(|(index, _)| index)
        .collect();
    loaded.sort_by_key(|index| image.sections.get(*index).map(|section| section.address));
    loaded
}

fn segment(
    image: &Image<'_>,
    layout: &Layout,
    bytes: &[u8],
    loaded: &[usize],
    held: &mut BTreeSet<usize>,
) -> Segment {
    let number = |at: u64, size: u64| {
        field(bytes, at, size).map_or(0, |bytes| image.ident.endian.uint(bytes))
    };
    let word = |nth: u64| {
        // Elf64_Phdr has p_flags second, Elf32_Phdr second to last.
        let start = if layout.word == 8 { 8 } else { 4 };
        number(start + nth * layout.word, layout.word)
    };
    let kind = number(0, 4);
    let (flags, align) =
        if layout.word == 8 { (number(4, 4), word(5)) } else { (number(24, 4), number(28, 4)) };
    let mut segment = Segment {
        kind: kind_name(image.ident.e_machine, kind as u32),
        flags: flags as u32,
        offset: word(0),
        address: word(1),
        physical: word(2),
        file_size: word(3),
        size: word(4),
        align,
        ..Segment::default()
    };
    let end = segment.address.saturating_add(segment.size);
    let first = loaded.partition_point(|index| {
        image.sections.get(*index).is_some_and(|it| it.address < segment.address)
    });
    let within = loaded.iter().skip(first).copied().take_while(|index| {
        image.sections.get(*index).is_some_and(|it| it.address.saturating_add(it.size) <= end)
    });
    let within: Vec<usize> = within.collect();
    if kind == PT_LOAD {
        held.extend(&within);
    }
    segment.borders = borders(image, &segment, &within);
    let names = within.iter().filter_map(|index| image.sections.get(*index));
    segment.sections = names.map(|section| section.name.clone().into_owned()).collect();
    segment
}

fn borders(image: &Image<'_>, segment: &Segment, within: &[usize]) -> Borders {
    let sections = || within.iter().filter_map(|index| image.sections.get(*index));
    let (Some(first), Some(last)) = (sections().next(), sections().next_back()) else {
        return Borders { skewed: unaligned(segment), ..Borders::default() };
    };
    let with_bytes = sections().filter(|section| !section.is_nobits());
    let file_end = with_bytes.clone().map(|it| it.offset.saturating_add(it.size)).max();
    let depth = |section: &super::Section<'_>| {
        let memory = section.address.wrapping_sub(segment.address);
        (section.offset.wrapping_sub(segment.offset), memory)
    };
    let elsewhere = with_bytes.clone().map(depth).any(|(file, memory)| file != memory);
    let skewed = elsewhere || unaligned(segment);
    let end = segment.address.wrapping_add(segment.size);
    let file_start = with_bytes.clone().next().map_or(segment.offset, |it| it.offset);
    Borders {
        before: first.address.wrapping_sub(segment.address),
        after: end.wrapping_sub(last.address.wrapping_add(last.size)),
        file_before: file_start.wrapping_sub(segment.offset),
        file_after: segment
            .offset
            .wrapping_add(segment.file_size)
            .wrapping_sub(file_end.unwrap_or(segment.offset)),
        skewed,
    }
}

/// Whether what is loaded lies elsewhere in its page in the file than in memory (`p_align`, gABI).
fn unaligned(segment: &Segment) -> bool {
    let far = segment.offset.wrapping_sub(segment.address);
    segment.kind == "LOAD" && far.checked_rem(segment.align).unwrap_or(0) != 0
}

fn kind_name(e_machine: u16, kind: u32) -> String {
    let name = machine_names(Machine(e_machine)).pt.name(ProgramType(kind));
    name.map_or_else(|| format!("{kind:#x}"), |name| name.trim_start_matches("PT_").to_owned())
}

/// What stands at the entry point: at that address, or where a segment is loaded at it.
fn entry_place(image: &Image<'_>, entry: u64, segments: &[Segment]) -> Option<Spot> {
    if image.ident.is_relocatable() {
        return None;
    }
    let physical = segments.iter().filter(|it| it.kind == "LOAD").filter_map(|it| {
        let far = entry.checked_sub(it.physical).filter(|far| *far < it.size)?;
        Some(it.address.wrapping_add(far))
    });
    let mut addresses = std::iter::once(entry).chain(physical);
    addresses.find_map(|address| spot(image, address))
}

/// What stands at an address of a linked file.
fn spot(image: &Image<'_>, address: u64) -> Option<Spot> {
    let (index, section) =
        image.sections.iter().enumerate().find(|(_, section)| section.holds(address))?;
    let names = |it: &&Symbol<'_>| {
        it.section == SectionRef::Named(index)
            && !matches!(it.kind, SymbolKind::Section | SymbolKind::File)
            && !it.name.is_empty()
            && !it.is_mapping()
    };
    let symbols = || image.symbols.iter().filter(names);
    let at: BTreeSet<String> =
        symbols().filter(|it| it.value == address).map(|it| it.name.clone().into_owned()).collect();
    let holds = |it: &&Symbol<'_>| address.checked_sub(it.value).is_some_and(|far| far < it.size);
    let (symbols, offset) = if at.is_empty() {
        let holder = symbols().filter(holds).max_by_key(|it| it.value);
        let start = holder.map_or(section.address, |it| it.value);
        let name = holder.map(|it| it.name.clone().into_owned());
        (name.into_iter().collect(), address.wrapping_sub(start))
    } else {
        (at, 0)
    };
    Some(Spot {
        symbols,
        offset,
        section: section.name.clone().into_owned(),
        exec: section.flags.exec(),
    })
}

impl Segment {
    /// `R E` as readelf prints `p_flags`, without its spaces: `RE`, `RW`, `RWE`.
    #[must_use]
    pub fn permissions(&self) -> String {
        let letters = [(4, 'R'), (2, 'W'), (1, 'E')];
        let mut text: String =
            letters.iter().filter(|(bit, _)| self.flags & bit != 0).map(|(_, it)| *it).collect();
        match self.flags & !7 {
            0 => {}
            rest => text.push_str(&format!("+{rest:#x}")),
        }
        text
    }

    /// Whether code in it can be written.
    #[must_use]
    pub const fn is_writable_code(&self) -> bool {
        self.flags & 3 == 3
    }
}
