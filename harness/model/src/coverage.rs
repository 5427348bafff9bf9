use crate::{Layer, thousands};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an [`Account`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Bytes of sections or of files.
    Bytes,
    /// Relocations of a relocatable file.
    Relocations,
    /// Objects that were linked.
    Objects,
    /// Commands that kbuild recorded in `.cmd` files.
    Commands,
    /// Files of a build directory.
    Files,
    /// Lines of a log.
    Lines,
    /// Options of recorded commands.
    Options,
    /// Symbols of an ELF file.
    Symbols,
}

impl Unit {
    /// Its name in the plural.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Relocations => "relocations",
            Self::Objects => "objects",
            Self::Commands => "commands",
            Self::Files => "files",
            Self::Lines => "lines",
            Self::Options => "options",
            Self::Symbols => "symbols",
        }
    }
}

impl Unit {
    /// A number of them: `1 file`, `2,048 bytes`.
    #[must_use]
    pub fn count(self, n: u64) -> String {
        let one = self.name().strip_suffix('s').filter(|_| n == 1);
        format!("{} {}", thousands(n), one.unwrap_or(self.name()))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What became of a part of an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "treatment", rename_all = "kebab-case")]
pub enum Treatment {
    /// A layer held it against the other side.
    Compared {
        /// Which.
        by: Layer,
    },
    /// A named rule says that it may differ.
    SetAside {
        /// The rule, as `docs/COVERAGE.md` names it.
        rule: String,
    },
    /// Nobody looked at it.
    NotCompared {
        /// Why not.
        why: String,
    },
}

/// A part of an input, all of which was treated alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Share {
    /// What became of it.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// What it is: `variables`, `padding`, `front ends of IR objects`.
    pub what: String,
    /// How much of it there is, in the unit of the account.
    pub amount: u64,
}

/// One input, and what became of every part of it: the shares add up to the whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    /// Whose input it is: `distributed`, `in-process`, `A`, `B`.
    pub side: String,
    /// Which input: `vmlinux`, `fs/binfmt_misc.ko`, `the build directory`, `the log`.
    pub input: String,
    /// What is counted.
    pub unit: Unit,
    /// All that there is.
    pub total: u64,
    /// Its parts, those that were compared first.
    pub shares: Vec<Share>,
}

impl Account {
    /// Opens the account of an input.
    pub fn of(
        side: impl Into<String>,
        input: impl Into<String>,
        unit: Unit,
        total: u64,
    ) -> AccountBuilder {
        AccountBuilder {
            account: Self {
                side: side.into(),
                input: input.into(),
                unit,
                total,
                shares: Vec::new(),
            },
            rest: total,
        }
    }

    fn sum(&self, wanted: impl Fn(&Treatment) -> bool) -> u64 {
        self.shares.iter().filter(|s| wanted(&s.treatment)).map(|s| s.amount).sum()
    }

    /// How much was compared.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.sum(|t| matches!(t, Treatment::Compared { .. }))
    }

    /// How much a rule set aside.
    #[must_use]
    pub fn set_aside(&self) -> u64 {
        self.sum(|t| matches!(t, Treatment::SetAside { .. }))
    }

    /// How much nobody looked at.
    #[must_use]
    pub fn not_compared(&self) -> u64 {
        self.sum(|t| matches!(t, Treatment::NotCompared { .. }))
    }
}

/// An account that is being filled. What is not entered is found not compared by
/// [`AccountBuilder::close`].
#[derive(Debug, Clone)]
#[must_use = "an account that is not closed is in no report"]
pub struct AccountBuilder {
    account: Account,
    rest: u64,
}

impl AccountBuilder {
    fn enter(&mut self, treatment: Treatment, what: impl Into<String>, amount: u64) {
        // A part cannot be more than what is left of the whole.
        let amount = amount.min(self.rest);
        if amount == 0 {
            return;
        }
        self.rest -= amount;
        let what = what.into();
        let mut shares = self.account.shares.iter_mut();
        match shares.find(|share| share.treatment == treatment && share.what == what) {
            Some(share) => share.amount += amount,
            None => self.account.shares.push(Share { treatment, what, amount }),
        }
    }

    /// Enters what a layer held against the other side.
    pub fn compared(mut self, by: Layer, what: impl Into<String>, amount: u64) -> Self {
        self.enter(Treatment::Compared { by }, what, amount);
        self
    }

    /// Enters what a rule says may differ.
    pub fn set_aside(
        mut self,
        rule: impl Into<String>,
        what: impl Into<String>,
        amount: u64,
    ) -> Self {
        self.enter(Treatment::SetAside { rule: rule.into() }, what, amount);
        self
    }

    /// Enters what nobody looked at, and why.
    pub fn not_compared(
        mut self,
        why: impl Into<String>,
        what: impl Into<String>,
        amount: u64,
    ) -> Self {
        self.enter(Treatment::NotCompared { why: why.into() }, what, amount);
        self
    }

    /// What was not entered yet.
    #[must_use]
    pub const fn rest(&self) -> u64 {
        self.rest
    }

    /// Closes the account: what is left was not compared, because no layer reads it.
    #[must_use]
    pub fn close(mut self) -> Account {
        let rest = self.rest;
        self.enter(Treatment::NotCompared { why: NO_READER.to_owned() }, "everything else", rest);
        self.account.shares.sort();
        self.account
    }
}

/// Why something that nobody entered was not compared.
pub const NO_READER: &str = "no layer reads it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_entered_is_not_compared() {
        let account = Account::of("A", "vmlinux", Unit::Bytes, 100)
            .compared(Layer::Code, "functions", 60)
            .compared(Layer::Code, "functions", 10)
            .set_aside("padding", "padding", 5)
            .close();
        assert_eq!((account.compared(), account.set_aside(), account.not_compared()), (70, 5, 25));
        let rest = account.shares.last().unwrap();
        assert_eq!(rest.treatment, Treatment::NotCompared { why: NO_READER.to_owned() });
    }

    #[test]
    fn the_parts_are_never_more_than_the_whole() {
        let account = Account::of("A", "log", Unit::Lines, 3)
            .compared(Layer::Diagnostics, "messages", 2)
            .not_compared("unknown", "lines", u64::MAX)
            .close();
        assert_eq!(account.shares.iter().map(|s| s.amount).sum::<u64>(), account.total);
    }

    #[test]
    fn it_is_the_same_after_json() {
        let account = Account::of("A", "log", Unit::Lines, 3)
            .compared(Layer::Diagnostics, "messages", 2)
            .close();
        let text = serde_json::to_string(&account).unwrap();
        assert!(text.contains(r#""treatment":"compared","by":"diagnostics""#), "{text}");
        assert_eq!(serde_json::from_str::<Account>(&text).unwrap(), account);
    }
}
