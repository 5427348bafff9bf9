use crate::error::EngineError;
use crate::expect::{ExpectFiles, today};
use crate::gather::{Depth, gather, log_beside};
use crate::twins;
use std::path::PathBuf;
use twinlto_facts::build::BuildFacts;
use twinlto_model::{
    Arch, CellReport, KernelId, Mode, Modes, Outcome, Report, SCHEMA, SidePaths, Timings,
    TwinReport,
};
use twinlto_verdict::{
    Built, Expectations, Scope, Sides, Verdict, cell_counts, conclude, diagnostics, judge,
    judge_one, merge, merge_allowed, summary,
};

/// What `twinlto audit` is asked.
#[derive(Debug, Clone)]
pub struct AuditRequest {
    /// A finished, failed or half-finished build directory.
    pub build: PathBuf,
    /// Its twin in the other mode.
    pub other: Option<PathBuf>,
    /// What may differ.
    pub expect: ExpectFiles,
}

/// Compares build directories that somebody else made. Builds nothing, writes nothing.
///
/// # Errors
///
/// When a directory is no kernel build with ThinLTO, when two directories are no twins, or when
/// the expectations make no sense.
pub fn audit(request: &AuditRequest) -> Result<Report, EngineError> {
    let expectations = request.expect.read()?;
    match &request.other {
        None => audit_one(&request.build, &expectations),
        Some(other) => audit_two(&request.build, other, &expectations),
    }
}

/// A build with what it must say of itself.
pub(crate) struct Build {
    pub(crate) facts: BuildFacts,
    pub(crate) arch: Arch,
    pub(crate) mode: Mode,
}

pub(crate) fn open(path: &std::path::Path, depth: Depth) -> Result<Build, EngineError> {
    open_with(path, &[], depth)
}

fn open_with(
    path: &std::path::Path,
    logs: &[&std::path::Path],
    depth: Depth,
) -> Result<Build, EngineError> {
    let facts = gather(path, logs, depth)?;
    let what = format!("build directory {}", path.display());
    let Some(mode) = facts.mode else {
        return Err(EngineError::usage(
            what,
            "its .config selects neither LTO_CLANG_THIN_DIST nor LTO_CLANG_THIN",
            "configure it for ThinLTO and build it",
        ));
    };
    let Some(arch) = facts.arch else {
        return Err(EngineError::usage(
            what,
            "it is for none of x86_64, arm64, riscv and loongarch",
            "those are the architectures with ThinLTO",
        ));
    };
    Ok(Build { facts, arch, mode })
}

fn audit_one(path: &std::path::Path, expectations: &Expectations) -> Result<Report, EngineError> {
    let build = open(path, Depth::Records)?;
    let verdict = judge_one(build.arch, &build.facts, "only one build directory was given", true);
    let comparison = format!("{} alone", build.mode);
    report(expectations, &verdict, &build, None, comparison)
}

fn audit_two(
    a: &std::path::Path,
    b: &std::path::Path,
    expectations: &Expectations,
) -> Result<Report, EngineError> {
    // What only the two together can be asked, their logs tell.
    let open = |path: &std::path::Path| {
        let log = log_beside(path);
        let logs: Vec<&std::path::Path> = log.iter().map(PathBuf::as_path).collect();
        open_with(path, &logs, Depth::Everything)
    };
    let (first, second) = rayon::join(|| open(a), || open(b));
    let (first, second) = (first?, second?);
    let what = format!("{} and {}", a.display(), b.display());
    if first.arch != second.arch {
        return Err(EngineError::usage(
            what,
            format!("one is for {}, the other for {}", first.arch, second.arch),
            "give two builds of one architecture",
        ));
    }
    if first.mode == second.mode {
        return Err(EngineError::usage(
            what,
            format!("both are {}", first.mode),
            "give two builds of one kernel in two modes; audit each alone otherwise",
        ));
    }
    let Some(modes) = Modes::pair(&[first.mode, second.mode]) else {
        return Err(EngineError::usage(what, "their modes make no pair", ""));
    };
    let (ours, theirs) = if first.mode == modes.first { (first, second) } else { (second, first) };
    let sides = Sides::of(ours.arch, Some(ours.mode), Some(theirs.mode));
    let mut verdict = twins::compare(ours.arch, &ours.facts, &theirs.facts, expectations)?;
    verdict.layers.push(diagnostics(sides, &ours.facts, &theirs.facts, Scope::Differences));
    let report = report(expectations, &verdict, &ours, Some(&theirs), modes.comparison());
    // Nobody has to wait until millions of names are given back.
    rayon::spawn(move || drop((ours, theirs)));
    report
}

pub(crate) fn report(
    expectations: &Expectations,
    verdict: &Verdict,
    build: &Build,
    twin: Option<&Build>,
    comparison: String,
) -> Result<Report, EngineError> {
    let builds: Vec<&Build> = [Some(build), twin].into_iter().flatten().collect();
    let twin = twin.map(|twin| &twin.facts);
    let built = Built { facts: &build.facts, twin, llvm: None, whole: true, failure: None };
    let judged = judge(expectations, verdict, &built, None);
    let twins = vec![TwinReport {
        arch: verdict.arch,
        outcome: judged.outcome.clone(),
        build: "as found".to_owned(),
        layers: judged.layers,
        steps: Vec::new(),
        coverage: verdict.coverage.clone(),
    }];
    let (outcome, about) = conclude(expectations, judged.outcome, &[judged.compared], today()?);
    let findings = merge(judged.findings.into_iter().chain(about).collect());
    let allowed = merge_allowed(judged.allowed);
    let cells = builds
        .iter()
        .enumerate()
        .map(|(position, build)| CellReport {
            arch: build.arch,
            mode: build.mode,
            toolchain: None,
            outcome: match outcome {
                Outcome::Broken(ref why) => Outcome::Broken(why.clone()),
                _ => Outcome::Agree,
            },
            directory: build.facts.directory.clone(),
            timings: Timings::new(),
            counts: cell_counts(build.mode, position == 0, &build.facts, verdict),
        })
        .collect();
    Ok(Report {
        schema: SCHEMA.to_owned(),
        twinlto: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: KernelId { name: kernel_name(&builds), path: None },
        config: "as built".to_owned(),
        comparison,
        sides: twin.map(|twin| SidePaths {
            left: build.facts.directory.clone(),
            right: twin.directory.clone(),
        }),
        summary: summary(&outcome, &twins, &findings, &allowed),
        outcome,
        twins,
        cells,
        findings,
        allowed,
        not_compared: verdict.not_compared(),
        patches: Vec::new(),
        record: None,
    })
}

/// `Linux 7.3.4`, from the file in which kbuild keeps the release.
fn kernel_name(builds: &[&Build]) -> String {
    let release = builds.iter().find_map(|build| {
        let path =
            std::path::Path::new(&build.facts.directory).join("include/config/kernel.release");
        std::fs::read_to_string(path).ok()
    });
    match release.as_deref().map(str::trim) {
        Some(release) if !release.is_empty() && release.len() < 100 => format!("Linux {release}"),
        _ => "kernel".to_owned(),
    }
}
