//! Facets of builds as files: recorded, and compared with a later build.

use crate::error::EngineError;
use crate::fs::{read_regular, write_atomic};
use crate::gather::{Depth, gather};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use twinlto_model::Mode;
use twinlto_verdict::{Facet, facet_names, facets};

/// A build beside what was recorded of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// How the build was made; none for recorded facets and builds without ThinLTO.
    pub mode: Option<Mode>,
    /// What the build says of each facet, and what was recorded.
    pub pairs: Vec<FacetPair>,
    /// Facets that were recorded and that the build says nothing of.
    pub unanswered: Vec<&'static str>,
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

/// Reads a build, or what was recorded of one, and what was recorded in `dir`. `logs` are those
/// of the build; if there are none, `BUILD.log` is taken where it exists.
///
/// # Errors
///
/// When the build has no facts at all, or a recorded file cannot be read or is no text.
pub fn snapshot(build: &Path, logs: &[PathBuf], dir: &Path) -> Result<Snapshot, EngineError> {
    let (mode, facets) = match recorded_facets(build)? {
        Some(facets) => (None, facets),
        None => {
            let beside = log_beside(build);
            let logs: Vec<&Path> = match logs {
                [] => beside.iter().map(PathBuf::as_path).collect(),
                logs => logs.iter().map(PathBuf::as_path).collect(),
            };
            let facts = gather(build, &logs, Depth::Everything)?;
            (facts.mode, facets(&facts))
        }
    };
    if facets.iter().all(|facet| facet.text.is_empty()) {
        return Err(EngineError::usage(
            format!("build directory {}", build.display()),
            "nothing was built in it",
            "build it first",
        ));
    }
    let mut unanswered = Vec::new();
    for (name, _) in facet_names() {
        if facets.iter().all(|facet| facet.name != name) && read_facet(dir, name)?.1.is_some() {
            unanswered.push(name);
        }
    }
    let pair = |facet: Facet| {
        let (path, recorded) = read_facet(dir, facet.name)?;
        Ok(FacetPair { facet, path, recorded })
    };
    let pairs = facets.into_iter().map(pair).collect::<Result<_, EngineError>>()?;
    Ok(Snapshot { mode, pairs, unanswered })
}

/// `BUILD.log`, where twinlto itself writes the log of a build.
fn log_beside(build: &Path) -> Option<PathBuf> {
    let mut name = build.canonicalize().ok()?.into_os_string();
    name.push(".log");
    let path = PathBuf::from(name);
    path.is_file().then_some(path)
}

/// The facets in a directory that holds such and no build.
fn recorded_facets(dir: &Path) -> Result<Option<Vec<Facet>>, EngineError> {
    if dir.join(".config").exists() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (name, unit) in facet_names() {
        if let (_, Some(text)) = read_facet(dir, name)? {
            found.push(Facet { name, unit, text });
        }
    }
    Ok((!found.is_empty()).then_some(found))
}

/// Where a facet is or would be recorded, and what was: `NAME.txt`, or `NAME.snap` where a test
/// keeps it with the insta crate.
fn read_facet(dir: &Path, name: &str) -> Result<(PathBuf, Option<String>), EngineError> {
    let kept = dir.join(format!("{name}.snap"));
    if let Some(text) = read_text(&kept)? {
        return Ok((kept, Some(without_header(&text))));
    }
    let path = dir.join(format!("{name}.txt"));
    let text = read_text(&path)?;
    Ok((path, text))
}

fn read_text(path: &Path) -> Result<Option<String>, EngineError> {
    match read_regular(path) {
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
/// When a file cannot be written, or one is kept by insta, which has its own way.
pub fn record_facets(pairs: &[FacetPair]) -> Result<(), EngineError> {
    let kept = |pair: &&FacetPair| pair.path.extension().is_some_and(|name| name == "snap");
    if let Some(pair) = pairs.iter().find(kept) {
        return Err(EngineError::usage(
            format!("snapshot {}", pair.path.display()),
            "a test keeps it with the insta crate",
            "accept it with: cargo insta review",
        ));
    }
    for pair in pairs {
        write_atomic(&pair.path, pair.facet.text.as_bytes())?;
    }
    Ok(())
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
