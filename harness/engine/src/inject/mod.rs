//! `twinlto inject`: every known defect, put into a kernel, must be caught, in the right words and
//! with nothing else said.
//!
//! A kernel is built once for each architecture, in both modes. Each case then edits a private copy
//! of the sources and of the build, makes as little as shows the defect, and judges what `check`
//! would have said.
//!
//! ```text
//! OUT/kernel.json          which kernel, LLVM and configuration are prepared here
//! OUT/ARCH/tree/           the private source tree
//! OUT/ARCH/builds/         the untouched kernel, as `check` leaves it
//! OUT/spent/               what is left of cases that were, until all are done
//! OUT/ARCH/cases/NAME/     what is left of a case that was not caught
//! ```

mod change;
mod prepare;
mod run;
mod tree;

use crate::cases::{defects, pocket_kernel};
use crate::configure::ConfigSource;
use crate::error::EngineError;
use crate::fs::{read_text, remove_tree};
use crate::preflight;
use crate::record::OutDir;
use crate::toolchain::{Compiler, LlvmSpec};
use crate::tree::KernelTree;
use globset::{GlobBuilder, GlobMatcher};
use prepare::Prepared;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use twinlto_model::{Arch, CaseRow, Event, INJECT_SCHEMA, InjectReport, Mode, Toolchain};
use twinlto_verdict::inject::{Case, KernelKind};

/// Which cases.
#[derive(Debug, Clone, Default)]
pub struct CaseChoice {
    /// A directory with one directory a case; none for those that the binary carries.
    pub dir: Option<PathBuf>,
    /// Patterns of names; none for all.
    pub names: Vec<String>,
}

/// What `twinlto inject` is asked.
#[derive(Debug, Clone)]
pub struct InjectRequest {
    /// Source tree; none for the pocket kernel.
    pub kernel: Option<PathBuf>,
    /// Architectures, in order.
    pub arches: Vec<Arch>,
    /// LLVM.
    pub llvm: LlvmSpec,
    /// Another LLVM, for cases in which two meet.
    pub other_llvm: Option<LlvmSpec>,
    /// Whether front ends and backends are asked of ccache first.
    pub ccache: bool,
    /// Configuration.
    pub config: ConfigSource,
    /// Jobs at once.
    pub jobs: usize,
    /// Where trees and builds go.
    pub out: PathBuf,
    /// Which cases.
    pub cases: CaseChoice,
    /// Whether the build of every case is kept, and not only of those that were not caught.
    pub keep: bool,
}

/// What all architectures share.
struct Shared<'a> {
    request: &'a InjectRequest,
    kernel: &'a KernelTree,
    kind: KernelKind,
    cases: &'a [Case],
    toolchain: &'a Toolchain,
    compiler: &'a Compiler,
    out: &'a OutDir,
    /// Jobs for each architecture.
    jobs: usize,
}

impl Shared<'_> {
    /// Where lies what is left of cases that are done, until all are.
    fn spent(&self) -> PathBuf {
        self.out.path.join("spent")
    }
}

/// The cases that are chosen, by name.
///
/// # Errors
///
/// When a case makes no sense, with file, line and column; when a pattern is for none.
pub fn known_cases(choice: &CaseChoice) -> Result<Vec<Case>, EngineError> {
    let texts = match &choice.dir {
        None => defects(),
        Some(dir) => own_cases(dir)?,
    };
    let mut cases = Vec::new();
    for (name, file, text) in texts {
        let case = Case::parse(&name, &file, &text).map_err(|error| {
            EngineError::usage(format!("case {name}"), error.to_string(), error.hint)
        })?;
        cases.push(case);
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    known_defects(&cases)?;
    if choice.names.is_empty() {
        return Ok(cases);
    }
    let globs: Vec<GlobMatcher> = choice.names.iter().map(|n| glob(n)).collect::<Result<_, _>>()?;
    for (pattern, glob) in choice.names.iter().zip(&globs) {
        if !cases.iter().any(|case| glob.is_match(&case.name)) {
            return Err(EngineError::usage(
                format!("--case {pattern}"),
                "no case has such a name",
                "twinlto inject --list names them all",
            ));
        }
    }
    cases.retain(|case| globs.iter().any(|glob| glob.is_match(&case.name)));
    Ok(cases)
}

/// A finding can only be recognised as a defect that there is.
fn known_defects(cases: &[Case]) -> Result<(), EngineError> {
    let known: Vec<String> = defects().into_iter().map(|(name, ..)| name).collect();
    for case in cases {
        let named = case.expect.iter().filter_map(|expected| expected.defect.as_ref());
        let mut named = named.filter(|name| !known.contains(name));
        if let Some(unknown) = named.next() {
            return Err(EngineError::usage(
                format!("case {}", case.name),
                format!("no finding is known as '{unknown}'"),
                "twinlto inject --list names every known defect",
            ));
        }
    }
    Ok(())
}

fn glob(pattern: &str) -> Result<GlobMatcher, EngineError> {
    let built = GlobBuilder::new(pattern).build().map_err(|error| {
        EngineError::usage(
            format!("--case {pattern}"),
            error.kind().to_string(),
            "give a name, or a pattern such as 'index-*'",
        )
    })?;
    Ok(built.compile_matcher())
}

/// The cases of a directory of the user's.
fn own_cases(dir: &std::path::Path) -> Result<Vec<(String, String, String)>, EngineError> {
    let entries = std::fs::read_dir(dir).map_err(|error| {
        let hint = "give a directory with one directory a case";
        EngineError::usage(format!("--cases {}", dir.display()), error.to_string(), hint)
    })?;
    let mut cases = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| EngineError::io("read", dir, &e))?;
        // What stands beside the cases is none; a directory that holds none is a mistake.
        if !entry.path().is_dir() {
            continue;
        }
        let file = entry.path().join("case.toml");
        let name = entry.file_name().to_string_lossy().into_owned();
        let refused = |why: String| {
            EngineError::usage(
                format!("case {name}"),
                why,
                "docs/INJECT.md shows how a case is written",
            )
        };
        let bytes = read_text(&file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => refused(format!("there is no {}", file.display())),
            _ => refused(format!("{}: {error}", file.display())),
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|error| refused(format!("{}: {error}", file.display())))?;
        cases.push((name, file.display().to_string(), text));
    }
    match cases.is_empty() {
        true => Err(EngineError::usage(
            format!("--cases {}", dir.display()),
            "it holds no NAME/case.toml",
            "docs/INJECT.md shows how a case is written",
        )),
        false => Ok(cases),
    }
}

/// Puts every chosen case into the kernel, for every architecture, and judges what is said.
///
/// # Errors
///
/// When nothing could be tried for a reason that is not a case's: the request, a tool, the disk,
/// an untouched kernel that does not agree with itself, the user.
pub fn inject(
    request: &InjectRequest,
    events: &mut dyn FnMut(Event),
) -> Result<InjectReport, EngineError> {
    OutDir::check_path(&request.out)?;
    let cases = known_cases(&request.cases)?;
    let kernel = match &request.kernel {
        Some(path) => KernelTree::open(path)?,
        None => KernelTree::open(&pocket_kernel()?)?,
    };
    for arch in &request.arches {
        for mode in [Mode::Distributed, Mode::InProcess] {
            kernel.supports(*arch, mode)?;
        }
    }
    let toolchain = preflight::toolchain(&kernel, &request.arches, &request.llvm)?;
    if let Some(other) = &request.other_llvm {
        let other = crate::toolchain::identify(other).map_err(|error| EngineError {
            what: error.what.replacen("LLVM=", "--other-llvm ", 1),
            ..error
        })?;
        if other.version.major == toolchain.version.major {
            return Err(EngineError::usage(
                format!("--other-llvm {}", other.llvm),
                format!("both are LLVM {}", toolchain.version.major),
                "give one of another major version: its bitcode is another one's",
            ));
        }
    }
    let compiler = Compiler::cached(&request.llvm, request.ccache)?;
    let out = OutDir::open(&request.out)?;
    prepare::claim(request, &kernel, &toolchain, &out)?;
    let workers = request.arches.len().min(request.jobs).max(1);
    let kind = if kernel.is_pocket() { KernelKind::Pocket } else { KernelKind::Linux };
    let shared = Shared {
        request,
        kernel: &kernel,
        kind,
        cases: &cases,
        toolchain: &toolchain,
        compiler: &compiler,
        out: &out,
        jobs: (request.jobs / workers).max(1),
    };
    // Of a run that was killed.
    remove_tree(&shared.spent())?;
    let rows = on_workers(&shared, workers, events);
    remove_tree(&shared.spent())?;
    let mut rows = rows?;
    rows.sort_by(|a, b| (&a.case, a.arch).cmp(&(&b.case, b.arch)));
    Ok(InjectReport {
        schema: INJECT_SCHEMA.to_owned(),
        twinlto: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: kernel.id(),
        config: request.config.name(),
        arches: request.arches.clone(),
        outcome: InjectReport::outcome_of(&rows),
        toolchain,
        rows,
    })
}

/// Every architecture, as many at once as there are workers.
fn on_workers(
    shared: &Shared<'_>,
    workers: usize,
    events: &mut dyn FnMut(Event),
) -> Result<Vec<CaseRow>, EngineError> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let take = || {
        let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        shared.request.arches.get(at).copied()
    };
    std::thread::scope(|scope| {
        let (tell, told) = channel();
        let running: Vec<_> = (0..workers)
            .map(|_| {
                let tell = tell.clone();
                scope.spawn(move || {
                    let mut rows = Vec::new();
                    while let Some(arch) = take() {
                        rows.extend(on_one(shared, arch, &tell)?);
                    }
                    Ok::<_, EngineError>(rows)
                })
            })
            .collect();
        drop(tell);
        told.into_iter().for_each(&mut *events);
        let mut rows = Vec::new();
        for worker in running {
            let done = worker.join().unwrap_or_else(|_| {
                Err(EngineError::environment("a worker of inject", "it ended in a panic", ""))
            });
            rows.extend(done?);
        }
        Ok(rows)
    })
}

fn on_one(
    shared: &Shared<'_>,
    arch: Arch,
    tell: &Sender<Event>,
) -> Result<Vec<CaseRow>, EngineError> {
    // Nobody listens any more only when the run is over.
    let mut events = |event| drop(tell.send(event));
    let prepared = Prepared::prepare(shared, arch, &mut events)?;
    let mut rows = Vec::new();
    for (done, case) in shared.cases.iter().enumerate() {
        if crate::process::interrupted() {
            return Err(EngineError::interrupted());
        }
        rows.push(prepared.run(case)?);
        let (what, of) = ("cases", Some(shared.cases.len()));
        events(Event::Progress { arch, mode: None, what, done: done + 1, of });
    }
    Ok(rows)
}
