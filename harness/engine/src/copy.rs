//! Copies of builds at other places.

use crate::error::EngineError;
use crate::fs::{copy_tree, files_below, read_regular};
use std::fs::{File, FileTimes};
use std::path::Path;

/// Copies a build directory, so that make finds nothing in it out of date that was not before.
///
/// The rules of `tools/` (objtool and what it is made of) have the output directory in their commands
/// and targets, which nothing else has: elsewhere make would build objtool anew, and with it every object
/// that depends on it, and with those the thin link. So the copy's records name the copy.
///
/// Source: `tools/build/Build.include` and `tools/scripts/Makefile.include`, Linux 7.3.
///
/// # Errors
///
/// When something cannot be read or written.
pub(crate) fn copy_build(
    from: &Path,
    to: &Path,
    keep: impl Fn(&Path) -> bool,
) -> Result<(), EngineError> {
    copy_tree(from, to, keep)?;
    let tools = to.join("tools");
    if !tools.is_dir() {
        return Ok(());
    }
    let full = |path: &Path| path.canonicalize().map_err(|e| EngineError::io("find", path, &e));
    let (old, new) = (full(from)?, full(to)?);
    let (old, new) = (old.as_os_str().as_encoded_bytes(), new.as_os_str().as_encoded_bytes());
    for (path, meta) in files_below(&tools)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !(meta.is_file() && name.starts_with('.') && name.ends_with(".cmd")) {
            continue;
        }
        let path = tools.join(path);
        let bytes = read_regular(&path).map_err(|e| EngineError::io("read", &path, &e))?;
        let Some(moved) = replaced(&bytes, old, new) else { continue };
        let write = |error| EngineError::io("write", &path, &error);
        std::fs::write(&path, moved).map_err(write)?;
        let times = FileTimes::new().set_modified(meta.modified().map_err(write)?);
        File::options().write(true).open(&path).and_then(|f| f.set_times(times)).map_err(write)?;
    }
    Ok(())
}

/// A text with one path in the place of another, where that stands before a slash; none where it
/// stands nowhere.
fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    let mut result = Vec::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = memchr::memmem::find(rest, old) {
        let (before, after) = rest.split_at_checked(at)?;
        let after = after.get(old.len()..)?;
        result.extend_from_slice(before);
        let is_path = after.first() == Some(&b'/');
        result.extend_from_slice(if is_path { new } else { old });
        found |= is_path;
        rest = after;
    }
    result.extend_from_slice(rest);
    found.then_some(result)
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_path_is_replaced_where_it_is_one() {
        let text = b"cmd_/a/b/x.o := clang -MD,/a/b/.x.d -I/a/bc /a/b/x.c";
        let moved = replaced(text, b"/a/b", b"/z").unwrap();
        assert_eq!(moved, b"cmd_/z/x.o := clang -MD,/z/.x.d -I/a/bc /z/x.c");
        assert_eq!(replaced(b"/a/bc", b"/a/b", b"/z"), None);
        assert_eq!(replaced(b"", b"/a/b", b"/z"), None);
    }
}
