//! Which of many parts make the whole bad: the smallest set that does.

use std::collections::BTreeMap;

/// A search for the smallest set of parts that is bad by itself, where all parts together are bad
/// and none of them is good. It is delta debugging (Zeller's `ddmin`): the parts are cut into
/// chunks, chunks and their complements are tried, and what is bad is cut further. The result is
/// minimal in the sense that without any one of its parts it is not bad any more.
#[derive(Debug, Clone)]
pub struct Subset {
    parts: Vec<usize>,
    chunks: usize,
    /// What was asked in this round, in order.
    queue: Vec<Vec<usize>>,
    answers: BTreeMap<Vec<usize>, bool>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubsetStep {
    /// Is this set bad by itself? A set that cannot be told is taken for good.
    Ask(Vec<usize>),
    /// This is the smallest set.
    Found(Vec<usize>),
}

impl Subset {
    /// A search among `parts` parts.
    #[must_use]
    pub fn new(parts: usize) -> Self {
        Self::among((0..parts).collect())
    }

    /// A search among parts of which it is known that they are bad together.
    #[must_use]
    pub fn among(parts: Vec<usize>) -> Self {
        let mut search = Self { parts, chunks: 2, queue: Vec::new(), answers: BTreeMap::new() };
        search.fill();
        search
    }

    /// The parts that are still suspected.
    #[must_use]
    pub fn suspects(&self) -> &[usize] {
        &self.parts
    }

    /// Takes an answer about a set.
    pub fn tell(&mut self, set: &[usize], is_bad: bool) {
        self.answers.insert(set.to_vec(), is_bad);
    }

    /// What comes next.
    pub fn step(&mut self) -> SubsetStep {
        loop {
            if self.parts.len() <= 1 {
                return SubsetStep::Found(self.parts.clone());
            }
            let Some(set) = self.queue.first().cloned() else {
                // A round without a bad set: finer chunks, or the end.
                if self.chunks >= self.parts.len() {
                    return SubsetStep::Found(self.parts.clone());
                }
                self.chunks = (self.chunks * 2).min(self.parts.len());
                self.fill();
                continue;
            };
            match self.answers.get(&set) {
                None => return SubsetStep::Ask(set),
                Some(false) => {
                    self.queue.remove(0);
                }
                Some(true) => {
                    let size = self.parts.len().div_ceil(self.chunks);
                    // A chunk is searched from the beginning, a complement with what is left of its
                    // chunks.
                    let is_chunk = set.len() <= size;
                    self.chunks = if is_chunk { 2 } else { (self.chunks - 1).max(2) };
                    self.parts = set;
                    self.fill();
                }
            }
        }
    }

    /// The sets of a round: every chunk, then every complement.
    fn fill(&mut self) {
        let size = self.parts.len().div_ceil(self.chunks.max(1)).max(1);
        let chunks: Vec<Vec<usize>> = self.parts.chunks(size).map(<[usize]>::to_vec).collect();
        let without = |chunk: &Vec<usize>| -> Vec<usize> {
            self.parts.iter().copied().filter(|part| !chunk.contains(part)).collect()
        };
        // Of two chunks each is the other's complement.
        let complements: Vec<Vec<usize>> =
            if chunks.len() > 2 { chunks.iter().map(without).collect() } else { Vec::new() };
        self.queue = chunks.into_iter().chain(complements).collect();
    }
}
