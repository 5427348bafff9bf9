//! Which findings are wanted: `--only` and `--ignore`.

use super::DiffRequest;
use crate::error::EngineError;
use globset::{Glob, GlobSet, GlobSetBuilder};
use twinlto_model::{Arch, Finding, NotCompared, count};
use twinlto_verdict::{closest_key, every_key};

/// Which findings are wanted.
pub(super) struct Filter {
    only: Option<GlobSet>,
    ignore: GlobSet,
}

impl Filter {
    pub(super) fn new(request: &DiffRequest) -> Result<Self, EngineError> {
        let only = match request.only.as_slice() {
            [] => None,
            patterns => Some(keys("--only", patterns)?),
        };
        Ok(Self { only, ignore: keys("--ignore", &request.ignore)? })
    }

    /// Whether it may hide anything.
    pub(super) fn hides(&self) -> bool {
        self.only.is_some() || !self.ignore.is_empty()
    }

    pub(super) fn wants(&self, finding: &Finding) -> bool {
        self.wants_key(finding.key.as_str())
    }

    pub(super) fn wants_key(&self, key: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.is_match(key)) && !self.ignore.is_match(key)
    }
}

/// Patterns of which each is for some key: a mistyped one would hide everything, or nothing.
fn keys(option: &str, patterns: &[String]) -> Result<GlobSet, EngineError> {
    for pattern in patterns {
        let one = globs(option, std::slice::from_ref(pattern))?;
        if every_key().any(|key| one.is_match(key)) {
            continue;
        }
        let hint = match closest_key(pattern) {
            Some(key) => format!("did you mean {key}?"),
            None => "docs/findings lists every key".to_owned(),
        };
        let what = format!("{option} '{pattern}'");
        return Err(EngineError::usage(what, "it fits the key of no finding", hint));
    }
    globs(option, patterns)
}

/// What was left out, as it is said where the rest is told of.
pub(super) fn left_out(arch: Arch, findings: usize) -> Option<NotCompared> {
    (findings > 0).then(|| NotCompared {
        arch,
        what: count(findings, "finding", "findings"),
        why: "hidden: left out by --only and --ignore".to_owned(),
    })
}

pub(super) fn globs(option: &str, patterns: &[String]) -> Result<GlobSet, EngineError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let usage = |error: globset::Error| {
            EngineError::usage(format!("{option} {pattern}"), error.kind().to_string(), "")
        };
        set.add(Glob::new(pattern).map_err(usage)?);
    }
    set.build().map_err(|error| EngineError::usage(option, error.to_string(), ""))
}
