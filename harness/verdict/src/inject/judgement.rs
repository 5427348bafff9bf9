use super::case::{Case, Expected, Subject};
use crate::expect::Glob;
use twinlto_model::{Arch, CaseOutcome, Finding, Severity};

/// Judges what was said of a kernel with a known defect. `untouched` is what is said of the same
/// kernel without it: that is neither caught nor noise.
#[must_use]
pub fn judge_case(
    case: &Case,
    arch: Arch,
    found: &[Finding],
    untouched: &[Finding],
) -> CaseOutcome {
    let expected: Vec<&Expected> =
        case.expect.iter().filter(|e| e.arch.is_empty() || e.arch.contains(&arch)).collect();
    if expected.is_empty() && !case.negative {
        return CaseOutcome::Skipped(format!("it expects nothing on {arch}"));
    }
    if case.live.is_none() {
        for wanted in &expected {
            if untouched.iter().any(|finding| wanted.fault(finding).is_none()) {
                return CaseOutcome::Broken(format!(
                    "{} is found in the untouched tree too, so the case shows nothing",
                    wanted.key
                ));
            }
        }
    }
    for wanted in &expected {
        if let Some(outcome) = wanted.outcome(found) {
            return outcome;
        }
    }
    let forbidden = found.iter().find(|f| case.must_not.iter().any(|m| m.matches_any(f)));
    if let Some(finding) = forbidden {
        return CaseOutcome::Noise(format!("{} must not be there", finding.in_short()));
    }
    let noise: Vec<String> = found
        .iter()
        .filter(|finding| finding.gates())
        .filter(|finding| !expected.iter().any(|wanted| wanted.fault(finding).is_none()))
        .filter(|finding| !case.may.iter().any(|may| may.matches_all(finding)))
        .filter(|finding| !untouched.iter().any(|known| same_place(known, finding)))
        .map(Finding::in_short)
        .collect();
    match noise.is_empty() {
        true => CaseOutcome::Caught,
        false => CaseOutcome::Noise(noise.join("; ")),
    }
}

fn same_place(known: &Finding, finding: &Finding) -> bool {
    let there = known.subjects();
    known.key == finding.key && finding.subjects().iter().all(|subject| there.contains(subject))
}

impl Subject {
    fn matches(&self, finding: &Finding, subject: &str) -> bool {
        let of = self.subject.as_deref().map_or_else(Glob::any, Glob::new);
        let cause = finding.cause.as_deref().unwrap_or_default();
        if self.cause.as_deref().is_some_and(|words| !cause.contains(words)) {
            return false;
        }
        Glob::new(&self.key).matches(finding.key.as_str()) && of.matches(subject)
    }

    fn matches_all(&self, finding: &Finding) -> bool {
        finding.subjects().iter().all(|subject| self.matches(finding, subject))
    }

    fn matches_any(&self, finding: &Finding) -> bool {
        finding.subjects().iter().any(|subject| self.matches(finding, subject))
    }
}

impl Expected {
    /// How it ended if not well.
    fn outcome(&self, found: &[Finding]) -> Option<CaseOutcome> {
        let mut fault = None;
        for finding in found.iter().filter(|finding| finding.key.as_str() == self.key) {
            match self.fault(finding) {
                None => return None,
                Some(why) => fault = fault.or(Some(why)),
            }
        }
        Some(match fault {
            Some(why) => CaseOutcome::WrongWords(why),
            None => CaseOutcome::Missed(self.missed(found)),
        })
    }

    fn missed(&self, found: &[Finding]) -> String {
        let others: Vec<String> =
            found.iter().filter(|f| f.severity != Severity::Note).map(Finding::in_short).collect();
        match others.is_empty() {
            true => format!("no {}, and nothing else", self.key),
            false => format!("no {}, but {}", self.key, others.join("; ")),
        }
    }

    /// What a finding has to do with it and should say otherwise; none when it is what is expected.
    fn fault(&self, finding: &Finding) -> Option<String> {
        if finding.key.as_str() != self.key {
            return Some(format!("it is {}", finding.key));
        }
        let key = &self.key;
        let subjects = finding.subjects();
        let globs: Vec<Glob> = self.subject.iter().map(|pattern| Glob::new(pattern)).collect();
        if !globs.is_empty() {
            let foreign = subjects.iter().find(|s| !globs.iter().any(|glob| glob.matches(s)));
            if let Some(foreign) = foreign {
                return Some(format!("{key} names {foreign}, which no pattern expects"));
            }
            let idle = globs.iter().find(|glob| !subjects.iter().any(|s| glob.matches(s)));
            if let Some(idle) = idle {
                return Some(format!("{key} does not name {}", idle.as_str()));
            }
        }
        let cause = finding.cause.as_deref().unwrap_or_default();
        if let Some(words) = self.cause.as_deref().filter(|words| !cause.contains(words)) {
            return Some(match cause {
                "" => format!("{key} has no cause; expected '{words}' in it"),
                cause => format!("the cause of {key} is '{cause}'; expected '{words}' in it"),
            });
        }
        let all = everything(finding);
        if let Some(words) = self.says.iter().find(|words| !all.contains(words.as_str())) {
            return Some(format!("{key} does not say '{words}'"));
        }
        if self.defect.is_some() && self.defect != finding.defect {
            let is = finding.defect.as_deref().unwrap_or("no known defect");
            let wanted = self.defect.as_deref().unwrap_or_default();
            return Some(format!("{key} is called {is} and not {wanted}"));
        }
        match self.severity {
            Some(severity) if severity != finding.severity => {
                Some(format!("{key} is of severity {} and not {severity}", finding.severity))
            }
            _ => None,
        }
    }
}

/// All texts of a finding.
fn everything(finding: &Finding) -> String {
    let mut text = String::new();
    let own = [&finding.cause, &finding.remedy, &finding.defect];
    for part in own.into_iter().flatten() {
        text.push_str(part);
        text.push('\n');
    }
    for site in &finding.sites {
        text.push_str(&site.effect);
        text.push('\n');
        for side in [&site.left, &site.right].into_iter().flatten() {
            text.push_str(&side.text);
            text.push('\n');
            text.push_str(side.path.as_deref().unwrap_or_default());
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Key, Site};

    fn case(rest: &str) -> Result<Case, String> {
        let text = format!("title = 'x'\nsource = 'y'\n[inject]\nmake = {{ A = 'b' }}\n{rest}");
        Case::parse("x", "case.toml", &text).map_err(|error| error.to_string())
    }

    fn expecting() -> Case {
        case(
            "[[expect]]\nkey = 'native.empty'\nsubject = ['mm/*']\ncause = 'exit'\n\
             [[may]]\nkey = 'index.*'\nreason = 'follows'\n",
        )
        .unwrap()
    }

    fn finding(key: &'static str, subject: &str, cause: &str) -> Finding {
        let site = Site::new(Arch::Arm64, None, subject);
        Finding::new(Key::new(key), Severity::Error, site).because(cause)
    }

    fn word(case: &Case, found: &[Finding], untouched: &[Finding]) -> &'static str {
        judge_case(case, Arch::Arm64, found, untouched).word()
    }

    #[test]
    fn the_right_words_and_nothing_else_are_caught() {
        let good = finding("native.empty", "mm/a.o", "exit status 0");
        let follows = finding("index.empty", "mm/a.o", "");
        let other = finding("native.machine", "mm/b.o", "");
        let of = |found: &[Finding]| word(&expecting(), found, &[]);
        assert_eq!(of(&[good.clone(), follows.clone()]), "caught");
        assert_eq!(of(&[good.clone(), other.clone()]), "noise");
        assert_eq!(of(std::slice::from_ref(&other)), "missed");
        assert_eq!(of(&[finding("native.empty", "mm/a.o", "who knows")]), "wrong words");
        assert_eq!(of(&[finding("native.empty", "lib/a.o", "exit")]), "wrong words");
        assert_eq!(word(&expecting(), &[good.clone(), other.clone()], &[other]), "caught");
        assert_eq!(
            word(&expecting(), std::slice::from_ref(&good), std::slice::from_ref(&good)),
            "broken"
        );
    }

    #[test]
    fn a_negative_case_takes_notes_only() {
        let negative = case("").unwrap_err();
        assert!(negative.contains("expects nothing"), "{negative}");
        let text = "title = 'x'\nsource = 'y'\nnegative = true\n[inject]\nmake = { A = 'b' }\n";
        let negative = Case::parse("x", "case.toml", text).unwrap();
        let bad = finding("native.empty", "mm/a.o", "");
        let note = Finding { severity: Severity::Note, ..bad.clone() };
        assert_eq!(word(&negative, &[note], &[]), "caught");
        assert_eq!(word(&negative, &[bad], &[]), "noise");
    }
}
