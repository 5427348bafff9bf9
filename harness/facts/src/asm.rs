//! Files that assembly reads while it is assembled: `.incbin` and `.include`.
//!
//! The assembly of an IR object is a text until its backend, or in-process the linker, assembles it.
//! Neither the object nor a `.cmd` file changes with the contents of such a file. Source: `AsmParser.cpp`,
//! `parseDirectiveIncbin` and `parseDirectiveInclude`, LLVM 17 to 24.

use memchr::memmem;
use std::collections::BTreeSet;

/// A file that assembly reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AsmFile {
    /// As the directive names it: relative to the directory of the command, or else to one of `-I`.
    pub path: String,
    /// Whether its bytes certainly stand in the object as they are: `.incbin` of all of it, in a
    /// statement of its own, under no condition and in no macro.
    pub is_verbatim: bool,
}

/// The files of one or more pieces of assembly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AsmFiles {
    /// Those that are named.
    pub files: BTreeSet<AsmFile>,
    /// Why there may be others: a directive that a macro or an operand completes.
    pub unknown: Option<String>,
}

impl AsmFiles {
    /// Whether the assembly reads nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.unknown.is_none()
    }

    /// Adds those of another piece.
    pub fn extend(&mut self, other: &Self) {
        self.files.extend(other.files.iter().cloned());
        if self.unknown.is_none() {
            self.unknown.clone_from(&other.unknown);
        }
    }

    /// Adds what a text reads. In the template of an `asm` statement (`is_template`), `$$` is a dollar
    /// and `$0` an operand.
    ///
    /// A directive in a comment counts as well: who hashes a file too many errs on the safe side.
    pub fn read(&mut self, text: &str, is_template: bool) {
        // A dot with a macro's argument behind it may be any directive.
        // Most assembly of a kernel names no file, and every IR object has some.
        let all = |what: &'static str| memmem::find_iter(text.as_bytes(), what);
        if let Some(at) = all(".\\").next() {
            self.note(text, Some(at));
        }
        for at in all(".i").chain(all(".I")) {
            let Some(rest) = text.get(at + 1..) else { continue };
            let Some(operand) = ["incbin", "include"].iter().find_map(|it| directive(rest, it))
            else {
                continue;
            };
            let is_whole = rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("inc"))
                && rest.get(3..4).is_some_and(|letter| letter.eq_ignore_ascii_case("b"));
            match quoted(operand, is_template) {
                Some((path, behind)) => {
                    let behind = behind.trim_start_matches([' ', '\t']);
                    let is_plain = !CONDITIONS.iter().any(|word| text.contains(word));
                    let is_own = is_plain && starts_statement(text.get(..at).unwrap_or_default());
                    let is_verbatim = is_whole && is_own && !behind.starts_with(',');
                    self.files.insert(AsmFile { path, is_verbatim });
                }
                None => self.note(text, Some(at)),
            }
        }
    }

    fn note(&mut self, text: &str, at: Option<usize>) {
        let line = text.get(at.unwrap_or(0)..).and_then(|rest| rest.lines().next());
        let line: String = line.unwrap_or_default().chars().take(60).collect();
        self.unknown.get_or_insert_with(|| format!("its assembly has '{}'", line.trim()));
    }
}

/// Directives that may leave out what stands behind them, or repeat it.
const CONDITIONS: [&str; 6] = [".if", ".macro", ".rep", ".irp", ".end\n", "/*"];

/// Whether nothing but a label stands before a directive in its statement. Other words may make it a
/// comment.
fn starts_statement(before: &str) -> bool {
    let statement = before.rsplit(['\n', ';']).next().unwrap_or(before).trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
    statement.is_empty()
        || statement.strip_suffix(':').is_some_and(|name| name.chars().all(is_name))
}

/// The operand of a directive, if it is this one.
fn directive<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (word, rest) = text.split_at_checked(name.len())?;
    let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "_.$@".contains(c));
    (word.eq_ignore_ascii_case(name) && ends).then(|| rest.trim_start_matches([' ', '\t']))
}

/// The string at the start, and what follows it; none where it is no whole string, or one that is
/// completed later.
fn quoted(text: &str, is_template: bool) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut path = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((path, inner.get(at + 1..)?)).filter(|(path, _)| !path.is_empty()),
            '\n' => return None,
            '\\' => match chars.next()?.1 {
                escaped @ ('"' | '\\') => path.push(escaped),
                // An argument of a macro, or a number that nobody writes in a path.
                _ => return None,
            },
            '$' if is_template => match chars.next()?.1 {
                '$' => path.push('$'),
                _ => return None,
            },
            c => path.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn files(text: &str, is_template: bool) -> Result<Vec<(String, bool)>, String> {
        let mut found = AsmFiles::default();
        found.read(text, is_template);
        match found.unknown {
            Some(why) => Err(why),
            None => Ok(found.files.into_iter().map(|it| (it.path, it.is_verbatim)).collect()),
        }
    }

    #[test]
    fn files_of_directives_are_found() {
        // `kernel/configs.c`, Linux 6.1 to 7.3.
        let configs = "\t.pushsection .rodata, \"a\"\t\n\t.ascii \"IKCFG_ST\"\t\n\
            \t.global kernel_config_data\t\nkernel_config_data:\t\n\
            \t.incbin \"kernel/config_data.gz\"\t\n\t.popsection\n";
        let one = |path: &str, verbatim| Ok(vec![(path.to_owned(), verbatim)]);
        assert_eq!(files(configs, false), one("kernel/config_data.gz", true));
        assert_eq!(files("x: .INCBIN\"a b\"", false), one("a b", true));
        assert_eq!(files("nop; .incbin \"a\", 4, 2", false), one("a", false));
        assert_eq!(files(".include \"x.inc\"", false), one("x.inc", false));
        assert_eq!(files(".incbin \"a\\\"b\"", false), one("a\"b", true));
        assert_eq!(files(".incbin \"a$$b\"", true), one("a$b", true));
        assert_eq!(files(".incbin \"a$$b\"", false), one("a$$b", true));
        for text in ["# .incbin \"a\"", "x .incbin \"a\"", ".if X\n.incbin \"a\"\n.endif"] {
            assert_eq!(files(text, false), one("a", false), "{text}");
        }
    }

    #[test]
    fn what_reads_no_file_is_nothing() {
        for text in [
            "",
            ".",
            ".includes \"x\"",
            ".incbinx \"x\"",
            "incbin \"x\"",
            ".section .init.text",
            ".byte .incbin_end - .incbin_start",
            ".macro x reg\n.ifc \\reg, x1\n.endif\n.endm",
        ] {
            assert_eq!(files(text, false), Ok(Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_is_completed_later_is_said_to_be_unknown() {
        for (text, is_template) in [
            (".incbin \\file", false),
            (".incbin \"\\file\"", false),
            (".incbin \"$0\"", true),
            (".incbin \"${0:c}\"", true),
            (".incbin $0", true),
            (".incbin \"a", false),
            (".incbin \"\"", false),
            (".macro m op\n.\\op \"x\"\n.endm", false),
        ] {
            let why = files(text, is_template).unwrap_err();
            assert!(why.starts_with("its assembly has '."), "{text}: {why}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\.incbin|\\.include|\\.|\"|\\\\|\\$|a|é|,|\n| ){0,12}", template: bool) {
            let _ = files(&text, template);
        }

        /// A path is found again whatever stands around it.
        #[test]
        fn every_path_is_found(path in "[a-zA-Z0-9_./+ -]{1,20}", before in "([a-z]{1,4}:|nop;|\t|\n| ){0,4}") {
            let text = format!("{before}.incbin \"{path}\"\n");
            let found: Vec<String> = files(&text, true).unwrap().into_iter().map(|it| it.0).collect();
            prop_assert_eq!(found, [path]);
        }
    }
}
