//! Facets of builds as files: recorded, and compared with a later build.

mod about;

use crate::error::EngineError;
use crate::fs::{self, read_regular, write_atomic};
use crate::gather::{Depth, gather, log_beside};
use about::About;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use twinlto_facts::log::BuildLog;
use twinlto_model::{Arch, Mode};
use twinlto_verdict::{Facet, FacetKind, facet_kinds, facets};

/// A build beside what was recorded of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// How the build was made; none for recorded facets and builds without ThinLTO.
    pub mode: Option<Mode>,
    /// Its architecture, where it says it.
    pub arch: Option<Arch>,
    /// What the build says of each facet, and what was recorded.
    pub pairs: Vec<FacetPair>,
    /// What the build says nothing of.
    pub unanswered: Vec<Unanswered>,
    dir: PathBuf,
}

/// One facet of a build beside the recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetPair {
    /// What the build says.
    pub facet: Facet,
    /// Where the recorded one is, or will be.
    pub path: PathBuf,
    /// What was recorded; none where nothing was.
    pub recorded: Option<String>,
}

/// A facet that a build says nothing of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// Which.
    pub kind: FacetKind,
    /// Whether it was recorded of the other one.
    pub recorded: bool,
}

/// Reads a build, or what was recorded of one, and what was recorded in `dir`. `logs` are those
/// of the build; if there are none, `BUILD.log` is taken where it exists.
///
/// # Errors
///
/// When the build has no facts at all, when a recorded file cannot be read, was edited or is gone,
/// or when the recorded facts are of another architecture.
pub fn snapshot(build: &Path, logs: &[PathBuf], dir: &Path) -> Result<Snapshot, EngineError> {
    let (mode, arch, facets) = match recorded(build)? {
        Some(_) if !logs.is_empty() => {
            return Err(EngineError::usage(
                "--log",
                format!("{} holds recorded facts and no build", build.display()),
                "its log was read when it was recorded",
            ));
        }
        Some((about, facets)) => (None, about.arch, facets),
        None => of_build(build, logs)?,
    };
    if facets.iter().all(|facet| facet.text.is_empty()) {
        return Err(EngineError::usage(
            format!("build directory {}", build.display()),
            "nothing was built in it",
            "build it first",
        ));
    }
    let before = recorded(dir)?;
    if let Some((About { arch: Some(theirs), .. }, _)) = before
        && let Some(ours) = arch.filter(|ours| *ours != theirs)
    {
        return Err(EngineError::usage(
            format!("snapshot {}", dir.display()),
            format!("it is of {theirs}, and {} is of {ours}", build.display()),
            "compare builds of one architecture",
        ));
    }
    let known = before.map(|(_, facets)| facets).unwrap_or_default();
    let text = |name: &str| known.iter().find(|f| f.name == name).map(|f| f.text.clone());
    let unanswered = facet_kinds()
        .filter(|kind| facets.iter().all(|facet| facet.name != kind.name))
        .map(|kind| Unanswered { kind, recorded: text(kind.name).is_some() })
        .collect();
    let pairs = facets
        .into_iter()
        .map(|facet| {
            let (path, recorded) = (dir.join(format!("{}.txt", facet.name)), text(facet.name));
            FacetPair { facet, path, recorded }
        })
        .collect();
    Ok(Snapshot { mode, arch, pairs, unanswered, dir: dir.to_owned() })
}

type Answered = (Option<Mode>, Option<Arch>, Vec<Facet>);

fn of_build(build: &Path, logs: &[PathBuf]) -> Result<Answered, EngineError> {
    for log in logs {
        let bytes = read_regular(log).map_err(|error| EngineError::io("read", log, &error))?;
        if !BuildLog::is_one(&bytes) {
            return Err(EngineError::usage(
                format!("--log {}", log.display()),
                "no line in it is make's, kbuild's or a command",
                "give what make said while it built, such as make's output with V=1",
            ));
        }
    }
    let beside = log_beside(build);
    let logs: Vec<&Path> = match logs {
        [] => beside.iter().map(PathBuf::as_path).collect(),
        logs => logs.iter().map(PathBuf::as_path).collect(),
    };
    let facts = gather(build, &logs, Depth::Everything)?;
    Ok((facts.mode, facts.arch, facets(&facts)))
}

/// What was recorded in a directory; none where nothing was, or where a build is.
fn recorded(dir: &Path) -> Result<Option<(About, Vec<Facet>)>, EngineError> {
    if dir.join(".config").exists() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for kind in facet_kinds() {
        let (path, text) = read_text(dir, kind.name)?;
        let Some(text) = text else { continue };
        if let Some(line) = kind.misplaced(&text) {
            return Err(EngineError::usage(
                format!("{}:{line}", path.display()),
                "this line is not where a record has it: the file was edited",
                "record it again; facts are never written by hand",
            ));
        }
        found.push(Facet { name: kind.name, unit: kind.unit, order: kind.order, text });
    }
    let (path, about) = read_text(dir, about::NAME)?;
    let gone = |what: String| {
        let hint = "record it again, in an empty directory";
        Err(EngineError::usage(format!("snapshot {}", dir.display()), what, hint))
    };
    let about = match (about, found.is_empty()) {
        (None, true) => return Ok(None),
        (None, false) => {
            return gone(format!("{}.txt, which says of what it is, is gone", about::NAME));
        }
        (Some(text), _) => About::parse(&path, &text)?,
    };
    let missing = |name: &&String| found.iter().all(|facet| facet.name != **name);
    match about.facets.iter().find(missing) {
        Some(name) => gone(format!("{name} was recorded and is gone")),
        None => Ok(Some((about, found))),
    }
}

/// The text of a facet, and where it is or would be: `NAME.txt`, or `NAME.snap` where a test keeps
/// it with the insta crate.
fn read_text(dir: &Path, name: &str) -> Result<(PathBuf, Option<String>), EngineError> {
    let kept = dir.join(format!("{name}.snap"));
    if let Some(text) = text_of(&kept)? {
        return Ok((kept, Some(without_header(&text))));
    }
    let path = dir.join(format!("{name}.txt"));
    let text = text_of(&path)?;
    Ok((path, text))
}

fn text_of(path: &Path) -> Result<Option<String>, EngineError> {
    match fs::read_text(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
            EngineError::usage(
                path.display().to_string(),
                format!("it is no text: {}", error.utf8_error()),
                "record it again",
            )
        }),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) if error.kind() == ErrorKind::Other => Err(EngineError::usage(
            path.display().to_string(),
            error.to_string(),
            "give a directory of recorded facets",
        )),
        Err(error) => Err(EngineError::io("read", path, &error)),
    }
}

/// The contents of a file of insta's: what follows its metadata, ended by a line end.
fn without_header(text: &str) -> String {
    let body = text.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n"));
    let body = body.map_or(text, |(_, body)| body);
    // insta keeps an empty text as an empty line.
    match body.trim_end_matches('\n') {
        "" => String::new(),
        lines => format!("{lines}\n"),
    }
}

/// Writes the facets of a build over what was recorded.
///
/// # Errors
///
/// When a file cannot be written, when the build has no answer for a facet that was recorded, or
/// when insta keeps the facets, which has its own way.
pub fn record_facets(snapshot: &Snapshot) -> Result<(), EngineError> {
    let what = || format!("snapshot {}", snapshot.dir.display());
    if snapshot.dir.join(format!("{}.snap", about::NAME)).exists() {
        let hint = "accept it with: cargo insta review";
        return Err(EngineError::usage(what(), "a test keeps it with the insta crate", hint));
    }
    if let Some(lost) = snapshot.unanswered.iter().find(|facet| facet.recorded) {
        let FacetKind { name, from, .. } = lost.kind;
        return Err(EngineError::usage(
            what(),
            format!("{name} was recorded, and this build has no {from}"),
            "accept a whole build, or record this one in an empty directory",
        ));
    }
    for pair in &snapshot.pairs {
        write_atomic(&pair.path, pair.facet.text.as_bytes())?;
    }
    // Last: what it lists is there.
    let facets = snapshot.pairs.iter().map(|pair| pair.facet.name.to_owned()).collect();
    let about = About { arch: snapshot.arch, facets };
    let path = snapshot.dir.join(format!("{}.txt", about::NAME));
    write_atomic(&path, about.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::without_header;

    #[test]
    fn what_insta_keeps_is_read_without_its_metadata() {
        assert_eq!(without_header("---\nsource: x\nexpression: y\n---\na\nb\n"), "a\nb\n");
        assert_eq!(without_header("---\nsource: x\n---\na"), "a\n");
        assert_eq!(without_header("---\nsource: x\n---\n\n"), "");
        assert_eq!(without_header("a\n"), "a\n");
    }
}
