//! Whether a source tree is the one that it was, without reading its files.

use crate::error::EngineError;
use rayon::prelude::*;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A hash of every file's name, size and time below a directory, version control and `without`
/// aside: it changes when anything else in the tree does.
pub(crate) fn fingerprint(root: &Path, without: &Path) -> Result<String, EngineError> {
    let tops: Vec<PathBuf> = {
        let io = |error| EngineError::io("read", root, &error);
        let mut tops = Vec::new();
        for entry in std::fs::read_dir(root).map_err(io)? {
            tops.push(entry.map_err(io)?.path());
        }
        tops.sort();
        tops
    };
    let hashes: Vec<_> = tops
        .par_iter()
        .filter(|top| top.file_name().is_none_or(|name| name != ".git" && name != COMPILED))
        .map(|top| hash_below(top, without))
        .collect::<Result<_, _>>()?;
    let mut hasher = blake3::Hasher::new();
    for hash in hashes {
        hasher.update(hash.as_bytes());
    }
    Ok(hasher.finalize().to_hex().as_str().get(..32).unwrap_or_default().to_owned())
}

/// What the kernel's own scripts leave in the tree that they are run from.
const COMPILED: &str = "__pycache__";

fn hash_times(hasher: &mut blake3::Hasher, meta: &Metadata) {
    hasher.update(&meta.len().to_le_bytes());
    hasher.update(&meta.mtime().to_le_bytes());
    hasher.update(&meta.mtime_nsec().to_le_bytes());
}

fn hash_below(path: &Path, without: &Path) -> Result<blake3::Hash, EngineError> {
    let mut hasher = blake3::Hasher::new();
    let mut stack = vec![path.to_owned()];
    while let Some(path) = stack.pop() {
        if path == without || path.file_name().is_some_and(|name| name == COMPILED) {
            continue;
        }
        let io = |error| EngineError::io("read", &path, &error);
        let meta = std::fs::symlink_metadata(&path).map_err(io)?;
        hasher.update(path.as_os_str().as_encoded_bytes());
        if meta.is_dir() {
            let mut children = Vec::new();
            for entry in std::fs::read_dir(&path).map_err(io)? {
                children.push(entry.map_err(io)?.path());
            }
            children.sort();
            stack.extend(children);
        } else {
            hash_times(&mut hasher, &meta);
            // What a link points to is what a build reads; it may lie outside.
            if meta.is_symlink()
                && let Ok(target) = std::fs::metadata(&path)
                && target.is_file()
            {
                hash_times(&mut hasher, &target);
            }
        }
    }
    Ok(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_changes_with_the_tree_and_not_without() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("builds/out");
        let print = || fingerprint(dir.path(), &out).unwrap();
        std::fs::create_dir_all(out.parent().unwrap()).unwrap();
        std::fs::write(dir.path().join("a"), "1").unwrap();
        let first = print();
        assert_eq!(print(), first);
        // Builds may lie in the tree that they are builds of.
        std::fs::create_dir(&out).unwrap();
        std::fs::write(out.join("vmlinux"), "x").unwrap();
        assert_eq!(print(), first);
        std::fs::create_dir(dir.path().join("__pycache__")).unwrap();
        std::fs::write(dir.path().join("__pycache__/a.pyc"), "x").unwrap();
        assert_eq!(print(), first);
        std::fs::write(dir.path().join("a"), "22").unwrap();
        let second = print();
        assert_ne!(second, first);
        // What a build reads by a link may lie elsewhere.
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("b");
        std::fs::write(&target, "1").unwrap();
        std::os::unix::fs::symlink(&target, dir.path().join("b")).unwrap();
        let linked = print();
        assert_ne!(linked, second);
        std::fs::write(&target, "22").unwrap();
        assert_ne!(print(), linked);
    }
}
