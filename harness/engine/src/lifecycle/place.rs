//! Where a life is lived: sources of our own, and a kept build that is copied for every step.

use crate::error::EngineError;
use crate::fingerprint::fingerprint;
use crate::fs::{copy_tree, link_tree, remove_tree, write_atomic};
use crate::record::OutDir;
use crate::tree::KernelTree;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use twinlto_model::{Arch, Mode};

/// The directory of all lives in an output directory.
pub(crate) struct Place {
    /// The sources that are changed.
    pub(crate) kernel: KernelTree,
    /// Builds and their marks.
    pub(crate) out: OutDir,
}

/// Which sources ours were made of, and how they were when they were made.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    given: String,
    ours: String,
}

impl Place {
    /// Opens it, and makes our sources if there are none of this kernel as it is now.
    ///
    /// # Errors
    ///
    /// When the disk does not take them.
    pub(crate) fn open(given: &KernelTree, out: &OutDir) -> Result<Self, EngineError> {
        let home = OutDir::open(&out.path.join("lifecycle"))?;
        let sources = home.path.join("source");
        let mark_path = home.path.join("source.json");
        let now = fingerprint(&given.path, &out.path)?;
        let mark = |ours| Mark { given: now.clone(), ours };
        let old = std::fs::read(&mark_path).ok();
        let old: Option<Mark> = old.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let is_ours = match old {
            Some(old) if sources.is_dir() => old == mark(fingerprint(&sources, &home.path)?),
            _ => false,
        };
        if !is_ours {
            remove_tree(&sources)?;
            link_tree(&given.path, &sources, |path| is_source(path, &given.path, &out.path))?;
            let mark = mark(fingerprint(&sources, &home.path)?);
            let text = serde_json::to_vec_pretty(&mark).unwrap_or_default();
            write_atomic(&mark_path, &text)?;
        }
        Ok(Self { kernel: KernelTree::open(&sources)?, out: home })
    }

    /// Puts a kept build back that a killed run has left aside.
    ///
    /// # Errors
    ///
    /// When the disk does not let it.
    pub(crate) fn recover(&self, arch: Arch) -> Result<(), EngineError> {
        Kept::recover(&self.out.build(arch, Mode::Distributed))
    }
}

/// Version control, what scripts compile for themselves and our own builds are no sources.
fn is_source(path: &Path, tree: &Path, out: &Path) -> bool {
    let named = |name: &str| path.file_name().is_some_and(|it| it == name);
    path != Path::new(".git") && !named("__pycache__") && tree.join(path) != out
}

/// A build that is kept aside, while its copies stand where it was made: a build directory that
/// lies elsewhere than it was made would be a change of its own.
pub(super) struct Kept {
    dir: PathBuf,
    kept: PathBuf,
}

impl Kept {
    pub(super) fn begin(dir: &Path) -> Result<Self, EngineError> {
        let this = Self { dir: dir.to_owned(), kept: aside(dir) };
        std::fs::rename(dir, &this.kept).map_err(|e| EngineError::io("move", dir, &e))?;
        Ok(this)
    }

    fn recover(dir: &Path) -> Result<(), EngineError> {
        let kept = aside(dir);
        if !kept.is_dir() {
            return Ok(());
        }
        remove_tree(dir)?;
        std::fs::rename(&kept, dir).map_err(|e| EngineError::io("move", &kept, &e))
    }

    /// The kept build itself; nothing may be written there.
    pub(super) fn path(&self) -> &Path {
        &self.kept
    }

    /// Puts a new copy in its place.
    pub(super) fn copy(&self) -> Result<(), EngineError> {
        remove_tree(&self.dir)?;
        copy_tree(&self.kept, &self.dir, |_| true).map(|_| ())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The next run tries it again.
        let _later = Self::recover(&self.dir);
    }
}

fn aside(dir: &Path) -> PathBuf {
    dir.with_file_name("kept")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_build_comes_back_whatever_was_done_to_its_copy() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("distributed");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("vmlinux"), "good").unwrap();
        {
            let kept = Kept::begin(&dir).unwrap();
            kept.copy().unwrap();
            std::fs::write(dir.join("vmlinux"), "spoiled").unwrap();
        }
        assert_eq!(std::fs::read(dir.join("vmlinux")).unwrap(), b"good");
        // A run that was killed.
        std::mem::forget(Kept::begin(&dir).unwrap());
        std::fs::create_dir(&dir).unwrap();
        Kept::recover(&dir).unwrap();
        assert_eq!(std::fs::read(dir.join("vmlinux")).unwrap(), b"good");
        assert!(!aside(&dir).exists());
    }

    #[test]
    fn sources_are_all_but_version_control_and_builds() {
        let (tree, out) = (Path::new("/s"), Path::new("/s/out"));
        let is = |path: &str| is_source(Path::new(path), tree, out);
        assert!(is("Makefile") && is("scripts/.git") && is(".gitignore"));
        assert!(!is(".git") && !is("out") && !is("scripts/__pycache__"));
    }
}
