use super::abbrev::Abbrev;
use super::bits::{Cursor, Fault, MAX_WIDTH};
use super::error::BitcodeError;
use super::record::Record;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Abbreviation ids that are the same in every block.
const END_BLOCK: u64 = 0;
const ENTER_SUBBLOCK: u64 = 1;
const DEFINE_ABBREV: u64 = 2;
const UNABBREV_RECORD: u64 = 3;
const FIRST_ABBREV: u64 = 4;

/// The only block that says something about others.
const BLOCKINFO: u64 = 0;
/// Record of it: which block the abbreviations after it are for.
const SETBID: u64 = 1;

pub(super) const MODULE: u64 = 8;
pub(super) const CONSTANTS: u64 = 11;
pub(super) const FUNCTION: u64 = 12;
pub(super) const IDENTIFICATION: u64 = 13;
pub(super) const METADATA: u64 = 15;
pub(super) const TYPES: u64 = 17;
pub(super) const MODULE_STRTAB: u64 = 19;
pub(super) const SUMMARY: u64 = 20;
pub(super) const STRTAB: u64 = 23;
pub(super) const FULL_LTO_SUMMARY: u64 = 24;

/// As `llvm-bcanalyzer` has it, so that a message can be looked up.
pub(super) fn name(id: u64) -> String {
    let known = match id {
        BLOCKINFO => "BLOCKINFO_BLOCK",
        MODULE => "MODULE_BLOCK",
        9 => "PARAMATTR_BLOCK",
        10 => "PARAMATTR_GROUP_BLOCK",
        CONSTANTS => "CONSTANTS_BLOCK",
        FUNCTION => "FUNCTION_BLOCK",
        IDENTIFICATION => "IDENTIFICATION_BLOCK",
        14 => "VALUE_SYMTAB",
        METADATA => "METADATA_BLOCK",
        TYPES => "TYPE_BLOCK",
        MODULE_STRTAB => "MODULE_STRTAB_BLOCK",
        SUMMARY => "GLOBALVAL_SUMMARY_BLOCK",
        22 => "METADATA_KIND_BLOCK",
        STRTAB => "STRTAB_BLOCK",
        FULL_LTO_SUMMARY => "FULL_LTO_GLOBALVAL_SUMMARY_BLOCK",
        25 => "SYMTAB_BLOCK",
        _ => return id.to_string(),
    };
    known.to_owned()
}

/// The abbreviations that BLOCKINFO gives to every block of a kind that starts after it.
#[derive(Debug, Default)]
pub(super) struct Shared(BTreeMap<u64, Rc<Vec<Abbrev>>>);

impl Shared {
    /// Reads a BLOCKINFO block.
    fn read(&mut self, mut block: Block<'_>) -> Result<(), BitcodeError> {
        let mut target = None;
        let mut record = Record::default();
        loop {
            let bits = &mut block.bits;
            let step = bits.fixed(block.width).and_then(|id| match id {
                END_BLOCK => Ok(true),
                DEFINE_ABBREV => {
                    let abbrev = Abbrev::read(bits)?;
                    let all = self.0.entry(target.ok_or(Fault::NoTarget)?).or_default();
                    Rc::make_mut(all).push(abbrev);
                    Ok(false)
                }
                UNABBREV_RECORD => {
                    unabbreviated(bits, &mut record, 1)?;
                    if record.code == SETBID {
                        target = record.operand(0);
                    }
                    Ok(false)
                }
                other => Err(Fault::Abbreviation(other)),
            });
            if step.map_err(|fault| block.damaged(fault))? {
                return Ok(());
            }
        }
    }
}

/// What comes next in a block.
pub(super) enum Entry<'a> {
    /// A block in it. Who does not read it has skipped it.
    Block(Block<'a>),
    /// A record, which is where the caller wanted it.
    Record,
    /// Its end.
    End,
}

/// One block, from its first entry or from where it was read to.
///
/// Source of the format: the LLVM Bitcode File Format, "Blocks".
#[derive(Debug, Clone)]
pub(super) struct Block<'a> {
    /// Its kind.
    pub(super) id: u64,
    bits: Cursor<'a>,
    /// Size of its abbreviation ids; units: bits.
    width: u32,
    /// The abbreviations from BLOCKINFO; numbered first.
    shared: Rc<Vec<Abbrev>>,
    own: Vec<Abbrev>,
}

/// The outermost level: blocks one after the other.
pub(super) struct Stream<'a> {
    bits: Cursor<'a>,
    shared: Shared,
}

impl<'a> Stream<'a> {
    /// `bits` is behind the magic number.
    pub(super) fn new(bits: Cursor<'a>) -> Self {
        Self { bits, shared: Shared::default() }
    }

    /// The next block, and the abbreviations that it may use and add to.
    pub(super) fn next(&mut self) -> Result<Option<(Block<'a>, &mut Shared)>, BitcodeError> {
        loop {
            // Less than a block of one word: padding, as archives leave it.
            if self.bits.end() - self.bits.at() < 96 {
                return Ok(None);
            }
            let damaged = |why: String| BitcodeError::damaged("bitcode", why);
            match self.bits.fixed(2).map_err(|fault| damaged(fault.to_string()))? {
                ENTER_SUBBLOCK => {}
                id => return Err(damaged(format!("abbreviation id {id} outside of all blocks"))),
            }
            let block = enter(&mut self.bits, &self.shared, None)?;
            if block.id == BLOCKINFO {
                self.shared.read(block)?;
            } else {
                return Ok(Some((block, &mut self.shared)));
            }
        }
    }
}

impl<'a> Block<'a> {
    /// The next entry; keeps the first `limit` operands if it is a record.
    ///
    /// BLOCKINFO blocks and abbreviations are taken in on the way.
    pub(super) fn next(
        &mut self,
        shared: &mut Shared,
        record: &mut Record<'a>,
        limit: usize,
    ) -> Result<Entry<'a>, BitcodeError> {
        loop {
            match self.bits.fixed(self.width).map_err(|fault| self.damaged(fault))? {
                END_BLOCK => return Ok(Entry::End),
                ENTER_SUBBLOCK => {
                    let block = enter(&mut self.bits, shared, Some(self.id))?;
                    if block.id != BLOCKINFO {
                        return Ok(Entry::Block(block));
                    }
                    shared.read(block)?;
                }
                DEFINE_ABBREV => {
                    let abbrev = Abbrev::read(&mut self.bits);
                    self.own.push(abbrev.map_err(|fault| self.damaged(fault))?);
                }
                UNABBREV_RECORD => {
                    unabbreviated(&mut self.bits, record, limit)
                        .map_err(|fault| self.damaged(fault))?;
                    return Ok(Entry::Record);
                }
                id => {
                    self.abbreviated(id, record, limit).map_err(|fault| self.damaged(fault))?;
                    return Ok(Entry::Record);
                }
            }
        }
    }

    fn abbreviated(&mut self, id: u64, record: &mut Record<'a>, limit: usize) -> Result<(), Fault> {
        let unknown = Fault::Abbreviation(id);
        let index = usize::try_from(id - FIRST_ABBREV).map_err(|_| unknown)?;
        let abbrev = match self.shared.get(index) {
            Some(abbrev) => abbrev,
            None => self.own.get(index - self.shared.len()).ok_or(unknown)?,
        };
        abbrev.record(&mut self.bits, record, limit)
    }

    /// Where its next entry is; units: bits from the start of the bitcode.
    pub(super) fn at(&self) -> u64 {
        self.bits.at()
    }

    /// Where it ends; units: bits from the start of the bitcode.
    pub(super) fn end(&self) -> u64 {
        self.bits.end()
    }

    /// Goes to an entry of the block.
    pub(super) fn jump(&mut self, at: u64) {
        self.bits.jump(at);
    }

    pub(super) fn damaged(&self, why: impl ToString) -> BitcodeError {
        BitcodeError::damaged(name(self.id), why)
    }
}

/// Reads a block's header and goes behind the block; `around` is the kind of the block
/// that holds it.
fn enter<'a>(
    bits: &mut Cursor<'a>,
    shared: &Shared,
    around: Option<u64>,
) -> Result<Block<'a>, BitcodeError> {
    let header = |bits: &mut Cursor<'_>| {
        let id = bits.vbr(8)?;
        let width = bits.vbr(4)?;
        bits.align()?;
        Ok((id, width, bits.fixed(32)?))
    };
    let (id, width, words) = header(bits).map_err(|fault: Fault| {
        BitcodeError::damaged(around.map_or_else(|| "bitcode".to_owned(), name), fault)
    })?;
    let end = bits.at() + words * 32;
    if end > bits.end() {
        let (end, limit) = (end / 8, bits.end() / 8);
        return Err(BitcodeError::Truncated { block: name(id), end, limit });
    }
    // Without bits for an id, the block would be nothing but ends.
    let size = u32::try_from(width).ok().filter(|_| width > 0 && width <= MAX_WIDTH);
    let size = size.ok_or_else(|| BitcodeError::damaged(name(id), Fault::Width(width)))?;
    let inner = bits.until(end);
    bits.jump(end);
    let shared = shared.0.get(&id).cloned().unwrap_or_default();
    Ok(Block { id, bits: inner, width: size, shared, own: Vec::new() })
}

/// A record whose numbers are all in chunks of six bits.
fn unabbreviated(
    bits: &mut Cursor<'_>,
    record: &mut Record<'_>,
    limit: usize,
) -> Result<(), Fault> {
    let code = bits.vbr(6)?;
    record.start(code);
    let count = bits.vbr(6)?;
    record.reserve(count.min((bits.end() - bits.at()) / 6), limit);
    for _ in 0..count {
        record.push(bits.vbr(6)?, limit);
    }
    Ok(())
}
