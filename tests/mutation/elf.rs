//! Places in 64-bit little-endian ELF files, by the offsets of the ELF specification.

use super::{Choice, Place};
use std::ops::Range;

type Field = (&'static str, usize, usize);

const HEADER: [Field; 20] = [
    ("magic", 0, 4),
    ("class", 4, 1),
    ("data", 5, 1),
    ("ident version", 6, 1),
    ("osabi", 7, 1),
    ("abiversion", 8, 1),
    ("padding", 9, 7),
    ("e_type", 16, 2),
    ("e_machine", 18, 2),
    ("e_version", 20, 4),
    ("e_entry", 24, 8),
    ("e_phoff", 32, 8),
    ("e_shoff", 40, 8),
    ("e_flags", 48, 4),
    ("e_ehsize", 52, 2),
    ("e_phentsize", 54, 2),
    ("e_phnum", 56, 2),
    ("e_shentsize", 58, 2),
    ("e_shnum", 60, 2),
    ("e_shstrndx", 62, 2),
];

const SEGMENT: [Field; 8] = [
    ("p_type", 0, 4),
    ("p_flags", 4, 4),
    ("p_offset", 8, 8),
    ("p_vaddr", 16, 8),
    ("p_paddr", 24, 8),
    ("p_filesz", 32, 8),
    ("p_memsz", 40, 8),
    ("p_align", 48, 8),
];

const SECTION: [Field; 10] = [
    ("sh_name", 0, 4),
    ("sh_type", 4, 4),
    ("sh_flags", 8, 8),
    ("sh_addr", 16, 8),
    ("sh_offset", 24, 8),
    ("sh_size", 32, 8),
    ("sh_link", 40, 4),
    ("sh_info", 44, 4),
    ("sh_addralign", 48, 8),
    ("sh_entsize", 56, 8),
];

const SHT_SYMTAB: u64 = 2;
const SHT_STRTAB: u64 = 3;
const SHT_RELA: u64 = 4;
const SHT_NOBITS: u64 = 8;
const SHF_ALLOC: u64 = 2;
const PT_LOAD: u64 = 1;

fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let mut word = [0; 8];
    word[..width].copy_from_slice(&bytes[at..at + width]);
    u64::from_le_bytes(word)
}

/// The text at an offset, up to its end, and where it lies.
fn text(bytes: &[u8], at: usize) -> (String, Range<usize>) {
    let length = bytes[at..].iter().position(|byte| *byte == 0).unwrap_or(0);
    (String::from_utf8_lossy(&bytes[at..at + length]).into_owned(), at..at + length)
}

struct Section {
    header: usize,
    name: String,
    name_at: Range<usize>,
    kind: u64,
    flags: u64,
    content: Range<usize>,
    link: usize,
    info: usize,
}

impl Section {
    fn class(&self) -> &'static str {
        match self.kind {
            SHT_NOBITS => "nobits",
            SHT_SYMTAB => "symtab",
            SHT_STRTAB => "strtab",
            SHT_RELA => "rela",
            _ if self.flags & SHF_ALLOC != 0 => "loaded",
            _ => "unloaded",
        }
    }
}

/// A section's name without the function, variable or export that it is for.
fn family(name: &str) -> String {
    for prefix in [".text.", ".rodata.", ".data.", ".bss."] {
        if name.starts_with(prefix) {
            return format!("{prefix}*");
        }
    }
    // `.initcall6.init..kmod_x__1_2_init` of lld, `___ksymtab+x` of EXPORT_SYMBOL.
    let parts = [name.split_once("..kmod_"), name.split_once('+')];
    parts.into_iter().flatten().next().map_or(name, |(table, _)| table).to_owned()
}

fn sections(bytes: &[u8]) -> Vec<Section> {
    let (start, count) = (number(bytes, 40, 8) as usize, number(bytes, 60, 2) as usize);
    let names = start + 64 * number(bytes, 62, 2) as usize;
    let names = number(bytes, names + 24, 8) as usize;
    let section = |index: usize| {
        let header = start + 64 * index;
        let field = |at, width| number(bytes, header + at, width);
        let (name, name_at) = text(bytes, names + field(0, 4) as usize);
        let (kind, offset, size) = (field(4, 4), field(24, 8) as usize, field(32, 8) as usize);
        let content = if kind == SHT_NOBITS || index == 0 { 0..0 } else { offset..offset + size };
        let (link, info) = (field(40, 4) as usize, field(44, 4) as usize);
        Section { header, name, name_at, kind, flags: field(8, 8), content, link, info }
    };
    (0..count).map(section).collect()
}

/// Every place of a file that can be damaged.
pub(crate) fn places(bytes: &[u8]) -> Vec<Place> {
    let mut places: Vec<Place> = HEADER
        .iter()
        .map(|(name, at, width)| Place::bits(format!("header {name}"), "", *at..at + width))
        .collect();
    let sections = sections(bytes);
    segments(bytes, &sections, &mut places);
    for section in sections.iter().skip(1) {
        let is_empty = number(bytes, section.header + 32, 8) == 0;
        for (field, at, width) in SECTION {
            // No byte of the file is there, and nothing is called so.
            if field == "sh_offset" && section.kind == SHT_NOBITS || field == "sh_name" && is_empty
            {
                continue;
            }
            let what = format!("section {field}, {}", section.class());
            let at = section.header + at;
            places.push(Place::bits(what, &section.name, at..at + width));
        }
        if !section.name_at.is_empty() && !is_empty {
            let what = format!("section name, {}", section.class());
            places.push(Place::bits(what, &section.name, section.name_at.clone()));
        }
        match section.kind {
            SHT_SYMTAB => symbols(bytes, section, &sections, &mut places),
            SHT_RELA => relocations(bytes, section, &sections, &mut places),
            // Names are damaged where they are used.
            SHT_STRTAB | SHT_NOBITS => {}
            // It is a number that follows from all other bytes.
            _ if section.name == ".note.gnu.build-id" => {}
            _ if !section.content.is_empty() => {
                let loaded = if section.flags & SHF_ALLOC != 0 { "" } else { ", not loaded" };
                let what = format!("content of {}{loaded}", family(&section.name));
                places.push(Place::bits(what, &section.name, section.content.clone()));
            }
            _ => {}
        }
    }
    places
}

/// Program headers, and what they load that lies in no section.
fn segments(bytes: &[u8], sections: &[Section], places: &mut Vec<Place>) {
    let (start, count) = (number(bytes, 32, 8) as usize, number(bytes, 56, 2) as usize);
    for index in 0..count {
        let header = start + 56 * index;
        let kind = match number(bytes, header, 4) {
            PT_LOAD => "LOAD",
            4 => "NOTE",
            0x6474_e551 => "GNU_STACK",
            _ => "other",
        };
        for (field, at, width) in SEGMENT {
            let at = header + at;
            places.push(Place::bits(format!("segment {field}, {kind}"), "", at..at + width));
        }
        if kind == "LOAD" {
            let start = number(bytes, header + 8, 8) as usize;
            let end = start + number(bytes, header + 32, 8) as usize;
            for gap in gaps(start..end, sections) {
                places.push(Place::bits("loaded bytes in no section", "", gap));
            }
        }
    }
}

fn gaps(whole: Range<usize>, sections: &[Section]) -> Vec<Range<usize>> {
    let mut covered: Vec<_> =
        sections.iter().map(|it| it.content.clone()).filter(|it| !it.is_empty()).collect();
    covered.sort_by_key(|it| it.start);
    let (mut gaps, mut at) = (Vec::new(), whole.start);
    for range in covered {
        if range.start > at && range.start < whole.end {
            gaps.push(at..range.start);
        }
        at = at.max(range.end);
    }
    if at < whole.end {
        gaps.push(at..whole.end);
    }
    gaps
}

/// What a symbol is: `local function`, `undefined`, `mapping`.
fn symbol_class(name: &str, info: u8, shndx: u64) -> String {
    let scope = match info >> 4 {
        0 => "local",
        1 => "global",
        _ => "weak",
    };
    let kind = match (info & 15, shndx) {
        (3, _) => return "section symbol".to_owned(),
        (4, _) => return "file symbol".to_owned(),
        (_, 0) => "undefined",
        (0, _) if name.starts_with('$') => return "mapping symbol".to_owned(),
        _ if name.starts_with(".L") => return "private label".to_owned(),
        (_, 0xfff1) => "absolute",
        (0, _) => "label",
        (1, _) => "variable",
        (2, _) => "function",
        _ => "other",
    };
    format!("{scope} {kind}")
}

fn symbols(bytes: &[u8], table: &Section, sections: &[Section], places: &mut Vec<Place>) {
    let names = sections[table.link].content.clone();
    // The first entry is no symbol.
    for at in table.content.clone().step_by(24).skip(1) {
        let (name, name_at) = text(bytes, names.start + number(bytes, at, 4) as usize);
        let (info, shndx) = (bytes[at + 4], number(bytes, at + 6, 2));
        let class = symbol_class(&name, info, shndx);
        let mut push = |field: &str, choice| {
            let what = format!("symbol {field}, {class}");
            places.push(Place { what, name: name.clone(), choice });
        };
        let bits = |at: Range<usize>, mask| Choice::Bit { at, mask };
        push("st_name", bits(at..at + 4, 0xff));
        push("type", bits(at + 4..at + 5, 0x0f));
        push("binding", bits(at + 4..at + 5, 0xf0));
        push("visibility", bits(at + 5..at + 6, 0x03));
        push("st_other", bits(at + 5..at + 6, 0xfc));
        push("section index", bits(at + 6..at + 8, 0xff));
        push("value", bits(at + 8..at + 16, 0xff));
        push("size", bits(at + 16..at + 24, 0xff));
        if shndx != 0 && shndx + 1 < sections.len() as u64 {
            let with = (shndx as u16 + 1).to_le_bytes().to_vec();
            push("in the next section", Choice::Replace { at: at + 6..at + 8, with });
        }
        if !name_at.is_empty() {
            let hash = name.find(".llvm.").map_or(name_at.end, |hash| name_at.start + hash);
            push("name", bits(name_at.start..hash, 0x1f));
            if hash + 6 < name_at.end {
                push("hash of a promoted name", bits(hash + 6..name_at.end, 0x01));
            }
        }
    }
}

fn relocations(bytes: &[u8], table: &Section, sections: &[Section], places: &mut Vec<Place>) {
    let target = &sections[table.info.min(sections.len() - 1)].name;
    let symbols = number(bytes, sections[table.link].header + 32, 8) / 24;
    for at in table.content.clone().step_by(24) {
        let mut push = |field: &str, choice| {
            let what = format!("relocation {field} in {}", family(target));
            places.push(Place { what, name: target.clone(), choice });
        };
        for (field, from, to) in
            [("offset", 0, 8), ("type", 8, 12), ("symbol", 12, 16), ("addend", 16, 24)]
        {
            push(field, Choice::Bit { at: at + from..at + to, mask: 0xff });
        }
        let next = (number(bytes, at + 12, 4) + 1) % symbols.max(1);
        let with = (next as u32).to_le_bytes().to_vec();
        push("to the next symbol", Choice::Replace { at: at + 12..at + 16, with });
    }
}
