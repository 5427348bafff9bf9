use crate::text::{safe, thousands};
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeSet;
use twinlto_model::Mode;

/// What became of one facet: in words, and as a diff. None where it is as it was. `about` tells of
/// a line what it is about: two lines about one thing are one thing that changed.
#[must_use]
pub fn facet_change(
    unit: &str,
    about: impl Fn(&str) -> &str,
    mode: Option<Mode>,
    recorded: Option<&str>,
    now: &str,
) -> Option<Change> {
    let count = |text: &str| thousands(text.lines().count() as u64);
    let place = mode.map(|mode| format!(" {mode}")).unwrap_or_default();
    let Some(before) = recorded else {
        return Some(Change {
            words: format!("{unit} {}{place}, not recorded yet", count(now)),
            diff: String::new(),
        });
    };
    if before == now {
        return None;
    }
    let diff = TextDiff::from_lines(before, now);
    let side = |side: ChangeTag| -> BTreeSet<String> {
        let lines = diff.iter_all_changes().filter(|change| change.tag() == side);
        lines.map(|change| about(change.value().trim_end()).to_owned()).collect()
    };
    let (gone, new) = (side(ChangeTag::Delete), side(ChangeTag::Insert));
    let both = gone.intersection(&new).count();
    let parts = [("changed", both), ("gone", gone.len() - both), ("new", new.len() - both)];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(word, n)| format!("{} {word}", thousands(n as u64)))
        .collect();
    let words = format!("{unit} {} → {}{place}: {}", count(before), count(now), parts.join(", "));
    let unified = diff.unified_diff().context_radius(1).header("recorded", "now").to_string();
    let diff = unified.lines().map(|line| safe(line) + "\n").collect();
    Some(Change { words, diff })
}

/// A facet that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// One line: which facts, and how many before and now.
    pub words: String,
    /// The facts that changed.
    pub diff: String,
}

#[cfg(test)]
mod tests {
    use super::facet_change;
    use twinlto_model::Mode;

    #[test]
    fn words_come_first_and_then_the_facts() {
        let mode = Some(Mode::InProcess);
        fn whole(line: &str) -> &str {
            line
        }
        let change = facet_change("promoted names", whole, mode, Some("a\nb\n"), "b\n").unwrap();
        assert_eq!(change.words, "promoted names 2 → 1 in-process: 1 gone");
        assert!(change.diff.contains("\n-a\n"));
        assert_eq!(facet_change("y", whole, None, Some("a\n"), "a\n"), None);
        let new = facet_change("y", whole, None, None, "a\n").unwrap();
        assert!(new.words.contains("not recorded"));
    }

    #[test]
    fn a_fact_that_changed_is_not_gone_and_new() {
        fn first(line: &str) -> &str {
            line.split(' ').next().unwrap()
        }
        let (before, now) = ("a 1\nb 1\nc 1\n", "a 2\nc 1\nd 1\n");
        let change = facet_change("exports", first, None, Some(before), now).unwrap();
        assert_eq!(change.words, "exports 3 → 3: 1 changed, 1 gone, 1 new");
    }
}
