use super::loss::{Step, lost_with_modkern, step_of};
use super::options::{Change, OptionChange, changes};
use super::words::{cause_of_change, effect_of_change};
use super::{KEY_NO_FLAGS, KEY_NOT_SAVED, severity_of};
use std::collections::BTreeMap;
use twinlto_facts::build::{Answer, CommandText, ObjectFacts};
use twinlto_facts::elf::ObjectKind;
use twinlto_facts::flags::{Resolved, lex, resolve, resolve_options};
use twinlto_facts::kbuild::normalize_path;
use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Severity, Site};

/// What transport has to say of one object.
#[derive(Default)]
pub(super) struct ObjectVerdict {
    pub(super) findings: Vec<Finding>,
    pub(super) flags_compared: u64,
    pub(super) compared: bool,
}

/// How many options are quoted in evidence.
const QUOTED: usize = 4;

pub(super) fn judge(arch: Arch, name: &str, object: &ObjectFacts) -> ObjectVerdict {
    let mut judge = Judge { arch, name, object, verdict: ObjectVerdict::default() };
    judge.run();
    judge.verdict
}

pub(super) struct Judge<'a> {
    pub(super) arch: Arch,
    pub(super) name: &'a str,
    pub(super) object: &'a ObjectFacts,
    pub(super) verdict: ObjectVerdict,
}

impl Judge<'_> {
    fn run(&mut self) {
        for issue in &self.object.issues {
            let finding = self.finding(Key::new("cmd.unreadable"), Severity::Error, None, None);
            self.verdict.findings.push(finding.grouped(issue.clone()).because(issue.clone()));
        }
        let front = match &self.object.front {
            Answer::Read(front) => front,
            Answer::Bad(why) => return self.unreadable("front-end", why),
            Answer::Absent => {
                return self.unreadable("front-end", "there is no .cmd file for this object");
            }
        };
        let Some(front_options) = self.command(front) else {
            return;
        };
        if !self.makes_this_object(front, &front_options) {
            return;
        }
        let back = match &self.object.back {
            Answer::Read(back) => back,
            Answer::Bad(why) => return self.unreadable("backend", why),
            Answer::Absent => {
                if self.object.native.kind.is_some() {
                    self.unrecorded();
                }
                if self.object.saved.is_none() {
                    self.not_saved(front, &front_options, None);
                }
                return;
            }
        };
        let Some(back_options) = self.command(back) else {
            return;
        };
        self.verdict.compared = true;
        self.verdict.flags_compared = front_options.settings.len() as u64;
        self.compare(front, &front_options, back, &back_options);
    }

    fn compare(
        &mut self,
        front: &CommandText,
        front_options: &Resolved,
        back: &CommandText,
        back_options: &Resolved,
    ) {
        if front_options.needed() > 0 && back_options.needed() == 0 {
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
            mode: Some(Mode::Distributed),
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

    /// The first command of a text, resolved; the compiler comes before objtool.
    fn command(&mut self, text: &CommandText) -> Option<Resolved> {
        match lex(&text.text) {
            Ok(commands) => match commands.first() {
                Some(command) => Some(resolve(&command.words)),
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

    /// The saved options, resolved; only where something was lost do they matter.
    fn saved_options(&self) -> Result<Resolved, String> {
        let Some(text) = &self.object.saved else {
            return Ok(Resolved::default());
        };
        let commands = lex(&text.text).map_err(|error| format!("{}: {error}", text.path))?;
        let words: Vec<_> = commands.into_iter().flat_map(|c| c.words).collect();
        Ok(resolve_options(&words))
    }

    pub(super) fn saved_has(&self, text: &str) -> bool {
        self.object.saved.as_ref().is_some_and(|saved| saved.text.contains(text))
    }

    /// A `.cmd` file that makes another object says nothing about this one.
    fn makes_this_object(&mut self, front: &CommandText, options: &Resolved) -> bool {
        let output = options.output.as_deref().and_then(normalize_path);
        if output.as_deref() == Some(self.name) {
            return true;
        }
        let made = options.output.as_deref().unwrap_or("nothing");
        let evidence = Evidence::new("front end", format!("-o {made}")).at(&front.path);
        let finding = self
            .finding(Key::new("cmd.foreign"), Severity::Error, Some(evidence), None)
            .because("its .cmd file records the making of another file")
            .grouped("foreign");
        self.push(finding);
        false
    }

    fn front_evidence(front: &CommandText, options: &Resolved) -> Evidence {
        Evidence::new("front end", format!("{} options", options.options)).at(&front.path)
    }

    /// `none of the 21 that it needs: --target=… -Os …`
    fn nothing_evidence(front: &Resolved, path: Option<&str>) -> Evidence {
        let needed = front.needed_in_order();
        let mut by_weight = needed.clone();
        by_weight.sort_by_key(|s| (s.class, s.index));
        // What selects the target tells most, then what steers code generation.
        by_weight.sort_by_key(|s| s.class != twinlto_facts::flags::Class::TargetSelecting);
        let shown: Vec<&str> = by_weight.iter().take(QUOTED).map(|s| s.text.as_str()).collect();
        let more = if needed.len() > shown.len() { " …" } else { "" };
        let text = format!("none of the {} that it needs: {}{more}", needed.len(), shown.join(" "));
        let evidence = Evidence::new("backend", text);
        match path {
            Some(path) => evidence.at(path),
            None => evidence,
        }
    }

    /// What became of an object whose backend got no options.
    fn effect_of_nothing(&self) -> String {
        let native = &self.object.native;
        match &native.kind {
            Some(ObjectKind::Elf(ident)) if !self.object.back_from_log => {
                match Arch::from_e_machine(ident.e_machine) {
                    Some(made) if made == self.arch => "compiled at -O0, without a word".to_owned(),
                    Some(made) => format!("compiled at -O0, and for {made}"),
                    None => "compiled at -O0, and for another machine".to_owned(),
                }
            }
            _ if self.object.back_from_log => "the backend fails".to_owned(),
            _ => "the backend would be told nothing".to_owned(),
        }
    }

    fn not_saved(&mut self, front: &CommandText, options: &Resolved, back: Option<&CommandText>) {
        let left = Evidence::new(
            "front end",
            format!("{} options, and no saved_c_flags_ line", options.options),
        )
        .at(&front.path);
        let right = Self::nothing_evidence(options, back.map(|b| b.path.as_str()));
        let mut finding = self
            .finding(KEY_NOT_SAVED, Severity::Error, Some(left), Some(right))
            .because("the rule that made the object did not save its flags")
            .known_as("saved-flags-missing-one")
            .remedy("remove the object and build it again")
            .grouped("not saved");
        if let Some(site) = finding.sites.first_mut() {
            site.effect = self.effect_of_nothing();
        }
        self.push(finding);
    }

    /// The backend had its options once, and the next one will not.
    fn saved_no_more(&mut self, front: &CommandText) {
        let left = Evidence::new("front end", "no saved_c_flags_ line").at(&front.path);
        let finding = self
            .finding(KEY_NOT_SAVED, Severity::Warning, Some(left), None)
            .because(
                "its backend got its options, but they are not saved any more: the next build \
                 that runs this backend will run it without them",
            )
            .known_as("saved-flags-missing-one")
            .remedy("remove the object and build it again")
            .grouped("saved no more");
        self.push(finding);
    }

    /// A native object that nothing tells the making of cannot be compared.
    fn unrecorded(&mut self) {
        let finding = self
            .finding(Key::new("flags.backend.unrecorded"), Severity::Error, None, None)
            .because("its native object is there, and no .cmd file records how it was made")
            .remedy("remove the native object and build again")
            .grouped("unrecorded");
        self.push(finding);
    }

    fn not_replayed(&mut self, front: &CommandText, options: &Resolved, back: &CommandText) {
        let left = Self::front_evidence(front, options);
        let right = Self::nothing_evidence(options, Some(&back.path));
        let saved_as = self.object.saved.as_ref().map(|s| s.target.as_str()).unwrap_or_default();
        let finding = self.finding(KEY_NO_FLAGS, Severity::Error, Some(left), Some(right));
        let mut finding = if saved_as != self.name {
            finding
                .because(format!(
                    "they are saved under {saved_as} and were looked up under {}",
                    self.name
                ))
                .known_as("saved-flags-path-alias")
                .remedy("take the flags from the object's own .cmd file, whatever the variable is called")
                .grouped("alias")
        } else {
            finding
                .because("they are saved in its .cmd file under its own name and were not replayed")
                .grouped("not replayed")
        };
        if let Some(site) = finding.sites.first_mut() {
            site.effect = self.effect_of_nothing();
        }
        self.push(finding);
    }

    /// Lost, changed and added options: one finding for those of one severity and one cause.
    fn options(
        &mut self,
        front: &CommandText,
        front_options: &Resolved,
        back: &CommandText,
        back_options: &Resolved,
    ) {
        let all = changes(front_options, back_options);
        if all.is_empty() {
            return;
        }
        let saved = match self.saved_options() {
            Ok(saved) => saved,
            Err(why) => return self.unreadable("saved", &why),
        };
        let mut groups: BTreeMap<(Severity, Change, Step), Vec<&OptionChange>> = BTreeMap::new();
        for change in &all {
            if let Some(severity) = severity_of(change) {
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
            let cause = cause_of_change(kind, step, modkern);
            let mut finding =
                self.finding(key, severity, Some(left), Some(right)).because(cause).grouped(
                    format!("{step:?} {modkern} {}", side(|c| c.from.as_ref().or(c.to.as_ref()))),
                );
            if modkern && kind == Change::Missing {
                finding = finding.known_as("modkern-cflags-not-saved");
            }
            if let (Some(site), Some(change)) = (finding.sites.first_mut(), list.first()) {
                site.effect = effect_of_change(change);
            }
            self.push(finding);
        }
    }
}
