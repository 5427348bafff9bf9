//! In-process code generation: one link with the recorded options that leaves every module's
//! object.

use super::action::{Acted, Failed, digest, last_words};
use super::context::Context;
use super::inputs::Module;
use super::store::{Digest, Key};
use crate::error::EngineError;
use crate::fs::read_regular;
use crate::process::{Bounded, Ended};
use crate::recipe::Recipe;
use rayon::prelude::*;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;
use twinlto_facts::flags::lex;

/// The recorded command of a link, less what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkCommand {
    pub(super) linker: String,
    options: Vec<String>,
    /// Objects that stand for `vmlinux.a`, in its order. By an archive's name, lld calls a module
    /// `vmlinux.a(fork.o at 7866)`, and no backend could read that.
    members: Vec<String>,
}

impl LinkCommand {
    /// Reads it from the text of a `.cmd` file: the thin link's or that of `vmlinux.o`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let commands = lex(text).map_err(|error| error.to_string())?;
        let link = commands
            .iter()
            .find(|command| command.words.first().is_some_and(|word| is_linker(word)));
        let words = &link.ok_or("it runs no linker")?.words;
        let mut options = Vec::new();
        let mut rest = words.iter().skip(1);
        while let Some(word) = rest.next() {
            match word.as_ref() {
                "-o" | "-Map" | "--dependency-file" => {
                    rest.next();
                }
                word if written(word) => {}
                word => options.push(word.to_owned()),
            }
        }
        let linker = words.first().map(Cow::to_string).unwrap_or_default();
        Ok(Self { linker, options, members: Vec::new() })
    }

    /// The same with these objects in the place of `vmlinux.a`.
    pub(super) fn with_members(mut self, members: &[String]) -> Self {
        if self.options.iter().any(|option| option == ARCHIVE) {
            self.members = members.to_vec();
        }
        self
    }

    /// The command with further options; `dir` is where its list of objects is written.
    fn recipe(&self, build: &Path, extra: &[String], dir: &Path) -> Result<Recipe, EngineError> {
        let mut recipe = Recipe::new(build, &self.linker);
        for option in &self.options {
            if option == ARCHIVE && !self.members.is_empty() {
                let list = dir.join("objects");
                let text: String = self.members.iter().map(|name| quoted(name) + "\n").collect();
                std::fs::write(&list, text).map_err(|e| EngineError::io("write", &list, &e))?;
                recipe = recipe.arg(format!("@{}", list.display()));
            } else {
                recipe = recipe.arg(option);
            }
        }
        recipe.argv.extend(extra.iter().map(Into::into));
        Ok(recipe)
    }

    /// What decides the link apart from the contents of its objects.
    fn hash(&self, extra: &[String], hasher: &mut blake3::Hasher) {
        for word in self.options.iter().chain(extra).chain(&self.members) {
            hasher.update(word.as_bytes());
            hasher.update(b"\0");
        }
    }
}

const ARCHIVE: &str = "vmlinux.a";

/// A word of a response file. Source: `llvm::cl::TokenizeGNUCommandLine`.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

fn is_linker(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    name == "ld.lld" || name.starts_with("ld.lld-")
}

/// Whether an option makes the linker write beside its output, or stop before code generation.
fn written(word: &str) -> bool {
    const STARTS: [&str; 7] = [
        "--thinlto-index-only",
        "--thinlto-emit-",
        "--thinlto-cache-dir",
        "--thinlto-prefix-replace",
        "--lto-obj-path",
        "-Map=",
        "--dependency-file=",
    ];
    STARTS.iter().any(|start| word.starts_with(start))
}

/// The objects of one link.
pub(super) struct Linked {
    /// In the order of the modules.
    pub(super) digests: Vec<Digest>,
    /// Where the objects are; none where their contents were known without a link.
    files: Option<PathBuf>,
}

impl Linked {
    /// The object of one module.
    pub(super) fn file(&self, position: usize) -> Option<PathBuf> {
        Some(self.files.as_ref()?.join(format!("P{}", position + 1)))
    }
}

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
        let known: Option<Vec<Digest>> = keys.iter().map(|key| self.store.get(key)).collect();
        if let (Some(digests), false) = (known, again) {
            return Ok(Ok(Linked { digests, files: None }));
        }
        let dir = self.scratch_dir()?;
        let recipe = self.link_recipe(command, extra, wanted, all.len(), &dir)?;
        let ran = Bounded { recipe: &recipe, limit: LIMIT }.run()?;
        let failed = |why: String| {
            Ok(Err(Failed { why, command: format!("cd {} && {recipe}", self.dir.display()) }))
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
        if objects != wanted.len() {
            return failed(format!(
                "it left {objects} objects for {} modules, so nobody knows which is whose",
                wanted.len()
            ));
        }
        let linked = Linked { digests: Vec::new(), files: Some(dir) };
        let read = |position: usize| {
            let path = linked.file(position).unwrap_or_default();
            read_regular(&path)
                .map(|bytes| digest(&bytes))
                .map_err(|error| EngineError::io("read", &path, &error))
        };
        let digests: Vec<Digest> =
            (0..wanted.len()).into_par_iter().map(read).collect::<Result<_, _>>()?;
        let entries: Vec<(Key, Digest)> = keys.into_iter().zip(digests.iter().copied()).collect();
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
            .arg(format!("--thinlto-jobs={}", self.jobs))
            .arg(format!("--lto-obj-path={}", dir.join("P").display()))
            .arg("-o")
            .arg(dir.join("vmlinux.o")))
    }

    /// What decides each object: the linker, its options, and every module, for any may be
    /// imported from.
    fn link_keys(
        &self,
        command: &LinkCommand,
        extra: &[String],
        all: &[Module],
        wanted: &[&Module],
    ) -> Result<Vec<Key>, EngineError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"in-process link 1\0");
        hasher.update(self.identity(&command.linker)?.as_bytes());
        command.hash(extra, &mut hasher);
        for module in all {
            hasher.update(module.name.as_bytes());
            hasher.update(&module.ir.hash);
        }
        let key = |module: &&Module| {
            let mut hasher = hasher.clone();
            hasher.update(module.name.as_bytes());
            *hasher.finalize().as_bytes()
        };
        Ok(wanted.iter().map(key).collect())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_link_writes_is_left_out_of_its_command() {
        let text = "/opt/ld.lld -EL -mllvm -import-instr-limit=5 -r -o vmlinux.o \
                    --thinlto-cache-dir=.cache -T .tmp_initcalls.lds --whole-archive vmlinux.a; \
                    ./tools/objtool vmlinux.o";
        let command = LinkCommand::parse(text).unwrap();
        assert_eq!(command.linker, "/opt/ld.lld");
        let expected = "-EL -mllvm -import-instr-limit=5 -r -T .tmp_initcalls.lds --whole-archive \
                        vmlinux.a";
        assert_eq!(command.options.join(" "), expected);
        let text = "ld.lld -r --thinlto-index-only=vmlinux.thinlto-index @builtin.order";
        assert_eq!(LinkCommand::parse(text).unwrap().options, ["-r", "@builtin.order"]);
        assert!(LinkCommand::parse("rm -f vmlinux.o").is_err());
    }
}
