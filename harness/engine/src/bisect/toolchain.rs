//! Toolchains, in the order of their versions.

use super::asked::run_script;
use super::{Asked, Candidates, Evaluation, Scene, search};
use crate::check::{CheckRequest, check};
use crate::error::{EngineError, Kind};
use crate::fingerprint::fingerprint;
use crate::fs::remove_tree;
use crate::record::OutDir;
use crate::toolchain::{LlvmSpec, identify, identity};
use std::path::{Path, PathBuf};
use twinlto_model::{BisectReport, Bisected, Event, Toolchain};
use twinlto_verdict::search::{Answer, History, Judgement, Search};

/// What `twinlto bisect toolchain` is asked.
#[derive(Debug, Clone)]
pub struct ToolchainBisect {
    /// Everything about how a kernel is checked; its toolchain is the candidate.
    pub check: CheckRequest,
    /// `bin` directories.
    pub among: Vec<PathBuf>,
    /// What makes a toolchain bad.
    pub asked: Asked,
    /// How often each is asked.
    pub repeat: u32,
    /// The command, for the report.
    pub command: String,
}

/// Finds the first bad toolchain, where the oldest is good and the newest bad.
///
/// # Errors
///
/// As for commits.
pub fn bisect_toolchain(
    request: &ToolchainBisect,
    events: &mut dyn FnMut(Event),
) -> Result<BisectReport, EngineError> {
    let mut known = Vec::new();
    for dir in &request.among {
        known.push(candidate(dir)?);
    }
    known.sort_by_key(|member| member.toolchain.age());
    let mut pairs = known.iter().zip(known.iter().skip(1));
    if let Some((a, b)) = pairs.find(|(a, b)| a.toolchain.age() == b.toolchain.age()) {
        return Err(EngineError::usage(
            format!("--among {} and {}", a.llvm, b.llvm),
            format!("both are {}", a.toolchain.version),
            "give each once: what is of one version and date cannot be put in an order",
        ));
    }
    if known.len() < 2 {
        return Err(EngineError::usage(
            "--among",
            format!("{} toolchains leave nothing to search", known.len()),
            "give the bin directories of two or more",
        ));
    }
    let last = known.len() - 1;
    let line = Search::new(History::line(known.len()), 0, last).map_err(|error| {
        EngineError::usage("--among", error.to_string(), "give the bin directories of two or more")
    })?;
    let out = OutDir::open(&request.check.out)?;
    let arches: Vec<&str> = request.check.arches.iter().map(|arch| arch.name()).collect();
    let kernel = request.check.kernel.as_deref().and_then(|path| path.canonicalize().ok());
    // The answers are about these sources.
    let sources = match (&kernel, &request.asked) {
        (Some(path), Asked::Report(_)) => fingerprint(path, &out.path)?,
        _ => String::new(),
    };
    let kernel = kernel.map_or("pocket kernel".to_owned(), |path| path.display().to_string());
    let name = match &request.asked {
        Asked::Script(_) => {
            let ends = known.first().zip(known.last());
            let name = |it: &Member| it.toolchain.to_string();
            ends.map(|(a, b)| format!("{} to {}", name(a), name(b))).unwrap_or_default()
        }
        Asked::Report(_) => {
            format!("{kernel} · {} · {}", arches.join(", "), request.check.config.name())
        }
    };
    let members: Vec<String> = known.iter().map(|member| identity(&member.llvm)).collect();
    let identity = format!(
        "{name}\n{}\nsources {sources}\n{:?}\n{}",
        request.asked.identity()?,
        request.check.identity()?,
        members.concat()
    );
    let scene = Scene {
        what: Bisected::Toolchain,
        identity,
        name,
        predicate: request.asked.to_string(),
        command: request.command.clone(),
        out: &out.path,
        repeat: request.repeat,
        start: None,
    };
    let candidates = known.len();
    let mut source = Toolchains { request, known, out: out.path.clone() };
    search(&scene, line, candidates, &mut source, events)
}

struct Member {
    llvm: LlvmSpec,
    toolchain: Toolchain,
}

impl Member {
    fn is_still_there(&self) -> bool {
        identify(&self.llvm).is_ok_and(|now| now == self.toolchain)
    }
}

fn candidate(dir: &Path) -> Result<Member, EngineError> {
    let usage = |cause: String| {
        EngineError::usage(
            format!("--among {}", dir.display()),
            cause,
            "give the directory that holds clang and ld.lld",
        )
    };
    let full = dir.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => usage("there is no such directory".to_owned()),
        _ => EngineError::io("read", dir, &error),
    })?;
    let llvm: LlvmSpec = format!("{}/", full.display()).parse()?;
    let toolchain = identify(&llvm)?;
    Ok(Member { llvm, toolchain })
}

struct Toolchains<'a> {
    request: &'a ToolchainBisect,
    known: Vec<Member>,
    out: PathBuf,
}

impl Candidates for Toolchains<'_> {
    fn name(&self, candidate: usize) -> (String, String) {
        let Some(member) = self.known.get(candidate) else { return Default::default() };
        let bin = member.llvm.value();
        (format!("{} {bin}", member.toolchain.named()), member.toolchain.named())
    }

    fn evaluate(
        &mut self,
        candidate: usize,
        again: bool,
        events: &mut dyn FnMut(Event),
    ) -> Result<Evaluation, EngineError> {
        let gone = || EngineError::environment("bisect", format!("no toolchain {candidate}"), "");
        let member = self.known.get(candidate).ok_or_else(gone)?;
        // It may have been taken away since it was asked who it is.
        identify(&member.llvm)?;
        if let Asked::Script(script) = &self.request.asked {
            let judgement = run_script(script, &member.llvm, &[])?;
            return Ok(Evaluation { judgement, cost: None });
        }
        let place = self.out.join(member.toolchain.slug());
        if again {
            remove_tree(&place)?;
        }
        let request =
            CheckRequest { llvm: member.llvm.clone(), out: place, ..self.request.check.clone() };
        let judgement = match check(&request, events) {
            Ok(report) => self.request.asked.judge(&report),
            // A toolchain that is too old for the kernel, or cannot link: no answer, not the end. One
            // that was taken away meanwhile gave none.
            Err(error) if error.kind == Kind::Toolchain && member.is_still_there() => {
                Some(Judgement::new(Answer::Unknown, error.cause))
            }
            Err(error) => return Err(error),
        };
        let unasked = || Judgement::new(Answer::Unknown, "not asked");
        Ok(Evaluation { judgement: judgement.unwrap_or_else(unasked), cost: None })
    }
}
