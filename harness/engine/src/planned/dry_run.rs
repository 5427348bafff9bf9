//! make, asked what it would do.

use super::scratch::Scratch;
use crate::build::Kbuild;
use crate::error::EngineError;
use crate::fs::read_regular;
use crate::process::run_apart;
use crate::recipe::Recipe;
use crate::toolchain::Compiler;
use crate::tree::{KernelTree, makefile};
use std::path::Path;
use twinlto_facts::dry_run::DryRun;
use twinlto_facts::log::{BuildLog, MakeStop};
use twinlto_model::{Arch, Finding, Mode};
use twinlto_verdict::{conditional, stopped};

/// Everything that both dry runs share.
pub(super) struct Make<'a> {
    pub(super) kernel: &'a KernelTree,
    pub(super) arch: Arch,
    pub(super) compiler: &'a Compiler,
    pub(super) scratch: &'a Scratch,
}

/// What a dry run said.
pub(super) struct Said {
    pub(super) run: DryRun,
    ok: bool,
    log: BuildLog,
    /// The last line of its standard error.
    last: Option<String>,
}

impl Said {
    /// Why make did not end well, if so.
    pub(super) fn failure(&self) -> Option<String> {
        let headline = || self.log.headline().or_else(|| self.last.clone());
        (!self.ok).then(|| headline().unwrap_or_else(|| "it failed without a message".to_owned()))
    }
}

impl Make<'_> {
    /// Every front end, as from clean: nothing records how the objects were made.
    pub(super) fn fronts(&self) -> Result<Said, EngineError> {
        self.run("fronts", &[])
    }

    /// Every backend, without descending into the directories: `build-dir` is what the archive of
    /// all objects depends on (`Makefile`, Linux 6.1 to 7.3).
    pub(super) fn backends(&self) -> Result<Said, EngineError> {
        self.run("backends", &["build-dir="])
    }

    fn run(&self, name: &str, more: &[&str]) -> Result<Said, EngineError> {
        let dir = self.scratch.path();
        let kbuild = Kbuild {
            kernel: self.kernel,
            arch: self.arch,
            mode: Mode::Distributed,
            compiler: self.compiler,
            // Several makes would write into each other's lines, with --output-sync too (GNU make
            // 4.3): what a make says of itself does not wait for its turn.
            jobs: 1,
            out: &dir,
            dir: &dir,
            log: &dir,
        };
        // The later V counts. Without it, no command is printed a second time; and without the
        // comparison of commands, none is put together a third time (`scripts/Kbuild.include`).
        let recipe = kbuild.make_archive().args(["-n", "V=0", "KBUILD_NOCMDDEP=1"]);
        let recipe = recipe.args(more.iter().copied());
        self.said(&recipe, name)
    }

    fn said(&self, recipe: &Recipe, name: &str) -> Result<Said, EngineError> {
        let (out, err) = (self.scratch.beside(name), self.scratch.beside(&format!("{name}.err")));
        let status = run_apart(recipe, &out, &err)?;
        let read = |path: &Path| read_regular(path).map_err(|e| EngineError::io("read", path, &e));
        let errors = read(&err)?;
        let last = String::from_utf8_lossy(&errors);
        Ok(Said {
            run: DryRun::parse(&read(&out)?),
            ok: status.success(),
            last: last.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned),
            log: BuildLog::parse(&errors),
        })
    }

    /// Why make did not end well, as findings; none where it did.
    pub(super) fn trouble(&self, said: &Said) -> Vec<Finding> {
        let Some(line) = said.failure() else { return Vec::new() };
        let found: Vec<Finding> = said.log.stops.iter().map(|stop| self.finding(stop)).collect();
        if !found.is_empty() {
            return found;
        }
        vec![self.finding(&MakeStop { place: None, message: line })]
    }

    /// Those that name a line of a makefile: what else kept the front ends from being planned may
    /// be for want of something that a dry run does not make.
    pub(super) fn trouble_with_places(&self, said: &Said) -> Vec<Finding> {
        let stops = said.log.stops.iter().filter(|stop| stop.place.is_some());
        stops.map(|stop| self.finding(stop)).collect()
    }

    fn finding(&self, stop: &MakeStop) -> Finding {
        let (arch, mode) = (self.arch, Mode::Distributed);
        let named = stop.place.as_ref();
        match named.and_then(|(file, _)| makefile(self.kernel, file)) {
            Some((path, text)) => conditional(arch, mode, stop, &path, &text)
                .unwrap_or_else(|| stopped(arch, mode, stop, &path, &text)),
            None => {
                let path = named.map(|(file, _)| file.as_str()).unwrap_or_default();
                stopped(arch, mode, stop, path, "")
            }
        }
    }
}
