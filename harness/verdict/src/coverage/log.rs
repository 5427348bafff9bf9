//! The account of the logs of two builds: every line of them.

use crate::diagnostics::unheard_lines;
use crate::diff::Sides;
use std::collections::BTreeMap;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::log::{LineKind, Tool};
use twinlto_model::{Account, AccountBuilder, Layer, Unit};

/// One account for each side of which there is a log.
#[must_use]
pub fn logs(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Account> {
    let unheard = match unheard_lines(sides, a, b) {
        Some([left, right]) => [Some(left), Some(right)],
        None => [None, None],
    };
    let both = [(sides.left, a), (sides.right, b)].into_iter().zip(unheard);
    both.filter_map(|((side, facts), unheard)| one(side, facts, unheard.as_ref())).collect()
}

/// The account of one log; `unheard` is how many lines of a tool's messages were held against nothing,
/// none where no line was compared.
fn one(side: &str, facts: &BuildFacts, unheard: Option<&Unheard>) -> Option<Account> {
    let lines = &facts.log.account;
    let account = Account::of(side, "the log", Unit::Lines, lines.lines());
    let whole = lines.kinds().fold(account, |account, (kind, n)| enter(account, kind, n, unheard));
    (lines.lines() > 0).then(|| whole.close())
}

type Unheard = BTreeMap<Tool, u64>;

fn enter(
    account: AccountBuilder,
    kind: LineKind,
    lines: u64,
    unheard: Option<&Unheard>,
) -> AccountBuilder {
    let what = kind.to_string();
    match (kind, unheard) {
        (LineKind::Unknown, _) => {
            account.not_compared("they are neither commands nor messages of a tool", what, lines)
        }
        (kind, None) if kind.is_compared() => account.not_compared(
            "there is no log of the other build that shows the same",
            what,
            lines,
        ),
        (LineKind::Message(tool), Some(unheard)) => {
            let alone = unheard.get(&tool).copied().unwrap_or(0).min(lines);
            let why = "they are of steps that the other log does not show";
            account
                .compared(Layer::Diagnostics, what.clone(), lines - alone)
                .not_compared(why, what, alone)
        }
        (kind, _) if kind.is_compared() => account.compared(Layer::Diagnostics, what, lines),
        (LineKind::Note | LineKind::Context, _) => {
            account.set_aside("it belongs to a message", what, lines)
        }
        (LineKind::Follows, _) => {
            account.set_aside("it counts where no tool says why", what, lines)
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
        let accounts = logs(Sides::modes(Arch::Arm64), &facts, &facts);
        let account = accounts.first().unwrap();
        assert_eq!((account.total, account.compared(), account.not_compared()), (6, 2, 1));
        // Where there is no other log, nothing of it was compared.
        let accounts = logs(Sides::modes(Arch::Arm64), &facts, &BuildFacts::default());
        assert_eq!(accounts.len(), 1);
        let account = accounts.first().unwrap();
        assert_eq!((account.total, account.compared(), account.not_compared()), (6, 0, 3));
    }

    #[test]
    fn a_message_that_was_held_against_nothing_was_not_compared() {
        let of = |text: &str| {
            let log = BuildLog::parse(text.as_bytes());
            BuildFacts { log, ..BuildFacts::default() }
        };
        let (a, b) = (
            of("  CC      a.o\n  CC      b.o\nb.c:1:2: warning: x [-Wx]\n"),
            of("  CC      a.o\n"),
        );
        let accounts = logs(Sides::of(Arch::Arm64, None, None), &a, &b);
        let account = accounts.first().unwrap();
        assert_eq!((account.total, account.compared(), account.not_compared()), (3, 2, 1));
    }
}
