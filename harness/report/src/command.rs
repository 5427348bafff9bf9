//! Command lines that can be pasted.

/// A command over lines of so many columns that a shell joins again: broken at spaces outside of
/// quotes. What has no control characters in it is the same command when it is pasted.
pub(crate) fn broken(command: &str, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(2);
    let mut lines: Vec<String> = Vec::new();
    for word in words(command) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(line) => {
                line.push_str(" \\");
                lines.push(format!("  {word}"));
            }
            None => lines.push(word),
        }
    }
    lines
}

/// The words of a shell's line as they stand there, quotes and all.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut escaped = false;
    for c in command.chars() {
        match (c, quote) {
            (' ', None) if !escaped => {
                words.push(String::new());
                continue;
            }
            ('\'' | '"', None) if !escaped => quote = Some(c),
            (_, Some(open)) if open == c && !escaped => quote = None,
            _ => {}
        }
        escaped = c == '\\' && quote != Some('\'') && !escaped;
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_broken_between_its_words() {
        let long = format!("twinlto check '/a b/{}' --config {}", "x".repeat(40), "y".repeat(30));
        let lines = broken(&long, 76);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].ends_with(" \\") && lines[1].starts_with("  "), "{lines:?}");
        let joined = lines.join("\n").replace(" \\\n  ", " ");
        assert_eq!(joined, long);
    }

    #[test]
    fn quoted_spaces_end_no_word() {
        assert_eq!(words(r#"a 'b c' "d \" e" f\ g"#), ["a", "'b c'", r#""d \" e""#, r"f\ g"]);
        assert_eq!(words(r"'it'\''s' x"), [r"'it'\''s'", "x"]);
        assert_eq!(words("'open quote"), ["'open quote"]);
    }
}
