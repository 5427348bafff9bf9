//! `twinlto check`: one kernel, two modes, every architecture.

mod building;
mod compare;
pub(crate) mod twin;

use crate::cases::pocket_kernel;
use crate::configure::ConfigSource;
use crate::error::EngineError;
use crate::expect::{ExpectFiles, today};
use crate::fingerprint::fingerprint;
use crate::fs::{free_bytes, write_atomic};
use crate::lifecycle::{LifeOptions, Place};
use crate::preflight;
use crate::probe;
use crate::record::OutDir;
use crate::replay::ReplayOptions;
use crate::toolchain::{Compiler, LlvmSpec, identify};
use crate::tree::KernelTree;
use std::path::PathBuf;
use std::time::Instant;
use twin::{Twin, TwinResult};
use twinlto_model::{Arch, Event, Finding, Modes, Outcome, Report, SCHEMA, Stage, Toolchain};
use twinlto_verdict::{Expectations, Refresh, conclude, merge, merge_allowed, summary};

/// Turns a report into the files of its record: name and text.
pub type Render = fn(&Report) -> Vec<(&'static str, String)>;

/// What `twinlto check` is asked.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// Source tree; none for the pocket kernel.
    pub kernel: Option<PathBuf>,
    /// Architectures, in order.
    pub arches: Vec<Arch>,
    /// The modes, and whether there are two to compare.
    pub modes: Modes,
    /// LLVM.
    pub llvm: LlvmSpec,
    /// Whether front ends and backends are asked of ccache first.
    pub ccache: bool,
    /// Configuration.
    pub config: ConfigSource,
    /// Jobs at once.
    pub jobs: usize,
    /// Where builds and records go.
    pub out: PathBuf,
    /// How every object is replayed, if they are.
    pub replay: Option<ReplayOptions>,
    /// Which steps of a build's life are taken, if any.
    pub life: Option<LifeOptions>,
    /// Whether the second kernel is built from clean, too.
    pub separate: bool,
    /// Where another state of the same sources was built, at the same path: builds start from copies of
    /// those, and make finds out what is out of date.
    pub base: Option<EarlierBuild>,
    /// What may differ.
    pub expect: ExpectFiles,
    /// Makes the files of the record.
    pub render: Render,
}

/// A build of another state of the same sources.
#[derive(Debug, Clone)]
pub struct EarlierBuild {
    /// Its output directory.
    pub out: PathBuf,
    /// What has to be done to a copy of it first.
    pub refresh: Refresh,
}

impl CheckRequest {
    /// Everything that decides what a check says, beside the sources: for answers that are kept. The
    /// text of a fragment and of what may differ counts, and not where it lies.
    pub(crate) fn identity(&self) -> Result<String, EngineError> {
        let mut text = format!("{} {:?}\n", env!("CARGO_PKG_VERSION"), self.modes);
        // Objects that were compiled by another command are compiled again.
        text.push_str(&format!("ccache {}\n", self.ccache));
        text.push_str(&crate::toolchain::identity(&self.llvm));
        for arch in &self.arches {
            for mode in self.modes.iter() {
                let requested = self.config.requested(*arch, mode)?.to_text();
                text.push_str(&format!("{arch} {mode} {:?}\n{requested}", self.config.target()));
            }
        }
        text.push_str(&crate::recipe::users_identity());
        text.push_str(&format!("{:?}", self.expect.read()?));
        Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
    }
}

/// Free bytes that a check of one architecture needs at least: measured 260 MB for two Linux
/// 7.3 tiny builds, 25 MB for the pocket kernel.
const SPACE_LINUX: u64 = 600 << 20;
const SPACE_POCKET: u64 = 60 << 20;

/// Builds the kernel in two modes for every architecture, compares the twins, and writes a
/// record. The same request again continues after the last finished stage.
///
/// # Errors
///
/// When nothing could be compared for a reason that is not the kernel's: the request, a tool,
/// the disk, the user.
pub fn check(request: &CheckRequest, events: &mut dyn FnMut(Event)) -> Result<Report, EngineError> {
    OutDir::check_path(&request.out)?;
    let expectations = request.expect.read()?;
    let kernel = match &request.kernel {
        Some(path) => KernelTree::open(path)?,
        None => KernelTree::open(&pocket_kernel()?)?,
    };
    for arch in &request.arches {
        for mode in request.modes.iter() {
            kernel.supports(*arch, mode)?;
        }
    }
    let toolchain = preflight::toolchain(&kernel, &request.arches, &request.llvm)?;
    let compiler = Compiler::cached(&request.llvm, request.ccache)?;
    if let Some((mode, first)) = request.modes.beyond(toolchain.version.major) {
        return Err(EngineError::usage(
            format!("--mode {mode}"),
            format!("this is LLVM {}", toolchain.version),
            format!(
                "ld.lld can hand out its backends in LLVM {first} and later; give another --llvm"
            ),
        ));
    }
    for arch in &request.arches {
        preflight_arch(request, *arch, events)?;
    }
    let out = OutDir::open(&request.out)?;
    enough_space(request, &kernel, &out)?;
    let life = request.life.as_ref().map(|_| Place::open(&kernel, &out)).transpose()?;
    // A life is lived in a directory of its own, on sources of its own.
    let (sources, builds) = match &life {
        Some(place) => (&place.kernel, &place.out),
        None => (&kernel, &out),
    };
    let identity = format!(
        "{}\n{}\n{}",
        fingerprint(&sources.path, &builds.path)?,
        crate::toolchain::identity(&request.llvm),
        toolchain.clang
    );
    let mut twins = Vec::new();
    for arch in &request.arches {
        let twin = Twin {
            request,
            kernel: sources,
            compiler: &compiler,
            out: builds,
            arch: *arch,
            modes: request.modes,
            identity: &identity,
            from_twin: !request.separate,
            expectations: &expectations,
            llvm: toolchain.version.major,
        };
        if let Some(place) = &life {
            place.recover(*arch)?;
        }
        twins.push(twin.run(events)?);
    }
    unchanged(request, &toolchain, &twins)?;
    let mut report = assemble(request, &kernel, &toolchain, &expectations, twins)?;
    let record = out.name_record(&mut report);
    for (name, text) in (request.render)(&report) {
        write_atomic(&record.join(name), text.as_bytes())?;
    }
    Ok(report)
}

/// A build that failed says nothing of the kernel where its tools are no longer those that it began
/// with.
fn unchanged(
    request: &CheckRequest,
    toolchain: &Toolchain,
    twins: &[TwinResult],
) -> Result<(), EngineError> {
    let is_broken = |twin: &TwinResult| matches!(twin.report.outcome, Outcome::Broken(_));
    if !twins.iter().any(is_broken) || identify(&request.llvm).is_ok_and(|now| now == *toolchain) {
        return Ok(());
    }
    Err(EngineError::environment(
        format!("LLVM={}", request.llvm),
        "it is no longer what it was when the build began",
        "give an LLVM that stays, and run the same command again",
    ))
}

fn preflight_arch(
    request: &CheckRequest,
    arch: Arch,
    events: &mut dyn FnMut(Event),
) -> Result<(), EngineError> {
    let (mode, stage) = (None, Stage::Preflight);
    events(Event::Started { arch, mode, stage });
    let start = Instant::now();
    probe::two_file_link(arch, &request.llvm)?;
    events(Event::Finished { arch, mode, stage, took: Some(start.elapsed()) });
    Ok(())
}

fn enough_space(
    request: &CheckRequest,
    kernel: &KernelTree,
    out: &OutDir,
) -> Result<(), EngineError> {
    let need = if kernel.is_pocket() { SPACE_POCKET } else { SPACE_LINUX };
    match free_bytes(&out.path) {
        Some(free) if free < need => Err(EngineError::disk(
            format!("--out {}", request.out.display()),
            format!("{} MB are free there, and a check needs {} MB", free >> 20, need >> 20),
        )),
        _ => Ok(()),
    }
}

fn assemble(
    request: &CheckRequest,
    kernel: &KernelTree,
    toolchain: &Toolchain,
    expectations: &Expectations,
    results: Vec<TwinResult>,
) -> Result<Report, EngineError> {
    let mut twins = Vec::new();
    let mut cells = Vec::new();
    let mut findings: Vec<Finding> = Vec::new();
    let (mut allowed, mut compared) = (Vec::new(), Vec::new());
    let mut not_compared = Vec::new();
    for result in results {
        twins.push(result.report);
        cells.extend(result.cells);
        findings.extend(result.findings);
        allowed.extend(result.allowed);
        compared.push(result.compared);
        not_compared.extend(result.not_compared);
    }
    for cell in &mut cells {
        cell.toolchain = Some(toolchain.clone());
    }
    let outcome = Outcome::of_all(twins.iter().map(|t| t.outcome.clone()));
    let (outcome, about) = conclude(expectations, outcome, &compared, today()?);
    findings.extend(about);
    let (findings, allowed) = (merge(findings), merge_allowed(allowed));
    Ok(Report {
        schema: SCHEMA.to_owned(),
        twinlto: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: kernel.id(),
        config: request.config.name(),
        comparison: match &request.life {
            Some(_) => "distributed, in its life".to_owned(),
            None => request.modes.comparison(),
        },
        sides: None,
        summary: summary(&outcome, &twins, &findings, &allowed),
        outcome,
        twins,
        cells,
        findings,
        allowed,
        not_compared,
        patches: Vec::new(),
        record: None,
    })
}
