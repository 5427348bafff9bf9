use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An architecture that Linux can build with Clang ThinLTO, by its kbuild `ARCH=` name.
///
/// Source: `select ARCH_SUPPORTS_LTO_CLANG_THIN` in `arch/*/Kconfig`, Linux 7.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Arch {
    /// `ARCH=x86_64`
    #[serde(rename = "x86_64")]
    X86_64,
    /// `ARCH=arm64`
    #[serde(rename = "arm64")]
    Arm64,
    /// `ARCH=riscv`
    #[serde(rename = "riscv")]
    Riscv,
    /// `ARCH=loongarch`
    #[serde(rename = "loongarch")]
    Loongarch,
}

impl Arch {
    /// Every architecture, in the order in which reports list them.
    pub const ALL: [Self; 4] = [Self::X86_64, Self::Arm64, Self::Riscv, Self::Loongarch];

    /// What make takes as `ARCH=`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
            Self::Riscv => "riscv",
            Self::Loongarch => "loongarch",
        }
    }

    /// The directory below `arch/`, kbuild's `SRCARCH`.
    #[must_use]
    pub const fn srcarch(self) -> &'static str {
        match self {
            Self::X86_64 => "x86",
            other => other.name(),
        }
    }

    /// The target that kbuild gives to clang (`scripts/Makefile.clang`, Linux 7.3).
    #[must_use]
    pub const fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-linux-gnu",
            Self::Arm64 => "aarch64-linux-gnu",
            Self::Riscv => "riscv64-linux-gnu",
            Self::Loongarch => "loongarch64-linux-gnusf",
        }
    }

    /// The architecture that a target triple is for: `aarch64-unknown-linux-gnu`.
    #[must_use]
    pub fn of_triple(triple: &str) -> Option<Self> {
        let first = |text: &str| text.split('-').next().map(str::to_owned);
        let cpu = first(triple)?;
        Self::ALL.into_iter().find(|arch| first(arch.target()).as_ref() == Some(&cpu))
    }

    /// The ELF machine number of its objects (`include/uapi/linux/elf-em.h`).
    #[must_use]
    pub const fn e_machine(self) -> u16 {
        match self {
            Self::X86_64 => 62,
            Self::Arm64 => 183,
            Self::Riscv => 243,
            Self::Loongarch => 258,
        }
    }

    /// The architecture with this ELF machine number, if it is one of ours.
    #[must_use]
    pub fn from_e_machine(machine: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| arch.e_machine() == machine)
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no architecture of [`Arch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownArch(pub String);

impl fmt::Display for UnknownArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Arch::ALL.map(Arch::name).join(", ");
        write!(f, "'{}' is not an architecture with ThinLTO; known: {known}", self.0)
    }
}

impl std::error::Error for UnknownArch {}

impl FromStr for Arch {
    type Err = UnknownArch;

    /// Takes the `ARCH=` name; `x86`, `aarch64`, `riscv64` and `loongarch64` are understood too.
    fn from_str(text: &str) -> Result<Self, UnknownArch> {
        match text {
            "x86_64" | "x86" => Ok(Self::X86_64),
            "arm64" | "aarch64" => Ok(Self::Arm64),
            "riscv" | "riscv64" => Ok(Self::Riscv),
            "loongarch" | "loongarch64" => Ok(Self::Loongarch),
            _ => Err(UnknownArch(text.to_owned())),
        }
    }
}
