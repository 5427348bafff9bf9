//! The private source tree of one architecture: edited for a case, and brought back.
//!
//! Every case builds in the same tree, because its path is in the command of every object, and a
//! build in another tree would compile everything again. Files are shared with the kernel that
//! was given; an edited one is written anew, so that nothing is ever written through.

use crate::error::EngineError;
use crate::fs::{copy_file, copy_tree, link_tree, remove_tree, write_atomic};
use std::path::{Path, PathBuf};
use twinlto_verdict::inject::{Edit, KernelKind};

/// A copy of a kernel tree that may be edited.
#[derive(Debug)]
pub(super) struct PrivateTree {
    /// The kernel that was given. Never written.
    original: PathBuf,
    pub(super) path: PathBuf,
    /// Names the files that are edited, so that a run that was killed can be cleaned up.
    journal: PathBuf,
    shared: bool,
}

impl PrivateTree {
    /// Makes it, or takes that of an earlier run and undoes what a killed run left in it.
    pub(super) fn open(original: &Path, path: &Path, shared: bool) -> Result<Self, EngineError> {
        let tree = Self {
            original: original.to_owned(),
            path: path.to_owned(),
            journal: path.with_extension("edited"),
            shared,
        };
        if tree.path.is_dir() {
            tree.restore()?;
            return Ok(tree);
        }
        let part = path.with_extension("part");
        remove_tree(&part)?;
        match shared {
            true => link_tree(original, &part, is_source)?,
            false => {
                copy_tree(original, &part, is_source)?;
            }
        }
        std::fs::rename(&part, path).map_err(|e| EngineError::io("make", path, &e))?;
        Ok(tree)
    }

    /// Puts edits in, all or none.
    pub(super) fn edit(&self, edits: &[Edit], kernel: KernelKind) -> Result<(), String> {
        let mine = edits.iter().filter(|edit| edit.kernel.is_none_or(|k| k == kernel));
        let mut texts: Vec<(&str, String)> = Vec::new();
        for edit in mine {
            let known = texts.iter().position(|(file, _)| *file == edit.file);
            let text = match known.and_then(|at| texts.get(at)) {
                Some((_, text)) => text.clone(),
                None => read(&self.path, &edit.file)?,
            };
            let text = replaced(&edit.file, &text, &edit.anchor, &edit.replacement)?;
            match known.and_then(|at| texts.get_mut(at)) {
                Some(slot) => slot.1 = text,
                None => texts.push((&edit.file, text)),
            }
        }
        if texts.is_empty() && !edits.is_empty() {
            return Err("no edit is for this kernel".to_owned());
        }
        let names: Vec<&str> = texts.iter().map(|(file, _)| *file).collect();
        let io = |error: EngineError| error.to_string();
        write_atomic(&self.journal, names.join("\n").as_bytes()).map_err(io)?;
        for (file, text) in &texts {
            let path = self.path.join(file);
            let mode = std::fs::metadata(&path).map(|meta| meta.permissions());
            write_atomic(&path, text.as_bytes()).map_err(io)?;
            if let Ok(mode) = mode {
                std::fs::set_permissions(&path, mode)
                    .map_err(|error| format!("{file}: {error}"))?;
            }
        }
        Ok(())
    }

    /// Brings every edited file back, with its time.
    pub(super) fn restore(&self) -> Result<(), EngineError> {
        let Ok(names) = std::fs::read_to_string(&self.journal) else { return Ok(()) };
        for file in names.lines().filter(|line| !line.is_empty()) {
            let (from, to) = (self.original.join(file), self.path.join(file));
            let part = to.with_extension("twinlto-part");
            match self.shared {
                true => link_or_copy(&from, &part)?,
                false => copy_file(&from, &part)?,
            }
            std::fs::rename(&part, &to).map_err(|e| EngineError::io("restore", &to, &e))?;
        }
        std::fs::remove_file(&self.journal)
            .map_err(|e| EngineError::io("remove", &self.journal, &e))
    }
}

fn is_source(path: &Path) -> bool {
    path != Path::new(".git")
}

fn read(dir: &Path, file: &str) -> Result<String, String> {
    match std::fs::read(dir.join(file)) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| format!("{file} is no text")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(format!("there is no {file} to edit"))
        }
        Err(error) => Err(format!("{file}: {error}")),
    }
}

/// The text with the anchor replaced, which must stand in it exactly once.
pub(super) fn replaced(
    file: &str,
    text: &str,
    anchor: &str,
    replacement: &str,
) -> Result<String, String> {
    match text.matches(anchor).count() {
        1 => {}
        0 => return Err(format!("{file} does not hold the text to replace: {}", brief(anchor))),
        n => return Err(format!("{file} holds the text to replace {n} times: {}", brief(anchor))),
    }
    let new = text.replacen(anchor, replacement, 1);
    match new == text {
        true => Err(format!("the edit of {file} changes nothing")),
        false => Ok(new),
    }
}

fn brief(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars().take(80).collect()
}

/// Shares a file where the file system can, and copies it with its time elsewhere.
fn link_or_copy(from: &Path, to: &Path) -> Result<(), EngineError> {
    let _absent = std::fs::remove_file(to);
    match std::fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(_) => copy_file(from, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(file: &str, anchor: &str) -> Edit {
        let (file, anchor) = (file.to_owned(), anchor.to_owned());
        Edit { file, anchor, replacement: "new".to_owned(), kernel: None }
    }

    #[test]
    fn an_edit_is_undone_even_by_the_next_run_and_never_reaches_the_original() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("linux"), dir.path().join("tree"));
        std::fs::create_dir_all(from.join("scripts")).unwrap();
        std::fs::write(from.join("scripts/a"), "old text").unwrap();
        let before = std::fs::metadata(from.join("scripts/a")).unwrap().modified().unwrap();
        for shared in [true, false] {
            let tree = PrivateTree::open(&from, &to, shared).unwrap();
            tree.edit(&[edit("scripts/a", "old")], KernelKind::Linux).unwrap();
            assert_eq!(std::fs::read_to_string(to.join("scripts/a")).unwrap(), "new text");
            assert_eq!(std::fs::read_to_string(from.join("scripts/a")).unwrap(), "old text");
            // Killed here; another run takes the tree.
            let _tree = PrivateTree::open(&from, &to, shared).unwrap();
            assert_eq!(std::fs::read_to_string(to.join("scripts/a")).unwrap(), "old text");
            let after = std::fs::metadata(to.join("scripts/a")).unwrap().modified().unwrap();
            assert_eq!(before, after);
            remove_tree(&to).unwrap();
        }
    }

    #[test]
    fn an_anchor_that_is_not_there_once_is_an_error_and_nothing_is_edited() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("linux"), dir.path().join("tree"));
        std::fs::create_dir_all(&from).unwrap();
        std::fs::write(from.join("a"), "one two two").unwrap();
        let tree = PrivateTree::open(&from, &to, true).unwrap();
        let why = |edits: &[Edit]| tree.edit(edits, KernelKind::Pocket).unwrap_err();
        assert_eq!(
            why(&[edit("a", "one"), edit("a", "two")]),
            "a holds the text to replace 2 times: two"
        );
        assert_eq!(why(&[edit("a", "three")]), "a does not hold the text to replace: three");
        assert_eq!(why(&[edit("b", "x")]), "there is no b to edit");
        let other = Edit { kernel: Some(KernelKind::Linux), ..edit("a", "one") };
        assert_eq!(why(&[other]), "no edit is for this kernel");
        assert_eq!(std::fs::read_to_string(to.join("a")).unwrap(), "one two two");
    }
}
