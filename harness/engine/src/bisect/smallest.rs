//! The smallest set of parts that makes a whole bad.

use super::state::State;
use super::{Evaluation, Scene, answer_of, asked, report};
use crate::error::EngineError;
use crate::process::interrupted;
use twinlto_model::{BisectFound, BisectReport, BisectStep, Event, Outcome, count};
use twinlto_verdict::search::{Answer, Judgement, Subset, SubsetStep};

/// What can be put together from some of its parts.
pub(super) trait Parts {
    /// What it is without any part and with all of them, and what to do where that is not good, and
    /// not bad.
    fn ends(&self) -> [(&'static str, &'static str); 2];

    /// Puts it together anew and asks.
    fn judge(&self, set: &[usize], events: &mut dyn FnMut(Event))
    -> Result<Judgement, EngineError>;
}

/// Asks until the set is the smallest. `names` are the parts.
pub(super) fn smallest(
    scene: &Scene<'_>,
    names: &[String],
    parts: &dyn Parts,
    events: &mut dyn FnMut(Event),
) -> Result<BisectReport, EngineError> {
    let state = State::open(scene)?;
    let mut run = Run { scene, names, parts, steps: Vec::new(), state };
    let all: Vec<usize> = (0..names.len()).collect();
    let [none_end, all_end] = parts.ends();
    run.must_be(&[], Answer::Good, none_end, events)?;
    run.must_be(&all, Answer::Bad, all_end, events)?;
    let mut search = Subset::among(all);
    let found = loop {
        match search.step() {
            SubsetStep::Found(set) => break set,
            SubsetStep::Ask(set) => {
                let answer = run.ask(&set, search.suspects().len(), events)?;
                search.tell(&set, answer == Answer::Bad);
            }
        }
    };
    // The set is the answer where the rest is good without any one of its parts.
    let mut is_proven = true;
    for part in &found {
        let rest: Vec<usize> = found.iter().copied().filter(|at| at != part).collect();
        is_proven &= run.ask(&rest, found.len(), events)? == Answer::Good;
    }
    let found = found.iter().filter_map(|at| names.get(*at)).cloned().collect();
    let (found, outcome) = match is_proven {
        true => (BisectFound::Set(found), Outcome::Agree),
        false => (BisectFound::Among(found), Outcome::Differ),
    };
    run.state.finish(&found)?;
    Ok(report(scene, names.len(), run.steps, found, outcome))
}

/// The questions that were asked.
struct Run<'a> {
    scene: &'a Scene<'a>,
    names: &'a [String],
    parts: &'a dyn Parts,
    steps: Vec<BisectStep>,
    state: State,
}

impl Run<'_> {
    fn ask(
        &mut self,
        set: &[usize],
        suspects: usize,
        events: &mut dyn FnMut(Event),
    ) -> Result<Answer, EngineError> {
        if interrupted() {
            return Err(EngineError::interrupted());
        }
        let (id, name) = self.name(set);
        if let Some(step) = self.steps.iter().find(|step| step.id == id) {
            return Ok(answer_of(step));
        }
        let step = match self.state.known(&id) {
            Some(step) => step,
            None => {
                let left = format!("{suspects} of {} suspected", self.names.len());
                events(Event::Tried { what: name.clone(), left });
                let step = asked(self.scene, (id, name), |_| {
                    let judgement = self.parts.judge(set, events)?;
                    Ok(Evaluation { judgement, cost: None })
                })?;
                self.state.keep(&step)?;
                step
            }
        };
        let answer = answer_of(&step);
        events(Event::Answered { line: format!("{answer}: {}", step.because) });
        self.steps.push(step);
        Ok(answer)
    }

    fn must_be(
        &mut self,
        set: &[usize],
        wanted: Answer,
        (which, hint): (&'static str, &'static str),
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        let answer = self.ask(set, self.names.len(), events)?;
        // Nothing at all may be too little to be told. The answer says so, where it rests on that.
        if answer == wanted || (wanted, answer) == (Answer::Good, Answer::Unknown) {
            return Ok(());
        }
        let hint = match answer {
            Answer::Unknown => "mend what it says, or give two that can be put together",
            Answer::Good | Answer::Bad => hint,
        };
        self.state.give_up()?;
        let because = self.steps.last().map(|step| step.because.clone()).unwrap_or_default();
        Err(EngineError::usage(
            format!("{} is {answer} and not {wanted}: {which}", self.scene.predicate),
            because,
            hint,
        ))
    }

    /// What tells a set from all others, and as reports call it.
    fn name(&self, set: &[usize]) -> (String, String) {
        let unit = self.scene.what.unit();
        let names: Vec<&str> =
            set.iter().filter_map(|at| self.names.get(*at)).map(String::as_str).collect();
        let id = blake3::hash(names.join("\n").as_bytes()).to_hex();
        let shown = names.iter().take(2).copied().collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(2);
        let more = if more > 0 { format!(", +{more}") } else { String::new() };
        let name = match names.len() {
            0 => format!("no {unit}"),
            n if n == self.names.len() => {
                format!("all {}", count(n, unit, &format!("{unit}s")))
            }
            _ => format!("{shown}{more}"),
        };
        (id.as_str().get(..16).unwrap_or_default().to_owned(), name)
    }
}
