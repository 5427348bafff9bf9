//! What must hold before anything is built.

use crate::error::EngineError;
use crate::toolchain::{LlvmSpec, identify};
use crate::tree::KernelTree;
use twinlto_model::{Arch, Toolchain};

/// Versions agree and are new enough for the kernel.
pub(crate) fn toolchain(
    kernel: &KernelTree,
    arches: &[Arch],
    llvm: &LlvmSpec,
) -> Result<Toolchain, EngineError> {
    let toolchain = identify(llvm)?;
    for arch in arches {
        if let Some(minimum) = kernel.minimum_llvm(*arch).filter(|m| toolchain.version < *m) {
            return Err(EngineError::toolchain(
                format!("LLVM={llvm} is {}", toolchain.version),
                format!(
                    "{} needs LLVM {minimum} or later for {arch} (scripts/min-tool-version.sh)",
                    kernel.id().name
                ),
                format!(
                    "give a newer --llvm; scripts/fetch-llvm {} brings one",
                    minimum.major.max(22)
                ),
            ));
        }
    }
    Ok(toolchain)
}
