//! What make is told of the compiler.

use super::{LlvmSpec, find_program};
use crate::ccache::Shim;
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
    /// What stands before ccache, where twinlto itself asks it.
    shim: Option<Shim>,
}

/// The first ccache that hashes the file of `-fthinlto-index=`; an older one does not take backends.
///
/// Source: the release notes of ccache 4.14.
const CCACHE: (u32, u32) = (4, 14);

impl Compiler {
    /// The clang of an LLVM.
    pub(crate) fn of(llvm: &LlvmSpec) -> Self {
        Self { llvm: llvm.clone(), cc: None, shim: None }
    }

    /// A compiler as a build has recorded it.
    pub(super) const fn recorded(llvm: LlvmSpec, cc: Option<String>) -> Self {
        Self { llvm, cc, shim: None }
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
        let Some(real) = find_program("ccache") else {
            return Err(lacking("there is no program ccache in PATH".to_owned()));
        };
        let said = capture(&Recipe::new(Path::new("."), "ccache").arg("--version"))?;
        let line = said.stdout.lines().next().unwrap_or_default();
        let Some(version) = ToolVersion::find(line) else {
            return Err(lacking(format!("ccache --version names no version: '{line}'")));
        };
        if (version.major, version.minor) < CCACHE {
            let (major, minor) = CCACHE;
            return Err(lacking(format!("it is {version}, and {major}.{minor} is needed")));
        }
        let cc = Some(format!("ccache {}", llvm.program("clang")));
        Ok(Self { llvm: llvm.clone(), cc, shim: Some(Shim::before(&real)?) })
    }

    /// A make whose compiler takes nothing from a cache that does not know what decides an object. It is
    /// the same make otherwise, by its command and for whoever repeats it.
    pub(crate) fn with_care(&self, recipe: &Recipe) -> Recipe {
        let recipe = recipe.clone();
        match &self.shim {
            Some(shim) => shim.put_before(recipe),
            // Of a build that somebody else made with it.
            None if self.cc.as_ref().is_some_and(|cc| cc.contains("ccache")) => {
                recipe.env("CCACHE_DISABLE", "1").env("SCCACHE_RECACHE", "1")
            }
            None => recipe,
        }
    }

    /// What make is told.
    pub(crate) fn variables(&self) -> Vec<String> {
        let cc = self.cc.iter().map(|cc| format!("CC={cc}"));
        std::iter::once(format!("LLVM={}", self.llvm)).chain(cc).collect()
    }
}
