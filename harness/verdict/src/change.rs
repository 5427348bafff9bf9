//! A change of the sources: what two checks say of it, of which one is of the base and one of the head.

use crate::records::gates;
use twinlto_model::{Arch, Change, NotCompared, Outcome, Report};

/// Makes of the comparison of two runs a judgement about the change between them. `before` and `after`
/// are the checks of base and head.
///
/// Where the base does not build, nothing that lies behind can be told to be new: that is said, and is
/// no agreement unless the head is sound whatever was before.
pub fn judge_change(report: &mut Report, before: &Report, after: &Report) {
    own_words(report);
    let failed = failures(before);
    for (arch, why) in &failed {
        report.not_compared.push(NotCompared {
            arch: *arch,
            what: "what was there before".to_owned(),
            why: format!("the base does not build: {why}"),
        });
    }
    let any = |is: fn(Option<Change>) -> bool| {
        report.findings.iter().any(|finding| gates(finding) && is(finding.change))
    };
    if any(|change| matches!(change, None | Some(Change::New))) {
        return;
    }
    let is_untold = any(|change| change == Some(Change::Untold));
    match (failed.first(), failures(after).first()) {
        (Some(_), Some((_, head))) => {
            report.summary = format!("neither base nor head builds: {head}");
            report.outcome = Outcome::Broken(report.summary.clone());
        }
        (base, _) if is_untold => {
            let why = base.map_or("it was not compared in full", |(_, why)| why);
            let broken = format!("what is new cannot be told of this base: {why}");
            report.summary = format!("{broken}; {}", report.summary);
            report.outcome = Outcome::Broken(broken);
        }
        (Some(_), None) => {
            report.summary = format!("the base does not build, the head does; {}", report.summary);
        }
        (None, _) => {}
    }
}

/// The first build of each architecture that failed, and why.
fn failures(report: &Report) -> Vec<(Arch, &str)> {
    let mut list: Vec<(Arch, &str)> = Vec::new();
    for cell in &report.cells {
        let is_known = list.iter().any(|(arch, _)| *arch == cell.arch);
        list.extend(cell.outcome.why().filter(|_| !is_known).map(|why| (cell.arch, why)));
    }
    list
}

/// Base and head are no runs to those who ask.
fn own_words(report: &mut Report) {
    let words = |text: &str| {
        text.replace("the second run", "the head").replace("the first run", "the base")
    };
    for finding in &mut report.findings {
        if !finding.key.as_str().starts_with("record.") {
            continue;
        }
        finding.cause = finding.cause.as_deref().map(words);
        for site in &mut finding.sites {
            for (side, name) in [(&mut site.left, "base"), (&mut site.right, "head")] {
                if let Some(evidence) = side {
                    name.clone_into(&mut evidence.side);
                }
            }
        }
    }
    for left in &mut report.not_compared {
        left.why = words(&left.why);
    }
    report.summary = words(&report.summary);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::one_build;
    use twinlto_model::{Evidence, Finding, Key, Severity, Site};

    /// The judgement, where the comparison has one finding or none.
    fn judged(before: Outcome, after: Outcome, found: Option<(&'static str, Change)>) -> Report {
        let mut report = Report { summary: "0 new".to_owned(), ..one_build(Outcome::Agree) };
        report.findings.extend(found.map(|(key, change)| {
            let site = Site::new(Arch::Arm64, None, "x")
                .sides(Evidence::new("A", "agree"), Evidence::new("B", "broken"));
            Finding::new(Key::new(key), Severity::Error, site)
                .because("the second run has no answer")
                .became(change)
        }));
        if found.is_some() {
            report.outcome = Outcome::Differ;
        }
        judge_change(&mut report, &one_build(before), &one_build(after));
        report
    }

    fn broken() -> Outcome {
        Outcome::Broken("no rule".to_owned())
    }

    #[test]
    fn a_base_that_does_not_build_is_no_measure() {
        let untold = judged(broken(), Outcome::Differ, Some(("symbol.lost", Change::Untold)));
        let why = "what is new cannot be told of this base: no rule";
        assert_eq!(untold.outcome.why(), Some(why));
        let partly = judged(Outcome::Agree, Outcome::Differ, Some(("symbol.lost", Change::Untold)));
        assert!(partly.outcome.why().unwrap().ends_with("it was not compared in full"));
        assert_eq!(untold.not_compared[0].why, "the base does not build: no rule");
        let neither = judged(broken(), broken(), None);
        assert_eq!(neither.outcome.why(), Some("neither base nor head builds: no rule"));
        let sound = judged(broken(), Outcome::Agree, None);
        assert_eq!(sound.outcome, Outcome::Agree);
        assert_eq!(sound.summary, "the base does not build, the head does; 0 new");
        // What is new all the same is.
        let new = judged(broken(), broken(), Some(("symbol.lost", Change::New)));
        assert_eq!(new.outcome, Outcome::Differ);
    }

    #[test]
    fn two_states_are_called_base_and_head() {
        let report = judged(Outcome::Agree, broken(), Some(("record.outcome.worse", Change::New)));
        let finding = &report.findings[0];
        assert_eq!(finding.cause.as_deref(), Some("the head has no answer"));
        let site = &finding.sites[0];
        let sides = [&site.left, &site.right].map(|it| it.as_ref().unwrap().side.as_str());
        assert_eq!((sides, report.not_compared.len()), (["base", "head"], 0));
    }
}
