use crate::text::{safe, thousands};
use similar::TextDiff;

/// What became of one facet: in words, and as a diff. None where it is as it was.
#[must_use]
pub fn facet_change(name: &str, unit: &str, recorded: Option<&str>, now: &str) -> Option<Change> {
    let count = |text: &str| thousands(text.lines().count() as u64);
    let Some(before) = recorded else {
        return Some(Change {
            words: format!("{name}: {} {unit}, not recorded yet", count(now)),
            diff: String::new(),
        });
    };
    if before == now {
        return None;
    }
    let diff = TextDiff::from_lines(before, now);
    let mut words = format!("{name}: {unit} {} → {}", count(before), count(now));
    if count(before) == count(now) {
        words = format!("{name}: {} {unit}, other ones or in another order", count(now));
    }
    let unified = diff.unified_diff().context_radius(1).header("recorded", "now").to_string();
    let diff = unified.lines().map(|line| safe(line) + "\n").collect();
    Some(Change { words, diff })
}

/// A facet that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// One line: which facet, and how many facts before and now.
    pub words: String,
    /// The facts that changed.
    pub diff: String,
}

#[cfg(test)]
mod tests {
    use super::facet_change;

    #[test]
    fn words_come_first_and_then_the_facts() {
        let change = facet_change("promoted", "promoted names", Some("a\nb\n"), "b\n").unwrap();
        assert_eq!(change.words, "promoted: promoted names 2 → 1");
        assert!(change.diff.contains("\n-a\n"));
        assert_eq!(facet_change("x", "y", Some("a\n"), "a\n"), None);
        assert!(facet_change("x", "y", None, "a\n").unwrap().words.contains("not recorded"));
    }
}
