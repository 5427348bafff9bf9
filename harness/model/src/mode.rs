use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Who runs the ThinLTO backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// kbuild, one compile an object (`CONFIG_LTO_CLANG_THIN_DIST`, Linux ≥ 7.2).
    Distributed,
    /// The linker itself (`CONFIG_LTO_CLANG_THIN`).
    InProcess,
}

impl Mode {
    /// The Kconfig symbol that selects it, without `CONFIG_` (`arch/Kconfig`, Linux 7.3).
    #[must_use]
    pub const fn kconfig(self) -> &'static str {
        match self {
            Self::Distributed => "LTO_CLANG_THIN_DIST",
            Self::InProcess => "LTO_CLANG_THIN",
        }
    }

    /// Its name in reports, and of its build directory.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Distributed => "distributed",
            Self::InProcess => "in-process",
        }
    }

    /// Its name where a table leaves little room.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Distributed => "dist",
            Self::InProcess => "in",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no [`Mode`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMode(pub String);

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a ThinLTO mode; known: distributed, in-process", self.0)
    }
}

impl std::error::Error for UnknownMode {}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "distributed" | "dist" => Ok(Self::Distributed),
            "in-process" | "in" => Ok(Self::InProcess),
            _ => Err(UnknownMode(text.to_owned())),
        }
    }
}
