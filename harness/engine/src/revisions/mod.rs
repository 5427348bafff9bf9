//! States of a kernel's sources: revisions of a repository, plain directories, series of patches.
//!
//! One source tree, `OUT/tree`, is brought from state to state, because its path stands in every
//! object's command. The user's repository is only read: it gets a worktree, whose `.git` file is
//! taken away so that the kernel does not put a revision into its version, which would be another
//! one in every state.

mod apply;
mod git;
mod repository;
mod series;
mod young;

use crate::error::EngineError;
pub(crate) use git::Commit;
use git::Git;
pub(crate) use repository::Repository;
use series::patches;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use twinlto_verdict::Change;

/// The one tree that is brought from state to state.
#[derive(Debug)]
pub(crate) struct Sources {
    repository: Repository,
    git: Git,
    /// The tree.
    pub(crate) tree: PathBuf,
    out: PathBuf,
}

impl Sources {
    /// The tree of an output directory, of a repository.
    ///
    /// # Errors
    ///
    /// When git cannot make it, or a tree of another repository is there.
    pub(crate) fn open(repository: Repository, out: &Path) -> Result<Self, EngineError> {
        let tree = out.join("tree");
        let git = repository.worktree(&tree, &out.join("tree.git"))?;
        Ok(Self { repository, git, tree, out: out.to_owned() })
    }

    /// The repository.
    pub(crate) const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Brings the tree to a commit. What is other than in `base` becomes younger than everything
    /// that was built of it, and nothing else does: so make compiles what differs.
    ///
    /// # Errors
    ///
    /// When git cannot, or a file's time cannot be set.
    pub(crate) fn switch(&self, to: &Commit, base: Option<&Commit>) -> Result<(), EngineError> {
        let before = self.git.head()?;
        let mut young = young::read(&self.out)?;
        if let Some(before) = &before {
            young.extend(self.paths(before, &to.id)?);
            // First the list, so that no file is young and not in it.
            young::write(&self.out, &young)?;
        }
        self.git.checkout(&to.id)?;
        if let Some(base) = base {
            let other: BTreeSet<String> = self.paths(&base.id, &to.id)?.collect();
            young.extend(other.iter().cloned());
            young::write(&self.out, &young)?;
            young::set_times(&self.tree, &young, &other)?;
        }
        Ok(())
    }

    /// The files that differ between two commits.
    ///
    /// # Errors
    ///
    /// When git cannot tell.
    pub(crate) fn changed(&self, a: &Commit, b: &Commit) -> Result<Vec<Change>, EngineError> {
        self.repository.changed(&a.id, &b.id)
    }

    fn paths(&self, a: &str, b: &str) -> Result<impl Iterator<Item = String> + use<>, EngineError> {
        Ok(self.repository.changed(a, b)?.into_iter().map(|change| change.path))
    }

    /// Applies a series to a commit; the commits that come of it, in order. The tree is left at the
    /// last one; where a patch does not apply, at `base`, clean.
    ///
    /// # Errors
    ///
    /// When a patch does not apply: which, and what of it.
    pub(crate) fn apply(&self, base: &Commit, series: &Path) -> Result<Vec<Commit>, EngineError> {
        let patches = patches(series, &self.out.join("series"))?;
        self.switch(base, None)?;
        for patch in &patches {
            if let Err(error) = self.git.apply(patch, series) {
                self.git.checkout(&base.id)?;
                return Err(error);
            }
        }
        let head = self.git.head()?.unwrap_or_default();
        let commits = self.git.commits(&base.id, &head)?;
        let commits: Vec<Commit> =
            commits.iter().map(|id| self.repository.commit(id)).collect::<Result<_, _>>()?;
        // The files that the patches wrote are as young as those of a checkout.
        if let Some(last) = commits.last() {
            let mut young = young::read(&self.out)?;
            young.extend(self.paths(&base.id, &last.id)?);
            young::write(&self.out, &young)?;
        }
        Ok(commits)
    }
}
