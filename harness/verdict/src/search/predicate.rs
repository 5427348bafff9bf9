use crate::expect::{Glob, needs};
use crate::number::Number;
use std::fmt;
use twinlto_facts::log::class_of_line;
use twinlto_model::Mode;

/// What makes a kernel bad, told from its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// A finding, allowed or not, whose key and one of whose subjects match.
    Finding {
        /// Pattern of its key.
        key: String,
        /// Pattern of a subject; none for any.
        subject: Option<String>,
    },
    /// One of these outcomes: `differ`, `broken`, `skipped`, `agree`.
    Outcome(Vec<String>),
    /// A build that fails with such a message.
    Error(Failing),
    /// A number of a build, held against a bound.
    Count(Count),
}

/// What a build that fails says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failing {
    /// A message in which this stands.
    Text(String),
    /// A message of this class, as `facts::log` has them: `undefined-symbol`.
    Class(String),
}

impl Failing {
    /// Whether one of these lines is such a message.
    #[must_use]
    pub fn fits(&self, said: &str) -> bool {
        match self {
            Self::Text(text) => said.contains(text.as_str()),
            Self::Class(class) => {
                said.lines().any(|line| class_of_line(line).as_deref() == Some(class))
            }
        }
    }
}

/// A number of a build and a bound: `in-process.promoted_symbols<200`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Of the build in this mode; none for any that has the number.
    pub mode: Option<Mode>,
    /// Which.
    pub number: Number,
    /// How it is compared.
    pub relation: Relation,
    /// The bound.
    pub bound: u64,
}

/// How a number is compared with a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

impl Relation {
    /// Longer signs first, so that `<=` is not read as `<`.
    const SIGNS: [(&'static str, Self); 5] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("<", Self::Less),
        (">", Self::More),
        ("=", Self::Equal),
    ];

    pub(super) const fn holds(self, number: u64, bound: u64) -> bool {
        match self {
            Self::Less => number < bound,
            Self::AtMost => number <= bound,
            Self::Equal => number == bound,
            Self::AtLeast => number >= bound,
            Self::More => number > bound,
        }
    }
}

/// A predicate that cannot be read: why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PredicateError(pub String);

impl fmt::Display for PredicateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PredicateError {}

impl Predicate {
    /// A predicate about findings.
    ///
    /// # Errors
    ///
    /// When no key matches the pattern.
    pub fn finding(key: &str, subject: Option<&str>) -> Result<Self, PredicateError> {
        if needs(&Glob::new(key)).next().is_none() {
            let close = crate::closest_key(key).map(|key| format!("; {key} is one"));
            let close = close.unwrap_or_default();
            return Err(PredicateError(format!("no finding has a key like '{key}'{close}")));
        }
        Ok(Self::Finding { key: key.to_owned(), subject: subject.map(str::to_owned) })
    }

    /// A predicate about outcomes, separated by commas.
    ///
    /// # Errors
    ///
    /// When a word is none.
    pub fn outcome(words: &str) -> Result<Self, PredicateError> {
        const WORDS: [&str; 4] = ["agree", "differ", "broken", "skipped"];
        let words: Vec<String> = words.split(',').map(|word| word.trim().to_owned()).collect();
        match words.iter().find(|word| !WORDS.contains(&word.as_str())) {
            Some(word) => Err(PredicateError(format!(
                "'{word}' is no outcome; there are {}",
                WORDS.join(", ")
            ))),
            None => Ok(Self::Outcome(words)),
        }
    }

    /// A predicate about a number: `[MODE.]NAME<N`, with `<`, `<=`, `=`, `>=` or `>`. `known` are
    /// those that what is searched has: [`OF_A_BUILD`](crate::number::OF_A_BUILD) or
    /// [`OF_AN_OBJECT`](crate::number::OF_AN_OBJECT).
    ///
    /// # Errors
    ///
    /// When it is not of this form, or there is no number of this name.
    pub fn count(text: &str, known: &[Number]) -> Result<Self, PredicateError> {
        let bad = |why: &str| PredicateError(format!("{why} in '{text}'"));
        let found = Relation::SIGNS.iter().find_map(|(sign, relation)| {
            text.split_once(sign).map(|(left, right)| (left, *relation, right))
        });
        let (left, relation, right) = found.ok_or_else(|| bad("there is no <, <=, =, >= or >"))?;
        let bound = right.trim().parse().map_err(|_| bad("there is no number after the sign"))?;
        let (mode, name) = match left.trim().split_once('.') {
            Some((mode, name)) => {
                let mode = mode.parse::<Mode>().map_err(|_| bad("there is no mode before '.'"))?;
                (Some(mode), name)
            }
            None => (None, left.trim()),
        };
        if name.is_empty() {
            return Err(bad("there is no name of a number"));
        }
        let Some(number) = Number::named(name, known) else {
            let close = Number::closest(name, known).map(|it| format!("{it} is one"));
            let all: Vec<&str> = known.iter().map(|it| it.name()).collect();
            let rest = close.unwrap_or_else(|| format!("there are {}", all.join(", ")));
            return Err(PredicateError(format!("there is no number '{name}' here; {rest}")));
        };
        Ok(Self::Count(Count { mode, number, relation, bound }))
    }

    /// Whether a build that fails with this message is what is asked for.
    #[must_use]
    pub fn is_failure(&self, said: &str) -> bool {
        matches!(self, Self::Error(wanted) if wanted.fits(said))
    }
}

/// As its option on the command line.
impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finding { key, subject: None } => write!(f, "--finding '{key}'"),
            Self::Finding { key, subject: Some(subject) } => {
                write!(f, "--finding '{key}' --subject '{subject}'")
            }
            Self::Outcome(words) => write!(f, "--outcome {}", words.join(",")),
            Self::Error(Failing::Text(text)) => write!(f, "--error '{text}'"),
            Self::Error(Failing::Class(class)) => write!(f, "--error-class {class}"),
            Self::Count(count) => write!(f, "--count '{count}'"),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = self.mode.map(|mode| format!("{mode}.")).unwrap_or_default();
        let sign = Relation::SIGNS.iter().find(|(_, relation)| *relation == self.relation);
        let sign = sign.map_or("=", |(sign, _)| *sign);
        write!(f, "{mode}{}{sign}{}", self.number, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number;

    #[test]
    fn a_count_is_read_and_printed() {
        for text in [
            "in-process.promoted_symbols<200",
            "symbols>=1",
            "exports=0",
            "sections<=2",
            "text_bytes>3",
        ] {
            let Ok(Predicate::Count(count)) = Predicate::count(text, number::OF_A_BUILD) else {
                panic!("{text}")
            };
            assert_eq!(count.to_string(), text);
        }
        let why = |text: &str| Predicate::count(text, number::OF_A_BUILD).unwrap_err().0;
        assert!(why("symbols").contains("there is no <"));
        assert!(why("symbols<many").contains("no number after"));
        assert!(why("nowhere.symbols<1").contains("no mode before"));
        assert!(why("<1").contains("no name"));
        assert!(why("foo<3").starts_with("there is no number 'foo' here; there are ir_objects, "));
        assert!(why("promoted_symbol<3").contains("; promoted_symbols is one"));
        assert!(why("distributed.<1").contains("no name"));
    }

    #[test]
    fn a_pattern_for_no_key_and_a_word_for_no_outcome_are_refused() {
        let why = Predicate::finding("flags.backend.mising", None).unwrap_err().0;
        assert!(why.contains("flags.backend.missing is one"), "{why}");
        assert!(Predicate::finding("flags.*", Some("virt/*")).is_ok());
        assert!(Predicate::outcome("differ,broke").unwrap_err().0.contains("'broke'"));
        assert!(Predicate::outcome("differ, broken").is_ok());
    }
}
