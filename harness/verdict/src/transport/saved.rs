//! What became of the saved flags as a whole: not saved, not replayed, cut off, not recorded.

use super::object::Judge;
use super::{KEY_NO_FLAGS, KEY_NOT_SAVED};
use std::borrow::Cow;
use twinlto_facts::build::CommandText;
use twinlto_facts::elf::ObjectKind;
use twinlto_facts::flags::{Class, Resolved};
use twinlto_model::{Arch, Evidence, Key, Severity};

/// How many options are quoted in evidence.
const QUOTED: usize = 4;

/// What becomes of an object whose backend would get no options, and has not run.
pub(crate) const WOULD_BE_TOLD_NOTHING: &str = "the backend would be told nothing";

impl Judge<'_> {
    pub(super) fn front_evidence(front: &CommandText, options: &Resolved<'_>) -> Evidence {
        Evidence::new("front end", format!("{} options", options.options)).at(&front.path)
    }

    /// `none of the 21 that it needs: --target=… -Os …`
    pub(super) fn nothing_evidence(front: &Resolved<'_>, path: Option<&str>) -> Evidence {
        let needed = front.needed_in_order();
        let mut by_weight = needed.clone();
        by_weight.sort_by_key(|s| (s.class, s.index));
        // What selects the target tells most, then what steers code generation.
        by_weight.sort_by_key(|s| s.class != Class::TargetSelecting);
        let shown: Vec<&str> = by_weight.iter().take(QUOTED).map(|s| s.text.as_ref()).collect();
        let more = if needed.len() > shown.len() { " …" } else { "" };
        let text = format!("none of the {} that it needs: {}{more}", needed.len(), shown.join(" "));
        let evidence = Evidence::new("backend", text);
        match path {
            Some(path) => evidence.at(path),
            None => evidence,
        }
    }

    /// What became of an object whose backend got no options.
    pub(super) fn effect_of_nothing(&self) -> String {
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
            _ => WOULD_BE_TOLD_NOTHING.to_owned(),
        }
    }

    pub(super) fn not_saved(
        &mut self,
        front: &CommandText,
        options: &Resolved<'_>,
        back: Option<&CommandText>,
    ) {
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

    /// What is saved now is not what the finished backend was told: the next make runs it again, with
    /// that. kbuild puts the saved flags into the command as they stand.
    pub(super) fn saved_changed(&mut self, back: &CommandText, back_words: &[Cow<'_, str>]) {
        let Some(saved) = &self.object.saved else { return };
        let Ok(saved_words) = self.saved_words() else { return };
        let is_there = saved_words.is_empty()
            || back_words.windows(saved_words.len()).any(|window| window == saved_words);
        // Where something else is wrong, that says more.
        if is_there || !self.verdict.findings.is_empty() {
            return;
        }
        let alone = |ours: &[Cow<'_, str>], theirs: &[Cow<'_, str>]| {
            let mut words: Vec<&str> = Vec::new();
            for word in ours.iter().filter(|word| !theirs.contains(word)).take(QUOTED) {
                words.push(word);
            }
            if words.is_empty() { "no other words".to_owned() } else { words.join(" ") }
        };
        let left = Evidence::new("saved", alone(&saved_words, back_words)).at(&saved.path);
        let right = Evidence::new("backend", "told without these").at(&back.path);
        let finding = self
            .finding(Key::new("flags.saved.changed"), Severity::Warning, Some(left), Some(right))
            .because(
                "the flags saved for its backend are not those that the finished one was given",
            )
            .remedy("build again: make runs the backend with what is saved")
            .grouped("saved changed");
        self.push(finding);
    }

    /// The backend had its options once, and the next one will not.
    pub(super) fn saved_no_more(&mut self, front: &CommandText) {
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
    pub(super) fn unrecorded(&mut self) {
        let finding = self
            .finding(Key::new("flags.backend.unrecorded"), Severity::Error, None, None)
            .because("its native object is there, and no .cmd file records how it was made")
            .remedy("remove the native object and build again")
            .grouped("unrecorded");
        self.push(finding);
    }

    pub(super) fn not_replayed(
        &mut self,
        front: &CommandText,
        options: &Resolved<'_>,
        back: &CommandText,
    ) {
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
                .known_as(super::alias::DEFECT)
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

    /// A saved line is read by what stands behind `:=`. Where a flag holds that too and the
    /// backend got only what follows the last one, everything before it was dropped, in the
    /// middle of a quote more often than not: then the shell cannot even read the command, and
    /// there may be no record of it.
    pub(super) fn cut_off(&mut self, front: &CommandText, back: Option<&CommandText>) -> bool {
        const ASSIGN: &str = ":= ";
        let Some(saved) = &self.object.saved else {
            return false;
        };
        let Some((dropped, rest)) = saved.text.rsplit_once(ASSIGN) else {
            return false;
        };
        let rest = rest.trim();
        let got_the_rest = |back: &CommandText| {
            !rest.is_empty() && back.text.contains(rest) && !back.text.contains(saved.text.trim())
        };
        if !back.is_none_or(got_the_rest) {
            return false;
        }
        let words: Vec<&str> = dropped.split(' ').filter(|word| !word.is_empty()).collect();
        let shown = words.iter().take(QUOTED).copied().collect::<Vec<_>>().join(" ");
        let more = if words.len() > QUOTED { " …" } else { "" };
        let text = format!("{} words up to '{ASSIGN}': {shown}{more}", words.len());
        let left = Evidence::new("saved", text).at(&front.path);
        let right = match back {
            Some(back) => Evidence::new("backend", "none of them").at(&back.path),
            None => Evidence::new("backend", "no command is recorded"),
        };
        let mut finding = self
            .finding(Key::new("flags.saved.cut"), Severity::Error, Some(left), Some(right))
            .because(
                "a flag holds ':= ', and the saved line was cut at its last one instead of its \
                 first: everything before it is dropped",
            )
            .known_as("greedy-assign")
            .remedy("cut at the first ':= ' (sed 's/^saved_c_flags_[^ ]* := //p')")
            .grouped("cut");
        if let Some(site) = finding.sites.first_mut() {
            site.effect = self.effect_of_nothing();
        }
        self.push(finding);
        true
    }

    /// make takes `#` for the start of a comment where it reads a saved line as a variable: what
    /// follows is dropped, in the middle of a quote more often than not.
    pub(super) fn cut_at_comment(&mut self, front: &CommandText, back: &CommandText) -> bool {
        let Some(saved) = &self.object.saved else {
            return false;
        };
        let Some((kept, dropped)) = saved.text.split_once('#') else {
            return false;
        };
        let kept = kept.trim();
        let is_cut = !kept.is_empty()
            && back.text.contains(kept)
            && !back.text.contains(dropped.trim())
            && !back.text.contains(saved.text.trim());
        if !is_cut {
            return false;
        }
        let tail: String =
            kept.chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect();
        let left =
            Evidence::new("saved", format!("…{tail}#{}", dropped.trim_end())).at(&front.path);
        let right = Evidence::new("backend", format!("…{tail}")).at(&back.path);
        let mut finding = self
            .finding(Key::new("flags.saved.cut"), Severity::Error, Some(left), Some(right))
            .because(
                "a flag holds '#', and make takes it for a comment where it reads the saved line \
                 as a variable: it and everything after it is dropped",
            )
            .known_as("make-special-chars")
            .remedy("read the line as text (sed), or save it with '#' as $(pound)")
            .grouped("comment");
        if let Some(site) = finding.sites.first_mut() {
            site.effect = self.effect_of_nothing();
        }
        self.push(finding);
        true
    }
}
