//! Native objects: which of a bad build make the image of a good one bad.

use super::asked::run_script;
use super::state::State;
use super::{Asked, Scene, report};
use crate::audit::{Build, open, report as audit_report};
use crate::build::Kbuild;
use crate::error::EngineError;
use crate::expect::ExpectFiles;
use crate::fs::{copy_file, copy_tree, read_regular, remove_tree, write_atomic};
use crate::gather::Depth;
use crate::planned::recorded_llvm;
use crate::process::interrupted;
use crate::record::OutDir;
use crate::toolchain::LlvmSpec;
use crate::tree::KernelTree;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};
use twinlto_facts::kbuild::{cmd_path, native_path};
use twinlto_model::{BisectFound, BisectReport, BisectStep, Bisected, Event, Mode, Outcome, count};
use twinlto_verdict::judge_one;
use twinlto_verdict::search::{Answer, Judgement, Subset, SubsetStep};

/// What `twinlto bisect objects` is asked.
#[derive(Debug, Clone)]
pub struct ObjectsBisect {
    /// A distributed build whose image is good. It is only read.
    pub good: PathBuf,
    /// One of the same sources and configuration whose image is bad. It is only read.
    pub bad: PathBuf,
    /// The source tree; none for the one that the good build names.
    pub kernel: Option<PathBuf>,
    /// LLVM; none for the compiler that the good build recorded.
    pub llvm: Option<LlvmSpec>,
    /// What makes an image bad.
    pub asked: Asked,
    /// Jobs at once.
    pub jobs: usize,
    /// Where the mixed build and the state go.
    pub out: PathBuf,
    /// The command, for the report.
    pub command: String,
}

/// Finds the smallest set of native objects that makes the good image bad.
///
/// # Errors
///
/// When the builds are no two of one kernel, an end is not what it is called, or a link fails for a
/// reason that is not the objects'.
pub fn bisect_objects(
    request: &ObjectsBisect,
    events: &mut dyn FnMut(Event),
) -> Result<BisectReport, EngineError> {
    let (good, bad) = (open(&request.good, Depth::Records)?, open(&request.bad, Depth::Records)?);
    fit(request, &good, &bad)?;
    let kernel = kernel_of(request, &good)?;
    let llvm = match &request.llvm {
        Some(llvm) => llvm.clone(),
        None => recorded_llvm(&good.facts)?,
    };
    let objects = differing(&request.good, &request.bad, &good)?;
    if objects.is_empty() {
        return Err(EngineError::usage(
            format!("{} and {}", request.good.display(), request.bad.display()),
            "their native objects are the same, byte for byte",
            "what makes the image bad is not in them",
        ));
    }
    let out = OutDir::open(&request.out)?;
    let identity = identity(request, &good, &objects)?;
    let scene = Scene {
        what: Bisected::Objects,
        identity,
        name: format!(
            "{}, {} · {} of {} differ",
            good.arch,
            good.mode,
            objects.len(),
            count(good.facts.objects.len(), "native object", "native objects")
        ),
        predicate: request.asked.to_string(),
        command: request.command.clone(),
        out: &out.path,
        repeat: 1,
    };
    let mixed = Mixed {
        request,
        kernel,
        llvm,
        build: &good,
        dir: out.path.join("mixed"),
        log: out.path.join("mixed.log"),
        out: &out.path,
        objects: &objects,
    };
    let mut run = Run {
        scene: &scene,
        mixed: &mixed,
        steps: Vec::new(),
        state: State::open(&out.path, scene.what, &scene.identity)?,
    };
    let all: Vec<usize> = (0..objects.len()).collect();
    run.must_be(&[], Answer::Good, events)?;
    run.must_be(&all, Answer::Bad, events)?;
    let mut search = Subset::among(all);
    let found = loop {
        match search.step() {
            SubsetStep::Found(set) => break set,
            SubsetStep::Ask(set) => {
                let answer = run.ask(&set, search.suspects().len(), events)?;
                search.tell(&set, answer == Answer::Bad);
            }
        }
    };
    let names = found.iter().filter_map(|at| objects.get(*at)).cloned().collect();
    let found = BisectFound::Set(names);
    run.state.finish(&found)?;
    let steps = run.steps;
    Ok(report(&scene, objects.len(), steps, found, Outcome::Agree))
}

/// Two builds must be of one kernel for their objects to be exchanged.
fn fit(request: &ObjectsBisect, good: &Build, bad: &Build) -> Result<(), EngineError> {
    let usage = |cause: String| {
        EngineError::usage(
            format!("{} and {}", request.good.display(), request.bad.display()),
            cause,
            "give two distributed builds of the same sources and configuration",
        )
    };
    for (build, dir) in [(good, &request.good), (bad, &request.bad)] {
        if build.mode != Mode::Distributed {
            return Err(usage(format!("{} is {}", dir.display(), build.mode)));
        }
    }
    if good.arch != bad.arch {
        return Err(usage(format!("one is for {}, the other for {}", good.arch, bad.arch)));
    }
    let names = |build: &Build| build.facts.objects.keys().cloned().collect::<Vec<_>>();
    let (ours, theirs) = (names(good), names(bad));
    match ours.iter().find(|name| !theirs.contains(name)) {
        Some(name) => Err(usage(format!("{name} is in the index of one of them alone"))),
        None if ours.len() != theirs.len() => Err(usage("their indexes differ".to_owned())),
        None => Ok(()),
    }
}

fn kernel_of(request: &ObjectsBisect, good: &Build) -> Result<KernelTree, EngineError> {
    let named = good.facts.source.as_ref().map(|source| request.good.join(source));
    match request.kernel.clone().or(named) {
        Some(path) => KernelTree::open(&path),
        None => Err(EngineError::usage(
            format!("build directory {}", request.good.display()),
            "it does not say where its sources are",
            "give the source tree with --kernel",
        )),
    }
}

/// The objects whose native objects have other bytes.
fn differing(good: &Path, bad: &Path, build: &Build) -> Result<Vec<String>, EngineError> {
    let names: Vec<&String> = build.facts.objects.keys().collect();
    let differs = |name: &&String| -> Result<Option<String>, EngineError> {
        let native = native_path(name);
        let read = |dir: &Path| {
            let path = dir.join(&native);
            read_regular(&path).map_err(|error| EngineError::io("read", &path, &error))
        };
        Ok((read(good)? != read(bad)?).then(|| (*name).clone()))
    };
    let found: Vec<Option<String>> = names.par_iter().map(differs).collect::<Result<_, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

fn identity(
    request: &ObjectsBisect,
    good: &Build,
    objects: &[String],
) -> Result<String, EngineError> {
    let mut hasher = blake3::Hasher::new();
    for dir in [&request.good, &request.bad] {
        for object in objects {
            let path = dir.join(native_path(object));
            let bytes = read_regular(&path).map_err(|e| EngineError::io("read", &path, &e))?;
            hasher.update(blake3::hash(&bytes).as_bytes());
        }
    }
    Ok(format!(
        "good {}\nbad {}\n{}\n{}\nobjects {}",
        request.good.display(),
        request.bad.display(),
        request.asked,
        good.arch,
        hasher.finalize().to_hex()
    ))
}

/// The questions that were asked.
struct Run<'a> {
    scene: &'a Scene<'a>,
    mixed: &'a Mixed<'a>,
    steps: Vec<BisectStep>,
    state: State,
}

impl Run<'_> {
    fn ask(
        &mut self,
        set: &[usize],
        suspects: usize,
        events: &mut dyn FnMut(Event),
    ) -> Result<Answer, EngineError> {
        if interrupted() {
            return Err(EngineError::interrupted());
        }
        let (id, name) = self.mixed.name(set);
        let step = match self.state.known(&id) {
            Some(step) => BisectStep { kept: true, ..step.clone() },
            None => {
                let left = format!("{suspects} of {} suspected", self.mixed.objects.len());
                events(Event::Tried { what: name.clone(), left });
                let start = Instant::now();
                let judgement = self.mixed.judge(set, events)?;
                let step = BisectStep {
                    id,
                    name,
                    answer: judgement.answer.to_string(),
                    because: judgement.because,
                    seconds: start.elapsed().as_secs_f64(),
                    cost: None,
                    kept: false,
                };
                self.state.keep(&step)?;
                step
            }
        };
        let answer = super::answer_of(&step);
        events(Event::Answered { line: format!("{answer}: {}", step.because) });
        self.steps.push(step);
        Ok(answer)
    }

    fn must_be(
        &mut self,
        set: &[usize],
        wanted: Answer,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), EngineError> {
        let answer = self.ask(set, self.mixed.objects.len(), events)?;
        if answer == wanted {
            return Ok(());
        }
        let (which, hint) = match wanted {
            Answer::Good => ("the good build, linked again", "give another build, or predicate"),
            _ => (
                "the good build with all native objects of the bad one",
                "what makes the bad image bad is not in its native objects, or the predicate is \
                 another one than was meant",
            ),
        };
        let because = self.steps.last().map(|step| step.because.clone()).unwrap_or_default();
        Err(EngineError::usage(
            format!("{} is {answer} and not {wanted}: {which}", self.scene.predicate),
            because,
            hint,
        ))
    }
}

/// A copy of the good build, in which native objects are exchanged.
struct Mixed<'a> {
    request: &'a ObjectsBisect,
    kernel: KernelTree,
    llvm: LlvmSpec,
    build: &'a Build,
    dir: PathBuf,
    log: PathBuf,
    out: &'a Path,
    objects: &'a [String],
}

impl Mixed<'_> {
    fn name(&self, set: &[usize]) -> (String, String) {
        let names: Vec<&str> =
            set.iter().filter_map(|at| self.objects.get(*at)).map(String::as_str).collect();
        let id = blake3::hash(names.join("\n").as_bytes()).to_hex();
        let shown = names.iter().take(2).copied().collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(2);
        let more = if more > 0 { format!(", +{more}") } else { String::new() };
        let name = match names.len() {
            0 => "none of the bad objects".to_owned(),
            n if n == self.objects.len() => {
                format!("all {}", count(n, "bad object", "bad objects"))
            }
            _ => format!("{shown}{more}"),
        };
        (id.as_str().get(..16).unwrap_or_default().to_owned(), name)
    }

    /// Puts the good build together with some of the bad objects, links it, and asks.
    fn judge(
        &self,
        set: &[usize],
        events: &mut dyn FnMut(Event),
    ) -> Result<Judgement, EngineError> {
        self.mix(set)?;
        let kbuild = Kbuild {
            kernel: &self.kernel,
            arch: self.build.arch,
            mode: Mode::Distributed,
            llvm: &self.llvm,
            jobs: self.request.jobs,
            out: self.out,
            dir: &self.dir,
            log: &self.log,
        };
        // The native objects are made: none is the backends' matter.
        let recipe = kbuild.make(&["vmlinux"]).arg("native-objs=");
        let made = kbuild.run(&recipe, false, None, events)?;
        if !made.ok {
            let why = kbuild.failure()?.headline;
            return Ok(match &self.request.asked {
                Asked::Report(twinlto_verdict::search::Predicate::Error(text))
                    if why.contains(text.as_str()) =>
                {
                    Judgement::new(Answer::Bad, why)
                }
                _ => Judgement::new(Answer::Unknown, why),
            });
        }
        if let Asked::Script(script) = &self.request.asked {
            let more = [
                ("VMLINUX", self.dir.join("vmlinux").display().to_string()),
                ("BUILD", self.dir.display().to_string()),
            ];
            return run_script(script, &self.llvm, &more);
        }
        let build = open(&self.dir, Depth::Everything)?;
        let verdict = judge_one(build.arch, &build.facts, "its objects are of two builds", true);
        let expectations = ExpectFiles { unused_is_fine: true, ..ExpectFiles::default() }.read()?;
        let report = audit_report(&expectations, &verdict, &build, None, "mixed".to_owned())?;
        let unasked = || Judgement::new(Answer::Unknown, "not asked");
        Ok(self.request.asked.judge(&report).unwrap_or_else(unasked))
    }

    /// Every native object is the good one's or, of the set, the bad one's, with the record of how it
    /// was made.
    fn mix(&self, set: &[usize]) -> Result<(), EngineError> {
        if !self.out.join("mixed.copied").is_file() {
            remove_tree(&self.dir)?;
            copy_tree(&self.request.good, &self.dir, |_| true)?;
            write_atomic(&self.out.join("mixed.copied"), b"")?;
        }
        for (at, object) in self.objects.iter().enumerate() {
            let from = if set.contains(&at) { &self.request.bad } else { &self.request.good };
            let native = native_path(object);
            for file in [native.clone(), cmd_path(&native)] {
                let (from, to) = (from.join(&file), self.dir.join(&file));
                if from.is_file() {
                    remove(&to)?;
                    copy_file(&from, &to)?;
                }
            }
            let path = self.dir.join(&native);
            std::fs::File::options()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_modified(SystemTime::now()))
                .map_err(|error| EngineError::io("set the time of", &path, &error))?;
        }
        // The archive is thin: it names the objects and holds none, so only the links are out of date.
        for image in ["vmlinux", "vmlinux.unstripped", "vmlinux.o"] {
            remove(&self.dir.join(image))?;
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), EngineError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(EngineError::io("remove", path, &error))
        }
        _ => Ok(()),
    }
}
