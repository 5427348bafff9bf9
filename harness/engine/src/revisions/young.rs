//! Files of the tree whose times are not those of the first checkout.

use crate::error::EngineError;
use crate::fs::write_atomic;
use std::collections::BTreeSet;
use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Older than everything that is built: 2000-01-01.
const OLD: Duration = Duration::from_secs(946_684_800);

fn list(out: &Path) -> std::path::PathBuf {
    out.join("tree.young")
}

/// The list, empty where there is none yet.
pub(super) fn read(out: &Path) -> Result<BTreeSet<String>, EngineError> {
    let path = list(out);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let names = bytes.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(EngineError::io("read", &path, &error)),
    }
}

pub(super) fn write(out: &Path, names: &BTreeSet<String>) -> Result<(), EngineError> {
    let text: Vec<&str> = names.iter().map(String::as_str).collect();
    write_atomic(&list(out), text.join("\0").as_bytes())
}

/// Gives every file of the list its time: now to those that are other than in the base, long ago to
/// the rest.
pub(super) fn set_times(
    tree: &Path,
    young: &BTreeSet<String>,
    other: &BTreeSet<String>,
) -> Result<(), EngineError> {
    let now = SystemTime::now();
    for name in young {
        let path = tree.join(name);
        // A link has no time that make looks at, and what is gone has none.
        if !std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file()) {
            continue;
        }
        let time = if other.contains(name) { now } else { UNIX_EPOCH + OLD };
        File::options()
            .read(true)
            .open(&path)
            .and_then(|file| file.set_times(FileTimes::new().set_modified(time)))
            .map_err(|error| EngineError::io("set the time of", &path, &error))?;
    }
    Ok(())
}
