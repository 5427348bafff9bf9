use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// One command as a value: it can be printed, hashed and tested before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// The program and its arguments; no shell ever sees them.
    pub argv: Vec<OsString>,
    /// Variables that are set on top of the environment.
    pub env: Vec<(String, String)>,
    /// Directory to run in.
    pub dir: PathBuf,
}

/// Variables that would change a kernel build behind our back; removed from every command.
/// Source: `Makefile` and `scripts/Kbuild.include`, Linux 7.3; GNU make's own.
pub(crate) const REMOVED: [&str; 25] = [
    // A git that calls us as its hook says which repository it means.
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "KCONFIG_CONFIG",
    "KCONFIG_ALLCONFIG",
    "KCONFIG_OVERWRITECONFIG",
    "KBUILD_EXTMOD",
    "KBUILD_EXTRA_SYMBOLS",
    "KBUILD_DEFCONFIG",
    "KBUILD_SRC",
    "LOCALVERSION",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "GNUMAKEFLAGS",
    "ARCH",
    "SRCARCH",
    "SUBARCH",
    "CROSS_COMPILE",
    "LLVM",
    "LLVM_IAS",
    "KBUILD_OUTPUT",
    "KBUILD_VERBOSE",
    "O",
];

/// Variables of the environment that kbuild reads and that are the user's to set; part of
/// what identifies a build.
pub(crate) const PASSED: [&str; 12] = [
    "KCFLAGS",
    "KAFLAGS",
    "KCPPFLAGS",
    "CFLAGS_KERNEL",
    "CFLAGS_MODULE",
    "LDFLAGS_vmlinux",
    "LDFLAGS_MODULE",
    "KBUILD_CFLAGS_KERNEL",
    "HOSTCFLAGS",
    "HOSTLDFLAGS",
    "INSTALL_MOD_STRIP",
    "CCACHE_DISABLE",
];

/// Those of them that are set, in their order.
#[must_use]
pub fn users_variables() -> Vec<(&'static str, OsString)> {
    PASSED.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect()
}

impl Recipe {
    /// A command in a directory.
    pub fn new(dir: &Path, program: impl Into<OsString>) -> Self {
        Self { argv: vec![program.into()], env: Vec::new(), dir: dir.to_owned() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.argv.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Ready to spawn: inherits the environment less [`REMOVED`], in the C locale, because
    /// make's and clang's messages are read.
    #[must_use]
    pub(crate) fn command(&self) -> std::process::Command {
        let mut words = self.argv.iter();
        let program = words.next().cloned().unwrap_or_else(|| OsString::from("false"));
        let mut command = std::process::Command::new(program);
        command.args(words).current_dir(&self.dir);
        for name in REMOVED {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C");
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command.stdin(std::process::Stdio::null());
        command
    }
}

impl fmt::Display for Recipe {
    /// A line that can be pasted into a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quote(value))?;
        }
        let words: Vec<String> = self.argv.iter().map(|a| quote(&a.to_string_lossy())).collect();
        f.write_str(&words.join(" "))
    }
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_prints_as_a_line_to_paste() {
        let recipe =
            Recipe::new(Path::new("."), "make").arg("O=a b").env("KBUILD_BUILD_USER", "it's");
        assert_eq!(recipe.to_string(), r"KBUILD_BUILD_USER='it'\''s' make 'O=a b'");
    }
}
