//! An edit put into the tree, checked, and taken out again. Its two builds stay, so that another
//! twinlto only has to compare them.

use super::data::Edit;
use super::truth::{Built, MODES, Truth, of};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Where edits are tried.
pub(crate) struct Place {
    /// The binary.
    pub(crate) twinlto: PathBuf,
    /// As `--llvm` takes it.
    pub(crate) llvm: String,
    /// The pocket kernel, as it is in the repository.
    pub(crate) pocket: PathBuf,
    /// What is built goes here.
    pub(crate) dir: PathBuf,
    baselines: BTreeMap<String, [Built; 2]>,
}

impl Place {
    /// A place whose tree is the pocket kernel. All builds are of a tree at one path, because that
    /// path is in commands and in bitcode.
    pub(crate) fn new(twinlto: PathBuf, llvm: String, pocket: PathBuf, dir: PathBuf) -> Self {
        std::fs::create_dir_all(&dir).unwrap();
        Self { twinlto, llvm, pocket, dir, baselines: BTreeMap::new() }
    }

    fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    /// The tree as it is in the repository. Times are always the same: twinlto knows by them
    /// whether a build is of this tree.
    fn restore(&self) {
        let tree = self.tree();
        if tree.exists() {
            std::fs::remove_dir_all(&tree).unwrap();
        }
        let copied = Command::new("cp").arg("-r").arg(&self.pocket).arg(&tree).status().unwrap();
        assert!(copied.success());
        let mut pending = vec![tree];
        while let Some(dir) = pending.pop() {
            for entry in std::fs::read_dir(&dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    set_time(&path, 0);
                }
            }
        }
    }

    /// The tree with an edit.
    fn apply(&self, edit: &Edit) {
        self.restore();
        for (file, anchor, replacement) in &edit.changes {
            let path = self.tree().join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.matches(anchor.as_str()).count(), 1, "{}: {file}: {anchor}", edit.name);
            let text = text.replace(anchor.as_str(), replacement);
            let sum = text
                .bytes()
                .fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
            std::fs::write(&path, &text).unwrap();
            set_time(&path, sum % 1_000_000);
        }
    }

    /// `twinlto check` of the tree as it is now.
    fn check(&self, name: &str, arch: &str, is_separate: bool) -> Value {
        let mut command = Command::new(&self.twinlto);
        command.arg("check").arg(self.tree()).args(["--arch", arch, "--llvm"]).arg(&self.llvm);
        command.args(["-j2", "--format", "json", "--out"]).arg(self.out(name));
        if is_separate {
            command.arg("--separate");
        }
        command.env_remove("MAKEFLAGS").current_dir(&self.dir);
        let said = command.output().unwrap();
        serde_json::from_slice(&said.stdout).unwrap_or_else(|error| {
            let text = String::from_utf8_lossy(&said.stderr).into_owned();
            serde_json::json!({ "outcome": "broken", "why": format!("{error}: {text}") })
        })
    }

    fn out(&self, name: &str) -> PathBuf {
        self.dir.join("out").join(name)
    }

    fn built(&self, name: &str, arch: &str) -> [Built; 2] {
        MODES.map(|mode| Built::read(&self.out(name).join(arch).join(mode)))
    }

    /// The builds of the unedited tree.
    fn baseline(&mut self, arch: &str) -> [Built; 2] {
        if let Some(built) = self.baselines.get(arch) {
            return built.clone();
        }
        self.restore();
        let name = format!("unedited-{arch}");
        let report = self.check(&name, arch, false);
        assert_eq!(report["outcome"], "agree", "the unedited tree: {report}");
        let built = self.built(&name, arch);
        self.baselines.insert(arch.to_owned(), built.clone());
        built
    }

    /// Tries an edit: what it does, and what twinlto says of it.
    pub(crate) fn try_edit(&mut self, edit: &Edit) -> (Truth, Value) {
        let before = self.baseline(&edit.arch);
        self.apply(edit);
        let report = self.check(&edit.name, &edit.arch, edit.is_separate);
        let after = self.built(&edit.name, &edit.arch);
        (of(&before, &after), report)
    }
}

fn set_time(path: &Path, more: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000 + more, 0);
    std::fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}
