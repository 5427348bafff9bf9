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

/// When a compiler between two releases was made, as far as it tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Snapshot {
    /// Date and time of its source, digits from the year to the second; none where it names none.
    pub date: Option<String>,
    /// Commit of llvm-project.
    pub commit: String,
}

impl Snapshot {
    /// Reads what a clang between releases says of itself: `(++20261025103442+7e3c57157096-1~exp1)` in
    /// the packages of apt.llvm.org and Debian, `24.0.0git (https://… 7e3c57157096…)` from
    /// llvm-project's own build (`clang --version`, LLVM 24).
    #[must_use]
    pub fn find(line: &str) -> Option<Self> {
        let hex = |word: &str| word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
        if let Some((_, rest)) = line.split_once("(++") {
            let (date, rest) = rest.split_once('+')?;
            let commit = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
            let is_date = date.len() >= 8 && date.chars().all(|c| c.is_ascii_digit());
            return (is_date && hex(commit))
                .then(|| Self { date: Some(date.to_owned()), commit: commit.to_owned() });
        }
        let (_, rest) = line.split_once("git (")?;
        let commit = rest.split([' ', ')']).rfind(|word| hex(word))?;
        Some(Self { date: None, commit: commit.to_owned() })
    }

    /// `2026-10-25`, where it names a date.
    #[must_use]
    pub fn day(&self) -> Option<String> {
        let date = self.date.as_deref()?;
        let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..8)?);
        Some(format!("{year}-{month}-{day}"))
    }
}

impl Toolchain {
    /// The state between two releases that it was made from; none for a release.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        Snapshot::find(&self.clang)
    }

    /// What puts toolchains in the order of their making: the version, and within one version those
    /// between releases by date before the release.
    #[must_use]
    pub fn age(&self) -> (ToolVersion, bool, Option<String>) {
        let snapshot = self.snapshot();
        (self.version, snapshot.is_none(), snapshot.and_then(|it| it.date))
    }

    /// `clang 22.1.8`, or `clang 24.0.0 (2026-10-25, 7e3c57157096)`.
    #[must_use]
    pub fn named(&self) -> String {
        let Some(snapshot) = self.snapshot() else { return self.to_string() };
        let commit = snapshot.commit.get(..12).unwrap_or(&snapshot.commit);
        match snapshot.day() {
            Some(day) => format!("{self} ({day}, {commit})"),
            None => format!("{self} ({commit})"),
        }
    }

    /// The same as a name of a file: `clang-22.1.8`, `clang-24.0.0-7e3c57157096`.
    #[must_use]
    pub fn slug(&self) -> String {
        let commit = self.snapshot().map(|it| format!("-{}", it.commit)).unwrap_or_default();
        format!("clang-{}{commit}", self.version)
    }
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
    use super::{Snapshot, ToolVersion};

    #[test]
    fn versions_are_found_in_what_tools_print() {
        let find = |line| ToolVersion::find(line).map(|v| v.to_string());
        assert_eq!(find("Debian clang version 22.1.8 (1~deb13u4)").as_deref(), Some("22.1.8"));
        assert_eq!(find("LLD 24.0.0 (compatible with GNU linkers)").as_deref(), Some("24.0.0"));
        assert_eq!(find("  LLVM version 19.1"), Some("19.1.0".to_owned()));
        assert_eq!(find("no numbers here"), None);
        assert_eq!(find("99999999999.1.1"), None);
    }

    #[test]
    fn a_compiler_between_releases_says_when_it_was_made() {
        let snapshot = |line: &str| Snapshot::find(line).map(|it| (it.day(), it.commit));
        let debian = "Debian clang version 24.0.0 (++20261025103442+7e3c57157096-1~exp1)";
        let made = (Some("2026-10-25".to_owned()), "7e3c57157096".to_owned());
        assert_eq!(snapshot(debian), Some(made));
        let own = "clang version 24.0.0git (https://github.com/llvm/llvm-project.git 0a1b2c3d4e5f)";
        assert_eq!(snapshot(own), Some((None, "0a1b2c3d4e5f".to_owned())));
        assert_eq!(snapshot("Debian clang version 22.1.8 (1~deb13u4)"), None);
        assert_eq!(snapshot("Debian clang version 18.1.8 (18+b1)"), None);
        assert_eq!(snapshot("(++now+zz)"), None);
    }
}
