//! Text of a report within Markdown: it stays readable as plain text, and means nothing to a
//! Markdown renderer.

use crate::finding::cut;
use crate::text::fill;

/// Without what could end a line, hide it or turn it round: control characters, line separators
/// and the marks of writing direction.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { '\u{fffd}' } else { c }).collect()
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fffe}'
                | '\u{ffff}'
        )
}

/// A sentence in lines of at most so many columns, word by word: a word that a renderer would read as
/// more than a word is code.
pub(super) fn inline(text: &str, columns: usize) -> Vec<String> {
    let clean = clean(text);
    let mut words: Vec<String> = Vec::new();
    for word in clean.split(' ').filter(|word| !word.is_empty()) {
        match words.last_mut() {
            // Clang's place in what an asm statement became: the one place with a blank in it.
            Some(last) if last == "<inline" && word.starts_with("asm>") => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    // Before it is code: the mark that ends it must not be cut off.
    let words: Vec<String> = words.iter().map(|text| word(&cut(text, LONGEST))).collect();
    fill(words.iter().map(String::as_str), columns)
}

/// Columns of a word: a path may be long.
const LONGEST: usize = 110;

fn word(word: &str) -> String {
    match () {
        () if is_plain(word) => word.to_owned(),
        // Between backticks a backtick would end the code.
        () if word.contains('`') => escaped(word),
        () => format!("`{word}`"),
    }
}

/// A cell of a table, in which a bar ends it, even one in code.
pub(super) fn cell(text: &str) -> String {
    escaped(&clean(text))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if SPECIAL.contains(c) || c == '_' {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// What begins emphasis, code, links, HTML, entities, cells, strikes, formulas, and on GitHub
/// mentions and references.
const SPECIAL: &str = "\\`*[]<>|~&@#$";

fn is_plain(word: &str) -> bool {
    // At the start of a line these would begin a list or underline a heading.
    let number = word.strip_suffix(['.', ')']);
    let is_mark = word.chars().all(|c| "-+=".contains(c))
        || number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let is_emoji = word.matches(':').count() > 1;
    !is_mark && !is_emoji && !word.contains(|c| SPECIAL.contains(c)) && !underlines(word)
}

/// Whether an underscore stands at the edge of a word, where it begins or ends emphasis.
fn underlines(word: &str) -> bool {
    word.split('_').count() > 1
        && word.split('_').any(|part| {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            edge(part.chars().next()) || edge(part.chars().next_back())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline(text: &str) -> String {
        super::inline(text, 1000).join(" ")
    }

    #[test]
    fn a_place_in_an_asm_statement_is_one_piece_of_code() {
        assert_eq!(
            inline("lib/a.o <inline asm>:1:2: error: invalid 'dmb', <inline asm>"),
            "lib/a.o `<inline asm>:1:2:` error: invalid 'dmb', `<inline asm>`"
        );
        assert_eq!(inline("<inline x asm>"), "`<inline` x `asm>`");
        // Nor is it broken over two lines, of which one may be left out.
        let lines = super::inline("broken: <inline asm>:1:2: error", 16);
        assert_eq!(lines, ["broken:", "`<inline asm>:1:2:`", "error"]);
    }

    #[test]
    fn ordinary_sentences_stay_as_they_are() {
        for text in [
            "10 objects were compiled without their options, on 1 of 1 architecture",
            "x86_64's exports, symbols (nothing was compiled: only planned)",
            "Linux 7.3.4 · tiny +kvm.config · clang 22.1.8 · distributed against in-process",
            "the first of two; 4 of 5 are -O2",
        ] {
            assert_eq!(inline(text), text);
        }
    }

    #[test]
    fn what_a_renderer_would_read_is_code() {
        assert_eq!(inline("lib/*.o _x_ @root #1 a|b"), "`lib/*.o` `_x_` `@root` `#1` `a|b`");
        assert_eq!(inline("- 1. === -----"), "`-` `1.` `===` `-----`");
        assert_eq!(inline("<img src=x> &amp; :bug:"), "`<img` `src=x>` `&amp;` `:bug:`");
        assert_eq!(inline("a`b`` ```"), "a\\`b\\`\\` \\`\\`\\`");
        assert_eq!(inline("a\nb\u{1b}[31m\u{202e}c"), "`a\u{fffd}b\u{fffd}[31m\u{fffd}c`");
    }

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(cell("6m41s + 38s"), "6m41s + 38s");
        assert_eq!(cell("a|b\\|c`\n"), "a\\|b\\\\\\|c\\`\u{fffd}");
    }
}
