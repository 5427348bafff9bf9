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
