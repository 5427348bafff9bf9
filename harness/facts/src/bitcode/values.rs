use super::block::{Block, Entry, Shared};
use super::error::BitcodeError;
use super::flags::FlagValue;
use super::record::Record;

/// Records of a TYPE block that define no type.
const NUMENTRY: u64 = 1;
const STRUCT_NAME: u64 = 19;
/// The one kind of type that matters here.
const TYPE_INTEGER: u64 = 7;

/// Records of a CONSTANTS block.
const SETTYPE: u64 = 1;
const NULL: u64 = 2;
const INTEGER: u64 = 4;

/// The types and the values of a module by number, as far as metadata refers to them: integers.
///
/// Values are numbered as their records come: variables, functions, aliases, then constants.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Width of each type that is an integer; units: bits.
    types: Vec<Option<u64>>,
    values: Vec<Value>,
}

#[derive(Debug, Clone, Copy)]
enum Value {
    Global,
    /// An integer and the number of its type.
    Integer(Option<u64>, i64),
    /// Another constant, by the code of its record.
    Other(u64),
}

impl Values {
    /// Reads a TYPE block.
    pub(super) fn read_types(
        &mut self,
        mut block: Block<'_>,
        shared: &mut Shared,
    ) -> Result<(), BitcodeError> {
        let mut record = Record::default();
        loop {
            match block.next(shared, &mut record, 1)? {
                Entry::End => return Ok(()),
                Entry::Block(_) => continue,
                Entry::Record => {}
            }
            match record.code {
                NUMENTRY | STRUCT_NAME => {}
                TYPE_INTEGER => self.types.push(record.operand(0)),
                _ => self.types.push(None),
            }
        }
    }

    /// Reads a CONSTANTS block of the module.
    pub(super) fn read_constants(
        &mut self,
        mut block: Block<'_>,
        shared: &mut Shared,
    ) -> Result<(), BitcodeError> {
        let mut record = Record::default();
        let mut kind = None;
        loop {
            match block.next(shared, &mut record, 1)? {
                Entry::End => return Ok(()),
                Entry::Block(_) => continue,
                Entry::Record => {}
            }
            self.values.push(match record.code {
                SETTYPE => {
                    kind = record.operand(0);
                    continue;
                }
                NULL => Value::Integer(kind, 0),
                INTEGER => {
                    let value = record.operand(0).ok_or_else(|| block.damaged("no integer"))?;
                    Value::Integer(kind, signed(value))
                }
                other => Value::Other(other),
            });
        }
    }

    /// The next value is a variable, a function or an alias.
    pub(super) fn add_global(&mut self) {
        self.values.push(Value::Global);
    }

    /// The constant with this number, if it is an integer of the type with that number.
    pub(super) fn constant(&self, kind: u64, number: u64) -> FlagValue {
        let at = |number: u64| usize::try_from(number).ok();
        let width = at(kind).and_then(|kind| self.types.get(kind));
        let undecoded = |why: String| FlagValue::Undecoded(why);
        match (at(number).and_then(|number| self.values.get(number)), width) {
            (None, _) => undecoded(format!("no value {number}")),
            (_, None) => undecoded(format!("no type {kind}")),
            (Some(Value::Global), _) => undecoded(format!("global value {number}")),
            (Some(Value::Other(code)), _) => undecoded(format!("constant of code {code}")),
            (_, Some(None)) => undecoded(format!("constant of type {kind}")),
            (Some(Value::Integer(own, _)), _) if *own != Some(kind) => {
                undecoded(format!("value {number} is not of type {kind}"))
            }
            (Some(Value::Integer(_, value)), Some(Some(bits))) => {
                FlagValue::Integer { bits: *bits, value: *value }
            }
        }
    }
}

/// The sign is in the lowest bit; minus zero stands for the smallest number.
fn signed(value: u64) -> i64 {
    let magnitude = (value >> 1) as i64;
    match (value & 1, magnitude) {
        (0, _) => magnitude,
        (_, 0) => i64::MIN,
        _ => -magnitude,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_is_in_the_lowest_bit() {
        let all = [0, 1, 2, 3, 9, u64::MAX, u64::MAX - 1];
        let expected = [0, i64::MIN, 1, -1, -4, -i64::MAX, i64::MAX];
        assert_eq!(all.map(signed), expected);
    }
}
