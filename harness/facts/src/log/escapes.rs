//! Control sequences in a log: colours, hyperlinks, cursor movements, marks of a CI.
//!
//! Source: ECMA-48 (5th edition), 5.3 to 5.6: `ESC [` or U+009B with parameters, intermediates and a
//! final byte; `ESC ]`, `P`, `X`, `^`, `_` and their C1 forms with a string up to ST; `ESC` with
//! intermediates and a final byte. Terminals take BEL for the end of a string as well.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::CharIndices;

const ESC: char = '\u{1b}';
const BEL: char = '\u{7}';
const BACKSPACE: char = '\u{8}';
/// A byte order mark; of files that were put together it stands at the beginning of each.
const MARK: char = '\u{feff}';

/// The text as a terminal shows it, but for what was overwritten. A sequence that does not end in
/// this line loses its introducer alone: what stands behind it may be a message.
pub(super) fn plain(line: &str) -> Cow<'_, str> {
    // Without a way out inside of a piece, the compiler makes vectors of it.
    let is_plain = |ok: bool, b: &u8| ok & ((b' '..b'\x7f').contains(b) | (*b == b'\t'));
    let pieces = || line.as_bytes().chunks(64);
    if pieces().all(|piece| piece.iter().fold(true, is_plain)) || !line.chars().any(is_special) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            ESC => escape(after),
            '\u{9b}' => control(after),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => string(after),
            BACKSPACE => {
                out.pop();
                after
            }
            _ if is_special(c) => after,
            _ => {
                out.push(c);
                after
            }
        };
    }
    Cow::Owned(out)
}

/// What shows nothing by itself: escapes, C1, and the controls of a terminal that are no space.
const fn is_special(c: char) -> bool {
    matches!(c, ESC | BACKSPACE | MARK | '\0' | BEL | '\u{e}' | '\u{f}' | '\u{7f}'..='\u{9f}')
}

/// What follows the sequence that begins with ESC.
fn escape(after: &str) -> &str {
    let mut chars = after.char_indices().peekable();
    let Some((_, first)) = chars.next() else { return after };
    let behind = chars.peek().map_or("", |(at, _)| after.get(*at..).unwrap_or_default());
    match first {
        '[' => control(behind),
        ']' | 'P' | 'X' | '^' | '_' => string(behind),
        ' '..='/' => {
            skip(&mut chars, |c| (' '..='/').contains(&c));
            final_byte(after, &mut chars, '0'..='~')
        }
        // Single functions. A word that begins there is no function: its first letter stays.
        '0'..='~' if starts_a_word(after) => after,
        '0'..='_' | 'c' | 'n' | 'o' | '`' | '|' | '}' | '~' => behind,
        _ => after,
    }
}

fn starts_a_word(text: &str) -> bool {
    ["ERROR", "WARNING", "Error", "FATAL", "LLVM ERROR", "clang", "note: "]
        .iter()
        .any(|word| text.starts_with(word))
}

/// What follows the parameters, intermediates and the final byte of a control sequence.
fn control(after: &str) -> &str {
    let mut chars = after.char_indices().peekable();
    skip(&mut chars, |c| ('0'..='?').contains(&c));
    skip(&mut chars, |c| (' '..='/').contains(&c));
    final_byte(after, &mut chars, '@'..='~')
}

fn skip(chars: &mut Peekable<CharIndices<'_>>, is: impl Fn(char) -> bool) {
    while chars.next_if(|(_, c)| is(*c)).is_some() {}
}

fn final_byte<'t>(
    text: &'t str,
    chars: &mut Peekable<CharIndices<'_>>,
    known: std::ops::RangeInclusive<char>,
) -> &'t str {
    // Another character breaks the sequence off, and is shown.
    let _ = chars.next_if(|(_, c)| known.contains(c));
    chars.peek().map_or("", |(at, _)| text.get(*at..).unwrap_or_default())
}

/// What follows a string: ST or BEL end it.
fn string(after: &str) -> &str {
    let mut chars = after.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let ends = match c {
            BEL | '\u{9c}' => Some(at + c.len_utf8()),
            ESC => chars.next_if(|(_, c)| *c == '\\').map(|(at, _)| at + 1),
            _ => continue,
        };
        // Any other sequence in it: it was none, or was broken off.
        return ends.and_then(|end| after.get(end..)).unwrap_or(after);
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sequences_of_every_form_go_and_the_text_stays() {
        for (raw, shown) in [
            (
                "\u{1b}[1mlib/a.c:1:2: \u{1b}[0m\u{1b}[0;1;31merror: \u{1b}[0mx",
                "lib/a.c:1:2: error: x",
            ),
            ("\u{1b}[38;2;1;2;3ma\u{1b}[0K\u{1b}[?25l\u{1b}[2 qb", "ab"),
            ("\u{9b}31ma\u{9b}0m", "a"),
            ("\u{1b}]8;;https://x/y?z\u{1b}\\-Wfoo\u{1b}]8;;\u{1b}\\", "-Wfoo"),
            ("\u{1b}]0;title\u{7}a", "a"),
            ("\u{9d}8;;x\u{9c}a", "a"),
            ("\u{1b}_bk;t=1700000000000\u{7}  CC      a.o", "  CC      a.o"),
            ("\u{1b}_bk;t=1700000000000\u{1b}\\a", "a"),
            ("\u{1b}Pq#0\u{1b}\\a\u{1b}^b\u{1b}\\c\u{1b}Xd\u{1b}\\e", "ace"),
            ("\u{1b}(B\u{1b}[ma\u{f}", "a"),
            ("\u{1b}7a\u{1b}8\u{1b}Mb\u{1b}=c\u{1b}c", "abc"),
            ("\u{feff}make: a", "make: a"),
            ("e\u{8}ex\u{8}y", "ey"),
            ("\u{1b}ERROR: modpost: x", "ERROR: modpost: x"),
            ("tab\tstays", "tab\tstays"),
        ] {
            assert_eq!(plain(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn what_does_not_end_hides_nothing() {
        for raw in [
            "\u{1b}]0;x error: y",
            "\u{1b}_bk;t=1 error: y",
            "\u{9d}error: y",
            "\u{1b}]8;;u\u{1b}[31merror: y",
            "\u{1b}[31\u{e9}error: y",
            "\u{1b}[\u{1b}[31merror: y",
            "\u{1b}error: y",
            "\u{1b}",
            "\u{1b}[1;",
        ] {
            assert_eq!(plain(raw).contains("error: y"), raw.contains("error: y"), "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn no_control_is_left_and_nothing_panics(raw in "([\u{1b}\u{9b}\u{9d}\u{7}\u{8}\\[\\]_0-9;:m ]|error: |\\PC){0,40}") {
            let shown = plain(&raw);
            prop_assert!(!shown.chars().any(is_special), "{raw:?} {shown:?}");
            prop_assert_eq!(plain(&shown), shown.clone());
        }
    }
}
