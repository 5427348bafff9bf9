use std::fmt;
use std::path::Path;

/// What kind of trouble it is; the exit status follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the user asked for makes no sense.
    Usage,
    /// A tool or a file is not as it must be.
    Environment,
    /// An LLVM cannot do what it is needed for.
    Toolchain,
    /// There is no room on a file system.
    Disk,
    /// The kernel did not build.
    Build,
    /// The user stopped it.
    Interrupted,
}

/// An error in three lines: what and where, the cause, and a hint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct EngineError {
    /// What kind of trouble.
    pub kind: Kind,
    /// What failed, and where.
    pub what: String,
    /// Why.
    pub cause: String,
    /// What to do; empty when nobody knows.
    pub hint: String,
}

const MAKE_ROOM: &str = "make room on that file system, or give another --out";

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.cause)
    }
}

impl EngineError {
    /// The user asked for something that makes no sense.
    pub fn usage(
        what: impl Into<String>,
        cause: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(Kind::Usage, what, cause, hint)
    }

    /// Something around twinlto is not as it must be.
    pub fn environment(
        what: impl Into<String>,
        cause: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(Kind::Environment, what, cause, hint)
    }

    /// An LLVM is too old for a kernel, or cannot link for an architecture.
    pub fn toolchain(
        what: impl Into<String>,
        cause: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(Kind::Toolchain, what, cause, hint)
    }

    /// There is no room in a directory.
    #[must_use]
    pub fn disk(what: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::new(Kind::Disk, what, cause, MAKE_ROOM)
    }

    /// The kernel did not build.
    pub fn build(
        what: impl Into<String>,
        cause: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(Kind::Build, what, cause, hint)
    }

    /// The user stopped it.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(
            Kind::Interrupted,
            "interrupted",
            "the run was stopped before it ended",
            "run the same command again: it continues after the last finished stage",
        )
    }

    /// A file could not be read, written or made.
    #[must_use]
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let what = format!("failed to {doing} {}", path.display());
        let hint = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                return Self::disk(what, error.to_string());
            }
            std::io::ErrorKind::PermissionDenied => "check who may read and write there",
            std::io::ErrorKind::NotFound => "check the path",
            _ => "",
        };
        Self::environment(what, error.to_string(), hint)
    }

    fn new(
        kind: Kind,
        what: impl Into<String>,
        cause: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { kind, what: what.into(), cause: cause.into(), hint: hint.into() }
    }
}
