//! The command line of this run, for somebody who makes it again.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use twinlto_engine::users_variables;

/// The command as it was given, quoted for a shell, without what only says where a report goes.
/// With the variables that make reads, where it runs one.
pub(crate) fn reproducer(runs_make: bool) -> String {
    let variables = if runs_make { users_variables() } else { Vec::new() };
    let variables = variables.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let args = without_reports(&args);
    let words = variables.chain(["twinlto".to_owned()]).chain(args.into_iter().map(quoted));
    words.collect::<Vec<_>>().join(" ")
}

fn without_reports(args: &[OsString]) -> Vec<&OsStr> {
    let mut kept = Vec::new();
    let mut args = args.iter().map(OsString::as_os_str);
    while let Some(arg) = args.next() {
        match arg.as_bytes() {
            b"--report" => drop(args.next()),
            // Behind it nothing is an option.
            b"--" => {
                kept.push(arg);
                kept.extend(args.by_ref());
            }
            bytes if bytes.starts_with(b"--report=") => {}
            _ => kept.push(arg),
        }
    }
    kept
}

/// A word that a shell reads as this argument. What a line cannot hold is written as bash, zsh
/// and POSIX 2024 read it: `$'\n'`.
fn quoted(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    match word.to_str() {
        Some(text) if !text.is_empty() && !text.starts_with('=') && text.chars().all(plain) => {
            text.to_owned()
        }
        Some(text) if !text.chars().any(char::is_control) => {
            shlex::try_quote(text).map_or_else(|_| in_bytes(word), std::borrow::Cow::into_owned)
        }
        _ => in_bytes(word),
    }
}

fn in_bytes(word: &OsStr) -> String {
    let mut text = "$'".to_owned();
    for byte in word.as_bytes() {
        match byte {
            b'\'' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            // Three digits, so that none that follows belongs to it.
            other => text.push_str(&format!("\\{other:03o}")),
        }
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_report_goes_is_left_out() {
        let args = ["audit", "--report", "junit=a", "b", "--report=json=c", "-v", "--", "--report"];
        let args = args.map(OsString::from);
        assert_eq!(without_reports(&args), ["audit", "b", "-v", "--", "--report"]);
    }

    #[test]
    fn ordinary_words_stay_as_they_are() {
        for word in ["--arch=arm64", "-22", "+kvm.config", "a,b", "/a/b.o"] {
            assert_eq!(quoted(word), word);
        }
        assert_eq!(quoted("lib/*"), "'lib/*'");
        assert_eq!(quoted(""), "''");
    }

    /// bash is the oracle: it reads back what was given, byte for byte.
    #[test]
    fn a_shell_reads_every_word_back() {
        let words: [&[u8]; 9] = [
            b"it's",
            b"a b",
            b"$HOME `id` $(id)",
            b"a\\b",
            b"~",
            b"=x",
            b"a\nb\t\x1b[31m1",
            b"\xff\xfe",
            "ü '\n\\".as_bytes(),
        ];
        for word in words {
            let script = format!("printf %s {}", quoted(OsStr::from_bytes(word)));
            let ran = std::process::Command::new("bash").arg("-c").arg(&script).output().unwrap();
            assert_eq!(ran.stdout, word, "{script}");
        }
    }
}
