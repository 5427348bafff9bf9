//! The untouched kernel: built once for each architecture, in both modes.

use super::tree::PrivateTree;
use super::{InjectRequest, Shared};
use crate::check::{CheckRequest, check};
use crate::configure::dot_config;
use crate::error::EngineError;
use crate::expect::ExpectFiles;
use crate::fingerprint::fingerprint;
use crate::fs::write_atomic;
use crate::record::OutDir;
use crate::tree::KernelTree;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::path::PathBuf;
use twinlto_facts::kbuild::Config;
use twinlto_model::{Arch, Event, Finding, Mode, Modes, Outcome, Toolchain};
use twinlto_verdict::Expectations;
use twinlto_verdict::inject::Goal;

/// What is prepared in an output directory.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    kernel: String,
    path: String,
    files: String,
    clang: String,
    config: String,
}

/// Takes an output directory for this kernel, LLVM and configuration; refuses one that is
/// prepared for others, because cases would be judged by another kernel's builds.
pub(super) fn claim(
    request: &InjectRequest,
    kernel: &KernelTree,
    toolchain: &Toolchain,
    out: &OutDir,
) -> Result<(), EngineError> {
    let wanted = Claim {
        kernel: kernel.id().name,
        path: kernel.path.display().to_string(),
        files: fingerprint(&kernel.path, &out.path)?,
        clang: toolchain.clang.clone(),
        config: request.config.name(),
    };
    let path = out.path.join("kernel.json");
    let held = std::fs::read(&path).ok().and_then(|b| serde_json::from_slice::<Claim>(&b).ok());
    let Some(held) = held else {
        let text = serde_json::to_vec_pretty(&wanted).unwrap_or_default();
        return write_atomic(&path, &text);
    };
    let differ = [
        ("kernel", &held.kernel, &wanted.kernel),
        ("source tree", &held.path, &wanted.path),
        ("compiler", &held.clang, &wanted.clang),
        ("configuration", &held.config, &wanted.config),
    ];
    let cause = match differ.iter().find(|(_, held, wanted)| held != wanted) {
        Some((what, held, wanted)) => {
            format!("it is prepared for another {what}: {held}, and not {wanted}")
        }
        None if held.files != wanted.files => {
            format!("files of {} have changed since it was prepared", wanted.path)
        }
        None => return Ok(()),
    };
    Err(EngineError::usage(
        format!("--out {}", out.path.display()),
        cause,
        "give another --out, or remove that directory",
    ))
}

/// One architecture, ready for cases.
pub(super) struct Prepared<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) arch: Arch,
    pub(super) tree: PrivateTree,
    /// The tree as a kernel.
    pub(super) kernel: KernelTree,
    /// OUT/ARCH
    pub(super) home: PathBuf,
    pub(super) check: CheckRequest,
    pub(super) builds: OutDir,
    pub(super) config: Config,
    pub(super) expectations: Expectations,
    /// What is said of the untouched kernel.
    pub(super) untouched: Vec<Finding>,
    /// What is said of it where nothing is compiled, by goal; found out when it is first needed.
    pub(super) by_goal: RefCell<Vec<(Goal, Vec<Finding>)>>,
}

impl<'a> Prepared<'a> {
    pub(super) fn prepare(
        shared: &'a Shared<'a>,
        arch: Arch,
        events: &mut dyn FnMut(Event),
    ) -> Result<Self, EngineError> {
        let home = shared.out.path.join(arch.name());
        std::fs::create_dir_all(&home).map_err(|e| EngineError::io("make", &home, &e))?;
        let path = home.join("tree");
        let tree = PrivateTree::open(&shared.kernel.path, &path, !shared.kernel.is_pocket())?;
        let request = shared.request;
        let check_request = CheckRequest {
            kernel: Some(path.clone()),
            arches: vec![arch],
            modes: Modes::default(),
            llvm: request.llvm.clone(),
            ccache: request.ccache,
            config: request.config.clone(),
            jobs: shared.jobs,
            out: home.join("builds"),
            replay: None,
            life: None,
            separate: false,
            base: None,
            expect: ExpectFiles::default(),
            render: |_| Vec::new(),
        };
        let report = check(&check_request, events)?;
        if report.outcome != Outcome::Agree {
            let why = report.findings.iter().find(|finding| finding.gates());
            let why = why.map_or_else(
                || report.summary.clone(),
                |f| format!("{}: {}", f.key, f.cause.as_deref().unwrap_or("cause unknown")),
            );
            return Err(EngineError::build(
                format!("{} for {arch}, untouched", report.kernel.name),
                format!("its two modes do not agree, so no case can be judged: {why}"),
                "twinlto check tells all of it",
            ));
        }
        let builds = OutDir::open(&check_request.out)?;
        Ok(Self {
            shared,
            arch,
            kernel: KernelTree::open(&path)?,
            config: dot_config(&builds.build(arch, Mode::Distributed))?,
            tree,
            home,
            check: check_request,
            builds,
            expectations: Expectations::default(),
            by_goal: RefCell::new(Vec::new()),
            untouched: report.findings,
        })
    }
}
