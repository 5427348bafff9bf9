use super::Answer;
use crate::expect::{Glob, Needs, needs};
use crate::number::Number;
use std::fmt;
use twinlto_model::{CellReport, Layer, Mode, Outcome, Report, Severity};

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
    /// A build that fails with a message in which this stands.
    Error(String),
    /// A number of a build, held against a bound.
    Count(Count),
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

    const fn holds(self, number: u64, bound: u64) -> bool {
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

/// An answer and what it rests on, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The answer.
    pub answer: Answer,
    /// Why.
    pub because: String,
}

impl Judgement {
    /// An answer and why.
    #[must_use]
    pub fn new(answer: Answer, because: impl Into<String>) -> Self {
        Self { answer, because: because.into() }
    }
}

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

    /// What a report says about it.
    #[must_use]
    pub fn judge(&self, report: &Report) -> Judgement {
        match self {
            Self::Finding { key, subject } => finding(report, key, subject.as_deref()),
            Self::Outcome(words) => outcome(report, words),
            Self::Error(text) => error(report, text),
            Self::Count(wanted) => count(report, wanted),
        }
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
            Self::Error(text) => write!(f, "--error '{text}'"),
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

/// Why a report has no answer, where it has none.
fn unanswered(report: &Report) -> Option<String> {
    let twins = report.twins.iter().map(|twin| &twin.outcome);
    let without = twins.chain([&report.outcome]).find_map(Outcome::why);
    without.map(str::to_owned)
}

fn finding(report: &Report, key: &str, subject: Option<&str>) -> Judgement {
    let (key, subject) = (Glob::new(key), subject.map_or_else(Glob::any, Glob::new));
    let allowed = report.allowed.iter().map(|allowed| &allowed.finding);
    let found = report.findings.iter().chain(allowed).find_map(|finding| {
        let subjects: Vec<&str> =
            finding.subjects().into_iter().filter(|it| subject.matches(it)).collect();
        let first = *subjects.first()?;
        let more = match subjects.len() {
            1 => String::new(),
            n => format!(", +{}", n - 1),
        };
        let hit = key.matches(finding.key.as_str());
        hit.then(|| format!("{}: {first}{more}", finding.key))
    });
    if let Some(found) = found {
        return Judgement::new(Answer::Bad, found);
    }
    if let Some(why) = unanswered(report) {
        return Judgement::new(Answer::Unknown, why);
    }
    // What nobody looked for is not absent.
    let compared = |layer: Layer| {
        let all = report.twins.iter().flat_map(|twin| &twin.layers);
        all.filter(|result| result.layer == layer).any(|result| result.compared > 0)
    };
    let looked = needs(&key).any(|needs| match needs {
        Needs::One(layer) | Needs::Both(layer) => compared(layer),
        Needs::All | Needs::Request => true,
        Needs::Records => false,
    });
    match looked {
        true => Judgement::new(Answer::Good, format!("no {}", key.as_str())),
        false => {
            Judgement::new(Answer::Unknown, format!("nothing was looked at for {}", key.as_str()))
        }
    }
}

fn outcome(report: &Report, words: &[String]) -> Judgement {
    let word = report.outcome.word();
    let because = match report.outcome.why() {
        Some(why) => format!("{word}: {why}"),
        None => word.to_owned(),
    };
    let answer = match words.iter().any(|wanted| wanted == word) {
        true => Answer::Bad,
        // A kernel that does not build has not agreed.
        false if report.outcome.why().is_some() => Answer::Unknown,
        false => Answer::Good,
    };
    Judgement::new(answer, because)
}

fn error(report: &Report, text: &str) -> Judgement {
    let failures = || report.cells.iter().filter_map(|cell| cell.outcome.why());
    let Some(first) = failures().next() else {
        return match unanswered(report) {
            Some(why) => Judgement::new(Answer::Unknown, why),
            None => Judgement::new(Answer::Good, "it builds"),
        };
    };
    // A build that failed is known by the first error in its log, and by what explains it.
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let causes = errors.filter_map(|finding| finding.cause.as_deref());
    match failures().chain(causes).find(|why| why.contains(text)) {
        Some(why) => Judgement::new(Answer::Bad, why),
        None => Judgement::new(Answer::Unknown, format!("it fails otherwise: {first}")),
    }
}

fn count(report: &Report, wanted: &Count) -> Judgement {
    let is_wanted = |cell: &&CellReport| wanted.mode.is_none_or(|mode| mode == cell.mode);
    let cells: Vec<&CellReport> = report.cells.iter().filter(is_wanted).collect();
    if let Some(why) = cells.iter().find_map(|cell| cell.outcome.why()) {
        return Judgement::new(Answer::Unknown, why);
    }
    let numbers: Vec<(&CellReport, u64)> = cells
        .iter()
        .filter_map(|cell| Some((*cell, *cell.counts.get(wanted.number.name())?)))
        .collect();
    let said = |(cell, number): &(&CellReport, u64)| {
        format!("{} {} has {number} {}", cell.arch, cell.mode, wanted.number)
    };
    let hit = numbers.iter().find(|(_, n)| wanted.relation.holds(*n, wanted.bound));
    match (hit, numbers.first()) {
        (Some(hit), _) => Judgement::new(Answer::Bad, said(hit)),
        (None, Some(first)) => Judgement::new(Answer::Good, said(first)),
        (None, None) => {
            Judgement::new(Answer::Unknown, format!("no build has a number '{}'", wanted.number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number;
    use std::collections::BTreeMap;
    use twinlto_model::{Arch, Finding, Key, Site};

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

    /// Of one build, which ended so, with a finding that has this cause.
    fn report(outcome: Outcome, severity: Severity, cause: &str) -> Report {
        let site = Site::new(Arch::Arm64, Some(Mode::Distributed), "mm/util.o");
        let finding = Finding::new(Key::new("log.error.new"), severity, site).because(cause);
        let cell = CellReport {
            arch: Arch::Arm64,
            mode: Mode::Distributed,
            toolchain: None,
            outcome: outcome.clone(),
            directory: String::new(),
            timings: BTreeMap::new(),
            counts: BTreeMap::new(),
        };
        Report {
            schema: String::new(),
            twinlto: String::new(),
            kernel: twinlto_model::KernelId { name: String::new(), path: None },
            config: String::new(),
            comparison: String::new(),
            sides: None,
            outcome,
            summary: String::new(),
            twins: Vec::new(),
            cells: vec![cell],
            findings: vec![finding],
            allowed: Vec::new(),
            not_compared: Vec::new(),
            patches: Vec::new(),
            record: None,
        }
    }

    #[test]
    fn only_what_fails_has_an_error() {
        let lld = Predicate::Error("lld".to_owned());
        let answer = |report: &Report| lld.judge(report).answer;
        // A note of a kernel that builds speaks of lld, too.
        assert_eq!(answer(&report(Outcome::Agree, Severity::Note, "lld knows it")), Answer::Good);
        let broken = |why: &str| Outcome::Broken(why.to_owned());
        let linker = report(broken("lld: undefined symbol"), Severity::Note, "");
        assert_eq!(answer(&linker), Answer::Bad);
        let explained = report(broken("make: Error 1"), Severity::Error, "lld was killed");
        assert_eq!(answer(&explained), Answer::Bad);
        let noted = report(broken("make: Error 1"), Severity::Note, "lld knows it");
        assert_eq!(answer(&noted), Answer::Unknown);
    }
}
