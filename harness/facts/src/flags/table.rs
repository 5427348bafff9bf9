//! Looking an option up in the table of [`super::rows`].

use super::options::Opt;
use super::rows::TABLE;
use serde::{Deserialize, Serialize};
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

    /// What must happen to such an option, in a few words.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::FrontendOnly => {
                "used up when the bitcode is written: the backend may lack it \
                 (-DKBUILD_MODFILE, and quotes that got lost, are warnings of their own)"
            }
            Self::CodegenRequired => {
                "steers code generation and is not in the bitcode: the backend must have it, and \
                 resolve it to the same value"
            }
            Self::TargetSelecting => "selects the target: the backend must have the same",
            Self::CodegenInIr => {
                "in the bitcode, as attribute or module flag: the backend may lack it, but must \
                 not have another value"
            }
            Self::LtoDriver => {
                "decides what kind of compile it is: the backend's must resolve to a ThinLTO \
                 backend of exactly this object"
            }
            Self::WarningStrict => "diagnostics that change an exit status",
            Self::Warning => "diagnostics: ignored",
            Self::Harmless => "nothing to do with what is made: ignored",
            Self::Input => "an input file",
            Self::Unknown => "in no row of the table: it may or may not matter, the replay decides",
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

impl fmt::Display for Form {
    /// What it recognises.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Joined(prefix) | Self::Each(prefix) => write!(f, "{prefix}…"),
            Self::F(name) => write!(f, "-f[no-]{name}[=…]"),
            Self::M(name) => write!(f, "-m[no-]{name}[=…]"),
            Self::OneOf(_, words) => f.write_str(&words.join(" ")),
            Self::Pair(option) => write!(f, "{option} X"),
        }
    }
}

impl Form {
    /// What overrides what, among the options that it recognises.
    #[must_use]
    pub const fn overriding(self) -> &'static str {
        match self {
            Self::Word(_) => "saying it twice is saying it once",
            Self::Joined(_) | Self::F(_) | Self::M(_) | Self::OneOf(..) => "the last one wins",
            Self::Each(_) => "each is for itself: different texts do not override each other",
            Self::Pair(_) => "of those whose X has one name (up to its =), the last one wins",
        }
    }
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

/// What overrides what: of two options of one family, the last wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family<'a> {
    /// The family's name, or the option that is a family of its own.
    pub name: &'a str,
    /// What tells options of one name apart by their argument (`-mllvm -x=1`: `-x`); empty
    /// where they have none.
    pub key: &'a str,
}

/// What the table says of one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified<'a> {
    /// Its class.
    pub class: Class,
    /// What it overrides.
    pub family: Family<'a>,
    /// Its value within the family.
    pub value: &'a str,
    /// What absence means, where it means a value.
    pub default: Option<&'static str>,
}

/// Looks one option up; the first row that recognises it decides.
#[must_use]
pub fn classify(option: Opt<'_>) -> Classified<'_> {
    let (name, key) = (option.word, option.argument.unwrap_or_default());
    if option.is_input() || option.word == "-" {
        let family = Family { name: "input", key: "" };
        return Classified { class: Class::Input, family, value: name, default: None };
    }
    for row in INDEX.candidates(option.word) {
        if let Some((family, value)) = recognise(row.form, option) {
            return Classified { class: row.class, family, value, default: row.default };
        }
    }
    let value = option.argument.unwrap_or(name);
    Classified { class: Class::Unknown, family: Family { name, key }, value, default: None }
}

/// The row that decides about an option.
#[must_use]
pub fn row_of(option: Opt<'_>) -> Option<&'static Row> {
    TABLE.iter().find(|row| recognise(row.form, option).is_some())
}

/// The rows by the letters that tell most of what they recognise, in table order: a kernel
/// build has hundreds of thousands of options to look up.
static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

const LETTERS: usize = 256;

struct Index {
    /// Rows by [`letters`]; the second letter counts single.
    by_two: Vec<Vec<&'static Row>>,
    /// Rows for options of one letter.
    by_one: Vec<Vec<&'static Row>>,
}

/// The two letters of an option that tell most: those after the dash, and of a negation
/// (`-fno-x`) those of what is negated; the second is none where there is only one.
fn letters(word: &str) -> Option<(usize, Option<usize>)> {
    let pair = |a: u8, b: u8| Some((usize::from(a), Some(usize::from(b))));
    match *word.as_bytes() {
        [_, a @ (b'f' | b'm'), b'n', b'o', b'-', b, ..] | [_, a, b, ..] => pair(a, b),
        [_, a] => Some((usize::from(a), None)),
        _ => None,
    }
}

impl Index {
    fn new() -> Self {
        let none = |slots| vec![Vec::new(); slots];
        let mut index = Self { by_two: none(LETTERS * LETTERS), by_one: none(LETTERS) };
        let add = |slot: &mut Vec<&'static Row>, row: &'static Row| {
            if slot.last().is_none_or(|last| !std::ptr::eq(*last, row)) {
                slot.push(row);
            }
        };
        for row in TABLE {
            for start in starts(row.form) {
                let Some((first, second)) = letters(&start) else {
                    continue;
                };
                // What begins with one letter recognises options of any second.
                let seconds = second.map_or(0..LETTERS, |second| second..second + 1);
                for slot in index
                    .by_two
                    .iter_mut()
                    .skip(first * LETTERS + seconds.start)
                    .take(seconds.len())
                {
                    add(slot, row);
                }
                if second.is_none()
                    && let Some(slot) = index.by_one.get_mut(first)
                {
                    add(slot, row);
                }
            }
        }
        index
    }

    fn candidates(&self, word: &str) -> &[&'static Row] {
        let rows = match letters(word) {
            Some((first, Some(second))) => self.by_two.get(first * LETTERS + second),
            Some((first, None)) => self.by_one.get(first),
            None => None,
        };
        rows.map(Vec::as_slice).unwrap_or_default()
    }
}

/// How texts begin that a form recognises, negations aside.
fn starts(form: Form) -> Vec<String> {
    match form {
        Word(start) | Joined(start) | Each(start) | Pair(start) => vec![start.to_owned()],
        F(name) => vec![format!("-f{name}")],
        M(name) => vec![format!("-m{name}")],
        OneOf(_, words) => words.iter().map(|word| (*word).to_owned()).collect(),
    }
}

fn recognise(form: Form, option: Opt<'_>) -> Option<(Family<'_>, &str)> {
    let Opt { word, argument, .. } = option;
    let alone = |name, value| argument.is_none().then_some((Family { name, key: "" }, value));
    match form {
        Word(text) if text == word => alone(word, "yes"),
        Joined(prefix) => alone(word.get(..prefix.len())?, word.strip_prefix(prefix)?),
        Each(prefix) if word.starts_with(prefix) => {
            let key = argument.unwrap_or_default();
            Some((Family { name: word, key }, argument.unwrap_or(word)))
        }
        F(name) => switch(word, "-f", name).and_then(|value| alone(name, value)),
        M(name) => switch(word, "-m", name).and_then(|value| alone(name, value)),
        OneOf(family, words) if words.contains(&word) => alone(family, word),
        Pair(text) if text == word => {
            let argument = argument?;
            let key = argument.split('=').next().unwrap_or(argument);
            Some((Family { name: word, key }, argument))
        }
        Word(_) | Each(_) | OneOf(..) | Pair(_) => None,
    }
}

fn switch<'a>(word: &'a str, lead: &str, name: &str) -> Option<&'a str> {
    let rest = word.strip_prefix(lead)?;
    match rest.strip_prefix(name) {
        Some("") => Some("yes"),
        Some(after) => after.strip_prefix('='),
        None => (rest.strip_prefix("no-")? == name).then_some("no"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Class::{
        CodegenInIr, CodegenRequired, FrontendOnly, LtoDriver, TargetSelecting, Warning,
        WarningStrict,
    };
    use proptest::prelude::*;

    /// An option as a user would write it, its argument behind a space.
    fn option(text: &str) -> Opt<'_> {
        let (word, argument) =
            text.split_once(' ').map_or((text, None), |(word, argument)| (word, Some(argument)));
        Opt { word, argument, index: 0 }
    }

    fn class(text: &str) -> Class {
        classify(option(text)).class
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
            let c = classify(option(text));
            (c.family.name, c.value)
        };
        assert_eq!(of("-ffunction-sections").0, of("-fno-function-sections").0);
        assert_eq!(of("-fPIE").0, of("-fno-pic").0);
        assert_eq!(of("-falign-loops=4"), ("align-loops", "4"));
        assert_ne!(of("-DA=1").0, of("-DB=1").0);
    }

    proptest! {
        /// The index is only a short cut: the first row of the whole table decides.
        #[test]
        fn the_index_finds_what_the_table_says(
            row in 0..TABLE.len(), start in 0_usize..8, no in any::<bool>(), rest in "(=?[a-z0-9]{0,3})?"
        ) {
            let starts = starts(TABLE[row].form);
            let mut text = format!("{}{rest}", starts[start % starts.len()]);
            if no && matches!(TABLE[row].form, F(_) | M(_)) {
                text.insert_str(2, "no-");
            }
            let expected = row_of(option(&text)).map_or(Class::Unknown, |row| row.class);
            prop_assert_eq!(class(&text), expected, "{}", text);
        }

        #[test]
        fn no_option_panics(text in "-?\\PC{0,10}") {
            let _ = class(&text);
        }
    }

    #[test]
    fn every_row_says_how_we_know() {
        assert!(TABLE.iter().all(|row| !row.evidence.is_empty()));
    }
}
