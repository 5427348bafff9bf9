use thiserror::Error;

/// Why a bitcode file could not be read.
///
/// No variant names the file: readers get bytes; whoever opened them adds the path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BitcodeError {
    /// The first bytes are not those of a bitcode file.
    #[error("not a bitcode file: {kind}")]
    NotBitcode {
        /// What it is instead, in words.
        kind: String,
    },
    /// A block reaches past the end of what holds it, as when a compiler was interrupted.
    #[error("block {block} ends at byte {end}, what holds it at byte {limit}")]
    Truncated {
        /// Its name.
        block: String,
        /// Where it should end; units: bytes from the start of the bitcode.
        end: u64,
        /// Where the file or the block around it ends; units: bytes from the start of the bitcode.
        limit: u64,
    },
    /// A block makes no sense.
    #[error("damaged {what}: {why}")]
    Damaged {
        /// Which part: `MODULE_BLOCK`, `wrapper` …
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A module whose records are laid out in a way that is not known here. Since LLVM 5 the
    /// version is 2.
    #[error("module version {0}, only version 2 is known")]
    Version(u64),
}

impl BitcodeError {
    pub(super) fn damaged(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Damaged { what: what.into(), why: why.to_string() }
    }
}
