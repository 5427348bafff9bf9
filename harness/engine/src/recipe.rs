use crate::fs::read_regular;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use twinlto_facts::flags::lex_piece;
use twinlto_facts::named::NamedFiles;

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
pub(crate) const PASSED: [&str; 14] = [
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
    // `scripts/Makefile.autofdo` and `scripts/Makefile.propeller`, Linux 6.13 to 7.3.
    "CLANG_AUTOFDO_PROFILE",
    "CLANG_PROPELLER_PROFILE_PREFIX",
];

/// What identifies the user's own variables: their values, and the contents of the files that these
/// name, such as a profile. A value that names a file is no other value when the file changes.
pub(crate) fn users_identity() -> String {
    let mut text = String::new();
    for name in PASSED {
        if let Ok(value) = std::env::var(name) {
            text.push_str(&format!("{name}={value}\n"));
            text.push_str(&contents(name, &value));
        }
    }
    text
}

/// The files that a value names, as lines of path and hash.
fn contents(name: &str, value: &str) -> String {
    let mut files = BTreeSet::new();
    if name == "CLANG_PROPELLER_PROFILE_PREFIX" {
        files.extend(["_cc_profile.txt", "_ld_profile.txt"].map(|end| format!("{value}{end}")));
    }
    let words: Vec<String> = match lex_piece(value) {
        Some(words) => words.into_iter().map(|word| word.into_owned()).collect(),
        None => value.split_whitespace().map(str::to_owned).collect(),
    };
    let named = NamedFiles::of(words.iter().map(String::as_str));
    files.extend(named.certain.into_iter().chain(named.possible));
    // A response file or a plugin is a file as well.
    let at = words.iter().filter_map(|word| word.strip_prefix('@'));
    files.extend(at.map(str::to_owned));
    let mut text = String::new();
    for file in files {
        let path = match Path::new(&file).is_dir() {
            true => Path::new(&file).join("default.profdata"),
            false => PathBuf::from(&file),
        };
        if let Ok(bytes) = read_regular(&path) {
            text.push_str(&format!("{file} {}\n", blake3::hash(&bytes).to_hex()));
        }
    }
    text
}

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
    fn a_value_that_names_a_file_is_another_one_when_the_file_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let values = [
            ("KCFLAGS", format!("-O2 -fprofile-sample-use={}", path("a"))),
            ("KCFLAGS", format!("-mllvm -some-list={}", path("a"))),
            ("KCFLAGS", format!("-fpass-plugin={}", path("a"))),
            ("KCFLAGS", format!("@{}", path("a"))),
            ("CLANG_AUTOFDO_PROFILE", path("a")),
            ("CLANG_PROPELLER_PROFILE_PREFIX", path("p")),
        ];
        let all = || values.clone().map(|(name, value)| contents(name, &value));
        let write = |text: &str| {
            for name in ["a", "p_cc_profile.txt"] {
                std::fs::write(dir.path().join(name), text).unwrap();
            }
        };
        write("one");
        let first = all();
        assert_eq!(all(), first);
        write("two");
        for ((value, before), after) in values.iter().zip(&first).zip(all()) {
            assert!(!before.is_empty() && *before != after, "{value:?}: {before}");
        }
        assert_eq!(contents("KCFLAGS", "-O2 -DX='\"y\"' -g"), "");
    }

    #[test]
    fn a_recipe_prints_as_a_line_to_paste() {
        let recipe =
            Recipe::new(Path::new("."), "make").arg("O=a b").env("KBUILD_BUILD_USER", "it's");
        assert_eq!(recipe.to_string(), r"KBUILD_BUILD_USER='it'\''s' make 'O=a b'");
    }
}
