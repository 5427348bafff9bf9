use serde::{Deserialize, Serialize};
use std::fmt;

/// The version that a tool says it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ToolVersion {
    /// First number of `22.1.8`.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl ToolVersion {
    /// Reads the first `N.N[.N]` in a line such as `Debian clang version 22.1.8 (1)`.
    #[must_use]
    pub fn find(line: &str) -> Option<Self> {
        line.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let mut numbers = word.split('.').map(str::parse::<u32>);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next()?.ok()?;
        let patch = numbers.next().map_or(Some(0), Result::ok)?;
        Some(Self { major, minor, patch })
    }
}

impl fmt::Display for ToolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// An LLVM as the kernel's `LLVM=` names it, and what it answered when asked who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// What make gets as `LLVM=`: `1`, `-22` or `/path/bin/`.
    pub llvm: String,
    /// Version of clang.
    pub version: ToolVersion,
    /// First line of `clang --version`.
    pub clang: String,
    /// First line of `ld.lld --version`.
    pub lld: String,
    /// Version line of `llvm-ar --version`.
    pub ar: String,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clang {}", self.version)
    }
}

/// What becomes of the names of promoted locals when the thin link is asked to keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RenameOption {
    /// The linker does not know the option (LLVM up to 22).
    Rejected,
    /// It takes it, and names are kept only if every backend is told, too (LLVM 23 and 24).
    NeedsBackends,
    /// It takes it, and names are kept without a word to the backends.
    Effective,
    /// It takes it, and nothing that backends are told keeps a name.
    NoEffect,
    /// It takes it, and then the importer asks for a name that nobody defines.
    Breaks,
}

impl fmt::Display for RenameOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejected => "ld.lld does not know it: promoted locals are always renamed",
            Self::NeedsBackends => {
                "ld.lld takes it, and a distributed link keeps no name unless each backend is told \
                 as well"
            }
            Self::Effective => "ld.lld takes it, and a distributed link keeps the names",
            Self::NoEffect => "ld.lld takes it, and a distributed link keeps no name",
            Self::Breaks => {
                "ld.lld takes it, and the importer asks for a name that nobody defines: a \
                 distributed kernel does not link with it"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ToolVersion;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        let find = |line| ToolVersion::find(line).map(|v| v.to_string());
        assert_eq!(find("Debian clang version 22.1.8 (1~deb13u4)").as_deref(), Some("22.1.8"));
        assert_eq!(find("LLD 24.0.0 (compatible with GNU linkers)").as_deref(), Some("24.0.0"));
        assert_eq!(find("  LLVM version 19.1"), Some("19.1.0".to_owned()));
        assert_eq!(find("no numbers here"), None);
        assert_eq!(find("99999999999.1.1"), None);
    }
}
