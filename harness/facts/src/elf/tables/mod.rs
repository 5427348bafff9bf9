//! The tables that the kernel reads about itself, one file a table.

mod alternative;
mod bug;
mod export_symbol;
mod extable;
mod jump;
mod names;
mod param;
mod pci;
mod row;
mod setup;
mod static_call;

use super::error::ElfError;
use super::image::Image;
use row::Reader;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Which table; all of them in [`KernelTable::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelTable {
    /// `__param`: module parameters.
    Params,
    /// `.init.setup`: what `__setup` and `early_param` register.
    Setup,
    /// `__ex_table`: where to go on after a fault.
    Extable,
    /// `__bug_table`: `BUG` and `WARN`.
    Bugs,
    /// `.altinstructions`, on riscv `.alternative`: code to patch for a processor.
    Alternatives,
    /// `__jump_table`: branches on static keys.
    JumpLabels,
    /// `.static_call_sites`
    StaticCalls,
    /// `.static_call_tramp_key`
    StaticCallKeys,
    /// `.export_symbol`: what objects ask modpost to export; not in linked files.
    ExportSymbols,
    /// `.pci_fixup*`: quirks of PCI devices.
    PciFixups,
}

/// A kernel table without addresses: two builds of the same code have equal ones, up to what
/// the linker and the compiler may choose (see [`Table::entries`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Which one.
    pub which: KernelTable,
    /// Every entry in the order of the table. The order means something for `.init.setup` and
    /// `.pci_fixup*`; elsewhere it is the linker's choice, and [`Table::tally`] is without it.
    pub entries: Vec<TableEntry>,
}

/// One entry of a kernel table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableEntry {
    /// What it says, without symbols of the program: `nosmp early`, `warn once at lib/a.c:7`.
    pub fact: String,
    /// What its pointers lead to, in the order of its fields.
    pub symbols: Vec<TableSymbol>,
    /// What else it says that the compiler or an assembler may choose, such as the registers of a
    /// fixup; the same where the code is the same.
    pub detail: String,
}

/// What a pointer of a table leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableSymbol {
    /// Raw name of the symbol there; the section's where there is no symbol.
    pub name: String,
    /// How far into it; units: bytes. 0 where nothing lasts over the place.
    pub offset: u64,
    /// Whether the symbol lasts over the place or begins there; else it is the label before, or the
    /// section.
    pub holds: bool,
}

/// Decodes one table of a linked `vmlinux`, of a `.ko`, of `vmlinux.o` or of a native object;
/// empty if there is none. In a linked kernel some tables are found by the symbols that bound
/// them alone (`BOUNDED_SECTION_BY` in `include/asm-generic/vmlinux.lds.h`, Linux 7.3): without
/// a symbol table those seem empty.
///
/// # Errors
///
/// [`ElfError::Table`] if the table is no whole number of entries, if an entry makes no sense
/// in the layouts that kernels from 6.1 to 7.3 have, or if it does in two of them.
pub fn table(image: &Image<'_>, which: KernelTable) -> Result<Table, ElfError> {
    decode(&Reader::new(image), which)
}

/// Decodes every table; each has a result of its own.
#[must_use]
pub fn tables(image: &Image<'_>) -> Vec<(KernelTable, Result<Table, ElfError>)> {
    let reader = Reader::new(image);
    KernelTable::ALL.into_iter().map(|which| (which, decode(&reader, which))).collect()
}

fn decode(reader: &Reader<'_, '_>, which: KernelTable) -> Result<Table, ElfError> {
    let entries = match which {
        KernelTable::Params => param::read(reader),
        KernelTable::Setup => setup::read(reader),
        KernelTable::Extable => extable::read(reader),
        KernelTable::Bugs => bug::read(reader),
        KernelTable::Alternatives => alternative::read(reader),
        KernelTable::JumpLabels => jump::read(reader),
        KernelTable::StaticCalls => static_call::sites(reader),
        KernelTable::StaticCallKeys => static_call::keys(reader),
        KernelTable::ExportSymbols => export_symbol::read(reader),
        KernelTable::PciFixups => pci::read(reader),
    };
    match entries {
        Ok(entries) => Ok(Table { which, entries }),
        Err(why) => Err(ElfError::table(which.name(), why)),
    }
}

impl KernelTable {
    /// Every table.
    pub const ALL: [Self; 10] = [
        Self::Params,
        Self::Setup,
        Self::Extable,
        Self::Bugs,
        Self::Alternatives,
        Self::JumpLabels,
        Self::StaticCalls,
        Self::StaticCallKeys,
        Self::ExportSymbols,
        Self::PciFixups,
    ];

    /// The name of its section in objects; of `.pci_fixup*` what all names start with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Params => "__param",
            Self::Setup => ".init.setup",
            Self::Extable => "__ex_table",
            Self::Bugs => "__bug_table",
            Self::Alternatives => ".altinstructions",
            Self::JumpLabels => "__jump_table",
            Self::StaticCalls => ".static_call_sites",
            Self::StaticCallKeys => ".static_call_tramp_key",
            Self::ExportSymbols => ".export_symbol",
            Self::PciFixups => ".pci_fixup",
        }
    }
}

impl Table {
    /// How often each fact stands in the table, whatever symbols are with it: how many entries
    /// of a type, of a feature.
    #[must_use]
    pub fn facts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.fact.as_str()).or_default() += 1;
        }
        counts
    }

    /// How often each entry stands in the table, without their order.
    #[must_use]
    pub fn tally(&self) -> BTreeMap<&TableEntry, usize> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry).or_default() += 1;
        }
        counts
    }
}

impl fmt::Display for KernelTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for TableEntry {
    /// The fact, and after a colon the symbols: `type 3: copy_from_user`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fact)?;
        for (number, symbol) in self.symbols.iter().enumerate() {
            write!(f, "{} {symbol}", if number == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for TableSymbol {
    /// `name`, or `name+0x8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.offset != 0 {
            write!(f, "+{:#x}", self.offset)?;
        }
        Ok(())
    }
}
