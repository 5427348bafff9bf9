//! `twinlto replay`: a finished build, object by object.

use super::{ReplayOptions, replay_build};
use crate::audit::{open, report};
use crate::error::EngineError;
use crate::expect::ExpectFiles;
use crate::gather::Depth;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Instant;
use twinlto_facts::build::BuildFacts;
use twinlto_model::{Arch, Event, Mode, Report, Stage};
use twinlto_verdict::{LayerVerdict, Verdict};

/// What `twinlto replay` is asked.
#[derive(Debug, Clone)]
pub struct ReplayRequest {
    /// A finished build directory, of either mode.
    pub build: PathBuf,
    /// How much, and how.
    pub options: ReplayOptions,
    /// What may differ.
    pub expect: ExpectFiles,
}

/// Replays a build that somebody made. Writes nothing into it.
///
/// # Errors
///
/// When it is no kernel build with ThinLTO, when nothing in it can be replayed, or when it changes
/// meanwhile.
pub fn replay(
    request: &ReplayRequest,
    events: &mut dyn FnMut(Event),
) -> Result<Report, EngineError> {
    let expectations = request.expect.read()?;
    let build = open(&request.build, Depth::Records)?;
    let layer = replay_told(build.arch, &build.facts, &request.options, events)?;
    let comparison = match build.mode {
        Mode::Distributed => "kbuild's backends, reference backends and in-process code generation",
        Mode::Reference => "its own backends, reference backends and in-process code generation",
        Mode::InProcess | Mode::Dtlto => "reference backends and in-process code generation",
    };
    let verdict = Verdict::of(build.arch, vec![layer]);
    report(&expectations, &verdict, &build, None, comparison.to_owned())
}

/// Replays a build and tells how far it is.
pub(crate) fn replay_told(
    arch: Arch,
    facts: &BuildFacts,
    options: &ReplayOptions,
    events: &mut dyn FnMut(Event),
) -> Result<LayerVerdict, EngineError> {
    let (mode, stage) = (facts.mode, Stage::Replay);
    events(Event::Started { arch, mode, stage });
    let start = Instant::now();
    let (sender, receiver) = channel();
    let layer = std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            replay_build(arch, facts, options, &|what, done, of| {
                // Who does not listen any more has what was wanted.
                let _gone = sender.send((what, done, of));
            })
        });
        for (what, done, of) in receiver {
            events(Event::Progress { arch, mode, what, done, of });
        }
        worker.join().unwrap_or_else(|_| {
            Err(EngineError::environment("replay", "a thread of it ended early", ""))
        })
    })?;
    events(Event::Finished { arch, mode, stage, took: Some(start.elapsed()) });
    Ok(layer)
}
