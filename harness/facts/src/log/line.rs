//! What the lines of a log are that are no messages: commands that `V=1` echoes, kbuild's short
//! lines, make's own words, what belongs to a message before it. What is none of these is counted,
//! so that no message is passed over without a word.

use super::marks::mark;
use crate::program::is_make;
use memchr::{memchr3_iter, memmem};

/// A line that is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A command, or a line of one.
    Command,
    /// kbuild's `  CC      lib/a.o`, or `# CC      lib/a.o` before a command.
    Short { what: &'a str, target: &'a str },
    /// make enters a directory.
    Enters(&'a str),
    /// It belongs to a message.
    Context,
    /// make speaks of itself.
    Made,
    /// What tools say while they work.
    Chatter,
    /// A CI's own.
    Ci,
    /// Nothing.
    Blank,
    /// Nobody knows.
    Unknown,
}

/// Reads line after line; a command may have several.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The last line of a command ended with a backslash.
    goes_on: bool,
    /// A single quote of a command is still open.
    is_open: bool,
}

impl Lines {
    /// Tells a line that [`super::message::message`] does not know.
    pub(super) fn tell<'a>(&mut self, line: &'a str) -> Line<'a> {
        let text = line.trim();
        if text.is_empty() {
            return Line::Blank;
        }
        if let Some((what, target)) = short(line) {
            return Line::Short { what, target };
        }
        if let Some(dir) = enters(line) {
            return Line::Enters(dir);
        }
        if is_made(line) {
            return Line::Made;
        }
        if is_context(line) {
            return Line::Context;
        }
        if !self.goes_on && !self.is_open && mark(line).is_some() {
            return Line::Ci;
        }
        let starts = line.starts_with("  ") || line.starts_with(['#', '\t', '+']);
        if !starts && !self.goes_on && !self.is_open && !is_shell(text) {
            return if is_chatter(text) { Line::Chatter } else { Line::Unknown };
        }
        if starts && !self.goes_on {
            // A command of its own: what another one left open is not its matter.
            self.is_open = false;
        }
        self.goes_on = text.ends_with('\\');
        if quotes(text) % 2 == 1 {
            self.is_open = !self.is_open;
        }
        Line::Command
    }
}

/// Single quotes that the shell sees: those within double quotes are text.
fn quotes(text: &str) -> usize {
    let (mut count, mut double, mut escaped) = (0, false, None);
    let bytes = text.as_bytes();
    for at in memchr3_iter(b'\\', b'"', b'\'', bytes) {
        match bytes.get(at) {
            _ if escaped == Some(at) => {}
            Some(b'\\') => escaped = Some(at + 1),
            Some(b'"') if count % 2 == 0 => double = !double,
            Some(b'\'') if !double => count += 1,
            _ => {}
        }
    }
    count
}

/// `  CC [M]  fs/a.o` and `# CC      a.o`: what is done, and the target.
fn short(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("  ").or_else(|| line.strip_prefix("# "))?;
    let mut words = rest.split_whitespace();
    let what = words.next()?;
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_-".contains(c);
    if rest.starts_with(' ') || !what.chars().all(is_name) || !what.starts_with(char::is_alphabetic)
    {
        return None;
    }
    let target = words.next_back()?;
    Some((what, target))
}

/// `make[1]: Entering directory '/build'`, in any language: an absolute path in quotes, at the end
/// or with words behind it.
fn enters(line: &str) -> Option<&str> {
    const QUOTES: [char; 10] = ['\'', '`', '"', '‘', '’', '„', '“', '”', '«', '»'];
    let rest = said_by_make(line)?;
    let (_, quoted) = rest.split_once(QUOTES)?;
    let (dir, after) = quoted.trim_start_matches('\u{a0}').split_once(QUOTES)?;
    let is_all = !after.contains(QUOTES) && !after.ends_with('.');
    let dir = dir.trim_end_matches('\u{a0}');
    (is_all && dir.starts_with('/') && !rest.starts_with("***")).then_some(dir)
}

/// What stands behind `make[1]: `. Of a command, which holds anything, only the first words are looked at.
fn said_by_make(line: &str) -> Option<&str> {
    const LONGEST: usize = 200;
    let head = line.as_bytes();
    let at = memmem::find(head.get(..=LONGEST).unwrap_or(head), b": ")?;
    let who = line.get(..at).filter(|who| is_make(who))?;
    line.get(who.len() + 2..)
}

/// What make says of itself.
fn is_made(line: &str) -> bool {
    said_by_make(line).is_some()
        || line.ends_with("Waiting for unfinished jobs....") && line.contains("make[")
}

/// What follows a message, or leads to it.
fn is_context(line: &str) -> bool {
    let text = line.trim_start();
    let quoted_source = || {
        let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
        digits.starts_with(" | ") || digits.starts_with("| ") || digits == "|"
    };
    let is_marks = || text.chars().all(|c| "^~ |.".contains(c)) && text.contains(['^', '~']);
    let counts = || {
        text.ends_with(" generated.") && text.starts_with(|c: char| c.is_ascii_digit())
            || text.starts_with("(To see full details build your kernel with:")
    };
    const STARTS: [&str; 21] = [
        "--> ",
        "= note: ",
        "= help: ",
        "help: ",
        "For more information about this error",
        "In file included from ",
        "from ",
        ">>> ",
        "Stack dump:",
        "PLEASE submit a bug report",
        "PLEASE ATTACH THE FOLLOWING",
        "Preprocessed source(s)",
        "********************",
        "To suppress this warning",
        "Depends on [",
        "Selected by [",
        "Requested value:",
        "Actual value:",
        "Previous value:",
        "New value:",
        "The function ",
    ];
    // The option of a message in which the linker of modules speaks stands on a line of its own.
    let is_option = || text.starts_with("[-W") && text.ends_with(']');
    quoted_source()
        || is_option()
        || is_marks()
        || counts()
        || STARTS.iter().any(|start| text.starts_with(start))
}

/// Whether it is a command by its first word, or by what only the shell knows.
fn is_shell(text: &str) -> bool {
    const WORDS: [&str; 29] = [
        "set", "make", "mkdir", "sh", "bash", "test", "ln", "rm", "mv", "cp", "cat", "echo",
        "printf", "if", "then", "else", "fi", "for", "do", "done", "{", "}", "(", ":", "cd", "awk",
        "sed", "trap", "touch",
    ];
    let first = text.split(' ').next().unwrap_or_default();
    let assigns = first.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    });
    WORDS.contains(&first)
        || assigns
        || first.starts_with(['/', '-', '\'', '"', '%', '@', '$'])
        || (first.contains('/') && !first.ends_with(':'))
        || ["; ", " && ", " || ", " > ", " >> ", " | ", "$("].iter().any(|it| text.contains(it))
        || text.ends_with('\\')
}

/// What tools say while they work.
fn is_chatter(text: &str) -> bool {
    const STARTS: [&str; 9] = [
        "Setup is ",
        "System is ",
        "CRC ",
        "Kernel: arch/",
        "Using ",
        "Merging ",
        "***",
        // scripts/asn1_compiler.c
        "Extracted ",
        "Pass ",
    ];
    STARTS.iter().any(|start| text.starts_with(start)) || text == "#"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&'static str]) -> Vec<Line<'static>> {
        let mut reader = Lines::default();
        lines.iter().map(|line| reader.tell(line)).collect()
    }

    #[test]
    fn short_lines_name_their_target() {
        for line in ["  CC      lib/a.o", "# CC [M]  lib/a.o", "  CC [M]  lib/a.o"] {
            assert_eq!(told(&[line]), [Line::Short { what: "CC", target: "lib/a.o" }]);
        }
        let enters = "make[1]: Entering directory '/b'";
        assert_eq!(told(&[enters]), [Line::Enters("/b")]);
        let german = "make[1]: Verzeichnis „/b“ wird betreten";
        assert_eq!(told(&[german]), [Line::Enters("/b")]);
        let other = "make[1]: '/b/vmlinux' is up to date.";
        assert_eq!(told(&[other]), [Line::Made]);
    }

    #[test]
    fn a_command_of_several_lines_is_one() {
        let lines = [
            "  printf '",
            "%s",
            "' 'saved := -O2' >> .a.o.cmd",
            "make -f x \\",
            "need-builtin=1 \\",
            "any words",
        ];
        assert_eq!(told(&lines), [Line::Command; 6]);
    }

    #[test]
    fn what_follows_a_message_is_no_news_and_the_rest_is_counted() {
        for line in [
            "In file included from lib/a.c:3:",
            "   12 | int x = y;",
            "      |         ^~",
            ">>> referenced by a.c",
            "2 warnings generated.",
            "make[2]: Nothing to be done for 'all'.",
        ] {
            assert!(matches!(told(&[line])[..], [Line::Context | Line::Made]), "{line}");
        }
        assert_eq!(told(&["Something went astray"]), [Line::Unknown]);
    }
}
