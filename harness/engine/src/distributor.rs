//! `twinlto distributor`: runs the backends that lld hands out (`--thinlto-distributor=`, LLVM 22
//! and later) as all others are run here, and believes what they leave and not how they end.

use crate::error::EngineError;
use crate::fs::{read_regular, read_text, write_atomic};
use crate::recipe::Recipe;
use crate::thinlto::{Acted, Failed, INDEX_LIST, object, pool, record_native};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::time::Duration;
use twinlto_facts::dtlto::{Job, JobList};
use twinlto_facts::kbuild::{index_path, native_path};

/// What `twinlto distributor` is asked.
#[derive(Debug, Clone)]
pub struct DistributorRequest {
    /// lld's list of backends.
    pub list: PathBuf,
    /// Jobs at once.
    pub jobs: usize,
    /// How long one backend may take.
    pub limit: Duration,
    /// The kernel build directory that keeps indexes, native objects and the records of them, laid
    /// out as kbuild's distributed mode does.
    pub keep: Option<PathBuf>,
}

/// A backend that failed, in one line, and a line to repeat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// Its IR object.
    pub object: String,
    /// What was wrong.
    pub why: String,
    /// A line to repeat it.
    pub command: String,
}

/// Runs all backends of a list, in the directory that lld runs in.
///
/// # Errors
///
/// When the list makes no sense, or a tool or the disk fails.
pub fn distribute(request: &DistributorRequest) -> Result<Vec<FailedJob>, EngineError> {
    let path = &request.list;
    let what = || format!("list of backends {}", path.display());
    let bytes = read_text(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            EngineError::usage(what(), "there is no such file", "lld writes it, and names it last")
        }
        _ => EngineError::io("read", path, &error),
    })?;
    let list = JobList::parse(&String::from_utf8_lossy(&bytes)).map_err(|why| {
        EngineError::usage(what(), why, "it is what ld.lld of LLVM 22 or later writes")
    })?;
    if request.keep.is_some()
        && let Some(job) = list.jobs.iter().find(|job| !job.is_inside())
    {
        return Err(EngineError::usage(
            what(),
            format!("{} lies outside of the build directory", job.object),
            "link in the build directory, from a thin archive",
        ));
    }
    let dir = std::env::current_dir().map_err(|e| EngineError::io("find", Path::new("."), &e))?;
    let pool = pool(request.jobs)?;
    let one = |job: &Job| {
        Ok(run(job, &dir, request)?.err().map(|Failed { why, command }| FailedJob {
            object: job.object.clone(),
            why,
            command,
        }))
    };
    let failed: Vec<Option<FailedJob>> =
        pool.install(|| list.jobs.par_iter().map(one).collect::<Result<_, EngineError>>())?;
    if let Some(keep) = &request.keep {
        let text: String = list.jobs.iter().map(|job| format!("{}\n", job.object)).collect();
        write_atomic(&keep.join(INDEX_LIST), text.as_bytes())?;
    }
    Ok(failed.into_iter().flatten().collect())
}

fn run(job: &Job, dir: &Path, request: &DistributorRequest) -> Acted<()> {
    let words = job.argv.iter();
    let mut words = words.cloned();
    let program = words.next().unwrap_or_default();
    let recipe = words.fold(Recipe::new(dir, program), Recipe::arg);
    // clang would go on without it, and exit 0.
    if let Some(gone) = job.inputs.iter().find(|input| !dir.join(input).is_file()) {
        let why = format!("{gone} is not there");
        return Ok(Err(Failed { why, command: format!("cd {} && {recipe}", dir.display()) }));
    }
    let bytes = match object(&recipe, &dir.join(&job.output), request.limit)? {
        Ok(bytes) => bytes,
        Err(failed) => return Ok(Err(failed)),
    };
    if let Some(keep) = &request.keep {
        keep_job(job, dir, keep, &bytes)?;
    }
    Ok(Ok(()))
}

/// Keeps what lld throws away after the link.
fn keep_job(job: &Job, dir: &Path, keep: &Path, native: &[u8]) -> Result<(), EngineError> {
    let from = dir.join(&job.index);
    let index = read_regular(&from).map_err(|error| EngineError::io("read", &from, &error))?;
    let (index_name, native_name) = (index_path(&job.object), native_path(&job.object));
    write_atomic(&keep.join(&index_name), &index)?;
    write_atomic(&keep.join(&native_name), native)?;
    let mut words = job.argv_with(&index_name, &native_name).into_iter();
    let program = words.next().unwrap_or_default();
    record_native(keep, &job.object, &words.fold(Recipe::new(keep, program), Recipe::arg))
}
