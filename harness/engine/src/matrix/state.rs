//! What a matrix leaves while it runs: results, and marks of what is running.

use crate::error::EngineError;
use crate::fs::write_atomic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};
use twinlto_model::{Arch, CellId, CellResult, CellState, Event, Modes};

/// A result, and for what it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Hash of everything that decided it.
    pub(super) identity: String,
    pub(super) result: CellResult,
}

/// A cell and its result, as they are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct File {
    cell: CellId,
    #[serde(flatten)]
    kept: Kept,
}

/// That a cell is being built.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Running {
    cell: CellId,
    pid: u32,
    since: u64,
    at: String,
}

/// The state of a matrix.
pub(super) struct State {
    dir: PathBuf,
    done: BTreeMap<CellId, Kept>,
    /// Cells that are done, by what decided their results, whatever their toolchains are called.
    by_identity: BTreeMap<(String, CellId), CellId>,
    past: Past,
    running: Mutex<BTreeMap<CellId, Running>>,
}

/// How long cells took.
#[derive(Debug, Default)]
struct Past {
    /// Of a kernel and configuration.
    alike: BTreeMap<(String, String), Mean>,
    /// The same in the same modes on one architecture.
    by_arch: BTreeMap<(String, String, Arch, Modes), Mean>,
}

/// A sum and how many it is of.
#[derive(Debug, Default)]
struct Mean(f64, u32);

impl Mean {
    fn add(&mut self, seconds: f64) {
        self.0 += seconds;
        self.1 += 1;
    }

    fn value(&self) -> f64 {
        self.0 / f64::from(self.1.max(1))
    }
}

impl State {
    /// For a run: marks that a killed run left are taken away.
    pub(super) fn open(out: &Path) -> Result<Self, EngineError> {
        let state = Self::read(out);
        std::fs::create_dir_all(&state.dir).map_err(|e| EngineError::io("make", &state.dir, &e))?;
        if let Ok(mut running) = state.running.lock() {
            for cell in running.keys() {
                let _gone = std::fs::remove_file(state.path(cell, "running"));
            }
            running.clear();
        }
        Ok(state)
    }

    /// For a look. What makes no sense is as good as not there.
    pub(super) fn read(out: &Path) -> Self {
        let dir = out.join("cells");
        let (mut done, mut running) = (BTreeMap::new(), BTreeMap::new());
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(bytes) = std::fs::read(&path) else { continue };
            match path.extension().and_then(|end| end.to_str()) {
                Some("json") => {
                    if let Ok(file) = serde_json::from_slice::<File>(&bytes) {
                        done.insert(file.cell, file.kept);
                    }
                }
                Some("running") => {
                    if let Ok(mark) = serde_json::from_slice::<Running>(&bytes)
                        && Path::new("/proc").join(mark.pid.to_string()).exists()
                    {
                        running.insert(mark.cell.clone(), mark);
                    }
                }
                _ => {}
            }
        }
        let mut past = Past::default();
        // One that was not checked took no time worth knowing.
        for (id, kept) in done.iter().filter(|(_, kept): &(_, &Kept)| !kept.result.again) {
            let (seconds, names) = (kept.result.seconds, (id.kernel.clone(), id.config.clone()));
            let by_arch = (id.kernel.clone(), id.config.clone(), id.arch, id.modes);
            past.alike.entry(names).or_default().add(seconds);
            past.by_arch.entry(by_arch).or_default().add(seconds);
        }
        let known = |(id, kept): (&CellId, &Kept)| (nameless(&kept.identity, id), id.clone());
        let by_identity = done.iter().map(known).collect();
        Self { dir, done, by_identity, past, running: Mutex::new(running) }
    }

    /// Where a cell is checked.
    pub(super) fn place(&self, cell: &CellId) -> PathBuf {
        self.dir.join(slug(cell))
    }

    fn path(&self, cell: &CellId, end: &str) -> PathBuf {
        self.dir.join(format!("{}.{end}", slug(cell)))
    }

    /// What is known of a cell: a result counts as long as its record is there.
    pub(super) fn cell(&self, cell: &CellId, identity: &str) -> CellState {
        let running = self.running.lock().ok().and_then(|running| running.get(cell).cloned());
        if let Some(mark) = running {
            let seconds = now().saturating_sub(mark.since) as f64;
            return CellState::Running { seconds, at: mark.at };
        }
        let is_there = |record: &String| Path::new(record).is_dir();
        let fits = |kept: &&Kept| {
            kept.identity == identity && kept.result.record.as_ref().is_none_or(is_there)
        };
        // Beside another build of the same version, a toolchain has another name than alone.
        let elsewhere = || self.done.get(self.by_identity.get(&nameless(identity, cell))?);
        match self.done.get(cell).filter(fits).or_else(|| elsewhere().filter(fits)) {
            Some(kept) => CellState::Done(Box::new(kept.result.clone())),
            None => CellState::Waiting { estimate: self.estimate(cell) },
        }
    }

    /// How long it may take: as long as the most similar cells took.
    fn estimate(&self, cell: &CellId) -> Option<f64> {
        if self.past.alike.is_empty() {
            return None;
        }
        let own = self.done.get(cell).filter(|kept| !kept.result.again);
        let names = (cell.kernel.clone(), cell.config.clone());
        let by_arch = || {
            let key = (cell.kernel.clone(), cell.config.clone(), cell.arch, cell.modes);
            self.past.by_arch.get(&key).map(Mean::value)
        };
        own.map(|kept| kept.result.seconds)
            .or_else(by_arch)
            .or_else(|| self.past.alike.get(&names).map(Mean::value))
    }

    /// Keeps a result.
    pub(super) fn keep(&self, cell: &CellId, kept: &Kept) -> Result<(), EngineError> {
        let file = File { cell: cell.clone(), kept: kept.clone() };
        let text = serde_json::to_vec_pretty(&file).unwrap_or_default();
        write_atomic(&self.path(cell, "json"), &text)
    }

    /// Notes how far a cell is, once a second at most.
    pub(super) fn says(&self, cell: &CellId, event: &Event) {
        let at = match event {
            Event::Started { stage, mode, .. } => {
                let mode = mode.map(|mode| format!(" {mode}")).unwrap_or_default();
                format!("{}{mode}", stage.name())
            }
            Event::Progress { what, done, of, .. } => match of {
                Some(of) => format!("{what} {done} of {of}"),
                None => format!("{what} {done}"),
            },
            _ => return,
        };
        let Ok(mut running) = self.running.lock() else { return };
        let known = running.get(cell).map(|mark| mark.since);
        let is_progress = matches!(event, Event::Progress { .. });
        let fresh = std::fs::metadata(self.path(cell, "running")).and_then(|meta| meta.modified());
        let is_fresh = fresh.is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() < 1));
        if is_progress && is_fresh {
            return;
        }
        let mark = Running {
            cell: cell.clone(),
            pid: std::process::id(),
            since: known.unwrap_or_else(now),
            at,
        };
        let text = serde_json::to_vec(&mark).unwrap_or_default();
        // Only somebody who watches wants it.
        let _unwatched = write_atomic(&self.path(cell, "running"), &text);
        running.insert(cell.clone(), mark);
    }

    /// That a cell is no longer being built.
    pub(super) fn stops(&self, cell: &CellId) {
        if let Ok(mut running) = self.running.lock() {
            running.remove(cell);
        }
        let _gone = std::fs::remove_file(self.path(cell, "running"));
    }
}

/// What decides a cell's result, and the cell without the name of its toolchain.
fn nameless(identity: &str, cell: &CellId) -> (String, CellId) {
    (identity.to_owned(), CellId { toolchain: String::new(), ..cell.clone() })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The name of a cell's files: readable, and told from every other one by a hash.
fn slug(cell: &CellId) -> String {
    let kernel = Path::new(&cell.kernel).file_name().unwrap_or_default().to_string_lossy();
    let text = format!("{kernel}-{}-{}-{}", cell.variant(), cell.arch, cell.toolchain);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let name: String = text.chars().map(plain).take(80).collect();
    let whole = format!("{}\n{}\n{}\n{}", cell.kernel, cell.variant(), cell.arch, cell.toolchain);
    let hash = blake3::hash(whole.as_bytes()).to_hex();
    format!("{name}-{}", hash.as_str().get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::Outcome;

    #[test]
    fn a_result_is_found_under_another_name_of_its_toolchain_and_for_no_other_cell() {
        let dir = tempfile::tempdir().unwrap();
        let id = CellId {
            kernel: "pocket".to_owned(),
            config: "tiny".to_owned(),
            arch: Arch::Arm64,
            toolchain: "clang 22.1.8".to_owned(),
            modes: Modes::default(),
        };
        let result = CellResult {
            outcome: Outcome::Agree,
            summary: String::new(),
            seconds: 9.0,
            counts: Vec::new(),
            record: None,
            expected: true,
            again: false,
            warnings: Vec::new(),
        };
        let kept = Kept { identity: "x".to_owned(), result };
        State::open(dir.path()).unwrap().keep(&id, &kept).unwrap();
        let state = State::read(dir.path());
        let is_done = |cell: &CellId, identity: &str| {
            matches!(state.cell(cell, identity), CellState::Done(_))
        };
        let renamed = CellId { toolchain: "clang 22.1.8 #0a1b2c3d".to_owned(), ..id.clone() };
        assert!(is_done(&id, "x") && is_done(&renamed, "x"));
        assert!(!is_done(&id, "y") && !is_done(&renamed, "y"));
        let modes = "reference".parse().unwrap();
        assert!(!is_done(&CellId { modes, ..renamed.clone() }, "x"));
        assert!(!is_done(&CellId { arch: Arch::Riscv, ..renamed }, "x"));
    }
}
