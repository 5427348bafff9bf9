//! Commands that outlived a twinlto that was killed.

use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::time::{Duration, Instant};

/// The variable that marks every command of a run with its output directory.
pub(crate) const MARK: &str = "TWINLTO_OUT";

/// Stops every process that an earlier run in this output directory, or below it, left behind, so that
/// nothing writes there any more. Call it with the directory's lock held.
pub(crate) fn stop_orphans(out: &Path) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let left = marked(out);
        if left.is_empty() {
            return;
        }
        for pid in left {
            // Failing means that it is gone already.
            let _gone = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a variable is the mark, or that of a directory below.
fn is_below(variable: &[u8], mark: &[u8]) -> bool {
    variable.strip_prefix(mark).is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
}

fn marked(out: &Path) -> Vec<Pid> {
    let mark = format!("{MARK}={}", out.display());
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = std::process::id();
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own)
        .filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let is_zombie = environment.is_empty();
            !is_zombie && environment.split(|b| *b == 0).any(|var| is_below(var, mark.as_bytes()))
        })
        .filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?))
        .collect()
}
