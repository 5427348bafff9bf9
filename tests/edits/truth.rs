//! What an edit does, told without twinlto: by the bytes of what was built and by the recorded
//! commands, against a build of the unedited tree in the same mode and at the same place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modes, as `twinlto check` names its directories.
pub(crate) const MODES: [&str; 2] = ["distributed", "in-process"];

/// What an edit does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Truth {
    /// No byte and no recorded option of any build is another one.
    Nothing,
    /// No byte that is loaded or installed is another one, but a recorded command or an object.
    Unseen,
    /// Both kernels changed, and what was the same in both modes still is.
    Alike,
    /// The kernel, a module or a file beside them changed, and not in the same way in both.
    Kernel(BTreeSet<String>),
    /// A mode does not build any more.
    Fails(String),
}

impl Truth {
    /// In a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Unseen => "no kernel",
            Self::Alike => "alike",
            Self::Kernel(_) => "kernel",
            Self::Fails(_) => "fails",
        }
    }
}

/// Files of a build directory and what they hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Built {
    /// What is installed: the image, modules, and what is beside them.
    installed: BTreeMap<PathBuf, Vec<u8>>,
    /// Objects, archives, lists and scripts.
    others: BTreeMap<PathBuf, Vec<u8>>,
    /// The words of each recorded command, sorted.
    commands: BTreeMap<PathBuf, Vec<String>>,
}

const BESIDE: [&str; 6] = [
    "vmlinux",
    "System.map",
    "Module.symvers",
    "modules.order",
    "modules.builtin",
    "modules.builtin.modinfo",
];

impl Built {
    /// Reads a build.
    pub(crate) fn read(build: &Path) -> Self {
        let mut built = Self::default();
        let mut pending = vec![PathBuf::new()];
        while let Some(below) = pending.pop() {
            let Ok(entries) = std::fs::read_dir(build.join(&below)) else { continue };
            for entry in entries {
                let entry = entry.unwrap();
                let (path, kind) = (below.join(entry.file_name()), entry.file_type().unwrap());
                if kind.is_dir() && path != Path::new("include/config") {
                    pending.push(path);
                } else if kind.is_file() {
                    built.file(build, path);
                }
            }
        }
        built
    }

    fn file(&mut self, build: &Path, path: PathBuf) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(build.join(&path)).unwrap();
        if name.ends_with(".cmd") {
            let text = String::from_utf8_lossy(&bytes);
            let recorded = |line: &&str| {
                ["savedcmd_", "saved_c_flags_", "#SYMVER"].iter().any(|it| line.starts_with(it))
            };
            let words = text.lines().filter(recorded).flat_map(str::split_whitespace);
            let mut words: Vec<String> = words.map(str::to_owned).collect();
            words.sort();
            self.commands.insert(path, words);
        } else if BESIDE.iter().any(|it| path == Path::new(it)) || name.ends_with(".ko") {
            self.installed.insert(path, bytes);
        } else if !name.ends_with(".d") && name != "Makefile" && !name.starts_with(".tmp_") {
            self.others.insert(path, bytes);
        }
    }

    /// Paths of files that are in one alone, or differ.
    fn changed(
        ours: &BTreeMap<PathBuf, Vec<u8>>,
        theirs: &BTreeMap<PathBuf, Vec<u8>>,
    ) -> BTreeSet<PathBuf> {
        let names = ours.keys().chain(theirs.keys());
        names.filter(|name| ours.get(*name) != theirs.get(*name)).cloned().collect()
    }

    fn is_kernel(&self) -> bool {
        self.installed.contains_key(Path::new("vmlinux"))
    }
}

/// What an edit does, from the builds of both modes without and with it.
pub(crate) fn of(before: &[Built; 2], after: &[Built; 2]) -> Truth {
    for (mode, built) in MODES.iter().zip(after) {
        if !built.is_kernel() {
            return Truth::Fails((*mode).to_owned());
        }
    }
    let changed: Vec<_> = before
        .iter()
        .zip(after)
        .map(|(before, after)| Built::changed(&before.installed, &after.installed))
        .collect();
    if changed.iter().any(|it| !it.is_empty()) {
        return if changed[0] == changed[1] && are_alike(before, after) {
            Truth::Alike
        } else {
            Truth::Kernel(told(&changed))
        };
    }
    let same =
        before.iter().zip(after).all(|(a, b)| a.others == b.others && a.commands == b.commands);
    if same { Truth::Nothing } else { Truth::Unseen }
}

/// Whether what was the same in both modes, commands included, is the same in both afterwards.
fn are_alike(before: &[Built; 2], after: &[Built; 2]) -> bool {
    let same_in_both = |builds: &[Built; 2]| -> BTreeSet<PathBuf> {
        let [a, b] = builds;
        let files = a.installed.iter().chain(&a.others);
        let theirs = |name: &PathBuf| b.installed.get(name).or_else(|| b.others.get(name));
        let same_files = files.filter(|(name, bytes)| theirs(name) == Some(bytes));
        let commands =
            a.commands.iter().filter(|(name, words)| b.commands.get(*name) == Some(words));
        same_files.map(|it| it.0.clone()).chain(commands.map(|it| it.0.clone())).collect()
    };
    same_in_both(before).is_subset(&same_in_both(after))
}

fn told(changed: &[BTreeSet<PathBuf>]) -> BTreeSet<String> {
    let told = |(mode, files): (&&str, &BTreeSet<PathBuf>)| {
        let mode = (*mode).to_owned();
        files.iter().map(move |file| format!("{mode}/{}", file.display())).collect::<Vec<_>>()
    };
    MODES.iter().zip(changed).flat_map(told).collect()
}
