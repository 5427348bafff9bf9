//! The account of linked images: every byte of their loaded sections.

use crate::diff::{Pair, Sides, pairs};
use twinlto_facts::build::{BuildFacts, ImageFacts};
use twinlto_facts::elf::Content;
use twinlto_model::{Account, AccountBuilder, Layer, Unit};

/// One account a side for `vmlinux` and every module that both builds have.
pub(crate) fn images(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Account> {
    let pairs = pairs(sides, a, b).unwrap_or_default();
    pairs.iter().flat_map(|pair| of_pair(sides, pair)).collect()
}

fn of_pair(sides: Sides<'_>, pair: &Pair<'_>) -> [Account; 2] {
    [(sides.left, pair.left), (sides.right, pair.right)]
        .map(|(side, image)| one(sides, pair.name, side, image))
}

fn one(sides: Sides<'_>, name: &str, side: &str, image: &ImageFacts) -> Account {
    let total = image.extents.iter().map(|extent| extent.bytes).sum();
    let account = Account::of(side, name, Unit::Bytes, total);
    image
        .extents
        .iter()
        .fold(account, |account, extent| {
            enter(sides, account, &extent.section, extent.content, extent.bytes)
        })
        .close()
}

/// Why bytes at other addresses are not held against each other.
const PLACED: &str =
    "between the modes they lie at other addresses; their names and sizes are compared";

fn enter(
    sides: Sides<'_>,
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
        Content::Padding => account.set_aside("padding", "padding", bytes),
        Content::Function if sides.modes => {
            account.not_compared(PLACED, "contents of functions", bytes)
        }
        Content::Variable if sides.modes => {
            account.not_compared(PLACED, "contents of variables", bytes)
        }
        Content::Labelled | Content::Unnamed if sides.modes => {
            let why = "no symbol of a function or variable covers them";
            account.not_compared(why, "other bytes", bytes)
        }
        _ => account,
    }
}
