//! A build directory at one moment of its life: which file is of which making, and what goes into
//! which backend.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

/// What tells one making of a file from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Time of its last change.
    pub modified: Option<SystemTime>,
    /// Bytes.
    pub len: u64,
    /// The file's number in its file system.
    pub inode: u64,
}

/// What goes into one backend.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unit {
    /// Hash of the IR object's bytes.
    pub ir: [u8; 32],
    /// Hash of the index's bytes.
    pub index: [u8; 32],
    /// The modules that its index says it imports from.
    pub imports: BTreeSet<String>,
    /// Why its IR object or its index cannot be read, if so.
    pub unreadable: Option<String>,
}

/// Everything that a build directory holds at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Generation {
    /// Regular files by their path in the build directory.
    pub files: BTreeMap<String, Stamp>,
    /// IR objects of `vmlinux.thinlto-index`, by name.
    pub units: BTreeMap<String, Unit>,
}

impl Generation {
    /// Whether a file is there and was made, or made again, since an earlier moment.
    #[must_use]
    pub fn remade(&self, earlier: &Self, path: &str) -> bool {
        self.files.get(path).is_some_and(|stamp| earlier.files.get(path) != Some(stamp))
    }

    /// The files that were made, or made again, since an earlier moment, sorted.
    #[must_use]
    pub fn remade_since(&self, earlier: &Self) -> Vec<&str> {
        let files = self.files.keys().map(String::as_str);
        files.filter(|path| self.remade(earlier, path)).collect()
    }

    /// Which objects import from each object.
    #[must_use]
    pub fn importers(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut importers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, unit) in &self.units {
            for import in &unit.imports {
                importers.entry(import).or_default().insert(name);
            }
        }
        importers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_remade_when_anything_of_it_is_new() {
        let stamp = |inode| Stamp { modified: None, len: 1, inode };
        let at = |inode| Generation {
            files: BTreeMap::from([("a".to_owned(), stamp(inode))]),
            ..Generation::default()
        };
        assert!(at(1).remade_since(&at(1)).is_empty());
        assert_eq!(at(2).remade_since(&at(1)), ["a"]);
        assert_eq!(at(1).remade_since(&Generation::default()), ["a"]);
        // What is gone was not made.
        assert!(Generation::default().remade_since(&at(1)).is_empty());
    }

    #[test]
    fn importers_are_the_imports_the_other_way_round() {
        let unit = |imports: &[&str]| Unit {
            imports: imports.iter().map(|i| (*i).to_owned()).collect(),
            ..Unit::default()
        };
        let units = [("a.o", unit(&["c.o"])), ("b.o", unit(&["c.o", "a.o"])), ("c.o", unit(&[]))];
        let all = Generation {
            units: units.into_iter().map(|(name, unit)| (name.to_owned(), unit)).collect(),
            ..Generation::default()
        };
        let importers = all.importers();
        assert_eq!(importers["c.o"], BTreeSet::from(["a.o", "b.o"]));
        assert_eq!(importers["a.o"], BTreeSet::from(["b.o"]));
        assert!(!importers.contains_key("b.o"));
    }
}
