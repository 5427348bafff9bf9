use crate::build::{Failure, Kbuild};
use crate::error::EngineError;
use crate::recipe::Recipe;
use crate::toolchain::Compiler;
use crate::tree::KernelTree;
use std::path::Path;
use twinlto_model::{Arch, Event, Mode};

/// A distributed build that may be built in, changed and cleaned.
#[derive(Debug, Clone)]
pub(crate) struct Scratch<'a> {
    /// Its sources.
    pub kernel: &'a KernelTree,
    /// Its architecture.
    pub arch: Arch,
    /// What compiles it.
    pub compiler: &'a Compiler,
    /// Jobs at once.
    pub jobs: usize,
    /// The output directory that is ours; every command carries its name, so that what is left of
    /// a killed run is found.
    pub out: &'a Path,
    /// The build directory.
    pub dir: &'a Path,
    /// Where make's words go.
    pub log: &'a Path,
}

impl Scratch<'_> {
    fn kbuild(&self) -> Kbuild<'_> {
        Kbuild {
            kernel: self.kernel,
            arch: self.arch,
            mode: Mode::Distributed,
            compiler: self.compiler,
            jobs: self.jobs,
            out: self.out,
            dir: self.dir,
            log: self.log,
        }
    }

    /// Runs make, with the commands and its reasons in the log.
    ///
    /// # Errors
    ///
    /// When make cannot be run or the disk is full. That make failed is the inner error: the line
    /// that tells most.
    pub(super) fn make(
        &self,
        targets: &[&str],
        events: &mut dyn FnMut(Event),
    ) -> Result<Result<(), String>, EngineError> {
        self.make_with(targets, |recipe| recipe, events)
    }

    /// make stops at the first backend that fails; this tries the others, too. Its words follow in
    /// the log.
    pub(super) fn remaining_backends(
        &self,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        if self.kernel.has_goal("vmlinux_a") {
            let kbuild = self.kbuild();
            let recipe = kbuild.make(&["vmlinux_a"]).arg("-k").arg("--output-sync=target");
            kbuild.run(&recipe, true, None, events)?;
        }
        Ok(())
    }

    /// The same as [`Self::make`], with a change of the command.
    pub(super) fn make_with(
        &self,
        targets: &[&str],
        change: impl FnOnce(Recipe) -> Recipe,
        events: &mut dyn FnMut(Event),
    ) -> Result<Result<(), String>, EngineError> {
        let kbuild = self.kbuild();
        // Commands and reasons (`Makefile`, Linux 7.3: V=1 and V=2 can be combined).
        let recipe = change(kbuild.make(targets).arg("V=12"));
        if kbuild.run(&recipe, false, None, events)?.ok {
            return Ok(Ok(()));
        }
        let Failure { disk_full, headline, .. } = kbuild.failure()?;
        if disk_full {
            return Err(EngineError::disk(
                format!("failed to build in {}", self.dir.display()),
                "no space left on the device",
            ));
        }
        Ok(Err(headline))
    }
}
