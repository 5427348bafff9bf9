//! Native objects: which of a bad build make the image of a good one bad.

use super::asked::run_script;
use super::smallest::{Parts, smallest};
use super::{Asked, Scene};
use crate::audit::{Build, open, report as audit_report};
use crate::build::Kbuild;
use crate::copy::copy_build;
use crate::error::EngineError;
use crate::expect::ExpectFiles;
use crate::fs::{copy_file, read_regular, remove_file, remove_tree, write_atomic};
use crate::gather::Depth;
use crate::record::OutDir;
use crate::toolchain::{Compiler, LlvmSpec, recorded};
use crate::tree::KernelTree;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use twinlto_facts::kbuild::{cmd_path, native_path};
use twinlto_model::{BisectReport, Bisected, Event, Mode, count};
use twinlto_verdict::judge_one;
use twinlto_verdict::search::{Answer, Judgement};

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
    /// How often each set is asked.
    pub repeat: u32,
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
    let compiler = match &request.llvm {
        Some(llvm) => Compiler::of(llvm),
        None => recorded(&good.facts)?,
    };
    let objects = differing(&request.good, &request.bad, &good)?;
    if objects.is_empty() {
        return Err(EngineError::usage(
            format!("{} and {}", request.good.display(), request.bad.display()),
            "their native objects are the same, byte for byte",
            "what makes the image bad is not in them",
        ));
    }
    OutDir::check_apart(&request.out, [&request.good, &request.bad])?;
    let out = OutDir::open(&request.out)?;
    let identity = identity(request, &good)?;
    let scene = Scene {
        what: Bisected::Objects,
        identity: identity.clone(),
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
        repeat: request.repeat,
        start: None,
    };
    let mixed = Mixed {
        request,
        kernel,
        compiler,
        build: &good,
        dir: out.path.join("mixed"),
        log: out.path.join("mixed.log"),
        out: &out.path,
        objects: &objects,
        identity: &identity,
    };
    smallest(&scene, &objects, &mixed, events)
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

fn identity(request: &ObjectsBisect, good: &Build) -> Result<String, EngineError> {
    // Every native object, and the images for what else is linked.
    let natives = good.facts.objects.keys().map(|object| native_path(object));
    let files: Vec<String> = natives.chain(["vmlinux".to_owned()]).collect();
    let hash = |(dir, file): (&Path, &String)| {
        let path = dir.join(file);
        let bytes = read_regular(&path).map_err(|e| EngineError::io("read", &path, &e))?;
        Ok::<_, EngineError>(blake3::hash(&bytes))
    };
    let mut hasher = blake3::Hasher::new();
    for dir in [&request.good, &request.bad] {
        let pairs: Vec<_> = files.iter().map(|file| (dir.as_path(), file)).collect();
        let hashes: Vec<_> = pairs.into_par_iter().map(hash).collect::<Result<_, _>>()?;
        for hash in hashes {
            hasher.update(hash.as_bytes());
        }
    }
    Ok(format!(
        "good {}\nbad {}\n{}\n{}\nobjects {}",
        request.good.display(),
        request.bad.display(),
        request.asked.identity()?,
        good.arch,
        hasher.finalize().to_hex()
    ))
}

/// A copy of the good build, in which native objects are exchanged.
struct Mixed<'a> {
    request: &'a ObjectsBisect,
    kernel: KernelTree,
    compiler: Compiler,
    build: &'a Build,
    dir: PathBuf,
    log: PathBuf,
    out: &'a Path,
    objects: &'a [String],
    /// What the copy was made of.
    identity: &'a str,
}

impl Parts for Mixed<'_> {
    fn ends(&self) -> [(&'static str, &'static str); 2] {
        [
            ("the good build, linked again", "give another build, or another predicate"),
            (
                "the good build with all native objects of the bad one",
                "what makes the bad image bad is not in its native objects, or the predicate is \
                 another one than was meant",
            ),
        ]
    }

    fn judge(
        &self,
        set: &[usize],
        events: &mut dyn FnMut(Event),
    ) -> Result<Judgement, EngineError> {
        self.linked(set, events)
    }
}

impl Mixed<'_> {
    /// Puts the good build together with some of the bad objects, links it, and asks.
    fn linked(
        &self,
        set: &[usize],
        events: &mut dyn FnMut(Event),
    ) -> Result<Judgement, EngineError> {
        self.mix(set)?;
        let kbuild = Kbuild {
            kernel: &self.kernel,
            arch: self.build.arch,
            mode: Mode::Distributed,
            compiler: &self.compiler,
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
                Asked::Report(predicate) if predicate.is_failure(&why) => {
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
            return run_script(script, &self.compiler.llvm, &more);
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
        let mark = self.out.join("mixed.copied");
        if std::fs::read(&mark).ok().as_deref() != Some(self.identity.as_bytes()) {
            remove_file(&mark)?;
            remove_tree(&self.dir)?;
            copy_build(&self.request.good, &self.dir, |_| true)?;
            write_atomic(&mark, self.identity.as_bytes())?;
        }
        for (at, object) in self.objects.iter().enumerate() {
            let from = if set.contains(&at) { &self.request.bad } else { &self.request.good };
            let native = native_path(object);
            for file in [native.clone(), cmd_path(&native)] {
                let (from, to) = (from.join(&file), self.dir.join(&file));
                if from.is_file() {
                    remove_file(&to)?;
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
            remove_file(&self.dir.join(image))?;
        }
        Ok(())
    }
}
