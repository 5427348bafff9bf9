//! Changes of the sources, and which files are fit for them.

use crate::error::EngineError;
use crate::fs::{files_below, read_regular, read_text, write_atomic};
use crate::process::capture;
use crate::recipe::Recipe;
use crate::thinlto::pool;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use twinlto_facts::build::{BuildFacts, ObjectFacts};
use twinlto_facts::kbuild::{Depends, Preprocess, normalize_path};
use twinlto_verdict::lifecycle::Users;

/// What a change adds. It is used by nobody and kept by everybody (`__used__`), so that it is seen
/// in the kernel and changes nothing else. A header may be read more than once.
const ADDED: &str = "
#if !defined(__ASSEMBLY__) && !defined(__ASSEMBLER__) && !defined(TWINLTO_LIFE_CHANGED)
#define TWINLTO_LIFE_CHANGED
static int __attribute__((__used__, __noinline__)) twinlto_life_changed(void)
{
	return 1;
}
#endif
";

/// The name of the function in [`ADDED`].
pub(super) const ADDED_NAME: &str = "twinlto_life_changed";

/// A changed file, for as long as this lives; then the old one is back, with its time.
pub(super) struct Changed {
    path: PathBuf,
    saved: PathBuf,
}

impl Changed {
    /// Puts a new file in the place of one of `tree`; the old one waits in `home`.
    pub(super) fn change(tree: &Path, home: &Path, name: &str) -> Result<Self, EngineError> {
        let path = tree.join(name);
        let mut text = read_text(&path).map_err(|e| EngineError::io("read", &path, &e))?;
        text.extend_from_slice(ADDED.as_bytes());
        let saved = home.join(format!("saved-{}", name.replace('/', "-")));
        std::fs::rename(&path, &saved).map_err(|e| EngineError::io("move", &path, &e))?;
        let this = Self { path, saved };
        write_atomic(&this.path, &text)?;
        Ok(this)
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        // Sources that are not as they were are made anew by the next run.
        let _later = std::fs::rename(&self.saved, &self.path);
    }
}

/// Who is made from which file, as the `.cmd` files of a build directory say.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) users: Users,
    pub(super) sources: BTreeMap<String, String>,
}

impl Made {
    /// Reads all of them. `tree` is the source tree, absolute.
    pub(super) fn read(dir: &Path, tree: &str) -> Result<Self, EngineError> {
        let files = files_below(dir)?;
        let read = |path: &PathBuf| {
            let target = target_of(path)?;
            let text = read_regular(&dir.join(path)).ok()?;
            Some((target, Depends::parse(&String::from_utf8_lossy(&text))))
        };
        let all: Vec<(String, Depends)> =
            files.par_iter().filter_map(|(path, _)| read(path)).collect();
        let mut made = Self::default();
        for (target, depends) in all {
            for file in depends.in_tree(tree) {
                made.users.entry(file).or_default().insert(target.clone());
            }
            if let Some(source) = depends.source_in_tree(tree) {
                made.sources.insert(target, source);
            }
        }
        Ok(made)
    }
}

/// `a/b.o` for `a/.b.o.cmd`.
fn target_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(".cmd")?;
    Some(path.with_file_name(name).to_str()?.to_owned())
}

/// Whether a header may get something at its end: it guards itself, so it is included for what it
/// declares and not in the middle of a list.
pub(super) fn is_plain_header(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| line.starts_with('#'));
    let Some(first) = lines.next() else { return false };
    let guarded = |name: &str| {
        lines.next().is_some_and(|line| {
            line.strip_prefix("#define").is_some_and(|rest| rest.trim() == name.trim())
        })
    };
    first == "#pragma once" || first.strip_prefix("#ifndef").is_some_and(guarded)
}

/// Objects that include a file without their `.cmd` files saying so: the compiler is asked.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) includes: BTreeSet<String>,
    /// Objects whose compiler gave no answer.
    pub(super) silent: usize,
}

/// Asks the compiler of every object outside of `recorded` for its headers (`-M`).
pub(super) fn ask(
    dir: &Path,
    tree: &str,
    facts: &BuildFacts,
    header: &str,
    recorded: &BTreeSet<String>,
    jobs: usize,
) -> Result<Asked, EngineError> {
    let rest: Vec<_> = facts.objects.iter().filter(|(name, _)| !recorded.contains(*name)).collect();
    let ask = |object: &ObjectFacts| {
        let front = object.front.get()?;
        includes(dir, tree, &front.text, header)
    };
    let answers: Vec<(&String, Option<bool>)> = pool(jobs)?
        .install(|| rest.par_iter().map(|(name, object)| (*name, ask(object))).collect());
    let mut asked = Asked::default();
    for (name, answer) in answers {
        match answer {
            Some(true) => drop(asked.includes.insert(name.clone())),
            Some(false) => {}
            None => asked.silent += 1,
        }
    }
    Ok(asked)
}

fn includes(dir: &Path, tree: &str, command: &str, header: &str) -> Option<bool> {
    let read = Preprocess::of(command).ok()?;
    let recipe = Recipe::new(dir, read.program).args(read.options).arg("-M").arg(read.source);
    let said = capture(&recipe).ok().filter(|said| said.status.success())?;
    let in_tree = |word: &str| normalize_path(word.strip_prefix(tree)?.strip_prefix('/')?);
    let words = said.stdout.split_ascii_whitespace();
    Some(words.filter_map(in_tree).any(|path| path == header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_ends_with_the_old_file_and_its_time() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.c");
        std::fs::write(&path, "int a;\n").unwrap();
        let time = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
        let before = time(&path);
        let other = home.path().join("other.c");
        std::fs::hard_link(&path, &other).unwrap();
        {
            let _changed = Changed::change(home.path(), home.path(), "a.c").unwrap();
            assert!(std::fs::read_to_string(&path).unwrap().contains(ADDED_NAME));
            assert_eq!(std::fs::read(&other).unwrap(), b"int a;\n");
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"int a;\n");
        assert_eq!(time(&path), before);
    }

    #[test]
    fn a_list_of_initialisers_is_no_plain_header() {
        assert!(is_plain_header("/* x */\n#ifndef _A_H\n#define _A_H\nint a;\n#endif\n"));
        assert!(is_plain_header("#pragma once\n"));
        assert!(!is_plain_header("{ 1, 2 },\n"));
        assert!(!is_plain_header("#ifndef X\n#include <y.h>\n#endif\n"));
    }

    #[test]
    fn a_record_names_its_target() {
        assert_eq!(target_of(Path::new("a/.b.o.cmd")).as_deref(), Some("a/b.o"));
        assert_eq!(target_of(Path::new(".vmlinux.cmd")).as_deref(), Some("vmlinux"));
        assert_eq!(target_of(Path::new("a/b.cmd")), None);
    }
}
