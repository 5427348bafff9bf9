//! One backend: run it, and believe what it left rather than how it ended.

use crate::error::EngineError;
use crate::fs::read_regular;
use crate::jobserver::Budget;
use crate::process::{Bounded, Ended};
use crate::recipe::Recipe;
use std::path::Path;
use std::time::Duration;
use twinlto_facts::elf::{ObjectKind, kind};

/// Why an action has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// In one line.
    pub(crate) why: String,
    /// A line to repeat it, in the build directory.
    pub(crate) command: String,
}

/// An action that failed, or twinlto itself.
pub(crate) type Acted<T> = Result<Result<T, Failed>, EngineError>;

/// What clang says when it goes on without what it was told to use, and exits 0. Source:
/// `clang/lib/CodeGen/BackendUtil.cpp`, LLVM 17 to 24; llvm-project issue 75441.
const LIES: [&str; 3] =
    ["Error loading index file", "Error loading imported file", "Error running ThinLTO backend"];

/// Runs a command that makes one object, at most twice: a compiler that was killed or hung may
/// have met a full machine.
pub(crate) fn object(recipe: &Recipe, out: &Path, limit: Duration) -> Acted<Vec<u8>> {
    let _slot = Budget::get().slot();
    let mut last = String::new();
    for attempt in 1..=2 {
        let ran = Bounded { recipe, limit }.run()?;
        let failed = match (&ran.ended, lie(&ran.stderr)) {
            (Ended::Late, _) => Some((format!("it was still running after {limit:?}"), true)),
            (Ended::Status(status), _) if !status.success() => {
                let crashed = status.code().is_none_or(|code| code >= 128);
                Some((last_words(&ran.stderr).unwrap_or_else(|| status.to_string()), crashed))
            }
            (_, Some(line)) => Some((line.to_owned(), false)),
            _ => None,
        };
        match failed {
            None => match whole(out)? {
                Ok(bytes) => return Ok(Ok(bytes)),
                Err(why) => {
                    last = why;
                    break;
                }
            },
            Some((why, again)) => {
                last = if attempt == 2 { format!("{why}, twice") } else { why };
                if !again || attempt == 2 {
                    break;
                }
            }
        }
    }
    let command = format!("cd {} && {recipe}", recipe.dir.display());
    Ok(Err(Failed { why: last, command }))
}

fn lie(stderr: &str) -> Option<&str> {
    stderr.lines().find(|line| LIES.iter().any(|lie| line.contains(lie)))
}

/// The line of an error message that tells most.
pub(crate) fn last_words(stderr: &str) -> Option<String> {
    let line = stderr.lines().find(|line| line.contains("error: ") || line.contains("ERROR"));
    line.or_else(|| stderr.lines().rfind(|line| !line.trim().is_empty())).map(str::to_owned)
}

/// The bytes of a native object, or what is wrong with it.
fn whole(path: &Path) -> Result<Result<Vec<u8>, String>, EngineError> {
    let bytes = match read_regular(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Err("it exited 0 and wrote no object".to_owned()));
        }
        Err(error) => return Err(EngineError::io("read", path, &error)),
    };
    Ok(match kind(&bytes) {
        ObjectKind::Elf(_) => Ok(bytes),
        _ if bytes.is_empty() => Err("it exited 0 and left an empty object".to_owned()),
        other => Err(format!("it exited 0 and wrote {other}")),
    })
}
