use super::bits::Cursor;
use super::block::{Block, Entry, Shared};
use super::error::BitcodeError;
use super::record::Record;

const STRING_OLD: u64 = 1;
const VALUE: u64 = 2;
const NODE: u64 = 3;
const NAME: u64 = 4;
const DISTINCT_NODE: u64 = 5;
const KIND: u64 = 6;
const NAMED_NODE: u64 = 10;
const STRINGS: u64 = 35;
const GLOBAL_DECL_ATTACHMENT: u64 = 36;
const INDEX_OFFSET: u64 = 38;
const INDEX: u64 = 39;

/// A module's own metadata, read only as far as named metadata leads.
///
/// Most of it is debug information that nobody asks for. LLVM writes where each record starts when
/// there are more than a few, so that a reader can go straight to the names at the end.
pub(super) struct Metadata<'a> {
    /// To go back to; it has the abbreviations.
    block: Block<'a>,
    /// By number; strings come first.
    items: Vec<Place<'a>>,
    /// How much may still be looked at; units: bits. Any number of flags may share one long list,
    /// which must not cost more than a file full of short ones.
    budget: u64,
    /// What `llvm.module.flags` lists, by number; `None` where the module has none.
    pub(super) flags: Option<Vec<u64>>,
}

#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Text(&'a [u8]),
    /// Units: bits from the start of the bitcode.
    Record(u64),
}

/// One piece of metadata.
pub(super) enum Item<'a> {
    Text(&'a [u8]),
    /// A string in a record of its own.
    Record(String),
    /// A constant: the number of its type and its own.
    Value(u64, u64),
    /// Numbers of other metadata; `None` is null.
    Node(Vec<Option<u64>>),
    /// A record that is none of these, by its code.
    Other(u64),
    /// Not looked at: the metadata before it was more than the whole file.
    Spent,
}

impl<'a> Metadata<'a> {
    /// Reads a METADATA block of a module.
    pub(super) fn read(mut block: Block<'a>, shared: &mut Shared) -> Result<Self, BitcodeError> {
        let mut record = Record::default();
        let mut items = Vec::new();
        let mut flags = None;
        let mut named_flags = false;
        let budget = block.end().saturating_mul(4);
        loop {
            let at = block.at();
            match block.next(shared, &mut record, usize::MAX)? {
                Entry::End => return Ok(Self { block, items, budget, flags }),
                Entry::Block(_) => continue,
                Entry::Record => {}
            }
            match record.code {
                NAME => named_flags = record.text(0) == "llvm.module.flags",
                NAMED_NODE if named_flags => {
                    named_flags = false;
                    flags = Some(record.operands.clone());
                }
                STRINGS => {
                    let strings = strings(&record).ok_or_else(|| block.damaged("its strings"))?;
                    items.extend(strings.into_iter().map(Place::Text));
                }
                INDEX_OFFSET => {
                    let places = index(&mut block, shared, &mut record)?;
                    items.extend(places.into_iter().map(Place::Record));
                }
                NAMED_NODE | KIND | GLOBAL_DECL_ATTACHMENT | INDEX => {}
                _ => items.push(Place::Record(at)),
            }
        }
    }

    /// The metadata with this number; `None` if there is none.
    pub(super) fn item(
        &mut self,
        number: u64,
        shared: &mut Shared,
    ) -> Result<Option<Item<'a>>, BitcodeError> {
        let place = usize::try_from(number).ok().and_then(|number| self.items.get(number));
        let at = match place {
            None => return Ok(None),
            Some(_) if self.budget == 0 => return Ok(Some(Item::Spent)),
            Some(Place::Text(text)) => {
                self.budget = self.budget.saturating_sub(text.len() as u64 * 8 + 1);
                return Ok(Some(Item::Text(text)));
            }
            Some(Place::Record(at)) => *at,
        };
        self.block.jump(at);
        let mut record = Record::default();
        if !matches!(self.block.next(shared, &mut record, usize::MAX)?, Entry::Record) {
            return Err(self.block.damaged(format!("metadata {number} is no record")));
        }
        self.budget = self.budget.saturating_sub(self.block.at().saturating_sub(at));
        Ok(Some(match (record.code, record.operands.as_slice()) {
            (STRING_OLD, _) => Item::Record(record.text(0)),
            (VALUE, [kind, value]) => Item::Value(*kind, *value),
            (NODE | DISTINCT_NODE, all) => {
                Item::Node(all.iter().map(|it| it.checked_sub(1)).collect())
            }
            (code, _) => Item::Other(code),
        }))
    }
}

/// The strings of a STRINGS record: their lengths first, in chunks of six bits, then all of them.
fn strings<'a>(record: &Record<'a>) -> Option<Vec<&'a [u8]>> {
    let count = record.operand(0)?;
    let characters = usize::try_from(record.operand(1)?).ok()?;
    let (lengths, mut rest) = record.blob.split_at_checked(characters)?;
    let mut lengths = Cursor::new(lengths);
    let mut strings = Vec::new();
    for _ in 0..count {
        let length = usize::try_from(lengths.vbr(6).ok()?).ok()?;
        let (string, behind) = rest.split_at_checked(length)?;
        strings.push(string);
        rest = behind;
    }
    Some(strings)
}

/// Where the records up to the index are, and goes behind it. Without one where INDEX_OFFSET says,
/// none, and stays: then they are read one after the other.
fn index<'a>(
    block: &mut Block<'a>,
    shared: &mut Shared,
    record: &mut Record<'a>,
) -> Result<Vec<u64>, BitcodeError> {
    let [low, high] = *record.operands.as_slice() else {
        return Err(block.damaged("the place of its index"));
    };
    let start = block.at();
    let offset = (high << 32).saturating_add(low);
    block.jump(start.saturating_add(offset));
    let found = matches!(block.next(shared, record, usize::MAX), Ok(Entry::Record));
    if !found || record.code != INDEX {
        block.jump(start);
        return Ok(Vec::new());
    }
    // Each is written as the distance from the one before.
    let mut at = start;
    Ok(record
        .operands
        .iter()
        .map(|distance| {
            at = at.saturating_add(*distance);
            at
        })
        .collect())
}
