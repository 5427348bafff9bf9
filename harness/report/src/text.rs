use std::time::Duration;
pub use twinlto_model::thousands;
use unicode_width::UnicodeWidthStr;

/// `6m41s`, `38s`, `1h02m`; below ten seconds with one decimal.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", time.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// A text filled up with spaces to so many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let fill = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(fill))
}

/// Breaks a text at spaces into lines of at most so many columns; a longer word stays whole.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    fill(text.split(' ').filter(|w| !w.is_empty()), columns)
}

/// Lines of at most so many columns, made of words that stay whole, blanks within them or not.
pub(crate) fn fill<'a>(words: impl Iterator<Item = &'a str>, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// What must not reach a terminal from a tree's file names: control characters.
pub(crate) fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The first few lines, of which the last ends in `…` if there were more.
pub(crate) fn clip(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push_str(" …");
        }
    }
    lines
}

/// The first few of a list, then `+N`.
pub(crate) fn first_few(list: &[&str], few: usize) -> String {
    let shown: Vec<String> = list.iter().take(few).map(|s| safe(s)).collect();
    match list.len().saturating_sub(few) {
        0 => shown.join(", "),
        more => format!("{}, +{}", shown.join(", "), thousands(more as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let times =
            [400, 9_960, 38_000, 401_000, 3_725_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(times, ["0.4s", "10.0s", "38s", "6m41s", "1h02m"]);
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("longword x", 3), ["longword", "x"]);
    }

    #[test]
    fn a_list_is_cut_and_says_so() {
        assert_eq!(first_few(&["a", "b", "c"], 2), "a, b, +1");
        assert_eq!(first_few(&["a\u{1b}[31m"], 2), "a\u{fffd}[31m");
    }
}
