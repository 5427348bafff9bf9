//! What make gives up, and lines that tell why.

use super::find::{has, split};
use crate::kbuild::normalize_path;
use crate::program::{Program, is_make, tool_of};

/// One `make[N]: *** [FILE:LINE: TARGET] Error CODE` line (GNU make 4.x).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MakeFailure {
    /// Makefile that has the rule.
    pub makefile: String,
    /// Its line, where make says so.
    pub line: Option<u32>,
    /// The target that was not made.
    pub target: String,
    /// What follows: `Error 1`, `Killed`, ….
    pub how: String,
    /// How many makes called the one that says so: `make[2]`.
    pub level: u32,
}

impl MakeFailure {
    /// Whether the recipe itself failed, and not a make that it called.
    #[must_use]
    pub fn is_root(&self) -> bool {
        !(self.code() == Some(2) && !self.target.contains('.')
            || self.target == "."
            || self.target.starts_with("__"))
    }

    /// Whether it says that a make that the recipe called failed, as `before` told.
    #[must_use]
    pub fn follows(&self, before: Option<&Self>) -> bool {
        self.code() == Some(2) && before.is_some_and(|before| before.level > self.level)
    }

    /// The exit status of the recipe, where one ended it. make says `Error` in its user's language.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        let (word, number) = self.how.rsplit_once(' ')?;
        number.parse().ok().filter(|_| !word.is_empty() && !word.contains(' '))
    }
}

/// `llvm-ar: error: X: No such file or directory`, LLVM 17 to 24; binutils says it without
/// `error: `.
pub(super) fn member_not_found(line: &str) -> Option<String> {
    let (program, rest) = line.split_once(": ")?;
    // Jobs share the log: it may stand behind the end of another one's words.
    let word = program.rsplit(' ').next().unwrap_or(program);
    if tool_of(word)?.program != Program::Ar {
        return None;
    }
    let rest = rest.strip_prefix("error: ").unwrap_or(rest);
    let (name, why) = rest.rsplit_once(": ")?;
    why.eq_ignore_ascii_case("no such file or directory").then(|| normalize_path(name)).flatten()
}

/// The failure that a line of make's tells of: `make[2]: *** [FILE:LINE: TARGET] Error 1`, where make
/// does not know the place of the rule `*** [TARGET] Error 255`.
pub(super) fn make_failure(line: &str) -> Option<MakeFailure> {
    // Of long commands only the beginning is looked at.
    let (speaker, rest) = line.trim_start().split_once(':')?;
    let rest = rest.strip_prefix(" *** [").filter(|_| is_make(speaker))?;
    let (place, how) = rest.rsplit_once("] ")?;
    // What make does with a target that it gave up.
    if how.contains("(ignored)") || how.starts_with("Deleting") || how.ends_with("not deleted") {
        return None;
    }
    let (location, target) = place.split_once(": ").unwrap_or(("", place));
    let (makefile, number) = location.rsplit_once(':').unwrap_or((location, ""));
    Some(MakeFailure {
        makefile: makefile.to_owned(),
        line: number.parse().ok(),
        target: target.to_owned(),
        how: how.trim().to_owned(),
        level: level(speaker),
    })
}

/// `make[2]` is the third of makes that called one another.
fn level(speaker: &str) -> u32 {
    let number = speaker.rsplit_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The recipe whose failure make ignores: `make[1]: [FILE:LINE: TARGET] Error 1 (ignored)`.
pub(super) fn ignored_failure(line: &str) -> Option<(&str, &str)> {
    let (who, rest) = split(line, ": ")?;
    let rest = rest.strip_prefix("*** ").unwrap_or(rest).strip_prefix('[')?;
    let (place, how) = rest.rsplit_once("] ")?;
    let target = place.split_once(": ").map_or(place, |(_, target)| target);
    (is_make(who) && how.ends_with("(ignored)")).then_some((target, how))
}

/// `1 warning and 2 errors generated.`
pub(super) fn errors_counted(line: &str) -> Option<usize> {
    let rest = line.strip_suffix(" generated.")?;
    let rest = rest.rsplit_once(" and ").map_or(rest, |(_, errors)| errors);
    let (number, word) = rest.split_once(' ')?;
    word.starts_with("error").then(|| number.parse().ok()).flatten()
}

pub(super) fn is_error(line: &str) -> bool {
    if line.starts_with("  ") || line.starts_with('#') {
        return false;
    }
    // `: error: ` and `fatal error: ` are among them.
    const SIGNS: [&str; 9] = [
        "error: ",
        "ERROR: ",
        "LLVM ERROR",
        "Assertion `",
        "No space left on device",
        ": No such file or directory",
        "undefined symbol:",
        ": not found",
        "*** No rule to make target",
    ];
    SIGNS.iter().any(|sign| has(line, sign))
}
