//! The score of a run, by kind of file, and what survived.

use super::judge::{Answer, QUESTIONS};
use std::collections::BTreeMap;
use std::fmt::Write;

/// One mutant and what was answered.
pub(crate) struct Tried {
    pub(crate) arch: String,
    pub(crate) mode: String,
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) what: String,
    pub(crate) told: String,
    pub(crate) answers: Vec<Option<Answer>>,
}

#[derive(Default, Clone, Copy)]
struct Score {
    named: usize,
    found: usize,
    listed: usize,
    survived: usize,
}

impl Score {
    fn add(&mut self, answer: &Answer) {
        *match answer {
            Answer::Named(_) => &mut self.named,
            Answer::Found(_) => &mut self.found,
            Answer::Listed(_) => &mut self.listed,
            Answer::Survived | Answer::Panicked => &mut self.survived,
        } += 1;
    }

    const fn asked(&self) -> usize {
        self.named + self.found + self.listed + self.survived
    }

    fn shown(self) -> String {
        if self.asked() == 0 {
            return format!("{:>24}", "-");
        }
        format!("{:>6}{:>6}{:>6}{:>6}", self.named, self.found, self.listed, self.survived)
    }
}

/// One row a kind of file, one group of columns a question.
pub(crate) fn scores(tried: &[Tried]) -> String {
    let mut kinds: BTreeMap<&str, (usize, [Score; 3])> = BTreeMap::new();
    let mut whole = (0, [Score::default(); 3]);
    for one in tried {
        let row = kinds.entry(&one.kind).or_default();
        for row in [row, &mut whole] {
            row.0 += 1;
            for (answer, score) in one.answers.iter().zip(&mut row.1) {
                if let Some(answer) = answer {
                    score.add(answer);
                }
            }
        }
    }
    let mut text = format!("{:<36}{:>8}", "", "");
    for question in QUESTIONS {
        let _ = write!(text, "{question:>24}");
    }
    let _ = write!(text, "\n{:<36}{:>8}", "kind of file", "mutants");
    for _ in QUESTIONS {
        let _ = write!(text, "{:>6}{:>6}{:>6}{:>6}", "named", "found", "list", "none");
    }
    text.push('\n');
    for (kind, (mutants, scores)) in kinds.into_iter().chain([("all", whole)]) {
        let shown = scores.map(Score::shown).concat();
        let _ = writeln!(text, "{kind:<36}{mutants:>8}{shown}");
    }
    text
}

/// What survived, by question, kind of file and kind of place; how often, and one of them.
pub(crate) fn survivors(tried: &[Tried]) -> Vec<String> {
    let mut groups: BTreeMap<(&str, &str, &str), (usize, usize, &Tried)> = BTreeMap::new();
    for one in tried {
        for (question, answer) in QUESTIONS.into_iter().zip(&one.answers) {
            let Some(answer) = answer else { continue };
            let lost = matches!(answer, Answer::Survived | Answer::Panicked);
            let entry = groups.entry((question, &one.kind, &one.what)).or_insert((0, 0, one));
            entry.1 += 1;
            if lost {
                (entry.0, entry.2) = (entry.0 + 1, one);
            }
        }
    }
    let line = |((question, kind, what), (lost, asked, one)): (_, (usize, usize, &Tried))| {
        let Tried { arch, mode, path, told, .. } = one;
        format!("{question}: {kind}: {what}: {lost} of {asked}, as {arch}/{mode}/{path} at {told}")
    };
    groups.into_iter().filter(|(_, (lost, _, _))| *lost > 0).map(line).collect()
}

/// Mutants at which a reader panicked.
pub(crate) fn panics(tried: &[Tried]) -> Vec<String> {
    let panicked = |one: &&Tried| one.answers.iter().flatten().any(|it| *it == Answer::Panicked);
    let line =
        |one: &Tried| format!("{}/{}/{}: {}: {}", one.arch, one.mode, one.path, one.what, one.told);
    tried.iter().filter(panicked).map(line).collect()
}
