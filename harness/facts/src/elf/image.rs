use super::error::ElfError;
use super::kind::{ElfIdent, ObjectKind, kind};
use super::section::{Section, SectionFlags};
use super::symbol::{Binding, SectionRef, Symbol, SymbolKind, Visibility};
use object::elf::{FileHeader32, FileHeader64, SHN_ABS, SHN_COMMON, SHN_UNDEF, SHN_XINDEX};
use object::read::elf::{FileHeader, SectionHeader, SectionTable, Sym, SymbolTable};
use object::{Endianness, SymbolIndex};
use std::borrow::Cow;

/// The facts of one ELF file: `vmlinux`, `vmlinux.o`, a `.ko`, a native object. 32 or 64 bits,
/// either byte order.
///
/// Source of the format: the System V gABI, chapters 4 and 5; names borrow from the file.
#[derive(Debug, Clone)]
pub struct Image<'a> {
    /// Whom the file is for.
    pub ident: ElfIdent,
    /// Every section in file order; the first is the null section where there are any.
    pub sections: Vec<Section<'a>>,
    /// The symbol table (`SHT_SYMTAB`) in file order without the null symbol; empty if stripped.
    pub symbols: Vec<Symbol<'a>>,
    data: &'a [u8],
}

impl<'a> Image<'a> {
    /// Reads headers, sections and symbols, and checks that each section lies inside the file.
    ///
    /// # Errors
    ///
    /// [`ElfError::NotElf`] for another kind of file, [`ElfError::Truncated`] if a section
    /// reaches past the end, [`ElfError::Damaged`] if a table makes no sense.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        Self::read(bytes, true)
    }

    /// The same without the symbol table, which is most of the work: `symbols` is empty, what is
    /// decoded names no symbols, and nothing is checked against their names.
    ///
    /// # Errors
    ///
    /// As [`Image::parse`].
    pub fn outline(bytes: &'a [u8]) -> Result<Self, ElfError> {
        Self::read(bytes, false)
    }

    fn read(bytes: &'a [u8], with_symbols: bool) -> Result<Self, ElfError> {
        let ident = match kind(bytes) {
            ObjectKind::Elf(ident) => ident,
            other => {
                return Err(ElfError::NotElf { kind: other.to_string() });
            }
        };
        match ident.class {
            super::ElfClass::Elf32 => read::<FileHeader32<Endianness>>(ident, bytes, with_symbols),
            super::ElfClass::Elf64 => read::<FileHeader64<Endianness>>(ident, bytes, with_symbols),
        }
    }

    /// What other objects must define, in file order.
    pub fn undefined(&self) -> impl Iterator<Item = &Symbol<'a>> {
        self.symbols.iter().filter(|symbol| symbol.is_undefined())
    }

    /// The first symbol with this name.
    #[must_use]
    pub fn symbol(&self, name: &str) -> Option<&Symbol<'a>> {
        self.symbols.iter().find(|symbol| symbol.name == name)
    }

    /// The first section with this name, and its index.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<(usize, &Section<'a>)> {
        self.sections.iter().enumerate().find(|(_, section)| section.name == name)
    }

    /// The bytes of the section with this index; none for `.bss` and its like.
    #[must_use]
    pub fn data(&self, index: usize) -> &'a [u8] {
        self.sections.get(index).and_then(|section| self.section_data(section)).unwrap_or_default()
    }

    /// The whole file.
    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.data
    }

    fn section_data(&self, section: &Section<'_>) -> Option<&'a [u8]> {
        if section.is_nobits() {
            return None;
        }
        let start = usize::try_from(section.offset).ok()?;
        let size = usize::try_from(section.size).ok()?;
        self.data.get(start..start.checked_add(size)?)
    }
}

fn read<'a, Elf>(ident: ElfIdent, data: &'a [u8], with_symbols: bool) -> Result<Image<'a>, ElfError>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let header = Elf::parse(data).map_err(|error| ElfError::damaged("file header", error))?;
    let endian = header.endian().map_err(|error| ElfError::damaged("file header", error))?;
    let table = header
        .sections(endian, data)
        .map_err(|error| ElfError::damaged("section headers", error))?;
    let sections = read_sections(&table, endian, data)?;
    let symbols = if with_symbols {
        let symbols = table
            .symbols(endian, data, object::elf::SHT_SYMTAB)
            .map_err(|error| ElfError::damaged("symbol table", error))?;
        read_symbols(&symbols, endian, sections.len())?
    } else {
        Vec::new()
    };
    Ok(Image { ident, sections, symbols, data })
}

fn read_sections<'a, Elf>(
    table: &SectionTable<'a, Elf>,
    endian: Endianness,
    data: &'a [u8],
) -> Result<Vec<Section<'a>>, ElfError>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let file_size = data.len() as u64;
    let mut sections = Vec::with_capacity(table.len());
    for (index, header) in table.iter().enumerate() {
        let name = table
            .section_name(endian, header)
            .map_err(|error| ElfError::damaged(format!("name of section {index}"), error))?;
        let section = Section {
            name: String::from_utf8_lossy(name),
            sh_type: header.sh_type(endian).0,
            flags: SectionFlags(header.sh_flags(endian).0),
            address: header.sh_addr(endian).into(),
            offset: header.sh_offset(endian).into(),
            size: header.sh_size(endian).into(),
            align: header.sh_addralign(endian).into(),
            entsize: header.sh_entsize(endian).into(),
            link: header.sh_link(endian),
            info: header.sh_info(endian),
        };
        let end = section.offset.saturating_add(section.size);
        if !section.is_nobits() && end > file_size {
            return Err(ElfError::Truncated { section: section.name.into_owned(), end, file_size });
        }
        sections.push(section);
    }
    Ok(sections)
}

fn read_symbols<'a, Elf>(
    table: &SymbolTable<'a, Elf>,
    endian: Endianness,
    sections: usize,
) -> Result<Vec<Symbol<'a>>, ElfError>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let mut symbols = Vec::with_capacity(table.len().saturating_sub(1));
    let mut file: Option<Cow<'a, str>> = None;
    for (index, entry) in table.enumerate().skip(1) {
        let damaged = |why: String| ElfError::damaged(format!("symbol {}", index.0), why);
        let name = table.symbol_name(endian, entry).map_err(|error| damaged(error.to_string()))?;
        let name = String::from_utf8_lossy(name);
        let kind = SymbolKind::from_number(entry.st_type().0);
        let binding = Binding::from_number(entry.st_bind().0);
        if kind == SymbolKind::File {
            file = (!name.is_empty()).then(|| name.clone());
        }
        let of_file = kind != SymbolKind::File && binding == Binding::Local;
        symbols.push(Symbol {
            binding,
            visibility: Visibility::from_number(entry.st_other().0),
            kind,
            section: section_ref(table, endian, entry, index, sections).map_err(damaged)?,
            value: entry.st_value(endian).into(),
            size: entry.st_size(endian).into(),
            other: entry.st_other().0 & !3,
            file: if of_file { file.clone() } else { None },
            name,
        });
    }
    Ok(symbols)
}

fn section_ref<Elf>(
    table: &SymbolTable<'_, Elf>,
    endian: Endianness,
    entry: &Elf::Sym,
    index: SymbolIndex,
    sections: usize,
) -> Result<SectionRef, String>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let short = entry.st_shndx(endian);
    let number = match short {
        SHN_UNDEF => return Ok(SectionRef::Undefined),
        SHN_ABS => return Ok(SectionRef::Absolute),
        SHN_COMMON => return Ok(SectionRef::Common),
        // More than 65,279 sections: the number stands in SHT_SYMTAB_SHNDX.
        SHN_XINDEX => match table.shndx(endian, index) {
            Some(number) => number as usize,
            None => return Err("no extended section number".to_owned()),
        },
        _ => match short.index() {
            Some(number) => usize::from(number),
            None => return Ok(SectionRef::Other(short.0)),
        },
    };
    if number == 0 || number >= sections {
        return Err(format!("section {number} of {sections}"));
    }
    Ok(SectionRef::Named(number))
}
