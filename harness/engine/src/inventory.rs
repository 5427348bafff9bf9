//! Every file of two build directories, held against its namesake.

use crate::error::EngineError;
use crate::fs::{Both, read_text, same_files};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use twinlto_facts::archive;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::{CmdFile, FileRole, cmd_path};
use twinlto_model::Account;
use twinlto_verdict::{FilePair, LayerVerdict, Line, Same, Sides, files};

/// The files of a directory, by their paths below it. Nothing else is asked of most of them.
type Listing = HashSet<String>;

/// Directories of a build directory that no rule of kbuild fills.
const FOREIGN: [&str; 2] = [".git", "source"];

/// How deep directories may lie in one another; a kernel's lie below 12.
const DEEPEST: usize = 64;

/// Walks a directory. Links are not followed: what they lead to is not part of the build.
fn walk(dir: &Path) -> Result<Listing, EngineError> {
    let mut files = Listing::new();
    let mut open = vec![(dir.to_owned(), String::new(), 0)];
    while let Some((path, below, depth)) = open.pop() {
        let entries = std::fs::read_dir(&path).map_err(|e| EngineError::io("read", &path, &e))?;
        for entry in entries {
            let entry = entry.map_err(|error| EngineError::io("read", &path, &error))?;
            // A name that is no UTF-8 is none of kbuild's.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type().map_err(|e| EngineError::io("read", &path, &e))?;
            let name_below = format!("{below}{name}");
            if kind.is_dir() && !FOREIGN.contains(&name.as_str()) && depth < DEEPEST {
                open.push((entry.path(), format!("{name_below}/"), depth + 1));
            } else if kind.is_file() {
                files.insert(name_below);
            }
        }
    }
    Ok(files)
}

/// Compares the files of twins that no other layer looks at, and accounts for all of them.
pub(crate) fn compared(
    sides: Sides<'_>,
    ours: &BuildFacts,
    theirs: &BuildFacts,
) -> Result<(LayerVerdict, Vec<Account>), EngineError> {
    // IR objects and what is native in both builds are read once, by layers of their own.
    let judged = ours.objects.keys().filter(|name| theirs.objects.contains_key(*name));
    let natives = ours.natives.keys().filter(|name| theirs.natives.contains_key(*name));
    let judged = judged.chain(natives).collect();
    let pairs = pair([&Build::of(ours), &Build::of(theirs)], &judged)?;
    Ok(files(sides, ours, theirs, &pairs))
}

/// How many files of two builds nobody looks at where the builds are not twins: neither kernels nor
/// modules, nor objects, exports and configurations.
///
/// # Errors
///
/// When a directory cannot be read.
pub(crate) fn not_looked_at(ours: &BuildFacts, theirs: &BuildFacts) -> Result<usize, EngineError> {
    let read = |facts: &BuildFacts| walk(Path::new(&facts.directory));
    let (left, right) = rayon::join(|| read(ours), || read(theirs));
    let (left, mut names) = (left?, right?);
    names.extend(left);
    let is_read = |name: &String| {
        let in_both = |of: fn(&BuildFacts, &str) -> bool| of(ours, name) && of(theirs, name);
        in_both(|facts, name| facts.objects.contains_key(name))
            || in_both(|facts, name| facts.natives.contains_key(name))
            || ["vmlinux", "Module.symvers", ".config"].contains(&name.as_str())
    };
    Ok(names.iter().filter(|name| !is_read(name)).count())
}

/// A build directory, as far as its files are compared.
struct Build {
    dir: PathBuf,
    /// The paths that stand in its texts and what stands for them, the longest first.
    paths: Vec<(String, &'static str)>,
    /// Whether the sources lie in it, too.
    is_in_place: bool,
}

impl Build {
    fn of(facts: &BuildFacts) -> Self {
        let dir = PathBuf::from(&facts.directory);
        let absolute = dir.canonicalize().unwrap_or_else(|_| dir.clone());
        let mut paths = vec![(absolute.display().to_string(), "$(objtree)")];
        paths.extend(facts.source.clone().map(|source| (source, "$(srctree)")));
        paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        let is_in_place = facts.source.is_none() && dir.join("Kbuild").is_file();
        Self { dir, paths, is_in_place }
    }

    /// A text of it without its own paths.
    fn without_paths(&self, mut text: String) -> String {
        for (path, name) in &self.paths {
            text = text.replace(path.as_str(), name);
        }
        text
    }
}

/// Every file that one of two build directories has, and what both are to each other. Those that are
/// judged by a reader of their own are not read.
fn pair(builds: [&Build; 2], judged: &BTreeSet<&String>) -> Result<Vec<FilePair>, EngineError> {
    let [ours, theirs] = builds;
    let (left, right) = rayon::join(|| walk(&ours.dir), || walk(&theirs.dir));
    let (left, right) = (left?, right?);
    let mut names: Vec<&String> = left.union(&right).collect();
    names.sort_unstable();
    let is_recorded = |path: &str| {
        let command = cmd_path(path);
        left.contains(&command) || right.contains(&command)
    };
    let in_place = ours.is_in_place || theirs.is_in_place;
    let one = |name: &&String| {
        let is_there = (left.contains(*name), right.contains(*name));
        let (role, is_recorded) = (FileRole::of(name), is_recorded(name));
        let is_source = in_place && !is_recorded && role.may_be_source(name);
        FilePair {
            path: (*name).clone(),
            role,
            is_recorded,
            same: match is_there {
                _ if is_source => Same::Source,
                (true, true) if role.has_own_reader() || judged.contains(*name) => Same::Unread,
                (true, false) => Same::OnlyLeft,
                (false, _) => Same::OnlyRight,
                (true, true) => compare(builds, name, role),
            },
        }
    };
    Ok(names.par_iter().map(one).collect())
}

fn compare(builds: [&Build; 2], name: &str, role: FileRole) -> Same {
    let [left, right] = builds.map(|build| build.dir.join(name));
    match same_files(&left, &right) {
        Ok(Both { is_same: true, .. }) => Same::Identical,
        Ok(Both { bytes, .. }) => differing(builds, name, role, bytes),
        Err(error) => Same::Unreadable(error.to_string()),
    }
}

/// Texts are read, so that the first line that differs can be told; of recorded commands the command
/// alone counts.
fn differing(builds: [&Build; 2], name: &str, role: FileRole, bytes: (u64, u64)) -> Same {
    let differs = Same::Different { bytes };
    if role == FileRole::Archive && list_the_same(builds, name) {
        return Same::SameMembers;
    }
    if !role.is_text() {
        return differs;
    }
    let read = |build: &Build| {
        let bytes = read_text(&build.dir.join(name)).ok()?;
        let bytes = match role {
            FileRole::Command => CmdFile::parse(&bytes, &[]).command.into_owned().into_bytes(),
            _ => bytes,
        };
        Some(build.without_paths(String::from_utf8(bytes).ok()?))
    };
    let [ours, theirs] = builds;
    match (read(ours), read(theirs)) {
        (Some(left), Some(right)) if left == right => Same::ButForPaths,
        (Some(left), Some(right)) => Same::Lines { lines: lines(&left, &right) },
        _ => differs,
    }
}

/// Whether two archives are thin and differ in nothing but the lengths of their members, which are
/// compared themselves.
fn list_the_same(builds: [&Build; 2], name: &str) -> bool {
    let read =
        |build: &Build| archive::thin_without_lengths(&read_text(&build.dir.join(name)).ok()?).ok();
    let [ours, theirs] = builds.map(read);
    ours.is_some() && ours == theirs
}

/// How many different lines are kept: enough to know whether all of them have one cause.
const KEPT: usize = 64;

/// The lines of a text; `modules.builtin.modinfo` ends its own with a zero byte.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\0'])
}

/// The lines that one text has and the other has not, in their order, each with its number; up to 64
/// a side.
fn lines(left: &str, right: &str) -> (Vec<Line>, Vec<Line>) {
    let only = |from: &str, other: &str| {
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for line in split(other) {
            *known.entry(line).or_default() += 1;
        }
        let mut list = Vec::new();
        for (number, line) in split(from).enumerate() {
            match known.get_mut(line) {
                Some(n) if *n > 0 => *n -= 1,
                _ if list.len() < KEPT => list.push((number + 1, line.to_owned())),
                _ => break,
            }
        }
        list
    };
    (only(left, right), only(right, left))
}
