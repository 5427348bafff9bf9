//! Which options make two objects differ: the fewest, found by compiling again.

use super::context::Context;
use super::read_code;
use crate::error::EngineError;
use crate::thinlto::Acted;
use crate::thinlto::Module;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use twinlto_facts::build::ImageFacts;
use twinlto_verdict::replay::{Reference, Unseen, functions_that_differ, minimise};

/// What explained other objects; it is tried first.
#[derive(Default)]
pub(super) struct Known(Mutex<BTreeSet<Vec<String>>>);

impl Known {
    fn sets(&self) -> Vec<Vec<String>> {
        let sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sets: Vec<Vec<String>> = sets.iter().cloned().collect();
        sets.sort_by_key(Vec::len);
        sets
    }

    fn add(&self, set: Vec<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(set);
    }
}

/// One change that turns the reference's options into those that kbuild's backend had.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Edit {
    Lacks(Vec<String>),
    Has(Vec<String>),
    Index(String),
}

impl Edit {
    fn words(&self) -> String {
        match self {
            Self::Lacks(option) => format!("lacks {}", option.join(" ")),
            Self::Has(option) => format!("has {} besides", option.join(" ")),
            Self::Index(path) => format!("has the index {path}"),
        }
    }
}

impl Context<'_> {
    /// The fewest options of an object that lld does not see and that account for the object of
    /// the in-process link; none where they do not.
    pub(super) fn unseen_options(
        &self,
        module: &Module,
        reference: &Reference,
        linked: [u8; 32],
        known: &Known,
    ) -> Result<Option<Vec<Unseen>>, EngineError> {
        let unseen = reference.unseen_by_lld();
        let works = |part: &[Unseen]| -> Result<bool, EngineError> {
            let part: Vec<&Unseen> = part.iter().collect();
            let made = self.backend(module, &reference.without(&part), None)?;
            Ok(made.is_ok_and(|digest| digest.hash == linked))
        };
        for set in known.sets() {
            let part: Vec<Unseen> =
                unseen.iter().filter(|option| set.contains(&option.text())).cloned().collect();
            if part.len() == set.len() && works(&part)? && self.is_least(&part, &works)? {
                return Ok(Some(part));
            }
        }
        let found = minimise(&unseen, works)?;
        if let Some(found) = &found {
            known.add(found.iter().map(Unseen::text).collect());
        }
        Ok(found)
    }

    /// Whether none of a set that works can be left out. That nothing at all would work is known:
    /// the objects differ.
    fn is_least(
        &self,
        set: &[Unseen],
        works: &impl Fn(&[Unseen]) -> Result<bool, EngineError>,
    ) -> Result<bool, EngineError> {
        if set.len() == 1 {
            return Ok(true);
        }
        for left_out in set {
            let rest: Vec<Unseen> = set.iter().filter(|o| *o != left_out).cloned().collect();
            if works(&rest)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The fewest changes that turn the reference's object into that of kbuild's recorded command;
    /// none where no change does.
    pub(super) fn changed_options(
        &self,
        module: &Module,
        reference: &Reference,
        recorded: &Reference,
        recorded_index: &Path,
        native: [u8; 32],
    ) -> Result<Option<Vec<String>>, EngineError> {
        let edits = edits(reference, recorded, &module.index, recorded_index);
        let works = |part: &[Edit]| -> Result<bool, EngineError> {
            let (edited, index) = apply(reference, part);
            let made = self.backend(module, &edited, index.as_deref().map(Path::new))?;
            Ok(made.is_ok_and(|digest| digest.hash == native))
        };
        let found = minimise(&edits, works)?;
        Ok(found.map(|found| found.iter().map(Edit::words).collect()))
    }

    /// Functions that differ between the reference's object and another file.
    pub(super) fn functions(
        &self,
        module: &Module,
        reference: &Reference,
        other: &Path,
    ) -> Acted<Vec<String>> {
        let ours = match self.backend_bytes(module, reference, None)? {
            Ok(bytes) => bytes,
            Err(failed) => return Ok(Err(failed)),
        };
        let theirs = std::fs::read(other).map_err(|e| EngineError::io("read", other, &e))?;
        let read = |bytes: &[u8]| read_code(bytes).unwrap_or_default();
        let (ours, theirs): (ImageFacts, ImageFacts) = (read(&ours), read(&theirs));
        Ok(Ok(functions_that_differ(&ours, &theirs)))
    }
}

fn edits(
    reference: &Reference,
    recorded: &Reference,
    index: &Path,
    recorded_index: &Path,
) -> Vec<Edit> {
    let only = |ours: &Reference, theirs: &Reference| -> Vec<Vec<String>> {
        let mut left = theirs.options.clone();
        let ours = ours.options.iter().filter(|option| {
            match left.iter().position(|other| other == *option) {
                Some(at) => {
                    left.swap_remove(at);
                    false
                }
                None => true,
            }
        });
        ours.cloned().collect()
    };
    let mut edits: Vec<Edit> = only(reference, recorded).into_iter().map(Edit::Lacks).collect();
    edits.extend(only(recorded, reference).into_iter().map(Edit::Has));
    if index != recorded_index {
        edits.push(Edit::Index(recorded_index.display().to_string()));
    }
    edits
}

fn apply(reference: &Reference, edits: &[Edit]) -> (Reference, Option<String>) {
    let (mut edited, mut index) = (reference.clone(), None);
    for edit in edits {
        match edit {
            Edit::Lacks(option) => {
                if let Some(at) = edited.options.iter().position(|other| other == option) {
                    edited.options.remove(at);
                }
            }
            Edit::Has(option) => edited.options.push(option.clone()),
            Edit::Index(path) => index = Some(path.clone()),
        }
    }
    (edited, index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(options: &[&str]) -> Reference {
        let options = options.iter().map(|o| o.split(' ').map(str::to_owned).collect()).collect();
        Reference { compiler: "clang".to_owned(), options }
    }

    #[test]
    fn the_edits_lead_from_one_command_to_the_other() {
        let ours = reference(&["-O2", "-mllvm -a", "-fno-PIE"]);
        let theirs = reference(&["-O2", "-fno-PIE", "-fPIE"]);
        let index = Path::new("a.o.thinlto.bc");
        let edits = edits(&ours, &theirs, index, index);
        let words: Vec<String> = edits.iter().map(Edit::words).collect();
        assert_eq!(words, ["lacks -mllvm -a", "has -fPIE besides"]);
        assert_eq!(apply(&ours, &edits), (theirs, None));
    }
}
