//! What a check leaves in its output directory: locks, stage marks, builds, logs, records.
//!
//! ```text
//! OUT/lock                               the pid of the twinlto that works here
//! OUT/ARCH/MODE/                         build directory (what make gets as O=)
//! OUT/ARCH/MODE.log                      its V=1 log
//! OUT/ARCH/MODE.STAGE.json               mark of a finished stage
//! OUT/records/TIME/report.{json,txt}     what was reported
//! ```

use crate::error::EngineError;
use crate::fs::{read_text, remove_file, write_atomic};
use crate::tree::unfit_for_kbuild;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use twinlto_model::{Arch, Mode, Report};

/// An output directory that is ours alone until this value is dropped.
#[derive(Debug)]
pub(crate) struct OutDir {
    pub(crate) path: PathBuf,
    _lock: File,
}

impl OutDir {
    /// Whether kbuild can work there; before anything is made.
    ///
    /// # Errors
    ///
    /// When the path holds what make or a shell would read as something else.
    pub(crate) fn check_path(path: &Path) -> Result<(), EngineError> {
        let io = |e: std::io::Error| EngineError::io("find", path, &e);
        let full = match path.canonicalize() {
            Ok(full) => full,
            Err(_) => std::path::absolute(path).map_err(io)?,
        };
        match unfit_for_kbuild(&full) {
            None => Ok(()),
            Some(why) => Err(EngineError::usage(
                format!("--out {}", full.display()),
                why,
                "give another directory",
            )),
        }
    }

    /// Whether it lies in none of the directories that are only read; before anything is made.
    ///
    /// # Errors
    ///
    /// When it does: in which.
    pub(crate) fn check_apart(
        out: &Path,
        read: impl IntoIterator<Item = impl AsRef<Path>>,
    ) -> Result<(), EngineError> {
        // Of what is not there yet, where it would be.
        let full = |path: &Path| {
            let absolute = std::path::absolute(path).ok()?;
            let there = absolute.ancestors().find(|part| part.exists())?.to_owned();
            let rest = absolute.strip_prefix(&there).ok()?.to_owned();
            Some(there.canonicalize().ok()?.join(rest))
        };
        let Some(place) = full(out) else { return Ok(()) };
        for dir in read {
            if full(dir.as_ref()).is_some_and(|dir| place.starts_with(dir)) {
                return Err(EngineError::usage(
                    format!("--out {}", out.display()),
                    format!("it is in {}, which is only read", dir.as_ref().display()),
                    "give a directory elsewhere",
                ));
            }
        }
        Ok(())
    }

    /// Makes and locks it.
    ///
    /// # Errors
    ///
    /// When another twinlto holds it (its pid is named), or it cannot be written.
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        Self::check_path(path)?;
        std::fs::create_dir_all(path).map_err(|e| EngineError::io("make", path, &e))?;
        let path = path.canonicalize().map_err(|e| EngineError::io("read", path, &e))?;
        let lock_path = path.join("lock");
        let io = |error| EngineError::io("lock", &lock_path, &error);
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                lock.read_to_string(&mut pid).map_err(io)?;
                return Err(EngineError::environment(
                    format!("--out {}", path.display()),
                    format!("another twinlto works there: pid {}", pid.trim()),
                    "wait for it, or give another --out",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        lock.set_len(0).and_then(|()| lock.rewind()).map_err(io)?;
        writeln!(lock, "{}", std::process::id()).map_err(io)?;
        crate::orphan::stop_orphans(&path);
        Ok(Self { path, _lock: lock })
    }

    /// The build directory of one cell.
    pub(crate) fn build(&self, arch: Arch, mode: Mode) -> PathBuf {
        self.path.join(arch.name()).join(mode.name())
    }

    /// The log of one cell.
    pub(crate) fn log(&self, arch: Arch, mode: Mode) -> PathBuf {
        self.path.join(arch.name()).join(format!("{mode}.log"))
    }

    fn mark_path(&self, arch: Arch, mode: Mode, stage: &str) -> PathBuf {
        self.path.join(arch.name()).join(format!("{mode}.{stage}.json"))
    }

    /// What a finished stage left, if it was made by the same recipe.
    pub(crate) fn finished(
        &self,
        arch: Arch,
        mode: Mode,
        stage: &str,
        recipe: &str,
    ) -> Option<Mark> {
        let bytes = std::fs::read(self.mark_path(arch, mode, stage)).ok()?;
        let mark: Mark = serde_json::from_slice(&bytes).ok()?;
        (mark.recipe == recipe).then_some(mark)
    }

    /// Marks a stage as finished.
    pub(crate) fn finish(
        &self,
        arch: Arch,
        mode: Mode,
        stage: &str,
        mark: &Mark,
    ) -> Result<(), EngineError> {
        let text = serde_json::to_vec_pretty(mark).unwrap_or_default();
        write_atomic(&self.mark_path(arch, mode, stage), &text)
    }

    /// Forgets that a stage was finished, before its result is touched.
    pub(crate) fn forget(
        &self,
        arch: Arch,
        mode: Mode,
        stages: &[&str],
    ) -> Result<(), EngineError> {
        for stage in stages {
            let path = self.mark_path(arch, mode, stage);
            remove_file(&path)?;
        }
        Ok(())
    }

    /// Picks the directory of the next record and names it in the report.
    pub(crate) fn name_record(&self, report: &mut Report) -> PathBuf {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H-%M-%S").to_string();
        let records = self.path.join("records");
        let mut dir = records.join(&now);
        for n in 2.. {
            if !dir.exists() {
                break;
            }
            dir = records.join(format!("{now}.{n}"));
        }
        let cwd = std::env::current_dir().ok();
        let shown = cwd.and_then(|cwd| dir.strip_prefix(cwd).ok().map(Path::to_owned));
        report.record = Some(shown.unwrap_or_else(|| dir.clone()).display().to_string());
        dir
    }
}

/// The mark of a finished stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Hash of everything that decides the stage's result.
    pub(crate) recipe: String,
    /// What showed the stage's result when it was made, so that one that was spoiled since is
    /// made again.
    pub(crate) proof: String,
    /// Wall time in seconds.
    pub(crate) seconds: f64,
    /// How many objects a build compiled; 0 for other stages.
    pub(crate) objects: usize,
}

impl Mark {
    pub(crate) fn new(recipe: &str, proof: String, took: Duration, objects: usize) -> Self {
        Self { recipe: recipe.to_owned(), proof, seconds: took.as_secs_f64(), objects }
    }
}

/// The JSON text of a recorded report: of a record directory, or the `report.json` in it.
///
/// # Errors
///
/// When there is none, or it is no text or larger than 64 MiB.
pub fn read_record(path: &Path) -> Result<String, EngineError> {
    let file = if path.is_dir() { path.join("report.json") } else { path.to_owned() };
    let refused = |why: String| {
        let hint = "give the directory that the last line of a check names";
        EngineError::usage(format!("record {}", path.display()), why, hint)
    };
    let bytes = read_text(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refused(format!("there is no {}", file.display())),
        std::io::ErrorKind::Other => refused(error.to_string()),
        _ => EngineError::io("read", &file, &error),
    })?;
    String::from_utf8(bytes)
        .map_err(|error| refused(format!("it is no text: {}", error.utf8_error())))
}
