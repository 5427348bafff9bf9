//! The lines that a CI writes into a log by itself: sections, groups, annotations, and that a step
//! failed.

use super::diagnostic::Gravity;
use super::find::has;
use memchr::memchr3;
use std::borrow::Cow;

/// A line of a CI's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark<'a> {
    /// It structures the log.
    Own,
    /// Somebody's words, which were marked as this grave.
    Says(Gravity, Cow<'a, str>),
    /// A step ended with an error, which somebody else has told before.
    Failed,
}

/// What the steps of a CI, a container's build and a service say when a command failed in them.
const FAILED: [&str; 10] = [
    // GitHub, Azure.
    "Process completed with exit code ",
    "exited with code '",
    // GitLab.
    "ERROR: Job failed",
    // Jenkins.
    "script returned exit code ",
    "marked build as failure",
    "Finished: FAILURE",
    // Buildkite, Travis.
    "The command exited with status ",
    "\" exited with ",
    // docker buildkit.
    "did not complete successfully: exit code: ",
    "executor failed running [",
];

/// Tells such a line.
pub(super) fn mark(line: &str) -> Option<Mark<'_>> {
    if line.starts_with(' ') {
        return None;
    }
    if is_failed(line) {
        return Some(Mark::Failed);
    }
    if let Some(rest) = line.strip_prefix("##[").or_else(|| line.strip_prefix("##vso[")) {
        let (name, text) = rest.split_once(']')?;
        return Some(match gravity(name) {
            Some(gravity) => Mark::Says(gravity, Cow::Borrowed(text)),
            None => Mark::Own,
        });
    }
    if let Some(rest) = line.strip_prefix("::") {
        return command(rest);
    }
    if let Some(rest) = line.strip_prefix("##teamcity[") {
        return Some(match quoted(rest, " text='").filter(|_| rest.contains("status='ERROR'")) {
            Some(text) => Mark::Says(Gravity::Error, Cow::Borrowed(text)),
            None => Mark::Own,
        });
    }
    is_own(line).then_some(Mark::Own)
}

fn is_failed(line: &str) -> bool {
    // One of these is in each of the signs.
    let may_be = ["exit", "fail", "FAIL"].iter().any(|part| has(line, part));
    let is_command = || memchr3(b'$', b'{', b';', line.as_bytes()).is_some();
    may_be && !is_command() && FAILED.iter().any(|sign| has(line, sign))
}

/// `::error file=a.c,line=12,col=3::text`, GitHub's workflow commands.
fn command(rest: &str) -> Option<Mark<'_>> {
    let (head, text) = rest.split_once("::")?;
    let (name, values) = head.split_once(' ').unwrap_or((head, ""));
    if !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
        return None;
    }
    let Some(gravity) = gravity(name) else { return Some(Mark::Own) };
    let value = |key: &str| {
        values.split(',').find_map(|pair| pair.trim().strip_prefix(key)?.strip_prefix('='))
    };
    Some(Mark::Says(
        gravity,
        match (value("file"), value("line")) {
            (Some(file), Some(line)) => Cow::Owned(format!(
                "{file}:{line}:{}: {gravity}: {text}",
                value("col").unwrap_or("1")
            )),
            _ => Cow::Borrowed(text),
        },
    ))
}

fn gravity(name: &str) -> Option<Gravity> {
    match name {
        "error" => Some(Gravity::Error),
        "warning" => Some(Gravity::Warning),
        "notice" => Some(Gravity::Note),
        _ => None,
    }
}

fn quoted<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    Some(text.split_once(key)?.1.split('\'').next().unwrap_or_default())
}

fn is_own(line: &str) -> bool {
    const STARTS: [&str; 17] = [
        "section_start:",
        "section_end:",
        "travis_fold:",
        "travis_time:",
        "[Pipeline] ",
        "--- ",
        "+++ ",
        "~~~ ",
        "^^^ +++",
        "Script started on ",
        "Script done on ",
        "Script started, ",
        "Script done, ",
        "Started by ",
        "Running on ",
        "Uploading artifacts",
        "Cleaning up project directory",
    ];
    let is_rule = || line.len() >= 4 && line.bytes().all(|b| b == b'-' || b == b'=');
    let is_buildkit = || {
        let rest = line.strip_prefix('#').unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && rest.get(digits..).is_some_and(|rest| rest.starts_with(' '))
    };
    STARTS.iter().any(|start| line.starts_with(start)) || is_rule() || is_buildkit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_told_and_what_they_mark_is_read() {
        for own in [
            "section_start:1560896352:make",
            "##[group]Run make",
            "##[endgroup]",
            "::group::make",
            "::add-mask::x",
            "[Pipeline] sh",
            "--- Build",
            "#12 DONE 3.4s",
            "------",
            "##teamcity[blockOpened name='x']",
        ] {
            assert_eq!(mark(own), Some(Mark::Own), "{own}");
        }
        for (line, text) in [
            ("##[error]ld.lld: error: x", "ld.lld: error: x"),
            ("::error::x", "x"),
            ("::error file=lib/a.c,line=12,col=3::x", "lib/a.c:12:3: error: x"),
            ("##teamcity[message text='x y' status='ERROR']", "x y"),
        ] {
            assert_eq!(mark(line), Some(Mark::Says(Gravity::Error, text.into())), "{line}");
        }
        for sign in FAILED {
            let line = format!("x {sign}1");
            assert_eq!(mark(&line), Some(Mark::Failed), "{line}");
            assert_eq!(mark(&format!("{line};")), None, "{line};");
        }
        for failed in [
            "##[error]Process completed with exit code 2.",
            "ERROR: Job failed: exit code 1",
            "Build step 'Execute shell' marked build as failure",
        ] {
            assert_eq!(mark(failed), Some(Mark::Failed), "{failed}");
        }
        for none in ["# CC      a.o", "make: x", "lib/a.c:1:1: error: x", "", "::", "-- x"] {
            assert_eq!(mark(none), None, "{none}");
        }
    }
}
