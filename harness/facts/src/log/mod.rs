//! What make said while it built a kernel: what went wrong, which steps it shows, and every
//! message of its tools.

mod class;
mod diagnostic;
mod failure;
mod line;
mod message;
mod ran;
mod stop;
mod why;

pub use class::{Stage, UNKNOWN};
pub use diagnostic::{Diagnostic, Gravity, Tool};
pub use failure::MakeFailure;
pub use ran::Ran;
pub use stop::{MakeStop, make_stop};
pub use why::reasons;

use crate::kbuild::normalize_path;
use crate::program::{Program, is_make, tool_of};
use failure::{errors_counted, is_error, make_failure, member_not_found};
use line::{Line, Lines};
use message::message;
use std::collections::BTreeMap;

/// The facts of one build log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildLog {
    /// Where it was read from, for messages; empty where that is not known.
    pub path: String,
    /// Native object → the last backend command that was started for it.
    pub backends: BTreeMap<String, String>,
    /// Targets that make gave up.
    pub failures: Vec<MakeFailure>,
    /// Where make stopped reading, or knew no rule.
    pub stops: Vec<MakeStop>,
    /// Lines in which a tool reports an error, in order, at most [`MAX_ERRORS`].
    pub errors: Vec<String>,
    /// Target that a recipe failed to make → the error line that most likely tells why: the last
    /// one before make gave up that names it, else the last one at all.
    pub reasons: BTreeMap<String, String>,
    /// Members that the archiver looked for and did not find, in order.
    pub members_not_found: Vec<String>,
    /// How many lines it has; none when there is no log at all.
    pub lines: u64,
    /// Every message of a tool.
    pub diagnostics: BTreeMap<Diagnostic, Said>,
    /// The steps that it shows.
    pub ran: Ran,
    /// How many lines are of no known kind: neither command nor message, nor what belongs to one.
    pub unknown_lines: u64,
    /// The first such lines, at most [`MAX_UNKNOWN`].
    pub unknown: Vec<String>,
}

/// The class of a line, where a tool says something in it.
#[must_use]
pub fn class_of_line(line: &str) -> Option<String> {
    message(line).map(|message| message.said.class().to_owned())
}

/// How a message was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How often.
    pub times: u64,
    /// The line of the log, as it stands there the first time.
    pub quote: String,
    /// The number of that line, from 1.
    pub at: u64,
    /// The line of the source that it is about, from 1, where it tells.
    pub source_line: Option<u32>,
    /// The object that was being made, where the log tells: the message names it or its source, or
    /// make gave it up for this.
    pub object: Option<String>,
    /// What was linked last before it, where a linker says it.
    pub link: Option<String>,
}

/// How many error lines are kept; what breaks first is what matters.
pub const MAX_ERRORS: usize = 200;

/// How many lines of no known kind are kept.
pub const MAX_UNKNOWN: usize = 20;

impl BuildLog {
    /// Reads a whole log; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut log = Self::default();
        let mut lines = Lines::default();
        // Errors since a target last failed, the latest last, with those that name no object.
        let mut recent: Vec<(&str, Option<Diagnostic>)> = Vec::new();
        let mut counted = None;
        let text = String::from_utf8_lossy(bytes);
        for line in text.split('\n').map(str::trim_end) {
            log.lines += 1;
            let said = message(line);
            if said.is_none() {
                log.read(lines.tell(line), line);
            }
            let open = said.as_ref().filter(|m| m.object.is_none()).map(|m| m.said.clone());
            if let Some(said) = said {
                log.say(said, line);
            }
            log.stops.extend(make_stop(line));
            if let Some(failure) = make_failure(line) {
                if failure.is_root() {
                    log.fail(&failure, &recent, counted.take());
                    recent.clear();
                }
                log.failures.push(failure);
            } else if let Some((native, command)) = backend_command(line) {
                log.backends.insert(native, command.to_owned());
            } else if let Some(errors) = errors_counted(line) {
                counted = Some(errors);
            } else if is_error(line) {
                recent.push((line, open));
                log.members_not_found.extend(member_not_found(line));
                if log.errors.len() < MAX_ERRORS {
                    log.errors.push(line.to_owned());
                }
            }
        }
        log.settle();
        log
    }

    /// Takes in a line that is no message.
    fn read(&mut self, kind: Line<'_>, line: &str) {
        match kind {
            Line::Command => self.ran.command(line),
            Line::Short { what, target } => self.ran.short(what, target),
            Line::Enters(dir) => self.ran.enter(dir),
            Line::Said => {}
            Line::Unknown => {
                self.unknown_lines += 1;
                if self.unknown.len() < MAX_UNKNOWN {
                    self.unknown.push(line.to_owned());
                }
            }
        }
    }

    fn say(&mut self, message: message::Message, line: &str) {
        let at = self.lines;
        let linked = self.ran.last_link.clone().filter(|_| message.said.tool == Tool::Lld);
        let said = self.diagnostics.entry(message.said).or_insert_with(|| Said {
            times: 0,
            quote: line.to_owned(),
            at,
            source_line: message.line,
            object: None,
            link: linked,
        });
        said.times += 1;
        if said.object.is_none() {
            said.object = message.object;
        }
    }

    /// What is known only at the end: the directories of the build, and which objects it made.
    fn settle(&mut self) {
        let all = std::mem::take(&mut self.diagnostics);
        for (mut diagnostic, mut said) in all {
            if let Some(place) = &mut diagnostic.place {
                *place = self.ran.below(place);
            }
            diagnostic.text = self.ran.below(&diagnostic.text);
            if said.object.is_none() {
                let place = diagnostic.place.as_ref();
                said.object = place.and_then(|place| self.ran.object_of(place));
            }
            self.add(diagnostic, said);
        }
    }

    fn add(&mut self, diagnostic: Diagnostic, said: Said) {
        match self.diagnostics.get_mut(&diagnostic) {
            Some(known) => {
                known.times += said.times;
                known.object = known.object.take().or(said.object);
            }
            None => {
                self.diagnostics.insert(diagnostic, said);
            }
        }
    }

    /// Whether it may be what make said at all: some line is make's, a command's or kbuild's
    /// (`  CC      a.o`, `# CC      a.o`).
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        text.lines().any(|line| {
            line.split_once(':').is_some_and(|(who, _)| is_make(who))
                || line.starts_with("make")
                || line.starts_with("  ")
                || line.starts_with("# ")
                || message(line).is_some()
        })
    }

    /// Whether it shows a build: a step of one, make at work, or a tool's message.
    #[must_use]
    pub fn shows_a_build(bytes: &[u8]) -> bool {
        let log = Self::parse(bytes);
        let Ran { compiled, natives, links, configured, modpost, directories, .. } = &log.ran;
        let steps = [compiled, natives, links, directories];
        steps.iter().any(|list| !list.is_empty())
            || *configured
            || *modpost
            || !log.failures.is_empty()
            || !log.diagnostics.is_empty()
    }

    /// Adds what a later log says.
    pub fn extend(&mut self, later: Self) {
        if self.path.is_empty() {
            self.path = later.path;
        }
        self.backends.extend(later.backends);
        self.failures.extend(later.failures);
        self.stops.extend(later.stops);
        self.errors.extend(later.errors);
        self.reasons.extend(later.reasons);
        self.members_not_found.extend(later.members_not_found);
        self.lines += later.lines;
        self.ran.extend(later.ran);
        self.unknown_lines += later.unknown_lines;
        let room = MAX_UNKNOWN.saturating_sub(self.unknown.len());
        self.unknown.extend(later.unknown.into_iter().take(room));
        for (diagnostic, said) in later.diagnostics {
            self.add(diagnostic, said);
        }
    }

    /// A target failed, after these errors; `counted` is how many its compiler says to have found.
    fn fail(
        &mut self,
        failure: &MakeFailure,
        recent: &[(&str, Option<Diagnostic>)],
        counted: Option<usize>,
    ) {
        let stem =
            failure.target.rsplit_once(".thinlto-native.o").map_or(&*failure.target, |s| s.0);
        let Some(target) = normalize_path(&failure.target) else { return };
        let Some(last) = recent.len().checked_sub(1) else { return };
        let naming = recent.iter().rposition(|(line, _)| line.contains(stem)).unwrap_or(last);
        if let Some((line, _)) = recent.get(naming) {
            self.reasons.insert(target.clone(), (*line).to_owned());
        }
        let object = target.replace(".thinlto-native.o", ".o");
        if !object.ends_with(".o") {
            return;
        }
        // No error is missing and none is another job's: all are this target's.
        let all = counted == Some(recent.len());
        for (position, (_, said)) in recent.iter().enumerate() {
            let said = said.as_ref().filter(|_| all || position == naming);
            if let Some(said) = said.and_then(|said| self.diagnostics.get_mut(said)) {
                said.object.get_or_insert_with(|| object.clone());
            }
        }
    }

    /// Whether backends failed, and every recipe that failed did so for a warning that `-Werror`
    /// turned into an error. The same code may well pass where nothing does that.
    #[must_use]
    pub fn fails_by_warnings_alone(&self) -> bool {
        let failed = self.failures.iter().filter(|f| f.is_root() && !f.how.starts_with("Error 2"));
        let mut targets = failed.filter_map(|f| normalize_path(&f.target)).peekable();
        targets.peek().is_some()
            && targets.all(|target| {
                target.ends_with(".thinlto-native.o")
                    && self.reasons.get(&target).is_some_and(|why| why.contains("[-Werror"))
            })
    }

    /// The failures at which the trouble began: make repeats one on every level above it.
    #[must_use]
    pub fn roots(&self) -> Vec<&MakeFailure> {
        self.failures.iter().filter(|f| f.is_root()).collect()
    }

    /// Whether make gave up a target.
    #[must_use]
    pub fn has_failed(&self, target: &str) -> bool {
        self.failures.iter().any(|failure| failure.target == target)
    }

    /// The line that tells most about a failed build.
    #[must_use]
    pub fn headline(&self) -> Option<String> {
        self.errors.first().cloned().or_else(|| {
            // A stop in a makefile has its place; make repeats it as a failure on every level above.
            if let Some(stop) = self.stops.first() {
                return Some(stop.to_string());
            }
            let f = self.roots().into_iter().next().or(self.failures.first())?;
            Some(format!("{}: {} ({})", f.target, f.how, f.makefile))
        })
    }
}

/// What one line of a growing log adds to the progress of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A front end or assembler starts on one object.
    Object,
    /// A ThinLTO backend starts on one object.
    Backend,
    /// The thin link starts.
    ThinLink,
    /// `vmlinux.o` or a later link starts.
    Link,
}

/// Tells what a line of a `V=1` log starts, if anything that progress counts.
#[must_use]
pub fn step(line: &str) -> Option<Step> {
    if !line.starts_with("  ") {
        return None;
    }
    if line.contains(" -fthinlto-index=") {
        Some(Step::Backend)
    } else if line.contains(" --thinlto-index-only=") {
        Some(Step::ThinLink)
    } else if line.contains(" -o vmlinux.o ") {
        Some(Step::Link)
    } else if line.contains(" -c -o ") && line.contains(" -D__KERNEL__ ") {
        Some(Step::Object)
    } else {
        None
    }
}

/// The native object and the command of a backend that is started. Jobs share the log: the command
/// may stand behind the end of what another one was saying.
fn backend_command(line: &str) -> Option<(String, &str)> {
    if !line.contains(" -fthinlto-index=") {
        return None;
    }
    let command = match line.strip_prefix("  ") {
        Some(command) => command.trim_start(),
        None => line.get(compiler_at(line)?..)?,
    };
    let after = command.rsplit_once(" -o ")?.1;
    let native = after.split_ascii_whitespace().next()?;
    Some((normalize_path(native)?, command))
}

/// Where the first word stands that names a clang and is followed by an option.
pub(crate) fn compiler_at(line: &str) -> Option<usize> {
    let mut words = line.split(' ').scan(0, |at, word| {
        let start = *at;
        *at += word.len() + 1;
        Some((start, word))
    });
    let is_clang = |word| tool_of(word).is_some_and(|called| called.program == Program::Clang);
    words.find_map(|(at, word)| is_clang(word).then_some(at))
}

#[cfg(test)]
mod tests;
