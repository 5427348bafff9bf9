use super::block::Shared;
use super::error::BitcodeError;
use super::metadata::{Item, Metadata};
use super::values::Values;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The module flags of an IR module (`llvm.module.flags`), in the order of the file.
///
/// Source: the LLVM Language Reference, "Module Flags Metadata".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleFlags {
    /// Those whose name and behaviour are known; the value says itself if it is not.
    pub flags: Vec<ModuleFlag>,
    /// What else is listed, and why it is no flag that could be read.
    pub unread: Vec<String>,
}

impl ModuleFlags {
    /// The first flag with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ModuleFlag> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

/// One module flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleFlag {
    /// What a linker does when two modules differ in it.
    pub behaviour: FlagBehaviour,
    /// `PIC Level`, `kcfi`, `target-abi` …
    pub name: String,
    /// Its value.
    pub value: FlagValue,
}

/// What a linker does when two modules differ in a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlagBehaviour {
    /// 1: fail.
    Error,
    /// 2: warn, and take the first.
    Warning,
    /// 3: the value is a pair that another flag must have.
    Require,
    /// 4: take this one.
    Override,
    /// 5: put the lists together.
    Append,
    /// 6: the same, each item once.
    AppendUnique,
    /// 7: take the greater.
    Max,
    /// 8: take the smaller.
    Min,
    /// A number that is not known here.
    Other(i64),
}

impl FlagBehaviour {
    fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Error,
            2 => Self::Warning,
            3 => Self::Require,
            4 => Self::Override,
            5 => Self::Append,
            6 => Self::AppendUnique,
            7 => Self::Max,
            8 => Self::Min,
            other => Self::Other(other),
        }
    }

    /// Its number in IR.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Error => 1,
            Self::Warning => 2,
            Self::Require => 3,
            Self::Override => 4,
            Self::Append => 5,
            Self::AppendUnique => 6,
            Self::Max => 7,
            Self::Min => 8,
            Self::Other(other) => other,
        }
    }
}

/// The value of a module flag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlagValue {
    /// An integer constant.
    Integer {
        /// Of its type; units: bits.
        bits: u64,
        /// Sign-extended, so that `i1 true` is -1.
        value: i64,
    },
    /// A string, such as `lp64d`.
    Text(String),
    /// A list of integers and strings, such as the extensions of `riscv-isa`.
    List(Vec<FlagValue>),
    /// Anything else, and why it is not decoded.
    Undecoded(String),
}

/// As in IR: `i32 2`, `"lp64d"`, `["rv64i2p1"]`.
impl fmt::Display for FlagValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { bits: 1, value } => write!(f, "i1 {}", *value != 0),
            Self::Integer { bits, value } => write!(f, "i{bits} {value}"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Undecoded(why) => write!(f, "not decoded: {why}"),
        }
    }
}

/// Reads the flags that metadata lists.
pub(super) fn read(
    metadata: &mut Metadata<'_>,
    values: &Values,
    shared: &mut Shared,
) -> Result<ModuleFlags, BitcodeError> {
    let numbers = metadata.flags.take().unwrap_or_default();
    let mut reader = Reader { metadata, values, shared };
    let mut all = ModuleFlags::default();
    for number in numbers {
        match reader.flag(number)? {
            Ok(flag) => all.flags.push(flag),
            Err(why) => all.unread.push(format!("metadata {number}: {why}")),
        }
    }
    Ok(all)
}

struct Reader<'r, 'a> {
    metadata: &'r mut Metadata<'a>,
    values: &'r Values,
    shared: &'r mut Shared,
}

/// A node is taken apart only where one is expected, so that nesting costs no stack.
enum Decoded {
    Value(FlagValue),
    Node(Vec<Option<u64>>),
}

impl Reader<'_, '_> {
    /// One flag, or why it is none.
    fn flag(&mut self, number: u64) -> Result<Result<ModuleFlag, String>, BitcodeError> {
        let parts = match self.decode(Some(number))? {
            Decoded::Node(parts) => parts,
            Decoded::Value(other) => return Ok(Err(format!("no node but {other}"))),
        };
        let [behaviour, name, value] = *parts.as_slice() else {
            return Ok(Err(format!("{} parts, not three", parts.len())));
        };
        let behaviour = match self.decode(behaviour)? {
            Decoded::Value(FlagValue::Integer { value, .. }) => FlagBehaviour::from_number(value),
            other => return Ok(Err(format!("its behaviour is {other}"))),
        };
        let name = match self.decode(name)? {
            Decoded::Value(FlagValue::Text(name)) => name,
            other => return Ok(Err(format!("its name is {other}"))),
        };
        let value = match self.decode(value)? {
            Decoded::Value(value) => value,
            Decoded::Node(parts) => self.list(parts)?,
        };
        Ok(Ok(ModuleFlag { behaviour, name, value }))
    }

    fn list(&mut self, parts: Vec<Option<u64>>) -> Result<FlagValue, BitcodeError> {
        let mut items = Vec::new();
        for part in parts {
            items.push(match self.decode(part)? {
                Decoded::Value(value) => value,
                node @ Decoded::Node(_) => FlagValue::Undecoded(node.to_string()),
            });
        }
        Ok(FlagValue::List(items))
    }

    fn decode(&mut self, number: Option<u64>) -> Result<Decoded, BitcodeError> {
        let undecoded = |why: &str| Ok(Decoded::Value(FlagValue::Undecoded(why.to_owned())));
        let Some(number) = number else { return undecoded("null") };
        let item = self.metadata.item(number, self.shared)?;
        Ok(match item {
            None => return undecoded(&format!("no metadata {number}")),
            Some(Item::Node(parts)) => Decoded::Node(parts),
            Some(Item::Text(text)) => {
                Decoded::Value(FlagValue::Text(String::from_utf8_lossy(text).into_owned()))
            }
            Some(Item::Record(text)) => Decoded::Value(FlagValue::Text(text)),
            Some(Item::Value(kind, value)) => Decoded::Value(self.values.constant(kind, value)),
            Some(Item::Spent) => return undecoded("more metadata than the file can hold"),
            Some(Item::Other(code)) => {
                return undecoded(&format!("metadata {number} is a record of code {code}"));
            }
        })
    }
}

impl fmt::Display for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Node(parts) => write!(f, "a list of {}", parts.len()),
        }
    }
}
