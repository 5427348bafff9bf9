//! What a source tree says about itself.

use std::fmt;
use twinlto_model::Mode;

/// `VERSION`, `PATCHLEVEL`, `SUBLEVEL` and `EXTRAVERSION` of a top-level Makefile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KernelVersion {
    /// `7` of `7.3.4-rc1`.
    pub version: u32,
    /// `3`.
    pub patchlevel: u32,
    /// `4`.
    pub sublevel: u32,
    /// `-rc1`; empty for a release.
    pub extra: String,
}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}{}", self.version, self.patchlevel, self.sublevel, self.extra)
    }
}

/// Reads the version from the text of a top-level `Makefile`; none where it is no kernel's.
#[must_use]
pub fn kernel_version(makefile: &str) -> Option<KernelVersion> {
    let field = |name: &str| {
        makefile.lines().take(20).find_map(|line| {
            let (left, right) = line.split_once('=')?;
            (left.trim() == name).then(|| right.trim())
        })
    };
    Some(KernelVersion {
        version: field("VERSION")?.parse().ok()?,
        patchlevel: field("PATCHLEVEL")?.parse().ok()?,
        sublevel: field("SUBLEVEL")?.parse().ok()?,
        extra: field("EXTRAVERSION")?.to_owned(),
    })
}

/// The ThinLTO modes that the text of `arch/Kconfig` offers.
#[must_use]
pub fn lto_modes(kconfig: &str) -> Vec<Mode> {
    let has = |mode: &Mode| {
        let wanted = format!("config {}", mode.kconfig());
        kconfig.lines().any(|line| line.trim() == wanted)
    };
    [Mode::Distributed, Mode::InProcess].into_iter().filter(has).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_makefile_tells_its_version() {
        let text = "# SPDX\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION = -rc1\n";
        assert_eq!(kernel_version(text).map(|v| v.to_string()).as_deref(), Some("7.3.4-rc1"));
        assert_eq!(kernel_version("all:\n"), None);
        assert_eq!(kernel_version(&text.replace('7', "seven")), None);
    }

    #[test]
    fn a_kconfig_tells_its_modes() {
        assert_eq!(lto_modes("config LTO_CLANG_THIN\n"), [Mode::InProcess]);
        assert_eq!(
            lto_modes("config LTO_CLANG_THIN\n\nconfig LTO_CLANG_THIN_DIST\n"),
            [Mode::Distributed, Mode::InProcess]
        );
    }
}
