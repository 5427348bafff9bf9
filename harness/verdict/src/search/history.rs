use std::fmt;

/// Candidates by number, each with those that it comes directly from. Parents have lower numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    parents: Vec<Vec<usize>>,
}

/// A candidate whose parent is not older than itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryError {
    /// The candidate.
    pub candidate: usize,
    /// What is said to be its parent.
    pub parent: usize,
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "candidate {} comes from {}, which is not older", self.candidate, self.parent)
    }
}

impl std::error::Error for HistoryError {}

impl History {
    /// Candidates in the order in which they came.
    #[must_use]
    pub fn line(candidates: usize) -> Self {
        let parents = (0..candidates).map(|n| n.checked_sub(1).into_iter().collect());
        Self { parents: parents.collect() }
    }

    /// Candidates and their parents, oldest first.
    ///
    /// # Errors
    ///
    /// When a parent does not stand before its child.
    pub fn new(parents: Vec<Vec<usize>>) -> Result<Self, HistoryError> {
        for (candidate, list) in parents.iter().enumerate() {
            if let Some(parent) = list.iter().find(|parent| **parent >= candidate) {
                return Err(HistoryError { candidate, parent: *parent });
            }
        }
        Ok(Self { parents })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.parents.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    pub(super) fn nothing(&self) -> Set {
        Set(vec![false; self.len()])
    }

    /// A candidate and all that it descends from.
    pub(super) fn ancestry(&self, candidate: usize) -> Set {
        self.ancestry_within(candidate, |_| true)
    }

    fn ancestry_within(&self, candidate: usize, within: impl Fn(usize) -> bool) -> Set {
        let mut seen = self.nothing();
        let mut left = vec![candidate];
        while let Some(next) = left.pop() {
            if !within(next) || !seen.add(next) {
                continue;
            }
            left.extend(self.parents.get(next).into_iter().flatten());
        }
        seen
    }

    /// The one of `open` whose answer halves `suspects` best; of equals the oldest.
    ///
    /// To know how many suspects a candidate descends from costs a walk. Of very many candidates
    /// only some are walked from, spread evenly around the middle, which finds one nearly as good.
    pub(super) fn middle(&self, suspects: &[usize], open: &[usize]) -> Option<usize> {
        const WALKS: usize = 256;
        let mut is_suspect = self.nothing();
        for suspect in suspects {
            is_suspect.add(*suspect);
        }
        let gain = |candidate: usize| {
            let behind =
                self.ancestry_within(candidate, |at| is_suspect.contains(at)).iter().count();
            behind.min(suspects.len().saturating_sub(behind))
        };
        let quarter = open.len() / 4;
        let inner = match open.len() > WALKS {
            true => open.get(quarter..open.len() - quarter).unwrap_or(open),
            false => open,
        };
        let step = inner.len().div_ceil(WALKS).max(1);
        let walked = inner.iter().step_by(step).copied();
        walked.max_by_key(|candidate| (gain(*candidate), std::cmp::Reverse(*candidate)))
    }
}

/// Some of the candidates.
#[derive(Debug, Clone)]
pub(super) struct Set(Vec<bool>);

impl Set {
    pub(super) fn contains(&self, candidate: usize) -> bool {
        self.0.get(candidate).copied().unwrap_or(false)
    }

    /// Whether it was not there yet.
    fn add(&mut self, candidate: usize) -> bool {
        self.0.get_mut(candidate).is_some_and(|there| !std::mem::replace(there, true))
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().filter(|(_, there)| **there).map(|(candidate, _)| candidate)
    }
}
