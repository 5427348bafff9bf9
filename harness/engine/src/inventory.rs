//! Every file of two build directories, held against its namesake.

use crate::error::EngineError;
use crate::fs::{open_regular, read_text};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::{CmdFile, FileRole, cmd_path};
use twinlto_verdict::{FilePair, Line, Same, Sides, Verdict, files};

/// The files of a directory: path below it → length in bytes.
type Listing = BTreeMap<String, u64>;

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
                // One that vanished meanwhile is not there.
                if let Ok(meta) = entry.metadata() {
                    files.insert(name_below, meta.len());
                }
            }
        }
    }
    Ok(files)
}

/// Compares the files of twins that no other layer looks at, and accounts for all of them.
pub(crate) fn judge(
    sides: Sides<'_>,
    ours: &BuildFacts,
    theirs: &BuildFacts,
    verdict: &mut Verdict,
) -> Result<(), EngineError> {
    let pairs = pair(Path::new(&ours.directory), Path::new(&theirs.directory))?;
    let (layer, accounts) = files(sides, ours, theirs, &pairs);
    verdict.layers.push(layer);
    verdict.coverage.extend(accounts);
    Ok(())
}

/// Every file that one of two build directories has, and what both are to each other.
///
/// # Errors
///
/// When a directory cannot be read.
fn pair(ours: &Path, theirs: &Path) -> Result<Vec<FilePair>, EngineError> {
    let (left, right) = rayon::join(|| walk(ours), || walk(theirs));
    let (left, right) = (left?, right?);
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let is_recorded = |path: &str| {
        let command = cmd_path(path);
        left.contains_key(&command) || right.contains_key(&command)
    };
    let one = |name: &&String| {
        let lengths = (left.get(*name).copied(), right.get(*name).copied());
        let role = FileRole::of(name);
        FilePair {
            path: (*name).clone(),
            role,
            is_recorded: is_recorded(name),
            bytes: lengths.0.or(lengths.1).unwrap_or_default(),
            same: match lengths {
                (Some(_), None) => Same::OnlyLeft,
                (None, _) => Same::OnlyRight,
                (Some(a), Some(b)) => compare((ours, theirs), name, role, (a, b)),
            },
        }
    };
    Ok(names.par_iter().map(one).collect())
}

fn compare((ours, theirs): (&Path, &Path), name: &str, role: FileRole, (a, b): (u64, u64)) -> Same {
    let paths = [ours.join(name), theirs.join(name)];
    let opened = [&paths[0], &paths[1]].map(|path| open_regular(path));
    let same = match opened {
        [Ok((left, _)), Ok((right, _))] if a == b => same_bytes(left, right),
        [Ok(_), Ok(_)] => Ok(false),
        [Err(error), _] | [_, Err(error)] => Err(error),
    };
    match same {
        Ok(true) => Same::Identical,
        Ok(false) => differing((ours, theirs), name, role, (a, b)),
        // A file that was there a moment ago.
        Err(error) if error.kind() == ErrorKind::NotFound => Same::OnlyLeft,
        Err(error) => Same::Unreadable(error.to_string()),
    }
}

/// Whether two files of one length hold the same, without keeping more than a piece of each.
fn same_bytes(mut left: File, mut right: File) -> std::io::Result<bool> {
    const PIECE: usize = 64 << 10;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    loop {
        ours.clear();
        theirs.clear();
        let n = Read::by_ref(&mut left).take(PIECE as u64).read_to_end(&mut ours)?;
        Read::by_ref(&mut right).take(PIECE as u64).read_to_end(&mut theirs)?;
        if ours != theirs {
            return Ok(false);
        }
        if n < PIECE {
            return Ok(true);
        }
    }
}

/// Texts are read, so that the first line that differs can be told; of recorded commands the command
/// alone counts.
fn differing(
    (ours, theirs): (&Path, &Path),
    name: &str,
    role: FileRole,
    bytes: (u64, u64),
) -> Same {
    let differs = Same::Different { bytes };
    let is_text = matches!(
        role,
        FileRole::Command
            | FileRole::Config
            | FileRole::LinkerScript
            | FileRole::Generated
            | FileRole::Frame
            | FileRole::Other
    );
    if !is_text {
        return differs;
    }
    let read = |dir: &Path| {
        let bytes = read_text(&dir.join(name)).ok()?;
        let bytes = match role {
            FileRole::Command => CmdFile::parse(&bytes, &[]).command.into_owned().into_bytes(),
            _ => bytes,
        };
        Some(String::from_utf8(bytes).ok()?.replace(&*dir.to_string_lossy(), OBJTREE))
    };
    let absolute = |dir: &Path| dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let (ours, theirs) = (absolute(ours), absolute(theirs));
    match (read(&ours), read(&theirs)) {
        (Some(left), Some(right)) if left == right => Same::ButForPaths,
        (Some(left), Some(right)) => Same::Lines { lines: lines(&left, &right) },
        _ => differs,
    }
}

/// What stands for the path of the build directory where texts are compared.
const OBJTREE: &str = "$(objtree)";

/// How many different lines are kept: enough to know whether all of them have one cause.
const KEPT: usize = 64;

/// The lines that one text has and the other has not, in their order, each with its number; up to 64
/// a side.
fn lines(left: &str, right: &str) -> (Vec<Line>, Vec<Line>) {
    let only = |from: &str, other: &str| {
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for line in other.lines() {
            *known.entry(line).or_default() += 1;
        }
        let mut list = Vec::new();
        for (number, line) in from.lines().enumerate() {
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
