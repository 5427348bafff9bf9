//! The user's repository, and one of our own for directories that are in none.

use super::git::{COMMITTER, Commit, Git};
use crate::error::EngineError;
use crate::fs::{files_below, remove_file, remove_tree};
use crate::record::OutDir;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use twinlto_verdict::Change;
use twinlto_verdict::search::History;

/// What a git that was killed leaves in a worktree's directory.
const LOCKS: [&str; 2] = ["index.lock", "HEAD.lock"];

/// The mode of a symbolic link.
const LINK: &str = "120000";

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
        if !said.status.success() {
            let why = said.stderr.lines().next().unwrap_or("git does not know it");
            return Err(usage(format!("it is no git repository: {why}")));
        }
        // Of a directory somewhere in it, the whole.
        let top = git.run(&["rev-parse", "--show-toplevel"])?;
        let path = match top.stdout.trim() {
            "" => path,
            top => PathBuf::from(top),
        };
        Ok(Self { git: Git::at(&path), path })
    }

    /// What is made must not become a part of the user's tree.
    ///
    /// # Errors
    ///
    /// When an output directory is in the repository or its tree.
    pub(crate) fn apart(&self, out: &Path) -> Result<(), EngineError> {
        let git_dir = self.git_dir()?;
        let beside = git_dir.file_name().filter(|name| *name == ".git").and(git_dir.parent());
        OutDir::check_apart(out, [Some(&*self.path), Some(&*git_dir), beside].into_iter().flatten())
    }

    /// A repository of our own, for directories that are in none.
    pub(crate) fn own(path: &Path) -> Result<Self, EngineError> {
        if !path.join("HEAD").is_file() {
            let at = path.parent().unwrap_or(path);
            std::fs::create_dir_all(at).map_err(|e| EngineError::io("make", at, &e))?;
            Git::at(at).say(&["init", "--quiet", "--bare", &path.display().to_string()])?;
        }
        // Files as they are, whatever a .gitattributes of theirs says.
        let attributes = path.join("info/attributes");
        crate::fs::write_atomic(
            &attributes,
            b"* -text -eol -filter -ident -working-tree-encoding\n",
        )?;
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
        // Of a repository in a tree git keeps a name, and none of its files.
        let within = |path: &Path| path.iter().skip(1).any(|part| part == ".git");
        if let Some((path, _)) = files_below(&dir)?.into_iter().find(|(path, _)| within(path)) {
            let parts = path.iter().take_while(|part| *part != ".git");
            let name = parts.collect::<PathBuf>();
            return Err(EngineError::usage(
                format!("sources {}", dir.display()),
                format!("{} is a git repository of its own in it", name.display()),
                format!("remove {}/.git: its files are taken then", name.display()),
            ));
        }
        remove_file(&self.path.join("import.index.lock"))?;
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
        // First what it names, then its commit: `:/words^{commit}` would look for other words.
        let peel = |name: &str| {
            let said =
                self.git.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", name])?;
            if !said.status.success() {
                return Err(missing("there is no such revision"));
            }
            // With --end-of-options older gits print that word, too.
            Ok(said.stdout.lines().last().unwrap_or_default().trim().to_owned())
        };
        let id = peel(&format!("{}^{{commit}}", peel(revision)?))?;
        let subject = self.git.say(&["log", "-1", "--format=%s", &id])?.trim().to_owned();
        Ok(Commit { id, subject })
    }

    /// The files that differ between two commits.
    pub(crate) fn changed(&self, a: &str, b: &str) -> Result<Vec<Change>, EngineError> {
        let text = self.git.say(&["diff", "--raw", "--no-renames", "-z", a, b])?;
        let mut fields = text.split('\0');
        let mut changes = Vec::new();
        // Without renames, `:MODE MODE ID ID LETTER` and one path each.
        while let (Some(entry), Some(path)) = (fields.next(), fields.next()) {
            let words: Vec<&str> = entry.trim_start_matches(':').split(' ').collect();
            let [before, after, .., letter] = words.as_slice() else { continue };
            changes.push(Change {
                path: path.to_owned(),
                in_both: !matches!(*letter, "A" | "D"),
                is_link: [before, after].contains(&&LINK),
            });
        }
        Ok(changes)
    }

    /// The good commit, and everything that the bad one descends from and the good one does not,
    /// oldest first. With `first_parent`, merges are steps of one line. `options` are those that
    /// named the two.
    ///
    /// # Errors
    ///
    /// When the bad commit does not descend from the good one.
    pub(crate) fn history(
        &self,
        (good, bad): (&Commit, &Commit),
        [first, last]: [&str; 2],
        first_parent: bool,
    ) -> Result<(History, Vec<Commit>), EngineError> {
        if good.id == bad.id {
            return Err(EngineError::usage(
                format!("{} and {} are both {}", first, last, good.named()),
                "there is nothing between a commit and itself",
                "give two different revisions",
            ));
        }
        let is_ancestor = self.git.run(&["merge-base", "--is-ancestor", &good.id, &bad.id])?;
        if !is_ancestor.status.success() {
            return Err(EngineError::usage(
                format!("{} {}", first, good.named()),
                format!("{} does not descend from it", bad.named()),
                format!("give an ancestor of {}: git merge-base finds one", last),
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
                // The lock of our output directory is held: no git works there.
                remove_tree(&git_dir.join("rebase-apply"))?;
                for lock in LOCKS {
                    remove_file(&git_dir.join(lock))?;
                }
                return Ok(Git::at(tree).of(&git_dir, tree));
            }
            // Ours alone: other worktrees may be where they are not seen now, and git would forget them.
            remove_tree(&git_dir)?;
        } else if tree.exists() {
            return Err(foreign("something else is there".to_owned()));
        }
        // git may have forgotten a worktree without a .git file; then it is made anew.
        remove_tree(tree)?;
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
