//! What the tools of a build have to say: warnings and errors, as facts that two builds share.
//!
//! Sources: clang's and lld's output (LLVM 17 to 24), `tools/objtool/include/objtool/warn.h`,
//! `scripts/mod/modpost.c`, `scripts/kconfig/` (Linux 6.1 to 7.3), GNU make 4.x.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// The compiler, in any of its roles.
    Clang,
    /// The linker.
    Lld,
    /// `llvm-ar` or another archiver.
    Ar,
    /// The kernel's objtool.
    Objtool,
    /// The kernel's modpost.
    Modpost,
    /// The configuration tools.
    Kconfig,
    /// make itself.
    Make,
    /// Anything else: scripts, the shell, `llvm-objcopy` ….
    Other,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Clang => "clang",
            Self::Lld => "lld",
            Self::Ar => "ar",
            Self::Objtool => "objtool",
            Self::Modpost => "modpost",
            Self::Kconfig => "kconfig",
            Self::Make => "make",
            Self::Other => "other",
        })
    }
}

/// How bad its speaker finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// The build goes on.
    Warning,
    /// It does not.
    Error,
}

impl fmt::Display for Gravity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One warning or error, without what changes from build to build: lines, columns, offsets,
/// addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Who said it.
    pub tool: Tool,
    /// How bad it is.
    pub gravity: Gravity,
    /// The option that controls it, with its dashes and without `-Werror,`: `-Wframe-larger-than`.
    pub option: Option<String>,
    /// The source file, object or target that it is about, as the tool names it.
    pub place: Option<String>,
    /// The message: control characters and numbers that are no part of a name are replaced.
    pub text: String,
}

impl Diagnostic {
    /// What kind of message it is: its text without the names in it. Two builds' messages of one
    /// class about one place are the same message, whatever their gravity.
    #[must_use]
    pub fn class(&self) -> String {
        if let Some(option) = &self.option {
            return option.clone();
        }
        unquoted(&self.text)
    }

    /// The target triple that the message speaks of, where it does.
    #[must_use]
    pub fn triple(&self) -> Option<&str> {
        let mut words = self.text.split(|c: char| c.is_whitespace() || "'\"`(),".contains(c));
        words.find(|word| {
            let mut parts = word.split('-');
            let known = ["x86_64", "aarch64", "riscv64", "riscv32", "loongarch64", "arm", "i386"];
            parts.next().is_some_and(|first| known.contains(&first)) && parts.count() >= 2
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tool, self.gravity)?;
        if let Some(place) = &self.place {
            write!(f, " {place}")?;
        }
        write!(f, ": {}", self.text)?;
        match &self.option {
            Some(option) => write!(f, " [{option}]"),
            None => Ok(()),
        }
    }
}

/// The diagnostic that a line of a log is; none for commands, notes, quoted source and the rest.
/// Jobs share the log: it may stand behind the end of another one's words.
#[must_use]
pub fn diagnostic(line: &str) -> Option<Diagnostic> {
    // `V=1` echoes commands, and those hold anything.
    if line.starts_with("  ") || line.starts_with('#') || line.starts_with('+') {
        return None;
    }
    let line = line.trim_end();
    make(line)
        .or_else(|| modpost(line))
        .or_else(|| objtool(line))
        .or_else(|| kconfig(line))
        .or_else(|| general(line))
}

fn plain(tool: Tool, gravity: Gravity, place: Option<&str>, text: &str) -> Diagnostic {
    Diagnostic {
        tool,
        gravity,
        option: None,
        place: place.filter(|place| !place.is_empty()).map(str::to_owned),
        text: steady(text),
    }
}

/// `make[2]: *** [Makefile:12: target] Error 1`, `Makefile:12: *** missing separator.  Stop.`
fn make(line: &str) -> Option<Diagnostic> {
    let (who, rest) = line.split_once(": *** ")?;
    if let Some(failed) = super::make_failure(line) {
        return Some(plain(Tool::Make, Gravity::Error, Some(&failed.target), &failed.how));
    }
    let file = who.rsplit_once(':').map_or(who, |(file, _)| file);
    let text = rest.strip_suffix(" Stop.").unwrap_or(rest);
    Some(plain(Tool::Make, Gravity::Error, Some(file), text))
}

/// `WARNING: modpost: vmlinux: section mismatch …`, `ERROR: modpost: "x" [y.ko] undefined!`
fn modpost(line: &str) -> Option<Diagnostic> {
    let (gravity, rest) = match line.strip_prefix("WARNING: modpost: ") {
        Some(rest) => (Gravity::Warning, rest),
        None => (Gravity::Error, line.strip_prefix("ERROR: modpost: ")?),
    };
    let place = rest.split_once('[').and_then(|(_, place)| place.split_once(']'));
    let (place, text) = match (place, rest.split_once(": ")) {
        (Some((place, _)), _) => (Some(place), rest),
        (None, Some((place, text))) if !place.contains(' ') => (Some(place), text),
        _ => (None, rest),
    };
    Some(plain(Tool::Modpost, gravity, place, text))
}

/// `vmlinux.o: warning: objtool: f+0x12: unreachable instruction`
fn objtool(line: &str) -> Option<Diagnostic> {
    for (sign, gravity) in
        [(": warning: objtool: ", Gravity::Warning), (": error: objtool: ", Gravity::Error)]
    {
        if let Some((place, text)) = line.split_once(sign) {
            return Some(plain(Tool::Objtool, gravity, Some(last_word(place)), text));
        }
    }
    None
}

/// `.config:12:warning: override: reassigning to symbol X`,
/// `WARNING: unmet direct dependencies detected for X`
fn kconfig(line: &str) -> Option<Diagnostic> {
    if let Some(text) = line.strip_prefix("WARNING: unmet direct dependencies ") {
        let text = format!("unmet direct dependencies {text}");
        return Some(plain(Tool::Kconfig, Gravity::Warning, None, &text));
    }
    for (sign, gravity) in [
        (":warning: ", Gravity::Warning),
        (": warning: ", Gravity::Warning),
        (":error: ", Gravity::Error),
    ] {
        let Some((place, text)) = line.split_once(sign) else { continue };
        let file = place.split(':').next().unwrap_or(place);
        let name = file.rsplit('/').next().unwrap_or(file);
        if name.starts_with("Kconfig") || name.ends_with(".config") || name == "auto.conf" {
            return Some(plain(Tool::Kconfig, gravity, Some(file), text));
        }
    }
    None
}

/// `WHO: error: TEXT`, where WHO is a program, a place in a source, both or nothing.
fn general(line: &str) -> Option<Diagnostic> {
    const SIGNS: [(&str, Gravity); 3] = [
        ("fatal error: ", Gravity::Error),
        ("error: ", Gravity::Error),
        ("warning: ", Gravity::Warning),
    ];
    let found = SIGNS.iter().filter_map(|(sign, gravity)| {
        let at = line.find(sign)?;
        // A word of its own: `no_error: ` is none.
        let before = line.get(..at)?;
        let apart = before.is_empty() || before.ends_with(": ") || before.ends_with(':');
        apart.then_some((at, at + sign.len(), *gravity))
    });
    let Some((start, end, gravity)) = found.min_by_key(|(at, ..)| *at) else {
        return unsigned(line);
    };
    let (before, text) = (line.get(..start)?.trim_end(), line.get(end..)?);
    let who = last_word(before.strip_suffix(':').unwrap_or(before));
    let name = who.rsplit('/').next().unwrap_or(who);
    let (text, option) = controlled(text);
    let mut said = match program(name) {
        Some(tool) => {
            // lld says where: `ld.lld: warning: lib/a.c:12:0: text`.
            let inner = text.split_once(": ").filter(|(place, _)| position(place).is_some());
            match inner {
                Some((place, text)) => plain(tool, gravity, position(place), text),
                None => plain(tool, gravity, None, text),
            }
        }
        None => {
            let tool = if who.is_empty() || position(who).is_some() || option.is_some() {
                Tool::Clang
            } else {
                Tool::Other
            };
            plain(tool, gravity, position(who).or(Some(who)), text)
        }
    };
    said.option = option;
    Some(said)
}

/// What is a message without saying of what kind.
fn unsigned(line: &str) -> Option<Diagnostic> {
    if let Some(at) = line.find("LLVM ERROR: ") {
        return Some(plain(Tool::Clang, Gravity::Error, None, line.get(at + 12..)?));
    }
    // The subtarget's parser, once for every feature and function.
    if line.contains("is not a recognized feature for this target")
        || line.contains("is not a recognized processor for this target")
    {
        return Some(plain(Tool::Clang, Gravity::Warning, None, line));
    }
    for start in ["Error loading index file", "Error running ThinLTO backend"] {
        if line.starts_with(start) {
            return Some(plain(Tool::Clang, Gravity::Error, None, line));
        }
    }
    None
}

fn program(name: &str) -> Option<Tool> {
    let is = |stem: &str| {
        name == stem || name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('-'))
    };
    if is("clang") || name.ends_with("-clang") {
        Some(Tool::Clang)
    } else if name == "ld.lld" || name == "ld" || name.starts_with("ld.lld-") {
        Some(Tool::Lld)
    } else if is("llvm-ar") || name == "ar" || name.ends_with("-ar") {
        Some(Tool::Ar)
    } else if name == "make" || name.starts_with("make[") {
        Some(Tool::Make)
    } else {
        None
    }
}

/// The file of `FILE:LINE:COLUMN`, `FILE:LINE`, `<inline asm>:1:2` or `<unknown>:0`.
fn position(place: &str) -> Option<&str> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (rest, last) = place.rsplit_once(':')?;
    if !number(last) {
        return None;
    }
    match rest.rsplit_once(':') {
        Some((file, line)) if number(line) => Some(file),
        _ => Some(rest),
    }
}

/// What stands after the end of another job's words. `<inline asm>` is one word.
fn last_word(before: &str) -> &str {
    if let Some(at) = before.rfind("<inline asm>") {
        return before.get(at..).unwrap_or(before);
    }
    before.rsplit(' ').next().unwrap_or(before)
}

/// The text without the option that controls it: `text [-Werror,-Wfoo]`.
fn controlled(text: &str) -> (&str, Option<String>) {
    let bracket = text.strip_suffix(']').and_then(|text| text.rsplit_once(" [-"));
    match bracket {
        Some((text, options)) => {
            let last = options.rsplit(',').next().unwrap_or(options);
            (text, Some(format!("-{}", last.trim_start_matches('-'))))
        }
        None => (text, None),
    }
}

/// The text without offsets, addresses and sizes: numbers that stand alone become `N`.
fn steady(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let hex = word.strip_prefix("0x").is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
        });
        let number = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        out.push_str(if hex || number { "N" } else { word });
        word.clear();
    };
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | '$') {
            word.push(c);
        } else {
            flush(&mut word, &mut out);
            out.push(if c.is_control() { '\u{fffd}' } else { c });
        }
    }
    flush(&mut word, &mut out);
    out
}

/// The text with `…` for what stands in quotes.
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open = None;
    for c in text.chars() {
        match open {
            Some(quote) if c == quote => {
                open = None;
                out.push_str("…'");
            }
            Some(_) => {}
            None if matches!(c, '\'' | '"') => {
                open = Some(c);
                out.push('\'');
            }
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        diagnostic(line).map(|d| d.to_string()).unwrap_or_default()
    }

    #[test]
    fn each_tool_is_told_by_its_words() {
        let cases = [
            (
                "../lib/a.c:12:5: warning: stack frame size (1200) exceeds limit (1024) in 'f' [-Wframe-larger-than]",
                "clang warning ../lib/a.c: stack frame size (N) exceeds limit (N) in 'f' [-Wframe-larger-than]",
            ),
            (
                "lib/a.c:12:5: error: stack frame size (1200) exceeds limit (1024) in 'f' [-Werror,-Wframe-larger-than]",
                "clang error lib/a.c: stack frame size (N) exceeds limit (N) in 'f' [-Wframe-larger-than]",
            ),
            (
                "<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'",
                "clang error <inline asm>: invalid instruction mnemonic 'dmb'",
            ),
            (
                "clang: error: argument unused during compilation: '-nostdinc' [-Werror,-Wunused-command-line-argument]",
                "clang error: argument unused during compilation: '-nostdinc' [-Wunused-command-line-argument]",
            ),
            (
                "warning: Linking two modules of different target triples: 'a.o' is 'x86_64-pc-linux-gnu' whereas 'b' is 'aarch64-linux-gnu'",
                "clang warning: Linking two modules of different target triples: 'a.o' is 'x86_64-pc-linux-gnu' whereas 'b' is 'aarch64-linux-gnu'",
            ),
            (
                "'+v8a' is not a recognized feature for this target (ignoring feature)",
                "clang warning: '+v8a' is not a recognized feature for this target (ignoring feature)",
            ),
            (
                "/opt/llvm/bin/ld.lld: error: undefined symbol: foo.llvm.123",
                "lld error: undefined symbol: foo.llvm.123",
            ),
            (
                "ld.lld: warning: lib/a.c:12:0: stack frame size (1200) exceeds limit (1024) in function 'f'",
                "lld warning lib/a.c: stack frame size (N) exceeds limit (N) in function 'f'",
            ),
            (
                "/opt/bin/llvm-ar: error: lib/a.o: no such file or directory",
                "ar error: lib/a.o: no such file or directory",
            ),
            (
                "vmlinux.o: warning: objtool: do_it+0x12: unreachable instruction",
                "objtool warning vmlinux.o: do_it+N: unreachable instruction",
            ),
            (
                "ERROR: modpost: \"foo\" [fs/binfmt_misc.ko] undefined!",
                "modpost error fs/binfmt_misc.ko: \"foo\" [fs/binfmt_misc.ko] undefined!",
            ),
            (
                "WARNING: modpost: vmlinux: section mismatch in reference: a+0x2 (section: .text) -> b (section: .init.text)",
                "modpost warning vmlinux: section mismatch in reference: a+N (section: .text) -> b (section: .init.text)",
            ),
            (
                ".config:12:warning: override: reassigning to symbol FOO",
                "kconfig warning .config: override: reassigning to symbol FOO",
            ),
            ("make[2]: *** [Makefile:1372: vmlinux_a] Error 2", "make error vmlinux_a: Error N"),
            (
                "scripts/Makefile.thinlto:7: *** missing separator.  Stop.",
                "make error scripts/Makefile.thinlto: missing separator. ",
            ),
            ("LLVM ERROR: out of memory", "clang error: out of memory"),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
        }
    }

    #[test]
    fn commands_notes_and_quoted_source_are_no_diagnostics() {
        for line in [
            "  echo \"warning: cannot check the header\"",
            "# CC      a.o",
            "lib/a.c:3:1: note: previous definition is here",
            "   12 | #error: no",
            "  CC      lib/warning: .o",
            "",
        ] {
            assert_eq!(said(line), "", "{line}");
        }
    }

    #[test]
    fn one_message_has_one_class_in_both_modes() {
        let backend = diagnostic("a.c:1:1: error: x 'f' [-Werror,-Wfoo]").unwrap();
        let other = diagnostic("a.c:9:1: warning: x 'g' [-Wfoo]").unwrap();
        assert_eq!(backend.class(), other.class());
        let text = diagnostic("ld.lld: error: undefined symbol: 'foo'").unwrap();
        assert_eq!(text.class(), "undefined symbol: '…'");
    }

    #[test]
    fn a_triple_is_found() {
        let said = diagnostic("warning: 'a.o' is 'x86_64-pc-linux-gnu' whereas").unwrap();
        assert_eq!(said.triple(), Some("x86_64-pc-linux-gnu"));
        assert_eq!(diagnostic("error: x86_64 is no triple").unwrap().triple(), None);
    }

    #[test]
    fn words_of_another_job_before_it_do_no_harm() {
        let expected = "clang error <inline asm>: bad";
        assert_eq!(said("half a line of somebody else <inline asm>:1:2: error: bad"), expected);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "\\PC{0,60}") {
            let _ = diagnostic(&line).map(|d| (d.to_string(), d.class(), d.triple().map(str::len)));
        }

        #[test]
        fn no_line_of_these_words_panics(words in prop::collection::vec("(error|warning|: |:|make|\\*\\*\\* |\\[|\\]| |-W|1|'|modpost|ld.lld|objtool: )", 0..12)) {
            let _ = diagnostic(&words.concat());
        }
    }
}
