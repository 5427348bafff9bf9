//! What the tools of a build have to say: errors, warnings and notes, as facts that two builds
//! share.

use super::class::{Stage, class_of, subject_of};
use super::names;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// The compiler, in any of its roles.
    Clang,
    /// The linker.
    Lld,
    /// `llvm-ar` or another archiver.
    Ar,
    /// The kernel's objtool.
    Objtool,
    /// The kernel's modpost.
    Modpost,
    /// The configuration tools.
    Kconfig,
    /// The kernel's fixdep, which turns dependency files into `.cmd` files.
    Fixdep,
    /// The kernel's genksyms.
    Genksyms,
    /// The Rust compiler.
    Rustc,
    /// make itself.
    Make,
    /// Anything else: scripts, the shell, `llvm-objcopy` ….
    Other,
}

impl Tool {
    /// Its name in one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clang => "clang",
            Self::Lld => "lld",
            Self::Ar => "ar",
            Self::Objtool => "objtool",
            Self::Modpost => "modpost",
            Self::Kconfig => "kconfig",
            Self::Fixdep => "fixdep",
            Self::Genksyms => "genksyms",
            Self::Rustc => "rustc",
            Self::Make => "make",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How bad its speaker finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// It explains another message, or is a remark.
    Note,
    /// The build goes on.
    Warning,
    /// It does not.
    Error,
}

impl fmt::Display for Gravity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One message, without what changes from build to build: lines, columns, offsets, addresses,
/// hashes, the directories of the build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Who said it.
    pub tool: Tool,
    /// How bad it is.
    pub gravity: Gravity,
    /// The option that controls it, with its dashes and without `-Werror,`: `-Wframe-larger-than`.
    pub option: Option<String>,
    /// The source file, object or target that it is about, as the tool names it.
    pub place: Option<String>,
    /// The message: control characters and numbers that are no part of a name are replaced.
    pub text: String,
}

impl Diagnostic {
    /// A message without an option; its text is made steady.
    pub(super) fn new(tool: Tool, gravity: Gravity, place: Option<&str>, text: &str) -> Self {
        let place = place.filter(|place| !place.is_empty()).map(printable);
        Self { tool, gravity, option: None, place, text: steady(text) }
    }

    /// What kind of message it is, in one stable word such as `frame-larger-than`,
    /// `undefined-symbol` or `section-mismatch`; [`UNKNOWN`](super::UNKNOWN) for what is in no
    /// table. It does not depend on the tool's gravity, nor on who says it: lld's warning about a
    /// stack frame is of the class of clang's.
    #[must_use]
    pub fn class(&self) -> &str {
        class_of(self)
    }

    /// Which step of a build says such a thing.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Stage::of(self)
    }

    /// What it is about, told from others of its class: the function, the symbol, or else the
    /// text itself with the place where that is the same in every build. Two builds' messages of
    /// one class about one subject are one message, whatever their gravity.
    #[must_use]
    pub fn subject(&self) -> String {
        subject_of(self)
    }

    /// The target triple that the message speaks of, where it does.
    #[must_use]
    pub fn triple(&self) -> Option<&str> {
        let mut words = self.text.split(|c: char| c.is_whitespace() || "'\"`(),".contains(c));
        words.find(|word| {
            let mut parts = word.split('-');
            let known = ["x86_64", "aarch64", "riscv64", "riscv32", "loongarch64", "arm", "i386"];
            parts.next().is_some_and(|first| known.contains(&first)) && parts.count() >= 2
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tool, self.gravity)?;
        if let Some(place) = &self.place {
            write!(f, " {place}")?;
        }
        write!(f, ": {}", self.text)?;
        match &self.option {
            Some(option) => write!(f, " [{option}]"),
            None => Ok(()),
        }
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The text without offsets, addresses and sizes: numbers that stand alone become `N`, and names
/// lose the numbers that were counted or hashed into them.
pub(super) fn steady(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | '$') {
            word.push(c);
        } else {
            push_steady(&mut out, &word);
            word.clear();
            out.push(if c.is_control() { '\u{fffd}' } else { c });
        }
    }
    push_steady(&mut out, &word);
    out
}

fn push_steady(out: &mut String, word: &str) {
    let hex = word
        .strip_prefix("0x")
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let number = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    if hex || number {
        out.push('N');
        return;
    }
    names::push_steady(out, word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_build_to_build_is_no_part_of_a_text() {
        let text = "f+0x12 calls g.llvm.1234567890.cold at 77, h.llvm. and x86_64";
        assert_eq!(steady(text), "f+N calls g.cold at N, h.llvm. and x86_64");
    }
}
