//! Reads the files that say what may differ.

use crate::error::EngineError;
use crate::fs::read_text;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use twinlto_verdict::{Date, ExpectError, Expectations, Severities};

/// What is read where no file is named, if it is there.
const DEFAULT: &str = "twinlto.toml";

/// Which files say what may differ.
#[derive(Debug, Clone, Default)]
pub struct ExpectFiles {
    /// `--expect`; none for `twinlto.toml` in the current directory, where there is one.
    pub expect: Option<PathBuf>,
    /// `--severities`: rules for exports as SUSE's kernel package has them.
    pub severities: Option<PathBuf>,
    /// Whether entries that are for nothing are left unsaid.
    pub unused_is_fine: bool,
}

impl ExpectFiles {
    /// The same, where some findings are hidden: an entry may be for one of them.
    pub(crate) fn for_a_part(&self, is_part: bool) -> Self {
        Self { unused_is_fine: self.unused_is_fine || is_part, ..self.clone() }
    }

    pub(crate) fn read(&self) -> Result<Expectations, EngineError> {
        let named = self.expect.as_deref();
        let mut expectations = match read(named.unwrap_or(Path::new(DEFAULT)), "--expect")? {
            Some((name, text)) => Expectations::parse(&name, &text).map_err(usage)?,
            None => match named {
                Some(path) => return Err(absent("--expect", path)),
                None => Expectations::default(),
            },
        };
        if let Some(path) = &self.severities {
            let Some((name, text)) = read(path, "--severities")? else {
                return Err(absent("--severities", path));
            };
            let severities = Severities::parse(&name, &text).map_err(usage)?;
            expectations = expectations.with_severities(severities);
        }
        Ok(expectations.unused_is_fine(self.unused_is_fine))
    }
}

/// The day it is, in UTC.
pub(crate) fn today() -> Result<Date, EngineError> {
    let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let hint = "set the clock";
    day.parse().map_err(|why: String| EngineError::environment("the system's clock", why, hint))
}

/// Name and text of a file; none when there is no such file.
fn read(path: &Path, option: &str) -> Result<Option<(String, String)>, EngineError> {
    let bytes = match read_text(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::Other => {
            let what = format!("{option} {}", path.display());
            return Err(EngineError::usage(what, error.to_string(), "give a file of text"));
        }
        Err(error) => return Err(EngineError::io("read", path, &error)),
    };
    let name = path.display().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some((name, text))),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes().get(..valid).unwrap_or_default();
            let line = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
            let last = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            let column = String::from_utf8_lossy(last).chars().count() + 1;
            Err(EngineError::usage(
                format!("{name}, line {line}, column {column}"),
                "it is no text in UTF-8",
                "give a file of text",
            ))
        }
    }
}

fn absent(option: &str, path: &Path) -> EngineError {
    let what = format!("{option} {}", path.display());
    EngineError::usage(what, "there is no such file", "check the path")
}

fn usage(error: ExpectError) -> EngineError {
    let what = format!("{}, line {}, column {}", error.file, error.line, error.column);
    EngineError::usage(what, error.why, error.hint)
}
