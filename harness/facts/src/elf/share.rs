//! Parts of a section that several symbols cover, kept once.

use super::code::Reference;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of the bytes of a section, which are kept once however many symbols cover them.
#[derive(Clone, Default)]
pub struct Bytes {
    all: Arc<[u8]>,
    range: Range<usize>,
}

impl Bytes {
    /// The whole of a section.
    #[must_use]
    pub fn new(all: &[u8]) -> Self {
        Self { range: 0..all.len(), all: Arc::from(all) }
    }

    /// The part from `start` to `end`, as far as there is one.
    #[must_use]
    pub fn part(&self, start: u64, end: u64) -> Self {
        let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(self.range.len());
        let (start, end) = (within(start), within(end));
        let first = self.range.start.saturating_add(start);
        let last = self.range.start.saturating_add(end.max(start));
        Self { all: Arc::clone(&self.all), range: first..last }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.all.get(self.range.clone()).unwrap_or_default()
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// What the relocations of a part of a section refer to.
#[derive(Debug, Clone, Default)]
pub struct References {
    all: Arc<[Reference]>,
    range: Range<usize>,
}

impl References {
    pub(super) fn new(all: Vec<Reference>) -> Self {
        Self { range: 0..all.len(), all: Arc::from(all) }
    }

    /// Those of `start` to `end`; units: bytes from the start of the section.
    pub(super) fn part(&self, start: u64, end: u64) -> Self {
        let first = self.all.partition_point(|reference| reference.place < start);
        let last = self.all.partition_point(|reference| reference.place < end);
        Self { all: Arc::clone(&self.all), range: first..last.max(first) }
    }
}

impl Deref for References {
    type Target = [Reference];

    fn deref(&self) -> &[Reference] {
        self.all.get(self.range.clone()).unwrap_or_default()
    }
}
