//! Messages as findings.

use super::heard::Side;
use crate::diff::Sides;
use twinlto_facts::log::{BuildLog, Diagnostic, Gravity, RECIPE_FAILED, STEP_FAILED, Said, Stage};
use twinlto_model::{Change, Evidence, Finding, Key, Mode, Severity, Site};

/// One message of a log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) said: &'a Diagnostic,
    pub(super) how: &'a Said,
}

impl Entry<'_> {
    /// Takes in what the log says of the same thing elsewhere; the gravest counts.
    pub(super) fn join(&mut self, other: &Self) {
        if other.said.gravity > self.said.gravity {
            (self.said, self.how) = (other.said, other.how);
        }
    }

    /// The object that it is about. A linker may have only its name: the other log may show which
    /// object that is.
    pub(super) fn object_in(&self, other: &BuildLog) -> Option<String> {
        let member = || self.how.member.as_ref().and_then(|name| other.ran.object_named(name));
        self.how.object.clone().or_else(member)
    }

    pub(super) fn is_error(&self) -> bool {
        self.said.gravity == Gravity::Error
    }

    /// Whether `-Werror` made it an error.
    fn is_strict(&self) -> bool {
        self.said.gravity == Gravity::Error && self.how.quote.contains("[-Werror")
    }
}

/// Who tells of two builds.
pub(super) struct Teller<'a> {
    pub(super) sides: Sides<'a>,
    pub(super) left: &'a Side<'a>,
    pub(super) right: &'a Side<'a>,
    pub(super) modes: bool,
    /// Whether neither log shows a step.
    pub(super) silent: bool,
}

impl Teller<'_> {
    /// The same message, and another severity.
    pub(super) fn severity(&self, a: &Entry<'_>, b: &Entry<'_>) -> Finding {
        let left_is_worse = a.said.gravity > b.said.gravity;
        let error = a.said.gravity.max(b.said.gravity) == Gravity::Error;
        // Between modes, one of the two builds ends; from A to B, it may have got milder.
        let severity = match (error, self.modes || !left_is_worse) {
            (true, true) => Severity::Error,
            _ => Severity::Warning,
        };
        let object = a.object_in(self.right.log).or_else(|| b.object_in(self.left.log));
        let object = object.as_deref();
        let mode = if left_is_worse { self.left.mode } else { self.right.mode };
        let mut site = self.site(mode, a.said, object).sides(
            self.quote(self.sides.left, self.left, a),
            self.quote(self.sides.right, self.right, b),
        );
        let (worse, milder) = match left_is_worse {
            true => (self.sides.left, self.sides.right),
            false => (self.sides.right, self.sides.left),
        };
        if error {
            site.effect = format!("the {worse} build fails for it, the {milder} build does not");
        }
        let class = a.said.class();
        let mut finding = Finding::new(Key::new("log.severity.changed"), severity, site);
        let (strict, mild) = if left_is_worse { (a, b) } else { (b, a) };
        let generated = a.said.stage() == Stage::Generate;
        let strict_side = if left_is_worse { self.left } else { self.right };
        let is_linkers = strict_side.mode == Some(Mode::InProcess);
        let cause = if self.modes && generated && !is_linkers && strict.is_strict() {
            Some(
                "the backend is a compilation, and -Werror turns its warning into an error; \
                 in-process the linker generates the code, and it knows no -Werror"
                    .to_owned(),
            )
        } else if generated && is_linkers && strict_side.log.ran.fatal_warnings {
            Some(
                "the linker generates the code in-process, and its --fatal-warnings turns its \
                 warning into an error; the backend was given no -Werror for it"
                    .to_owned(),
            )
        } else if strict.is_strict() && !mild.is_strict() {
            Some(format!("-Werror turns it into an error in {worse} alone"))
        } else {
            None
        };
        let group = format!("{class} {}", cause.as_deref().unwrap_or_default());
        if let Some(cause) = cause {
            finding = finding.because(cause);
        }
        if self.modes && class == "frame-larger-than" {
            finding = finding.known_as("frame-size-severity").remedy(
                "give the link --fatal-warnings where the backends get -Werror, raise \
                 CONFIG_FRAME_WARN, or let the function use less stack",
            );
        }
        finding.grouped(group)
    }

    /// Both have it.
    pub(super) fn stays(&self, a: &Entry<'_>) -> Finding {
        let why = format!("both say it: {}", kind(a.said));
        self.one(Key::new("log.stays"), Severity::Note, a, (self.left, true), &why)
            .lawful()
            .became(Change::Persisting)
    }

    /// Only the first build has it, and the second ran that step.
    pub(super) fn left_only(&self, a: &Entry<'_>) -> Finding {
        if self.modes {
            return self.one_mode(a, (self.left, true));
        }
        let why = format!("{} does not say it any more: {}", self.sides.right, kind(a.said));
        let why = self.guessed(why, self.sides.right);
        self.one(Key::new("log.fixed"), Severity::Note, a, (self.left, true), &why)
            .lawful()
            .became(Change::Fixed)
    }

    /// Only the second build has it, and the first ran that step.
    pub(super) fn right_only(&self, b: &Entry<'_>) -> Finding {
        if self.modes {
            return self.one_mode(b, (self.right, false));
        }
        let (left, right) = (self.sides.left, self.sides.right);
        let why = if is_the_end(b.said) {
            format!("{right} gave up and {left} did not: {}", kind(b.said))
        } else if self.silent {
            self.guessed(format!("{right} says it and {left} does not: {}", kind(b.said)), left)
        } else {
            format!(
                "{right} says it and {left}, which ran the same step, does not: {}",
                kind(b.said)
            )
        };
        let (key, severity) = new(b.said.gravity);
        self.one(key, severity, b, (self.right, false), &why).became(Change::New)
    }

    fn one_mode(&self, entry: &Entry<'_>, (side, is_left): (&Side<'_>, bool)) -> Finding {
        let (name, other) = match is_left {
            true => (self.sides.left, self.sides.right),
            false => (self.sides.right, self.sides.left),
        };
        let why = if is_the_end(entry.said) {
            format!("make gave up the {name} build and not the {other} one: {}", kind(entry.said))
        } else if self.silent {
            self.guessed(format!("only the {name} build says it: {}", kind(entry.said)), other)
        } else {
            format!(
                "only the {name} build says it, though both ran that step: {}",
                kind(entry.said)
            )
        };
        let (key, severity) = new(entry.said.gravity);
        self.one(key, severity, entry, (side, is_left), &why)
    }

    /// A reason that rests on a step that no log shows.
    fn guessed(&self, why: String, silent: &str) -> String {
        match self.silent {
            true => {
                format!("{why}; the logs show no step, so that {silent} ran this one is a guess")
            }
            false => why,
        }
    }

    fn one(
        &self,
        key: Key,
        severity: Severity,
        entry: &Entry<'_>,
        (side, is_left): (&Side<'_>, bool),
        why: &str,
    ) -> Finding {
        let mode = side.mode.filter(|_| self.modes);
        let other = if is_left { self.right } else { self.left };
        let mut site = self.site(mode, entry.said, entry.object_in(other.log).as_deref());
        let name = if is_left { self.sides.left } else { self.sides.right };
        let quote = Some(self.quote(name, side, entry));
        *(if is_left { &mut site.left } else { &mut site.right }) = quote;
        Finding::new(key, severity, site).because(why).grouped(why)
    }

    /// Where it is: the function or symbol, the object, the file, or the text itself.
    fn site(&self, mode: Option<Mode>, said: &Diagnostic, object: Option<&str>) -> Site {
        let subject = match (said.subject(), object) {
            (name, Some(object)) if is_name(&name) => format!("{name} in {object}"),
            (name, None) if is_name(&name) => name,
            (_, Some(object)) => object.to_owned(),
            (_, None) => said.place.clone().unwrap_or_else(|| short(&said.text)),
        };
        Site::new(self.sides.arch, mode.filter(|_| self.modes), subject)
    }

    fn quote(&self, name: &str, side: &Side<'_>, entry: &Entry<'_>) -> Evidence {
        let text = side.log.ran.below(entry.how.quote.trim());
        let evidence = Evidence::new(name, long(&text));
        match side.log.path.as_str() {
            "" => evidence,
            path => evidence.at(format!("{path}:{}", entry.how.at)),
        }
    }
}

/// Whether it says no more than that the build ended there.
fn is_the_end(said: &Diagnostic) -> bool {
    said.stage() == Stage::Machine || [RECIPE_FAILED, STEP_FAILED].contains(&said.class())
}

fn new(gravity: Gravity) -> (Key, Severity) {
    match gravity {
        Gravity::Error => (Key::new("log.error.new"), Severity::Error),
        Gravity::Warning | Gravity::Note => (Key::new("log.warning.new"), Severity::Warning),
    }
}

/// `clang, frame-larger-than`
fn kind(said: &Diagnostic) -> String {
    format!("{}, {}", said.tool, said.class())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(' ')
}

/// A line of a log as an example.
pub(super) fn such_as(line: &str) -> String {
    let plain: String = line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!(", such as \"{}\"", short(plain.trim()))
}

fn short(text: &str) -> String {
    cut(text, 60)
}

fn long(text: &str) -> String {
    cut(text, 240)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
