//! Two commands with a pipe between them, without a shell.

use crate::error::EngineError;
use crate::process::{interrupted, not_started};
use crate::recipe::Recipe;
use std::fs::File;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long to sleep between two looks at the children.
const NAP: Duration = Duration::from_millis(3);

/// The two commands and where their ends go.
pub(crate) struct Pipe<'a> {
    /// Writes into the pipe.
    pub(crate) from: &'a Recipe,
    /// What it reads; nothing if there is none.
    pub(crate) input: Option<File>,
    /// Its standard error.
    pub(crate) from_errors: File,
    /// Reads from the pipe.
    pub(crate) to: &'a Recipe,
    /// Its standard output.
    pub(crate) output: File,
    /// Its standard error.
    pub(crate) to_errors: File,
}

impl Pipe<'_> {
    /// Runs both to their ends; after `limit` both are stopped.
    ///
    /// # Errors
    ///
    /// When one cannot be started, when they take too long, or when the user interrupts.
    pub(crate) fn run(self, limit: Duration) -> Result<(ExitStatus, ExitStatus), EngineError> {
        let mut from = self.from.command();
        if let Some(input) = self.input {
            from.stdin(Stdio::from(input));
        }
        from.stdout(Stdio::piped()).stderr(Stdio::from(self.from_errors));
        let mut writer = from.spawn().map_err(|error| not_started(self.from, &error))?;
        let pipe = writer.stdout.take().map_or_else(Stdio::null, Stdio::from);
        let mut to = self.to.command();
        to.stdin(pipe).stdout(Stdio::from(self.output)).stderr(Stdio::from(self.to_errors));
        let reader = to.spawn();
        // Holds our end of the pipe: the writer would never learn that its reader went away.
        drop(to);
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(error) => {
                stop(&mut writer);
                return Err(not_started(self.to, &error));
            }
        };
        let ended = both(&mut writer, &mut reader, limit);
        if ended.is_err() {
            stop(&mut writer);
            stop(&mut reader);
        }
        ended
    }
}

fn both(
    writer: &mut Child,
    reader: &mut Child,
    limit: Duration,
) -> Result<(ExitStatus, ExitStatus), EngineError> {
    let start = Instant::now();
    let lost = |error: std::io::Error| {
        EngineError::environment("failed to wait for a command", error.to_string(), "")
    };
    loop {
        let states = (writer.try_wait().map_err(lost)?, reader.try_wait().map_err(lost)?);
        if let (Some(from), Some(to)) = states {
            return Ok((from, to));
        }
        if interrupted() {
            return Err(EngineError::interrupted());
        }
        if start.elapsed() > limit {
            let seconds = limit.as_secs();
            return Err(EngineError::environment(
                "a command was stopped",
                format!("it took longer than {seconds} seconds"),
                "",
            ));
        }
        std::thread::sleep(NAP);
    }
}

/// Failing means that it is gone already.
fn stop(child: &mut Child) {
    let _gone = child.kill();
    let _reaped = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn ran(from: &[&str], to: &[&str], limit: Duration) -> (Result<bool, String>, String) {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(dir.path().join(name)).unwrap();
        let recipe = |argv: &[&str]| {
            let start = Recipe::new(Path::new("/"), argv[0]);
            argv[1..].iter().fold(start, |recipe, arg| recipe.arg(*arg))
        };
        let (from, to) = (recipe(from), recipe(to));
        let pipe = Pipe {
            from: &from,
            input: None,
            from_errors: file("a"),
            to: &to,
            output: file("out"),
            to_errors: file("b"),
        };
        let ended = pipe.run(limit).map(|(a, b)| a.success() && b.success());
        let text = std::fs::read_to_string(dir.path().join("out")).unwrap();
        (ended.map_err(|error| error.cause), text)
    }

    #[test]
    fn what_the_first_writes_the_second_reads() {
        let minute = Duration::from_secs(60);
        assert_eq!(ran(&["echo", "a b"], &["cat"], minute), (Ok(true), "a b\n".to_owned()));
        // More than a pipe holds, and a reader that does not read.
        assert_eq!(ran(&["yes"], &["true"], minute).0, Ok(false));
        assert!(ran(&["echo"], &["/no/such/program"], minute).0.is_err());
    }

    #[test]
    fn what_takes_too_long_is_stopped() {
        let start = Instant::now();
        let (ended, _) = ran(&["sleep", "60"], &["cat"], Duration::from_millis(50));
        assert!(ended.unwrap_err().contains("longer than"));
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
