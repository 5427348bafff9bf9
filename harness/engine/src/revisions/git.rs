//! git, as it is run, and what it names.

use crate::error::EngineError;
use crate::process::{Captured, capture};
use crate::recipe::Recipe;
use std::path::{Path, PathBuf};

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its whole name.
    pub(crate) id: String,
    /// The first line of its message.
    pub(crate) subject: String,
}

impl Commit {
    /// As kernel developers write it: twelve digits and the subject.
    pub(crate) fn named(&self) -> String {
        format!("{} (\"{}\")", self.short(), self.subject)
    }

    /// Twelve digits.
    pub(crate) fn short(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

/// git, with the directories that it works on.
#[derive(Debug, Clone)]
pub(super) struct Git {
    at: PathBuf,
    pub(super) options: Vec<String>,
    pub(super) env: Vec<(&'static str, String)>,
}

/// Who commits what is applied: the same series gives the same commits every time.
pub(super) const COMMITTER: [&str; 4] =
    ["-c", "user.name=twinlto", "-c", "user.email=twinlto@localhost"];

/// What a user's configuration must not decide of what we make, and what must not become of the user's
/// repository: its hooks are not ours to run, commits are neither signed nor their signatures shown, a
/// tree is whole, a patch applies or does not, and nothing is collected, packed or watched.
const OPTIONS: [&str; 10] = [
    "advice.detachedHead=false",
    "am.threeWay=false",
    "commit.gpgSign=false",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.sparseCheckout=false",
    "gc.auto=0",
    "log.showSignature=false",
    "maintenance.auto=false",
    "rerere.enabled=false",
];

impl Git {
    pub(super) fn at(path: &Path) -> Self {
        let options = OPTIONS.iter().flat_map(|option| ["-c", option]);
        let options = options.map(str::to_owned).collect();
        Self { at: path.to_owned(), options, env: Vec::new() }
    }

    pub(super) fn of(mut self, git_dir: &Path, tree: &Path) -> Self {
        self.options.push(format!("--git-dir={}", git_dir.display()));
        self.options.push(format!("--work-tree={}", tree.display()));
        self
    }

    pub(super) fn run(&self, args: &[&str]) -> Result<Captured, EngineError> {
        let mut recipe = Recipe::new(&self.at, "git")
            .args(self.options.iter().map(String::as_str))
            .args(args.iter().copied());
        for (name, value) in &self.env {
            recipe = recipe.env(name, value.clone());
        }
        capture(&recipe)
    }

    /// What a command says, which must succeed.
    pub(super) fn say(&self, args: &[&str]) -> Result<String, EngineError> {
        let said = self.run(args)?;
        if said.status.success() {
            return Ok(said.stdout);
        }
        let why = said.stderr.lines().find(|line| !line.starts_with("hint:"));
        Err(EngineError::environment(
            format!("git {} in {}", args.first().unwrap_or(&""), self.at.display()),
            why.unwrap_or("it failed without a message").to_owned(),
            "",
        ))
    }

    /// The commit that is checked out; none in a tree that was never filled.
    pub(super) fn head(&self) -> Result<Option<String>, EngineError> {
        let index = self.run(&["ls-files", "--cached", "-z", "Makefile", "Kbuild"])?;
        if index.stdout.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.say(&["rev-parse", "--verify", "HEAD"])?.trim().to_owned()))
    }

    /// Makes the tree that of a commit, whatever is in it now.
    pub(super) fn checkout(&self, id: &str) -> Result<(), EngineError> {
        self.say(&["checkout", "--quiet", "--force", "--detach", id])?;
        self.say(&["clean", "--quiet", "--force", "-d", "-x"])?;
        Ok(())
    }
}
