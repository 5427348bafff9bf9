//! Copies of builds at other places.

use crate::error::EngineError;
use crate::fs::{copy_tree, files_below, read_regular, remove_file};
use std::fs::{File, FileTimes};
use std::path::Path;
use twinlto_verdict::Refresh;

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

/// Removes from a build what make would take for up to date, though a source of it is new or gone.
///
/// # Errors
///
/// When something cannot be read or removed.
pub(crate) fn forget_made(dir: &Path, refresh: &Refresh) -> Result<(), EngineError> {
    for object in &refresh.objects {
        remove_file(&dir.join(object))?;
    }
    if refresh.names.is_empty() {
        return Ok(());
    }
    let names: Vec<memchr::memmem::Finder<'_>> =
        refresh.names.iter().map(|name| memchr::memmem::Finder::new(name.as_bytes())).collect();
    for (path, meta) in files_below(dir)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let made = name.strip_prefix('.').and_then(|name| name.strip_suffix(".cmd"));
        let (Some(made), true) = (made, meta.is_file()) else { continue };
        let record = dir.join(&path);
        let text = read_regular(&record).map_err(|e| EngineError::io("read", &record, &e))?;
        if names.iter().any(|name| is_named(&text, name)) {
            remove_file(&record.with_file_name(made))?;
        }
    }
    Ok(())
}

/// Whether a file of some name stands in a text: behind a slash or a blank, and with a blank after it.
fn is_named(text: &[u8], name: &memchr::memmem::Finder<'_>) -> bool {
    let ends = |byte: Option<&u8>| byte.is_none_or(|b| b.is_ascii_whitespace() || *b == b')');
    name.find_iter(text).any(|at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let starts = before.is_none_or(|b| b.is_ascii_whitespace() || *b == b'/');
        starts && ends(text.get(at + name.needle().len()))
    })
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
    use super::{is_named, replaced};

    #[test]
    fn a_file_is_named_where_it_is_a_whole_word() {
        let name = memchr::memmem::Finder::new("lz4.h");
        let is = |text: &str| is_named(text.as_bytes(), &name);
        assert!(is("deps := /k/include/linux/lz4.h \\\n"));
        assert!(is("  $(wildcard lz4.h)"));
        assert!(is("lz4.h"));
        assert!(!is("/k/lib/xlz4.h") && !is("/k/lz4.hpp") && !is(""));
    }

    #[test]
    fn a_path_is_replaced_where_it_is_one() {
        let text = b"cmd_/a/b/x.o := clang -MD,/a/b/.x.d -I/a/bc /a/b/x.c";
        let moved = replaced(text, b"/a/b", b"/z").unwrap();
        assert_eq!(moved, b"cmd_/z/x.o := clang -MD,/z/.x.d -I/a/bc /z/x.c");
        assert_eq!(replaced(b"/a/bc", b"/a/b", b"/z"), None);
        assert_eq!(replaced(b"", b"/a/b", b"/z"), None);
    }
}
