//! `twinlto bisect`: which commit, toolchain, objects or options make a kernel bad.
//!
//! One search (`verdict::search`) says which candidate to ask about; each kind of candidate knows how
//! it is evaluated. Every answer is kept as soon as it is there, so the same command again goes on.
//!
//! ```text
//! OUT/bisect.json    what is searched, and the answers so far
//! OUT/bisect.log     the same in words, as git bisect log writes it
//! ```

mod asked;
mod kernel;
mod objects;
mod options;
mod smallest;
mod state;
mod toolchain;

pub use asked::Asked;
pub use kernel::{KernelBisect, bisect_kernel};
pub use objects::{ObjectsBisect, bisect_objects};
pub use options::{OptionsBisect, bisect_options};
pub use toolchain::{ToolchainBisect, bisect_toolchain};

use crate::error::EngineError;
use crate::process::interrupted;
use state::State;
use std::path::Path;
use std::time::Instant;
use twinlto_model::{
    BISECT_SCHEMA, BisectFound, BisectReport, BisectStep, Bisected, Event, Outcome, count,
};
use twinlto_verdict::search::{Answer, Hopeless, Judgement, Next, Search};

/// What tells candidates apart and evaluates them.
trait Candidates {
    /// What tells a candidate from all others, and as reports call it.
    fn name(&self, candidate: usize) -> (String, String);

    /// Builds what is needed and judges it; `again` where what an earlier evaluation built must not
    /// answer for it.
    fn evaluate(
        &mut self,
        candidate: usize,
        again: bool,
        events: &mut dyn FnMut(Event),
    ) -> Result<Evaluation, EngineError>;
}

/// What came of a candidate.
struct Evaluation {
    judgement: Judgement,
    cost: Option<String>,
}

/// What stays the same in all evaluations.
struct Scene<'a> {
    what: Bisected,
    /// Everything that decides an answer: a state of another scene is not continued.
    identity: String,
    /// As reports call it.
    name: String,
    predicate: String,
    command: String,
    out: &'a Path,
    /// How often a candidate is asked; answers that disagree are none.
    repeat: u32,
    /// What git needs to be told before it replays the log; none where there are no commits.
    start: Option<&'static str>,
}

/// Asks until there is an answer.
fn search(
    scene: &Scene<'_>,
    mut search: Search,
    candidates: usize,
    source: &mut dyn Candidates,
    events: &mut dyn FnMut(Event),
) -> Result<BisectReport, EngineError> {
    let mut state = State::open(scene)?;
    let mut steps: Vec<BisectStep> = Vec::new();
    let found = loop {
        let candidate = match search.step() {
            Next::Ask(candidate) => candidate,
            Next::First(first) => break BisectFound::First(source.name(first).1),
            Next::Among(list) => {
                break BisectFound::Among(list.into_iter().map(|n| source.name(n).1).collect());
            }
            Next::Hopeless(why) => {
                state.give_up()?;
                return Err(hopeless(scene.what, why, source, &steps));
            }
        };
        if interrupted() {
            return Err(EngineError::interrupted());
        }
        let (id, name) = source.name(candidate);
        let step = match state.known(&id) {
            Some(step) => step,
            None => {
                let left = search.remaining();
                let about = match left {
                    0..=2 => "the last".to_owned(),
                    _ => format!("{left} left, about {} more", search.at_most()),
                };
                events(Event::Tried { what: name.clone(), left: about });
                let step =
                    asked(scene, (id, name), |again| source.evaluate(candidate, again, events))?;
                state.keep(&step)?;
                step
            }
        };
        let answer = answer_of(&step);
        events(Event::Answered { line: format!("{answer}: {}", step.because) });
        search.tell(candidate, answer);
        steps.push(step);
    };
    state.finish(&found)?;
    let outcome = match &found {
        BisectFound::First(_) | BisectFound::Set(_) => Outcome::Agree,
        BisectFound::Among(_) | BisectFound::Nothing(_) => Outcome::Differ,
    };
    Ok(report(scene, candidates, steps, found, outcome))
}

/// A candidate, asked as often as the scene says: answers that disagree are none.
fn asked(
    scene: &Scene<'_>,
    (id, name): (String, String),
    mut evaluate: impl FnMut(bool) -> Result<Evaluation, EngineError>,
) -> Result<BisectStep, EngineError> {
    let start = Instant::now();
    let Evaluation { mut judgement, cost } = evaluate(false)?;
    for _ in 1..scene.repeat {
        let again = evaluate(true)?.judgement;
        if again.answer != judgement.answer {
            let why = format!(
                "flaky: {} ({}), then {} ({})",
                judgement.answer, judgement.because, again.answer, again.because
            );
            judgement = Judgement::new(Answer::Unknown, why);
            break;
        }
    }
    Ok(BisectStep {
        id,
        name,
        answer: judgement.answer.to_string(),
        because: judgement.because,
        seconds: start.elapsed().as_secs_f64(),
        cost,
        kept: false,
    })
}

fn answer_of(step: &BisectStep) -> Answer {
    match step.answer.as_str() {
        "good" => Answer::Good,
        "bad" => Answer::Bad,
        _ => Answer::Unknown,
    }
}

/// An end that is not what it was said to be is the user's to mend.
fn hopeless(
    what: Bisected,
    why: Hopeless,
    source: &dyn Candidates,
    steps: &[BisectStep],
) -> EngineError {
    // The ends of toolchains are not named, but found by their versions.
    let (end, is) = match (why, what) {
        (Hopeless::GoodIsBad(end), Bisected::Toolchain) => (end, "the oldest is bad"),
        (Hopeless::BadIsGood(end), Bisected::Toolchain) => (end, "the newest is good"),
        (Hopeless::GoodIsBad(end), _) => (end, "--good is bad"),
        (Hopeless::BadIsGood(end), _) => (end, "--bad is good"),
        (Hopeless::EndUnknown(end), _) => (end, "an end cannot be told"),
    };
    let (id, name) = source.name(end);
    let because = steps.iter().rev().find(|step| step.id == id);
    let hint = match why {
        Hopeless::EndUnknown(_) => "give an end for which there is an answer: one that builds, say",
        _ => "give other ends, or another predicate: all answers between these mean nothing",
    };
    EngineError::usage(
        format!("{is}: {name}"),
        because.map_or_else(String::new, |step| step.because.clone()),
        hint,
    )
}

fn report(
    scene: &Scene<'_>,
    candidates: usize,
    steps: Vec<BisectStep>,
    found: BisectFound,
    outcome: Outcome,
) -> BisectReport {
    BisectReport {
        schema: BISECT_SCHEMA.to_owned(),
        twinlto: env!("CARGO_PKG_VERSION").to_owned(),
        what: scene.what,
        scene: scene.name.clone(),
        predicate: scene.predicate.clone(),
        candidates,
        steps,
        found,
        outcome,
        command: scene.command.clone(),
        out: scene.out.display().to_string(),
    }
}

/// `3 front ends, 602 backends`.
fn compiled(fronts: usize, backends: usize) -> String {
    format!(
        "{}, {}",
        count(fronts, "front end", "front ends"),
        count(backends, "backend", "backends")
    )
}
