//! The account of linked images: every byte of their loaded sections.

use super::beside::of_image;
use crate::diff::{Pair, Sides, lie_alike, pairs};
use twinlto_facts::build::{BuildFacts, ImageFacts};
use twinlto_facts::elf::Content;
use twinlto_model::{Account, AccountBuilder, Layer, Unit};

/// One account a side for `vmlinux` and every module that both builds have.
pub(crate) fn images(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Account> {
    let pairs = pairs(sides, a, b).unwrap_or_default();
    let is_native = |pair: &Pair<'_>| {
        let file = format!("{}.ko", pair.name);
        [a, b].iter().all(|facts| facts.natives.contains_key(&file))
    };
    let beside = pairs.iter().filter(|pair| !is_native(pair)).flat_map(|pair| {
        let both = [(sides.left, pair.left), (sides.right, pair.right)];
        both.into_iter().flat_map(|(side, image)| of_image(sides, side, pair, image))
    });
    let bytes = pairs.iter().flat_map(|pair| of_pair(sides, pair, is_native(pair)));
    bytes.chain(beside).collect()
}

fn of_pair(sides: Sides<'_>, pair: &Pair<'_>, is_native: bool) -> [Account; 2] {
    let how = if is_native { How::Natives } else { How::of(sides, pair) };
    [(sides.left, pair.left), (sides.right, pair.right)]
        .map(|(side, image)| one(how, pair.name, side, image))
}

/// How the contents of two images are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// They are not: two modes of one kernel.
    Modes,
    /// Byte for byte: relocatable files, and linked ones of one layout.
    Bytes,
    /// As a whole, with what is native in both builds: modules.
    Natives,
    /// By name, as far as they have one: linked files of other layouts.
    Names,
    /// They were not asked for.
    Nothing,
}

impl How {
    fn of(sides: Sides<'_>, pair: &Pair<'_>) -> Self {
        let has_pieces = |image: &ImageFacts| {
            !image.pieces.bodies.is_empty() || !image.pieces.stretches.is_empty()
        };
        if sides.modes {
            Self::Modes
        } else if lie_alike(pair) || has_pieces(pair.left) && has_pieces(pair.right) {
            Self::Bytes
        } else if pair.left.contents.sections.is_empty() {
            Self::Nothing
        } else {
            Self::Names
        }
    }
}

fn one(how: How, name: &str, side: &str, image: &ImageFacts) -> Account {
    let total = image.extents.iter().map(|extent| extent.bytes).sum();
    let account = Account::of(side, name, Unit::Bytes, total);
    if how == How::Natives {
        return account.compared(Layer::Natives, "all sections", total).close();
    }
    image
        .extents
        .iter()
        .fold(account, |account, extent| {
            enter(how, account, &extent.section, extent.content, extent.bytes)
        })
        .close()
}

/// Why bytes at other addresses are not held against each other.
const PLACED: &str =
    "between the modes they lie at other addresses; their names and sizes are compared";

fn enter(
    how: How,
    account: AccountBuilder,
    section: &str,
    content: Content,
    bytes: u64,
) -> AccountBuilder {
    let exports = section.starts_with("__ks") || section.starts_with("__kc");
    match content {
        Content::Table if exports => account.compared(Layer::Exports, "export tables", bytes),
        Content::Table => account.compared(Layer::Tables, "kernel tables", bytes),
        Content::Note => account.compared(Layer::Sections, "notes", bytes),
        Content::Zeroed => account.compared(Layer::Symbols, "variables without contents", bytes),
        Content::Padding if how == How::Bytes => account.compared(Layer::Code, "padding", bytes),
        Content::Padding => account.set_aside("padding", "padding", bytes),
        Content::Function => match how {
            How::Bytes => account.compared(Layer::Code, "functions", bytes),
            How::Modes => account.not_compared(PLACED, "contents of functions", bytes),
            How::Names => account.not_compared(ADDRESSES, "contents of functions", bytes),
            How::Nothing | How::Natives => account,
        },
        Content::Variable => match how {
            How::Bytes | How::Names => account.compared(Layer::Code, "variables", bytes),
            How::Modes => account.not_compared(PLACED, "contents of variables", bytes),
            How::Nothing | How::Natives => account,
        },
        Content::Labelled | Content::Unnamed => match how {
            How::Bytes => account.compared(Layer::Code, "other bytes", bytes),
            How::Modes | How::Names => account.not_compared(NAMELESS, "other bytes", bytes),
            How::Nothing | How::Natives => account,
        },
    }
}

/// Why instructions at other addresses are not held against each other.
const ADDRESSES: &str = "addresses stand in their instructions, and everything lies elsewhere; their \
                         names and sizes are compared, and their bytes where these are the same";

/// Why bytes at other addresses that have no name are not.
const NAMELESS: &str = "no symbol of a function or variable covers them";
