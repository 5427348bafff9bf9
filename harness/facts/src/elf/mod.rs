//! ELF files: what they are, what is in them, and the kernel's own tables.

mod code;
mod comment;
mod compressed;
mod contents;
mod covering;
mod error;
mod exports;
mod extent;
mod field;
mod groups;
mod image;
mod initcalls;
mod initcalls_lds;
mod kind;
mod level;
mod marks;
mod modules;
mod notes;
mod parts;
mod place;
mod relocation;
mod riscv;
mod section;
mod segments;
mod share;
mod stretch;
mod symbol;
mod tables;

pub use code::{Body, Pieces, Reference, bodies, pieces};
pub use comment::producers;
pub use compressed::{Compressed, compressed};
pub use contents::{Contents, Dynamic, Loaded, Named, contents};
pub use error::ElfError;
pub use exports::{ExportEntry, ExportValue, exports};
pub use extent::{Content, Extent, extents};
pub use field::Field;
pub use groups::{Group, groups};
pub use image::Image;
pub use initcalls::{Initcall, initcalls};
pub use initcalls_lds::{LdsError, LdsInitcall, initcalls_lds};
pub use kind::{ET_REL, ElfClass, ElfEndian, ElfIdent, KIND_PREFIX, ObjectKind, kind};
pub use level::Level;
pub use marks::{Mark, marks};
pub use modules::{
    ThisModule, VersionRows, joined as joined_versions, modinfo, modinfo_of, modversions,
    this_module, version_rows,
};
pub use notes::{Note, Property, notes};
pub use parts::{Part, PartRelocation, Parts, parts};
pub use relocation::{Relocation, RelocationCount};
pub use riscv::riscv_attributes;
pub use section::{
    SHT_CREL, SHT_GROUP, SHT_NOBITS, SHT_NOTE, SHT_REL, SHT_RELA, SHT_SYMTAB, Section, SectionFlags,
};
pub use segments::{Borders, Gap, Loading, Segment, Spot, loading};
pub use share::{Bytes, References};
pub use stretch::Stretch;
pub use symbol::{Binding, SectionRef, Symbol, SymbolKind, Visibility};
pub use tables::{KernelTable, Table, TableEntry, TableSymbol, table, tables};
