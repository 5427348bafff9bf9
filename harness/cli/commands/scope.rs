//! How much is done, and how much of it at once: asked in the same words by several commands.

use crate::args::ReplayScope;
use std::time::Duration;
use twinlto_engine::{EngineError, ReplayOptions, default_jobs, object_globs};
use twinlto_model::{Arch, Mode, Modes};

/// What a replay is asked, here and as a layer of check.
pub(super) fn replay_options(
    scope: &ReplayScope,
    jobs: Option<usize>,
) -> Result<ReplayOptions, EngineError> {
    let zero = |option: &str| {
        EngineError::usage(format!("{option} 0"), "nothing would be replayed", "give 1 or more")
    };
    if scope.sample == Some(0) {
        return Err(zero("--sample"));
    }
    if scope.timeout == 0 {
        return Err(zero("--timeout"));
    }
    Ok(ReplayOptions {
        objects: object_globs(&names(&scope.object))?,
        sample: scope.sample,
        jobs: self::jobs(jobs)?,
        limit: Duration::from_secs(scope.timeout),
        prove: !scope.no_proofs,
    })
}

/// Names as the index has them.
fn names(objects: &[String]) -> Vec<String> {
    objects.iter().map(|name| name.strip_prefix("./").unwrap_or(name).to_owned()).collect()
}

/// Jobs at once.
pub(super) fn jobs(asked: Option<usize>) -> Result<usize, EngineError> {
    match asked {
        Some(0) => Err(EngineError::usage("-j 0", "nothing could run", "give 1 or more")),
        Some(n) => Ok(n),
        None => Ok(default_jobs()),
    }
}

/// What `--arch` names, in its order; this machine's if nothing.
pub(super) fn arches(names: &[String]) -> Result<Vec<Arch>, EngineError> {
    if names.iter().any(|name| name == "all") {
        return Ok(Arch::ALL.to_vec());
    }
    let names: Vec<String> =
        if names.is_empty() { vec![std::env::consts::ARCH.to_owned()] } else { names.to_vec() };
    let mut arches = Vec::new();
    for name in names.iter().flat_map(|name| name.split(',')) {
        let arch = name.parse::<Arch>().map_err(|error| {
            EngineError::usage(
                format!("--arch {name}"),
                error.to_string(),
                "give one of them, or --arch all",
            )
        })?;
        if !arches.contains(&arch) {
            arches.push(arch);
        }
    }
    Ok(arches)
}

/// What `--mode` names.
pub(super) fn mode(name: &str) -> Result<Mode, EngineError> {
    name.parse::<Mode>().map_err(|error| {
        EngineError::usage(format!("--mode {name}"), error.to_string(), "give one of them")
    })
}

/// The two modes that are compared: one that is named is compared with in-process, two with each other.
pub(super) fn modes(names: &[String]) -> Result<Modes, EngineError> {
    if names.is_empty() {
        return Ok(Modes::default());
    }
    names.join(",").parse::<Modes>().map_err(|error| {
        EngineError::usage(
            format!("--mode {}", names.join(" --mode ")),
            error.to_string(),
            "give one of distributed, reference and dtlto, or two different modes",
        )
    })
}
