//! What make said while it built a kernel: what went wrong, which steps it shows, and every
//! message of its tools.

mod account;
mod class;
mod diagnostic;
mod escapes;
mod explained;

mod failure;
mod find;
mod line;
mod marks;
mod message;
mod names;
mod ran;
mod stamp;
mod stop;
mod text;
mod tree;
mod why;

pub use account::{LineAccount, LineKind};
pub use class::{RECIPE_FAILED, STEP_FAILED, Stage, UNKNOWN};
pub use diagnostic::{Diagnostic, Gravity, Tool};
pub use failure::MakeFailure;
pub use ran::Ran;
pub use stop::{MakeStop, make_stop};
pub use why::reasons;

use crate::kbuild::normalize_path;
use crate::program::{Program, is_make, tool_of};
use explained::{Explained, is_a_reason};
use failure::{errors_counted, is_error, make_failure, member_not_found};
use find::has;
use line::{Line, Lines};
use message::message;
use std::collections::{BTreeMap, BTreeSet};

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
    /// How many lines it has; none when there is no log at all, or it is empty.
    pub lines: u64,
    /// Every message of a tool.
    pub diagnostics: BTreeMap<Diagnostic, Said>,
    /// The steps that it shows.
    pub ran: Ran,
    /// Targets that make gave up without a word of any tool that was understood.
    pub unexplained: BTreeSet<String>,
    /// What became of each of its lines.
    pub account: LineAccount,
    /// The first such lines, at most [`MAX_UNKNOWN`].
    pub unknown: Vec<String>,
}

/// The class of a line, where a tool says something in it.
#[must_use]
pub fn class_of_line(line: &str) -> Option<String> {
    message(&text::line(line)).map(|message| message.said.class().to_owned())
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
    /// The name of that object without its directory, where the linker tells no more and the log does
    /// not show which it is.
    pub member: Option<String>,
    /// What was linked last before it, where a linker says it.
    pub link: Option<String>,
}

/// How many error lines are kept; what breaks first is what matters.
pub const MAX_ERRORS: usize = 200;

/// How many lines of no known kind are kept.
pub const MAX_UNKNOWN: usize = 20;

impl BuildLog {
    /// Reads a whole log; bytes that are not UTF-8 are replaced. What a terminal, a container or a
    /// CI added to each line is taken away first.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut log = Self::default();
        let mut reader = Lines::default();
        let mut jobs = Jobs::default();
        let decoded = text::decode(bytes);
        let lines = text::lines(&decoded);
        for text in &lines {
            let kind = log.line(text, &mut reader, &mut jobs);
            log.account.add(kind, 1);
            log.account.add(LineKind::Continued, text.parts - 1);
        }
        log.lines = log.account.lines();
        log.settle();
        log
    }

    /// Takes in one line.
    fn line<'t>(
        &mut self,
        text: &'t text::Text<'_>,
        reader: &mut Lines,
        jobs: &mut Jobs<'t>,
    ) -> LineKind {
        let line = text.line.trim_end();
        let said = message(line);
        let kind = match &said {
            Some(said) => LineKind::of(said),
            None => self.read(reader.tell(line), text),
        };
        let open = said.as_ref().filter(|m| m.object.is_none()).map(|m| m.said.clone());
        if let Some(said) = said {
            jobs.hear(&said.said, line);
            self.say(said, line, text.at);
        }
        self.stops.extend(make_stop(line));
        if let Some(failure) = make_failure(line) {
            if failure.is_root() {
                let follows = failure.follows(self.failures.last());
                if !follows && !jobs.explain(&failure.target) {
                    self.unexplained.insert(failure.target.clone());
                }
                self.fail(&failure, &jobs.recent, jobs.counted.take());
                jobs.recent.clear();
            }
            self.failures.push(failure);
        } else if let Some((native, command)) = backend_command(line) {
            self.backends.insert(native, command.to_owned());
        } else if let Some(errors) = errors_counted(line) {
            jobs.counted = Some(errors);
            jobs.errors.count(errors);
        } else if is_error(line) {
            jobs.recent.push((line, open));
            self.members_not_found.extend(member_not_found(line));
            if self.errors.len() < MAX_ERRORS {
                self.errors.push(line.to_owned());
            }
        }
        kind
    }

    /// Takes in a line that is no message.
    fn read(&mut self, kind: Line<'_>, text: &text::Text<'_>) -> LineKind {
        match kind {
            Line::Command => {
                self.ran.command(text.line.trim_end());
                LineKind::Command
            }
            Line::Short { what, target } => {
                self.ran.short(what, target);
                LineKind::Short
            }
            Line::Enters(dir) => {
                self.ran.enter(dir);
                LineKind::Make
            }
            Line::Made => LineKind::Make,
            Line::Context => LineKind::Context,
            Line::Chatter => LineKind::Chatter,
            Line::Ci => LineKind::Ci,
            Line::Blank => LineKind::Blank,
            Line::Unknown if text.overwritten => LineKind::Overwritten,
            Line::Unknown => {
                if self.unknown.len() < MAX_UNKNOWN {
                    self.unknown.push(text.line.trim_end().to_owned());
                }
                LineKind::Unknown
            }
        }
    }

    fn say(&mut self, message: message::Message, line: &str, at: u64) {
        let linked = self.ran.last_link.clone().filter(|_| message.said.tool == Tool::Lld);
        let said = self.diagnostics.entry(message.said).or_insert_with(|| Said {
            times: 0,
            quote: line.to_owned(),
            at,
            source_line: message.line,
            object: None,
            member: None,
            link: linked,
        });
        said.times += 1;
        if said.object.is_none() {
            said.object = message.object;
            said.member = message.member;
        }
    }

    /// What is known only at the end: the directories of the build, and which objects it made.
    fn settle(&mut self) {
        let all = std::mem::take(&mut self.diagnostics);
        all.keys().filter_map(|said| said.place.as_deref()).for_each(|place| self.ran.place(place));
        let ran = std::mem::take(&mut self.ran);
        let roots = ran.roots();
        for (mut diagnostic, mut said) in all {
            if let Some(place) = &mut diagnostic.place {
                *place = tree::below(place, &roots);
            }
            diagnostic.text = tree::below(&diagnostic.text, &roots);
            if said.object.is_none() {
                let place = diagnostic.place.as_ref();
                said.object = place.and_then(|place| ran.object_of(place));
            }
            if let Some(member) = said.member.as_ref().filter(|_| said.object.is_none()) {
                said.object = ran.object_named(member);
            }
            self.add(diagnostic, said);
        }
        self.ran = ran;
        // Only makes that called others tell of it: what went wrong is not in this log.
        let nothing = !self.diagnostics.keys().any(is_a_reason);
        if let Some(first) = self.roots().first().filter(|first| nothing && !first.is_root()) {
            let target = first.target.clone();
            self.unexplained.insert(target);
        }
    }

    fn add(&mut self, diagnostic: Diagnostic, said: Said) {
        match self.diagnostics.get_mut(&diagnostic) {
            Some(known) => {
                known.times += said.times;
                known.object = known.object.take().or(said.object);
                known.member = known.member.take().or(said.member);
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
        let decoded = text::decode(bytes);
        text::lines(&decoded).iter().any(|text| {
            let line = text.line.trim_end();
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
        self.unexplained.extend(later.unexplained);
        self.account.extend(&later.account);
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
        let failed = self.failures.iter().filter(|f| f.is_root() && f.code() != Some(2));
        let mut targets = failed.filter_map(|f| normalize_path(&f.target)).peekable();
        targets.peek().is_some()
            && targets.all(|target| {
                target.ends_with(".thinlto-native.o")
                    && self.reasons.get(&target).is_some_and(|why| why.contains("[-Werror"))
            })
    }

    /// The failures at which the trouble began: make repeats one on every level above it. Where a log has
    /// only the levels above, the first of them.
    #[must_use]
    pub fn roots(&self) -> Vec<&MakeFailure> {
        let roots: Vec<_> = self.failures.iter().filter(|f| f.is_root()).collect();
        if roots.is_empty() { self.failures.first().into_iter().collect() } else { roots }
    }

    /// How many lines are of no known kind.
    #[must_use]
    pub fn unknown_lines(&self) -> u64 {
        self.account.of(LineKind::Unknown)
    }

    /// Whether make gave up: a recipe failed, there was no rule, a makefile was wrong, or somebody
    /// ended it.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        !self.failures.is_empty()
            || !self.stops.is_empty()
            || self
                .diagnostics
                .keys()
                .any(|said| said.tool == Tool::Make && said.gravity == Gravity::Error)
    }

    /// Whether a message says no more than that the build ended there, and nothing else in the log
    /// tells why: make's own error, or that of a CI where make says nothing.
    #[must_use]
    pub fn is_unexplained(&self, said: &Diagnostic) -> bool {
        match said.class() {
            STEP_FAILED => !self.gave_up() && !self.diagnostics.keys().any(is_a_reason),
            _ if said.tool != Tool::Make || said.gravity != Gravity::Error => false,
            _ => said.place.as_ref().is_some_and(|target| self.unexplained.contains(target)),
        }
    }

    /// What make says at the end of a build that it gave up: the recipes at which the trouble began,
    /// or why it stopped.
    #[must_use]
    pub fn ends(&self) -> Vec<(&Diagnostic, &Said)> {
        let roots: BTreeSet<&str> = self.roots().into_iter().map(|root| &*root.target).collect();
        let errors = || {
            let all = self.diagnostics.iter();
            all.filter(|(said, _)| said.tool == Tool::Make && said.gravity == Gravity::Error)
        };
        let stops: Vec<_> = errors().filter(|(said, _)| is_a_reason(said)).collect();
        if !stops.is_empty() {
            return stops;
        }
        let of_roots =
            |said: &Diagnostic| said.place.as_deref().is_some_and(|it| roots.contains(it));
        let found: Vec<_> = errors().filter(|(said, _)| of_roots(said)).collect();
        if found.is_empty() { errors().take(1).collect() } else { found }
    }

    /// Whether a message is compared, and is no note, no consequence and not about the machine.
    #[must_use]
    pub fn is_compared(said: &Diagnostic) -> bool {
        said.gravity != Gravity::Note && !matches!(said.stage(), Stage::Follows | Stage::Machine)
    }

    /// Whether a message tells by itself what is wrong, and does not follow from another one.
    #[must_use]
    pub fn is_a_reason(said: &Diagnostic) -> bool {
        is_a_reason(said)
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
            let place = Some(format!(" ({})", f.makefile)).filter(|_| !f.makefile.is_empty());
            Some(format!("{}: {}{}", f.target, f.how, place.unwrap_or_default()))
        })
    }
}

/// What make's jobs said since one of them failed.
#[derive(Debug, Default)]
struct Jobs<'t> {
    /// Errors, the latest last, with those that name no object.
    recent: Vec<(&'t str, Option<Diagnostic>)>,
    /// How many errors a compiler counted last.
    counted: Option<usize>,
    /// Which errors may be whose.
    errors: Explained,
    /// Lines that tell what is wrong.
    reasons: Vec<&'t str>,
}

impl<'t> Jobs<'t> {
    fn hear(&mut self, said: &Diagnostic, line: &'t str) {
        self.errors.hear(said);
        if is_a_reason(said) {
            self.reasons.push(line);
        }
    }

    /// Whether the failure of a target has been explained.
    fn explain(&mut self, target: &str) -> bool {
        let stem = target.rsplit_once(".thinlto-native.o").map_or(target, |(stem, _)| stem);
        let stem = stem.strip_suffix(".o").unwrap_or(stem);
        let named = self.reasons.iter().any(|line| line.contains(stem));
        self.reasons.clear();
        self.errors.take(named)
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
    if !has(line, " -fthinlto-index=") {
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
