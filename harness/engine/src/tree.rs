use crate::error::EngineError;
use crate::process::capture;
use crate::recipe::Recipe;
use std::path::{Path, PathBuf};
use twinlto_facts::kbuild::{KernelVersion, kernel_version, lto_modes};
use twinlto_model::{Arch, KernelId, Mode, ToolVersion};

/// A kernel source tree.
#[derive(Debug, Clone)]
pub struct KernelTree {
    /// Its directory, absolute.
    pub path: PathBuf,
    /// Its version.
    pub version: KernelVersion,
    /// The ThinLTO modes that it offers.
    pub modes: Vec<Mode>,
}

impl KernelTree {
    /// Opens a source tree.
    ///
    /// # Errors
    ///
    /// When there is none, when it is no kernel, or when something was built inside it.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        let usage = |cause: &str, hint: &str| {
            EngineError::usage(format!("kernel {}", path.display()), cause, hint)
        };
        if !path.exists() {
            return Err(usage(
                "there is no such directory",
                "give the top directory of a Linux source tree",
            ));
        }
        if !path.is_dir() {
            return Err(usage(
                "it is not a directory",
                "give the top directory of a Linux source tree",
            ));
        }
        let path = path.canonicalize().map_err(|e| EngineError::io("read", path, &e))?;
        let read = |name: &str| {
            std::fs::read(path.join(name)).map(|b| String::from_utf8_lossy(&b).into_owned())
        };
        let version = read("Makefile").ok().as_deref().and_then(kernel_version);
        let (Some(version), Ok(kconfig)) = (version, read("arch/Kconfig")) else {
            return Err(usage(
                "it is not a kernel: no Makefile with VERSION, PATCHLEVEL and SUBLEVEL, or no arch/Kconfig",
                "give the top directory of a Linux source tree, not a build directory",
            ));
        };
        if let Some(why) = unfit_for_kbuild(&path) {
            return Err(usage(&why, "move the tree, or give a copy in a plain path"));
        }
        for built in [".config", "include/config"] {
            if path.join(built).exists() {
                return Err(usage(
                    &format!(
                        "something was built inside it ({built} is there), so kbuild refuses O="
                    ),
                    "run make mrproper in it, or give a clean copy (git worktree add)",
                ));
            }
        }
        Ok(Self { modes: lto_modes(&kconfig), path, version })
    }

    /// What reports call it.
    #[must_use]
    pub fn id(&self) -> KernelId {
        let name = if self.is_pocket() { "pocket kernel" } else { "Linux" };
        KernelId {
            name: format!("{name} {}", self.version),
            path: Some(self.path.display().to_string()),
        }
    }

    /// Whether it is twinlto's own pocket kernel.
    #[must_use]
    pub fn is_pocket(&self) -> bool {
        self.version.extra.contains("-pocket")
    }

    /// Checks that it can be built in this mode for this architecture.
    ///
    /// # Errors
    ///
    /// Names the need that is not met.
    pub(crate) fn supports(&self, arch: Arch, mode: Mode) -> Result<(), EngineError> {
        let name = self.id().name;
        let symbol = mode.kconfig();
        if !self.modes.iter().any(|other| other.kconfig() == symbol) {
            return Err(EngineError::usage(
                format!("kernel {}", self.path.display()),
                format!("{name} has no CONFIG_{symbol} in arch/Kconfig"),
                match mode.is_kbuilds() {
                    true => {
                        "distributed ThinLTO is in Linux 7.2 and later; on an older kernel, \
                         --mode reference does without kbuild's"
                    }
                    false => "ThinLTO is in Linux 5.12 and later",
                },
            ));
        }
        let kconfig = self.path.join("arch").join(arch.srcarch()).join("Kconfig");
        let text = std::fs::read(&kconfig).map(|b| String::from_utf8_lossy(&b).into_owned());
        if !text.is_ok_and(|t| t.contains("ARCH_SUPPORTS_LTO_CLANG_THIN")) {
            return Err(EngineError::usage(
                format!("architecture {arch}"),
                format!(
                    "{name} has no ARCH_SUPPORTS_LTO_CLANG_THIN in arch/{}/Kconfig",
                    arch.srcarch()
                ),
                "leave this --arch out",
            ));
        }
        Ok(())
    }

    /// Whether the top `Makefile` has a rule for this target.
    pub(crate) fn has_goal(&self, target: &str) -> bool {
        let text = std::fs::read_to_string(self.path.join("Makefile")).unwrap_or_default();
        let rule = format!("{target}:");
        text.lines().any(|line| line.starts_with(&rule))
    }

    /// The oldest LLVM that the kernel takes for an architecture, as the kernel's own script
    /// says; none when it has no such script.
    pub(crate) fn minimum_llvm(&self, arch: Arch) -> Option<ToolVersion> {
        let script = self.path.join("scripts/min-tool-version.sh");
        let recipe = Recipe::new(&self.path, "sh")
            .arg(&script)
            .arg("llvm")
            .env("ARCH", arch.name())
            .env("SRCARCH", arch.srcarch());
        let said = capture(&recipe).ok().filter(|c| c.status.success())?;
        ToolVersion::find(said.stdout.trim())
    }
}
/// Why kbuild cannot work in a path: its rules hand paths to a shell without quotes, and make
/// reads some characters itself.
pub(crate) fn unfit_for_kbuild(path: &Path) -> Option<String> {
    const SPECIAL: &str = "'\"\\`$;&|<>()*?!:";
    let bad = path.to_string_lossy().chars().find(|c| c.is_whitespace() || SPECIAL.contains(*c))?;
    let name = if bad.is_whitespace() { "blanks".to_owned() } else { format!("'{bad}'") };
    Some(format!("kbuild cannot build in a path with {name}"))
}

/// One of the tree's makefiles as make names it: its path in the tree and its text; none where it
/// is none of the tree's.
pub(crate) fn makefile(kernel: &KernelTree, named: &str) -> Option<(String, String)> {
    let path = kernel.path.join(named).canonicalize().ok()?;
    let inside = path.strip_prefix(&kernel.path).ok()?.display().to_string();
    let text = crate::fs::read_text(&path).ok()?;
    Some((inside, String::from_utf8_lossy(&text).into_owned()))
}
