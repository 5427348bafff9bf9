//! Our reading of sections, symbols and relocations against that of `llvm-readelf`, entry by
//! entry.

use crate::llvm::Llvm;
use std::collections::BTreeMap;
use std::path::Path;
use twinlto_facts::elf::{ElfClass, Image, SectionRef, Symbol, SymbolKind};

/// How much was compared.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) files: usize,
    pub(crate) sections: usize,
    pub(crate) symbols: usize,
    pub(crate) undefined: usize,
    pub(crate) relocations: usize,
}

impl std::ops::AddAssign for Compared {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.sections += other.sections;
        self.symbols += other.symbols;
        self.undefined += other.undefined;
        self.relocations += other.relocations;
    }
}

impl std::fmt::Display for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { files, sections, symbols, undefined, relocations } = self;
        write!(
            f,
            "{files} files, {sections} sections, {symbols} symbols ({undefined} undefined), \
             {relocations} relocations"
        )
    }
}

/// Compares one file; the first difference is an error.
pub(crate) fn compare(llvm: &Llvm, path: &Path, bytes: &[u8]) -> Result<Compared, String> {
    let text = llvm.run("llvm-readelf", &["-sWSr", path.to_str().unwrap()]);
    let theirs = Theirs::parse(&String::from_utf8_lossy(&text))?;
    let image = Image::parse(bytes).map_err(|error| error.to_string())?;
    let ours: Vec<String> = (0..image.sections.len()).map(|it| section_line(&image, it)).collect();
    same("section", &ours, &theirs.sections)?;
    let ours: Vec<String> = image.symbols.iter().map(|it| symbol_line(&image, it)).collect();
    same("symbol", &ours, &theirs.symbols)?;
    let undefined = image.undefined().count();
    let there = theirs.symbols.iter().filter(|line| line.contains(" UND ")).count();
    same("count of undefined symbols", &[undefined.to_string()], &[there.to_string()])?;
    let relocations = relocations(&image, &theirs)?;
    Ok(Compared {
        files: 1,
        sections: image.sections.len(),
        symbols: image.symbols.len(),
        undefined,
        relocations,
    })
}

/// Every relocation, and the counts by section and kind.
fn relocations(image: &Image<'_>, theirs: &Theirs) -> Result<usize, String> {
    let (mut total, mut tables) = (0, 0);
    let mut counts = BTreeMap::new();
    for (index, section) in image.sections.iter().enumerate() {
        let lines: Vec<String> =
            image.relocations(index).map(|it| relocation_line(image, &it)).collect();
        if !section.is_relocations() || section.size == 0 {
            continue;
        }
        let place = section.offset;
        let there = theirs.relocations.get(&place);
        let there = there.ok_or_else(|| format!("{} at {place:#x}: not there", section.name))?;
        let there: Vec<String> = there.iter().map(|it| relocation_text(image, it)).collect();
        same(&format!("relocation of {}", section.name), &lines, &there)?;
        for line in &there {
            let kind = line.split(' ').nth(1).unwrap_or_default().to_owned();
            *counts.entry((section.name.to_string(), kind)).or_insert(0) += 1_u64;
        }
        total += lines.len();
        tables += 1;
    }
    let ours = image.relocation_counts().map_err(|error| error.to_string())?;
    let mut by_name = BTreeMap::new();
    for it in ours {
        *by_name.entry((it.table, it.kind.into_owned())).or_insert(0) += it.count;
    }
    let line = |it: (&(String, String), &u64)| format!("{} {} {}", it.0.0, it.0.1, it.1);
    let lines = |counts: &BTreeMap<_, _>| counts.iter().map(line).collect::<Vec<_>>();
    same("relocation count", &lines(&by_name), &lines(&counts))?;
    let there = theirs.relocations.values().filter(|it| !it.is_empty()).count().to_string();
    same("count of relocation sections", &[tables.to_string()], &[there])?;
    Ok(total)
}

fn same(what: &str, ours: &[String], theirs: &[String]) -> Result<(), String> {
    let differ = ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs);
    match differ {
        Some(at) => Err(format!("{what} {at}\n  ours:   {}\n  theirs: {}", ours[at], theirs[at])),
        None if ours.len() != theirs.len() => {
            Err(format!("{what}: ours are {}, theirs {}", ours.len(), theirs.len()))
        }
        None => Ok(()),
    }
}

fn section_line(image: &Image<'_>, index: usize) -> String {
    let it = &image.sections[index];
    format!(
        "{index} {} {} {:x} {:x} {:x} {:x} '{}' {} {} {}",
        it.name,
        it.type_name_on(image.ident.e_machine),
        it.address,
        it.offset,
        it.size,
        it.entsize,
        it.flags,
        it.link,
        it.info,
        it.align
    )
}

/// A section symbol goes by the name of its section.
fn name<'n>(image: &'n Image<'_>, symbol: &'n Symbol<'_>) -> &'n str {
    match symbol.section {
        SectionRef::Named(index)
            if symbol.kind == SymbolKind::Section && symbol.name.is_empty() =>
        {
            image.sections[index].name.as_ref()
        }
        _ => symbol.name.as_ref(),
    }
}

fn symbol_line(image: &Image<'_>, it: &Symbol<'_>) -> String {
    let section = match it.section {
        SectionRef::Undefined => "UND".to_owned(),
        SectionRef::Absolute => "ABS".to_owned(),
        SectionRef::Common => "COM".to_owned(),
        SectionRef::Named(index) => index.to_string(),
        SectionRef::Other(number) => format!("RSV[0x{number:x}]"),
    };
    let (kind, binding) = (it.kind.name().to_uppercase(), it.binding.name().to_uppercase());
    let visibility = it.visibility.name().to_uppercase();
    let text = format!(
        "{:x} {} {kind} {binding} {visibility} {section} {}",
        it.value,
        it.size,
        name(image, it)
    );
    text.trim_end().to_owned()
}

fn relocation_line(image: &Image<'_>, it: &twinlto_facts::elf::Relocation) -> String {
    let symbol = (it.symbol as usize).checked_sub(1).map(|at| &image.symbols[at]);
    let symbol = symbol.map_or(String::new(), |it| format!("{:x} {}", it.value, name(image, it)));
    let addend = it.addend.map_or(String::new(), |it| signed_hex(it.into()));
    format!(
        "{:x} {} {} {addend}",
        it.offset,
        it.kind_name(image.ident.e_machine),
        symbol.trim_end()
    )
}

fn signed_hex(value: i128) -> String {
    if value < 0 { format!("-{:x}", -value) } else { format!("{value:x}") }
}

/// What `llvm-readelf -sWSr` prints, in our words.
#[derive(Debug, Default)]
struct Theirs {
    sections: Vec<String>,
    symbols: Vec<String>,
    /// By the place of the section in the file: its lines.
    relocations: BTreeMap<u64, Vec<String>>,
}

impl Theirs {
    fn parse(text: &str) -> Result<Self, String> {
        enum Part {
            Other,
            Sections,
            Symbols,
            Relocations(u64),
        }
        let mut found = Self::default();
        let mut part = Part::Other;
        for line in text.lines() {
            let heading = line.trim_end_matches(':');
            if line == "Section Headers:" {
                part = Part::Sections;
            } else if line == "Key to Flags:" {
                part = Part::Other;
            } else if line.starts_with("Symbol table '.symtab'") {
                part = Part::Symbols;
            } else if line.starts_with("Symbol table '") {
                part = Part::Other;
            } else if heading.starts_with("Relocation section '") {
                let place =
                    heading.split(" at offset 0x").nth(1).and_then(|it| it.split(' ').next());
                let place = place.and_then(|it| u64::from_str_radix(it, 16).ok()).ok_or(line)?;
                // An empty section may stand at the place of another.
                found.relocations.entry(place).or_default();
                part = Part::Relocations(place);
            } else {
                let starts_with_number =
                    line.trim_start().starts_with(|c: char| c.is_ascii_hexdigit());
                match part {
                    Part::Sections if line.trim_start().starts_with('[') => {
                        found.sections.extend(section_text(line));
                    }
                    Part::Symbols if starts_with_number => found.symbols.extend(symbol_text(line)),
                    Part::Relocations(place) if starts_with_number => {
                        found.relocations.entry(place).or_default().push(line.to_owned());
                    }
                    _ => {}
                }
            }
        }
        Ok(found)
    }
}

/// None for the line of column names.
fn section_text(line: &str) -> Option<String> {
    let (index, rest) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let index: usize = index.trim().parse().ok()?;
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    if index == 0 {
        words.insert(0, "");
    }
    let tail = words.split_off(words.len() - 3);
    let hex = |at: usize| u64::from_str_radix(words[at], 16).unwrap();
    let flags = words.get(6).unwrap_or(&"");
    Some(format!(
        "{index} {} {} {:x} {:x} {:x} {:x} '{flags}' {} {} {}",
        words[0],
        words[1],
        hex(2),
        hex(3),
        hex(4),
        hex(5),
        tail[0],
        tail[1],
        tail[2]
    ))
}

/// None for the null symbol.
fn symbol_text(line: &str) -> Option<String> {
    let (number, mut rest) = line.split_once(':')?;
    if number.trim() == "0" {
        return None;
    }
    let mut word = || {
        let (word, after) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
        rest = after;
        word
    };
    let value = u64::from_str_radix(word(), 16).ok()?;
    let size: u64 = word().parse().ok()?;
    let (kind, binding, visibility) = (word(), word(), word());
    let mut section = word();
    // What else st_other says, `[VARIANT_PCS]`.
    if section.starts_with('[') {
        while !section.ends_with(']') {
            section = word();
        }
        section = word();
    }
    let text =
        format!("{value:x} {size} {kind} {binding} {visibility} {section} {}", rest.trim_start());
    Some(text.trim_end().to_owned())
}

/// `Offset Info Type [Value Name] [+ Addend]`
fn relocation_text(image: &Image<'_>, line: &str) -> String {
    let mut rest = line;
    let mut word = || {
        let (word, after) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
        rest = after;
        word.to_owned()
    };
    let place = u64::from_str_radix(&word(), 16).unwrap();
    let info = u64::from_str_radix(&word(), 16).unwrap();
    let kind = word();
    let rest = rest.trim_start();
    let named = info >> if image.ident.class == ElfClass::Elf64 { 32 } else { 8 } != 0;
    let (symbol, addend) = if named {
        let sum = rest.rsplit_once(" + ").map(|(name, addend)| (name, addend.to_owned()));
        let difference = || rest.rsplit_once(" - ").map(|(name, it)| (name, format!("-{it}")));
        sum.or_else(difference).unwrap_or((rest, String::new()))
    } else {
        ("", rest.trim().to_owned())
    };
    let symbol = symbol.trim_end().split_once(' ').map_or_else(
        || symbol.trim_end().to_owned(),
        |(value, name)| format!("{:x} {}", u64::from_str_radix(value, 16).unwrap(), name.trim()),
    );
    format!("{place:x} {kind} {symbol} {addend}")
}
