//! What make is told of the compiler.

use super::{LlvmSpec, find_program};
use crate::error::EngineError;
use crate::process::capture;
use crate::recipe::Recipe;
use std::path::Path;
use twinlto_model::ToolVersion;

/// An LLVM, and what starts its clang.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compiler {
    /// `LLVM=`.
    pub(crate) llvm: LlvmSpec,
    /// `CC=`, where it is another command than `LLVM=` alone would give.
    pub(crate) cc: Option<String>,
}

/// The first ccache that hashes the file of `-fthinlto-index=`; an older one does not take backends.
///
/// Source: the release notes of ccache 4.14.
const CCACHE: (u32, u32) = (4, 14);

impl Compiler {
    /// The clang of an LLVM.
    pub(crate) fn of(llvm: &LlvmSpec) -> Self {
        Self { llvm: llvm.clone(), cc: None }
    }

    /// The clang of an LLVM behind ccache, where that is wanted.
    ///
    /// # Errors
    ///
    /// When there is no ccache in `PATH`, or it is too old.
    pub(crate) fn cached(llvm: &LlvmSpec, wanted: bool) -> Result<Self, EngineError> {
        if !wanted {
            return Ok(Self::of(llvm));
        }
        let lacking = |cause: String| {
            let hint = "scripts/fetch-ccache brings one; put its directory first in PATH";
            EngineError::environment("--ccache", cause, hint)
        };
        if find_program("ccache").is_none() {
            return Err(lacking("there is no program ccache in PATH".to_owned()));
        }
        let said = capture(&Recipe::new(Path::new("."), "ccache").arg("--version"))?;
        let line = said.stdout.lines().next().unwrap_or_default();
        let Some(version) = ToolVersion::find(line) else {
            return Err(lacking(format!("ccache --version names no version: '{line}'")));
        };
        if (version.major, version.minor) < CCACHE {
            let (major, minor) = CCACHE;
            return Err(lacking(format!("it is {version}, and {major}.{minor} is needed")));
        }
        Ok(Self { llvm: llvm.clone(), cc: Some(format!("ccache {}", llvm.program("clang"))) })
    }

    /// What make is told.
    pub(crate) fn variables(&self) -> Vec<String> {
        let cc = self.cc.iter().map(|cc| format!("CC={cc}"));
        std::iter::once(format!("LLVM={}", self.llvm)).chain(cc).collect()
    }
}
