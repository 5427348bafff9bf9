//! One case on one architecture: edit, copy, change, make, judge.

use super::Shared;
use super::change::change;
use super::prepare::Prepared;
use crate::build::Kbuild;
use crate::check::twin::{Cell, Twin};
use crate::configure::{dot_config, overlay_dot_config};
use crate::copy::copy_build;
use crate::error::{EngineError, Kind};
use crate::expect::ExpectFiles;
use crate::fs::{read_regular, remove_tree};
use crate::lifecycle::{Cleaning, Scratch, cleaned, make_compile_commands};
use crate::planned::{Fronts, PlannedRequest, planned};
use crate::probe::rename_option;
use crate::toolchain::Compiler;
use std::path::{Path, PathBuf};
use std::time::Instant;
use twinlto_facts::kbuild::{Config, cmd_path};
use twinlto_model::{CaseOutcome, CaseRow, Finding, Mode, Modes};
use twinlto_verdict::inject::{Case, Edit, Goal, Injection, KernelKind, Side, judge_case};
use twinlto_verdict::{merge, switch_mode};

/// Why a case came to no judgement.
enum Stop {
    /// The case could not be put into this kernel.
    Case(String),
    /// Something that is no case's fault.
    Engine(EngineError),
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl Prepared<'_> {
    /// Runs a case and brings everything back.
    pub(super) fn run(&self, case: &Case) -> Result<CaseRow, EngineError> {
        let start = Instant::now();
        let mut row = CaseRow {
            case: case.name.clone(),
            arch: self.arch,
            outcome: CaseOutcome::Caught,
            seconds: 0.0,
            found: Vec::new(),
            kept: None,
        };
        if let Some(need) = self.unmet(case)? {
            row.outcome = CaseOutcome::Skipped(need);
            return Ok(row);
        }
        let dir = self.home.join("cases").join(&case.name);
        remove_tree(&dir)?;
        let judged = self.judged(case, &dir);
        self.tree.restore()?;
        match judged {
            Ok((outcome, findings)) => {
                row.found = findings.iter().filter(|f| f.gates()).map(told).collect();
                row.outcome = outcome;
            }
            Err(Stop::Case(why)) => row.outcome = CaseOutcome::Broken(why),
            Err(Stop::Engine(error)) => return Err(error),
        }
        row.seconds = start.elapsed().as_secs_f64();
        match self.shared.request.keep || row.outcome != CaseOutcome::Caught {
            true if dir.is_dir() => row.kept = Some(dir.display().to_string()),
            true => {}
            false => self.done_with(&dir)?,
        }
        Ok(row)
    }

    /// What is left of a case goes: of the pocket kernel when all are done. Where many files have just
    /// been removed, ext4 looks for a number for each new one among those (`recently_deleted`): all
    /// cases on four architectures took 170 s so, and take 147 s.
    fn done_with(&self, dir: &Path) -> Result<(), EngineError> {
        if self.shared.kind != KernelKind::Pocket {
            return remove_tree(dir);
        }
        let spent = self.shared.spent();
        std::fs::create_dir_all(&spent).map_err(|e| EngineError::io("make", &spent, &e))?;
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        // One case may leave several.
        let mut places = (1..).map(|n| spent.join(format!("{}-{name}-{n}", self.arch)));
        match places.find(|place| !place.exists()).map(|place| std::fs::rename(dir, place)) {
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(EngineError::io("move", dir, &error))
            }
            _ => Ok(()),
        }
    }

    /// What the case needs and is not there.
    fn unmet(&self, case: &Case) -> Result<Option<String>, EngineError> {
        let unmet = self.unmet_word(case);
        if unmet.is_some() || case.applies.rename_option.is_empty() {
            return Ok(unmet);
        }
        let shown = rename_option(self.arch, &self.shared.request.llvm)?;
        let version = &self.shared.toolchain.version;
        let fits = case.applies.rename_option.contains(&shown);
        Ok((!fits).then(|| format!("with LLVM {version}, {shown}")))
    }

    /// The same without trying anything.
    fn unmet_word(&self, case: &Case) -> Option<String> {
        let needs = &case.applies;
        let shared = self.shared;
        if !needs.kernel.is_empty() && !needs.kernel.contains(&shared.kind) {
            return Some(match shared.kind {
                KernelKind::Pocket => "it needs Linux".to_owned(),
                KernelKind::Linux => "it is for the pocket kernel alone".to_owned(),
            });
        }
        if !needs.arch.is_empty() && !needs.arch.contains(&self.arch) {
            let names: Vec<&str> = needs.arch.iter().map(|arch| arch.name()).collect();
            return Some(format!("it is for {} alone", names.join(", ")));
        }
        let version = &shared.toolchain.version;
        if !needs.takes_llvm(version.major) {
            let range = needs.llvm.as_deref().unwrap_or_default();
            return Some(format!("it needs LLVM {range}, and this is {version}"));
        }
        if let Some(symbol) = needs.config.iter().find(|symbol| !self.config.is_yes(symbol)) {
            return Some(format!("the configuration has no CONFIG_{symbol}=y"));
        }
        if needs.ccache
            && let Some(why) = no_plain_ccache(shared)
        {
            return Some(why);
        }
        (needs.other_llvm && shared.request.other_llvm.is_none())
            .then(|| "it needs a second LLVM (--other-llvm)".to_owned())
    }

    fn judged(&self, case: &Case, dir: &Path) -> Result<(CaseOutcome, Vec<Finding>), Stop> {
        let injection = &case.inject;
        let untouched = self.untouched_by(case, dir)?;
        let edits = self.filled_in(&injection.edit);
        if !edits.is_empty() {
            self.tree.edit(&edits, self.shared.kind).map_err(Stop::Case)?;
        }
        if let Some(findings) = self.without_a_build(case, dir)? {
            return Ok((judge_case(case, self.arch, &findings, &untouched), findings));
        }
        let mut ours = self.untouched(Mode::Distributed);
        let mut theirs = self.untouched(Mode::InProcess);
        match injection.side {
            Side::Distributed => self.apply(case, &mut ours, Mode::Distributed, dir)?,
            Side::InProcess => self.apply(case, &mut theirs, Mode::InProcess, dir)?,
            Side::Both => {
                self.apply(case, &mut ours, Mode::Distributed, dir)?;
                self.apply(case, &mut theirs, Mode::InProcess, dir)?;
            }
            Side::Switched => self.apply(case, &mut ours, Mode::InProcess, dir)?,
        }
        let twin = Twin {
            request: &self.check,
            kernel: &self.kernel,
            compiler: self.shared.compiler,
            out: &self.builds,
            arch: self.arch,
            identity: "",
            modes: Modes::default(),
            from_twin: true,
            expectations: &self.expectations,
            llvm: self.shared.toolchain.version.major,
        };
        let failed = ours.failure.clone().or_else(|| theirs.failure.clone());
        // What stops before the kernel has no twin, unless the twin was made to stop there too.
        let has_twin = ours.failure.is_none() || injection.side == Side::Both;
        let theirs = (injection.goal == Goal::Kernel && has_twin).then_some(theirs);
        let result = twin.compare(ours, theirs, &mut |_| {})?;
        let mut findings = merge(result.findings);
        // Without a link every image is older than what was made for the case.
        if injection.goal != Goal::Kernel {
            findings.retain(|finding| finding.key.as_str() != "image.stale");
        }
        let outcome = match (judge_case(case, self.arch, &findings, &untouched), failed) {
            // Nothing is found in what was not built.
            (CaseOutcome::Caught, Some(line)) if case.negative => {
                CaseOutcome::Broken(format!("make failed: {line}"))
            }
            (CaseOutcome::Missed(why), Some(line)) => {
                CaseOutcome::Missed(format!("{why}; make failed: {line}"))
            }
            (outcome, _) => outcome,
        };
        Ok((outcome, findings))
    }

    /// What is said where nothing is compiled: of a plan, and of a build that is cleaned or asked for
    /// its commands. None for the other goals.
    fn without_a_build(&self, case: &Case, dir: &Path) -> Result<Option<Vec<Finding>>, Stop> {
        match case.inject.goal {
            Goal::Planned => self.planned().map(Some),
            Goal::Clean | Goal::CompileCommands => self.lived(case, dir).map(Some),
            Goal::Nothing | Goal::Archive | Goal::Kernel => Ok(None),
        }
    }

    /// What is said of the kernel without the mutation, in the same way.
    fn untouched_by(&self, case: &Case, dir: &Path) -> Result<Vec<Finding>, Stop> {
        let mut untouched = self.untouched.clone();
        let goal = case.inject.goal;
        let is_plain = matches!(goal, Goal::Nothing | Goal::Archive | Goal::Kernel);
        if is_plain || case.inject.is_nothing() || case.live.is_some() {
            return Ok(untouched);
        }
        let mut known = self.by_goal.borrow_mut();
        let of_goal = match known.iter().find(|(of, _)| *of == goal) {
            Some((_, findings)) => findings.clone(),
            None => {
                let bare =
                    Case { inject: Injection { goal, ..Injection::default() }, ..case.clone() };
                let findings = self.without_a_build(&bare, dir)?.unwrap_or_default();
                self.done_with(dir)?;
                known.push((goal, findings.clone()));
                findings
            }
        };
        untouched.extend(of_goal);
        Ok(untouched)
    }

    /// What the edited tree would tell the backends of the untouched build.
    fn planned(&self) -> Result<Vec<Finding>, Stop> {
        let request = PlannedRequest {
            build: self.builds.build(self.arch, Mode::Distributed),
            kernel: self.kernel.path.clone(),
            llvm: Some(self.shared.request.llvm.clone()),
            fronts: Fronts::default(),
            expect: ExpectFiles::default(),
        };
        match planned(&request, &mut |_| {}) {
            Ok(report) => Ok(report.findings),
            // A tree that is none any more is what the case made of it.
            Err(error) if error.kind == Kind::Usage => Err(Stop::Case(error.to_string())),
            Err(error) => Err(Stop::Engine(error)),
        }
    }

    /// A copy of the build, cleaned or asked for its list of commands.
    fn lived(&self, case: &Case, dir: &Path) -> Result<Vec<Finding>, Stop> {
        let mut cell = self.untouched(Mode::Distributed);
        self.apply(case, &mut cell, Mode::Distributed, dir)?;
        let scratch = Scratch {
            kernel: &self.kernel,
            arch: self.arch,
            compiler: self.shared.compiler,
            jobs: self.shared.jobs,
            out: &self.builds.path,
            dir: &cell.dir,
            log: &cell.log,
        };
        let verdict = match case.inject.goal {
            Goal::Clean => cleaned(&scratch, Cleaning::Clean, &mut |_| {})?,
            _ => make_compile_commands(&scratch, &mut |_| {})?,
        };
        match verdict.omitted {
            Some(why) if verdict.compared == 0 => Err(Stop::Case(why)),
            _ => Ok(merge(verdict.findings)),
        }
    }

    /// Edits with the names of this run.
    fn filled_in(&self, edits: &[Edit]) -> Vec<Edit> {
        let other = self.shared.request.other_llvm.as_ref().map(|llvm| llvm.program("clang"));
        let fill = |edit: &Edit| Edit {
            replacement: match &other {
                Some(clang) => edit.replacement.replace("{other-clang}", clang),
                None => edit.replacement.clone(),
            },
            ..edit.clone()
        };
        edits.iter().map(fill).collect()
    }

    /// A build that `check` made.
    fn untouched(&self, mode: Mode) -> Cell {
        Cell::new(mode, self.builds.build(self.arch, mode), self.builds.log(self.arch, mode))
    }

    /// Copies a build and does to it what the case says. `from` is the mode of the copied build;
    /// the cell's own mode is what it becomes.
    fn apply(&self, case: &Case, cell: &mut Cell, from: Mode, dir: &Path) -> Result<(), Stop> {
        let source: PathBuf = self.builds.build(self.arch, from);
        cell.dir = dir.join(cell.mode.name());
        cell.log = dir.join(format!("{}.log", cell.mode));
        copy_build(&source, &cell.dir, |_| true)?;
        change(&cell.dir, &case.inject.change, self.shared.kind).map_err(Stop::Case)?;
        self.configure(case, cell)?;
        let before = commands(&cell.dir, &case.inject.redo);
        for object in &case.inject.redo {
            for name in [object.clone(), cmd_path(object)] {
                let path = cell.dir.join(&name);
                std::fs::remove_file(&path)
                    .map_err(|error| Stop::Case(format!("{name} cannot be made anew: {error}")))?;
            }
        }
        self.build(case, cell)?;
        let injection = &case.inject;
        let by_make_alone = !injection.make.is_empty()
            && injection.edit.is_empty()
            && injection.change.is_empty()
            && injection.config.is_empty();
        // Variables that nothing reads leave every command as it was.
        if by_make_alone
            && cell.failure.is_none()
            && !injection.redo.is_empty()
            && before == commands(&cell.dir, &injection.redo)
        {
            let names: Vec<&str> = injection.make.keys().map(String::as_str).collect();
            let why = format!("{} changes no command: nothing reads it", names.join(", "));
            return Err(Stop::Case(why));
        }
        Ok(())
    }

    fn configure(&self, case: &Case, cell: &mut Cell) -> Result<(), Stop> {
        let injection = &case.inject;
        if injection.config.is_empty() && injection.side != Side::Switched {
            return Ok(());
        }
        let lines: Vec<String> = injection
            .config
            .iter()
            .map(|(symbol, value)| format!("CONFIG_{symbol}={value}"))
            .collect();
        let requested = switch_mode(Config::parse(&lines.join("\n")), cell.mode);
        let before = dot_config(&cell.dir)?;
        overlay_dot_config(&cell.dir, &requested)?;
        self.make(case, cell, &["olddefconfig"], &[])?;
        let config = dot_config(&cell.dir)?;
        if injection.side != Side::Switched && config == before {
            return Err(Stop::Case("the configuration is what it was before".to_owned()));
        }
        let lost = injection.config.keys().find(|symbol| {
            requested
                .values
                .get(*symbol)
                .is_some_and(|wanted| config.values.get(*symbol).is_some_and(|has| has != wanted))
        });
        match lost {
            Some(symbol) => {
                Err(Stop::Case(format!("CONFIG_{symbol} did not survive olddefconfig")))
            }
            None => Ok(()),
        }
    }

    fn build(&self, case: &Case, cell: &mut Cell) -> Result<(), Stop> {
        if cell.failure.is_some() {
            return Ok(());
        }
        let targets: &[&str] = match case.inject.goal {
            Goal::Nothing | Goal::Planned | Goal::Clean | Goal::CompileCommands => return Ok(()),
            Goal::Archive => &["vmlinux_a"],
            Goal::Kernel if self.config.is_yes("MODULES") => &["vmlinux", "modules"],
            Goal::Kernel => &["vmlinux"],
        };
        self.make(case, cell, targets, &[])?;
        if cell.failure.is_some() && cell.mode == Mode::Distributed {
            // make stops at the first backend that fails; the others have something to tell, too.
            let first = cell.failure.take();
            self.make(case, cell, &["vmlinux_a"], &["-k", "--output-sync=target"])?;
            cell.failure = first;
        }
        Ok(())
    }

    fn make(
        &self,
        case: &Case,
        cell: &mut Cell,
        targets: &[&str],
        options: &[&str],
    ) -> Result<(), Stop> {
        let kbuild = Kbuild {
            kernel: &self.kernel,
            arch: self.arch,
            mode: cell.mode,
            compiler: self.shared.compiler,
            jobs: self.shared.jobs,
            out: &self.builds.path,
            dir: &cell.dir,
            log: &cell.log,
        };
        let variables = case.inject.make.iter().map(|(name, value)| format!("{name}={value}"));
        let recipe = kbuild.make(targets).args(options.iter().copied()).args(variables);
        let made = kbuild.run(&recipe, cell.log.exists(), None, &mut |_| {})?;
        if !made.ok {
            let failure = kbuild.failure()?;
            if failure.disk_full {
                return Err(Stop::Engine(EngineError::disk(
                    format!("failed to build in {}", cell.dir.display()),
                    "no space left on the device",
                )));
            }
            cell.findings.extend(failure.conditionals);
            cell.failure = Some(failure.headline);
        }
        Ok(())
    }
}

/// Why a case cannot show what ccache does by itself.
fn no_plain_ccache(shared: &Shared<'_>) -> Option<String> {
    if shared.request.ccache {
        return Some("with --ccache, twinlto itself stands before ccache".to_owned());
    }
    let error = Compiler::cached(&shared.request.llvm, true).err()?;
    Some(format!("it needs ccache: {}", error.cause))
}

/// A finding in one line.
fn told(finding: &Finding) -> String {
    let cause = finding.cause.as_deref().unwrap_or("cause unknown");
    format!("{}: {cause}", finding.in_short())
}

/// The recorded commands of objects.
fn commands(dir: &Path, objects: &[String]) -> Vec<Option<String>> {
    let first = |object: &String| {
        let bytes = read_regular(&dir.join(cmd_path(object))).ok()?;
        String::from_utf8_lossy(&bytes).lines().next().map(str::to_owned)
    };
    objects.iter().map(first).collect()
}
