//! What the integration tests share: the binary, an LLVM, and one pocket build.

pub mod called;
mod find_llvm;
pub mod hidden;
pub mod made;
#[expect(dead_code, reason = "tests of a real tree use the rest of it")]
pub mod pasting;
pub mod repo;

pub(crate) use find_llvm::{llvm, program, skip};
pub use made::MadeBuild;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// What a run of the binary gave.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The report, from `--format json`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }

    /// Keys of the findings above notes.
    pub fn keys(&self) -> Vec<String> {
        keys_of(&self.json())
    }
}

/// Keys of the findings of a report, notes left out.
pub fn keys_of(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|f| f["severity"] != "note")
        .map(|f| f["key"].as_str().unwrap().to_owned())
        .collect()
}

/// The finding of one key.
pub fn finding<'a>(report: &'a Value, key: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|f| f["key"] == key).unwrap_or_else(|| {
        panic!("no {key} in {}", serde_json::to_string_pretty(findings).unwrap())
    })
}

pub fn twinlto() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinlto"));
    command.env_remove("COLUMNS");
    command
}

/// Runs the binary to its end.
pub fn run(args: &[&str]) -> Ran {
    Ran::of(twinlto().args(args).output().unwrap())
}

/// Runs it to its end with further environment variables.
pub fn run_with(args: &[&str], env: &[(&str, &str)]) -> Ran {
    Ran::of(twinlto().args(args).envs(env.iter().copied()).output().unwrap())
}

/// A path as an argument.
pub fn arg(path: &Path) -> String {
    path.display().to_string()
}

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A directory of this test run that stays, so that a second run is fast.
pub fn kept_dir(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// The pocket kernel, both modes, four architectures: built once for all tests that only read.
pub struct Pocket {
    pub out: PathBuf,
    pub ran: Ran,
}

impl Pocket {
    /// The build directory of one cell.
    pub fn build(&self, arch: &str, mode: &str) -> PathBuf {
        self.out.join(arch).join(mode)
    }
}

/// Builds it the first time it is asked for.
pub fn pocket(test: &str) -> Option<&'static Pocket> {
    static POCKET: OnceLock<Pocket> = OnceLock::new();
    let llvm = llvm(test)?;
    Some(POCKET.get_or_init(|| {
        let out = kept_dir("pocket");
        let out_text = out.display().to_string();
        let ran = run(&[
            "check", "--arch", "all", "--llvm", llvm, "--format", "json", "--out", &out_text,
        ]);
        Pocket { out, ran }
    }))
}

/// A private pocket kernel with edits (file, what stands there, what shall); an anchor that is not
/// there exactly once fails.
pub fn edited_tree(name: &str, edits: &[(&str, &str, &str)]) -> PathBuf {
    let tree = kept_dir("trees").join(name);
    if tree.exists() {
        std::fs::remove_dir_all(&tree).unwrap();
    }
    let from = root().join("cases/pocket");
    assert!(Command::new("cp").arg("-a").arg(from).arg(&tree).status().unwrap().success());
    for (file, anchor, replacement) in edits {
        let path = tree.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(anchor).count(), 1, "anchor in {file}: {anchor}");
        std::fs::write(path, text.replace(anchor, replacement)).unwrap();
    }
    tree
}

/// The pocket kernel as it would be before Linux 7.2: no distributed mode in Kconfig, and no goal
/// that makes `vmlinux.a`.
pub fn old_kernel(dir: &Path) -> PathBuf {
    let tree = dir.join("old");
    let copied = Command::new("cp").arg("-a").arg(root().join("cases/pocket")).arg(&tree).status();
    assert!(copied.unwrap().success());
    let makefile = tree.join("Makefile");
    let text = std::fs::read_to_string(&makefile).unwrap();
    assert!(text.contains("\nvmlinux_a:"));
    let renamed = text
        .replace("vmlinux_a", "old_archive")
        .replace("Makefile.old_archive", "Makefile.vmlinux_a");
    std::fs::write(&makefile, renamed).unwrap();
    let kconfig = tree.join("arch/Kconfig");
    let text = std::fs::read_to_string(&kconfig).unwrap();
    let start = text.find("config LTO_CLANG_THIN_DIST\n").unwrap();
    let end = text[start..].find("\nendchoice").map(|at| start + at).unwrap();
    std::fs::write(&kconfig, [&text[..start], &text[end..]].concat()).unwrap();
    tree
}

/// A private copy of one pocket build, times kept, to be spoiled.
pub fn copy_of(build: &Path, name: &str) -> PathBuf {
    copy_to(build, &kept_dir("copies").join(name))
}

/// A copy of a directory in the place of what was there, times kept.
pub fn copy_to(from: &Path, to: &Path) -> PathBuf {
    if to.exists() {
        std::fs::remove_dir_all(to).unwrap();
    }
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
    to.to_owned()
}

/// A copy of a build in which some backends ran with other options: `(object, from, to)`.
pub fn compiled_otherwise(build: &Path, to: &Path, changes: &[(String, &str, &str)]) -> PathBuf {
    let bad = copy_to(build, to);
    for (object, from, to) in changes {
        let stem = object.strip_suffix(".o").unwrap();
        let (dir, file) = stem.rsplit_once('/').unwrap();
        let cmd = bad.join(format!("{dir}/.{file}.thinlto-native.o.cmd"));
        let text = std::fs::read_to_string(&cmd).unwrap();
        let command = text.lines().next().unwrap().split_once(":= ").unwrap().1.to_owned();
        let changed = command.replacen(from, to, 1);
        assert_ne!(changed, command, "{object}");
        let ran = Command::new("sh").args(["-c", &changed]).current_dir(&bad).status().unwrap();
        assert!(ran.success(), "{changed}");
        std::fs::write(&cmd, text.replace(&command, &changed)).unwrap();
    }
    bad
}

/// Every Rust file below a directory.
pub fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}
