//! Two modules, record by record: whether they differ in more than where their sources lie and
//! where in them something stands.

use super::bits::Cursor;
use super::block::{self, Block, Entry, Shared, Stream};
use super::error::BitcodeError;
use super::record::Record;
use super::unwrapped;
use std::collections::BTreeSet;

/// In what two bitcode files differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unlike {
    /// How far integers moved that only metadata names, such as the place of inline assembly in the
    /// source (`!srcloc`): the second less the first.
    pub moved: BTreeSet<i64>,
    /// Whether texts differ that are the same without the paths of their builds.
    pub paths: bool,
    /// What else differs: the kinds of blocks, as `llvm-bcanalyzer` names them.
    pub other: BTreeSet<String>,
}

/// Takes the paths of a build out of a text.
pub type Placeless<'p> = &'p dyn Fn(&str) -> String;

/// Compares two bitcode files record by record. Hashes and offsets, which follow from the rest, are
/// left out; `left` and `right` take the paths of each side's build out of texts.
///
/// # Errors
///
/// As for [`super::read`].
pub fn unlike(
    a: &[u8],
    b: &[u8],
    left: Placeless<'_>,
    right: Placeless<'_>,
) -> Result<Unlike, BitcodeError> {
    let stream = |bytes| -> Result<Stream<'_>, BitcodeError> {
        let mut bits = Cursor::new(unwrapped(bytes)?.0);
        bits.skip(32).map_err(|fault| BitcodeError::damaged("bitcode", fault))?;
        Ok(Stream::new(bits))
    };
    let (mut ours, mut theirs) = (stream(a)?, stream(b)?);
    let mut walk = Walk { left, right, ..Walk::new() };
    loop {
        match (ours.next()?, theirs.next()?) {
            (None, None) => break,
            (Some((x, shared_x)), Some((y, shared_y))) => {
                walk.values = 0;
                walk.block((x, shared_x), (y, shared_y), 0)?;
                walk.settle();
            }
            _ => {
                walk.unlike.other.insert("number of blocks".to_owned());
                break;
            }
        }
    }
    if walk.symtab {
        walk.other(SYMTAB);
    }
    Ok(walk.unlike)
}

/// How deep blocks may lie in one another; LLVM's own lie below 6.
const DEEPEST: usize = 32;

/// Records of a MODULE_BLOCK (`llvm/Bitcode/LLVMBitCodes.h`, LLVM 17 to 22).
const GLOBALS: [u64; 5] = [7, 8, 9, 14, 15];
const VST_OFFSET: u64 = 13;
const SOURCE_FILENAME: u64 = 16;
const HASH: u64 = 17;
/// Block and record of the place of a function's body.
const VALUE_SYMTAB: u64 = 14;
const FNENTRY: u64 = 3;
/// Records of a CONSTANTS_BLOCK.
const SETTYPE: u64 = 1;
const INTEGER: u64 = 4;
/// Records of a METADATA_BLOCK.
const METADATA_VALUE: u64 = 2;
const METADATA_STRINGS: u64 = 35;
const METADATA_INDEX_OFFSET: u64 = 38;
const METADATA_INDEX: u64 = 39;
/// What the linker reads instead of the module; its offsets follow from the string table.
const SYMTAB: u64 = 25;

struct Walk<'p> {
    left: Placeless<'p>,
    right: Placeless<'p>,
    /// Numbers of the values that the module has defined so far.
    values: u64,
    /// Numbers of integers that moved, and how far.
    moved: Vec<(u64, i64)>,
    /// Numbers of values that metadata names.
    named: BTreeSet<u64>,
    /// Whether the tables for the linker differ, which hold offsets of the string table.
    symtab: bool,
    unlike: Unlike,
}

impl Walk<'_> {
    fn new() -> Self {
        Self {
            left: &str::to_owned,
            right: &str::to_owned,
            values: 0,
            moved: Vec::new(),
            named: BTreeSet::new(),
            symtab: false,
            unlike: Unlike::default(),
        }
    }

    /// What moved must be named by metadata; else it is a constant of the code.
    fn settle(&mut self) {
        for (value, distance) in std::mem::take(&mut self.moved) {
            if self.named.contains(&value) {
                self.unlike.moved.insert(distance);
            } else {
                self.unlike.other.insert(block::name(block::CONSTANTS));
            }
        }
        self.named.clear();
    }

    fn other(&mut self, id: u64) {
        self.unlike.other.insert(block::name(id));
    }

    /// Two blocks, entry by entry. `depth` 0 is the outermost.
    fn block(
        &mut self,
        (mut a, shared_a): (Block<'_>, &mut Shared),
        (mut b, shared_b): (Block<'_>, &mut Shared),
        depth: usize,
    ) -> Result<(), BitcodeError> {
        if a.id != b.id || depth > DEEPEST {
            self.other(a.id);
            return Ok(());
        }
        let (mut x, mut y) = (Record::default(), Record::default());
        loop {
            let ours = a.next(shared_a, &mut x, usize::MAX)?;
            let theirs = b.next(shared_b, &mut y, usize::MAX)?;
            match (ours, theirs) {
                (Entry::End, Entry::End) => return Ok(()),
                (Entry::Record, Entry::Record) => self.record((a.id, depth), &x, &y),
                (Entry::Block(x), Entry::Block(y)) => {
                    self.block((x, shared_a), (y, shared_b), depth + 1)?;
                }
                _ => {
                    self.other(a.id);
                    return Ok(());
                }
            }
        }
    }

    fn record(&mut self, (id, depth): (u64, usize), x: &Record<'_>, y: &Record<'_>) {
        // Values and metadata of the module itself, and not of a function in it.
        let is_modules = depth == 1;
        let value = self.values;
        match (id, x.code) {
            (block::MODULE, code) if GLOBALS.contains(&code) => self.values += 1,
            (block::CONSTANTS, code) if is_modules && code != SETTYPE => self.values += 1,
            (block::METADATA, METADATA_VALUE) if x.operands == y.operands => {
                self.named.extend(x.operand(1));
            }
            _ => {}
        }
        if x.code != y.code {
            return self.other(id);
        }
        if x.operands == y.operands && x.blob == y.blob {
            return;
        }
        match (id, x.code) {
            (block::MODULE, HASH | VST_OFFSET)
            | (block::METADATA, METADATA_INDEX_OFFSET | METADATA_INDEX)
            | (VALUE_SYMTAB, FNENTRY) => {
                // Where a function's body lies, and not which function it is.
                if (id, x.code) == (VALUE_SYMTAB, FNENTRY) && x.operand(0) != y.operand(0) {
                    self.other(id);
                }
            }
            (block::MODULE, SOURCE_FILENAME) => self.texts(id, &x.text(0), &y.text(0)),
            (block::STRTAB, _) => {
                self.symtab = false;
                let text = |record: &Record<'_>| String::from_utf8_lossy(record.blob).into_owned();
                self.texts(id, &text(x), &text(y));
            }
            (SYMTAB, _) => self.symtab = true,
            (block::METADATA, METADATA_STRINGS) => match (strings(x), strings(y)) {
                (Some(ours), Some(theirs)) if ours.len() == theirs.len() => {
                    for (ours, theirs) in ours.iter().zip(&theirs) {
                        self.texts(id, ours, theirs);
                    }
                }
                _ => self.other(id),
            },
            (block::CONSTANTS, INTEGER) if is_modules => {
                match (signed(x.operand(0)), signed(y.operand(0))) {
                    (Some(ours), Some(theirs)) => {
                        self.moved.push((value, theirs.wrapping_sub(ours)));
                    }
                    _ => self.other(id),
                }
            }
            _ => self.other(id),
        }
    }

    fn texts(&mut self, id: u64, ours: &str, theirs: &str) {
        if ours == theirs {
            return;
        }
        if (self.left)(ours) == (self.right)(theirs) {
            self.unlike.paths = true;
        } else {
            self.other(id);
        }
    }
}

/// The strings of a METADATA_STRINGS record: their number, where their characters begin in the
/// blob, and a blob of lengths in chunks of six bits with the characters behind them.
fn strings(record: &Record<'_>) -> Option<Vec<String>> {
    let count = usize::try_from(record.operand(0)?).ok()?;
    let start = usize::try_from(record.operand(1)?).ok()?;
    let (lengths, mut characters) = record.blob.split_at_checked(start)?;
    let mut bits = Cursor::new(lengths);
    let mut list = Vec::new();
    for _ in 0..count {
        let length = usize::try_from(bits.vbr(6).ok()?).ok()?;
        let (text, rest) = characters.split_at_checked(length)?;
        list.push(String::from_utf8_lossy(text).into_owned());
        characters = rest;
    }
    Some(list)
}

/// A signed integer: its sign is the lowest bit.
fn signed(value: Option<u64>) -> Option<i64> {
    let value = value?;
    let magnitude = i64::try_from(value >> 1).ok()?;
    Some(if value & 1 == 0 { magnitude } else { -magnitude })
}
