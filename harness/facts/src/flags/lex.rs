use std::borrow::Cow;
use std::fmt;

/// One simple command of a shell line: its words, quotes removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command<'a> {
    /// The words, the program first.
    pub words: Vec<Cow<'a, str>>,
    /// The command as it stands in the line.
    pub text: &'a str,
}

/// Why a line is not a shell line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LexError {
    /// A quote that opens at this byte is never closed.
    OpenQuote {
        /// The quote character.
        quote: char,
        /// Byte offset from the start of the line.
        at: usize,
    },
    /// The line ends in a backslash.
    TrailingBackslash,
}

impl fmt::Display for LexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenQuote { quote, at } => write!(f, "the {quote} at byte {at} is never closed"),
            Self::TrailingBackslash => f.write_str("the line ends in a backslash"),
        }
    }
}

impl std::error::Error for LexError {}

/// Splits a line into commands and words as `sh` does, without running anything.
///
/// `;`, `&`, `|`, `(`, `)`, `<`, `>` and newlines outside quotes end a command (kbuild joins
/// the compiler and objtool with `;`), so a redirection's target begins a command of its own:
/// harmless, since only the first command of a line is ever looked at. Expansions (`$x`,
/// globs, `~`) are left as they stand. Words without quotes borrow from the line.
///
/// # Errors
///
/// [`LexError`] for an open quote or a trailing backslash.
pub fn lex(line: &str) -> Result<Vec<Command<'_>>, LexError> {
    let mut lexer = Lexer::new(line);
    lexer.run()?;
    Ok(lexer.commands)
}

/// The words of a piece of a command, such as options to be put into one; none where it is more
/// than that: where a quote stays open, a word goes on, or an operator stands outside quotes.
#[must_use]
pub fn lex_piece(text: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut lexer = Lexer::new(text);
    lexer.run().ok()?;
    if lexer.has_operator {
        return None;
    }
    Some(lexer.commands.pop().map(|command| command.words).unwrap_or_default())
}

struct Lexer<'a> {
    line: &'a str,
    rest: &'a str,
    commands: Vec<Command<'a>>,
    words: Vec<Cow<'a, str>>,
    /// Where the first of these words begins and the last one ends, in bytes of the line.
    span: (usize, usize),
    has_operator: bool,
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

const fn is_operator(c: char) -> bool {
    matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>' | '\n')
}

/// Whether a byte ends a run of plain text outside quotes. All such bytes are ASCII, so none is
/// part of another character.
const fn is_special(byte: u8) -> bool {
    is_blank(byte as char) || is_operator(byte as char) || matches!(byte, b'\'' | b'"' | b'\\')
}

impl<'a> Lexer<'a> {
    const fn new(line: &'a str) -> Self {
        Self {
            line,
            rest: line,
            commands: Vec::new(),
            words: Vec::new(),
            span: (0, 0),
            has_operator: false,
        }
    }

    fn run(&mut self) -> Result<(), LexError> {
        loop {
            self.rest = self.rest.trim_start_matches(is_blank);
            match self.rest.chars().next() {
                None => break,
                Some(c) if is_operator(c) => {
                    self.advance(c.len_utf8());
                    self.has_operator = true;
                    self.end_command();
                }
                Some(_) => {
                    let start = self.offset();
                    if let Some(word) = self.word()? {
                        if self.words.is_empty() {
                            self.span.0 = start;
                        }
                        self.span.1 = self.offset();
                        self.words.push(word);
                    }
                }
            }
        }
        self.end_command();
        Ok(())
    }

    fn end_command(&mut self) {
        if !self.words.is_empty() {
            let text = self.line.get(self.span.0..self.span.1).unwrap_or_default();
            self.commands.push(Command { words: std::mem::take(&mut self.words), text });
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn offset(&self) -> usize {
        self.line.len() - self.rest.len()
    }

    /// The next word; none for a line continuation, which is no word at all.
    fn word(&mut self) -> Result<Option<Cow<'a, str>>, LexError> {
        let plain = self.take_plain();
        match self.rest.chars().next() {
            Some('\'' | '"' | '\\') => {}
            _ => return Ok(Some(Cow::Borrowed(plain))),
        }
        let mut word = plain.to_owned();
        let mut quoted = !plain.is_empty();
        loop {
            word.push_str(self.take_plain());
            match self.rest.chars().next() {
                Some('\'') => {
                    quoted = true;
                    self.single(&mut word)?;
                }
                Some('"') => {
                    quoted = true;
                    self.double(&mut word)?;
                }
                Some('\\') => quoted |= self.escape(&mut word)?,
                _ => break,
            }
        }
        Ok((quoted || !word.is_empty()).then_some(Cow::Owned(word)))
    }

    fn take_plain(&mut self) -> &'a str {
        let end = self.rest.bytes().position(is_special).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn take_until(&mut self, stop: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(stop).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn single(&mut self, word: &mut String) -> Result<(), LexError> {
        let at = self.offset();
        self.advance(1);
        match self.rest.split_once('\'') {
            Some((text, rest)) => {
                word.push_str(text);
                self.rest = rest;
                Ok(())
            }
            None => Err(LexError::OpenQuote { quote: '\'', at }),
        }
    }

    fn double(&mut self, word: &mut String) -> Result<(), LexError> {
        let at = self.offset();
        self.advance(1);
        loop {
            word.push_str(self.take_until(|c| matches!(c, '"' | '\\')));
            let mut chars = self.rest.chars();
            match (chars.next(), chars.next()) {
                (Some('"'), _) => {
                    self.advance(1);
                    return Ok(());
                }
                // POSIX 2.2.3: in double quotes a backslash escapes only these.
                (Some('\\'), Some(c @ ('$' | '`' | '"' | '\\'))) => {
                    word.push(c);
                    self.advance(2);
                }
                (Some('\\'), Some('\n')) => self.advance(2),
                (Some('\\'), Some(_)) => {
                    word.push('\\');
                    self.advance(1);
                }
                _ => return Err(LexError::OpenQuote { quote: '"', at }),
            }
        }
    }

    /// A backslash outside quotes; tells whether it stands for a character.
    fn escape(&mut self, word: &mut String) -> Result<bool, LexError> {
        self.advance(1);
        match self.rest.chars().next() {
            None => Err(LexError::TrailingBackslash),
            Some('\n') => {
                self.advance(1);
                Ok(false)
            }
            Some(c) => {
                word.push(c);
                self.advance(c.len_utf8());
                Ok(true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_command_keeps_its_text() {
        let line = "set -e;  clang -DX='\"a b\"' -c a.c ; printf '%s; x' y >> .a.cmd";
        let texts: Vec<&str> = lex(line).unwrap().iter().map(|c| c.text).collect();
        assert_eq!(texts, ["set -e", "clang -DX='\"a b\"' -c a.c", "printf '%s; x' y", ".a.cmd"]);
    }

    fn words(line: &str) -> Vec<Vec<String>> {
        lex(line)
            .unwrap()
            .into_iter()
            .map(|c| c.words.into_iter().map(Cow::into_owned).collect())
            .collect()
    }

    #[test]
    fn quotes_go_and_what_they_hold_stays() {
        assert_eq!(
            words(r#"clang -DA='"x y"' "-DB=\"z\"" -DC=\$d ''"#),
            [["clang", r#"-DA="x y""#, r#"-DB="z""#, "-DC=$d", ""]]
        );
    }

    #[test]
    fn objtool_after_a_semicolon_is_another_command() {
        assert_eq!(
            words("clang -c a.c  ; ./tools/objtool --link a.o"),
            [vec!["clang", "-c", "a.c"], vec!["./tools/objtool", "--link", "a.o"]]
        );
    }

    #[test]
    fn a_piece_is_words_and_nothing_else() {
        assert_eq!(lex_piece(" -O2  -DA=';'").unwrap(), ["-O2", "-DA=;"]);
        assert_eq!(lex_piece("").unwrap().len(), 0);
        for text in ["cd x; ", "a 'b", "a \\", "; a", "a > b"] {
            assert_eq!(lex_piece(text), None, "{text}");
        }
    }

    #[test]
    fn a_quoted_operator_is_text() {
        assert_eq!(words("a ';|&' \\;"), [["a", ";|&", ";"]]);
    }

    #[test]
    fn an_open_quote_is_named_with_its_place() {
        assert_eq!(lex("ab 'c"), Err(LexError::OpenQuote { quote: '\'', at: 3 }));
        assert_eq!(lex("ab \"c\\\""), Err(LexError::OpenQuote { quote: '"', at: 3 }));
        assert_eq!(lex("ab \\"), Err(LexError::TrailingBackslash));
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "\\PC*") {
            let _ = lex(&line);
        }

        /// Whatever words there are, quoting and lexing brings them back (shlex is the oracle).
        #[test]
        fn quoting_and_lexing_brings_words_back(list in prop::collection::vec("[^\\x00]{0,12}", 1..6)) {
            let line = shlex::try_join(list.iter().map(String::as_str)).unwrap();
            prop_assert_eq!(words(&line), vec![list]);
        }

        #[test]
        fn without_operators_it_agrees_with_shlex(line in "[a-z\\-= '\"\\\\]{0,40}") {
            let ours = lex(&line).ok().map(|c| {
                c.into_iter().flat_map(|c| c.words).map(Cow::into_owned).collect::<Vec<_>>()
            });
            prop_assert_eq!(ours, shlex::split(&line));
        }
    }
}
