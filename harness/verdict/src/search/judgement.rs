use super::Answer;
use super::predicate::{Count, Failing, Predicate};
use crate::expect::{Glob, Needs, needs};
use twinlto_facts::log::class_of_line;
use twinlto_model::{CellReport, Layer, Outcome, Report, Severity};

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
    /// What a report says about it.
    #[must_use]
    pub fn judge(&self, report: &Report) -> Judgement {
        match self {
            Self::Finding { key, subject } => finding(report, key, subject.as_deref()),
            Self::Outcome(words) => outcome(report, words),
            Self::Error(wanted) => error(report, wanted),
            Self::Count(wanted) => count(report, wanted),
        }
    }
}

/// Why a report has no answer, where it has none.
fn unanswered(report: &Report) -> Option<String> {
    let twins = report.twins.iter().map(|twin| &twin.outcome);
    let without = twins.chain([&report.outcome]).find_map(Outcome::why);
    without.map(str::to_owned)
}

fn finding(report: &Report, key: &str, subject: Option<&str>) -> Judgement {
    let of = subject.map(|subject| format!(" of {subject}")).unwrap_or_default();
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
        true => Judgement::new(Answer::Good, format!("no {}{of}", key.as_str())),
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

fn error(report: &Report, wanted: &Failing) -> Judgement {
    let failures = || report.cells.iter().filter_map(|cell| cell.outcome.why());
    let Some(first) = failures().next() else {
        return match unanswered(report) {
            Some(why) => Judgement::new(Answer::Unknown, why),
            None => Judgement::new(Answer::Good, "it builds"),
        };
    };
    // A build that failed is known by the first error in its log, and by what explains it.
    let errors = || report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let causes = errors().filter_map(|finding| finding.cause.as_deref());
    // Of a backend that is not make's, the words of the compiler stand there.
    let sides =
        errors().flat_map(|finding| &finding.sites).flat_map(|site| [&site.left, &site.right]);
    let words = sides.flatten().map(|evidence| evidence.text.as_str());
    match failures().chain(causes).chain(words).find(|why| wanted.fits(why)) {
        Some(why) => Judgement::new(Answer::Bad, why),
        None => {
            let class = class_of_line(first).map(|class| format!(" ({class})"));
            let class = class.unwrap_or_default();
            Judgement::new(Answer::Unknown, format!("it fails otherwise{class}: {first}"))
        }
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
    use crate::made::one_build;
    use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Site};

    /// Of one build, which ended so, with a finding that has this cause.
    fn report(outcome: Outcome, severity: Severity, cause: &str) -> Report {
        let site = Site::new(Arch::Arm64, Some(Mode::Distributed), "mm/util.o");
        let finding = Finding::new(Key::new("log.error.new"), severity, site).because(cause);
        Report { findings: vec![finding], ..one_build(outcome) }
    }

    #[test]
    fn only_what_fails_has_an_error() {
        let lld = Predicate::Error(Failing::Text("lld".to_owned()));
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

    #[test]
    fn a_failure_is_of_the_class_of_its_message() {
        let class = |class: &str| Predicate::Error(Failing::Class(class.to_owned()));
        let failed = report(
            Outcome::Broken("ld.lld: error: undefined symbol: foo".to_owned()),
            Severity::Note,
            "",
        );
        assert_eq!(class("undefined-symbol").judge(&failed).answer, Answer::Bad);
        let other = class("crash").judge(&failed);
        assert_eq!(other.answer, Answer::Unknown);
        assert!(other.because.starts_with("it fails otherwise (undefined-symbol): ld.lld"));
        let said = "a line\nkernel/x.c:3:2: error: unused variable 'a' [-Werror,-Wunused-variable]";
        let mut backend =
            report(Outcome::Broken("1 backend failed".to_owned()), Severity::Error, "");
        let words = "<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'";
        backend.findings[0].sites[0].left = Some(Evidence::new("backend", words));
        assert_eq!(class("invalid-instruction").judge(&backend).answer, Answer::Bad);
        assert!(class("unused-variable").is_failure(said));
        assert!(!class("unused-variable").is_failure("unused-variable"));
        assert!(!Predicate::Outcome(Vec::new()).is_failure(said));
    }
}
