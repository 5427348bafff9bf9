use memchr::{memchr, memchr_iter, memmem};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// What a `.X.cmd` file says about the target that it belongs to.
///
/// kbuild writes the command first (`cmd_and_savecmd`), then a dependency list that is nearly
/// all of the file, then what recipes append: `saved_c_flags_X` (distributed mode) and
/// `#SYMVER` lines. So the first and the last kilobytes tell everything; the reader takes
/// those two pieces. Source: `scripts/Kbuild.include`, `scripts/Makefile.lib`,
/// `scripts/Makefile.build`, `scripts/basic/fixdep.c`, Linux 7.3; before Linux 6.3 the first
/// line begins with `cmd_` instead of `savedcmd_`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CmdFile<'a> {
    /// The target's name as the rule that made it wrote it, `..` and all.
    pub target: Cow<'a, str>,
    /// The command, with make's escapes undone: what the shell was given.
    pub command: Cow<'a, str>,
    /// The options saved for the backend, in distributed mode.
    pub saved: Option<SavedFlags<'a>>,
    /// Exported symbols and their CRCs.
    pub symvers: Vec<SymverLine<'a>>,
    /// What could not be understood.
    pub issues: Vec<CmdIssue>,
}

/// A `saved_c_flags_X := …` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFlags<'a> {
    /// The name in the variable, `X`.
    pub target: Cow<'a, str>,
    /// The options as shell text.
    pub flags: Cow<'a, str>,
}

/// The CRC of an exported symbol's type signature.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Crc(pub u32);

impl fmt::Display for Crc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

impl Crc {
    /// Reads `0x` and up to eight hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x")?;
        if digits.is_empty() || digits.len() > 8 || digits.starts_with('+') {
            return None;
        }
        u32::from_str_radix(digits, 16).ok().map(Self)
    }
}

/// One `#SYMVER name 0x…` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymverLine<'a> {
    /// The exported symbol.
    pub name: Cow<'a, str>,
    /// Its CRC.
    pub crc: Crc,
}

/// Why a `.cmd` file, or a line of it, could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CmdIssue {
    /// Zero bytes.
    Empty,
    /// The first line is not `savedcmd_X := …`.
    NoCommand(String),
    /// The first line has no end: the file was cut off, or the command is longer than was read.
    CutOff,
    /// A `#SYMVER` line without a name or with something that is no CRC.
    BadSymver(String),
    /// A `saved_c_flags_` line without ` := `.
    BadSavedFlags(String),
}

impl CmdIssue {
    /// Whether the command itself is not to be had.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Empty | Self::NoCommand(_) | Self::CutOff)
    }
}

impl fmt::Display for CmdIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::NoCommand(line) => {
                write!(f, "the first line is not 'savedcmd_TARGET := COMMAND' but '{line}'")
            }
            Self::CutOff => f.write_str("the first line has no end: the file is cut off"),
            Self::BadSymver(line) => write!(f, "'{line}' is not '#SYMVER NAME 0xCRC'"),
            Self::BadSavedFlags(line) => write!(f, "'{line}' is not 'saved_c_flags_X := FLAGS'"),
        }
    }
}

impl<'a> CmdFile<'a> {
    /// Reads a file from its first bytes (at least the whole first line) and its last bytes
    /// (at least everything after the dependency list). Give the whole file twice if unsure.
    #[must_use]
    pub fn parse(head: &'a [u8], tail: &'a [u8]) -> Self {
        let mut file = Self::default();
        file.read_head(head);
        file.read_tail(tail);
        file
    }

    /// Whether `tail` reaches back to the dependency list, so that no appended line is missed.
    ///
    /// fixdep ends the list with `$(deps_X):` (`scripts/basic/fixdep.c`); everything that
    /// recipes append comes after it.
    #[must_use]
    pub fn tail_is_complete(tail: &[u8]) -> bool {
        memmem::find(tail, b"\n$(deps_").is_some()
    }

    /// Whether a whole file ends in the middle of its dependency list. `tail` is as for
    /// [`Self::tail_is_complete`], which then asked for everything there is.
    #[must_use]
    pub fn is_cut_in_dependencies(tail: &[u8]) -> bool {
        memmem::find(tail, b"\ndeps_").is_some() && !Self::tail_is_complete(tail)
    }

    fn read_head(&mut self, head: &'a [u8]) {
        if head.is_empty() {
            self.issues.push(CmdIssue::Empty);
            return;
        }
        let end = memchr(b'\n', head);
        if end.is_none() {
            self.issues.push(CmdIssue::CutOff);
        }
        let line = text(head.get(..end.unwrap_or(head.len())).unwrap_or_default());
        match split_command(line.clone()) {
            Some((target, command)) => {
                self.target = target;
                self.command = unescape(command);
            }
            None => self.issues.push(CmdIssue::NoCommand(shorten(&line))),
        }
    }

    fn read_tail(&mut self, tail: &'a [u8]) {
        for line in lines(tail) {
            if let Some(rest) = line.strip_prefix(b"#SYMVER ") {
                self.read_symver(text(rest));
            } else if let Some(rest) = line.strip_prefix(b"saved_c_flags_") {
                self.read_saved(text(rest));
            }
        }
    }

    fn read_symver(&mut self, line: Cow<'a, str>) {
        let parsed = {
            let mut words = line.split_ascii_whitespace();
            match (words.next(), words.next().and_then(Crc::parse), words.next()) {
                (Some(name), Some(crc), None) => Some((name.to_owned(), crc)),
                _ => None,
            }
        };
        match parsed {
            Some((name, crc)) => {
                self.symvers.push(SymverLine { name: Cow::Owned(name), crc });
            }
            None => self.issues.push(CmdIssue::BadSymver(shorten(&line))),
        }
    }

    fn read_saved(&mut self, line: Cow<'a, str>) {
        match split_at_assign(line.clone()) {
            Some((target, flags)) => {
                // Of two lines make takes the last; what the backend got, its command tells.
                self.saved = Some(SavedFlags { target, flags });
            }
            None => self.issues.push(CmdIssue::BadSavedFlags(shorten(&line))),
        }
    }
}

/// Undoes what kbuild's `make-cmd` does to a command before it is saved: `$$` → `$`,
/// `$(pound)` → `#`. Source: `scripts/Kbuild.include`, Linux 7.3.
#[must_use]
pub fn unescape(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('$') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once('$') {
        plain.push_str(before);
        if let Some(after) = after.strip_prefix("(pound)") {
            plain.push('#');
            rest = after;
        } else {
            plain.push('$');
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn split_command(line: Cow<'_, str>) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let skip = ["savedcmd_", "cmd_"].into_iter().find(|p| line.starts_with(p))?.len();
    split_at_assign(skip_bytes(line, skip))
}

/// Splits at the first ` := `, which no target name contains.
fn split_at_assign(line: Cow<'_, str>) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    const ASSIGN: &str = " := ";
    let at = line.find(" :=")?;
    let value = if line.get(at..)?.starts_with(ASSIGN) { at + ASSIGN.len() } else { at + 3 };
    let target = match &line {
        Cow::Borrowed(s) => Cow::Borrowed(s.get(..at)?),
        Cow::Owned(s) => Cow::Owned(s.get(..at)?.to_owned()),
    };
    Some((target, skip_bytes(line, value)))
}

fn skip_bytes(text: Cow<'_, str>, bytes: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(s) => Cow::Borrowed(s.get(bytes..).unwrap_or_default()),
        Cow::Owned(s) => Cow::Owned(s.get(bytes..).unwrap_or_default().to_owned()),
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let ends = memchr_iter(b'\n', bytes).chain([bytes.len()]);
    ends.filter_map(move |end| {
        let line = bytes.get(start..end);
        start = end + 1;
        line
    })
}

/// Text that is no UTF-8 is replaced; nearly all of it is ASCII, which checking first finds
/// fastest.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

fn shorten(line: &str) -> String {
    const LIMIT: usize = 60;
    match line.char_indices().nth(LIMIT) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "savedcmd_init/main.o := clang -DA='\"$$x\"' -DB=$(pound) -c -o init/main.o main.c\n\
        \n\
        source_init/main.o := main.c\n\
        \n\
        deps_init/main.o := \\\n  a.h \\\n\n\
        init/main.o: $(deps_init/main.o)\n\n\
        $(deps_init/main.o):\n\n\
        saved_c_flags_init/main.o := -O2 -DX='\":= \"'\n\
        #SYMVER system_state 0xf7370f56\n\
        #SYMVER x 0x1\n";

    fn read(text: &str) -> CmdFile<'_> {
        CmdFile::parse(text.as_bytes(), text.as_bytes())
    }

    #[test]
    fn a_file_tells_command_flags_and_crcs() {
        let file = read(FILE);
        assert_eq!(file.target, "init/main.o");
        assert_eq!(file.command, "clang -DA='\"$x\"' -DB=# -c -o init/main.o main.c");
        assert_eq!(file.saved.as_ref().unwrap().flags, "-O2 -DX='\":= \"'");
        assert_eq!(file.symvers.len(), 2);
        assert_eq!(file.symvers[0].crc.to_string(), "0xf7370f56");
        assert!(file.issues.is_empty());
        assert!(CmdFile::tail_is_complete(FILE.as_bytes()));
    }

    #[test]
    fn of_flags_that_are_saved_twice_the_last_count() {
        let text = format!("{FILE}saved_c_flags_init/main.o := -O3\n");
        let file = read(&text);
        assert_eq!(file.saved.as_ref().unwrap().flags, "-O3");
        assert!(file.issues.is_empty());
    }

    #[test]
    fn kernels_before_6_3_say_cmd() {
        assert_eq!(read("cmd_a.o := gcc a.c\n").command, "gcc a.c");
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(read("").issues, [CmdIssue::Empty]);
        assert_eq!(read("savedcmd_a.o := x").issues, [CmdIssue::CutOff]);
        assert!(matches!(read("hello\n").issues[..], [CmdIssue::NoCommand(_)]));
        assert!(matches!(
            read("savedcmd_a := b\n#SYMVER x 0x123456789\n").issues[..],
            [CmdIssue::BadSymver(_)]
        ));
    }

    #[test]
    fn a_tail_that_starts_in_the_dependencies_is_complete_only_with_their_end() {
        assert!(!CmdFile::tail_is_complete(b"  a.h \\\n  b.h \\\n"));
        assert!(!CmdFile::tail_is_complete(b"$(deps_cut"));
        assert!(CmdFile::tail_is_complete(b"  b.h \\\n\n$(deps_x):\n"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = CmdFile::parse(&bytes, &bytes);
            let _ = CmdFile::tail_is_complete(&bytes);
        }

        #[test]
        fn no_mangled_file_panics(cut in 0..FILE.len(), at in 0..FILE.len(), byte in any::<u8>()) {
            let mut bytes = FILE.as_bytes().to_vec();
            bytes[at] = byte;
            bytes.truncate(cut);
            let _ = CmdFile::parse(&bytes, &bytes);
        }

        /// Escaping as `make-cmd` does and unescaping brings every command back.
        #[test]
        fn unescape_undoes_make_cmd(command in "[a-z#$()' ]{0,30}") {
            let escaped = command.replace('$', "$$").replace('#', "$(pound)");
            prop_assert_eq!(unescape(Cow::Owned(escaped)), command);
        }
    }
}
