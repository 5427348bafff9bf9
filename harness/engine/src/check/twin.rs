//! The two builds of one architecture, stage by stage.

use super::CheckRequest;
use crate::build::Kbuild;
use crate::configure::{dot_config, overlay_dot_config};
use crate::copy::{copy_build, forget_made};
use crate::error::EngineError;
use crate::fs::{remove_file, remove_tree};
use crate::record::{Mark, OutDir};
use crate::toolchain::Compiler;
use crate::tree::KernelTree;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use twinlto_model::{
    Allowed, Arch, CellReport, Event, Finding, Mode, Modes, NotCompared, Severity, Stage,
    StageTime, Timings, TwinReport,
};
use twinlto_verdict::{Compared, Expectations, Refresh, lost_options};

/// One architecture of a check.
pub(crate) struct Twin<'a> {
    pub(crate) request: &'a CheckRequest,
    pub(crate) kernel: &'a KernelTree,
    pub(crate) compiler: &'a Compiler,
    pub(crate) out: &'a OutDir,
    pub(crate) arch: Arch,
    /// What identifies kernel and toolchain.
    pub(crate) identity: &'a str,
    pub(crate) modes: Modes,
    pub(crate) from_twin: bool,
    /// What may differ.
    pub(crate) expectations: &'a Expectations,
    /// Major version of LLVM.
    pub(crate) llvm: u32,
}

/// What came of it.
pub(crate) struct TwinResult {
    pub(crate) report: TwinReport,
    pub(crate) cells: Vec<CellReport>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) allowed: Vec<Allowed>,
    pub(crate) compared: Compared,
    pub(crate) not_compared: Vec<NotCompared>,
}

/// One build and how far it came.
pub(crate) struct Cell {
    pub(crate) mode: Mode,
    pub(crate) dir: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) timings: Timings,
    pub(crate) findings: Vec<Finding>,
    /// Why there is no kernel, where there is none.
    pub(crate) failure: Option<String>,
    /// Hash of everything that decided the build.
    pub(crate) recipe: String,
}

impl Cell {
    /// A build of which nothing is known yet.
    pub(crate) fn new(mode: Mode, dir: PathBuf, log: PathBuf) -> Self {
        Self {
            mode,
            dir,
            log,
            timings: Timings::new(),
            findings: Vec::new(),
            failure: None,
            recipe: String::new(),
        }
    }
}

impl Twin<'_> {
    pub(super) fn run(&self, events: &mut dyn FnMut(Event)) -> Result<TwinResult, EngineError> {
        let first = self.first(events)?;
        let second = match (&first.failure, self.modes.second) {
            (None, Some(mode)) => Some(self.second(mode, &first, events)?),
            // Whether the other mode fails, too, is the question then.
            (Some(_), Some(mode)) if self.kbuild(&first).fails_by_warnings_alone()? => {
                Some(self.second(mode, &first, events)?)
            }
            _ => None,
        };
        let (arch, mode) = (self.arch, None);
        let stage = Stage::Compare;
        events(Event::Started { arch, mode, stage });
        let start = Instant::now();
        let result = self.compare(first, second, events)?;
        events(Event::Finished { arch, mode, stage, took: Some(start.elapsed()) });
        Ok(result)
    }

    fn cell(&self, mode: Mode) -> Cell {
        Cell::new(mode, self.out.build(self.arch, mode), self.out.log(self.arch, mode))
    }

    pub(super) fn kbuild<'a>(&'a self, cell: &'a Cell) -> Kbuild<'a> {
        Kbuild {
            kernel: self.kernel,
            arch: self.arch,
            mode: cell.mode,
            compiler: self.compiler,
            jobs: self.request.jobs,
            out: &self.out.path,
            dir: &cell.dir,
            log: &cell.log,
        }
    }

    /// Builds the first mode: from clean, or from a copy of its base.
    pub(super) fn first(&self, events: &mut dyn FnMut(Event)) -> Result<Cell, EngineError> {
        let mut cell = self.cell(self.modes.first);
        let base = self.base(cell.mode);
        let origin = base.as_ref().map_or(Origin::Clean, Origin::Base);
        self.start(&mut cell, origin, events)?;
        if cell.failure.is_none() {
            self.build(&mut cell, origin, events)?;
        }
        Ok(cell)
    }

    /// The finished build of another state of the sources, where one is given.
    fn base(&self, mode: Mode) -> Option<PathBuf> {
        let home = self.request.base.as_ref()?.out.join(self.arch.name());
        let dir = home.join(mode.name());
        let is_whole = home.join(format!("{mode}.{}.json", Stage::Build.name())).is_file()
            && dir.join("vmlinux").is_file();
        is_whole.then_some(dir)
    }

    /// Makes the directory that a build begins with.
    fn start(
        &self,
        cell: &mut Cell,
        origin: Origin<'_>,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        match origin {
            Origin::Clean => self.clean_configure(cell, events),
            Origin::Twin(_) | Origin::Base(_) => self.copy_and_switch(cell, origin, events),
        }
    }

    /// Builds the second mode: from a copy of the first build, whose IR objects serve all modes, or
    /// from clean.
    fn second(
        &self,
        mode: Mode,
        twin: &Cell,
        events: &mut dyn FnMut(Event),
    ) -> Result<Cell, EngineError> {
        let mut cell = self.cell(mode);
        let origin = if self.from_twin { Origin::Twin(twin) } else { Origin::Clean };
        self.start(&mut cell, origin, events)?;
        if cell.failure.is_none() {
            self.build(&mut cell, origin, events)?;
        }
        Ok(cell)
    }

    /// The mark of a stage that an earlier run finished by the same recipe, if its result is
    /// still there as it was.
    pub(super) fn finished(&self, cell: &Cell, stage: Stage, recipe: &str) -> Option<Mark> {
        let recipe = blake3::hash(recipe.as_bytes()).to_hex().to_string();
        self.out
            .finished(self.arch, cell.mode, stage.name(), &recipe)
            .filter(|mark| !mark.proof.is_empty() && mark.proof == proof(cell, stage))
    }

    /// Runs a stage unless an earlier run finished the same one.
    pub(super) fn stage(
        &self,
        cell: &mut Cell,
        stage: Stage,
        recipe: &str,
        events: &mut dyn FnMut(Event),
        work: impl FnOnce(&mut Cell, &mut dyn FnMut(Event)) -> Result<Option<usize>, EngineError>,
    ) -> Result<(), EngineError> {
        let (arch, mode, name) = (self.arch, cell.mode, stage.name());
        let finished = self.finished(cell, stage, recipe);
        cell.recipe = blake3::hash(recipe.as_bytes()).to_hex().to_string();
        if let Some(mark) = finished {
            cell.timings.insert(name.to_owned(), StageTime { seconds: mark.seconds, reused: true });
            events(Event::Finished { arch, mode: Some(mode), stage, took: None });
            return Ok(());
        }
        // From here on nothing that this stage or a later one made counts any more.
        let results: &[&str] = match stage {
            Stage::Build => &["build"],
            // The others start from an empty directory.
            _ => &["configure", "copy", "build", USED],
        };
        self.out.forget(arch, mode, results)?;
        events(Event::Started { arch, mode: Some(mode), stage });
        let start = Instant::now();
        let objects = work(cell, events)?;
        let took = start.elapsed();
        cell.timings
            .insert(name.to_owned(), StageTime { seconds: took.as_secs_f64(), reused: false });
        if cell.failure.is_none() {
            let mark = Mark::new(&cell.recipe, proof(cell, stage), took, objects.unwrap_or(0));
            self.out.finish(arch, mode, name, &mark)?;
            events(Event::Finished { arch, mode: Some(mode), stage, took: Some(took) });
        } else if let Some(line) = &cell.failure {
            events(Event::Failed { arch, mode: Some(mode), stage, line: line.clone() });
        }
        Ok(())
    }

    /// Makes `.config` in an empty directory.
    fn clean_configure(
        &self,
        cell: &mut Cell,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        let requested = self.request.config.requested(self.arch, cell.mode)?;
        let target = self.request.config.target();
        let kbuild = self.kbuild(cell);
        let recipe = format!(
            "{}\n{}\n{}",
            self.identity,
            kbuild.identity(&[target.unwrap_or("olddefconfig")]),
            requested.to_text()
        );
        self.stage(cell, Stage::Configure, &recipe, events, |cell, events| {
            remove_tree(&cell.dir)?;
            std::fs::create_dir_all(&cell.dir)
                .map_err(|e| EngineError::io("make", &cell.dir, &e))?;
            self.configure(cell, true, events)?;
            Ok(None)
        })?;
        self.verify_config(cell)
    }

    /// Makes `.config`: anew, or of the one that is there.
    fn configure(
        &self,
        cell: &mut Cell,
        anew: bool,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        let mut append = false;
        if anew {
            remove_file(&cell.dir.join(".config"))?;
        }
        if let Some(target) = self.request.config.target().filter(|_| anew) {
            self.make(cell, &[target], append, events)?;
            append = true;
        }
        if cell.failure.is_none() {
            let requested = self.request.config.requested(self.arch, cell.mode)?;
            overlay_dot_config(&cell.dir, &requested)?;
            self.make(cell, &["olddefconfig"], append, events)?;
        }
        Ok(())
    }

    /// Copies another build without what this one must make itself, and configures it.
    pub(super) fn copy_and_switch(
        &self,
        cell: &mut Cell,
        origin: Origin<'_>,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        let other;
        let (from, of, refresh): (&Path, String, Option<&Refresh>) = match origin {
            Origin::Clean => return Ok(()),
            Origin::Twin(twin) => {
                let of = format!("copy of {} ({})", twin.recipe, proof(twin, Stage::Build));
                (&twin.dir, of, None)
            }
            Origin::Base(dir) => {
                other = Cell::new(cell.mode, dir.to_owned(), PathBuf::new());
                let refresh = self.request.base.as_ref().map(|base| &base.refresh);
                let of = format!(
                    "{}\ncopy of {}\n{refresh:?}",
                    self.identity,
                    proof(&other, Stage::Build)
                );
                (&other.dir, of, refresh)
            }
        };
        let recipe = format!("{of}\n{}", self.kbuild(cell).identity(&["olddefconfig"]));
        self.stage(cell, Stage::Copy, &recipe, events, |cell, events| {
            remove_tree(&cell.dir)?;
            let is_twin = matches!(origin, Origin::Twin(_));
            copy_build(from, &cell.dir, |path| {
                serves_all_modes(path) && (is_twin || is_no_image(path))
            })?;
            if let Some(refresh) = refresh {
                forget_made(&cell.dir, refresh)?;
            }
            let anew = refresh.is_some_and(|refresh| refresh.configuration);
            self.configure(cell, anew, events)?;
            Ok(None)
        })?;
        self.verify_config(cell)
    }

    /// Every requested option must have survived; without its LTO mode a build means nothing.
    fn verify_config(&self, cell: &mut Cell) -> Result<(), EngineError> {
        if cell.failure.is_some() {
            return Ok(());
        }
        let requested = self.request.config.requested(self.arch, cell.mode)?;
        let lost = lost_options(self.arch, cell.mode, &requested, &dot_config(&cell.dir)?);
        if lost.iter().any(|f| f.severity == Severity::Error) {
            cell.failure =
                Some(format!("CONFIG_{} did not survive olddefconfig", cell.mode.kconfig()));
        }
        cell.findings = lost;
        Ok(())
    }
}

/// The mark of a build directory in which a build was started.
pub(super) const USED: &str = "used";

/// What a build starts from.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// Nothing.
    Clean,
    /// A copy of the twin, whose IR objects serve all modes.
    Twin(&'a Cell),
    /// A copy of the build of another state of the sources, in the same mode: make finds out what of
    /// it is out of date.
    Base(&'a PathBuf),
}

/// What shows that a finished stage's result is still there as it was: the configuration, or
/// size and time of the kernel. Empty when it is not there.
fn proof(cell: &Cell, stage: Stage) -> String {
    if stage == Stage::Build {
        return std::fs::metadata(cell.dir.join("vmlinux"))
            .map(|meta| format!("{} bytes, {}.{:09}", meta.len(), meta.mtime(), meta.mtime_nsec()))
            .unwrap_or_default();
    }
    std::fs::read(cell.dir.join(".config"))
        .map(|bytes| blake3::hash(&bytes).to_hex().to_string())
        .unwrap_or_default()
}

/// Whether a file may stand in a build that has not linked yet: an image of other sources may not.
fn is_no_image(path: &Path) -> bool {
    let images = ["vmlinux", "vmlinux.o", "vmlinux.a", "vmlinux.unstripped", "Module.symvers"];
    !images.iter().any(|image| path == Path::new(image))
}

/// Whether a file of one mode's build is of any use in another.
fn serves_all_modes(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    !(name.ends_with(".thinlto.bc")
        || name.contains(".thinlto-native.o")
        || name.contains("vmlinux.thinlto-index")
        || name.contains("builtin.order")
        // With native objects of its own it would be taken for finished.
        || name == "vmlinux.a")
}
