//! kbuild as recipes, and how they are run.

use crate::error::EngineError;
use crate::jobserver::Budget;
use crate::orphan::MARK;
use crate::process::run_logged;
use crate::recipe::{Recipe, users_identity};
use crate::toolchain::Compiler;
use crate::tree::{KernelTree, makefile};
use std::path::Path;
use twinlto_facts::log::{BuildLog, Step, step};
use twinlto_model::{Arch, Event, Finding, Mode};
use twinlto_verdict::conditional;

/// Everything that the makes of one cell share.
#[derive(Debug, Clone)]
pub(crate) struct Kbuild<'a> {
    pub(crate) kernel: &'a KernelTree,
    pub(crate) arch: Arch,
    pub(crate) mode: Mode,
    pub(crate) compiler: &'a Compiler,
    pub(crate) jobs: usize,
    pub(crate) out: &'a Path,
    pub(crate) dir: &'a Path,
    pub(crate) log: &'a Path,
}

/// What both twins must not differ in: who built them, where and when.
/// Source: `Documentation/kbuild/reproducible-builds.rst`, Linux 7.3.
const PINNED: [(&str, &str); 4] = [
    ("KBUILD_BUILD_TIMESTAMP", "1970-01-01 00:00:00 UTC"),
    ("KBUILD_BUILD_USER", "twinlto"),
    ("KBUILD_BUILD_HOST", "twinlto"),
    ("KBUILD_BUILD_VERSION", "1"),
];

impl Kbuild<'_> {
    /// `make -C KERNEL O=DIR ARCH=… LLVM=… -jN V=1 TARGET…`
    pub(crate) fn make(&self, targets: &[&str]) -> Recipe {
        // From a make that started us, it takes its jobs one by one.
        self.make_with((!Budget::get().is_shared()).then_some(self.jobs), targets)
    }

    fn make_with(&self, jobs: Option<usize>, targets: &[&str]) -> Recipe {
        let kernel = self.kernel.path.as_os_str();
        let mut recipe = Recipe::new(&self.kernel.path, "make")
            .arg("-C")
            .arg(kernel)
            .arg(format!("O={}", self.dir.display()))
            .arg(format!("ARCH={}", self.arch))
            .args(self.compiler.variables())
            .args(jobs.map(|jobs| format!("-j{jobs}")))
            .arg("V=1");
        for (name, value) in PINNED {
            recipe = recipe.env(name, value);
        }
        // A build leaves the source tree as it is.
        recipe = recipe.env("PYTHONDONTWRITEBYTECODE", "1");
        recipe = recipe.env(MARK, self.out.display().to_string());
        for target in targets {
            recipe = recipe.arg(*target);
        }
        recipe
    }

    /// Makes `vmlinux.a` and stops there: `vmlinux_a` in Linux 7.3. The top `Makefile` of Linux 6.1 to 6.12 has a rule for it
    /// and no goal: a name that ends in `.a` on the command line is a file of one directory
    /// (`single-targets`). So it is a prerequisite of a goal of our own. Only the make that has
    /// read the configuration knows the rule; for those that start it, there is an empty one.
    /// Neither may become what a make does that was given no goal.
    pub(crate) fn make_archive(&self) -> Recipe {
        if self.kernel.has_goal("vmlinux_a") {
            return self.make(&["vmlinux_a"]);
        }
        const GOAL: &str = ".twinlto-archive";
        let rules =
            format!("$(eval {GOAL}: vmlinux.a)$(eval vmlinux.a: ;)$(eval .DEFAULT_GOAL :=)");
        self.make(&[]).arg(format!("--eval={rules}")).arg(GOAL)
    }

    /// What identifies the result of a make beside its inputs: the command without the number
    /// of jobs, and the user's own variables.
    pub(crate) fn identity(&self, targets: &[&str]) -> String {
        let mut text = self.make_with(Some(1), targets).to_string();
        text.push('\n');
        text.push_str(&users_identity());
        text
    }

    /// Runs one make, its output to the log, and tells of its progress.
    pub(crate) fn run(
        &self,
        recipe: &Recipe,
        append: bool,
        known: Option<usize>,
        events: &mut dyn FnMut(Event),
    ) -> Result<Made, EngineError> {
        let mut progress = Progress { of_objects: known, ..Progress::default() };
        let index = self.dir.join("vmlinux.thinlto-index");
        let status = run_logged(&self.compiler.with_care(recipe), self.log, append, |piece| {
            if progress.take(piece, &index) {
                events(Event::Progress {
                    arch: self.arch,
                    mode: Some(self.mode),
                    what: progress.what(),
                    done: progress.done(),
                    of: progress.of(),
                });
            }
        })?;
        Ok(Made { ok: status.success(), objects: progress.objects })
    }

    fn said(&self) -> Result<BuildLog, EngineError> {
        let bytes = std::fs::read(self.log).map_err(|e| EngineError::io("read", self.log, &e))?;
        Ok(BuildLog::parse(&bytes))
    }

    /// Whether the build failed in its backends, and only for warnings that `-Werror` made errors:
    /// its sources are compiled, and the in-process link knows no `-Werror`.
    pub(crate) fn fails_by_warnings_alone(&self) -> Result<bool, EngineError> {
        Ok(self.said()?.fails_by_warnings_alone())
    }

    /// Conditionals of the tree's makefiles that are none of make's.
    fn conditionals(&self, log: &BuildLog) -> Vec<Finding> {
        let named = log.stops.iter().find_map(|stop| {
            let (named, _) = stop.place.as_ref()?;
            let (path, text) = makefile(self.kernel, named)?;
            conditional(self.arch, self.mode, stop, &path, &text)
        });
        named.into_iter().collect()
    }

    /// Why a make failed, from its log.
    pub(crate) fn failure(&self) -> Result<Failure, EngineError> {
        let log = self.said()?;
        Ok(Failure {
            conditionals: self.conditionals(&log),
            disk_full: log.errors.iter().any(|line| line.contains("No space left on device")),
            headline: log
                .headline()
                .map_or_else(|| "make failed without a message".to_owned(), |line| shorten(&line)),
        })
    }
}

/// A compiler may quote a whole command line in its message. What option it is about stands at its end.
fn shorten(line: &str) -> String {
    const MOST: usize = 160;
    let Some((at, _)) = line.char_indices().nth(MOST) else { return line.to_owned() };
    let start = line.get(..at).unwrap_or_default();
    match line.rfind(" [-").and_then(|at| line.get(at..)) {
        Some(option) if option.ends_with(']') && option.len() < MOST => format!("{start}…{option}"),
        _ => format!("{start}…"),
    }
}

/// Why a make failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The disk was full, which is nobody's kernel bug.
    pub(crate) disk_full: bool,
    /// The line that tells most.
    pub(crate) headline: String,
    /// Lines of the tree's makefiles that make cannot read, where the word to use is known.
    pub(crate) conditionals: Vec<Finding>,
}

/// How a make ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) ok: bool,
    pub(crate) objects: usize,
}

/// Counts the steps in a growing log.
#[derive(Debug, Default)]
struct Progress {
    rest: Vec<u8>,
    objects: usize,
    of_objects: Option<usize>,
    backends: usize,
    of_backends: Option<usize>,
    linking: bool,
}

impl Progress {
    /// Takes a piece of the log; tells whether anything moved.
    fn take(&mut self, piece: &[u8], index: &Path) -> bool {
        self.rest.extend_from_slice(piece);
        let Some(end) = self.rest.iter().rposition(|b| *b == b'\n') else {
            return false;
        };
        let lines: Vec<u8> = self.rest.drain(..=end).collect();
        let mut moved = false;
        for line in lines.split(|b| *b == b'\n') {
            let Some(step) = step(&String::from_utf8_lossy(line)) else {
                continue;
            };
            moved = true;
            match step {
                Step::Object => self.objects += 1,
                Step::ThinLink => {}
                Step::Link => self.linking = true,
                Step::Backend => {
                    self.backends += 1;
                    if self.of_backends.is_none() {
                        let text = std::fs::read(index).unwrap_or_default();
                        self.of_backends = Some(text.iter().filter(|b| **b == b'\n').count());
                    }
                }
            }
        }
        moved
    }

    const fn what(&self) -> &'static str {
        match (self.linking, self.backends) {
            (true, _) => "link",
            (false, 0) => "objects",
            (false, _) => "backends",
        }
    }

    const fn done(&self) -> usize {
        match (self.linking, self.backends) {
            (true, _) => 1,
            (false, 0) => self.objects,
            (false, n) => n,
        }
    }

    const fn of(&self) -> Option<usize> {
        match (self.linking, self.backends) {
            (true, _) => None,
            (false, 0) => self.of_objects,
            (false, _) => self.of_backends,
        }
    }
}
