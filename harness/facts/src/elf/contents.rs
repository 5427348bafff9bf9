//! The bytes of a linked file and what they are called, to be held against those of another.

use super::image::Image;
use super::section::{SHT_NOTE, SHT_RELA};
use super::share::Bytes;
use super::symbol::{SectionRef, SymbolKind};

/// What is loaded of a linked file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its loaded sections that take memory, by address.
    pub sections: Vec<Loaded>,
    /// What is named in them, by address, the larger of two at one place first.
    pub names: Vec<Named>,
    /// What its own relocations (`.rela.dyn`) fill in, by place.
    pub dynamic: Vec<Dynamic>,
}

/// One loaded section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// Where it begins in memory.
    pub address: u64,
    /// Units: bytes.
    pub size: u64,
    /// Whether it holds instructions.
    pub is_code: bool,
    /// Whether it holds notes, which are read one by one.
    pub is_note: bool,
    /// Its bytes; none in `.bss` and its like.
    pub bytes: Bytes,
}

/// One symbol in a loaded section.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Where it begins in memory.
    pub address: u64,
    /// Units: bytes; 0 where the symbol has no size.
    pub size: u64,
    /// Its name as it stands in the symbol table.
    pub name: String,
    /// Whether it is a function.
    pub is_code: bool,
}

/// One relocation that whoever loads the file applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dynamic {
    /// The address that it fills in.
    pub place: u64,
    /// Relocation type of the machine.
    pub kind: u32,
    /// What is added to the address of the symbol, or the address itself where it names none.
    pub addend: i64,
    /// The symbol's number in the file's dynamic symbol table; 0 for none.
    pub symbol: u32,
}

/// Everything that is loaded of a linked file; empty for relocatable ones. What a section has in the
/// file beyond its end is left out.
#[must_use]
pub fn contents(image: &Image<'_>) -> Contents {
    let mut contents = Contents::default();
    if image.ident.is_relocatable() {
        return contents;
    }
    for (index, section) in image.sections.iter().enumerate() {
        if section.flags.alloc() && section.size > 0 {
            contents.sections.push(Loaded {
                name: section.name.clone().into_owned(),
                address: section.address,
                size: section.size,
                is_code: section.flags.exec(),
                is_note: section.sh_type == SHT_NOTE,
                bytes: Bytes::new(image.data(index)),
            });
        }
        if section.flags.alloc() && section.sh_type == SHT_RELA {
            contents.dynamic.extend(image.relocations(index).map(|it| Dynamic {
                place: it.offset,
                kind: it.kind,
                addend: it.addend.unwrap_or_default(),
                symbol: it.symbol,
            }));
        }
    }
    for symbol in &image.symbols {
        let SectionRef::Named(index) = symbol.section else { continue };
        let section = image.sections.get(index).filter(|section| section.flags.alloc());
        let Some(section) = section else { continue };
        let names = !matches!(symbol.kind, SymbolKind::Section | SymbolKind::File);
        if names && !symbol.name.is_empty() && !symbol.is_mapping() {
            contents.names.push(Named {
                address: symbol.value,
                size: symbol.size,
                name: symbol.name.clone().into_owned(),
                is_code: match symbol.kind {
                    SymbolKind::Func | SymbolKind::Ifunc => true,
                    SymbolKind::NoType => section.flags.exec(),
                    _ => false,
                },
            });
        }
    }
    contents.sections.sort_by_key(|section| section.address);
    contents.names.sort_by(|a, b| (a.address, b.size, &a.name).cmp(&(b.address, a.size, &b.name)));
    contents.dynamic.sort();
    contents
}
