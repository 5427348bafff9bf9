//! The steps, one function each.

use super::cleaning::cleaned;
use super::edits::{ADDED_NAME, Changed, Made, ask, is_plain_header};
use super::generation::generation;
use super::ignored::ignored;
use super::lists;
use super::place::Kept;
use super::scratch::Scratch;
use crate::configure::{ConfigSource, overlay_dot_config};
use crate::error::EngineError;
use crate::fs::{read_regular, read_text, write_atomic};
use crate::gather::{Depth, gather};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::cmd_path;
use twinlto_facts::life::Generation;
use twinlto_facts::log::reasons;
use twinlto_model::{Event, LifeStep, Mode, Severity};
use twinlto_verdict::lifecycle::{
    Choice, Cleaning, Edit, Module, StepVerdict, backend_alone, choose, flags_changed, made_again,
    rebuilt, switched,
};

/// What `KCFLAGS` gets: every C object takes it, and it steers code generation alone.
const OPTION: &str = "-fno-unroll-loops";

/// One build in its life.
pub(super) struct Life<'a> {
    scratch: &'a Scratch<'a>,
    facts: &'a BuildFacts,
    config: &'a ConfigSource,
    /// Where sources wait that are changed; our sources are in there.
    home: &'a Path,
    tree: String,
    made: Made,
    choice: Choice,
    kept: Kept,
}

type Told<'e> = &'e mut dyn FnMut(Event);

impl<'a> Life<'a> {
    /// Reads what the build says of itself, and puts it aside.
    pub(super) fn begin(
        scratch: &'a Scratch<'a>,
        facts: &'a BuildFacts,
        config: &'a ConfigSource,
    ) -> Result<Self, EngineError> {
        let tree = scratch.kernel.path.display().to_string();
        let made = Made::read(scratch.dir, &tree)?;
        let choice = choose(&generation(scratch.dir)?, &made.sources, &made.users);
        let kept = Kept::begin(scratch.dir)?;
        let home = scratch.out;
        Ok(Self { scratch, facts, config, home, tree, made, choice, kept })
    }

    /// Takes one step.
    pub(super) fn take(
        &self,
        step: LifeStep,
        events: Told<'_>,
    ) -> Result<StepVerdict, EngineError> {
        // Two steps only look.
        match step {
            LifeStep::Ranges => return lists::ranges(self.kept.path(), self.facts),
            LifeStep::Ignore => {
                return ignored(self.scratch.arch, &self.scratch.kernel.path, self.kept.path());
            }
            _ => self.kept.copy()?,
        }
        match step {
            LifeStep::Noop => self.noop(events),
            LifeStep::Leaf | LifeStep::Imported | LifeStep::Header => self.edit(step, events),
            LifeStep::Switch => self.switch(&[], step, events),
            LifeStep::SwitchEdited => {
                let edits: Vec<String> = [LifeStep::Leaf, LifeStep::Imported, LifeStep::Header]
                    .into_iter()
                    .filter_map(|step| self.file_for(step))
                    .collect();
                match edits.as_slice() {
                    [] => Ok(StepVerdict::not_taken("no file of the kernel is fit to be changed")),
                    edits => self.switch(edits, step, events),
                }
            }
            LifeStep::Flags => self.flags(events),
            LifeStep::Backend => self.backend(events),
            LifeStep::CompileCommands => lists::make_compile_commands(self.scratch, events),
            LifeStep::Clean => self.clean(events),
            LifeStep::Ranges | LifeStep::Ignore => Ok(StepVerdict::default()),
        }
    }

    fn targets(&self) -> &'static [&'static str] {
        match self.facts.config.is_yes("MODULES") {
            true => &["vmlinux", "modules"],
            false => &["vmlinux"],
        }
    }

    fn now(&self) -> Result<Generation, EngineError> {
        generation(self.scratch.dir)
    }

    fn failed(&self, step: LifeStep, doing: &str, headline: &str) -> StepVerdict {
        StepVerdict::failed(self.scratch.arch, step, doing, headline)
    }

    fn noop(&self, events: Told<'_>) -> Result<StepVerdict, EngineError> {
        let before = self.now()?;
        if let Err(headline) = self.scratch.make(self.targets(), events)? {
            return Ok(self.failed(LifeStep::Noop, "make again", &headline));
        }
        let log = self.scratch.log;
        let said = read_regular(log).map_err(|error| EngineError::io("read", log, &error))?;
        Ok(made_again(self.scratch.arch, &before, &self.now()?, &reasons(&said)))
    }

    /// The file that a step changes.
    fn file_for(&self, step: LifeStep) -> Option<String> {
        let fit = match step {
            LifeStep::Leaf => &self.choice.leaf,
            LifeStep::Imported => &self.choice.imported,
            _ => &self.choice.header,
        };
        let tree = &self.scratch.kernel.path;
        let is_fit = |path: &&String| match read_text(&tree.join(path)) {
            Ok(text) => {
                step != LifeStep::Header || is_plain_header(&String::from_utf8_lossy(&text))
            }
            Err(_) => false,
        };
        fit.iter().find(is_fit).cloned()
    }

    fn edit(&self, step: LifeStep, events: Told<'_>) -> Result<StepVerdict, EngineError> {
        let Some(path) = self.file_for(step) else {
            return Ok(StepVerdict::not_taken("no file of the kernel is fit for it"));
        };
        let before = self.now()?;
        let recorded = self.made.users.get(&path).cloned().unwrap_or_default();
        let mut edit = Edit { path: path.clone(), recorded, ..Edit::default() };
        let mut silent = 0;
        if step == LifeStep::Header {
            let Scratch { dir, jobs, .. } = *self.scratch;
            let asked = ask(dir, &self.tree, self.facts, &path, &edit.recorded, jobs)?;
            (edit.unrecorded, silent) = (asked.includes, asked.silent);
        }
        let _changed = Changed::change(&self.scratch.kernel.path, self.home, &path)?;
        let made = self.scratch.make(self.targets(), events)?;
        let after = self.now()?;
        match made {
            Ok(()) => edit.arrived = self.arrived()?,
            // The archive is made when the last backend has run.
            Err(headline) if after.remade(&before, "vmlinux.a") => edit.failed = Some(headline),
            Err(headline) => {
                return Ok(self.failed(step, &format!("make after {path} changed"), &headline));
            }
        }
        let mut verdict = rebuilt(self.scratch.arch, step, (&before, &after), &edit);
        if silent > 0 && verdict.omitted.is_none() {
            verdict.omitted =
                Some(format!("the compiler did not tell the headers of {silent} objects"));
        }
        Ok(verdict)
    }

    /// Whether the linked kernel holds what a change adds. What nobody uses is thrown away where
    /// the linker is told to.
    fn arrived(&self) -> Result<Option<bool>, EngineError> {
        if self.facts.config.is_yes("LD_DEAD_CODE_DATA_ELIMINATION") {
            return Ok(None);
        }
        let path = self.scratch.dir.join("vmlinux");
        let bytes = read_regular(&path).map_err(|error| EngineError::io("read", &path, &error))?;
        Ok(Some(memchr::memmem::find(&bytes, ADDED_NAME.as_bytes()).is_some()))
    }

    /// Switches to in-process and back. `edits` are changed in between.
    fn switch(
        &self,
        edits: &[String],
        step: LifeStep,
        events: Told<'_>,
    ) -> Result<StepVerdict, EngineError> {
        let before = self.now()?;
        let mut verdict = StepVerdict::default();
        if let Err(headline) = self.to(Mode::InProcess, events)? {
            return Ok(self.failed(step, "make after the switch to in-process", &headline));
        }
        let mut changed = Vec::new();
        for path in edits {
            changed.push(Changed::change(&self.scratch.kernel.path, self.home, path)?);
        }
        if !edits.is_empty()
            && let Err(headline) = self.scratch.make(self.targets(), events)?
        {
            return Ok(self.failed(step, "make in-process after a change", &headline));
        }
        let after = self.now()?;
        let in_process: BTreeSet<String> =
            after.units.keys().filter(|name| after.remade(&before, name)).cloned().collect();
        verdict.and(self.audited(Mode::InProcess, false, &in_process)?);
        let made = self.to(Mode::Distributed, events)?;
        if made.is_err() {
            self.scratch.remaining_backends(events)?;
        }
        let audited = self.audited(Mode::Distributed, made.is_err(), &in_process)?;
        let explained = audited.findings.iter().any(|found| found.severity == Severity::Error);
        verdict.and(audited);
        if let Err(headline) = made {
            match explained {
                true => verdict.said.push_str(&format!("; make failed: {headline}")),
                false => {
                    verdict.and(self.failed(step, "make after the switch back", &headline));
                }
            }
        }
        if !edits.is_empty() {
            verdict.said =
                format!("{} changed while in-process; {}", edits.join(", "), verdict.said);
        }
        Ok(verdict)
    }

    /// Selects a mode in place, and builds.
    fn to(&self, mode: Mode, events: Told<'_>) -> Result<Result<(), String>, EngineError> {
        let requested = self.config.requested(self.scratch.arch, mode)?;
        overlay_dot_config(self.scratch.dir, &requested)?;
        match self.scratch.make(&["olddefconfig"], events)? {
            Ok(()) => self.scratch.make(self.targets(), events),
            failed => Ok(failed),
        }
    }

    fn audited(
        &self,
        mode: Mode,
        failed: bool,
        in_process: &BTreeSet<String>,
    ) -> Result<StepVerdict, EngineError> {
        let logs: &[&Path] = if failed { &[self.scratch.log] } else { &[] };
        let facts = gather(self.scratch.dir, logs, Depth::Records)?;
        Ok(switched(self.scratch.arch, mode, &facts, in_process))
    }

    fn flags(&self, events: Told<'_>) -> Result<StepVerdict, EngineError> {
        let before = self.now()?;
        let own = std::env::var("KCFLAGS").unwrap_or_default();
        let flags = format!("{own} {OPTION}");
        let change = |recipe: crate::recipe::Recipe| recipe.env("KCFLAGS", flags.trim());
        if let Err(headline) = self.scratch.make_with(self.targets(), change, events)? {
            return Ok(self.failed(LifeStep::Flags, &format!("make with {OPTION}"), &headline));
        }
        let facts = gather(self.scratch.dir, &[], Depth::Records)?;
        let modules: BTreeMap<String, Module> = lists::recorded(self.scratch.dir)?
            .into_iter()
            .filter(|object| object.is_module && object.source.ends_with(".c"))
            .map(|object| (object.name, Module { command: object.command }))
            .collect();
        let times = (&before, &self.now()?);
        Ok(flags_changed(self.scratch.arch, OPTION, times, &facts, &modules))
    }

    /// Changes what was saved for the first backend that has something saved, as an edited rule of
    /// kbuild would.
    fn backend(&self, events: Told<'_>) -> Result<StepVerdict, EngineError> {
        let mut saved = self.facts.objects.iter().filter(|(_, object)| object.saved.is_some());
        let Some((name, _)) = saved.next() else {
            return Ok(StepVerdict::not_taken("no flags are saved"));
        };
        let path = self.scratch.dir.join(cmd_path(name));
        let text = read_regular(&path).map_err(|error| EngineError::io("read", &path, &error))?;
        let Some(changed) = with_option(&String::from_utf8_lossy(&text)) else {
            return Ok(StepVerdict::not_taken("no line of saved flags can be changed"));
        };
        write_atomic(&path, changed.as_bytes())?;
        let before = self.now()?;
        if let Err(headline) = self.scratch.make(self.targets(), events)? {
            let doing = format!("make with {OPTION} among the saved flags of {name}");
            return Ok(self.failed(LifeStep::Backend, &doing, &headline));
        }
        Ok(backend_alone(self.scratch.arch, OPTION, name, (&before, &self.now()?)))
    }

    fn clean(&self, events: Told<'_>) -> Result<StepVerdict, EngineError> {
        let mut verdict = cleaned(self.scratch, Cleaning::Clean, events)?;
        self.kept.copy()?;
        verdict.and(cleaned(self.scratch, Cleaning::Mrproper, events)?);
        Ok(verdict)
    }
}

/// A `.cmd` file with one more option at the end of the saved flags.
fn with_option(text: &str) -> Option<String> {
    let is_saved = |line: &&str| line.starts_with("saved_c_flags_");
    let line = text.lines().find(is_saved)?;
    Some(text.replacen(line, &format!("{line} {OPTION}"), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_option_is_added_to_the_saved_flags_and_nothing_else() {
        let text = "savedcmd_a.o := clang -c\n\nsaved_c_flags_a.o := -Os\n#SYMVER x 0x1\n";
        let changed = with_option(text).unwrap();
        assert_eq!(changed, text.replace("-Os\n", &format!("-Os {OPTION}\n")));
        assert_eq!(with_option("savedcmd_a.o := clang -c\n"), None);
    }
}
