use crate::error::EngineError;
use crate::jobserver::Budget;
use crate::recipe::Recipe;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, SIGTERM and SIGHUP stop the running command, and then twinlto.
///
/// # Errors
///
/// When the handler cannot be installed.
pub fn install_interrupt_handler() -> Result<(), EngineError> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst)).map_err(|error| {
        EngineError::environment("failed to install the signal handler", error.to_string(), "")
    })
}

/// Whether the user asked to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// What a captured command said.
#[derive(Debug, Clone)]
pub(crate) struct Captured {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a short command and keeps what it says.
pub(crate) fn capture(recipe: &Recipe) -> Result<Captured, EngineError> {
    let output = recipe.command().output().map_err(|error| not_started(recipe, &error))?;
    Ok(Captured {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Runs a long command, which takes part in our job budget, with both outputs going to a log, in a process group of its own.
/// `on_log` gets every new piece of the log as it grows.
///
/// # Errors
///
/// When the command cannot be started, the log cannot be written, or the user interrupts;
/// then the whole group has been stopped.
pub(crate) fn run_logged(
    recipe: &Recipe,
    log: &Path,
    append: bool,
    mut on_log: impl FnMut(&[u8]),
) -> Result<ExitStatus, EngineError> {
    let io = |error| EngineError::io("write", log, &error);
    let file = File::options()
        .create(true)
        .append(append)
        .write(true)
        .truncate(!append)
        .open(log)
        .map_err(io)?;
    let start = file.metadata().map_err(io)?.len();
    let mut command = recipe.command();
    command.stdout(Stdio::from(file.try_clone().map_err(io)?)).stderr(Stdio::from(file));
    command.process_group(0);
    Budget::get().share(&mut command);
    let mut child = command.spawn().map_err(|error| not_started(recipe, &error))?;

    let mut reader = File::open(log).map_err(io)?;
    std::io::Seek::seek(&mut reader, std::io::SeekFrom::Start(start)).map_err(io)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let status = child.try_wait().map_err(io)?;
        loop {
            let n = reader.read(&mut buffer).map_err(io)?;
            if n == 0 {
                break;
            }
            on_log(buffer.get(..n).unwrap_or_default());
        }
        if let Some(status) = status {
            return Ok(status);
        }
        if interrupted() {
            stop_group(&mut child);
            return Err(EngineError::interrupted());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a command of unknown length in a process group of its own, each of its outputs going to a
/// file of its own: what it says of itself stands in neither the middle of the other.
///
/// # Errors
///
/// When it cannot be started, or the user interrupts; then the group has been stopped.
pub(crate) fn run_apart(
    recipe: &Recipe,
    stdout: &Path,
    stderr: &Path,
) -> Result<ExitStatus, EngineError> {
    let create =
        |path: &Path| File::create(path).map_err(|error| EngineError::io("write", path, &error));
    let mut command = recipe.command();
    command.stdout(Stdio::from(create(stdout)?)).stderr(Stdio::from(create(stderr)?));
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| not_started(recipe, &error))?;
    loop {
        use wait_timeout::ChildExt;
        let waited = child.wait_timeout(Duration::from_millis(200));
        if let Some(status) = waited.map_err(|error| not_started(recipe, &error))? {
            return Ok(status);
        }
        if interrupted() {
            stop_group(&mut child);
            return Err(EngineError::interrupted());
        }
    }
}

/// A command that makes one object: it may take so long, and not longer.
pub(crate) struct Bounded<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) limit: Duration,
}

/// How a bounded command ended.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// By itself.
    Status(ExitStatus),
    /// It was stopped, with all that it had started.
    Late,
}

/// What a bounded command said.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    pub(crate) ended: Ended,
    pub(crate) stderr: String,
}

/// How much of what a command says is kept.
const WORDS: u64 = 1 << 20;

impl Bounded<'_> {
    /// Runs it in a process group of its own; what it writes to its standard output is dropped.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or the user interrupts; then the group has been stopped.
    pub(crate) fn run(&self) -> Result<Ran, EngineError> {
        let mut command = self.recipe.command();
        command.stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|error| not_started(self.recipe, &error))?;
        let mut pipe = child.stderr.take();
        // It closes its end when it ends, and so does all that it has started.
        let reader = std::thread::spawn(move || {
            let mut said = Vec::new();
            if let Some(pipe) = &mut pipe {
                // What cannot be read is not said.
                let _cut = pipe.take(WORDS).read_to_end(&mut said);
                let _rest = std::io::copy(pipe, &mut std::io::sink());
            }
            said
        });
        let ended = self.wait(&mut child);
        if !matches!(ended, Ok(Ended::Status(_))) {
            stop_group(&mut child);
        }
        let said = reader.join().unwrap_or_default();
        Ok(Ran { ended: ended?, stderr: String::from_utf8_lossy(&said).into_owned() })
    }

    fn wait(&self, child: &mut Child) -> Result<Ended, EngineError> {
        use wait_timeout::ChildExt;
        let start = std::time::Instant::now();
        loop {
            let left = self.limit.saturating_sub(start.elapsed());
            let nap = left.min(Duration::from_millis(200));
            let waited =
                child.wait_timeout(nap).map_err(|error| not_started(self.recipe, &error))?;
            if let Some(status) = waited {
                return Ok(Ended::Status(status));
            }
            if interrupted() {
                return Err(EngineError::interrupted());
            }
            if left.is_zero() {
                return Ok(Ended::Late);
            }
        }
    }
}

/// What a program that was asked something said.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) status: ExitStatus,
    /// The end of what it said, on either output.
    pub(crate) words: String,
}

/// Runs somebody's program in a process group of its own until it ends; what it has left running then
/// is stopped, because it would stand in the next one's way.
///
/// # Errors
///
/// When it cannot be started, or the user interrupts; then the group has been stopped.
pub(crate) fn ask(recipe: &Recipe) -> Result<Asked, EngineError> {
    use wait_timeout::ChildExt;
    let failed = |error| not_started(recipe, &error);
    let (pipe, writer) = std::io::pipe().map_err(failed)?;
    let mut command = recipe.command();
    command.stdout(writer.try_clone().map_err(failed)?).stderr(writer).process_group(0);
    let spawned = command.spawn();
    // Our own ends of the pipe are closed with it.
    drop(command);
    let mut child = spawned.map_err(failed)?;
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(last_words(pipe)));
    let status = loop {
        if let Some(status) = child.wait_timeout(Duration::from_millis(200)).map_err(failed)? {
            break status;
        }
        if interrupted() {
            stop_group(&mut child);
            return Err(EngineError::interrupted());
        }
    };
    stop_group(&mut child);
    // What has left the group may keep the pipe open for ever.
    let words = receiver.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
    Ok(Asked { status, words: String::from_utf8_lossy(&words).into_owned() })
}

/// The end of what comes out of a pipe.
fn last_words(mut pipe: impl Read) -> Vec<u8> {
    const KEPT: usize = 1 << 16;
    let mut said = Vec::new();
    let mut buffer = vec![0; KEPT];
    while let Ok(n @ 1..) = pipe.read(&mut buffer) {
        said.extend_from_slice(buffer.get(..n).unwrap_or_default());
        said.drain(..said.len().saturating_sub(KEPT));
    }
    said
}

/// Asks a group to end, and makes it.
fn stop_group(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return;
    };
    // Failing means that the group is gone already.
    let _gone = kill_process_group(group, Signal::TERM);
    for _ in 0..40 {
        if matches!(child.try_wait(), Ok(Some(_))) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _gone = kill_process_group(group, Signal::KILL);
    let _reaped = child.wait();
}

pub(crate) fn not_started(recipe: &Recipe, error: &std::io::Error) -> EngineError {
    let program = recipe.argv.first().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    if !recipe.dir.is_dir() {
        return EngineError::environment(
            format!("failed to run {program}"),
            format!("{} is not a directory", recipe.dir.display()),
            "",
        );
    }
    EngineError::environment(
        format!("failed to run {program}"),
        error.to_string(),
        "run twinlto doctor: it lists every tool that is needed and how to get it",
    )
}
