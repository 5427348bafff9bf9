//! Patches become commits of the one tree.

use super::git::{COMMITTER, Git};
use super::series::{Form, Patch};
use crate::error::EngineError;
use crate::process::Captured;
use std::path::Path;

impl Git {
    /// Applies a patch and commits it. What git finds nothing in is no commit.
    ///
    /// # Errors
    ///
    /// When it does not apply: which, and what of it.
    pub(super) fn apply(&self, patch: &Patch, series: &Path) -> Result<(), EngineError> {
        let mut git = self.clone();
        git.options.extend(COMMITTER.map(str::to_owned));
        let said = match patch.form {
            Form::Mail { crlf } => git.mail(patch, crlf)?,
            Form::Plain => git.plain(patch)?,
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
        let is_damaged =
            ["corrupt patch", "patch fragment without header"].iter().any(|it| why.contains(it));
        let hint = match is_damaged {
            true => "the patch is damaged: get it once more",
            false => "give the revision that the series was made for as --base",
        };
        let file = match series.is_dir() {
            true => format!(", in {}", patch.from),
            false => String::new(),
        };
        Err(EngineError::usage(
            format!("--series {}: '{}'{file} does not apply", series.display(), patch.name),
            why,
            hint,
        ))
    }

    fn mail(&self, patch: &Patch, crlf: bool) -> Result<Captured, EngineError> {
        let (strip, path) = (format!("-p{}", patch.strip), patch.path.display().to_string());
        // A mail reader that saves lines with CR LF has added the CR.
        let cr = if crlf { "--no-keep-cr" } else { "--keep-cr" };
        let args =
            ["am", "--quiet", "--empty=drop", cr, "--committer-date-is-author-date", &strip, &path];
        let said = self.run(&args)?;
        if !said.status.success() {
            self.run(&["am", "--abort"])?;
        }
        Ok(said)
    }

    fn plain(&self, patch: &Patch) -> Result<Captured, EngineError> {
        const DATE: &str = "2000-01-01T00:00:00Z";
        let (strip, path) = (format!("-p{}", patch.strip), patch.path.display().to_string());
        let said = self.run(&["apply", "--index", "--whitespace=nowarn", &strip, &path])?;
        if said.status.success() {
            let mut git = self.clone();
            git.env.push(("GIT_AUTHOR_DATE", DATE.to_owned()));
            git.env.push(("GIT_COMMITTER_DATE", DATE.to_owned()));
            git.say(&["commit", "--quiet", "--no-verify", "-m", &patch.name])?;
        }
        Ok(said)
    }

    /// The commits between two, oldest first.
    ///
    /// # Errors
    ///
    /// When git cannot tell.
    pub(super) fn commits(&self, from: &str, to: &str) -> Result<Vec<String>, EngineError> {
        let text = self.say(&["rev-list", "--reverse", &format!("{from}..{to}")])?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Repository, Sources};
    use std::path::{Path, PathBuf};
    use std::process::Command;

    fn git(at: &Path, args: &[&str]) -> String {
        let said = Command::new("git").arg("-C").arg(at).args(args).output().unwrap();
        assert!(said.status.success(), "{args:?}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    }

    fn commit(at: &Path, text: &str) -> String {
        std::fs::write(at.join("Makefile"), text).unwrap();
        git(at, &["add", "--all"]);
        git(at, &["commit", "--quiet", "--message", text.lines().last().unwrap()]);
        git(at, &["rev-parse", "HEAD"])
    }

    /// A repository with three commits, whose user signs, sees only a part of it, and has git tidy it
    /// up at every turn.
    fn repository(dir: &Path) -> PathBuf {
        let path = dir.join("repository");
        std::fs::create_dir_all(path.join("lib")).unwrap();
        git(&path, &["init", "--quiet"]);
        for (name, value) in [
            ("user.name", "a"),
            ("user.email", "a@b"),
            ("gpg.program", "/bin/false"),
            ("core.sparseCheckout", "true"),
            ("gc.autoDetach", "false"),
            ("am.threeWay", "true"),
        ] {
            git(&path, &["config", name, value]);
        }
        std::fs::write(path.join("lib/sort.c"), "int sort;\n").unwrap();
        for text in ["one\n", "one\ntwo\n", "one\ntwo\nthree\n"] {
            commit(&path, text);
        }
        git(&path, &["config", "commit.gpgSign", "true"]);
        git(&path, &["config", "gc.auto", "1"]);
        git(&path, &["config", "rerere.enabled", "true"]);
        std::fs::write(path.join(".git/info/sparse-checkout"), "/Makefile\n").unwrap();
        path
    }

    fn sources(repository: &Path, dir: &Path) -> Sources {
        Sources::open(Repository::open(repository).unwrap(), &dir.join("out")).unwrap()
    }

    #[test]
    fn every_patch_of_a_series_is_a_state_however_it_is_encoded_and_packed() {
        let dir = tempfile::tempdir().unwrap();
        let (path, out) = (repository(dir.path()), dir.path().join("out"));
        std::fs::create_dir_all(&out).unwrap();
        let sources = sources(&path, dir.path());
        let base = sources.repository().commit("HEAD~2").unwrap();
        let series = dir.path().join("series");
        std::fs::create_dir_all(&series).unwrap();
        let mail =
            |revision: &str| git(&path, &["format-patch", "-1", "--stdout", revision]) + "\n";
        let (first, second) = (mail("HEAD~1"), mail("HEAD"));
        let subjects = |what: &Path| -> Vec<String> {
            let commits = sources.apply(&base, what).unwrap();
            commits.into_iter().map(|commit| commit.subject).collect()
        };
        let wanted = ["two", "three"];
        // Both in one file of a directory, behind a cover letter.
        let cover = "From 0 Mon Sep 17 00:00:00 2001\nFrom: a <a@b>\nSubject: [PATCH 0/2] x\n\n\
                     --- v1 to v2 ---\nless\n\n";
        std::fs::write(series.join("all.mbx"), format!("{cover}{first}{second}")).unwrap();
        assert_eq!(subjects(&series), wanted);
        // The second one in base64.
        let (head, body) = second.split_once("\n\n").unwrap();
        let text = dir.path().join("body");
        std::fs::write(&text, body).unwrap();
        let coded = Command::new("base64").arg(&text).output().unwrap().stdout;
        let coded = String::from_utf8(coded).unwrap();
        let encoded = format!("{head}\nContent-Transfer-Encoding: base64\n\n{coded}\n");
        std::fs::write(series.join("all.mbx"), format!("{cover}{first}{encoded}")).unwrap();
        assert_eq!(subjects(&series), wanted);
        // As a mail reader saves them.
        std::fs::remove_file(series.join("all.mbx")).unwrap();
        for (name, mail) in [("1.eml", &first), ("2.eml", &second)] {
            std::fs::write(series.join(name), mail.replace('\n', "\r\n")).unwrap();
        }
        assert_eq!(subjects(&series), wanted);
        // Plain, by quilt's list, with paths of the directory itself.
        let diff = git(&path, &["diff", "--no-prefix", "HEAD~2", "HEAD~1"]) + "\n";
        std::fs::write(series.join("two.diff"), diff).unwrap();
        std::fs::write(series.join("series"), "two.diff -p0\n").unwrap();
        assert_eq!(subjects(&series), ["two.diff"]);
        // The tree is whole, whatever its owner looks at.
        assert!(sources.tree.join("lib/sort.c").is_file());
        // What does not apply is not merged, and nothing of the user's is tidied up. By what is in this
        // directory git tells whether there is something to.
        let git_dir = path.join(".git");
        let loose = git_dir.join("objects/17");
        std::fs::create_dir_all(&loose).unwrap();
        for digit in ["a", "b"] {
            std::fs::write(loose.join(digit.repeat(38)), "").unwrap();
        }
        assert_eq!(subjects(&series), ["two.diff"]);
        let conflict = second.replace(" two\n", " due\n");
        let conflict = conflict.replace("+three\n", "+tre\n");
        let wrong = dir.path().join("wrong.mbx");
        std::fs::write(&wrong, conflict).unwrap();
        let refused = sources.apply(&base, &wrong).unwrap_err();
        assert!(refused.what.contains("does not apply"), "{refused}");
        let packs = std::fs::read_dir(git_dir.join("objects/pack")).unwrap();
        assert_eq!((packs.count(), git_dir.join("rr-cache").exists()), (0, false));
    }

    #[test]
    fn what_a_killed_run_left_is_in_nobody_s_way() {
        let dir = tempfile::tempdir().unwrap();
        let (path, out) = (repository(dir.path()), dir.path().join("out"));
        std::fs::create_dir_all(&out).unwrap();
        let base = Repository::open(&path).unwrap().commit("HEAD~2").unwrap();
        let series = dir.path().join("one.mbx");
        let mail = git(&path, &["format-patch", "-1", "--stdout", "HEAD~1"]) + "\n";
        std::fs::write(&series, mail).unwrap();
        assert_eq!(sources(&path, dir.path()).apply(&base, &series).unwrap().len(), 1);
        let worktree = path.join(".git/worktrees/tree");
        std::fs::create_dir_all(worktree.join("rebase-apply")).unwrap();
        std::fs::write(worktree.join("index.lock"), "").unwrap();
        assert_eq!(sources(&path, dir.path()).apply(&base, &series).unwrap().len(), 1);
    }

    #[test]
    fn a_directory_is_taken_as_it_is_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        std::fs::create_dir_all(tree.join("fs")).unwrap();
        std::fs::write(tree.join("Makefile"), "all:\n").unwrap();
        std::fs::write(tree.join(".gitattributes"), "*.S text eol=crlf\n").unwrap();
        std::fs::write(tree.join("fs/a.S"), "nop\n").unwrap();
        let own = Repository::own(&dir.path().join("imported.git")).unwrap();
        let commit = own.import(&tree).unwrap();
        let out = dir.path().join("out");
        std::fs::create_dir_all(&out).unwrap();
        let sources = Sources::open(own.clone(), &out).unwrap();
        sources.switch(&commit, None).unwrap();
        assert_eq!(std::fs::read(sources.tree.join("fs/a.S")).unwrap(), b"nop\n");
        git(&tree.join("fs"), &["init", "--quiet"]);
        for (name, value) in [("user.name", "a"), ("user.email", "a@b")] {
            git(&tree.join("fs"), &["config", name, value]);
        }
        git(&tree.join("fs"), &["add", "--all"]);
        git(&tree.join("fs"), &["commit", "--quiet", "--message", "x"]);
        let refused = own.import(&tree).unwrap_err();
        assert!(refused.cause.contains("fs is a git repository of its own"), "{refused}");
    }

    #[test]
    fn a_link_is_no_file_and_a_repository_is_told_from_any_place_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = repository(dir.path());
        git(&path, &["config", "commit.gpgSign", "false"]);
        git(&path, &["config", "core.sparseCheckout", "false"]);
        let mut ids = Vec::new();
        for (n, target) in ["lib/sort.c", "Makefile"].iter().enumerate() {
            let link = path.join("link.h");
            let _none_yet = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(target, &link).unwrap();
            ids.push(commit(&path, &format!("link {n}\n")));
        }
        let within = Repository::open(&path.join("lib")).unwrap();
        let changes = within.changed(&ids[0], &ids[1]).unwrap();
        let links: Vec<(&str, bool)> =
            changes.iter().map(|change| (change.path.as_str(), change.is_link)).collect();
        assert_eq!(links, [("Makefile", false), ("link.h", true)]);
        assert_eq!(within.commit(":/link 0").unwrap().id, ids[0]);
        for out in [path.join("out"), path.join(".git/out")] {
            assert!(within.apart(&out).unwrap_err().cause.contains("only read"));
            let git_dir = Repository::open(&path.join(".git")).unwrap();
            assert!(git_dir.apart(&out).unwrap_err().cause.contains("only read"));
        }
        assert!(within.apart(&dir.path().join("out")).is_ok());
    }
}
