//! Looking an option up in the table of [`super::rows`].

use super::rows::TABLE;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// What must happen to an option between the front end and the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Used up by the front end; may be absent from the backend.
    FrontendOnly,
    /// Steers code generation and is not in the bitcode; must resolve to the same value.
    CodegenRequired,
    /// Selects the target; must be the same.
    TargetSelecting,
    /// Recorded in the bitcode as attribute or module flag; absent is a doubt, different an error.
    CodegenInIr,
    /// Decides what kind of compile this is; must resolve to a ThinLTO backend.
    LtoDriver,
    /// Diagnostics that change an exit status.
    WarningStrict,
    /// Other diagnostics; ignored.
    Warning,
    /// Nothing to do with the output.
    Harmless,
    /// An input file.
    Input,
    /// In no row: treated with suspicion.
    Unknown,
}

impl Class {
    /// Its name in reports and in `docs/OPTIONS.md`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FrontendOnly => "frontend-only",
            Self::CodegenRequired => "codegen-required",
            Self::TargetSelecting => "target-selecting",
            Self::CodegenInIr => "codegen-in-IR",
            Self::LtoDriver => "lto-driver",
            Self::WarningStrict => "warning-strict",
            Self::Warning => "warning",
            Self::Harmless => "harmless",
            Self::Input => "input",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the backend needs the option again.
    #[must_use]
    pub const fn needed_by_backend(self) -> bool {
        matches!(self, Self::CodegenRequired | Self::TargetSelecting | Self::CodegenInIr)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a row recognises options and what two options must share to override each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Exactly this text.
    Word(&'static str),
    /// This prefix, then a value: the last one wins.
    Joined(&'static str),
    /// This prefix; different texts do not override each other.
    Each(&'static str),
    /// `-fNAME`, `-fno-NAME` and `-fNAME=…`: the last one wins.
    F(&'static str),
    /// `-mNAME`, `-mno-NAME` and `-mNAME=…`: the last one wins.
    M(&'static str),
    /// One of several words of one family: the last one wins.
    OneOf(&'static str, &'static [&'static str]),
    /// An option with a separate argument; overrides those whose argument has the same name.
    Pair(&'static str),
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What it recognises.
    pub form: Form,
    /// What must happen to it.
    pub class: Class,
    /// The value that clang assumes when the option is absent, where absence is the same.
    pub default: Option<&'static str>,
    /// How we know.
    pub evidence: &'static str,
}

use Form::{Each, F, Joined, M, OneOf, Pair, Word};

/// What the table says of one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified<'a> {
    /// Its class.
    pub class: Class,
    /// What it overrides: two options of one family, the last wins.
    pub family: &'a str,
    /// Its value within the family.
    pub value: &'a str,
    /// What absence means, where it means a value.
    pub default: Option<&'static str>,
}

/// Looks one option up; the first row that recognises it decides.
#[must_use]
pub fn classify<'a>(text: &'a str, pair: Option<(&'a str, &'a str)>) -> Classified<'a> {
    if !text.starts_with('-') || text == "-" {
        return Classified { class: Class::Input, family: "input", value: text, default: None };
    }
    for row in INDEX.candidates(text) {
        if let Some((family, value)) = recognise(row.form, text, pair) {
            return Classified { class: row.class, family, value, default: row.default };
        }
    }
    Classified { class: Class::Unknown, family: text, value: text, default: None }
}

/// The row that decides about an option.
#[must_use]
pub fn row_of(text: &str) -> Option<&'static Row> {
    let pair = text.split_once(' ');
    TABLE.iter().find(|row| recognise(row.form, text, pair).is_some())
}

/// The rows by the first letters of what they recognise, in table order: a kernel build has
/// hundreds of thousands of options to look up.
static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

struct Index {
    by_three: HashMap<[u8; 3], Vec<&'static Row>>,
    by_two: HashMap<[u8; 2], Vec<&'static Row>>,
}

impl Index {
    fn new() -> Self {
        let mut index = Self { by_three: HashMap::new(), by_two: HashMap::new() };
        let starts: Vec<Vec<String>> = TABLE.iter().map(|row| starts(row.form)).collect();
        for start in starts.iter().flatten() {
            let matching = |n: usize| -> Vec<&'static Row> {
                let key = start.get(..n).unwrap_or(start);
                let fits = |other: &String| {
                    other.starts_with(key) || (other.len() < n && key.starts_with(other.as_str()))
                };
                let rows = TABLE.iter().zip(&starts);
                rows.filter(|(_, starts)| starts.iter().any(fits)).map(|(row, _)| row).collect()
            };
            if let Some(key) = start.as_bytes().first_chunk::<3>() {
                index.by_three.entry(*key).or_insert_with(|| matching(3));
            }
            if let Some(key) = start.as_bytes().first_chunk::<2>() {
                index.by_two.entry(*key).or_insert_with(|| matching(2));
            }
        }
        index
    }

    fn candidates(&self, text: &str) -> &[&'static Row] {
        let bytes = text.as_bytes();
        let three = bytes.first_chunk::<3>().and_then(|key| self.by_three.get(key));
        let two = || bytes.first_chunk::<2>().and_then(|key| self.by_two.get(key));
        three.or_else(two).map(Vec::as_slice).unwrap_or_default()
    }
}

/// How texts begin that a form recognises.
fn starts(form: Form) -> Vec<String> {
    match form {
        Word(start) | Joined(start) | Each(start) | Pair(start) => vec![start.to_owned()],
        F(name) => vec![format!("-f{name}"), "-fno-".to_owned()],
        M(name) => vec![format!("-m{name}"), "-mno-".to_owned()],
        OneOf(_, words) => words.iter().map(|word| (*word).to_owned()).collect(),
    }
}

fn recognise<'a>(
    form: Form,
    text: &'a str,
    pair: Option<(&'a str, &'a str)>,
) -> Option<(&'a str, &'a str)> {
    match form {
        Word(word) => (text == word).then_some((text, "yes")),
        Joined(prefix) => {
            let value = text.strip_prefix(prefix)?;
            Some((text.get(..prefix.len())?, value))
        }
        Each(prefix) => text.starts_with(prefix).then_some((text, text)),
        F(name) => switch(text, "-f", name),
        M(name) => switch(text, "-m", name),
        OneOf(family, words) => words.contains(&text).then_some((family, text)),
        Pair(option) => {
            let (name, argument) = pair?;
            if name != option {
                return None;
            }
            let key = argument.split('=').next().unwrap_or(argument);
            Some((text.get(..name.len() + 1 + key.len())?, argument))
        }
    }
}

fn switch<'a>(text: &'a str, lead: &str, name: &'static str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(lead)?;
    if let Some(after) = rest.strip_prefix(name) {
        return match after.strip_prefix('=') {
            Some(value) => Some((name, value)),
            None if after.is_empty() => Some((name, "yes")),
            None => None,
        };
    }
    (rest.strip_prefix("no-")? == name).then_some((name, "no"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Class::{
        CodegenInIr, CodegenRequired, FrontendOnly, LtoDriver, TargetSelecting, Warning,
        WarningStrict,
    };
    use proptest::prelude::*;

    fn class(text: &str) -> Class {
        classify(text, text.split_once(' ')).class
    }

    #[test]
    fn options_of_real_kernel_commands_have_their_classes() {
        let rows = [
            ("-O2", CodegenRequired),
            ("-Os", CodegenRequired),
            ("-fno-PIE", CodegenRequired),
            ("-falign-loops=1", CodegenRequired),
            ("-falign-functions=16", CodegenInIr),
            ("-fno-function-sections", CodegenRequired),
            ("-Wa,-march=armv8.5-a", CodegenRequired),
            ("-mllvm -import-instr-limit=5", CodegenRequired),
            ("--target=aarch64-linux-gnu", TargetSelecting),
            ("-m64", TargetSelecting),
            ("-mno-sse", CodegenInIr),
            ("-mgeneral-regs-only", CodegenInIr),
            ("-fthinlto-index=a.o.thinlto.bc", LtoDriver),
            ("-x ir", LtoDriver),
            ("-DKBUILD_MODFILE=\"a\"", FrontendOnly),
            ("-I.", FrontendOnly),
            ("-Werror=date-time", WarningStrict),
            ("-Wno-gnu", Warning),
            ("-fnew-thing", Class::Unknown),
            ("init/main.o", Class::Input),
        ];
        for (text, expected) in rows {
            assert_eq!(class(text), expected, "{text}");
        }
    }

    #[test]
    fn a_switch_and_its_negation_are_one_family() {
        let of = |text| {
            let c = classify(text, None);
            (c.family.to_owned(), c.value.to_owned())
        };
        assert_eq!(of("-ffunction-sections").0, of("-fno-function-sections").0);
        assert_eq!(of("-fPIE").0, of("-fno-pic").0);
        assert_eq!(of("-falign-loops=4"), ("align-loops".into(), "4".into()));
        assert_ne!(of("-DA=1").0, of("-DB=1").0);
    }

    proptest! {
        /// The index is only a short cut: the first row of the whole table decides.
        #[test]
        fn the_index_finds_what_the_table_says(
            row in 0..TABLE.len(), start in 0_usize..8, rest in "(=?[a-z0-9]{0,3})?"
        ) {
            let starts = starts(TABLE[row].form);
            let text = format!("{}{rest}", starts[start % starts.len()]);
            let pair = text.split_once(' ');
            let by_table = TABLE.iter().find(|row| recognise(row.form, &text, pair).is_some());
            let expected = by_table.map_or(Class::Unknown, |row| row.class);
            prop_assert_eq!(classify(&text, pair).class, expected, "{}", text);
        }

        #[test]
        fn no_option_panics(text in "-?\\PC{0,10}") {
            let _ = classify(&text, text.split_once(' '));
        }
    }

    #[test]
    fn every_row_says_how_we_know() {
        assert!(TABLE.iter().all(|row| !row.evidence.is_empty()));
    }
}
