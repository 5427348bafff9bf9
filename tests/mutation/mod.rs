//! Finished builds, damaged in one place at a time: what a reader of the report is told of it.
//!
//! The formats are taken apart here a second time, and by offsets alone: a reader of twinlto that
//! passes over a field must not keep the field from being damaged.

pub(crate) mod binary;
pub(crate) mod elf;
pub(crate) mod files;
pub(crate) mod judge;
pub(crate) mod listed;
pub(crate) mod sample;
pub(crate) mod table;
pub(crate) mod text;

use std::ops::Range;

/// A field, the bytes of a section, an option: something in a file that can be damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// What it is, without names of symbols or objects: places of one file kind with the same words
    /// are drawn from together.
    pub(crate) what: String,
    /// The section, symbol or option that a finding should name, beside the file.
    pub(crate) name: String,
    /// How it is damaged.
    pub(crate) choice: Choice,
}

/// How a place can be damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// One of the bits of these bytes, those of `mask` in each byte.
    Bit { at: Range<usize>, mask: u8 },
    /// These bytes become others; the length may change.
    Replace { at: Range<usize>, with: Vec<u8> },
}

impl Place {
    pub(crate) fn bits(what: impl Into<String>, name: &str, at: Range<usize>) -> Self {
        let choice = Choice::Bit { at, mask: 0xff };
        Self { what: what.into(), name: name.to_owned(), choice }
    }

    pub(crate) fn replace(
        what: impl Into<String>,
        name: &str,
        at: Range<usize>,
        with: impl Into<Vec<u8>>,
    ) -> Self {
        let choice = Choice::Replace { at, with: with.into() };
        Self { what: what.into(), name: name.to_owned(), choice }
    }
}

/// One damage: `with` in the place of the bytes `at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) at: Range<usize>,
    pub(crate) with: Vec<u8>,
    /// In a word or two, for the list of survivors.
    pub(crate) told: String,
}

impl Damage {
    /// The file after it.
    pub(crate) fn applied_to(&self, bytes: &[u8]) -> Vec<u8> {
        [&bytes[..self.at.start], &self.with, &bytes[self.at.end..]].concat()
    }
}
