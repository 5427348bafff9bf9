//! A git repository of a kernel, made for one test.

use super::{kept_dir, root};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The edit of the eleventh revision of the series: (file, anchor, replacement).
pub const V11: [(&str, &str, &str); 2] = [
    ("scripts/Makefile.thinlto", "$(CC) $(be_flags) -x ir", "$(CC) $(saved_c_flags_$(<)) -x ir"),
    (
        "scripts/Makefile.thinlto",
        "__default: $(native-objs)\n",
        "__default: $(native-objs)\n-include $(foreach f,$(native-objs:%.thinlto-native.o=%.o),\
         $(dir $(f)).$(notdir $(f)).cmd)\n",
    ),
];

/// A repository with a kernel as its first commit.
pub struct Repo {
    pub path: PathBuf,
}

impl Repo {
    /// Of the pocket kernel.
    pub fn new(name: &str) -> Self {
        Self::of(&root().join("cases/pocket"), kept_dir("repositories").join(name))
    }

    /// Of a source tree, which is copied.
    pub fn of(tree: &Path, path: PathBuf) -> Self {
        if path.exists() {
            std::fs::remove_dir_all(&path).unwrap();
        }
        assert!(Command::new("cp").arg("-r").arg(tree).arg(&path).status().unwrap().success());
        let repo = Self { path };
        repo.git(&["init", "--quiet"]);
        repo.git(&["config", "user.name", "test"]);
        repo.git(&["config", "user.email", "test@localhost"]);
        repo.commit("kernel");
        repo
    }

    /// Twelve commits upon the tag `good`, one of which does not build and one of which, tagged
    /// `guilty`, brings the defect. The first is tagged `harmless`.
    pub fn with_twelve(self) -> Self {
        self.git(&["tag", "good"]);
        for n in 1..5 {
            self.touch(&format!("panic: {n}"), "kernel/panic.c");
        }
        self.git(&["tag", "harmless", "HEAD~3"]);
        let file = self.path.join("mm/util.c");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}#error unfinished\n")).unwrap();
        self.commit("mm: does not build");
        std::fs::write(&file, format!("{text}/* finished */\n")).unwrap();
        self.commit("mm: builds again");
        self.edit("kbuild: look flags up by the object's name", &V11);
        self.git(&["tag", "guilty"]);
        for n in 8..13 {
            self.touch(&format!("panic: {n}"), "kernel/panic.c");
        }
        self
    }

    pub fn arg(&self) -> String {
        self.path.display().to_string()
    }

    pub fn git(&self, args: &[&str]) -> String {
        let said = Command::new("git").arg("-C").arg(&self.path).args(args).output().unwrap();
        let words = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "git {args:?}: {words}");
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    }

    /// Everything as it is now; the commit.
    pub fn commit(&self, subject: &str) -> String {
        // Whatever the tree's own .gitignore says: distributions put all of it there.
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--message", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Edits with anchors that stand there once; the commit.
    pub fn edit(&self, subject: &str, edits: &[(&str, &str, &str)]) -> String {
        edit(&self.path, edits);
        self.commit(subject)
    }

    /// One line more at the end of a C file; the commit.
    pub fn touch(&self, subject: &str, file: &str) -> String {
        let path = self.path.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}/* {subject} */\n")).unwrap();
        self.commit(subject)
    }

    /// A commit as a mail.
    pub fn mail(&self, commit: &str, name: &str) -> PathBuf {
        let path = self.path.with_extension(name);
        let text = self.git(&["format-patch", "-1", "--stdout", commit]);
        std::fs::write(&path, text + "\n").unwrap();
        path
    }

    /// What must not change: HEAD, its branch, the index and what is not committed.
    pub fn state(&self) -> String {
        let head = self.git(&["log", "-1", "--format=%H %D"]);
        let changed = self.git(&["status", "--short", "--ignored"]);
        let stash = self.git(&["stash", "list"]);
        format!("{head}\n{changed}\n{stash}")
    }
}

/// Replaces texts that stand in a file exactly once.
pub fn edit(tree: &Path, edits: &[(&str, &str, &str)]) {
    for (file, anchor, replacement) in edits {
        let path = tree.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(anchor).count(), 1, "anchor in {file}: {anchor}");
        std::fs::write(path, text.replace(anchor, replacement)).unwrap();
    }
}

/// A directory for one run, empty.
pub fn empty_dir(name: &str) -> String {
    let dir = kept_dir("revisions").join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
    dir.display().to_string()
}
