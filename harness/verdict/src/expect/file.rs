//! `twinlto.toml`: every value is checked, and every mistake has a line and a column.

use super::date::Date;
use super::glob::Glob;
use super::growth::Budget;
use super::llvm::LlvmRange;
use super::severities::Severities;
use super::{keys, position};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use toml::Spanned;
use twinlto_model::{Arch, Mode};

/// What may differ, and how much: the contents of `twinlto.toml` and of a `severities` file.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// Name of the file, as the user gave it.
    pub(super) file: String,
    pub(super) allow: Vec<Allow>,
    pub(crate) budgets: Vec<Budget>,
    pub(super) severities: Option<Severities>,
    /// Whether an entry may be for nothing.
    pub(super) unused_is_fine: bool,
}

/// One `[[allow]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allow {
    /// Line of the file from 1.
    pub(super) line: usize,
    pub(super) key: Glob,
    pub(super) subject: Glob,
    /// Empty for all.
    pub(super) arch: Vec<Arch>,
    pub(super) mode: Option<Mode>,
    pub(super) llvm: Option<LlvmRange>,
    pub(super) reason: String,
    pub(super) review: Option<Date>,
}

/// A mistake in a file of expectations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectError {
    /// Name of the file.
    pub file: String,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub why: String,
    /// What to write instead.
    pub hint: String,
}

impl fmt::Display for ExpectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}, column {}: {}", self.file, self.line, self.column, self.why)
    }
}

impl std::error::Error for ExpectError {}

/// Where to read on, for every mistake that a better hint does not fit.
const MANUAL: &str = "docs/EXPECTATIONS.md lists every field with an example";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    allow: Vec<Spanned<RawAllow>>,
    #[serde(default)]
    budget: Vec<Spanned<RawBudget>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAllow {
    key: Spanned<String>,
    subject: Option<Spanned<String>>,
    arch: Option<Spanned<OneOrMore>>,
    mode: Option<Spanned<String>>,
    llvm: Option<Spanned<TextOrNumber>>,
    reason: Spanned<String>,
    review: Option<Spanned<TextOrDate>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBudget {
    section: Spanned<String>,
    growth: Spanned<String>,
}

/// Not derived: a derived choice forgets where in the file its parts stood.
enum OneOrMore {
    One(String),
    More(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an architecture or a list of them")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMore, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element()? {
                    list.push(item);
                }
                Ok(OneOrMore::More(list))
            }
        }
        from.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a version such as \"22\", \">=23\" or \"17..22\"")]
enum TextOrNumber {
    Text(String),
    Number(u32),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a day such as \"2026-12-01\"")]
enum TextOrDate {
    Text(String),
    Date(toml::value::Datetime),
}

impl Expectations {
    /// Reads `twinlto.toml`; `file` is its name in messages.
    ///
    /// # Errors
    ///
    /// The first mistake: no TOML, an unknown field or key, a value that makes no sense.
    pub fn parse(file: &str, text: &str) -> Result<Self, ExpectError> {
        let reader = Reader { file, text };
        let raw: RawFile = toml::from_str(text).map_err(|error| {
            reader.error(error.span().unwrap_or_default(), error.message(), MANUAL)
        })?;
        Ok(Self {
            file: file.to_owned(),
            allow: raw.allow.into_iter().map(|a| reader.allow(a)).collect::<Result<_, _>>()?,
            budgets: raw.budget.into_iter().map(|b| reader.budget(b)).collect::<Result<_, _>>()?,
            severities: None,
            unused_is_fine: false,
        })
    }

    /// The same, without `expectation.unused`: a bisection goes through kernels that do not have
    /// what is allowed yet, and they are good ones.
    #[must_use]
    pub fn unused_is_fine(mut self, fine: bool) -> Self {
        self.unused_is_fine = fine;
        self
    }

    /// The same, with SUSE's rules for exports.
    #[must_use]
    pub fn with_severities(mut self, severities: Severities) -> Self {
        self.severities = Some(severities);
        self
    }
}

/// One text, and what turns places in it into lines.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn error(&self, at: Range<usize>, why: &str, hint: &str) -> ExpectError {
        let (line, column) = position(self.text, at.start);
        let (why, hint) = (why.to_owned(), hint.to_owned());
        ExpectError { file: self.file.to_owned(), line, column, why, hint }
    }

    fn line(&self, at: Range<usize>) -> usize {
        position(self.text, at.start).0
    }

    fn value<T>(&self, raw: &Spanned<String>, hint: &str) -> Result<T, ExpectError>
    where
        T: FromStr<Err: fmt::Display>,
    {
        raw.get_ref().parse().map_err(|why: T::Err| self.error(raw.span(), &why.to_string(), hint))
    }

    /// A text that says something.
    fn text(&self, raw: &Spanned<String>, what: &str, hint: &str) -> Result<String, ExpectError> {
        match raw.get_ref().trim() {
            "" => Err(self.error(raw.span(), &format!("the {what} is empty"), hint)),
            text => Ok(text.to_owned()),
        }
    }

    fn allow(&self, raw: Spanned<RawAllow>) -> Result<Allow, ExpectError> {
        let line = self.line(raw.span());
        let raw = raw.into_inner();
        let arches = match raw.arch.map(|arch| (arch.span(), arch.into_inner())) {
            None => Vec::new(),
            Some((at, OneOrMore::One(arch))) => vec![Spanned::new(at, arch)],
            Some((at, OneOrMore::More(list))) if list.is_empty() => {
                let hint = "name one, or leave the field out to mean all of them";
                return Err(self.error(at, "the list of architectures is empty", hint));
            }
            Some((_, OneOrMore::More(list))) => list,
        };
        let arch = arches.iter().map(|a| self.value(a, MANUAL)).collect::<Result<_, _>>()?;
        let llvm = raw.llvm.map(|llvm| {
            let text = match llvm.get_ref() {
                TextOrNumber::Text(text) => text.clone(),
                TextOrNumber::Number(number) => number.to_string(),
            };
            self.value(
                &Spanned::new(llvm.span(), text),
                "give 22, \">=23\", \"<=21\" or \"17..22\"",
            )
        });
        let review = raw.review.map(|review| {
            let text = match review.get_ref() {
                TextOrDate::Text(text) => text.clone(),
                TextOrDate::Date(date) => date.to_string(),
            };
            self.value(&Spanned::new(review.span(), text), "give a day such as \"2026-12-01\"")
        });
        let subject = raw.subject.map(|s| {
            self.text(&s, "subject", "name an object, symbol or section, or leave the field out")
        });
        Ok(Allow {
            line,
            key: self.key(&raw.key)?,
            subject: subject.transpose()?.map_or_else(Glob::any, |text| Glob::new(&text)),
            arch,
            mode: raw.mode.map(|mode| self.value(&mode, MANUAL)).transpose()?,
            llvm: llvm.transpose()?,
            reason: self.text(&raw.reason, "reason", "say why this may be so")?,
            review: review.transpose()?,
        })
    }

    fn key(&self, raw: &Spanned<String>) -> Result<Glob, ExpectError> {
        let key = Glob::new(raw.get_ref().trim());
        keys::check(&key).map_err(|close| {
            let hint = match close {
                Some(close) => format!("did you mean {close}?"),
                None => "docs/findings lists every key".to_owned(),
            };
            self.error(raw.span(), &format!("'{}' is the key of no finding", key.as_str()), &hint)
        })?;
        Ok(key)
    }

    fn budget(&self, raw: Spanned<RawBudget>) -> Result<Budget, ExpectError> {
        let line = self.line(raw.span());
        let raw = raw.into_inner();
        let section =
            self.text(&raw.section, "section", "name it as findings do, such as .text")?;
        Ok(Budget {
            line,
            section: Glob::new(&section),
            growth: self.value(&raw.growth, "give \"0.5%\" or \"4 KiB\"")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Expectations {
        Expectations::parse("t.toml", text).unwrap()
    }

    #[track_caller]
    fn refused(text: &str, line: usize, column: usize, why: &str) -> ExpectError {
        let error = Expectations::parse("t.toml", text).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{error}");
        assert!(error.why.contains(why), "{error}");
        error
    }

    #[test]
    fn every_field_is_read() {
        let text = "# ours\n[[allow]]\nkey = 'symbol.*'\nsubject = 'foo*'\narch = ['arm64', 'riscv']\n\
                    mode = 'distributed'\nllvm = '17..22'\nreason = 'known'\nreview = 2026-12-01\n\n\
                    [[budget]]\nsection = '.text'\ngrowth = '0.5%'\n";
        let file = read(text);
        let [allow] = file.allow.as_slice() else { panic!("{file:?}") };
        assert_eq!(allow.line, 2);
        assert_eq!(allow.arch, [Arch::Arm64, Arch::Riscv]);
        assert_eq!(allow.mode, Some(Mode::Distributed));
        assert!(allow.llvm.unwrap().contains(17));
        assert_eq!(allow.review, Date::new(2026, 12, 1));
        assert_eq!(file.budgets[0].line, 11);
    }

    #[test]
    fn only_key_and_reason_must_be_there() {
        let file = read("[[allow]]\nkey='symbol.lost'\nreason='x'\narch='arm64'\nllvm=22\n");
        assert!(file.allow[0].subject.matches("anything"));
        assert_eq!(file.allow[0].llvm.unwrap().to_string(), "22");
        let dated = read("[[allow]]\nkey='symbol.lost'\nreason='x'\nreview='2026-01-02'\n");
        assert_eq!(dated.allow[0].review, Date::new(2026, 1, 2));
        assert!(read("").allow.is_empty());
        refused("[[allow]]\nkey = 'symbol.lost'\n", 1, 1, "missing field `reason`");
    }

    #[test]
    fn what_is_unknown_is_named_with_its_place() {
        let error = refused("[[allow]]\nkey = 'flags.lto.onn'\nreason = 'x'\n", 2, 7, "no finding");
        assert_eq!(error.hint, "did you mean flags.lto.on?");
        refused("[[allow]]\nkey = 'a.b'\nreason = 'x'\n", 2, 7, "'a.b' is the key of no finding");
        refused("[[allow]]\nkey = 'symbol.lost'\nreson = 'x'\n", 3, 1, "unknown field `reson`");
        refused("'é' = 1", 1, 1, "unknown field `é`, expected `allow` or `budget`");
        refused("[allow]\nkey = 'symbol.lost'\n", 1, 1, "expected a sequence");
    }

    #[test]
    fn values_that_make_no_sense_are_refused_where_they_stand() {
        let start = "[[allow]]\nkey = 'symbol.lost'\nreason = 'x'\n";
        for (line, column, why) in [
            ("arch = 'sparc'", 8, "'sparc' is not an architecture"),
            ("arch = ['arm64', 'sparc']", 18, "'sparc' is not an architecture"),
            ("arch = []", 8, "the list of architectures is empty"),
            ("arch = 1", 8, "expected an architecture"),
            ("mode = 'both'", 8, "'both' is not a ThinLTO mode"),
            ("llvm = 'new'", 8, "'new' is no major version"),
            ("llvm = 22.1", 8, "expected a version"),
            ("review = '1.12.2026'", 10, "'1.12.2026' is no day"),
            ("review = 2026-12-01T10:00:00", 10, "is no day"),
            ("review = true", 10, "expected a day"),
            ("subject = ' '", 11, "the subject is empty"),
        ] {
            refused(&format!("{start}{line}\n"), 4, column, why);
        }
        refused("[[allow]]\nkey = 'symbol.lost'\nreason = ''\n", 3, 10, "the reason is empty");
        let budget = "[[budget]]\nsection = '.text'\ngrowth = 'little'\n";
        refused(budget, 3, 10, "'little' is neither a share");
    }

    #[test]
    fn what_is_no_toml_is_refused_with_its_place() {
        refused("[[allow]]\nkey = \n", 2, 7, "");
        refused("é é", 1, 3, "");
        let deep = format!("allow = {}", "[".repeat(100_000));
        assert!(Expectations::parse("t.toml", &deep).is_err());
        let dotted = format!("a{} = 1", ".a".repeat(100_000));
        assert!(Expectations::parse("t.toml", &dotted).is_err());
    }

    /// Pieces of a file, put together wrongly as often as rightly.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("[[allow]]\n".to_owned()),
            Just("[[budget]]\n".to_owned()),
            Just("key = 'symbol.*'\n".to_owned()),
            Just("reason = 'x'\n".to_owned()),
            "(key|subject|arch|mode|llvm|reason|review|section|growth) = ['\"\\[]?[\\PC]{0,8}['\"\\]]?\n",
            "\\PC{0,10}\n?",
        ];
        proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_within_itself(text in pieces()) {
            if let Err(error) = Expectations::parse("t.toml", &text) {
                prop_assert!((1..=text.split('\n').count()).contains(&error.line), "{}", error);
                let line = text.split('\n').nth(error.line - 1).unwrap_or_default();
                prop_assert!((1..=line.chars().count() + 1).contains(&error.column), "{}", error);
                prop_assert!(!error.why.is_empty());
            }
        }
    }
}
