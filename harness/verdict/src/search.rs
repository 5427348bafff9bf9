//! Bisection: which candidate is the first bad one, asked of as few as possible.
//!
//! Candidates descend from one another, as commits do; toolchains in the order of their release are
//! the simplest of histories. What descends from a bad one is taken to be bad, and what a good one
//! descends from to be good. Nothing here evaluates a candidate: the search says which one to ask
//! about and takes the answer, so that it can be stopped and continued anywhere.

mod history;
mod judgement;
mod predicate;
mod subset;

pub use history::{History, HistoryError};
pub use judgement::Judgement;
pub use predicate::{Count, Failing, Predicate, PredicateError, Relation};
pub use subset::{Subset, SubsetStep};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What is known of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The predicate does not hold.
    Good,
    /// It holds.
    Bad,
    /// It cannot be told: the candidate does not build, or is not to be asked.
    Unknown,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unknown => "skip",
        })
    }
}

/// A search that goes on.
#[derive(Debug, Clone)]
pub struct Search {
    history: History,
    good: usize,
    bad: usize,
    answers: BTreeMap<usize, Answer>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask about this one. The ends come first: an end that is not what it was said to be makes
    /// all answers between them worthless.
    Ask(usize),
    /// This is the first bad one.
    First(usize),
    /// The first bad one is among these, oldest first; all but the last could not be told.
    Among(Vec<usize>),
    /// There is no answer.
    Hopeless(Hopeless),
}

/// Why there is no first bad candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hopeless {
    /// The good end is bad.
    GoodIsBad(usize),
    /// The bad end is good.
    BadIsGood(usize),
    /// An end could not be told.
    EndUnknown(usize),
}

/// Why a search cannot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchError {
    /// Good and bad are the same candidate.
    SameEnds,
    /// The bad end does not descend from this good end.
    NotADescendant(usize),
    /// There is no such candidate.
    Unknown(usize),
}

impl fmt::Display for SearchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameEnds => f.write_str("good and bad are the same"),
            Self::NotADescendant(_) => f.write_str("the bad end does not descend from the good"),
            Self::Unknown(n) => write!(f, "there is no candidate {n}"),
        }
    }
}

impl std::error::Error for SearchError {}

impl Search {
    /// A search between a good end and a bad one.
    ///
    /// # Errors
    ///
    /// When they are the same, or the bad one does not descend from the good one.
    pub fn new(history: History, good: usize, bad: usize) -> Result<Self, SearchError> {
        if let Some(gone) = [good, bad].into_iter().find(|end| *end >= history.len()) {
            return Err(SearchError::Unknown(gone));
        }
        if good == bad {
            return Err(SearchError::SameEnds);
        }
        if !history.ancestry(bad).contains(good) {
            return Err(SearchError::NotADescendant(good));
        }
        Ok(Self { history, good, bad, answers: BTreeMap::new() })
    }

    /// Takes an answer; the last one about a candidate counts. It is ignored where there is no such
    /// candidate.
    pub fn tell(&mut self, candidate: usize, answer: Answer) {
        if candidate < self.history.len() {
            self.answers.insert(candidate, answer);
        }
    }

    /// What is known of a candidate.
    #[must_use]
    pub fn answer(&self, candidate: usize) -> Option<Answer> {
        self.answers.get(&candidate).copied()
    }

    /// What comes next. The same answers give the same step.
    #[must_use]
    pub fn step(&self) -> Next {
        if let Some(step) = self.ends_first() {
            return step;
        }
        let suspects = self.suspects();
        let bad = suspects.newest;
        if suspects.list.len() == 1 {
            return Next::First(bad);
        }
        let open: Vec<usize> = suspects
            .list
            .iter()
            .copied()
            .filter(|candidate| *candidate != bad && !self.answers.contains_key(candidate))
            .collect();
        match self.history.middle(&suspects.list, &open) {
            Some(candidate) => Next::Ask(candidate),
            None => Next::Among(suspects.list),
        }
    }

    /// How many candidates the first bad one may still be.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.suspects().list.len()
    }

    /// At most how many more are asked about, if each can be told.
    #[must_use]
    pub fn at_most(&self) -> u32 {
        self.remaining().next_power_of_two().trailing_zeros()
    }

    fn ends_first(&self) -> Option<Next> {
        for (end, expected) in [(self.good, Answer::Good), (self.bad, Answer::Bad)] {
            match self.answer(end) {
                None => return Some(Next::Ask(end)),
                Some(answer) if answer == expected => {}
                Some(Answer::Unknown) => return Some(Next::Hopeless(Hopeless::EndUnknown(end))),
                Some(Answer::Good) => return Some(Next::Hopeless(Hopeless::BadIsGood(end))),
                Some(Answer::Bad) => return Some(Next::Hopeless(Hopeless::GoodIsBad(end))),
            }
        }
        None
    }

    /// What the first bad candidate may be: what the oldest known bad one descends from, without
    /// what a good one descends from.
    fn suspects(&self) -> Suspects {
        let mut clean = self.history.nothing();
        for (candidate, answer) in &self.answers {
            if *answer == Answer::Good {
                clean.add_all(&self.history.ancestry(*candidate));
            }
        }
        let known = self.answers.iter().filter(|(_, answer)| **answer == Answer::Bad);
        let mut newest = self.bad;
        let mut ancestry = self.history.ancestry(self.bad);
        for (candidate, _) in known {
            // A bad one beside the suspects is another's first.
            if ancestry.contains(*candidate) && !clean.contains(*candidate) {
                newest = *candidate;
                ancestry = self.history.ancestry(newest);
            }
        }
        let list = ancestry.iter().filter(|candidate| !clean.contains(*candidate)).collect();
        Suspects { newest, list }
    }
}

/// What the first bad candidate may be, oldest first.
struct Suspects {
    newest: usize,
    list: Vec<usize>,
}

#[cfg(test)]
mod tests;
