//! What `make V=1` said while it built a kernel.

mod diagnostic;

pub use diagnostic::{Diagnostic, Gravity, Tool, diagnostic};

use crate::kbuild::normalize_path;
use std::collections::BTreeMap;

/// The facts of one build log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildLog {
    /// Native object → the last backend command that was started for it.
    pub backends: BTreeMap<String, String>,
    /// Targets that make gave up.
    pub failures: Vec<MakeFailure>,
    /// Lines in which a tool reports an error, in order, at most [`MAX_ERRORS`].
    pub errors: Vec<String>,
    /// Target that a recipe failed to make → the error line that most likely tells why: the last
    /// one before make gave up that names it, else the last one at all.
    pub reasons: BTreeMap<String, String>,
    /// Members that the archiver looked for and did not find, in order.
    pub members_not_found: Vec<String>,
    /// How many lines it has; none when there is no log at all.
    pub lines: u64,
    /// Every warning and error, with the number of times it was said.
    pub diagnostics: BTreeMap<Diagnostic, u64>,
}

/// One `make[N]: *** [FILE:LINE: TARGET] Error CODE` line (GNU make 4.x).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MakeFailure {
    /// Makefile that has the rule.
    pub makefile: String,
    /// Its line, where make says so.
    pub line: Option<u32>,
    /// The target that was not made.
    pub target: String,
    /// What follows: `Error 1`, `Killed`, ….
    pub how: String,
}

/// How many error lines are kept; what breaks first is what matters.
pub const MAX_ERRORS: usize = 200;

impl BuildLog {
    /// Reads a whole log; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut log = Self::default();
        // Errors since a target last failed, the latest last.
        let mut recent: Vec<&str> = Vec::new();
        let text = String::from_utf8_lossy(bytes);
        for line in text.split('\n').map(str::trim_end) {
            log.lines += 1;
            if let Some(said) = diagnostic(line) {
                *log.diagnostics.entry(said).or_default() += 1;
            }
            if let Some(failure) = make_failure(line) {
                if failure.is_root() {
                    log.fail(&failure, &recent);
                    recent.clear();
                }
                log.failures.push(failure);
            } else if let Some((native, command)) = backend_command(line) {
                log.backends.insert(native, command.to_owned());
            } else if is_error(line) {
                recent.push(line);
                log.members_not_found.extend(member_not_found(line));
                if log.errors.len() < MAX_ERRORS {
                    log.errors.push(line.to_owned());
                }
            }
        }
        log
    }

    /// Whether it may be what make said at all: some line is make's, a command's or kbuild's
    /// (`  CC      a.o`, `# CC      a.o`).
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        text.lines().any(|line| {
            line.starts_with("make")
                || line.starts_with("  ")
                || line.starts_with("# ")
                || diagnostic(line).is_some()
        })
    }

    /// Adds what a later log says.
    pub fn extend(&mut self, later: Self) {
        self.backends.extend(later.backends);
        self.failures.extend(later.failures);
        self.errors.extend(later.errors);
        self.reasons.extend(later.reasons);
        self.members_not_found.extend(later.members_not_found);
        self.lines += later.lines;
        for (said, times) in later.diagnostics {
            *self.diagnostics.entry(said).or_default() += times;
        }
    }

    fn fail(&mut self, failure: &MakeFailure, recent: &[&str]) {
        let stem =
            failure.target.rsplit_once(".thinlto-native.o").map_or(&*failure.target, |s| s.0);
        let naming = recent.iter().rev().find(|line| line.contains(stem));
        if let (Some(line), Some(target)) =
            (naming.or(recent.last()), normalize_path(&failure.target))
        {
            self.reasons.insert(target, (*line).to_owned());
        }
    }

    /// The failures at which the trouble began: make repeats one on every level above it.
    #[must_use]
    pub fn roots(&self) -> Vec<&MakeFailure> {
        self.failures.iter().filter(|f| f.is_root()).collect()
    }

    /// Whether make gave up a target.
    #[must_use]
    pub fn has_failed(&self, target: &str) -> bool {
        self.failures.iter().any(|failure| failure.target == target)
    }

    /// The line that tells most about a failed build.
    #[must_use]
    pub fn headline(&self) -> Option<String> {
        self.errors.first().cloned().or_else(|| {
            let f = self.roots().into_iter().next().or(self.failures.first())?;
            Some(format!("{}: {} ({})", f.target, f.how, f.makefile))
        })
    }
}

impl MakeFailure {
    /// Whether the recipe itself failed, and not a make that it called.
    #[must_use]
    pub fn is_root(&self) -> bool {
        !(self.how.starts_with("Error 2") && !self.target.contains('.')
            || self.target == "."
            || self.target.starts_with("__"))
    }
}

/// What one line of a growing log adds to the progress of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A front end or assembler starts on one object.
    Object,
    /// A ThinLTO backend starts on one object.
    Backend,
    /// The thin link starts.
    ThinLink,
    /// `vmlinux.o` or a later link starts.
    Link,
}

/// Tells what a line of a `V=1` log starts, if anything that progress counts.
#[must_use]
pub fn step(line: &str) -> Option<Step> {
    if !line.starts_with("  ") {
        return None;
    }
    if line.contains(" -fthinlto-index=") {
        Some(Step::Backend)
    } else if line.contains(" --thinlto-index-only=") {
        Some(Step::ThinLink)
    } else if line.contains(" -o vmlinux.o ") {
        Some(Step::Link)
    } else if line.contains(" -c -o ") && line.contains(" -D__KERNEL__ ") {
        Some(Step::Object)
    } else {
        None
    }
}

/// The native object and the command of a backend that is started. Jobs share the log: the command
/// may stand behind the end of what another one was saying.
fn backend_command(line: &str) -> Option<(String, &str)> {
    if !line.contains(" -fthinlto-index=") {
        return None;
    }
    let command = match line.strip_prefix("  ") {
        Some(command) => command.trim_start(),
        None => line.get(compiler_at(line)?..)?,
    };
    let after = command.rsplit_once(" -o ")?.1;
    let native = after.split_ascii_whitespace().next()?;
    Some((normalize_path(native)?, command))
}

/// Where the first word stands that names a clang and is followed by an option.
fn compiler_at(line: &str) -> Option<usize> {
    let mut words = line.split(' ').scan(0, |at, word| {
        let start = *at;
        *at += word.len() + 1;
        Some((start, word))
    });
    let is_clang = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        name.strip_prefix("clang").is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    words.find_map(|(at, word)| is_clang(word).then_some(at))
}

/// `llvm-ar: error: X: No such file or directory`, LLVM 17 to 24; binutils says it without
/// `error: `.
fn member_not_found(line: &str) -> Option<String> {
    let (program, rest) = line.split_once(": ")?;
    if !program.ends_with("ar") {
        return None;
    }
    let rest = rest.strip_prefix("error: ").unwrap_or(rest);
    let (name, why) = rest.rsplit_once(": ")?;
    why.eq_ignore_ascii_case("no such file or directory").then(|| normalize_path(name)).flatten()
}

fn make_failure(line: &str) -> Option<MakeFailure> {
    let rest = line.trim_start().strip_prefix("make")?;
    let (level, rest) = rest.split_once(": *** [")?;
    if !level.is_empty() && !level.starts_with('[') {
        return None;
    }
    let (place, how) = rest.rsplit_once("] ")?;
    let (location, target) = place.split_once(": ")?;
    let (makefile, number) = location.rsplit_once(':').unwrap_or((location, ""));
    Some(MakeFailure {
        makefile: makefile.to_owned(),
        line: number.parse().ok(),
        target: target.to_owned(),
        how: how.trim().to_owned(),
    })
}

fn is_error(line: &str) -> bool {
    if line.starts_with("  ") || line.starts_with('#') {
        return false;
    }
    const SIGNS: [&str; 11] = [
        ": error: ",
        "error: ",
        "ERROR: ",
        ": fatal error: ",
        "LLVM ERROR",
        "Assertion `",
        "No space left on device",
        ": No such file or directory",
        "undefined symbol:",
        ": not found",
        "*** No rule to make target",
    ];
    SIGNS.iter().any(|sign| line.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOG: &str = "\
# CC      virt/kvm/dirty_ring.thinlto-native.o
  clang -O2 -x ir -fno-lto -fthinlto-index=virt/kvm/dirty_ring.o.thinlto.bc -c -o virt/kvm/dirty_ring.thinlto-native.o virt/kvm/dirty_ring.o
<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'
make[4]: *** [scripts/Makefile.thinlto:22: virt/kvm/dirty_ring.thinlto-native.o] Error 1
make[3]: *** [scripts/Makefile.vmlinux_a:57: vmlinux.a] Error 2
make[2]: *** [Makefile:1372: vmlinux_a] Error 2
make: *** [Makefile:260: __sub-make] Error 2
";

    #[test]
    fn a_failed_backend_is_found_with_its_command() {
        let log = BuildLog::parse(LOG.as_bytes());
        assert!(
            log.backends["virt/kvm/dirty_ring.thinlto-native.o"].starts_with("clang -O2 -x ir")
        );
        assert_eq!(log.failures.len(), 4);
        assert_eq!(log.failures[0].line, Some(22));
        assert_eq!(log.errors, ["<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'"]);
        assert_eq!(log.roots()[0].target, "virt/kvm/dirty_ring.thinlto-native.o");
    }

    #[test]
    fn a_failed_target_has_the_error_that_names_it() {
        let log = BuildLog::parse(LOG.as_bytes());
        let why = "<inline asm>:1:2: error: invalid instruction mnemonic 'dmb'";
        assert_eq!(log.reasons["virt/kvm/dirty_ring.thinlto-native.o"], why);
        let log = BuildLog::parse(
            b"a.c: error: x\nb.c: error: y\nmake[1]: *** [Makefile:1: a.o] Error 1\n\
              make[1]: *** [Makefile:1: c.o] Error 1\n",
        );
        assert_eq!(log.reasons["a.o"], "b.c: error: y");
        assert!(!log.reasons.contains_key("c.o"), "its own error was not seen");
    }

    #[test]
    fn a_target_that_nobody_makes_is_the_headline() {
        let log = BuildLog::parse(
            b"make[1]: *** No rule to make target 'x.a', needed by 'y'.  Stop.\n\
              make: *** [Makefile:2: __sub-make] Error 2\n",
        );
        assert!(log.headline().unwrap().contains("No rule to make target 'x.a'"));
    }

    #[test]
    fn a_command_behind_the_words_of_another_job_is_found() {
        let line = ":2:2:   /opt/bin/clang  -x ir -fthinlto-index=a.o.thinlto.bc -c -o a.n.o a.o";
        let log = BuildLog::parse(line.as_bytes());
        assert!(log.backends["a.n.o"].starts_with("/opt/bin/clang  -x ir"), "{log:?}");
    }

    #[test]
    fn a_member_that_is_not_there_is_named() {
        let log = BuildLog::parse(
            b"/opt/bin/llvm-ar: error: lib/./a.thinlto-native.o: no such file or directory\n\
              cat: b.o: No such file or directory\n",
        );
        assert_eq!(log.members_not_found, ["lib/a.thinlto-native.o"]);
    }

    #[test]
    fn lines_are_counted_for_progress() {
        let steps: Vec<_> = LOG.lines().filter_map(step).collect();
        assert_eq!(steps, [Step::Backend]);
        assert_eq!(step("  clang -D__KERNEL__ -Os -c -o a.o a.c "), Some(Step::Object));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = BuildLog::parse(&bytes);
        }

        #[test]
        fn no_make_line_panics(rest in "\\PC{0,40}") {
            let _ = make_failure(&format!("make[2]: *** [{rest}"));
        }
    }
}
