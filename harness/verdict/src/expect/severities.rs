//! The file `kabi/severities` of SUSE's kernel package: which exports may change.
//!
//! Read as the package's own `rpm/kabi.pl` does: a pattern with a slash, or `vmlinux`, is for
//! modules; one without small letters for namespaces; any other for symbols. `#` begins a
//! comment, and the first line that matches decides.

use super::file::ExpectError;
use super::glob::Glob;
use twinlto_facts::kbuild::Export;

/// The rules of one file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Severities {
    file: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    line: usize,
    of: Of,
    pattern: Glob,
    pass: bool,
}

/// What a pattern is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Module,
    Namespace,
    Symbol,
}

impl Severities {
    /// Reads the file; `file` is its name in messages.
    ///
    /// # Errors
    ///
    /// The first line that is not a pattern followed by `PASS` or `FAIL`.
    pub fn parse(file: &str, text: &str) -> Result<Self, ExpectError> {
        let mut rules = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.split('#').next().unwrap_or_default();
            // Words after the verdict are comments to kabi.pl.
            let mut words = content.split_whitespace();
            let Some(pattern) = words.next() else { continue };
            let verdict = words.next().unwrap_or_default();
            let pass = match verdict.to_ascii_uppercase().as_str() {
                "PASS" => true,
                "FAIL" => false,
                _ => {
                    let rest = content.trim_start().strip_prefix(pattern).unwrap_or_default();
                    let at = content.len().saturating_sub(rest.trim_start().len());
                    let before = content.get(..at).unwrap_or(content);
                    return Err(ExpectError {
                        file: file.to_owned(),
                        line,
                        column: before.chars().count() + 1,
                        why: match verdict {
                            "" => format!("'{pattern}' has no verdict"),
                            word => format!("'{word}' is no verdict"),
                        },
                        hint: "end the line with PASS or FAIL".to_owned(),
                    });
                }
            };
            let of = if pattern.contains('/') || pattern == "vmlinux" {
                Of::Module
            } else if pattern == pattern.to_uppercase() {
                Of::Namespace
            } else {
                Of::Symbol
            };
            rules.push(Rule { line, of, pattern: Glob::new(pattern), pass });
        }
        Ok(Self { file: file.to_owned(), rules })
    }

    /// Where it is said, and with which words, that this export may change; none when it may not.
    pub(super) fn passes(&self, symbol: &str, export: Option<&Export>) -> Option<(String, String)> {
        let hit = |rule: &&Rule| match rule.of {
            Of::Symbol => rule.pattern.matches(symbol),
            Of::Module => export.is_some_and(|e| rule.pattern.matches(&e.module)),
            Of::Namespace => export.is_some_and(|e| rule.pattern.matches(&e.namespace)),
        };
        let rule = self.rules.iter().find(hit).filter(|rule| rule.pass)?;
        Some((format!("{}:{}", self.file, rule.line), format!("{} PASS", rule.pattern.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use twinlto_facts::kbuild::Crc;

    const RULES: &str = "# rules\nkvm_x86_ops\tFAIL\narch/x86/kvm/*  pass # all the rest\n\n\
                         snd_*\t\tPASS because\nvmlinux FAIL\nCRYPTO_* PASS\n";

    fn passes(symbol: &str, module: &str, namespace: &str) -> Option<String> {
        let export = Export {
            crc: Crc(1),
            module: module.to_owned(),
            gpl: None,
            namespace: namespace.to_owned(),
        };
        let rules = Severities::parse("severities", RULES).unwrap();
        rules.passes(symbol, Some(&export)).map(|(by, _)| by)
    }

    #[test]
    fn the_first_line_that_matches_decides() {
        let line = |n: usize| Some(format!("severities:{n}"));
        assert_eq!(passes("kvm_x86_ops", "arch/x86/kvm/kvm", ""), None);
        assert_eq!(passes("kvm_get", "arch/x86/kvm/kvm", ""), line(3));
        assert_eq!(passes("snd_card_new", "vmlinux", ""), line(5));
        assert_eq!(passes("printk", "vmlinux", "CRYPTO_INTERNAL"), None);
        assert_eq!(passes("hash", "crypto/hash", "CRYPTO_INTERNAL"), line(7));
        assert_eq!(passes("hash", "crypto/hash", ""), None);
    }

    #[test]
    fn a_line_without_a_verdict_is_named() {
        let error = |text: &str| {
            let error = Severities::parse("s", text).unwrap_err();
            (error.line, error.column, error.why)
        };
        assert_eq!(error("a PASS\nb\n"), (2, 2, "'b' has no verdict".to_owned()));
        assert_eq!(error("a  MAYBE"), (1, 4, "'MAYBE' is no verdict".to_owned()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(\\PC{0,9}[\n\t #]{0,2}(PASS|FAIL)?){0,6}") {
            let _either = Severities::parse("s", &text);
        }
    }
}
