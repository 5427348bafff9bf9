//! `twinlto replay`: a finished build, object by object.

use super::{ReplayOptions, replay_build};
use crate::audit::{open, report};
use crate::error::EngineError;
use crate::expect::ExpectFiles;
use crate::gather::Depth;
use std::path::PathBuf;
use twinlto_model::{Arch, Event, Mode, Report, Stage};
use twinlto_verdict::Verdict;

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
    events: &mut (dyn FnMut(Event) + Send),
) -> Result<Report, EngineError> {
    let expectations = request.expect.read()?;
    let build = open(&request.build, Depth::Records)?;
    let (arch, mode) = (build.arch, build.mode);
    let layer = {
        let events = std::sync::Mutex::new(events);
        replay_build(arch, &build.facts, &request.options, &|what, done, of| {
            progress(&events, arch, mode, what, done, of);
        })?
    };
    let verdict = Verdict { arch, layers: vec![layer] };
    let comparison = match mode {
        Mode::Distributed => "kbuild's backends, reference backends and in-process code generation",
        Mode::InProcess => "reference backends and in-process code generation",
    };
    report(&expectations, &verdict, &build, None, comparison.to_owned())
}

/// Tells how far a replay is.
pub(crate) fn progress(
    events: &std::sync::Mutex<&mut (dyn FnMut(Event) + Send)>,
    arch: Arch,
    mode: Mode,
    what: &'static str,
    done: usize,
    of: Option<usize>,
) {
    let mut events = events.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if done == 0 {
        events(Event::Started { arch, mode: Some(mode), stage: Stage::Replay });
    }
    events(Event::Progress { arch, mode, what, done, of });
}
