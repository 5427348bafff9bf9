//! The account of the logs of two builds: every line of them.

use crate::diff::Sides;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::log::LineKind;
use twinlto_model::{Account, AccountBuilder, Layer, Unit};

/// One account for each side of which there is a log.
#[must_use]
pub fn logs(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Account> {
    let both = [(sides.left, a), (sides.right, b)];
    both.into_iter().filter_map(|(side, facts)| one(side, facts)).collect()
}

fn one(side: &str, facts: &BuildFacts) -> Option<Account> {
    let lines = &facts.log.account;
    let account = Account::of(side, "the log", Unit::Lines, lines.lines());
    let whole = lines.kinds().fold(account, |account, (kind, n)| enter(account, kind, n));
    (lines.lines() > 0).then(|| whole.close())
}

fn enter(account: AccountBuilder, kind: LineKind, lines: u64) -> AccountBuilder {
    let what = kind.to_string();
    match kind {
        LineKind::Unknown => {
            account.not_compared("they are neither commands nor messages of a tool", what, lines)
        }
        kind if kind.is_compared() => account.compared(Layer::Diagnostics, what, lines),
        LineKind::Note | LineKind::Context | LineKind::Follows => {
            account.set_aside("it belongs to a message that is compared", what, lines)
        }
        _ => account.set_aside("it says nothing of the kernel", what, lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::log::BuildLog;
    use twinlto_model::Arch;

    #[test]
    fn every_line_is_in_the_account_and_unknown_ones_are_not_compared() {
        let text = "make[1]: Entering directory '/b'\n  CC      a.o\na.c:1:2: warning: x [-Wx]\n\
                    \x20   1 | int x\n      |     ^\nwhat is this\n";
        let log = BuildLog::parse(text.as_bytes());
        let facts = BuildFacts { log, ..BuildFacts::default() };
        let accounts = logs(Sides::modes(Arch::Arm64), &facts, &BuildFacts::default());
        assert_eq!(accounts.len(), 1);
        let account = accounts.first().unwrap();
        assert_eq!((account.total, account.compared(), account.not_compared()), (6, 2, 1));
    }
}
