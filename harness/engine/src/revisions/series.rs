//! A series of patches: an mbox, a patch, or a directory of them.

use crate::error::EngineError;
use crate::fs::{read_text, remove_tree};
use std::path::{Path, PathBuf};

/// The patches of a series, in order. The mails of an mbox are written to `cut`, one a file.
///
/// # Errors
///
/// When there is none, or one cannot be read.
pub(crate) fn patches(series: &Path, cut: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let usage = |cause: String| {
        EngineError::usage(
            format!("--series {}", series.display()),
            cause,
            "give an mbox, a patch, or a directory of patches",
        )
    };
    if series.is_dir() {
        let patches = directory(series)?;
        return match patches.is_empty() {
            true => Err(usage("it holds no .patch, .diff, .mbx, .mbox or .eml file".to_owned())),
            false => Ok(patches),
        };
    }
    let bytes = read_text(series).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => usage("there is no such file".to_owned()),
        _ => EngineError::io("read", series, &error),
    })?;
    let mails = split(&bytes);
    let with_patch: Vec<&[u8]> = mails.into_iter().filter(|mail| has_diff(mail)).collect();
    if with_patch.is_empty() {
        return Err(usage("it holds no patch".to_owned()));
    }
    // A plain patch is called as its file is.
    if let ([_], Some(only)) = (with_patch.as_slice(), with_patch.first())
        && !is_mail(only)
    {
        return Ok(vec![series.to_owned()]);
    }
    remove_tree(cut)?;
    std::fs::create_dir_all(cut).map_err(|e| EngineError::io("make", cut, &e))?;
    let mut files = Vec::new();
    for (n, mail) in with_patch.iter().enumerate() {
        let path = cut.join(format!("{:04}.patch", n + 1));
        std::fs::write(&path, mail).map_err(|e| EngineError::io("write", &path, &e))?;
        files.push(path);
    }
    Ok(files)
}

/// By the file `series`, as quilt keeps it, or by name.
fn directory(dir: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let quilt = dir.join("series");
    if let Ok(text) = std::fs::read_to_string(&quilt) {
        let names = text.lines().filter_map(|line| line.split_whitespace().next());
        let names = names.filter(|name| !name.starts_with('#'));
        return Ok(names.map(|name| dir.join(name)).collect());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| EngineError::io("read", dir, &e))? {
        let path = entry.map_err(|e| EngineError::io("read", dir, &e))?.path();
        let end = path.extension().map(|end| end.to_string_lossy().into_owned());
        if end.is_some_and(|end| ["patch", "diff", "mbx", "mbox", "eml"].contains(&end.as_str())) {
            found.push(path);
        }
    }
    found.sort();
    // A cover letter has nothing to apply.
    let mut patches = Vec::new();
    for path in found {
        let bytes = read_text(&path).map_err(|e| EngineError::io("read", &path, &e))?;
        if has_diff(&bytes) {
            patches.push(path);
        }
    }
    Ok(patches)
}

/// The mails of an mbox; a text that is none is one piece.
fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts = Vec::new();
    let mut at = 0;
    let mut after_blank = true;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // A line of a body that begins so is quoted in an mbox, and one after a blank line that has
        // a time is the next mail's.
        if after_blank
            && line.starts_with(b"From ")
            && line.iter().filter(|b| **b == b':').count() >= 2
        {
            starts.push(at);
        }
        after_blank = line.trim_ascii().is_empty();
        at += line.len();
    }
    if starts.is_empty() {
        return vec![bytes];
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).filter_map(|(from, to)| bytes.get(*from..to)).collect()
}

fn has_diff(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    lines.any(|line| line.starts_with(b"--- ") || line.starts_with(b"diff --git "))
}

/// Whether a patch is a mail, which names who wrote it.
pub(super) fn is_mail(bytes: &[u8]) -> bool {
    let head: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty())
        .collect();
    let has = |name: &[u8]| {
        head.iter().any(|line| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        })
    };
    has(b"From:") && has(b"Subject:")
}

/// The subject of a mail.
pub(super) fn subject(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("subject").then(|| value.trim().to_owned())
    })?;
    // Brackets are the list's.
    match (line.starts_with('['), line.split_once(']')) {
        (true, Some((_, rest))) => Some(rest.trim().to_owned()),
        _ => Some(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MBOX: &[u8] =
        b"From 0123 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: [PATCH v2 0/1] \
        cover\n\nFrom here on it is told.\n\nFrom 0124 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\n\
        Subject: [PATCH v2 1/1] kbuild: x\n\nwhy\n---\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n";

    #[test]
    fn an_mbox_is_cut_into_its_patches_and_a_cover_letter_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let mbox = dir.path().join("v2.mbx");
        std::fs::write(&mbox, MBOX).unwrap();
        let files = patches(&mbox, &dir.path().join("cut")).unwrap();
        assert_eq!(files.len(), 1);
        let bytes = std::fs::read(&files[0]).unwrap();
        assert!(is_mail(&bytes));
        assert_eq!(subject(&bytes).as_deref(), Some("kbuild: x"));
    }

    #[test]
    fn a_plain_patch_is_one_piece_and_no_mail() {
        let patch = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
        assert_eq!(split(patch).len(), 1);
        assert!(!is_mail(patch) && has_diff(patch));
    }

    #[test]
    fn a_directory_goes_by_name_or_by_its_series_file() {
        let dir = tempfile::tempdir().unwrap();
        let cut = dir.path().join("cut");
        assert!(patches(dir.path(), &cut).is_err());
        for name in ["0002-b.patch", "0001-a.patch", "0000-cover.patch"] {
            let text = if name.contains("cover") { "hello\n" } else { "--- a/x\n+++ b/x\n" };
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let names = |files: Vec<PathBuf>| -> Vec<String> {
            files.iter().map(|f| f.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(patches(dir.path(), &cut).unwrap()), ["0001-a.patch", "0002-b.patch"]);
        std::fs::write(dir.path().join("series"), "# mine\n0002-b.patch -p1\n").unwrap();
        assert_eq!(names(patches(dir.path(), &cut).unwrap()), ["0002-b.patch"]);
    }
}
