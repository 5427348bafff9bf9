//! What a bisection knows, kept after each step.

use super::{Scene, answer_of};
use crate::error::EngineError;
use crate::fs::write_atomic;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use twinlto_model::{BisectFound, BisectStep, Bisected};
use twinlto_verdict::search::Answer;

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    what: Bisected,
    identity: String,
    steps: Vec<BisectStep>,
    found: Option<BisectFound>,
    /// An end was not what it was said to be: nothing between them was asked.
    #[serde(default)]
    hopeless: bool,
}

/// The answers so far.
pub(super) struct State {
    path: PathBuf,
    kept: Kept,
    /// Answers of this search, in the order in which it wanted them.
    told: Vec<BisectStep>,
    start: Option<&'static str>,
}

impl State {
    /// Continues what is there.
    ///
    /// # Errors
    ///
    /// When the directory holds another search, whose answers would be taken for this one's.
    pub(super) fn open(scene: &Scene<'_>) -> Result<Self, EngineError> {
        let path = scene.out.join("bisect.json");
        let what = scene.what;
        let identity = format!("{}\neach is asked {} times", scene.identity, scene.repeat.max(1));
        let refused = |cause: String| {
            EngineError::usage(
                format!("--out {}", scene.out.display()),
                cause,
                "give another --out, or remove that directory",
            )
        };
        let new = || Kept {
            what,
            identity: identity.clone(),
            steps: Vec::new(),
            found: None,
            hopeless: false,
        };
        let begun = |kept| Self { path: path.clone(), kept, told: Vec::new(), start: scene.start };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(begun(new()));
            }
            Err(error) => return Err(EngineError::io("read", &path, &error)),
        };
        let mut kept: Kept = serde_json::from_slice(&bytes)
            .map_err(|error| refused(format!("its bisect.json makes no sense: {error}")))?;
        if kept.what != what || kept.identity != identity {
            if kept.hopeless {
                return Ok(begun(new()));
            }
            let lines = kept.identity.lines().zip(identity.lines());
            let other = lines.into_iter().find(|(a, b)| a != b);
            let other = other.map_or_else(String::new, |(a, b)| format!(": {a}, and not {b}"));
            return Err(refused(format!("another bisection is kept there{other}")));
        }
        if kept.hopeless {
            // An end that could not be told may have been mended.
            kept.steps.retain(|step| answer_of(step) != Answer::Unknown);
        }
        (kept.found, kept.hopeless) = (None, false);
        Ok(begun(kept))
    }

    /// The answer that an earlier run had for a candidate.
    pub(super) fn known(&mut self, id: &str) -> Option<BisectStep> {
        let step = self.kept.steps.iter().find(|step| step.id == id)?;
        self.told.push(step.clone());
        Some(BisectStep { kept: true, ..step.clone() })
    }

    /// Keeps an answer.
    pub(super) fn keep(&mut self, step: &BisectStep) -> Result<(), EngineError> {
        self.kept.steps.push(step.clone());
        self.told.push(step.clone());
        self.write()
    }

    /// Nothing can be found between these ends: another search may be begun here.
    pub(super) fn give_up(&mut self) -> Result<(), EngineError> {
        self.kept.hopeless = true;
        self.write()
    }

    /// Keeps what came out.
    pub(super) fn finish(&mut self, found: &BisectFound) -> Result<(), EngineError> {
        self.kept.found = Some(found.clone());
        self.write()
    }

    fn write(&self) -> Result<(), EngineError> {
        let text = serde_json::to_vec_pretty(&self.kept).unwrap_or_default();
        write_atomic(&self.path, &text)?;
        write_atomic(&self.path.with_extension("log"), self.log().as_bytes())
    }

    /// As `git bisect log` writes it; for commits `git bisect replay` reads it.
    fn log(&self) -> String {
        let git = if self.start.is_some() { "git bisect " } else { "" };
        let mut lines: Vec<String> = self.start.map(str::to_owned).into_iter().collect();
        for step in &self.told {
            let plain = |text: &str| text.replace(char::is_control, " ");
            lines.push(format!("# {}: {}", step.answer, plain(&step.name)));
            lines.push(format!("#   {}", plain(&step.because)));
            lines.push(format!("{git}{} {}", step.answer, plain(&step.id)));
        }
        match &self.kept.found {
            Some(BisectFound::First(name)) => lines.push(format!("# first bad: {name}")),
            Some(BisectFound::Among(names)) => {
                lines.push(format!("# the first bad is among: {}", names.join(", ")));
            }
            Some(BisectFound::Set(names)) => lines.push(format!("# bad: {}", names.join(", "))),
            Some(BisectFound::Nothing(why)) => lines.push(format!("# nothing: {why}")),
            None => {}
        }
        lines.push(String::new());
        lines.join("\n")
    }
}
