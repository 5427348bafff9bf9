use super::cleaning::names;
use crate::error::EngineError;
use crate::fs::read_text;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use twinlto_model::Arch;
use twinlto_verdict::lifecycle::{StepVerdict, not_ignored};

/// Judges whether the `.gitignore` files of a source tree are for everything that is in a build
/// directory, as if it had been built in the tree.
///
/// # Errors
///
/// When a directory or a `.gitignore` file cannot be read.
pub fn ignored(arch: Arch, source: &Path, dir: &Path) -> Result<StepVerdict, EngineError> {
    let made: Vec<String> = names(dir)?.into_iter().collect();
    let mut rules = Rules::default();
    if !source.join(".gitignore").is_file() {
        return Ok(StepVerdict::not_taken("the source tree has no .gitignore"));
    }
    let mut unignored = Vec::new();
    for path in &made {
        if !rules.ignore(source, Path::new(path))? {
            unignored.push(path.clone());
        }
    }
    Ok(not_ignored(arch, &made, &unignored, &rules.left_out))
}

/// The `.gitignore` files of a tree, by directory.
#[derive(Default)]
struct Rules {
    files: BTreeMap<PathBuf, Option<Gitignore>>,
    /// Patterns that are left out.
    left_out: Vec<String>,
}

impl Rules {
    /// Whether git ignores a file: a directory that it lies in is ignored, or it is itself. The
    /// last pattern of the nearest file that has one for it decides (gitignore(5)).
    fn ignore(&mut self, source: &Path, path: &Path) -> Result<bool, EngineError> {
        let mut levels: Vec<&Path> = path.ancestors().collect();
        levels.retain(|level| !level.as_os_str().is_empty());
        for level in levels.into_iter().rev() {
            let is_dir = level != path;
            for dir in level.ancestors().skip(1) {
                let Some(rules) = self.of(source, dir)? else { continue };
                match rules.matched(level, is_dir) {
                    Match::Ignore(_) => return Ok(true),
                    Match::Whitelist(_) => break,
                    Match::None => {}
                }
            }
        }
        Ok(false)
    }

    fn of(&mut self, source: &Path, dir: &Path) -> Result<Option<&Gitignore>, EngineError> {
        if !self.files.contains_key(dir) {
            let path = source.join(dir).join(".gitignore");
            let rules = match read_text(&path) {
                Ok(bytes) => Some(self.read(dir, &path, &bytes)?),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(EngineError::io("read", &path, &error)),
            };
            self.files.insert(dir.to_owned(), rules);
        }
        Ok(self.files.get(dir).and_then(Option::as_ref))
    }

    fn read(&mut self, dir: &Path, path: &Path, bytes: &[u8]) -> Result<Gitignore, EngineError> {
        let bad = |error: ignore::Error| {
            let what = format!("failed to understand {}", path.display());
            EngineError::environment(what, error.to_string(), "check the pattern that it names")
        };
        let text = String::from_utf8_lossy(bytes);
        let mut builder = GitignoreBuilder::new(dir);
        for line in text.lines() {
            let alone = |line| -> Result<Gitignore, ignore::Error> {
                let mut one = GitignoreBuilder::new("");
                one.add_line(None, line)?;
                one.build()
            };
            // A packager's own: it is for the whole tree and says nothing of what is built.
            let for_all = dir.as_os_str().is_empty()
                && alone(line).map_err(bad)?.matched("Makefile", false).is_ignore();
            if for_all {
                self.left_out.push(line.trim().to_owned());
                continue;
            }
            builder.add_line(None, line).map_err(bad)?;
        }
        builder.build().map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What git says of the same tree and the same paths.
    #[test]
    fn the_answer_is_gits() {
        let tree = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = tree.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            ".gitignore",
            "*.o\n!keep.o\n/vmlinux\n/include/config/\ntags\n!tags/\n*.bc\n!lib/x.bc\n",
        );
        write("lib/.gitignore", "!y.o\nnested.h\n/top\n");
        let paths = [
            "a.o",
            "keep.o",
            "lib/keep.o",
            "lib/y.o",
            "lib/sub/y.o",
            "vmlinux",
            "lib/vmlinux",
            "include/config/X",
            "include/config/sub/X",
            "include/x.h",
            "lib/x.bc",
            "y.bc",
            "lib/nested.h",
            "lib/sub/nested.h",
            "lib/top",
            "lib/sub/top",
            "tags",
            "tags/a",
        ];
        let mut rules = Rules::default();
        let ours: Vec<&str> = paths
            .into_iter()
            .filter(|path| rules.ignore(tree.path(), Path::new(path)).unwrap())
            .collect();
        let git = |args: &[&str]| {
            let mut git = std::process::Command::new("git");
            let ran = git.arg("-C").arg(tree.path()).args(args).output().unwrap();
            String::from_utf8(ran.stdout).unwrap()
        };
        git(&["init", "-q"]);
        let said = git(&[&["check-ignore", "--no-index"][..], &paths[..]].concat());
        assert_eq!(ours, said.lines().collect::<Vec<_>>());
        assert!(ours.len() > 5, "{ours:?}");
    }

    #[test]
    fn a_pattern_for_the_whole_tree_is_left_out() {
        let tree = tempfile::tempdir().unwrap();
        let build = tempfile::tempdir().unwrap();
        std::fs::write(tree.path().join(".gitignore"), "*.o\n/*\n").unwrap();
        std::fs::write(build.path().join("a.o"), "").unwrap();
        std::fs::write(build.path().join("builtin.order"), "").unwrap();
        let verdict = ignored(Arch::Arm64, tree.path(), build.path()).unwrap();
        let subjects: Vec<_> = verdict.findings.iter().flat_map(|f| f.subjects()).collect();
        assert_eq!(subjects, ["builtin.order"]);
        assert!(verdict.said.contains("/*"), "{}", verdict.said);
    }
}
