//! What a file of a build directory is for, by its path.

/// What a file of a build directory is for. Which layer looks at it follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileRole {
    /// A linked kernel, in one of its states: `vmlinux`, `vmlinux.unstripped`, `.tmp_vmlinux1`.
    Image,
    /// `vmlinux.o`, from which modpost and the last link start.
    VmlinuxObject,
    /// A module.
    Module,
    /// An object, whatever is in it.
    Object,
    /// A native object that a backend made.
    NativeObject,
    /// An index of the thin link, or its list.
    Index,
    /// An archive, thin or fat.
    Archive,
    /// What kbuild recorded of a target: its command and its dependencies.
    Command,
    /// Dependencies that the compiler wrote and fixdep has not read yet.
    Dependencies,
    /// `.config` and what kconfig derives from it.
    Config,
    /// `.config.old` and other copies that no rule reads.
    Leftover,
    /// A program that runs on the machine that builds, or a part of it.
    HostProgram,
    /// Who built it, where and when.
    Identity,
    /// `Module.symvers`.
    Symvers,
    /// `System.map` and the lists of symbols that it is made of.
    Map,
    /// A list of objects of one mode: `builtin.order`, `.vmlinux.objs`.
    ObjectList,
    /// What modpost makes of the list of exports: `.vmlinux.export.c` and its object.
    ExportSource,
    /// `Makefile` and `.gitignore` of the build directory, which name its own path.
    Frame,
    /// A linker script.
    LinkerScript,
    /// A header, a source, an assembly file that was generated.
    Generated,
    /// Anything else.
    Other,
}

impl FileRole {
    /// The role of a file; `path` is relative to the build directory. Source: the rules of
    /// `Makefile`, `scripts/Makefile.*` and `scripts/link-vmlinux.sh`, Linux 6.1 to 7.3.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if dir.is_empty()
            && let Some(role) = at_the_top(name)
        {
            return role;
        }
        let top = path.split('/').next().unwrap_or_default();
        match extension {
            "cmd" if name.starts_with('.') => Self::Command,
            _ if matches!(top, "scripts" | "tools") && extension != "lds" => Self::HostProgram,
            "d" if name.starts_with('.') => Self::Dependencies,
            "bc" if name.ends_with(".o.thinlto.bc") => Self::Index,
            "o" if name.ends_with(".thinlto-native.o") => Self::NativeObject,
            "o" => Self::Object,
            "ko" => Self::Module,
            "a" => Self::Archive,
            "lds" => Self::LinkerScript,
            _ if path.starts_with("include/config/") => Self::Config,
            _ if path.starts_with("include/generated/") => match name {
                "autoconf.h" | "rustc_cfg" => Self::Config,
                "compile.h" | "utsversion.h" => Self::Identity,
                _ => Self::Generated,
            },
            _ if name == "utsversion-tmp.h" => Self::Identity,
            "h" | "c" | "s" | "S" => Self::Generated,
            _ => Self::Other,
        }
    }

    /// Whether it is a text, of which the lines that differ tell more than their number.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Command
                | Self::Config
                | Self::LinkerScript
                | Self::Generated
                | Self::Frame
                | Self::Other
        )
    }

    /// Whether its bytes say nothing that its own readers do not: it is not held byte for byte against
    /// its namesake of another build.
    #[must_use]
    pub const fn has_own_reader(self) -> bool {
        matches!(
            self,
            Self::Image
                | Self::NativeObject
                | Self::Index
                | Self::ObjectList
                | Self::ExportSource
                | Self::Symvers
                | Self::Leftover
                | Self::Dependencies
                | Self::HostProgram
                | Self::Identity
                | Self::Frame
        )
    }

    /// Whether a file of this role may as well be one of the sources, where a tree was built in
    /// place. What kbuild generates without recording a command lies in directories of its own.
    #[must_use]
    pub fn may_be_source(self, path: &str) -> bool {
        let sources = matches!(
            self,
            Self::Generated | Self::Other | Self::HostProgram | Self::LinkerScript | Self::Frame
        );
        sources && !path.contains("include/generated/")
    }

    /// The role in the plural, for accounts: `linker scripts`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "images",
            Self::VmlinuxObject => "vmlinux.o",
            Self::Module => "modules",
            Self::Object => "objects",
            Self::NativeObject => "native objects of backends",
            Self::Index => "indexes",
            Self::Archive => "archives",
            Self::Command => "recorded commands",
            Self::Dependencies => "dependency files",
            Self::Config => "configurations",
            Self::Leftover => "leftovers",
            Self::HostProgram => "host programs",
            Self::Identity => "headers with the time and place of the build",
            Self::Symvers => "Module.symvers",
            Self::Map => "maps of symbols",
            Self::ObjectList => "lists of objects",
            Self::ExportSource => "modpost's list of exports",
            Self::Frame => "files with the path of the build directory",
            Self::LinkerScript => "linker scripts",
            Self::Generated => "generated sources and headers",
            Self::Other => "other files",
        }
    }
}

fn at_the_top(name: &str) -> Option<FileRole> {
    Some(match name {
        "vmlinux" | "vmlinux.unstripped" => FileRole::Image,
        _ if name.starts_with(".tmp_vmlinux") && !name.contains("nm-sort") => FileRole::Image,
        "System.map" => FileRole::Map,
        _ if name.ends_with("nm-sort") || name.ends_with(".syms") => FileRole::Map,
        "vmlinux.o" => FileRole::VmlinuxObject,
        "vmlinux.thinlto-index" => FileRole::Index,
        ".config" => FileRole::Config,
        ".config.old" => FileRole::Leftover,
        "Module.symvers" | "vmlinux.symvers" | "modules-only.symvers" => FileRole::Symvers,
        "builtin.order" | ".vmlinux.objs" => FileRole::ObjectList,
        ".vmlinux.export.c" | ".vmlinux.export.o" => FileRole::ExportSource,
        "Makefile" | ".gitignore" => FileRole::Frame,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells_what_a_file_is_for() {
        let roles = [
            ("vmlinux", FileRole::Image),
            (".tmp_vmlinux1", FileRole::Image),
            (".tmp_vmlinux.nm-sort", FileRole::Map),
            ("kernel/fork.o", FileRole::Object),
            ("kernel/fork.thinlto-native.o", FileRole::NativeObject),
            ("kernel/fork.o.thinlto.bc", FileRole::Index),
            ("kernel/.fork.o.cmd", FileRole::Command),
            ("scripts/mod/.modpost.cmd", FileRole::Command),
            ("scripts/mod/modpost", FileRole::HostProgram),
            ("scripts/module.lds", FileRole::LinkerScript),
            ("arch/arm64/kernel/vmlinux.lds", FileRole::LinkerScript),
            (".tmp_initcalls.lds", FileRole::LinkerScript),
            ("include/config/LTO_CLANG_THIN", FileRole::Config),
            ("include/generated/autoconf.h", FileRole::Config),
            ("include/generated/asm-offsets.h", FileRole::Generated),
            ("include/generated/compile.h", FileRole::Identity),
            ("init/utsversion-tmp.h", FileRole::Identity),
            ("modules.builtin", FileRole::Other),
            ("a/vmlinux", FileRole::Other),
            ("usr/initramfs_data.cpio", FileRole::Other),
            ("", FileRole::Other),
        ];
        for (path, role) in roles {
            assert_eq!(FileRole::of(path), role, "{path}");
        }
    }
}
