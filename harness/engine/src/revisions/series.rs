//! A series of patches: an mbox, a patch, or a directory of them.

use crate::error::EngineError;
use crate::fs::{read_text, remove_tree};
use std::path::{Path, PathBuf};

/// A patch of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    /// Its file, which holds nothing else.
    pub(super) path: PathBuf,
    /// As messages call it: the subject of a mail, or the name of its file.
    pub(super) name: String,
    /// The name of the file that it came in.
    pub(super) from: String,
    /// How many directories of its paths are not the tree's.
    pub(super) strip: u32,
    /// What git has to be told of it.
    pub(super) form: Form,
}

/// What holds a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing else.
    Plain,
    /// A mail, whose lines all end with CR LF where it was saved so.
    Mail { crlf: bool },
}

/// The patches of a series, in order; what comes of many in one file, or of a mail, is written to
/// `cut`, one a file.
///
/// # Errors
///
/// When there is none, or one cannot be read.
pub(crate) fn patches(series: &Path, cut: &Path) -> Result<Vec<Patch>, EngineError> {
    let usage = |cause: String| {
        EngineError::usage(
            format!("--series {}", series.display()),
            cause,
            "give an mbox, a patch, or a directory of patches",
        )
    };
    let io = |doing: &str, path: &Path, error: &std::io::Error| EngineError::io(doing, path, error);
    let files = match series.is_dir() {
        true => directory(series)?.map_err(usage)?,
        false => vec![Listed { path: series.to_owned(), strip: 1 }],
    };
    remove_tree(cut)?;
    std::fs::create_dir_all(cut).map_err(|error| io("make", cut, &error))?;
    let mut found = Vec::new();
    for Listed { path, strip } in files {
        let bytes = read_text(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if path == series => {
                usage("there is no such file".to_owned())
            }
            std::io::ErrorKind::NotFound => usage(format!("there is no {}", path.display())),
            _ => io("read", &path, &error),
        })?;
        // A cover letter, and what was answered to one, has nothing to apply.
        for mail in split(&bytes).into_iter().filter(|mail| may_be_patch(mail)) {
            let from = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !is_mail(mail) {
                let path = path.canonicalize().map_err(|error| io("read", &path, &error))?;
                found.push(Patch { path, name: from.clone(), from, strip, form: Form::Plain });
                continue;
            }
            let path = cut.join(format!("{:04}.patch", found.len() + 1));
            std::fs::write(&path, mail).map_err(|error| io("write", &path, &error))?;
            let path = path.canonicalize().map_err(|error| io("read", &path, &error))?;
            let name = subject(mail).unwrap_or_else(|| format!("mail {}", found.len() + 1));
            let crlf = mail.split_inclusive(|byte| *byte == b'\n').all(|it| it.ends_with(b"\r\n"));
            found.push(Patch { path, name, from, strip, form: Form::Mail { crlf } });
        }
    }
    match found.is_empty() {
        true => Err(usage("it holds no patch".to_owned())),
        false => Ok(found),
    }
}

/// A file of a directory of patches.
struct Listed {
    path: PathBuf,
    strip: u32,
}

/// By the file `series`, as quilt keeps it, or by name; or why that makes no sense.
fn directory(dir: &Path) -> Result<Result<Vec<Listed>, String>, EngineError> {
    let quilt = dir.join("series");
    if let Ok(text) = std::fs::read_to_string(&quilt) {
        return Ok(quilt_series(dir, &text));
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| EngineError::io("read", dir, &e))? {
        let path = entry.map_err(|e| EngineError::io("read", dir, &e))?.path();
        let end = path.extension().map(|end| end.to_string_lossy().into_owned());
        if end.is_some_and(|end| ["patch", "diff", "mbx", "mbox", "eml"].contains(&end.as_str())) {
            found.push(Listed { path, strip: 1 });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(match found.is_empty() {
        true => Err("it holds no .patch, .diff, .mbx, .mbox or .eml file".to_owned()),
        false => Ok(found),
    })
}

/// A patch and its `-p` a line.
fn quilt_series(dir: &Path, text: &str) -> Result<Vec<Listed>, String> {
    let mut found = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
        let Some(name) = words.next() else { continue };
        let mut listed = Listed { path: dir.join(name), strip: 1 };
        for word in words {
            let strip = word.strip_prefix("-p").map(|rest| match rest {
                "ab" => Ok(1),
                digits => digits.parse(),
            });
            match strip {
                Some(Ok(strip)) => listed.strip = strip,
                _ => return Err(format!("'{word}' in line {} of its series file", n + 1)),
            }
        }
        found.push(listed);
    }
    Ok(found)
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

/// Whether there is something to apply. What is encoded only git can tell.
fn may_be_patch(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let begins =
            line.starts_with(b"--- ") && lines.peek().is_some_and(|next| next.starts_with(b"+++ "));
        if begins || line.starts_with(b"diff --git ") || is_encoded(line) {
            return true;
        }
    }
    false
}

/// Whether a line of a mail, or of a part of one, says that what follows is base64.
fn is_encoded(line: &[u8]) -> bool {
    let line = line.to_ascii_lowercase();
    let value = line.strip_prefix(b"content-transfer-encoding:");
    value.is_some_and(|value| value.trim_ascii() == b"base64")
}

/// Whether a patch is a mail, which names who wrote it.
fn is_mail(bytes: &[u8]) -> bool {
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
fn subject(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().take_while(|line| !line.trim().is_empty()).find_map(|line| {
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
        assert_eq!(files[0].name, "kbuild: x");
        assert_eq!(files[0].form, Form::Mail { crlf: false });
        // In a directory as well, beside a file that a mail reader has saved.
        let text = String::from_utf8_lossy(MBOX).replace('\n', "\r\n");
        std::fs::write(dir.path().join("w.eml"), text.split_once("From 0124").unwrap().1).unwrap();
        let files = patches(dir.path(), &dir.path().join("cut")).unwrap();
        let forms: Vec<Form> = files.iter().map(|patch| patch.form).collect();
        assert_eq!(forms, [Form::Mail { crlf: false }, Form::Mail { crlf: true }]);
    }

    #[test]
    fn what_is_encoded_is_left_to_git_and_a_line_of_hyphens_is_no_patch() {
        let mail = |rest: &str| format!("From: A <a@b>\nSubject: x\n{rest}").into_bytes();
        assert!(may_be_patch(&mail("Content-Transfer-Encoding: Base64\n\nLS0tIGEveAo=\n")));
        assert!(!may_be_patch(&mail("Content-Transfer-Encoding: 8bit\n\n--- v1 to v2 ---\nx\n")));
    }

    #[test]
    fn a_plain_patch_is_one_piece_and_no_mail() {
        let patch = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
        assert_eq!(split(patch).len(), 1);
        assert!(!is_mail(patch) && may_be_patch(patch));
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
        let names = |files: Vec<Patch>| -> Vec<String> {
            files.into_iter().map(|patch| patch.name).collect()
        };
        assert_eq!(names(patches(dir.path(), &cut).unwrap()), ["0001-a.patch", "0002-b.patch"]);
        let list = |text: &str| std::fs::write(dir.path().join("series"), text).unwrap();
        list("# mine\n0002-b.patch -p0 # why\n");
        let files = patches(dir.path(), &cut).unwrap();
        assert_eq!(files[0].strip, 0);
        assert_eq!(names(files), ["0002-b.patch"]);
        list("0002-b.patch -R\n");
        assert!(patches(dir.path(), &cut).unwrap_err().cause.contains("'-R' in line 1"));
    }
}
