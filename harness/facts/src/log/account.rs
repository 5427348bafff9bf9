//! What became of each line of a log.

use super::class::Stage;
use super::diagnostic::{Gravity, Tool};
use super::message::Message;
use std::collections::BTreeMap;
use std::fmt;

/// What a line of a log is. Each line is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// A message of a tool, which is compared.
    Message(Tool),
    /// A note or a remark, which explains another message.
    Note,
    /// An error that only repeats another one: make gives up, a linker counts.
    Follows,
    /// A message about the machine, or about how the build was started.
    Machine,
    /// It belongs to the message before it: quoted source, a caret, who refers to a symbol.
    Context,
    /// A command that make echoes, or a line of one.
    Command,
    /// kbuild's short form of a command.
    Short,
    /// What make says of itself.
    Make,
    /// What tools say while they work.
    Chatter,
    /// What a CI writes into the log by itself.
    Ci,
    /// Progress that was overwritten.
    Overwritten,
    /// The rest of a line that a CI wrote in pieces.
    Continued,
    /// An empty line.
    Blank,
    /// None of these.
    Unknown,
}

impl LineKind {
    pub(super) fn of(message: &Message) -> Self {
        match message.said.stage() {
            _ if message.said.gravity == Gravity::Note => Self::Note,
            Stage::Follows => Self::Follows,
            Stage::Machine => Self::Machine,
            _ => Self::Message(message.said.tool),
        }
    }

    /// Whether such lines are compared, or tell which steps are.
    #[must_use]
    pub const fn is_compared(self) -> bool {
        matches!(self, Self::Message(_) | Self::Command | Self::Short)
    }
}

impl fmt::Display for LineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Message(tool) => return write!(f, "messages of {tool}"),
            Self::Note => "notes on other messages",
            Self::Follows => "errors that follow from others",
            Self::Machine => "messages about the machine",
            Self::Context => "lines that belong to a message",
            Self::Command => "commands",
            Self::Short => "short commands",
            Self::Make => "make's own lines",
            Self::Chatter => "what tools say while they work",
            Self::Ci => "lines of the CI",
            Self::Overwritten => "overwritten progress",
            Self::Continued => "parts of a line that goes on",
            Self::Blank => "empty lines",
            Self::Unknown => "lines of no known kind",
        };
        f.pad(name)
    }
}

/// How many lines of a log are of which kind. Their sum is the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineAccount {
    kinds: BTreeMap<LineKind, u64>,
}

impl LineAccount {
    pub(super) fn add(&mut self, kind: LineKind, lines: u64) {
        if lines > 0 {
            *self.kinds.entry(kind).or_default() += lines;
        }
    }

    pub(super) fn extend(&mut self, later: &Self) {
        later.kinds.iter().for_each(|(kind, lines)| self.add(*kind, *lines));
    }

    /// How many lines there are. A carriage return within a line ends one as well.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// How many of them are of a kind.
    #[must_use]
    pub fn of(&self, kind: LineKind) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or(0)
    }

    /// The kinds that there are, each with its number of lines.
    pub fn kinds(&self) -> impl Iterator<Item = (LineKind, u64)> {
        self.kinds.iter().map(|(kind, lines)| (*kind, *lines))
    }
}
