//! Which findings are wanted: `--only` and `--ignore`.

use super::DiffRequest;
use crate::error::EngineError;
use globset::{Glob, GlobSet, GlobSetBuilder};
use twinlto_model::Finding;

/// Which findings are wanted.
pub(super) struct Filter {
    only: Option<GlobSet>,
    ignore: GlobSet,
}

impl Filter {
    pub(super) fn new(request: &DiffRequest) -> Result<Self, EngineError> {
        let only =
            if request.only.is_empty() { None } else { Some(globs("--only", &request.only)?) };
        Ok(Self { only, ignore: globs("--ignore", &request.ignore)? })
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
