use serde::{Deserialize, Serialize};
use std::fmt;

/// When an initcall is called; in order of the table. `…_sync` variants belong to their level
/// and come after the others of it.
///
/// Source: `INIT_CALLS` in `include/asm-generic/vmlinux.lds.h`, Linux 7.3. (`do_initcalls` counts
/// `rootfs` to level 5; consoles are called earlier, from `console_init`, and have a table of
/// their own.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// `early_initcall`: before the other processors are up.
    #[serde(rename = "early")]
    Early,
    /// `pure_initcall`
    #[serde(rename = "0")]
    Pure,
    /// `core_initcall`
    #[serde(rename = "1")]
    Core,
    /// `postcore_initcall`
    #[serde(rename = "2")]
    Postcore,
    /// `arch_initcall`
    #[serde(rename = "3")]
    Arch,
    /// `subsys_initcall`
    #[serde(rename = "4")]
    Subsys,
    /// `fs_initcall`
    #[serde(rename = "5")]
    Fs,
    /// `rootfs_initcall`
    #[serde(rename = "rootfs")]
    Rootfs,
    /// `device_initcall`, and `module_init` of what is built in.
    #[serde(rename = "6")]
    Device,
    /// `late_initcall`
    #[serde(rename = "7")]
    Late,
    /// `console_initcall`
    #[serde(rename = "con")]
    Con,
}

impl Level {
    /// Every level that has an `__initcall<name>_start` label, in order.
    pub const NUMBERED: [Self; 9] = [
        Self::Pure,
        Self::Core,
        Self::Postcore,
        Self::Arch,
        Self::Subsys,
        Self::Fs,
        Self::Rootfs,
        Self::Device,
        Self::Late,
    ];

    /// Its name in sections, labels and entries: `early`, `0` … `7`, `rootfs`, `con`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Pure => "0",
            Self::Core => "1",
            Self::Postcore => "2",
            Self::Arch => "3",
            Self::Subsys => "4",
            Self::Fs => "5",
            Self::Rootfs => "rootfs",
            Self::Device => "6",
            Self::Late => "7",
            Self::Con => "con",
        }
    }

    /// The level with this name, and whether it is the `_sync` variant: `3s` is level 3, sync.
    #[must_use]
    pub fn from_name(name: &str) -> Option<(Self, bool)> {
        let all = [Self::Early, Self::Con].into_iter().chain(Self::NUMBERED);
        let find = |name: &str| all.clone().find(|level| level.name() == name);
        match find(name) {
            Some(level) => Some((level, false)),
            None => {
                let base = name.strip_suffix('s').filter(|base| base.len() == 1)?;
                find(base).map(|level| (level, true))
            }
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
