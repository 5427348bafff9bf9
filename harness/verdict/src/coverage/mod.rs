//! What was covered: an account for each input, and what follows from all of them together.

mod beside;
mod image;
mod log;

pub(crate) use beside::options;
pub(crate) use image::images;
pub use log::logs;

use crate::diff::Sides;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::BuildFacts;
use twinlto_model::{Account, Arch, NotCompared, Treatment, Unit};

/// The accounts of two builds of one kernel: their images and their logs.
pub(crate) fn twins(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Account> {
    let mut accounts = images(sides, a, b);
    accounts.push(beside::records(a, b));
    accounts.extend(logs(sides, a, b));
    accounts
}

/// What no layer compared, a line for each kind of it, with its size. Inputs that lack the same for
/// the same reason share a line.
pub(crate) fn not_compared(arch: Arch, accounts: &[Account]) -> Vec<NotCompared> {
    let mut kinds: BTreeMap<_, Vec<(&Account, u64)>> = BTreeMap::new();
    for account in accounts {
        for share in &account.shares {
            if let Treatment::NotCompared { why } = &share.treatment {
                let kind = (share.what.as_str(), why.as_str(), account.unit);
                kinds.entry(kind).or_default().push((account, share.amount));
            }
        }
    }
    kinds.into_iter().map(|((what, why, unit), of)| line(arch, what, why, unit, &of)).collect()
}

fn line(arch: Arch, what: &str, why: &str, unit: Unit, of: &[(&Account, u64)]) -> NotCompared {
    let inputs: BTreeSet<&str> = of.iter().map(|(account, _)| account.input.as_str()).collect();
    let input = match inputs.len() {
        1 => inputs.first().copied().unwrap_or_default().to_owned(),
        n => format!("{n} files"),
    };
    let mut sides: BTreeMap<&str, u64> = BTreeMap::new();
    for (account, amount) in of {
        *sides.entry(account.side.as_str()).or_default() += amount;
    }
    let amounts: BTreeSet<u64> = sides.into_values().collect();
    let amounts: Vec<String> = amounts.into_iter().map(|n| unit.count(n)).collect();
    let what = format!("{what} of {input} ({})", amounts.join(" and "));
    NotCompared { arch, what, why: why.to_owned() }
}

/// Whether accounts were kept, there was something to compare, and nothing of it was.
pub(crate) fn is_empty(accounts: &[Account]) -> bool {
    // Options and names are what leads to something.
    let is_substance = |it: &&Account| !matches!(it.unit, Unit::Options | Unit::Symbols);
    let of_substance = || accounts.iter().filter(is_substance);
    of_substance().any(|account| account.total > 0)
        && of_substance().all(|account| account.compared() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Layer, Unit};

    fn account(side: &str, input: &str, left: u64) -> Account {
        Account::of(side, input, Unit::Bytes, 10)
            .compared(Layer::Code, "functions", 10 - left)
            .not_compared("no reason", "variables", left)
            .close()
    }

    fn lines(accounts: &[Account]) -> Vec<String> {
        not_compared(Arch::Arm64, accounts).into_iter().map(|left| left.what).collect()
    }

    #[test]
    fn both_sides_of_an_input_share_a_line() {
        let same = [account("A", "vmlinux", 4), account("B", "vmlinux", 4)];
        assert_eq!(lines(&same), ["variables of vmlinux (4 bytes)"]);
        let other = [account("A", "vmlinux", 4), account("B", "vmlinux", 5)];
        assert_eq!(lines(&other), ["variables of vmlinux (4 bytes and 5 bytes)"]);
        let two = [account("A", "a.ko", 4), account("A", "b.ko", 5)];
        assert_eq!(lines(&two), ["variables of 2 files (9 bytes)"]);
        assert!(lines(&[account("A", "vmlinux", 0)]).is_empty());
    }

    #[test]
    fn nothing_of_substance_is_nothing() {
        assert!(is_empty(&[account("A", "vmlinux", 10)]));
        assert!(!is_empty(&[account("A", "vmlinux", 10), account("B", "vmlinux", 9)]));
        assert!(!is_empty(&[]));
        let names = Account::of("A", "vmlinux", Unit::Symbols, 1);
        let names = names.compared(Layer::Symbols, "functions", 1).close();
        assert!(is_empty(&[account("A", "vmlinux", 10), names]));
    }
}
