//! Changes of a build directory.

use super::tree::replaced;
use crate::fs::files_below;
use globset::GlobBuilder;
use std::path::Path;
use std::time::SystemTime;
use twinlto_verdict::inject::{Change, ChangeKind, KernelKind};

/// Does all changes that are for this kernel.
pub(super) fn change(dir: &Path, changes: &[Change], kernel: KernelKind) -> Result<(), String> {
    let mut mine = 0;
    for one in changes.iter().filter(|change| change.kernel.is_none_or(|k| k == kernel)) {
        mine += 1;
        match one.kind {
            ChangeKind::RemoveLines | ChangeKind::RepeatLines => lines(dir, one)?,
            _ => file(dir, one)?,
        }
    }
    match mine == 0 && !changes.is_empty() {
        true => Err("no change is for this kernel".to_owned()),
        false => Ok(()),
    }
}

fn file(dir: &Path, change: &Change) -> Result<(), String> {
    let name = &change.file;
    let path = dir.join(name);
    let bytes = read(&path, name)?;
    match change.kind {
        ChangeKind::Truncate | ChangeKind::Empty if bytes.is_empty() => {
            Err(format!("{name} is empty already, so the change does nothing"))
        }
        ChangeKind::Truncate => write(&path, bytes.get(..bytes.len() / 2).unwrap_or_default()),
        ChangeKind::Empty => write(&path, &[]),
        ChangeKind::Remove => {
            std::fs::remove_file(&path).map_err(|error| format!("{name}: {error}"))
        }
        ChangeKind::Touch => touch(&path, name),
        ChangeKind::Swap => {
            let with = change.with.as_deref().unwrap_or_default();
            let other = dir.join(with);
            let theirs = read(&other, with)?;
            if theirs == bytes {
                return Err(format!("{name} and {with} are the same, so the swap does nothing"));
            }
            write(&path, &theirs)?;
            write(&other, &bytes)
        }
        ChangeKind::Replace => {
            let text = String::from_utf8(bytes).map_err(|_| format!("{name} is no text"))?;
            let anchor = change.anchor.as_deref().unwrap_or_default();
            let new = change.replacement.as_deref().unwrap_or_default();
            write(&path, replaced(name, &text, anchor, new)?.as_bytes())
        }
        ChangeKind::RemoveLines | ChangeKind::RepeatLines => Ok(()),
    }
}

/// Removes or repeats lines of every file that the pattern is for. The files keep their time: it
/// is as if the lines had never been there.
fn lines(dir: &Path, change: &Change) -> Result<(), String> {
    let glob = GlobBuilder::new(&change.file)
        .literal_separator(true)
        .build()
        .map_err(|error| error.to_string())?
        .compile_matcher();
    let files = files_below(dir).map_err(|error| error.to_string())?;
    let anchor = change.anchor.as_deref().unwrap_or_default();
    let mut changed = 0;
    for (name, _) in files.iter().filter(|(name, meta)| meta.is_file() && glob.is_match(name)) {
        let path = dir.join(name);
        let shown = name.display().to_string();
        let bytes = read(&path, &shown)?;
        let mut new = Vec::with_capacity(bytes.len());
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let hit = String::from_utf8_lossy(line).contains(anchor);
            let times = match (hit, change.kind) {
                (false, _) => 1,
                (true, ChangeKind::RemoveLines) => 0,
                (true, _) => 2,
            };
            for _ in 0..times {
                new.extend_from_slice(line);
            }
        }
        if new != bytes {
            changed += 1;
            let modified = std::fs::metadata(&path).and_then(|meta| meta.modified());
            write(&path, &new)?;
            if let Ok(modified) = modified {
                set_time(&path, &shown, modified)?;
            }
        }
    }
    match changed {
        0 => Err(format!("no file {} has a line with '{anchor}'", change.file)),
        _ => Ok(()),
    }
}

fn read(path: &Path, name: &str) -> Result<Vec<u8>, String> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(format!("the build has no {name} to change"))
        }
        other => other.map_err(|error| format!("{name}: {error}")),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    // The copy is ours alone, and shares no file with anything.
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn touch(path: &Path, name: &str) -> Result<(), String> {
    set_time(path, name, SystemTime::now())
}

fn set_time(path: &Path, name: &str, time: SystemTime) -> Result<(), String> {
    std::fs::File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_modified(time))
        .map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &str, kind: ChangeKind, anchor: &str) -> Change {
        Change {
            file: file.to_owned(),
            kind,
            with: Some("b".to_owned()),
            anchor: Some(anchor.to_owned()),
            replacement: Some("new".to_owned()),
            kernel: None,
        }
    }

    fn done(kind: ChangeKind, anchor: &str) -> Result<(String, String), String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "one\ntwo\n").unwrap();
        std::fs::write(dir.path().join("b"), "three\n").unwrap();
        change(dir.path(), &[of("a", kind, anchor)], KernelKind::Pocket)?;
        let read = |name| std::fs::read_to_string(dir.path().join(name)).unwrap_or_default();
        Ok((read("a"), read("b")))
    }

    #[test]
    fn each_kind_does_what_it_says() {
        let a = |kind, anchor| done(kind, anchor).unwrap().0;
        assert_eq!(a(ChangeKind::Truncate, ""), "one\n");
        assert_eq!(a(ChangeKind::Empty, ""), "");
        assert_eq!(a(ChangeKind::Replace, "two"), "one\nnew\n");
        assert_eq!(a(ChangeKind::RemoveLines, "tw"), "one\n");
        assert_eq!(a(ChangeKind::RepeatLines, "on"), "one\none\ntwo\n");
        assert_eq!(done(ChangeKind::Swap, ""), Ok(("three\n".into(), "one\ntwo\n".into())));
    }

    #[test]
    fn what_would_change_nothing_is_an_error() {
        for (kind, why) in [
            (ChangeKind::Replace, "a does not hold the text to replace: nine"),
            (ChangeKind::RemoveLines, "no file a has a line with 'nine'"),
        ] {
            assert_eq!(done(kind, "nine").unwrap_err(), why);
        }
        let dir = tempfile::tempdir().unwrap();
        let gone = change(dir.path(), &[of("a", ChangeKind::Touch, "")], KernelKind::Pocket);
        assert_eq!(gone.unwrap_err(), "the build has no a to change");
    }
}
