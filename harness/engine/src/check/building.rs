//! The second half of a build's way: make, and the native objects that are not its matter.

use super::twin::{Cell, Origin, Twin, USED};
use crate::build::Made;
use crate::configure::dot_config;
use crate::error::EngineError;
use crate::fs::{remove_tree, write_atomic};
use crate::recipe::Recipe;
use crate::record::Mark;
use crate::thinlto::to_native;
use std::path::Path;
use std::time::Duration;
use twinlto_model::{Event, Mode, Stage, count};

impl Twin<'_> {
    /// Builds. A directory in which an earlier build was started is made anew first: kbuild
    /// appends flags and CRCs to a `.cmd` file after the object is there, so an object of an
    /// interrupted build can look finished and lack them for ever.
    pub(super) fn build(
        &self,
        cell: &mut Cell,
        origin: Origin<'_>,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        let before = cell.recipe.clone();
        let (targets, recipe) = self.build_recipe(cell, &before)?;
        let mut append = true;
        let is_used = self.out.finished(self.arch, cell.mode, USED, USED).is_some();
        if is_used && self.finished(cell, Stage::Build, &recipe).is_none() {
            match origin {
                Origin::Twin(_) | Origin::Base(_) => {
                    self.out.forget(self.arch, cell.mode, &["copy"])?;
                    self.copy_and_switch(cell, origin, events)?;
                }
                Origin::Clean => {
                    keep_only_config(&cell.dir)?;
                    // What the build that was given up has said is not what this one says.
                    append = false;
                }
            }
        }
        self.stage(cell, Stage::Build, &recipe, events, |cell, events| {
            let used = Mark::new(USED, String::new(), Duration::ZERO, 0);
            self.out.finish(self.arch, cell.mode, USED, &used)?;
            let made = match cell.mode {
                Mode::Reference | Mode::Dtlto => {
                    self.make_natively(cell, targets, append, events)?
                }
                Mode::Distributed | Mode::InProcess => self.make(cell, targets, append, events)?,
            };
            if cell.failure.is_some() && cell.mode == Mode::Distributed {
                self.remaining_backends(cell, events)?;
            }
            Ok(Some(made.objects))
        })
    }

    /// Lets kbuild compile, makes the native objects, and lets kbuild link them.
    fn make_natively(
        &self,
        cell: &mut Cell,
        targets: &[&str],
        append: bool,
        events: &mut dyn FnMut(Event),
    ) -> Result<Made, EngineError> {
        let recipe = self.kbuild(cell).make_archive();
        let made = self.run_make(cell, &recipe, append, events)?;
        if cell.failure.is_some() {
            return Ok(made);
        }
        let failed = to_native(&self.kbuild(cell), events)?;
        if !failed.is_empty() {
            cell.failure = Some(count(failed.len(), "backend failed", "backends failed"));
            cell.findings.extend(failed);
            return Ok(made);
        }
        self.make(cell, targets, true, events)?;
        Ok(made)
    }

    fn build_recipe(
        &self,
        cell: &Cell,
        before: &str,
    ) -> Result<(&'static [&'static str], String), EngineError> {
        let config = dot_config(&cell.dir)?;
        let targets: &[&str] =
            if config.is_yes("MODULES") { &["vmlinux", "modules"] } else { &["vmlinux"] };
        let identity = self.kbuild(cell).identity(targets);
        Ok((targets, format!("{before}\n{identity}\n{}", config.to_text())))
    }

    /// make stops at the first backend that fails. The others still have something to tell, so
    /// they are tried too.
    fn remaining_backends(
        &self,
        cell: &Cell,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        if !cell.dir.join("vmlinux.thinlto-index").exists() || cell.dir.join("vmlinux.a").exists() {
            return Ok(());
        }
        let kbuild = self.kbuild(cell);
        // What a backend says stands together with make's word that it failed.
        let recipe = kbuild.make(&["vmlinux_a"]).arg("-k").arg("--output-sync=target");
        kbuild.run(&recipe, true, None, events)?;
        Ok(())
    }

    /// One make; a failure of the kernel is kept in the cell, one of the disk ends the check.
    pub(super) fn make(
        &self,
        cell: &mut Cell,
        targets: &[&str],
        append: bool,
        events: &mut dyn FnMut(Event),
    ) -> Result<Made, EngineError> {
        let recipe = self.kbuild(cell).make(targets);
        self.run_make(cell, &recipe, append, events)
    }

    fn run_make(
        &self,
        cell: &mut Cell,
        recipe: &Recipe,
        append: bool,
        events: &mut dyn FnMut(Event),
    ) -> Result<Made, EngineError> {
        let kbuild = self.kbuild(cell);
        let made = kbuild.run(recipe, append, None, events)?;
        if made.ok {
            return Ok(made);
        }
        let failure = kbuild.failure()?;
        if failure.disk_full {
            return Err(EngineError::disk(
                format!("failed to build in {}", cell.dir.display()),
                "no space left on the device",
            ));
        }
        cell.failure = Some(failure.headline);
        cell.findings.extend(failure.conditionals);
        Ok(made)
    }
}

/// Brings a build directory back to where its configuration was finished.
fn keep_only_config(dir: &Path) -> Result<(), EngineError> {
    let path = dir.join(".config");
    let config = std::fs::read(&path).map_err(|e| EngineError::io("read", &path, &e))?;
    remove_tree(dir)?;
    write_atomic(&path, &config)
}
