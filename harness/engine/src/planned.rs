//! `twinlto audit --planned`: the commands that a tree would run, audited before anything is
//! compiled.

mod dry_run;
mod scratch;

use crate::audit::{Build, open, report};
use crate::error::EngineError;
use crate::expect::ExpectFiles;
use crate::gather::Depth;
use crate::gather::named::complete;
use crate::preflight;
use crate::toolchain::{Compiler, LlvmSpec, recorded};
use crate::tree::KernelTree;
use dry_run::{Make, Said};
use scratch::Scratch;
use std::path::{Path, PathBuf};
use std::time::Instant;
use twinlto_facts::dry_run::Replaced;
use twinlto_model::{Event, Finding, Mode, Report, Stage, Toolchain};
use twinlto_verdict::number::{self, Number};
use twinlto_verdict::{Plan, judge_planned};

/// Which front ends the planned backends are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fronts {
    /// Those that the tree would run from clean, with the options that its rules would save.
    #[default]
    Tree,
    /// Those that the build has recorded, with the options that were saved: what the next make in
    /// that directory would give to its backends if it compiled nothing again.
    Recorded,
}

/// What `twinlto audit --planned` is asked.
#[derive(Debug, Clone)]
pub struct PlannedRequest {
    /// A distributed build, finished or failed, that came as far as its thin link. It is only read.
    pub build: PathBuf,
    /// The tree whose commands are planned; in the state of the build or in another one.
    pub kernel: PathBuf,
    /// LLVM; none for the compiler that the build recorded.
    pub llvm: Option<LlvmSpec>,
    /// Which front ends count.
    pub fronts: Fronts,
    /// What may differ.
    pub expect: ExpectFiles,
}

/// Plans the backends of a tree on an outline of a build, and audits what they would be told.
/// Compiles nothing, and writes into neither the build nor the tree; make itself evaluates the
/// tree's makefiles, `$(shell …)` in them included, as in any build.
///
/// # Errors
///
/// When there is nothing to plan: no distributed build, no index, a tree that is none or lacks the
/// mode, no compiler, no make. A tree that make cannot read is a finding.
pub fn planned(
    request: &PlannedRequest,
    events: &mut dyn FnMut(Event),
) -> Result<Report, EngineError> {
    let expectations = request.expect.read()?;
    let kernel = KernelTree::open(&request.kernel)?;
    let mut build = open(&request.build, Depth::Records)?;
    check(&request.build, &build)?;
    same_kernel(&request.build, &kernel)?;
    kernel.supports(build.arch, Mode::Distributed)?;
    let compiler = match &request.llvm {
        Some(llvm) => Compiler::of(llvm),
        None => recorded(&build.facts)?,
    };
    let toolchain = preflight::toolchain(&kernel, &[build.arch], &compiler.llvm)?;
    let (arch, mode, stage) = (build.arch, Some(Mode::Distributed), Stage::Plan);
    events(Event::Started { arch, mode, stage });
    let start = Instant::now();
    let objects: Vec<String> = build.facts.objects.keys().cloned().collect();
    let scratch = Scratch::outline(&request.build, &kernel.path, request.fronts)?;
    let make = Make { kernel: &kernel, arch, compiler: &compiler, scratch: &scratch };
    let plan = make_plan(&make, &mut build, &objects, request.fronts)?;
    let verdict = judge_planned(arch, &build.facts, &plan);
    events(Event::Finished { arch, mode, stage, took: Some(start.elapsed()) });
    let comparison = "distributed, planned".to_owned();
    let report = report(&expectations, &verdict, &build, None, comparison)?;
    Ok(about_a_plan(report, &kernel, toolchain, &plan))
}

/// Two dry runs: one for the front ends and what they save, and one for the backends, which read
/// what was saved.
fn make_plan(
    make: &Make<'_>,
    build: &mut Build,
    objects: &[String],
    fronts: Fronts,
) -> Result<Plan, EngineError> {
    let mut plan = Plan { fronts: fronts == Fronts::Tree, ..Plan::default() };
    let mut told = None;
    if plan.fronts {
        let said = make.fronts()?;
        plan.no_fronts = why_no_fronts(&said);
        if plan.no_fronts.is_none() {
            make.scratch.record(objects, &said.run)?;
            told = Some(said.run);
        } else {
            // What make cannot read, it cannot read next time either.
            plan.failures = make.trouble_with_places(&said);
            make.scratch.restore(objects)?;
        }
    }
    make.scratch.restore_index()?;
    let said = make.backends()?;
    plan.failures.extend(make.trouble(&said));
    dedup(&mut plan.failures);
    plan.replaced =
        Replaced::put(&mut build.facts, told.as_ref(), &said.run, |name| make.scratch.has(name));
    let dir = std::path::PathBuf::from(&build.facts.directory);
    complete(&dir, &mut build.facts.objects);
    Ok(plan)
}

fn why_no_fronts(said: &Said) -> Option<String> {
    if let Some(line) = said.failure() {
        return Some(format!("make: {line}"));
    }
    match (said.run.odd_saves, said.run.fronts.is_empty()) {
        (0, false) => None,
        (0, true) => Some("make planned none".to_owned()),
        (n, _) => Some(format!("{n} lines save them in a way that is not known")),
    }
}

fn dedup(findings: &mut Vec<Finding>) {
    let mut seen = std::collections::BTreeSet::new();
    findings.retain(|finding| seen.insert((finding.key.clone(), finding.group.clone())));
}

/// What a build must be, to be planned on.
fn check(path: &Path, build: &Build) -> Result<(), EngineError> {
    let what = || format!("build directory {}", path.display());
    if build.mode != Mode::Distributed {
        return Err(EngineError::usage(
            what(),
            format!("it is a build of mode {}: kbuild runs no backends in it", build.mode),
            "give a distributed build (CONFIG_LTO_CLANG_THIN_DIST)",
        ));
    }
    let hint = "build as far as the thin link once (make vmlinux_a); its backends may fail";
    if let Some(why) = build.facts.index.why_not("vmlinux.thinlto-index") {
        return Err(EngineError::usage(
            what(),
            format!("{why}: nothing lists the objects that have a backend"),
            hint,
        ));
    }
    if build.facts.objects.is_empty() {
        return Err(EngineError::usage(what(), "vmlinux.thinlto-index lists no object", hint));
    }
    // make would plan what a cut list has and say nothing of the rest.
    let cut = |why: String| {
        let cause = format!("vmlinux.thinlto-index is cut off: {why}");
        Err(EngineError::usage(what(), cause, "run the thin link again (make vmlinux_a)"))
    };
    if let Some(name) = build.facts.unlisted_indexes.first() {
        let n = build.facts.unlisted_indexes.len();
        return cut(format!("{name} has an index and is not in it ({n} such)"));
    }
    let gone = |(_, object): &(&String, &twinlto_facts::build::ObjectFacts)| {
        object.ir.kind.is_none() && object.front.get().is_none()
    };
    match build.facts.objects.iter().find(gone) {
        Some((name, _)) => cut(format!("it lists {name}, and there is no such object")),
        None => Ok(()),
    }
}

/// A build of another version has other objects and other rules.
fn same_kernel(path: &Path, kernel: &KernelTree) -> Result<(), EngineError> {
    let release = std::fs::read_to_string(path.join("include/config/kernel.release"));
    let Ok(release) = release else { return Ok(()) };
    let (release, version) = (release.trim(), &kernel.version);
    let wanted = format!("{}.{}.", version.version, version.patchlevel);
    let is_pocket = release.contains("-pocket");
    if release.starts_with(&wanted) && is_pocket == kernel.is_pocket() {
        return Ok(());
    }
    Err(EngineError::usage(
        format!("build directory {}", path.display()),
        format!("it is a build of {release}, and the tree is {}", kernel.id().name),
        "give the tree that it was built from, in this state of it or another",
    ))
}

/// Names the tree and the numbers of what was planned.
fn about_a_plan(
    mut report: Report,
    kernel: &KernelTree,
    toolchain: Toolchain,
    plan: &Plan,
) -> Report {
    report.kernel = kernel.id();
    for twin in &mut report.twins {
        twin.build = "dry run".to_owned();
    }
    for cell in &mut report.cells {
        cell.toolchain = Some(toolchain.clone());
        let mut put =
            |number: Number, n: usize| cell.counts.insert(number.name().to_owned(), n as u64);
        put(number::PLANNED_BACKENDS, plan.replaced.backends.len());
        put(number::PLANNED_FRONT_ENDS, plan.replaced.fronts.len());
    }
    report
}
