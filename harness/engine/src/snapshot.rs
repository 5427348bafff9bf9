//! Facets of builds as files: recorded, and compared with a later build.

use crate::error::EngineError;
use crate::fs::{read_regular, write_atomic};
use crate::gather::{Depth, gather};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use twinlto_verdict::{Facet, facets};

/// One facet of a build beside the recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetPair {
    /// What the build says.
    pub facet: Facet,
    /// Where the recorded one is.
    pub path: PathBuf,
    /// What was recorded; none where nothing was.
    pub recorded: Option<String>,
}

/// Reads a build and what was recorded in `dir`.
///
/// # Errors
///
/// When the build has no facts at all, or a recorded file cannot be read or is no text.
pub fn snapshot(build: &Path, dir: &Path) -> Result<Vec<FacetPair>, EngineError> {
    let facts = gather(build, &[], Depth::Everything)?;
    let facets = facets(&facts);
    if facets.iter().all(|facet| facet.text.is_empty()) {
        return Err(EngineError::usage(
            format!("build directory {}", build.display()),
            "nothing was built in it",
            "build it first",
        ));
    }
    facets.into_iter().map(|facet| pair(facet, dir)).collect()
}

fn pair(facet: Facet, dir: &Path) -> Result<FacetPair, EngineError> {
    let path = dir.join(format!("{}.txt", facet.name));
    let recorded = match read_regular(&path) {
        Ok(bytes) => Some(String::from_utf8(bytes).map_err(|error| {
            EngineError::usage(
                path.display().to_string(),
                format!("it is no text: {}", error.utf8_error()),
                "record it again",
            )
        })?),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(EngineError::io("read", &path, &error)),
    };
    Ok(FacetPair { facet, path, recorded })
}

/// Writes the facets of a build over what was recorded.
///
/// # Errors
///
/// When a file cannot be written.
pub fn record_facets(pairs: &[FacetPair]) -> Result<(), EngineError> {
    for pair in pairs {
        write_atomic(&pair.path, pair.facet.text.as_bytes())?;
    }
    Ok(())
}
