use crate::error::EngineError;
use crate::process::{Captured, capture};
use crate::recipe::Recipe;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use twinlto_verdict::Change;
use twinlto_verdict::search::History;

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
    options: Vec<String>,
    env: Vec<(&'static str, String)>,
}

/// Who commits what is applied: the same series gives the same commits every time.
const COMMITTER: [&str; 4] = ["-c", "user.name=twinlto", "-c", "user.email=twinlto@localhost"];

impl Git {
    fn at(path: &Path) -> Self {
        // A repository's hooks are not ours to run.
        let options = ["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"];
        Self { at: path.to_owned(), options: options.map(str::to_owned).to_vec(), env: Vec::new() }
    }

    fn of(mut self, git_dir: &Path, tree: &Path) -> Self {
        self.options.push(format!("--git-dir={}", git_dir.display()));
        self.options.push(format!("--work-tree={}", tree.display()));
        self
    }

    fn run(&self, args: &[&str]) -> Result<Captured, EngineError> {
        let mut recipe = Recipe::new(&self.at, "git")
            .args(self.options.iter().map(String::as_str))
            .args(args.iter().copied());
        for (name, value) in &self.env {
            recipe = recipe.env(name, value.clone());
        }
        capture(&recipe)
    }

    /// What a command says, which must succeed.
    fn say(&self, args: &[&str]) -> Result<String, EngineError> {
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

    /// Applies one patch and commits it.
    pub(super) fn apply(&self, patch: &Path, series: &Path) -> Result<(), EngineError> {
        let name = patch.display().to_string();
        let bytes = std::fs::read(patch).map_err(|e| EngineError::io("read", patch, &e))?;
        let mut git = self.clone();
        git.options.extend(COMMITTER.map(str::to_owned));
        let said = if super::series::is_mail(&bytes) {
            let args = ["am", "--quiet", "--keep-cr", "--committer-date-is-author-date", &name];
            let said = git.run(&args)?;
            if !said.status.success() {
                git.run(&["am", "--abort"])?;
            }
            said
        } else {
            let said = git.run(&["apply", "--index", "--whitespace=nowarn", &name])?;
            if said.status.success() {
                git.commit_index(patch)?;
            }
            said
        };
        if said.status.success() {
            return Ok(());
        }
        // git says which hunk of which file; the rest is advice for somebody who sits in the tree.
        let errors = said.stderr.lines().filter_map(|line| line.strip_prefix("error: "));
        let errors: Vec<&str> =
            errors.filter(|line| !line.contains("patch does not apply")).collect();
        let why = match errors.as_slice() {
            [] => said.stderr.lines().next().unwrap_or("git says nothing").to_owned(),
            list => list.join("; "),
        };
        let subject = super::series::subject(&bytes).unwrap_or_else(|| {
            patch.file_name().unwrap_or_default().to_string_lossy().into_owned()
        });
        Err(EngineError::usage(
            format!("--series {}: '{subject}' does not apply", series.display()),
            why,
            "give the revision that the series was made for as --base",
        ))
    }

    fn commit_index(&self, patch: &Path) -> Result<(), EngineError> {
        let mut git = self.clone();
        const DATE: &str = "2000-01-01T00:00:00Z";
        git.env.push(("GIT_AUTHOR_DATE", DATE.to_owned()));
        git.env.push(("GIT_COMMITTER_DATE", DATE.to_owned()));
        let name = patch.file_name().unwrap_or_default().to_string_lossy().into_owned();
        git.say(&["commit", "--quiet", "--no-verify", "-m", &name])?;
        Ok(())
    }
}

/// A repository, which is only read: what it gets is a worktree.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    path: PathBuf,
    git: Git,
}

impl Repository {
    /// The repository at a path.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        let usage = |cause: String| {
            EngineError::usage(
                format!("kernel {}", path.display()),
                cause,
                "give a git repository of Linux",
            )
        };
        if !path.is_dir() {
            return Err(usage("there is no such directory".to_owned()));
        }
        let path = path.canonicalize().map_err(|e| EngineError::io("read", path, &e))?;
        let git = Git::at(&path);
        let said = git.run(&["rev-parse", "--git-dir"])?;
        match said.status.success() {
            true => Ok(Self { path, git }),
            false => {
                let why = said.stderr.lines().next().unwrap_or("git does not know it");
                Err(usage(format!("it is no git repository: {why}")))
            }
        }
    }

    /// A repository of our own, for directories that are in none.
    pub(crate) fn own(path: &Path) -> Result<Self, EngineError> {
        if !path.join("HEAD").is_file() {
            let at = path.parent().unwrap_or(path);
            std::fs::create_dir_all(at).map_err(|e| EngineError::io("make", at, &e))?;
            Git::at(at).say(&["init", "--quiet", "--bare", &path.display().to_string()])?;
        }
        Self::open(path)
    }

    /// Takes a directory as a commit of this repository. The directory is only read.
    pub(crate) fn import(&self, dir: &Path) -> Result<Commit, EngineError> {
        const DATE: &str = "2000-01-01T00:00:00Z";
        let dir = dir.canonicalize().map_err(|e| EngineError::io("read", dir, &e))?;
        let mut git = Git::at(&dir).of(&self.path, &dir);
        git.options.extend(COMMITTER.map(str::to_owned));
        // Files as they are: no line end is changed, and nothing is left out.
        git.options.extend(["-c", "core.autocrlf=false"].map(str::to_owned));
        git.env.push(("GIT_INDEX_FILE", self.path.join("import.index").display().to_string()));
        git.env.push(("GIT_AUTHOR_DATE", DATE.to_owned()));
        git.env.push(("GIT_COMMITTER_DATE", DATE.to_owned()));
        git.say(&["add", "--all", "--force", "."])?;
        let tree = git.say(&["write-tree"])?;
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let id = git.say(&["commit-tree", tree.trim(), "-m", &name])?;
        let id = id.trim();
        // Under a name, so that nothing throws it away.
        git.say(&["update-ref", &format!("refs/twinlto/{id}"), id])?;
        self.commit(id)
    }

    /// The commit that a user's word names.
    ///
    /// # Errors
    ///
    /// When there is no such commit.
    pub(crate) fn commit(&self, revision: &str) -> Result<Commit, EngineError> {
        let missing = |why: &str| {
            EngineError::usage(
                format!("revision {revision}"),
                format!("{why} in {}", self.path.display()),
                "give a commit, a tag or a branch of that repository; git fetch brings more",
            )
        };
        if revision.is_empty() {
            return Err(EngineError::usage(
                "a revision",
                "its name is empty",
                "give a commit, a tag or a branch",
            ));
        }
        // No revision begins like an option.
        if revision.starts_with('-') {
            return Err(missing("there is no such revision"));
        }
        let named = format!("{revision}^{{commit}}");
        let said =
            self.git.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &named])?;
        if !said.status.success() {
            return Err(missing("there is no such revision"));
        }
        // With --end-of-options older gits print that word, too.
        let id = said.stdout.lines().last().unwrap_or_default().trim().to_owned();
        let subject = self.git.say(&["log", "-1", "--format=%s", &id])?.trim().to_owned();
        Ok(Commit { id, subject })
    }

    /// The files that differ between two commits.
    pub(crate) fn changed(&self, a: &str, b: &str) -> Result<Vec<Change>, EngineError> {
        let text = self.git.say(&["diff", "--name-status", "--no-renames", "-z", a, b])?;
        let mut fields = text.split('\0');
        let mut changes = Vec::new();
        // Without renames, a letter and one path each.
        while let (Some(letter), Some(path)) = (fields.next(), fields.next()) {
            let in_both = !matches!(letter, "A" | "D");
            changes.push(Change { path: path.to_owned(), in_both });
        }
        Ok(changes)
    }

    /// The good commit, and everything that the bad one descends from and the good one does not,
    /// oldest first. With `first_parent`, merges are steps of one line.
    ///
    /// # Errors
    ///
    /// When the bad commit does not descend from the good one.
    pub(crate) fn history(
        &self,
        good: &Commit,
        bad: &Commit,
        first_parent: bool,
    ) -> Result<(History, Vec<Commit>), EngineError> {
        if good.id == bad.id {
            return Err(EngineError::usage(
                format!("--good and --bad are both {}", good.named()),
                "there is nothing between a commit and itself",
                "give two different revisions",
            ));
        }
        let is_ancestor = self.git.run(&["merge-base", "--is-ancestor", &good.id, &bad.id])?;
        if !is_ancestor.status.success() {
            return Err(EngineError::usage(
                format!("--good {}", good.named()),
                format!("{} does not descend from it", bad.named()),
                "give a good revision that is an ancestor of the bad one: git merge-base finds one",
            ));
        }
        let range = format!("{}..{}", good.id, bad.id);
        let mut args = vec!["log", "--topo-order", "--reverse", "--format=%H%x00%P%x00%s"];
        if first_parent {
            args.push("--first-parent");
        }
        args.push(&range);
        let text = self.git.say(&args)?;
        let mut commits = vec![good.clone()];
        let mut number = HashMap::from([(good.id.clone(), 0)]);
        let mut parents: Vec<Vec<usize>> = vec![Vec::new()];
        for line in text.lines() {
            let mut fields = line.splitn(3, '\0');
            let (Some(id), Some(list)) = (fields.next(), fields.next()) else { continue };
            let subject = fields.next().unwrap_or_default().to_owned();
            let taken = if first_parent { 1 } else { usize::MAX };
            let known =
                list.split(' ').take(taken).filter_map(|parent| number.get(parent).copied());
            // What comes from before the good commit beside it comes from there as well.
            let mut known: Vec<usize> = known.collect();
            if known.is_empty() {
                known.push(0);
            }
            number.insert(id.to_owned(), commits.len());
            commits.push(Commit { id: id.to_owned(), subject });
            parents.push(known);
        }
        let history = History::new(parents).map_err(|error| {
            EngineError::environment(format!("git log {range}"), error.to_string(), "")
        })?;
        Ok((history, commits))
    }

    /// A worktree of this repository at `tree`, known to git by `link`: the tree itself has no
    /// `.git`.
    pub(super) fn worktree(&self, tree: &Path, link: &Path) -> Result<Git, EngineError> {
        let foreign = |cause: String| {
            EngineError::usage(
                format!("{}", tree.display()),
                cause,
                "give another --out, or remove that directory",
            )
        };
        if let Ok(text) = std::fs::read_to_string(link) {
            let git_dir = PathBuf::from(text.trim().trim_start_matches("gitdir: "));
            let worktrees = self.git_dir()?.join("worktrees");
            if git_dir.parent() != Some(worktrees.as_path()) {
                return Err(foreign(format!(
                    "it is a worktree of another repository than {}",
                    self.path.display()
                )));
            }
            if git_dir.join("HEAD").is_file() && tree.is_dir() {
                return Ok(Git::at(tree).of(&git_dir, tree));
            }
            // Ours alone: other worktrees may be where they are not seen now, and git would forget them.
            crate::fs::remove_tree(&git_dir)?;
        } else if tree.exists() {
            return Err(foreign("something else is there".to_owned()));
        }
        // git may have forgotten a worktree without a .git file; then it is made anew.
        crate::fs::remove_tree(tree)?;
        let path = tree.display().to_string();
        self.git
            .say(&[
                "worktree",
                "add",
                "--quiet",
                "--force",
                "--detach",
                "--no-checkout",
                &path,
                "HEAD",
            ])
            .or_else(|_| self.add_without_head(&path))?;
        let dot_git = tree.join(".git");
        std::fs::rename(&dot_git, link).map_err(|e| EngineError::io("move", &dot_git, &e))?;
        let text = std::fs::read_to_string(link).map_err(|e| EngineError::io("read", link, &e))?;
        let git_dir = PathBuf::from(text.trim().trim_start_matches("gitdir: "));
        Ok(Git::at(tree).of(&git_dir, tree))
    }

    /// A repository of imported directories has no branch.
    fn add_without_head(&self, path: &str) -> Result<String, EngineError> {
        let any = self.git.say(&["for-each-ref", "--count=1", "--format=%(objectname)"])?;
        let args = ["worktree", "add", "--quiet", "--force", "--detach", "--no-checkout", path];
        self.git.say(&[&args[..], &[any.trim()]].concat())
    }

    fn git_dir(&self) -> Result<PathBuf, EngineError> {
        let dir = self.git.say(&["rev-parse", "--git-common-dir"])?;
        let dir = self.path.join(dir.trim());
        dir.canonicalize().map_err(|e| EngineError::io("read", &dir, &e))
    }
}
