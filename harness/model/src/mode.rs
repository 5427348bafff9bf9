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
    /// twinlto: thin link and backends of its own between kbuild's compilation and kbuild's link
    /// of an in-process configuration, so on every kernel that has `CONFIG_LTO_CLANG_THIN`.
    Reference,
    /// The linker, which hands its backends out (`ld.lld --thinlto-distributor=`, LLVM 22 and later);
    /// of an in-process configuration, as the reference.
    Dtlto,
}

impl Mode {
    /// All of them, in the order in which they are built: what is copied for another comes first.
    pub const ALL: [Self; 4] = [Self::Distributed, Self::Reference, Self::Dtlto, Self::InProcess];

    /// Whether each IR object has a native object of its own in the build directory.
    #[must_use]
    pub const fn has_native_objects(self) -> bool {
        !matches!(self, Self::InProcess)
    }

    /// Whether lld decides how code is generated, and gives every function and variable a section
    /// of its own (`lld/ELF/LTO.cpp`, LLVM 17 to 24).
    #[must_use]
    pub const fn is_linkers(self) -> bool {
        matches!(self, Self::InProcess | Self::Dtlto)
    }

    /// Whether kbuild itself runs the backends and keeps their flags.
    #[must_use]
    pub const fn is_kbuilds(self) -> bool {
        matches!(self, Self::Distributed)
    }

    /// The major version of the first LLVM that can build it, where not every one that the kernel
    /// takes can: `--thinlto-distributor=` is in ld.lld 22.
    #[must_use]
    pub const fn first_llvm(self) -> Option<u32> {
        match self {
            Self::Dtlto => Some(22),
            Self::Distributed | Self::Reference | Self::InProcess => None,
        }
    }

    /// The Kconfig symbol that selects it, without `CONFIG_` (`arch/Kconfig`, Linux 7.3).
    #[must_use]
    pub const fn kconfig(self) -> &'static str {
        match self {
            Self::Distributed => "LTO_CLANG_THIN_DIST",
            Self::InProcess | Self::Reference | Self::Dtlto => "LTO_CLANG_THIN",
        }
    }

    /// Its name in reports, and of its build directory.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Distributed => "distributed",
            Self::InProcess => "in-process",
            Self::Reference => "reference",
            Self::Dtlto => "dtlto",
        }
    }

    /// Its name where a table leaves little room.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Distributed => "dist",
            Self::InProcess => "in",
            Self::Reference => "ref",
            Self::Dtlto => "dtlto",
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
        write!(
            f,
            "'{}' is not a ThinLTO mode; known: distributed, in-process, reference, dtlto",
            self.0
        )
    }
}

impl std::error::Error for UnknownMode {}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "distributed" | "dist" => Ok(Self::Distributed),
            "in-process" | "in" => Ok(Self::InProcess),
            "reference" | "ref" => Ok(Self::Reference),
            "dtlto" => Ok(Self::Dtlto),
            _ => Err(UnknownMode(text.to_owned())),
        }
    }
}
