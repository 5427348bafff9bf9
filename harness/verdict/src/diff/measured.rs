//! The symbols of one pair, in the forms that several layers ask for, made once: canonical names in
//! order, places in memory, and which functions and variables have another size.

use super::extents::Extents;
use super::sizes::resized;
use super::symbols::is_derived;
use super::{Pair, Sides, pairs};
use crate::normalize::canonical;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use twinlto_facts::build::{BuildFacts, ImageFacts, SymbolFacts};

/// A symbol with its canonical name.
pub(super) struct Named<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) symbol: &'a SymbolFacts,
    /// Its place among these in the symbol table.
    pub(super) at: usize,
    /// The number of its name among those of both sides, which are in order of the names.
    pub(super) id: usize,
}

impl Named<'_> {
    /// What is compared by: of the symbols of one name those of each kind.
    pub(super) fn key(&self) -> (&str, &'static str) {
        (&self.name, self.symbol.kind)
    }
}

/// One side of a pair.
pub(super) struct Side<'a> {
    pub(super) image: &'a ImageFacts,
    /// The symbols by name and kind, but for what the assembler left; those of one name and kind in the order of the symbol table.
    pub(super) names: Vec<Named<'a>>,
    /// Those with a size by place.
    pub(super) extents: Extents<'a>,
}

/// A pair and what its sides are to each other.
pub(crate) struct Measured<'a> {
    pub(super) pair: Pair<'a>,
    pub(super) left: Side<'a>,
    pub(super) right: Side<'a>,
    /// Names of functions and variables of which one side has others, or of other sizes: offsets into
    /// them mean nothing.
    pub(super) resized: BTreeSet<String>,
}

/// The pairs of two builds, or why there are none.
pub(crate) type Measures<'a> = Result<Vec<Measured<'a>>, String>;

/// `vmlinux` and every module that both builds have; what stands in the way otherwise.
pub(crate) fn measured<'a>(sides: Sides<'_>, a: &'a BuildFacts, b: &'a BuildFacts) -> Measures<'a> {
    Ok(pairs(sides, a, b)?.into_iter().map(Measured::of).collect())
}

impl<'a> Measured<'a> {
    pub(super) fn of(pair: Pair<'a>) -> Self {
        let (mut ours, mut theirs) = rayon::join(|| names(pair.left), || names(pair.right));
        number(&mut ours, &mut theirs);
        let resized = resized(&ours, &theirs);
        let side = |image, names: Vec<Named<'a>>| {
            let extents = Extents::of(image, &names);
            Side { image, names, extents }
        };
        let (left, right) = rayon::join(|| side(pair.left, ours), || side(pair.right, theirs));
        Self { pair, left, right, resized }
    }
}

fn names<'a>(image: &'a ImageFacts) -> Vec<Named<'a>> {
    // Of what the assembler left nobody asks here, as long as it has neither size nor kind.
    let counts = |symbol: &SymbolFacts| {
        symbol.size > 0 || symbol.kind != "notype" || !is_derived(&symbol.raw)
    };
    let symbols = image.symbols.iter().filter(|symbol| counts(symbol));
    let all: Vec<(Cow<'a, str>, &'a SymbolFacts)> =
        symbols.map(|symbol| (canonical(&symbol.raw).name, symbol)).collect();
    let mut order: Vec<(u128, usize)> =
        all.iter().enumerate().map(|(at, (name, _))| (beginning(name), at)).collect();
    let key = |at: usize| (all.get(at).map(|(name, symbol)| (name, symbol.kind)), at);
    order.sort_unstable_by(|(first, a), (other, b)| {
        first.cmp(other).then_with(|| key(*a).cmp(&key(*b)))
    });
    let named = |(_, at): (u128, usize)| {
        let (name, symbol) = all.get(at)?;
        Some(Named { name: name.clone(), symbol, at, id: 0 })
    };
    order.into_iter().filter_map(named).collect()
}

/// The first bytes of a name as a number, which orders as they do and lies nearer than they do.
fn beginning(name: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    u128::from_be_bytes(bytes)
}

/// Numbers the names of both sides, so that equal ones have equal numbers and order stays.
fn number<'a>(ours: &mut [Named<'a>], theirs: &mut [Named<'a>]) {
    let (mut ours, mut theirs) = (ours.iter_mut().peekable(), theirs.iter_mut().peekable());
    let mut id = 0;
    let mut last: Option<&Cow<'_, str>> = None;
    loop {
        let is_left = match (ours.peek(), theirs.peek()) {
            (Some(left), Some(right)) => left.name <= right.name,
            (left, _) => left.is_some(),
        };
        let Some(next) = (if is_left { ours.next() } else { theirs.next() }) else { break };
        id += usize::from(last.is_some_and(|last| *last != next.name));
        next.id = id;
        last = Some(&next.name);
    }
}

/// The sides of every key of two lists that are sorted by it.
pub(super) fn paired<'l, T, K: Ord>(
    ours: &'l [T],
    theirs: &'l [T],
    key: impl Fn(&'l T) -> K,
) -> impl Iterator<Item = (Option<&'l T>, Option<&'l T>)> {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (ours.peek(), theirs.peek()) {
            (Some(left), Some(right)) => key(left).cmp(&key(right)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let left = if order.is_le() { ours.next() } else { None };
        let right = if order.is_ge() { theirs.next() } else { None };
        Some((left, right))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_sides_are_numbered_in_their_order() {
        let image = |names: &[&str]| {
            let symbol = |name: &&str| SymbolFacts {
                raw: (*name).to_owned(),
                kind: "func",
                binding: "global",
                visibility: "default",
                size: 4,
                value: 0,
                other: 0,
                section: None,
            };
            ImageFacts { symbols: names.iter().map(symbol).collect(), ..ImageFacts::default() }
        };
        let (left, right) = (image(&["c", "a.llvm.1", "a"]), image(&["d", "b", "c", "a"]));
        let measured = Measured::of(Pair { name: "vmlinux", left: &left, right: &right });
        let told = |side: &Side<'_>| -> Vec<(String, usize)> {
            side.names.iter().map(|it| (it.symbol.raw.clone(), it.id)).collect()
        };
        let own = |list: &[(&str, usize)]| -> Vec<(String, usize)> {
            list.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect()
        };
        assert_eq!(told(&measured.left), own(&[("a.llvm.1", 0), ("a", 0), ("c", 2)]));
        assert_eq!(told(&measured.right), own(&[("a", 0), ("b", 1), ("c", 2), ("d", 3)]));
        // The other side has no `b` and no `d`, and another number of `a`.
        assert_eq!(Vec::from_iter(&measured.resized), ["a", "b", "d"]);
    }
}
