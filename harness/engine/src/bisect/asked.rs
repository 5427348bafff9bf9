//! What is asked of a candidate.

use crate::error::EngineError;
use crate::process::ask;
use crate::recipe::Recipe;
use crate::toolchain::{LlvmSpec, find_program};
use std::fmt;
use std::path::{Path, PathBuf};
use twinlto_model::Report;
use twinlto_verdict::search::{Answer, Judgement, Predicate};

/// What makes a candidate bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Something in the report of a check.
    Report(Predicate),
    /// The exit status of a program, as `git bisect run` takes it: 0 good, 125 not to be told, 1 to
    /// 124 bad; anything else ends the bisection. 126 and 127 are the shell's for a program that cannot
    /// be run.
    Script(PathBuf),
}

impl Asked {
    /// A program that is to be run, by its absolute path.
    ///
    /// # Errors
    ///
    /// When there is no such program.
    pub fn script(path: &Path) -> Result<Self, EngineError> {
        let usage = |cause: &str, hint: &str| {
            EngineError::usage(format!("--run {}", path.display()), cause, hint)
        };
        let full = match path.canonicalize() {
            Ok(full) => full,
            Err(_) => return Err(usage("there is no such program", "give the path of a script")),
        };
        match find_program(&full.display().to_string()) {
            Some(program) if can_be_run(&program) => Ok(Self::Script(program)),
            Some(_) => Err(usage(
                "its first line names no program that is there to run it",
                "begin it with #!/bin/sh, or what else it is written for",
            )),
            None => Err(usage("it cannot be run", "chmod +x makes a script a program")),
        }
    }

    /// What tells it from everything else that could be asked: a script that was edited asks another
    /// question.
    ///
    /// # Errors
    ///
    /// When a script cannot be read.
    pub(super) fn identity(&self) -> Result<String, EngineError> {
        match self {
            Self::Report(predicate) => Ok(predicate.to_string()),
            Self::Script(path) => {
                let bytes = std::fs::read(path).map_err(|e| EngineError::io("read", path, &e))?;
                Ok(format!("--run {} of {}", path.display(), blake3::hash(&bytes).to_hex()))
            }
        }
    }

    /// What a report says about it; none where a program is asked.
    pub(super) fn judge(&self, report: &Report) -> Option<Judgement> {
        match self {
            Self::Report(predicate) => Some(predicate.judge(report)),
            Self::Script(_) => None,
        }
    }
}

/// Whether the system knows how to run a file: a program, or a script whose first line names one.
fn can_be_run(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 256];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut start));
    let Ok(start) = read.map(|n| start.get(..n).unwrap_or_default()) else { return true };
    let Some(rest) = start.strip_prefix(b"#!") else { return start.starts_with(b"\x7fELF") };
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    line.split_whitespace().next().is_some_and(|program| Path::new(program).is_file())
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(predicate) => predicate.fmt(f),
            Self::Script(path) => write!(f, "--run {}", path.display()),
        }
    }
}

/// Tools of a candidate as a script gets them: variable and name.
const TOOLS: [(&str, &str); 5] = [
    ("CLANG", "clang"),
    ("LD", "ld.lld"),
    ("AR", "llvm-ar"),
    ("NM", "llvm-nm"),
    ("OBJDUMP", "llvm-objdump"),
];

/// Runs a script in an empty directory, with a candidate's tools in its environment.
///
/// # Errors
///
/// When it cannot be run, or ends as no script of `git bisect run` may.
pub(super) fn run_script(
    script: &Path,
    llvm: &LlvmSpec,
    more: &[(&str, String)],
) -> Result<Judgement, EngineError> {
    let dir = tempfile::tempdir()
        .map_err(|error| EngineError::io("make", &std::env::temp_dir(), &error))?;
    let mut recipe = Recipe::new(dir.path(), script).env("LLVM", llvm.value());
    for (variable, tool) in TOOLS {
        let program = llvm.program(tool);
        let full = find_program(&program).map_or(program, |path| path.display().to_string());
        recipe = recipe.env(variable, full);
    }
    if let LlvmSpec::Prefix(bin) = llvm {
        let path = std::env::var("PATH").unwrap_or_default();
        recipe = recipe.env("PATH", format!("{}:{path}", bin.trim_end_matches('/')));
    }
    for (name, value) in more {
        recipe = recipe.env(name, value.clone());
    }
    let said = ask(&recipe)?;
    let last = said.words.lines().rfind(|line| !line.trim().is_empty());
    let words = last.map(|line| format!(", '{}'", line.trim())).unwrap_or_default();
    let because = format!("{}{words}", said.status);
    match said.status.code() {
        Some(0) => Ok(Judgement::new(Answer::Good, because)),
        Some(125) => Ok(Judgement::new(Answer::Unknown, because)),
        Some(1..=124) => Ok(Judgement::new(Answer::Bad, because)),
        _ => Err(EngineError::usage(
            format!("--run {}", script.display()),
            format!("it ended with {because}"),
            "a script says 0 for good, 1 to 124 for bad, 125 for what cannot be told",
        )),
    }
}
