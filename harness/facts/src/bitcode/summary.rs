use super::block::{Block, Entry, Shared};
use super::error::BitcodeError;
use super::record::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

const VERSION: u64 = 10;
const FLAGS: u64 = 20;
/// The last code of a summary record that is known here (LLVM 22).
const LAST_KNOWN: u64 = 33;

/// Records of a MODULE_STRTAB block.
const STRTAB_ENTRY: u64 = 1;
const STRTAB_HASH: u64 = 2;

/// A summary of global values, as the thin link reads and writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of its records; 9 in LLVM 17, 12 in LLVM 22.
    pub version: Option<u64>,
    /// What holds for all of it.
    pub flags: Option<SummaryFlags>,
    /// How many records of each code, `VERSION` and `FLAGS` among them (`llvm/Bitcode/LLVMBitCodes.h`,
    /// `GlobalValueSummarySymtabCodes`).
    pub records: BTreeMap<u64, u64>,
}

impl Summary {
    /// Summaries of functions.
    #[must_use]
    pub fn functions(&self) -> u64 {
        self.count(&[1, 2, 4, 5, 19])
    }

    /// Summaries of variables.
    #[must_use]
    pub fn variables(&self) -> u64 {
        self.count(&[3, 6, 23])
    }

    /// Summaries of aliases.
    #[must_use]
    pub fn aliases(&self) -> u64 {
        self.count(&[7, 8])
    }

    /// Values that are known by their GUID: all that a combined index names.
    #[must_use]
    pub fn guids(&self) -> u64 {
        self.count(&[16])
    }

    /// Records of a code that is not known here; the other counts may lack something then.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.records.range(LAST_KNOWN + 1..).map(|(_, count)| count).sum()
    }

    fn count(&self, codes: &[u64]) -> u64 {
        codes.iter().filter_map(|code| self.records.get(code)).sum()
    }

    /// Reads a GLOBALVAL_SUMMARY block or its counterpart of regular LTO.
    pub(super) fn read(mut block: Block<'_>, shared: &mut Shared) -> Result<Self, BitcodeError> {
        let mut summary = Self::default();
        let mut record = Record::default();
        loop {
            match block.next(shared, &mut record, 1)? {
                Entry::End => return Ok(summary),
                Entry::Block(_) => continue,
                Entry::Record => {}
            }
            *summary.records.entry(record.code).or_default() += 1;
            match record.code {
                VERSION => summary.version = record.operand(0),
                FLAGS => summary.flags = record.operand(0).map(SummaryFlags),
                _ => {}
            }
        }
    }
}

/// The flags of a summary (`ModuleSummaryIndex::getFlags`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SummaryFlags(pub u64);

impl SummaryFlags {
    /// The names of the bits, lowest first.
    pub const NAMES: [&'static str; 11] = [
        "dead-stripping",
        "skip-module",
        "synthetic-entry-counts",
        "split-lto-unit",
        "partially-split-lto-units",
        "attribute-propagation",
        "dso-local-propagation",
        "whole-program-visibility",
        "hot-cold-new",
        "unified-lto",
        "internalize-and-promote",
    ];

    /// Whether a thin link marked what is dead.
    #[must_use]
    pub fn dead_stripping(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether the backend must make an empty object: the thin link did not choose this file.
    #[must_use]
    pub fn skip_module(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether the module was compiled with `-fsplit-lto-unit`.
    #[must_use]
    pub fn split_lto_unit(self) -> bool {
        self.0 & 8 != 0
    }

    /// Whether some of the modules were and some were not.
    #[must_use]
    pub fn partially_split_lto_units(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// Whether the module was compiled with `-funified-lto`.
    #[must_use]
    pub fn unified_lto(self) -> bool {
        self.0 & 0x200 != 0
    }
}

/// Names of the bits with `+` between them, `none`, unknown bits as a number.
impl fmt::Display for SummaryFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut names = Vec::new();
        for (bit, name) in Self::NAMES.iter().enumerate() {
            if rest & 1 << bit != 0 {
                rest &= !(1 << bit);
                names.push((*name).to_owned());
            }
        }
        if rest != 0 {
            names.push(format!("{rest:#x}"));
        }
        f.write_str(if names.is_empty() { "none" } else { "" })?;
        f.write_str(&names.join("+"))
    }
}

/// SHA-1 of a module's bitcode, as five words of 32 bits.
///
/// It prints as 40 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModuleHash(pub [u32; 5]);

impl fmt::Display for ModuleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:08x}"))
    }
}

impl ModuleHash {
    pub(super) fn read(record: &Record<'_>) -> Option<Self> {
        let [a, b, c, d, e] = *record.operands.as_slice() else { return None };
        let word = |value: u64| u32::try_from(value).ok();
        Some(Self([word(a)?, word(b)?, word(c)?, word(d)?, word(e)?]))
    }
}

/// One module that an index names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedModule {
    /// Its number in the index.
    pub id: u64,
    /// Its path as the thin link was given it.
    pub path: String,
    /// The hash in the module, if it has one.
    pub hash: Option<ModuleHash>,
}

impl IndexedModule {
    /// Reads a MODULE_STRTAB block.
    pub(super) fn read_all(
        mut block: Block<'_>,
        shared: &mut Shared,
    ) -> Result<Vec<Self>, BitcodeError> {
        let mut modules: Vec<Self> = Vec::new();
        let mut record = Record::default();
        loop {
            match block.next(shared, &mut record, usize::MAX)? {
                Entry::End => return Ok(modules),
                Entry::Block(_) => continue,
                Entry::Record => {}
            }
            match record.code {
                STRTAB_ENTRY => {
                    let id = record.operand(0).ok_or_else(|| block.damaged("a module"))?;
                    modules.push(Self { id, path: record.text(1), hash: None });
                }
                STRTAB_HASH => {
                    let hash = ModuleHash::read(&record);
                    let last = modules.last_mut();
                    let (module, hash) =
                        last.zip(hash).ok_or_else(|| block.damaged("a hash of no module"))?;
                    module.hash = Some(hash);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_print_their_names() {
        let all = [0, 2, 0x469, 0x8008].map(|it| SummaryFlags(it).to_string());
        let index = "dead-stripping+split-lto-unit+attribute-propagation+dso-local-propagation\
                     +internalize-and-promote";
        assert_eq!(all, ["none", "skip-module", index, "split-lto-unit+0x8000"]);
    }

    #[test]
    fn a_hash_prints_with_its_zeros() {
        let hash = ModuleHash([1, 0, 0xffff_ffff, 0x10, 0x9308_8a6b]);
        assert_eq!(hash.to_string(), "0000000100000000ffffffff0000001093088a6b");
    }
}
