//! A file that the user names for the result of a long run.

use crate::error::EngineError;
use crate::fs::write_atomic;
use std::path::{Path, PathBuf};

/// A file that can be written, looked at before the run that makes its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutFile {
    path: PathBuf,
}

impl OutFile {
    /// Sees that a file can be written there: its directory exists and takes files, and what
    /// has its name, if anything, is a regular file. `option` is what the user gave.
    ///
    /// # Errors
    ///
    /// When that is not so.
    pub fn open(option: &str, path: &Path) -> Result<Self, EngineError> {
        let refused = |why: &str, hint: &str| Err(EngineError::usage(option, why, hint));
        let Some(name) = path.file_name() else {
            return refused("it names no file", "give a file to write");
        };
        // What a link leads to is written, and not the link.
        let found = path.canonicalize();
        if let Ok(found) = &found
            && !found.is_file()
        {
            return refused("it is there and is no regular file", "give a file to write");
        }
        let dir = match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        if !dir.is_dir() {
            let why = format!("there is no directory {}", dir.display());
            return refused(&why, "make the directory first");
        }
        let io = |error| EngineError::io("write in", dir, &error);
        let path = match found {
            Ok(found) => found,
            Err(_) => dir.canonicalize().map_err(io)?.join(name),
        };
        // Only a file shows that files can be made; it is gone again at once.
        let dir = path.parent().unwrap_or(dir);
        tempfile::NamedTempFile::new_in(dir)
            .map_err(|error| EngineError::io("write in", dir, &error))?;
        Ok(Self { path })
    }

    /// Writes it as a whole, or leaves what was there.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, text: &str) -> Result<(), EngineError> {
        write_atomic(&self.path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_as_a_whole_and_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("a"), dir.path().join("link"));
        OutFile::open("a", &file).unwrap().write("one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        OutFile::open("link", &link).unwrap().write("two").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
        assert_eq!(OutFile::open("a", &file).unwrap(), OutFile::open("b", &link).unwrap());
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let cause = |path: &Path| OutFile::open("x", path).unwrap_err().cause;
        assert!(cause(dir.path()).contains("no regular file"));
        assert!(cause(Path::new("/dev/null")).contains("no regular file"));
        assert!(cause(&dir.path().join("no/file")).contains("there is no directory"));
        assert!(cause(Path::new("..")).contains("names no file"));
    }
}
