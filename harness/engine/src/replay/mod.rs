//! The exact oracle: every object of a finished build compiled again by a reference backend and by
//! an in-process link, and compared byte for byte. Nothing is written into the build.

mod compare;
mod context;
mod explain;
mod link;
mod request;
mod store;

pub(crate) use request::replay_told;
pub use request::{ReplayRequest, replay};

use crate::cases::cache_dir;
use crate::error::{EngineError, Kind};
use crate::fs::{free_bytes, read_regular};
use crate::gather::image;
use crate::thinlto::{Failed, LinkCommand, Module, front_reference, inputs, pool, same_llvm};
use crate::toolchain::program_identity;
use compare::LinkSite;
use context::Context;
use explain::Known;
use globset::GlobSet;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::Store;
use twinlto_facts::build::{Answer, BuildFacts, ImageFacts, ObjectFacts};
use twinlto_model::{Arch, Mode};
use twinlto_verdict::LayerVerdict;
use twinlto_verdict::replay::{Backend, Extent, InProcess, Reference, Replayed, replay_layer};

/// How much is replayed, and how.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// Only such objects; all if empty.
    pub objects: GlobSet,
    /// Only so many, spread over the directories.
    pub sample: Option<usize>,
    /// Jobs at once.
    pub jobs: usize,
    /// How long one backend may take.
    pub limit: Duration,
    /// Whether remedies are proved by further links.
    pub prove: bool,
}

/// Bytes of scratch space that a replay needs at least: the objects of one link.
const SPACE: u64 = 200 << 20;

/// Replays the objects of one build, and says what became of them. `progress` hears how many are
/// done.
///
/// # Errors
///
/// When nothing can be replayed, or the build changes meanwhile.
pub(crate) fn replay_build(
    arch: Arch,
    facts: &BuildFacts,
    options: &ReplayOptions,
    progress: &(dyn Fn(&'static str, usize, Option<usize>) + Sync),
) -> Result<LayerVerdict, EngineError> {
    let dir = PathBuf::from(&facts.directory);
    let dir = dir.canonicalize().map_err(|error| EngineError::io("open", &dir, &error))?;
    let home = cache_dir()?.join("replay");
    let store = Store::open(&home)?;
    remove_left_over(&home);
    let scratch = tempfile::Builder::new()
        .prefix(&format!("{SCRATCH}{}-", std::process::id()))
        .tempdir_in(&home)
        .map_err(|error| EngineError::io("make a directory in", &home, &error))?;
    if let Some(free) = free_bytes(scratch.path()).filter(|free| *free < SPACE) {
        return Err(EngineError::environment(
            format!("replay of {}", dir.display()),
            format!("{} MB are free in {}", free >> 20, home.display()),
            format!("{} MB are needed; make room, or set TWINLTO_CACHE", SPACE >> 20),
        ));
    }
    let pool = pool(options.jobs)?;
    let mut context = Context {
        dir: &dir,
        scratch: scratch.path(),
        store: &store,
        jobs: options.jobs,
        limit: options.limit,
        identities: HashMap::new(),
        ir: HashMap::new(),
        statements: HashMap::new(),
        natives: [0; 32],
        number: AtomicUsize::new(0),
    };
    pool.install(|| context.run(arch, facts, options, progress))
}

const SCRATCH: &str = "scratch-";

/// Removes the scratch directories of replays that were killed.
fn remove_left_over(home: &Path) {
    let Ok(entries) = std::fs::read_dir(home) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(SCRATCH)?.split('-').next());
        let Some(pid) = pid.and_then(|pid| pid.parse::<u32>().ok()) else { continue };
        if !Path::new("/proc").join(pid.to_string()).exists() {
            // Whoever else removes it is as welcome.
            let _gone = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// One object with what is needed to compile it again.
struct Work<'a> {
    module: &'a Module,
    facts: &'a ObjectFacts,
    reference: Result<Reference, String>,
}

impl Context<'_> {
    fn run(
        &mut self,
        arch: Arch,
        facts: &BuildFacts,
        options: &ReplayOptions,
        progress: &(dyn Fn(&'static str, usize, Option<usize>) + Sync),
    ) -> Result<LayerVerdict, EngineError> {
        let modules = self.modules(facts)?;
        let wanted = wanted(&modules, options)?;
        let mut extent = Extent {
            indexed: modules.len() as u64,
            limited: (wanted.len() < modules.len()).then(|| "not asked for".to_owned()),
            ..Extent::default()
        };
        self.ir = inputs::hashes(&modules).into_iter().map(|(n, h)| (n.to_owned(), h)).collect();
        let statements =
            modules.iter().map(|it| (it.name.clone(), it.ir.assembly.functions.clone()));
        self.statements = statements.filter(|(_, files)| !files.is_empty()).collect();
        self.natives = natives(self.dir, facts);
        let none = ObjectFacts::default();
        let mut work: Vec<Work<'_>> = wanted
            .iter()
            .map(|module| {
                let facts = facts.objects.get(&module.name).unwrap_or(&none);
                Work { module, facts, reference: front_reference(facts) }
            })
            .collect();
        self.identify(&mut work)?;
        for work in &work {
            if let Ok(reference) = &work.reference {
                let identity = self.identity(&reference.compiler)?;
                same_llvm(self.dir, work.module, &reference.compiler, identity)?;
            }
        }

        // What lld generates is compared with lld's.
        let has_natives = facts.mode.is_some_and(|mode| !mode.is_linkers());
        let of = Some(work.len());
        let done = AtomicUsize::new(0);
        let tick = |what: &'static str| {
            progress(what, done.fetch_add(1, Ordering::Relaxed) + 1, of);
        };
        let backends: Vec<Backend> = work
            .par_iter()
            .map(|work| {
                let backend = self.compare_backend(work, has_natives);
                tick("reference");
                backend
            })
            .collect::<Result<_, _>>()?;

        let has_index = facts.mode.is_some_and(Mode::has_native_objects);
        let command = if has_index { &facts.thin_link } else { &facts.link };
        let command = match command {
            None => Err("no .cmd file records a link".to_owned()),
            Some(text) => LinkCommand::parse(text),
        };
        let members = facts.archive.get().map(Vec::as_slice).unwrap_or_default();
        let command = command.map(|command| match has_index {
            true => command,
            false => command.with_members(members),
        });
        let mut in_process: Vec<InProcess> = vec![InProcess::NotCompared; work.len()];
        match command {
            Err(why) => extent.no_link = Some(why),
            Ok(command) => {
                self.identities.insert(
                    command.linker.clone(),
                    program_identity(&self.recipe(&command.linker))?,
                );
                progress("in-process link", 0, None);
                let modules_wanted: Vec<&Module> = work.iter().map(|work| work.module).collect();
                match self.link(&command, &[], &modules, &modules_wanted, false)? {
                    Err(Failed { why, command }) => {
                        extent.no_link = Some("the link failed".to_owned());
                        extent.failed_link = Some((why, command));
                    }
                    Ok(linked) => {
                        done.store(0, Ordering::Relaxed);
                        let known = Known::default();
                        let site = LinkSite {
                            command: &command,
                            all: &modules,
                            wanted: &modules_wanted,
                            linked: &linked,
                        };
                        in_process = self.compare_links(&work, &backends, &site, &known, &tick)?;
                        if options.prove {
                            progress("proofs", 0, None);
                            extent.proofs = self.prove(&site, &work, &in_process)?;
                        }
                    }
                }
            }
        }
        if let Some(name) = inputs::changed(self.dir, &modules) {
            return Err(EngineError::environment(
                format!("replay of {}", self.dir.display()),
                format!("{name} changed while it was replayed"),
                "replay it again when nothing builds in it",
            ));
        }
        let objects: Vec<Replayed> = work
            .iter()
            .zip(backends)
            .zip(in_process)
            .map(|((work, backend), in_process)| Replayed {
                object: work.module.name.clone(),
                backend,
                in_process,
            })
            .collect();
        let mode = facts.mode.unwrap_or(Mode::Distributed);
        Ok(replay_layer(arch, mode, &objects, &extent))
    }

    /// Every module of the build in link order. An in-process build has no indexes; they are made
    /// in a directory of ours.
    fn modules(&mut self, facts: &BuildFacts) -> Result<Vec<Module>, EngineError> {
        let nothing = |cause: &str, hint: &str| {
            Err(EngineError::usage(format!("build directory {}", self.dir.display()), cause, hint))
        };
        if facts.mode.is_some_and(Mode::has_native_objects) {
            return match &facts.index {
                Answer::Read(names) if !names.is_empty() => {
                    let modules = inputs::read(self.dir, self.dir, names)?;
                    match lists_agree(facts, names) {
                        Ok(()) => Ok(modules),
                        Err(why) => nothing(&why, "it was cut or changed; build it again"),
                    }
                }
                Answer::Bad(why) => nothing(&format!("vmlinux.thinlto-index: {why}"), ""),
                _ => nothing("vmlinux.thinlto-index lists no object", "build vmlinux first"),
            };
        }
        let Some(text) = &facts.link else {
            return nothing("no .cmd file records the link of vmlinux.o", "build vmlinux first");
        };
        let command = LinkCommand::parse(text).map_err(|why| {
            EngineError::usage(format!("{}/.vmlinux.o.cmd", self.dir.display()), why, "")
        })?;
        let members = facts.archive.get().map(Vec::as_slice).unwrap_or_default();
        let (names, indexes) = self.thin_link(&command.with_members(members))?;
        inputs::read(self.dir, &indexes, &names)
    }

    /// Who the compilers are. What has one that is none cannot be compiled again.
    fn identify(&mut self, work: &mut [Work<'_>]) -> Result<(), EngineError> {
        let compilers: BTreeSet<String> = work
            .iter()
            .filter_map(|work| work.reference.as_ref().ok())
            .map(|reference| reference.compiler.clone())
            .collect();
        for compiler in compilers {
            match program_identity(&self.recipe(&compiler)) {
                Ok(identity) => {
                    self.identities.insert(compiler, identity);
                }
                Err(error) if error.kind == Kind::Interrupted => return Err(error),
                Err(error) => {
                    let is_its = |work: &&mut Work<'_>| {
                        work.reference.as_ref().is_ok_and(|it| it.compiler == compiler)
                    };
                    for work in work.iter_mut().filter(is_its) {
                        work.reference = Err(format!("its compiler {compiler}: {}", error.cause));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Contents of the objects of the link that are no IR: which symbols they have decides what the
/// linker makes of a module's.
fn natives(dir: &Path, facts: &BuildFacts) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for name in facts.other_objects.keys() {
        hasher.update(name.as_bytes());
        hasher.update(b"\0");
        let bytes = read_regular(&dir.join(name)).unwrap_or_default();
        hasher.update(blake3::hash(&bytes).as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Whether the index lists the IR objects of the link, all of them and in its order: by that order an
/// object of the link is known to be a module's.
fn lists_agree(facts: &BuildFacts, index: &[String]) -> Result<(), String> {
    if let Some(name) = facts.unlisted_indexes.first() {
        return Err(format!("vmlinux.thinlto-index does not list {name}, which has an index"));
    }
    let Some(order) = facts.order.get() else {
        return Err(facts.order.why_not("builtin.order").unwrap_or_default());
    };
    let listed: BTreeSet<&String> = index.iter().collect();
    let linked: Vec<&String> = order.iter().filter(|name| listed.contains(name)).collect();
    match linked.iter().copied().eq(index) {
        true => Ok(()),
        false => {
            Err("vmlinux.thinlto-index and builtin.order do not list the same objects in the \
                      same order"
                .to_owned())
        }
    }
}

/// The modules that were asked for, in link order.
fn wanted<'a>(
    modules: &'a [Module],
    options: &ReplayOptions,
) -> Result<Vec<&'a Module>, EngineError> {
    let all = options.objects.is_empty();
    let mut wanted: Vec<&Module> =
        modules.iter().filter(|module| all || options.objects.is_match(&module.name)).collect();
    if wanted.is_empty() {
        return Err(EngineError::usage(
            "--object",
            "no IR object of the build is named so",
            "name them as vmlinux.thinlto-index does, with * and **",
        ));
    }
    if let Some(sample) = options.sample.filter(|sample| *sample < wanted.len()) {
        // Every n-th by name, so that every directory has its share.
        let mut by_name = wanted.clone();
        by_name.sort_by(|a, b| a.name.cmp(&b.name));
        let picked: BTreeSet<&str> = (0..sample)
            .filter_map(|n| by_name.get(n * by_name.len() / sample))
            .map(|module| module.name.as_str())
            .collect();
        wanted.retain(|module| picked.contains(module.name.as_str()));
    }
    Ok(wanted)
}

/// An object with its functions.
fn read_code(bytes: &[u8]) -> Result<ImageFacts, String> {
    image::facts(bytes, crate::gather::Depth::Code)
}
