//! Where the functions and variables of a linked image lie, and what lies between them.

use super::measured::Named;
use std::borrow::Cow;
use twinlto_facts::build::{ImageFacts, SymbolFacts};

/// Symbols with a size, in order of address. In a relocatable file, whose sections all begin at 0,
/// and in sections that are not loaded, in order of section and offset.
pub(super) struct Extents<'a> {
    pieces: Vec<Piece<'a>>,
    /// How many have a name, by its number.
    counts: Vec<usize>,
}

/// One symbol with a size.
pub(super) struct Piece<'a> {
    pub(super) symbol: &'a SymbolFacts,
    /// Its canonical name.
    pub(super) name: Cow<'a, str>,
    /// The number of this name among those of both sides.
    pub(super) id: usize,
    /// [`LOADED`] in the memory of a linked file, where addresses tell; else one for each section.
    space: usize,
}

impl Piece<'_> {
    /// Only places of one space can be compared.
    pub(super) const fn space(&self) -> usize {
        self.space
    }

    pub(super) const fn end(&self) -> u64 {
        self.symbol.value.saturating_add(self.symbol.size)
    }
}

/// How the bytes of a range are used; units: bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Account {
    /// Bytes that belong to functions and variables.
    pub(super) covered: u64,
    /// Bytes that belong to none: padding, strings, tables.
    pub(super) rest: u64,
    /// How many of these can be padding: before what is aligned, one byte less than its alignment.
    pub(super) slack: u64,
}

/// The space of everything that is loaded.
const LOADED: usize = 0;

/// No section is aligned to more; units: bytes.
const LARGEST_ALIGNMENT: u64 = 1 << 21;

impl<'a> Extents<'a> {
    pub(super) fn of(image: &'a ImageFacts, names: &[Named<'a>]) -> Self {
        let loaded =
            |section: usize| image.section_spans.get(section).is_some_and(|span| span.alloc);
        let space = |symbol: &SymbolFacts| match symbol.section {
            Some(section) if !image.is_relocatable && loaded(section) => LOADED,
            Some(section) => section.saturating_add(1),
            None => usize::MAX,
        };
        let mut sized: Vec<(usize, &Named<'a>)> =
            names.iter().filter(|it| it.symbol.size > 0).map(|it| (space(it.symbol), it)).collect();
        // Those of one place stay in the order of the symbol table.
        sized.sort_unstable_by_key(|(space, it)| (*space, it.symbol.value, it.at));
        let mut counts = vec![0; names.last().map_or(0, |last| last.id + 1)];
        let pieces = sized.into_iter().map(|(space, it)| {
            if let Some(count) = counts.get_mut(it.id) {
                *count += 1;
            }
            Piece { symbol: it.symbol, name: it.name.clone(), id: it.id, space }
        });
        Self { pieces: pieces.collect(), counts }
    }

    /// How many functions and variables have the name of this number.
    pub(super) fn named(&self, id: usize) -> usize {
        self.counts.get(id).copied().unwrap_or(0)
    }

    /// All, in order.
    pub(super) fn pieces(&self) -> &[Piece<'a>] {
        &self.pieces
    }

    /// Those that begin in a range of addresses.
    pub(super) fn within(&self, start: u64, end: u64) -> &[Piece<'a>] {
        self.range(LOADED, start, end)
    }

    fn range(&self, space: usize, start: u64, end: u64) -> &[Piece<'a>] {
        let at = |value: u64| {
            self.pieces.partition_point(|it| (it.space, it.symbol.value) < (space, value))
        };
        self.pieces.get(at(start)..at(end.max(start))).unwrap_or_default()
    }

    /// How the bytes of a section are used.
    pub(super) fn section(&self, image: &ImageFacts, index: usize) -> Account {
        let Some(span) = image.section_spans.get(index) else { return Account::default() };
        let space = if image.is_relocatable { index.saturating_add(1) } else { LOADED };
        self.account(space, span.address, span.address.saturating_add(span.size))
    }

    /// How the bytes of a range of addresses are used.
    pub(super) fn between(&self, start: u64, end: u64) -> Account {
        self.account(LOADED, start, end)
    }

    fn account(&self, space: usize, start: u64, end: u64) -> Account {
        let mut account = Account::default();
        let mut at = start;
        let pieces = self.range(space, start, end).iter();
        let borders = pieces.map(|piece| (piece.symbol.value, piece.end().min(end)));
        for (from, to) in borders.chain([(end, end)]) {
            if let Some(gap) = from.checked_sub(at) {
                account.rest = account.rest.saturating_add(gap);
                account.slack = account.slack.saturating_add(gap.min(alignment(from) - 1));
                at = from;
            }
            account.covered = account.covered.saturating_add(to.saturating_sub(at));
            at = at.max(to);
        }
        account
    }
}

impl Account {
    /// Whether padding can account for the difference of the bytes that belong to no symbol.
    pub(super) fn is_padding(&self, other: &Self) -> bool {
        self.rest.abs_diff(other.rest) <= self.slack.max(other.slack)
    }
}

/// The largest power of two that divides an address.
pub(super) const fn alignment(address: u64) -> u64 {
    if address == 0 { LARGEST_ALIGNMENT } else { 1 << address.trailing_zeros() }
}

/// Whether alignment alone can have made a gap before an address.
pub(super) const fn is_aligned_gap(gap: u64, address: u64) -> bool {
    gap < alignment(address)
}
