//! LLVM bitcode: IR objects of LTO builds, and the indexes that a thin link writes for them.
//!
//! Only what stands in front of and behind the function bodies is read; a body is skipped by its
//! size. Source of the format: the LLVM Bitcode File Format and `llvm/Bitcode/LLVMBitCodes.h`.
//! LLVM 17 to 24 write what is read here; records that are not known are skipped.

mod abbrev;
mod alike;
mod assembly;
mod bits;
mod block;
mod error;
mod flags;
mod metadata;
mod module;
mod record;
mod summary;
mod values;

pub use alike::{Placeless, Unlike, unlike};
pub use assembly::{Assembly, assembly, module_assembly};
pub use error::BitcodeError;
pub use flags::{FlagBehaviour, FlagValue, ModuleFlag, ModuleFlags};
pub use module::{Content, Global, GlobalKind, Index, Ir, Lto, ThinLink};
pub use summary::{IndexedModule, ModuleHash, Summary, SummaryFlags};

use crate::elf::{KIND_PREFIX, ObjectKind, kind};
use bits::Cursor;
use block::{Block, Entry, Shared, Stream};
use module::Unnamed;
use record::Record;

/// The facts of one bitcode file. Names borrow from the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitcodeFacts<'a> {
    /// Whether the wrapper header `0x0b17c0de` comes first (Darwin targets).
    pub wrapped: bool,
    /// Its modules in file order: one, or two if a module was split (`-fsplit-lto-unit`).
    pub modules: Vec<Module<'a>>,
}

/// One module of a bitcode file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module<'a> {
    /// Who wrote it; an index does not say.
    pub identification: Option<Identification>,
    /// What it holds.
    pub content: Content<'a>,
}

impl<'a> Module<'a> {
    /// The IR, if that is what it holds.
    #[must_use]
    pub fn ir(&self) -> Option<&Ir<'a>> {
        match &self.content {
            Content::Ir(ir) => Some(ir),
            Content::Index(_) | Content::ThinLink(_) => None,
        }
    }

    /// The index, if that is what it holds.
    #[must_use]
    pub fn index(&self) -> Option<&Index> {
        match &self.content {
            Content::Index(index) => Some(index),
            Content::Ir(_) | Content::ThinLink(_) => None,
        }
    }
}

/// Who wrote a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identification {
    /// `LLVM22.1.8`; empty if it is not said.
    pub producer: String,
    /// Readers of another epoch refuse the module; 0 so far.
    pub epoch: Option<u64>,
}

/// Records of an IDENTIFICATION block.
const IDENTIFICATION_STRING: u64 = 1;
const IDENTIFICATION_EPOCH: u64 = 2;
/// Record of a STRTAB block.
const STRTAB_BLOB: u64 = 1;

/// Reads a bitcode file.
///
/// # Errors
///
/// [`BitcodeError::NotBitcode`] for another kind of file, [`BitcodeError::Truncated`] if a block
/// reaches past the end, [`BitcodeError::Version`] for records of another layout,
/// [`BitcodeError::Damaged`] if something makes no sense.
pub fn read(bytes: &[u8]) -> Result<BitcodeFacts<'_>, BitcodeError> {
    let (bitcode, wrapped) = unwrapped(bytes)?;
    let mut bits = Cursor::new(bitcode);
    bits.skip(32).map_err(|fault| BitcodeError::damaged("bitcode", fault))?;
    let mut stream = Stream::new(bits);
    let mut identification = None;
    let mut unnamed: Vec<(Option<Identification>, Unnamed)> = Vec::new();
    let mut modules = Vec::new();
    // A string table is for all modules before it that have none yet.
    let mut name = |unnamed: &mut Vec<(_, Unnamed)>, strings| {
        for (identification, module) in unnamed.drain(..) {
            modules.push(Module { identification, content: module.named(strings)? });
        }
        Ok(())
    };
    while let Some((block, shared)) = stream.next()? {
        match block.id {
            block::IDENTIFICATION => identification = Some(identify(block, shared)?),
            block::MODULE => {
                unnamed.push((identification.take(), Unnamed::read(block, shared)?));
            }
            block::STRTAB => name(&mut unnamed, strings(block, shared)?)?,
            _ => {}
        }
    }
    // LLVM ends every file with one, be it empty: without it the file is not whole.
    if !unnamed.is_empty() {
        return Err(BitcodeError::damaged("bitcode", "no STRTAB_BLOCK after its module"));
    }
    if modules.is_empty() {
        return Err(BitcodeError::damaged("bitcode", "no module"));
    }
    Ok(BitcodeFacts { wrapped, modules })
}

/// The bitcode, and whether a wrapper stands before it.
fn unwrapped(bytes: &[u8]) -> Result<(&[u8], bool), BitcodeError> {
    match kind(bytes.get(..KIND_PREFIX).unwrap_or(bytes)) {
        ObjectKind::Bitcode { wrapped: true } => Ok((unwrap(bytes)?, true)),
        ObjectKind::Bitcode { wrapped: false } => Ok((bytes, false)),
        other => Err(BitcodeError::NotBitcode { kind: other.to_string() }),
    }
}

/// The bitcode behind a wrapper: magic, version, offset, size, CPU type, 32 bits each.
fn unwrap(bytes: &[u8]) -> Result<&[u8], BitcodeError> {
    let word = |at: usize| {
        let word =
            bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|it| u32::from_le_bytes(*it));
        word.and_then(|it| usize::try_from(it).ok())
    };
    let damaged = |why: &str| BitcodeError::damaged("wrapper", why);
    let (offset, size) = word(8).zip(word(12)).ok_or_else(|| damaged("it is cut short"))?;
    let end = offset.saturating_add(size);
    let bitcode = bytes.get(offset..end).ok_or(BitcodeError::Truncated {
        block: "wrapper".to_owned(),
        end: end as u64,
        limit: bytes.len() as u64,
    })?;
    match kind(bitcode) {
        ObjectKind::Bitcode { wrapped: false } => Ok(bitcode),
        other => Err(damaged(&format!("it holds no bitcode but {other}"))),
    }
}

fn identify(mut block: Block<'_>, shared: &mut Shared) -> Result<Identification, BitcodeError> {
    let mut identification = Identification::default();
    let mut record = Record::default();
    loop {
        match block.next(shared, &mut record, usize::MAX)? {
            Entry::End => return Ok(identification),
            Entry::Block(_) => {}
            Entry::Record => match record.code {
                IDENTIFICATION_STRING => identification.producer = record.text(0),
                IDENTIFICATION_EPOCH => identification.epoch = record.operand(0),
                _ => {}
            },
        }
    }
}

fn strings<'a>(mut block: Block<'a>, shared: &mut Shared) -> Result<&'a [u8], BitcodeError> {
    let mut record = Record::default();
    let mut strings: &'a [u8] = &[];
    loop {
        match block.next(shared, &mut record, usize::MAX)? {
            Entry::End => return Ok(strings),
            Entry::Record if record.code == STRTAB_BLOB => strings = record.blob,
            Entry::Block(_) | Entry::Record => {}
        }
    }
}
