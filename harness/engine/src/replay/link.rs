//! In-process code generation: one link with the recorded options that leaves every module's
//! object.

use super::context::Context;
use super::store::{Digest, Key, digest};
use crate::error::EngineError;
use crate::fs::read_regular;
use crate::hidden;
use crate::jobserver::Budget;
use crate::process::{Bounded, Ended};
use crate::recipe::Recipe;
use crate::thinlto::{Acted, Failed, LinkCommand, Module, last_words};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::time::Duration;
/// The objects of one link.
pub(super) struct Linked {
    /// In the order of the modules.
    pub(super) digests: Vec<Digest>,
    /// Which of the objects that lld wrote belongs to which of them.
    places: Vec<usize>,
    /// Where the objects are; none where their contents were known without a link.
    files: Option<PathBuf>,
}

impl Linked {
    /// The object of one module.
    pub(super) fn file(&self, position: usize) -> Option<PathBuf> {
        let place = self.places.get(position)?;
        Some(self.files.as_ref()?.join(format!("P{}", place + 1)))
    }
}

/// Where a link that is repeated by hand leaves its objects.
const REPEAT: &str = "/tmp/twinlto-link";

/// How long a whole link may take.
const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

impl Context<'_> {
    /// Generates the code of `wanted`, a part of `all`, as the in-process link does, with `extra`
    /// options. `again` links even if all contents are known.
    pub(super) fn link(
        &self,
        command: &LinkCommand,
        extra: &[String],
        all: &[Module],
        wanted: &[&Module],
        again: bool,
    ) -> Acted<Linked> {
        let keys = self.link_keys(command, extra, all, wanted)?;
        let known: Option<Vec<Digest>> =
            keys.iter().map(|key| self.store.get(key.as_ref()?)).collect();
        if let (Some(digests), false) = (known, again) {
            return Ok(Ok(Linked { digests, places: Vec::new(), files: None }));
        }
        let chosen = chosen(all, wanted);
        let dir = self.scratch_dir()?;
        let slots = Budget::get().slots(self.jobs);
        let jobs = if Budget::get().is_shared() { slots.len() } else { self.jobs };
        let recipe = self
            .link_recipe(command, extra, wanted, all.len(), &dir)?
            .arg(format!("--thinlto-jobs={jobs}"));
        let ran = Bounded { recipe: &recipe, limit: LIMIT }.run()?;
        drop(slots);
        let failed = |why: String| {
            // Our own directory is gone when somebody repeats it.
            let line = recipe.to_string().replace(&dir.display().to_string(), REPEAT);
            let command = format!("mkdir -p {REPEAT} && cd {} && {line}", self.dir.display());
            Ok(Err(Failed { why, command }))
        };
        match ran.ended {
            Ended::Late => return failed(format!("it was still running after {LIMIT:?}")),
            Ended::Status(status) if !status.success() => {
                return failed(last_words(&ran.stderr).unwrap_or_else(|| status.to_string()));
            }
            Ended::Status(_) => {}
        }
        // The linked file itself is of no use; it is as large as all the others together.
        let _gone = std::fs::remove_file(dir.join("vmlinux.o"));
        let objects = objects(&dir)?;
        if objects != chosen.len() {
            return failed(format!(
                "it left {objects} objects for {} modules, so nobody knows which is whose",
                chosen.len()
            ));
        }
        let place = |module: &&Module| chosen.iter().position(|name| *name == module.name);
        let places = wanted.iter().filter_map(place).collect();
        let linked = Linked { digests: Vec::new(), places, files: Some(dir) };
        let read = |position: usize| {
            let path = linked.file(position).unwrap_or_default();
            read_regular(&path)
                .map(|bytes| digest(&bytes))
                .map_err(|error| EngineError::io("read", &path, &error))
        };
        let digests: Vec<Digest> =
            (0..wanted.len()).into_par_iter().map(read).collect::<Result<_, _>>()?;
        // What cannot all be known is not kept, and no more is what changed meanwhile.
        let after = self.link_keys(command, extra, all, wanted)?;
        let entries = keys.into_iter().zip(after).zip(digests.iter().copied());
        let entries: Vec<(Key, Digest)> = entries
            .filter(|((before, after), _)| before == after)
            .filter_map(|((key, _), digest)| Some((key?, digest)))
            .collect();
        self.store.put(&entries)?;
        Ok(Ok(Linked { digests, ..linked }))
    }

    /// Writes the indexes of an in-process build into a directory of ours, and tells its modules in
    /// link order and where that is.
    pub(super) fn thin_link(
        &self,
        command: &LinkCommand,
    ) -> Result<(Vec<String>, PathBuf), EngineError> {
        let dir = self.scratch_dir()?;
        let list = dir.join("vmlinux.thinlto-index");
        let recipe = command
            .recipe(self.dir, &[], &dir)?
            .arg(format!("--thinlto-index-only={}", list.display()))
            .arg(format!("--thinlto-prefix-replace=;{}/", dir.display()))
            .arg("-o")
            .arg(dir.join("vmlinux.o"));
        let ran = Bounded { recipe: &recipe, limit: LIMIT }.run()?;
        let text = match ran.ended {
            Ended::Status(status) if status.success() => std::fs::read_to_string(&list).ok(),
            _ => None,
        };
        // With a prefix, the list names what a native object would be called.
        let prefix = format!("{}/", dir.display());
        let names = text.iter().flat_map(|text| text.lines());
        let names: Vec<String> =
            names.map(|name| name.strip_prefix(&prefix).unwrap_or(name).to_owned()).collect();
        if names.is_empty() {
            return Err(EngineError::environment(
                format!("thin link in {}", self.dir.display()),
                last_words(&ran.stderr).unwrap_or_else(|| "it lists no module".to_owned()),
                format!("repeat it with: cd {} && {recipe}", self.dir.display()),
            ));
        }
        Ok((names, dir))
    }

    fn link_recipe(
        &self,
        command: &LinkCommand,
        extra: &[String],
        wanted: &[&Module],
        all: usize,
        dir: &Path,
    ) -> Result<Recipe, EngineError> {
        let mut recipe = command.recipe(self.dir, extra, dir)?;
        if wanted.len() < all {
            for module in wanted {
                recipe = recipe.arg(format!("--thinlto-single-module={}", module.name));
            }
        }
        Ok(recipe
            .arg(format!("--lto-obj-path={}", dir.join("P").display()))
            .arg("-o")
            .arg(dir.join("vmlinux.o")))
    }

    /// What decides each object: the linker, its options, every module, for any may be imported
    /// from, the other objects, whose symbols it resolves against, and the files that all of them
    /// read; none where such a file cannot be known.
    fn link_keys(
        &self,
        command: &LinkCommand,
        extra: &[String],
        all: &[Module],
        wanted: &[&Module],
    ) -> Result<Vec<Option<Key>>, EngineError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"in-process link 2\0");
        hasher.update(&self.natives);
        hasher.update(self.identity(&command.linker)?.as_bytes());
        command.hash(extra, &mut hasher);
        for module in all {
            hasher.update(module.name.as_bytes());
            hasher.update(&module.ir.hash);
        }
        let words = command.options.iter().chain(extra).map(String::as_str).filter(|word| {
            // kbuild's lists of objects: their contents are here already.
            !["@builtin.order", "@vmlinux.thinlto-index"].contains(word)
        });
        let words: Vec<&str> = words.collect();
        let shared = hidden::files(self.dir, &words, self.statements.values())
            .ok()
            .and_then(|files| hidden::hash(self.dir, &files, &mut hasher));
        let key = |module: &&Module| {
            shared?;
            let mut hasher = hasher.clone();
            hasher.update(module.name.as_bytes());
            let files = hidden::files(self.dir, &[], [&module.ir.assembly.module]).ok()?;
            hidden::hash(self.dir, &files, &mut hasher)?;
            Some(*hasher.finalize().as_bytes())
        };
        Ok(wanted.iter().map(key).collect())
    }
}

/// The modules that lld compiles, in link order: it takes each whose name *contains* one that was
/// asked for (`LTO::addThinLTO`, `llvm/lib/LTO/LTO.cpp`, LLVM 17 to 24).
fn chosen<'a>(all: &'a [Module], wanted: &[&Module]) -> Vec<&'a str> {
    let is_asked_for =
        |name: &str| wanted.len() == all.len() || wanted.iter().any(|w| name.contains(&w.name));
    all.iter().map(|module| module.name.as_str()).filter(|name| is_asked_for(name)).collect()
}

/// How many `P1`, `P2` … there are.
fn objects(dir: &Path) -> Result<usize, EngineError> {
    let io = |error| EngineError::io("read", dir, &error);
    let mut count = 0;
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix('P'));
        count += usize::from(number.is_some_and(|number| number.parse::<u32>().is_ok()));
    }
    Ok(count)
}
