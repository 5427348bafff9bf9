use crate::text::{safe, thousands};
use similar::{ChangeTag, TextDiff};
use twinlto_model::Mode;

/// What became of one facet: in words, and as a diff. None where it is as it was.
#[must_use]
pub fn facet_change(
    unit: &str,
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
    let tags = diff.iter_all_changes().map(|change| change.tag());
    let (mut gone, mut new) = (0_u64, 0_u64);
    for tag in tags {
        gone += u64::from(tag == ChangeTag::Delete);
        new += u64::from(tag == ChangeTag::Insert);
    }
    let words = format!(
        "{unit} {} → {}{place}: {} gone, {} new",
        count(before),
        count(now),
        thousands(gone),
        thousands(new),
    );
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
        let change = facet_change("promoted names", mode, Some("a\nb\n"), "b\n").unwrap();
        assert_eq!(change.words, "promoted names 2 → 1 in-process: 1 gone, 0 new");
        assert!(change.diff.contains("\n-a\n"));
        assert_eq!(facet_change("y", None, Some("a\n"), "a\n"), None);
        assert!(facet_change("y", None, None, "a\n").unwrap().words.contains("not recorded"));
    }
}
