//! `twinlto premerge`: what a change of the sources makes worse, and nothing that was there before.
//!
//! The base is built once and kept; each state of the head starts from a copy of its build, so that
//! only what the change reaches is built again.
//!
//! ```text
//! OUT/tree/          the one source tree, brought from state to state
//! OUT/base/          the base, as `check` leaves it
//! OUT/base.json      which base that is, and its record
//! OUT/head/          the head
//! ```

use crate::check::{CheckRequest, EarlierBuild, check};
use crate::diff::{DiffRequest, report_of};
use crate::error::EngineError;
use crate::expect::ExpectFiles;
use crate::fs::{remove_file, write_atomic};
use crate::record::OutDir;
use crate::revisions::{Commit, Repository, Sources};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use twinlto_model::{Event, KernelId, Layer, Outcome, PatchReport, Report, SidePaths, count};
use twinlto_verdict::{Reach, RecordDiff, compare_records, judge_change, reach};

/// What becomes of the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// Another revision of the repository.
    Revision(String),
    /// Another directory.
    Directory(PathBuf),
    /// An mbox, a patch, or a directory of patches, applied to the base.
    Series(PathBuf),
}

/// What `twinlto premerge` is asked.
#[derive(Debug, Clone)]
pub struct PremergeRequest {
    /// Everything about how a state is checked. Its kernel is the repository; without one, base and
    /// head are directories.
    pub check: CheckRequest,
    /// The state before: a revision, or a directory.
    pub base: String,
    /// The state after.
    pub head: Head,
    /// Whether each commit between them is checked.
    pub each: bool,
    /// Whether the head is built from clean, whatever the change reaches.
    pub clean: bool,
}

/// Checks both states and tells what is new, what is fixed, and what was there before.
///
/// # Errors
///
/// When the request makes no sense, a patch does not apply, or nothing could be compared for a reason
/// that is not the kernel's.
pub fn premerge(
    request: &PremergeRequest,
    events: &mut dyn FnMut(Event),
) -> Result<Report, EngineError> {
    OutDir::check_path(&request.check.out)?;
    let states = States::find(request)?;
    if let States::Revisions { repository, .. } = &states {
        repository.apart(&request.check.out)?;
    }
    let out = OutDir::open(&request.check.out)?;
    let (sources, base, heads) = states.open(request, &out.path)?;
    let before = base_report(request, &sources, &base, &out.path, events)?;
    let mut patches = Vec::new();
    let (mut first_worse, mut first_untold, mut last) = (None, None, None);
    for (n, head) in heads.iter().enumerate() {
        events(Event::Tried {
            what: head.named(),
            left: format!("{} of {}", n + 1, count(heads.len(), "state", "states")),
        });
        let after = head_report(request, &sources, (&base, &before), head, &out.path, events)?;
        let compared = compare(request, (&base, &before), (head, &after))?;
        events(Event::Answered { line: format!("{}: {}", compared.outcome, compared.summary) });
        patches.push(PatchReport {
            name: head.named(),
            outcome: compared.outcome.clone(),
            summary: compared.summary.clone(),
        });
        // That nothing can be told of a patch is not that it makes something worse.
        let first = match compared.outcome {
            Outcome::Agree => None,
            Outcome::Differ => Some(&mut first_worse),
            Outcome::Broken(_) | Outcome::Skipped(_) => Some(&mut first_untold),
        };
        first.map(|first| first.get_or_insert_with(|| compared.clone()));
        last = Some(compared);
    }
    let nothing = || EngineError::usage("--head", "there is no state to check", "give another");
    let mut report = last.ok_or_else(nothing)?;
    if patches.len() > 1 {
        let worse = patches.iter().find(|patch| patch.outcome == Outcome::Differ);
        let untold = || patches.iter().find(|patch| patch.outcome != Outcome::Agree);
        if let Some(first) = worse.or_else(untold) {
            // What a later patch mends is told as it was where it came.
            let is_mended = report.outcome == Outcome::Agree;
            if let Some(bad) = first_worse.or(first_untold).filter(|_| is_mended) {
                report = bad;
            }
            let mended = if is_mended { ", and gone with the last" } else { "" };
            report.summary = format!("{}; first with {}{mended}", report.summary, first.name);
        }
        report.outcome = Outcome::of_all(patches.iter().map(|patch| patch.outcome.clone()));
        report.patches = patches;
    }
    Ok(report)
}

/// Where base and head come from, found before anything is made.
enum States {
    Revisions { repository: Repository, base: Commit, head: Option<Commit> },
    Directories { base: PathBuf, head: Option<PathBuf> },
}

impl States {
    fn find(request: &PremergeRequest) -> Result<Self, EngineError> {
        let Some(kernel) = &request.check.kernel else {
            let base = directory("--base", Path::new(&request.base))?;
            let head = match &request.head {
                Head::Directory(path) => Some(directory("--head", path)?),
                Head::Revision(name) => Some(directory("--head", Path::new(name))?),
                Head::Series(_) => None,
            };
            let read = [Some(&base), head.as_ref()].into_iter().flatten();
            OutDir::check_apart(&request.check.out, read)?;
            return Ok(Self::Directories { base, head });
        };
        let repository = Repository::open(kernel)?;
        let base = repository.commit(&request.base)?;
        let head = match &request.head {
            Head::Revision(name) => Some(repository.commit(name)?),
            Head::Directory(path) => Some(repository.commit(&path.display().to_string())?),
            Head::Series(_) => None,
        };
        if head.as_ref().is_some_and(|head| head.id == base.id) {
            return Err(EngineError::usage(
                format!("--base and --head are both {}", base.named()),
                "nothing is merged",
                "give two different revisions",
            ));
        }
        Ok(Self::Revisions { repository, base, head })
    }

    /// The tree, the base, and the states to check, in order.
    fn open(
        self,
        request: &PremergeRequest,
        out: &Path,
    ) -> Result<(Sources, Commit, Vec<Commit>), EngineError> {
        let (repository, base, head) = match self {
            Self::Revisions { repository, base, head } => (repository, base, head),
            Self::Directories { base, head } => {
                let own = Repository::own(&out.join("imported.git"))?;
                let base = own.import(&base)?;
                let head = head.map(|dir| own.import(&dir)).transpose()?;
                (own, base, head)
            }
        };
        let sources = Sources::open(repository, out)?;
        let all = match (&request.head, head) {
            (Head::Series(series), _) => sources.apply(&base, series)?,
            (_, Some(head)) if request.each && request.check.kernel.is_some() => {
                let (_, mut commits) = {
                    let options = ["--base", "--head"];
                    sources.repository().history((&base, &head), options, true)?
                };
                commits.remove(0);
                commits
            }
            (_, head) => head.into_iter().collect(),
        };
        if all.is_empty() || all.iter().all(|head| head.id == base.id) {
            return Err(EngineError::usage(
                "--head",
                "it is the base: nothing is merged",
                "give another state of the sources",
            ));
        }
        let heads = match request.each {
            true => all,
            false => all.into_iter().next_back().into_iter().collect(),
        };
        Ok((sources, base, heads))
    }
}

fn directory(option: &str, path: &Path) -> Result<PathBuf, EngineError> {
    let usage = |cause: &str| {
        EngineError::usage(
            format!("{option} {}", path.display()),
            cause,
            "give two directories of sources, or --kernel with the repository of two revisions",
        )
    };
    match path.canonicalize() {
        Ok(path) if path.is_dir() => Ok(path),
        Ok(_) => Err(usage("it is not a directory")),
        Err(_) => Err(usage("there is no such directory")),
    }
}

/// Which base was built, so that the next run takes it as it is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownBase {
    commit: String,
    asked: String,
    record: String,
}

/// The base's report: kept, or of a check.
fn base_report(
    request: &PremergeRequest,
    sources: &Sources,
    base: &Commit,
    out: &Path,
    events: &mut dyn FnMut(Event),
) -> Result<Report, EngineError> {
    let path = out.join("base.json");
    let place = out.join("base");
    let asked = request.check.identity()?;
    let known = std::fs::read(&path).ok();
    let known = known.and_then(|bytes| serde_json::from_slice::<KnownBase>(&bytes).ok());
    if let Some(known) = known.filter(|known| known.commit == base.id && known.asked == asked)
        && let Ok(text) = crate::record::read_record(Path::new(&known.record))
        && let Ok(report) = serde_json::from_str::<Report>(&text)
    {
        events(Event::Tried { what: base.named(), left: "the base, as it was checked".to_owned() });
        return Ok(report);
    }
    events(Event::Tried { what: base.named(), left: "the base".to_owned() });
    remove_file(&path)?;
    sources.switch(base, None)?;
    let request = CheckRequest {
        kernel: Some(sources.tree.clone()),
        out: place,
        base: None,
        ..request.check.clone()
    };
    let report = check(&request, events)?;
    if let Some(record) = &report.record {
        let record = std::path::absolute(record).unwrap_or_else(|_| PathBuf::from(record));
        let known =
            KnownBase { commit: base.id.clone(), asked, record: record.display().to_string() };
        let text = serde_json::to_vec_pretty(&known).unwrap_or_default();
        write_atomic(&path, &text)?;
    }
    Ok(report)
}

/// A head's report. What no build reads needs none.
fn head_report(
    request: &PremergeRequest,
    sources: &Sources,
    (base, before): (&Commit, &Report),
    head: &Commit,
    out: &Path,
    events: &mut dyn FnMut(Event),
) -> Result<Report, EngineError> {
    let refresh = match reach(&sources.changed(base, head)?) {
        _ if request.clean => None,
        Reach::Nothing => {
            let line = "no build reads any of the files that it changes".to_owned();
            events(Event::Answered { line });
            return Ok(before.clone());
        }
        Reach::Clean(_) => None,
        Reach::Copy(refresh) => Some(refresh),
    };
    sources.switch(head, refresh.is_some().then_some(base))?;
    let request = CheckRequest {
        kernel: Some(sources.tree.clone()),
        out: out.join("head"),
        base: refresh.map(|refresh| EarlierBuild { out: out.join("base"), refresh }),
        ..request.check.clone()
    };
    check(&request, events)
}

/// What the head has that the base had not.
fn compare(
    request: &PremergeRequest,
    (base, before): (&Commit, &Report),
    (head, after): (&Commit, &Report),
) -> Result<Report, EngineError> {
    let after = &without_steps(after);
    let mut changed = compare_records(before, after);
    forget_steps(&mut changed);
    // That it is another kernel is no news.
    let mut ignore = vec!["record.input.changed".to_owned()];
    // A build that failed is told with its outcome; that nothing of it was compared follows.
    if after.cells.iter().any(|cell| matches!(cell.outcome, Outcome::Broken(_))) {
        ignore.push("record.compared.less".to_owned());
    }
    let diff = DiffRequest {
        a: PathBuf::from(base.short()),
        b: PathBuf::from(head.short()),
        only: Vec::new(),
        ignore,
        objects: Vec::new(),
        explain: false,
        // The checks themselves have applied what may differ.
        expect: ExpectFiles { unused_is_fine: true, ..ExpectFiles::default() },
    };
    let mut report = report_of(&diff, after, changed)?;
    // Nobody has asked to leave anything out.
    report.not_compared.retain(|left| !left.why.contains("--ignore"));
    for (twin, now) in report.twins.iter_mut().zip(&after.twins) {
        twin.build.clone_from(&now.build);
        for layer in &mut twin.layers {
            layer.hidden = 0;
        }
    }
    judge_change(&mut report, before, after);
    Ok(Report {
        kernel: KernelId { name: after.kernel.name.clone(), path: before.kernel.path.clone() },
        config: request.check.config.name(),
        comparison: format!("{} against {}", head.named(), base.named()),
        sides: Some(SidePaths { left: base.named(), right: head.named() }),
        cells: after.cells.clone(),
        record: after.record.clone(),
        ..report
    })
}

/// A head's report without the messages of its build: one that begins with a copy runs few steps, and
/// what the others say is not looked for.
fn without_steps(report: &Report) -> Report {
    let mut report = report.clone();
    for twin in &mut report.twins {
        twin.layers.retain(|result| result.layer != Layer::Diagnostics);
    }
    report
}

/// That it runs fewer steps is no news.
fn forget_steps(changed: &mut RecordDiff) {
    let steps = Layer::Diagnostics.name();
    for finding in &mut changed.less {
        finding.sites.retain(|site| site.subject != steps);
    }
    changed.less.retain(|finding| !finding.sites.is_empty());
}
