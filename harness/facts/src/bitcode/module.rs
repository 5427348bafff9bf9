use super::block::{
    self, Block, CONSTANTS, Entry, FULL_LTO_SUMMARY, METADATA, MODULE_STRTAB, SUMMARY, Shared,
};
use super::error::BitcodeError;
use super::flags::{self, ModuleFlags};
use super::metadata::Metadata;
use super::record::Record;
use super::summary::{IndexedModule, ModuleHash, Summary};
use super::values::Values;
use std::borrow::Cow;
use std::fmt;

const VERSION: u64 = 1;
const TRIPLE: u64 = 2;
const DATALAYOUT: u64 = 3;
const ASM: u64 = 4;
const GLOBALVAR: u64 = 7;
const FUNCTION: u64 = 8;
const ALIAS: u64 = 14;
const SOURCE_FILENAME: u64 = 16;
const HASH: u64 = 17;
const IFUNC: u64 = 18;

/// What a module holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'a> {
    /// Code: what a compiler or `llvm-link` writes.
    Ir(Box<Ir<'a>>),
    /// No code but what a thin link decided: `X.o.thinlto.bc`, or the index of a whole link.
    Index(Index),
    /// No code but what a thin link needs to know: what `clang -fthin-link-bitcode=` writes.
    ThinLink(ThinLink),
}

/// An IR module. Function bodies are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ir<'a> {
    /// Target triple; empty if the module names none.
    pub triple: String,
    /// Data layout; empty if the module names none.
    pub data_layout: String,
    /// The file that was compiled; empty if the module names none.
    pub source_file_name: String,
    /// Size of the module's own inline assembly, all fragments of it; units: bytes.
    pub inline_asm: u64,
    /// Functions, variables, aliases and ifuncs in file order.
    pub globals: Vec<Global<'a>>,
    /// What decides code generation for the whole module.
    pub flags: ModuleFlags,
    /// Whom it was compiled for, and its summary.
    pub lto: Lto,
    /// SHA-1 of the module, if it was asked for.
    pub hash: Option<ModuleHash>,
}

impl Ir<'_> {
    /// How many global values of a kind have a body or an initial value, or have none.
    #[must_use]
    pub fn count(&self, kind: GlobalKind, defined: bool) -> usize {
        self.globals.iter().filter(|it| it.kind == kind && it.defined == defined).count()
    }
}

/// How an IR module is meant to be linked, by the summary that it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lto {
    /// No summary: neither `-flto=thin` nor a target that adds one for regular LTO.
    NoSummary,
    /// ThinLTO (GLOBALVAL_SUMMARY).
    Thin(Summary),
    /// Regular LTO (FULL_LTO_GLOBALVAL_SUMMARY).
    Full(Summary),
}

/// A combined index, or one module's part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The modules that it names, in file order: for a distributed backend its own and all that it
    /// imports from.
    pub modules: Vec<IndexedModule>,
    /// What the thin link decided about global values.
    pub summary: Option<Summary>,
}

/// What a thin link needs of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThinLink {
    /// The file that was compiled; empty if the module names none.
    pub source_file_name: String,
    /// Its global values.
    pub summary: Option<Summary>,
    /// SHA-1 of the whole module, which is elsewhere.
    pub hash: Option<ModuleHash>,
}

/// One global value of an IR module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global<'a> {
    /// What it is.
    pub kind: GlobalKind,
    /// Whether the module has its body or its initial value; always so for an alias.
    pub defined: bool,
    /// Its name; empty if it has none.
    pub name: Cow<'a, str>,
}

/// What a global value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GlobalKind {
    /// A function.
    Function,
    /// A variable or a constant.
    Variable,
    /// A second name.
    Alias,
    /// A function that is chosen when the program starts.
    Ifunc,
}

impl fmt::Display for GlobalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Function => "function",
            Self::Variable => "variable",
            Self::Alias => "alias",
            Self::Ifunc => "ifunc",
        })
    }
}

/// A module whose names are still numbers: the string table comes after all modules.
#[derive(Debug, Default)]
pub(super) struct Unnamed {
    version: u64,
    triple: String,
    data_layout: String,
    source_file_name: String,
    inline_asm: u64,
    globals: Vec<(GlobalKind, bool, u64, u64)>,
    flags: ModuleFlags,
    /// The summary, and whether it is one for regular LTO.
    summary: Option<(Summary, bool)>,
    hash: Option<ModuleHash>,
    has_types: bool,
    indexed: Option<Vec<IndexedModule>>,
}

impl Unnamed {
    /// Reads a MODULE block.
    pub(super) fn read(mut block: Block<'_>, shared: &mut Shared) -> Result<Self, BitcodeError> {
        let mut module = Self::default();
        let mut values = Values::default();
        let mut metadata = None;
        let mut record = Record::default();
        loop {
            match block.next(shared, &mut record, usize::MAX)? {
                Entry::End => break,
                Entry::Record => module.record(&record, &mut values, &block)?,
                Entry::Block(inner) => match inner.id {
                    block::TYPES => {
                        module.has_types = true;
                        values.read_types(inner, shared)?;
                    }
                    CONSTANTS => values.read_constants(inner, shared)?,
                    METADATA if metadata.is_none() => {
                        metadata = Some(Metadata::read(inner, shared)?);
                    }
                    // Its numbers would go on where the first one's end.
                    METADATA => {
                        module.flags.unread.push("a second block of metadata".to_owned());
                    }
                    MODULE_STRTAB => module.indexed = Some(IndexedModule::read_all(inner, shared)?),
                    SUMMARY | FULL_LTO_SUMMARY if module.summary.is_none() => {
                        let full = inner.id == FULL_LTO_SUMMARY;
                        module.summary = Some((Summary::read(inner, shared)?, full));
                    }
                    SUMMARY | FULL_LTO_SUMMARY => return Err(block.damaged("a second summary")),
                    _ => {}
                },
            }
        }
        if module.version != 2 {
            return Err(BitcodeError::Version(module.version));
        }
        if let Some(metadata) = &mut metadata {
            let mut read = flags::read(metadata, &values, shared)?;
            read.unread.append(&mut module.flags.unread);
            module.flags = read;
        }
        Ok(module)
    }

    fn record(
        &mut self,
        record: &Record<'_>,
        values: &mut Values,
        block: &Block<'_>,
    ) -> Result<(), BitcodeError> {
        let global = |kind| {
            // [offset and size of the name, …]; in a variable the initial value plus one, in a
            // function whether it is only declared.
            let what = || block.damaged(format!("a record of a {kind}"));
            let [offset, size, _, _, fifth, ..] = *record.operands.as_slice() else {
                return Err(what());
            };
            let defined = match kind {
                GlobalKind::Function => fifth == 0,
                GlobalKind::Variable => fifth != 0,
                GlobalKind::Alias | GlobalKind::Ifunc => true,
            };
            Ok((kind, defined, offset, size))
        };
        match record.code {
            VERSION => self.version = record.operand(0).unwrap_or_default(),
            TRIPLE => self.triple = record.text(0),
            DATALAYOUT => self.data_layout = record.text(0),
            // More than one since LLVM 23.
            ASM => self.inline_asm = self.inline_asm.saturating_add(record.count),
            SOURCE_FILENAME => self.source_file_name = record.text(0),
            HASH => {
                let hash = ModuleHash::read(record).ok_or_else(|| block.damaged("its hash"))?;
                self.hash = Some(hash);
            }
            GLOBALVAR | FUNCTION | ALIAS | IFUNC => {
                self.globals.push(global(match record.code {
                    GLOBALVAR => GlobalKind::Variable,
                    FUNCTION => GlobalKind::Function,
                    ALIAS => GlobalKind::Alias,
                    _ => GlobalKind::Ifunc,
                })?);
                values.add_global();
            }
            _ => {}
        }
        Ok(())
    }

    /// What it holds, with the names from the string table.
    pub(super) fn named<'a>(self, strings: &'a [u8]) -> Result<Content<'a>, BitcodeError> {
        let source_file_name = self.source_file_name;
        if !self.has_types {
            let summary = self.summary.map(|(summary, _)| summary);
            return Ok(match self.indexed {
                Some(modules) => Content::Index(Index { modules, summary }),
                None => Content::ThinLink(ThinLink { source_file_name, summary, hash: self.hash }),
            });
        }
        let mut globals = Vec::new();
        for (kind, defined, offset, size) in self.globals {
            let range = usize::try_from(offset).ok().zip(usize::try_from(size).ok());
            let name = range.and_then(|(start, size)| strings.get(start..start.checked_add(size)?));
            let name = name.ok_or_else(|| {
                BitcodeError::damaged(
                    "STRTAB_BLOCK",
                    format!("a name of {size} bytes at byte {offset} of {}", strings.len()),
                )
            })?;
            globals.push(Global { kind, defined, name: String::from_utf8_lossy(name) });
        }
        Ok(Content::Ir(Box::new(Ir {
            triple: self.triple,
            data_layout: self.data_layout,
            source_file_name,
            inline_asm: self.inline_asm,
            globals,
            flags: self.flags,
            lto: match self.summary {
                None => Lto::NoSummary,
                Some((summary, false)) => Lto::Thin(summary),
                Some((summary, true)) => Lto::Full(summary),
            },
            hash: self.hash,
        })))
    }
}
