//! One object: what its front end was told, what was saved, and what its backend was told.

use super::loss::{Step, lost_with_modkern, step_of};
use super::options::{Change, OptionChange, changes};
use super::severity_of;
use super::shared::Shared;
use super::words::{cause_of_change, effect_of_change, known_loss};
use std::borrow::Cow;
use std::collections::BTreeMap;
use twinlto_facts::build::{Answer, CommandText, ObjectFacts};
use twinlto_facts::flags::{Class, Resolved, compile, lex, resolve, resolve_options};
use twinlto_facts::kbuild::normalize_path;
use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Severity, Site};

/// What transport has to say of one object.
#[derive(Default)]
pub(super) struct ObjectVerdict {
    pub(super) findings: Vec<Finding>,
    pub(super) flags_compared: u64,
    /// Those among them that decide nothing for a backend.
    pub(super) flags_aside: u64,
    pub(super) compared: bool,
}

pub(super) fn judge(arch: Arch, mode: Mode, name: &str, object: &ObjectFacts) -> ObjectVerdict {
    let mut judge = Judge { arch, mode, name, object, verdict: ObjectVerdict::default() };
    judge.run();
    judge.verdict
}

/// What is odd about the records of one object, whatever they say.
pub(super) fn odd(arch: Arch, mode: Mode, name: &str, object: &ObjectFacts) -> Vec<Finding> {
    let mut judge = Judge { arch, mode, name, object, verdict: ObjectVerdict::default() };
    judge.issues();
    judge.verdict.findings
}

pub(super) struct Judge<'a> {
    pub(super) arch: Arch,
    pub(super) mode: Mode,
    pub(super) name: &'a str,
    pub(super) object: &'a ObjectFacts,
    pub(super) verdict: ObjectVerdict,
}

impl<'a> Judge<'a> {
    fn run(&mut self) {
        self.issues();
        self.afterwards();
        if self.compare_around().is_none() {
            self.compare_all();
        }
    }

    fn issues(&mut self) {
        for issue in &self.object.issues {
            let finding = self.finding(Key::new("cmd.unreadable"), Severity::Error, None, None);
            self.verdict.findings.push(finding.grouped(issue.clone()).because(issue.clone()));
        }
        self.named_files();
    }

    /// The short way, where both commands hold the saved flags as they stand; none where they do
    /// not, and then nothing was judged.
    fn compare_around(&mut self) -> Option<()> {
        let object = self.object;
        let (front, back) = (object.front.get()?, object.back.get()?);
        let saved = object.saved.as_ref()?;
        let cut = Shared::cut(&front.text, &back.text, &saved.text)?;
        let around = cut.around()?;
        if self.makes_this_object(front, &around.front) && self.is_own_backend(back, &around.back) {
            // Nothing outside of what both share decides anything for a backend.
            let own = around.front.options;
            self.compared(own + around.shared, own + around.aside);
            self.driver(back, &around.back);
            self.compiler(front, &around.front, back, &around.back);
        }
        Some(())
    }

    fn compare_all(&mut self) {
        let front = match &self.object.front {
            Answer::Read(front) => front,
            Answer::Bad(why) => return self.unreadable("front-end", why),
            Answer::Absent => {
                return self.unreadable("front-end", "there is no .cmd file for this object");
            }
        };
        let Some(front_words) = self.command(front) else {
            return;
        };
        let front_options = resolve(&front_words);
        if !self.makes_this_object(front, &front_options) {
            return;
        }
        let back = match &self.object.back {
            Answer::Read(back) => back,
            Answer::Bad(_) if self.cut_off(front, None) => return,
            Answer::Bad(why) => return self.unreadable("backend", why),
            Answer::Absent => {
                if self.object.native.kind.is_some() {
                    self.unrecorded();
                }
                if self.mode.is_kbuilds() && self.object.saved.is_none() {
                    self.not_saved(front, &front_options, None);
                }
                return;
            }
        };
        if self.cut_off(front, Some(back)) || self.cut_at_comment(front, back) {
            return;
        }
        let Some(back_words) = self.command(back) else {
            return;
        };
        let back_options = resolve(&back_words);
        if !self.is_own_backend(back, &back_options) {
            return;
        }
        let aside = front_options.options.saturating_sub(front_options.needed());
        self.compared(front_options.options, aside);
        self.compare(front, &front_options, back, &back_options);
        if self.mode.is_kbuilds() {
            self.saved_changed(back, &back_words);
        }
    }

    fn compared(&mut self, options: usize, aside: usize) {
        self.verdict.compared = true;
        self.verdict.flags_compared = options as u64;
        self.verdict.flags_aside = aside as u64;
    }

    fn compare(
        &mut self,
        front: &CommandText,
        front_options: &Resolved<'_>,
        back: &CommandText,
        back_options: &Resolved<'_>,
    ) {
        if !self.mode.is_kbuilds() {
            // Nobody saves flags; whoever ran the backends took them from elsewhere.
            self.options(front, front_options, back, back_options);
        } else if front_options.needed() > 0 && back_options.needed() == 0 {
            match &self.object.saved {
                None => self.not_saved(front, front_options, Some(back)),
                Some(_) => self.not_replayed(front, front_options, back),
            }
        } else {
            if self.object.saved.is_none() {
                self.saved_no_more(front);
            }
            self.options(front, front_options, back, back_options);
            self.modfile(front, front_options, back, back_options);
            self.quoting(front, front_options, back, back_options);
        }
        self.driver(back, back_options);
        self.compiler(front, front_options, back, back_options);
    }

    fn site(&self, left: Option<Evidence>, right: Option<Evidence>) -> Site {
        Site {
            arch: self.arch,
            mode: Some(self.mode),
            subject: self.name.to_owned(),
            left,
            right,
            effect: String::new(),
        }
    }

    pub(super) fn finding(
        &self,
        key: Key,
        severity: Severity,
        left: Option<Evidence>,
        right: Option<Evidence>,
    ) -> Finding {
        Finding::new(key, severity, self.site(left, right))
    }

    pub(super) fn push(&mut self, finding: Finding) {
        self.verdict.findings.push(finding);
    }

    fn unreadable(&mut self, which: &str, why: &str) {
        let finding = self
            .finding(Key::new("cmd.unreadable"), Severity::Error, None, None)
            .because(format!("the {which} command cannot be compared: {why}"))
            // The reason follows the path.
            .grouped(format!("{which}{}", why.rsplit(": ").next().unwrap_or(why)));
        self.push(finding);
    }

    /// The words of the command that compiles.
    fn command<'t>(&mut self, text: &'t CommandText) -> Option<Vec<Cow<'t, str>>> {
        match lex(&text.text) {
            Ok(commands) => match compile(&commands) {
                Some(command) => Some(command.words.clone()),
                None => {
                    self.unreadable("recorded", &format!("{}: it holds no command", text.path));
                    None
                }
            },
            Err(error) => {
                self.unreadable("recorded", &format!("{}: {error}", text.path));
                None
            }
        }
    }

    /// The saved options; only where something was lost do they matter.
    pub(super) fn saved_words(&self) -> Result<Vec<Cow<'a, str>>, String> {
        let Some(text) = &self.object.saved else {
            return Ok(Vec::new());
        };
        let commands = lex(&text.text).map_err(|error| format!("{}: {error}", text.path))?;
        Ok(commands.into_iter().flat_map(|c| c.words).collect())
    }

    pub(super) fn saved_has(&self, text: &str) -> bool {
        self.object.saved.as_ref().is_some_and(|saved| saved.text.contains(text))
    }

    /// A `.cmd` file that makes another object says nothing about this one.
    fn makes_this_object(&mut self, front: &CommandText, options: &Resolved<'_>) -> bool {
        let output = options.output.and_then(normalize_path);
        if output.as_deref() == Some(self.name) {
            return true;
        }
        let made = options.output.unwrap_or("nothing");
        let evidence = Evidence::new("front end", format!("-o {made}")).at(&front.path);
        let finding = self
            .finding(Key::new("cmd.foreign"), Severity::Error, Some(evidence), None)
            .because("its .cmd file records the making of another file")
            .grouped("foreign");
        self.push(finding);
        false
    }

    /// How bad a change is. Only kbuild hands a backend what its bitcode records already, and what
    /// is an error.
    fn severity_of(&self, change: &OptionChange) -> Option<Severity> {
        let spared = match change.class {
            Class::CodegenInIr => change.change == Change::Missing,
            class => class == Class::WarningStrict,
        };
        if spared && !self.mode.is_kbuilds() {
            return None;
        }
        severity_of(change)
    }

    /// Lost, changed and added options: one finding for those of one severity and one cause.
    fn options(
        &mut self,
        front: &CommandText,
        front_options: &Resolved<'_>,
        back: &CommandText,
        back_options: &Resolved<'_>,
    ) {
        let all = changes(front_options, back_options);
        if all.is_empty() {
            return;
        }
        let saved_words = match self.saved_words() {
            Ok(words) => words,
            Err(why) => return self.unreadable("saved", &why),
        };
        let saved = resolve_options(&saved_words);
        let mut groups: BTreeMap<(Severity, Change, Step), Vec<&OptionChange>> = BTreeMap::new();
        for change in &all {
            if let Some(severity) = self.severity_of(change) {
                let step = step_of(change, front_options, &saved);
                groups.entry((severity, change.change, step)).or_default().push(change);
            }
        }
        for ((severity, kind, step), list) in groups {
            let key = match kind {
                Change::Missing => Key::new("flags.option.missing"),
                Change::Different => Key::new("flags.option.changed"),
                Change::Added => Key::new("flags.option.added"),
            };
            let side = |pick: fn(&OptionChange) -> Option<&String>| {
                let texts: Vec<&str> =
                    list.iter().filter_map(|c| pick(c)).map(String::as_str).collect();
                if texts.is_empty() { "not there".to_owned() } else { texts.join(" ") }
            };
            let left = Evidence::new("front end", side(|c| c.from.as_ref())).at(&front.path);
            let right = Evidence::new("backend", side(|c| c.to.as_ref())).at(&back.path);
            let modkern = lost_with_modkern(&list, front_options, &saved);
            let cause = match self.mode.is_kbuilds() {
                true => cause_of_change(kind, step, modkern),
                false if self.mode == Mode::Dtlto => lld_gives_all_the_same(kind).to_owned(),
                false => "the backend was not given what its front end was".to_owned(),
            };
            let mut finding =
                self.finding(key, severity, Some(left), Some(right)).because(cause).grouped(
                    format!("{step:?} {modkern} {}", side(|c| c.from.as_ref().or(c.to.as_ref()))),
                );
            if modkern && kind == Change::Missing && self.mode.is_kbuilds() {
                finding = finding.known_as("modkern-cflags-not-saved");
            } else if kind == Change::Missing
                && let Some(defect) = known_loss(&list)
            {
                finding = finding.known_as(defect);
            }
            if let (Some(site), Some(change)) = (finding.sites.first_mut(), list.first()) {
                site.effect = effect_of_change(change);
            }
            // kbuild does not use it; what it would lose is told, and is nobody's fault.
            if self.mode == Mode::Dtlto && finding.severity != Severity::Note {
                finding.severity = Severity::Note;
                finding = finding.lawful();
            }
            self.push(finding);
        }
    }
}

/// lld forwards nothing of kbuild's, and what it is told is for all backends of a link.
const fn lld_gives_all_the_same(change: Change) -> &'static str {
    match change {
        Change::Added => "lld gives every backend what its own in-process link implies",
        Change::Missing | Change::Different => {
            "lld gives all backends of a link the same options, and not all objects have this one"
        }
    }
}

#[cfg(test)]
mod tests;
