//! Two build logs: what each of them says.

use super::judging::Judging;
use crate::error::EngineError;
use std::path::Path;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::log::BuildLog;
use twinlto_model::Report;
use twinlto_verdict::{Scope, Sides, Verdict, diagnostics, logs};

/// What a log tells of the build that it is of.
pub(super) fn read(path: &Path, bytes: &[u8]) -> BuildFacts {
    let name = path.display().to_string();
    let log = BuildLog { path: name.clone(), ..BuildLog::parse(bytes) };
    BuildFacts {
        directory: name,
        arch: log.ran.arch,
        mode: log.ran.mode(),
        log,
        ..BuildFacts::default()
    }
}

impl Judging<'_> {
    /// Compares two logs.
    pub(super) fn logs(
        &self,
        left: &BuildFacts,
        right: &BuildFacts,
        differ: &dyn Fn(&str, &str, &str) -> EngineError,
    ) -> Result<Report, EngineError> {
        if let (Some(x), Some(y)) = (left.arch, right.arch)
            && x != y
        {
            return Err(differ("architecture", x.name(), y.name()));
        }
        let arch = left.arch.or(right.arch).unwrap_or_else(|| super::arch_around(&self.request.a));
        let sides = Sides::of(arch, left.mode, right.mode);
        let layer = diagnostics(sides, left, right, Scope::Everything);
        let coverage = logs(sides, left, right);
        self.report(sides, Verdict { arch, layers: vec![layer], coverage }, (left, right), false)
    }
}
