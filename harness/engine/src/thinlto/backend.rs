//! One backend of a reference, and what has to hold before it is run.

use super::action::{self, Acted};
use super::inputs::Module;
use crate::error::EngineError;
use crate::recipe::Recipe;
use std::path::Path;
use std::time::Duration;
use twinlto_facts::build::ObjectFacts;
use twinlto_facts::flags::{compile, lex};
use twinlto_model::ToolVersion;
use twinlto_verdict::replay::{Reference, reference};

/// How long one backend may take; the largest unit of a kernel takes some seconds.
pub(crate) const BACKEND_LIMIT: Duration = Duration::from_secs(300);

/// A backend that is derived from its front end's command.
pub(crate) struct Backend<'a> {
    /// The build directory, where it runs.
    pub(crate) dir: &'a Path,
    /// The IR object, as the thin link names it.
    pub(crate) object: &'a str,
    /// Its index.
    pub(crate) index: &'a Path,
    pub(crate) reference: &'a Reference,
}

impl Backend<'_> {
    /// Its command.
    pub(crate) fn recipe(&self, out: &Path) -> Recipe {
        let (index, out) = (self.index.display().to_string(), out.display().to_string());
        let mut argv = self.reference.argv(self.object, &index, &out).into_iter();
        let program = argv.next().unwrap_or_default();
        argv.fold(Recipe::new(self.dir, program), Recipe::arg)
    }

    /// Runs it, and gives the native object that it left.
    pub(crate) fn run(&self, out: &Path, limit: Duration) -> Acted<Vec<u8>> {
        action::object(&self.recipe(out), &self.dir.join(out), limit)
    }
}

/// A backend of a large unit takes so many bytes of memory (measured: `fs/btrfs`, 380 MB).
const MEMORY: u64 = 512 << 20;

/// As many jobs as the free memory has room for, at least one.
pub(super) fn bounded_by_memory(jobs: usize) -> usize {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes: Option<u64> = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    let room = kilobytes.map_or(usize::MAX, |kb| usize::try_from((kb << 10) / MEMORY).unwrap_or(1));
    jobs.min(room).max(1)
}

/// Threads for so many backends at once, or as many as there is memory for.
///
/// # Errors
///
/// When the system has no threads to give.
pub(crate) fn pool(jobs: usize) -> Result<rayon::ThreadPool, EngineError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(bounded_by_memory(jobs))
        .build()
        .map_err(|error| EngineError::environment("threads", error.to_string(), ""))
}

/// The reference of one object, from its front end's own command.
pub(crate) fn front_reference(facts: &ObjectFacts) -> Result<Reference, String> {
    let Some(front) = facts.front.get() else {
        return Err("no .cmd file says how its front end was run".to_owned());
    };
    let commands = lex(&front.text).map_err(|error| format!("{}: {error}", front.path))?;
    let words = compile(&commands).map(|command| command.words.as_slice()).unwrap_or_default();
    reference(words).ok_or_else(|| format!("{}: it names no compiler", front.path))
}

/// Whether a compiler is of the LLVM that wrote a module: bitcode is for that one alone.
/// `identity` is what the compiler says of itself.
///
/// # Errors
///
/// When it is not; both are named.
pub(crate) fn same_llvm(
    dir: &Path,
    module: &Module,
    compiler: &str,
    identity: &str,
) -> Result<(), EngineError> {
    let producer = &module.ir.producer;
    // Its second line is about the file.
    let ours = ToolVersion::find(identity.lines().next().unwrap_or_default());
    let theirs = ToolVersion::find(producer.trim_start_matches("LLVM"));
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if (ours.major, ours.minor) != (theirs.major, theirs.minor) => {
            Err(EngineError::usage(
                format!("{}/{}", dir.display(), module.name),
                format!("{producer} wrote it, and {compiler} is now {ours}"),
                "replay with the compiler that built it, or build it again",
            ))
        }
        _ => Ok(()),
    }
}
