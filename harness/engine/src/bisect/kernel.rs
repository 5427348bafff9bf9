//! Commits of a kernel.

use super::asked::run_script;
use super::{Asked, Candidates, Evaluation, Scene, compiled, search};
use crate::check::{CheckRequest, EarlierBuild, check};
use crate::error::EngineError;
use crate::fs::remove_tree;
use crate::record::OutDir;
use crate::revisions::{Commit, Repository, Sources};
use std::path::{Path, PathBuf};
use twinlto_facts::log::BuildLog;
use twinlto_model::{BisectReport, Bisected, Event, Report};
use twinlto_verdict::search::{Judgement, Search};
use twinlto_verdict::{Reach, Refresh, reach};

/// What `twinlto bisect kernel` is asked.
#[derive(Debug, Clone)]
pub struct KernelBisect {
    /// Everything about how a commit is checked; its kernel is the repository.
    pub check: CheckRequest,
    /// A revision that is good.
    pub good: String,
    /// A revision that is bad.
    pub bad: String,
    /// Whether merges are steps of one line.
    pub first_parent: bool,
    /// What makes a commit bad.
    pub asked: Asked,
    /// How often each commit is asked.
    pub repeat: u32,
    /// The command, for the report.
    pub command: String,
}

/// Finds the first bad commit between two revisions.
///
/// # Errors
///
/// When the request makes no sense, an end is not what it is called, or a tool, the disk or the
/// user ends it. What was found until then is kept.
pub fn bisect_kernel(
    request: &KernelBisect,
    events: &mut dyn FnMut(Event),
) -> Result<BisectReport, EngineError> {
    let path = request.check.kernel.clone().unwrap_or_else(|| PathBuf::from("."));
    let repository = Repository::open(&path)?;
    let good = repository.commit(&request.good)?;
    let bad = repository.commit(&request.bad)?;
    let (history, commits) =
        repository.history((&good, &bad), ["--good", "--bad"], request.first_parent)?;
    let last = commits.len() - 1;
    let first_search = Search::new(history, 0, last).map_err(|error| {
        EngineError::usage("--good and --bad", error.to_string(), "give two other revisions")
    })?;
    repository.apart(&request.check.out)?;
    let out = OutDir::open(&request.check.out)?;
    let sources = Sources::open(repository, &out.path)?;
    let arches: Vec<&str> = request.check.arches.iter().map(|arch| arch.name()).collect();
    let name = format!(
        "{} · {} · LLVM={}",
        arches.join(", "),
        request.check.config.name(),
        request.check.llvm
    );
    // What is known of a commit holds between any two ends.
    let identity = format!(
        "repository {}\n{}\n{name}\n{:?}\n{}",
        path.canonicalize().unwrap_or(path).display(),
        request.asked.identity()?,
        request.check.modes,
        request.check.identity()?,
    );
    let scene = Scene {
        what: Bisected::Kernel,
        identity,
        name,
        predicate: request.asked.to_string(),
        command: request.command.clone(),
        out: &out.path,
        repeat: request.repeat,
        start: Some(match request.first_parent {
            // git reads an option from a log only in quotes.
            true => "git bisect start '--first-parent'",
            false => "git bisect start",
        }),
    };
    let mut source = Commits { request, sources, commits, out: out.path.clone() };
    source.forget_other_ends()?;
    search(&scene, first_search, last + 1, &mut source, events)
}

struct Commits<'a> {
    request: &'a KernelBisect,
    sources: Sources,
    commits: Vec<Commit>,
    out: PathBuf,
}

impl Commits<'_> {
    fn commit(&self, candidate: usize) -> Result<&Commit, EngineError> {
        let gone = || EngineError::environment("bisect", format!("no commit {candidate}"), "");
        self.commits.get(candidate).ok_or_else(gone)
    }

    /// Where a commit is built. The ends stay, for others to start from.
    fn place(&self, candidate: usize) -> PathBuf {
        let last = self.commits.len() - 1;
        match self.commits.get(candidate) {
            Some(commit) if candidate == 0 || candidate == last => self.out.join(end(&commit.id)),
            _ => self.out.join("between"),
        }
    }

    /// Removes the builds of ends that are none of this search.
    fn forget_other_ends(&self) -> Result<(), EngineError> {
        let ours = [0, self.commits.len() - 1].map(|at| self.place(at));
        let io = |error| EngineError::io("read", &self.out, &error);
        for entry in std::fs::read_dir(&self.out).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(END) && !ours.contains(&path) {
                remove_tree(&path)?;
            }
        }
        Ok(())
    }

    /// The end that a commit's build can start from, and where it was built: the nearer one of those
    /// between which and the commit nothing changed that make would not see.
    fn base(&self, candidate: usize) -> Result<Option<(&Commit, EarlierBuild)>, EngineError> {
        let to = self.commit(candidate)?;
        let mut nearest: Option<(usize, &Commit, EarlierBuild)> = None;
        for end in [0, self.commits.len() - 1] {
            let place = self.place(end);
            if end == candidate || !self.is_built(&place) {
                continue;
            }
            let base = self.commit(end)?;
            let files = self.sources.changed(base, to)?;
            let refresh = match reach(&files) {
                Reach::Clean(_) => continue,
                Reach::Nothing => Refresh::default(),
                Reach::Copy(refresh) => refresh,
            };
            if nearest.as_ref().is_none_or(|(n, _, _)| files.len() < *n) {
                nearest = Some((files.len(), base, EarlierBuild { out: place, refresh }));
            }
        }
        Ok(nearest.map(|(_, base, earlier)| (base, earlier)))
    }

    /// Whether any kernel was finished in an output directory, in the mode that others start from.
    fn is_built(&self, out: &Path) -> bool {
        let built = Path::new(self.request.check.modes.first.name()).join("vmlinux");
        let arches = &self.request.check.arches;
        arches.iter().any(|arch| out.join(arch.name()).join(&built).is_file())
    }
}

/// What names of directories begin with in which ends are built.
const END: &str = "end-";

/// The directory of an end: its build must never be taken for another one's.
fn end(id: &str) -> String {
    format!("{END}{}", id.get(..12).unwrap_or(id))
}

impl Candidates for Commits<'_> {
    fn name(&self, candidate: usize) -> (String, String) {
        self.commit(candidate).map(|commit| (commit.id.clone(), commit.named())).unwrap_or_default()
    }

    fn evaluate(
        &mut self,
        candidate: usize,
        again: bool,
        events: &mut dyn FnMut(Event),
    ) -> Result<Evaluation, EngineError> {
        let to = self.commit(candidate)?;
        if let Asked::Script(script) = &self.request.asked {
            self.sources.switch(to, None)?;
            let more =
                [("KERNEL", self.sources.tree.display().to_string()), ("COMMIT", to.id.clone())];
            let judgement = run_script(script, &self.request.check.llvm, &more)?;
            return Ok(Evaluation { judgement, cost: None });
        }
        if again {
            remove_tree(&self.place(candidate))?;
        }
        let base = self.base(candidate)?;
        self.sources.switch(to, base.as_ref().map(|(commit, _)| *commit))?;
        let request = CheckRequest {
            kernel: Some(self.sources.tree.clone()),
            out: self.place(candidate),
            base: base.map(|(_, earlier)| earlier),
            ..self.request.check.clone()
        };
        let report = check(&request, events)?;
        let judgement = self.request.asked.judge(&report);
        let unasked = || Judgement::new(twinlto_verdict::search::Answer::Unknown, "not asked");
        Ok(Evaluation { judgement: judgement.unwrap_or_else(unasked), cost: cost(&report) })
    }
}

/// What the builds of a check compiled, by their logs.
fn cost(report: &Report) -> Option<String> {
    let mut sum = (0, 0);
    for cell in report.cells.iter().filter(|cell| cell.mode.has_native_objects()) {
        let log = PathBuf::from(format!("{}.log", cell.directory));
        let bytes = std::fs::read(&log).ok()?;
        let ran = BuildLog::parse(&bytes).ran;
        sum = (sum.0 + ran.compiled.len(), sum.1 + ran.natives.len());
    }
    Some(compiled(sum.0, sum.1))
}
