//! ccache, and what it cannot know of a backend.
//!
//! ccache (4.14) keys a backend by compiler, command, IR object and index. Files that the assembly in the
//! object includes, and those that options name which ccache does not know, are in no key: a backend
//! whose `.incbin` has changed gets the object of the earlier contents. So twinlto stands before ccache in
//! `PATH`, under its name: recorded commands are those of ccache, and a backend is asked of it with the
//! further files in `CCACHE_EXTRAFILES` (ccache's manual), or not at all.

use crate::cases::cache_dir;
use crate::error::EngineError;
use crate::fs::read_regular;
use crate::hidden;
use crate::recipe::Recipe;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use twinlto_facts::asm::AsmFiles;
use twinlto_facts::bitcode::{self, Assembly};
use twinlto_facts::flags::resolve;

/// The real ccache, for a twinlto that is called by its name.
const REAL: &str = "TWINLTO_CCACHE";
const NAME: &str = "ccache";

/// A directory with this program under ccache's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shim {
    dir: PathBuf,
    real: PathBuf,
}

impl Shim {
    /// Makes it, before the ccache at `real`.
    ///
    /// # Errors
    ///
    /// When the link cannot be made.
    pub(crate) fn before(real: &Path) -> Result<Self, EngineError> {
        let own = std::env::current_exe()
            .map_err(|error| EngineError::environment("twinlto itself", error.to_string(), ""))?;
        let id = blake3::hash(own.as_os_str().as_encoded_bytes()).to_hex();
        let dir = cache_dir()?.join("ccache-shim").join(id.get(..16).unwrap_or_default());
        std::fs::create_dir_all(&dir).map_err(|error| EngineError::io("make", &dir, &error))?;
        let link = dir.join(NAME);
        if std::fs::read_link(&link).ok().as_ref() != Some(&own) {
            // Another run may be at it: only a whole link gets the name.
            let part = dir.join(format!("part-{}", std::process::id()));
            std::os::unix::fs::symlink(&own, &part)
                .and_then(|()| std::fs::rename(&part, &link))
                .map_err(|error| EngineError::io("make", &link, &error))?;
        }
        let real = std::path::absolute(real).map_err(|e| EngineError::io("find", real, &e))?;
        Ok(Self { dir, real })
    }

    /// A make that finds it first.
    pub(crate) fn put_before(&self, recipe: Recipe) -> Recipe {
        let path = std::env::var("PATH").unwrap_or_default();
        recipe
            .env("PATH", format!("{}:{path}", self.dir.display()))
            .env(REAL, self.real.display().to_string())
    }
}

/// Acts for ccache if this program was called by its name; returns only if it was not, or with
/// the reason why what was to be run cannot be.
#[must_use]
pub fn called_as_ccache() -> Option<EngineError> {
    let mut args = std::env::args_os();
    let name = PathBuf::from(args.next()?);
    let real = std::env::var_os(REAL)?;
    if name.file_name() != Some(OsStr::new(NAME)) {
        return None;
    }
    let args: Vec<OsString> = args.collect();
    let error = instead(&real, &args).exec();
    let what = Path::new(&real).display().to_string();
    Some(EngineError::environment(what, error.to_string(), ""))
}

/// What is run in its place.
fn instead(real: &OsStr, args: &[OsString]) -> Command {
    let mut ccache = Command::new(real);
    ccache.args(args);
    let words: Vec<Cow<'_, str>> = args.iter().map(|word| word.to_string_lossy()).collect();
    if !words.iter().any(|word| word.starts_with("-fthinlto-index=")) {
        return ccache;
    }
    let asked = further_files(Path::new("."), &words).and_then(|files| list(&files));
    match (asked, args.split_first()) {
        (Ok(list), _) if list.is_empty() => ccache,
        (Ok(list), _) => {
            let theirs = std::env::var_os("CCACHE_EXTRAFILES").filter(|it| !it.is_empty());
            let mut all = theirs.map_or_else(OsString::new, |mut theirs| {
                theirs.push(":");
                theirs
            });
            all.push(list);
            ccache.env("CCACHE_EXTRAFILES", all);
            ccache
        }
        (Err(_), Some((compiler, rest))) => {
            let mut plain = Command::new(compiler);
            plain.args(rest);
            plain
        }
        (Err(_), None) => ccache,
    }
}

/// As ccache takes it.
fn list(files: &BTreeSet<PathBuf>) -> Result<OsString, String> {
    let all = std::env::join_paths(files);
    all.map_err(|error| error.to_string())
}

/// The files that a backend reads and that are not in ccache's key. Objects from which functions are
/// imported are among them: the index has their hashes as they were at the thin link.
fn further_files(dir: &Path, words: &[Cow<'_, str>]) -> Result<BTreeSet<PathBuf>, String> {
    let resolved = resolve(words);
    let index = resolved.index.ok_or("it names no index")?;
    let [object] = resolved.inputs.as_slice() else {
        return Err("it does not compile one object".to_owned());
    };
    let own = assembly(&dir.join(object))?;
    let imports = imports(&dir.join(index))?;
    let imports = imports.iter().filter(|import| import.as_str() != *object);
    let imported: Vec<(&String, AsmFiles)> = imports
        .map(|import| Ok((import, assembly(&dir.join(import))?.functions)))
        .collect::<Result<_, String>>()?;
    let output = resolved.output.unwrap_or_default();
    let index_word = format!("-fthinlto-index={index}");
    // The program, its own inputs and its output are not what is looked for.
    let rest = words.iter().skip_while(|word| !word.starts_with('-')).map(AsRef::as_ref);
    let rest: Vec<&str> =
        rest.filter(|word| word != object && *word != index_word && *word != output).collect();
    let assembly = [&own.module, &own.functions].into_iter();
    let mut files =
        hidden::files(dir, &rest, assembly.chain(imported.iter().map(|(_, files)| files)))?;
    files.extend(imported.iter().map(|(import, _)| PathBuf::from(import)));
    Ok(files)
}

fn assembly(path: &Path) -> Result<Assembly, String> {
    let bytes = read_regular(path).map_err(|error| format!("{}: {error}", path.display()))?;
    bitcode::assembly(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// The modules that an index names.
fn imports(path: &Path) -> Result<Vec<String>, String> {
    let bytes = read_regular(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if bytes.is_empty() {
        // clang takes an empty index, and imports nothing.
        return Ok(Vec::new());
    }
    let facts = bitcode::read(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let index = facts.modules.iter().find_map(bitcode::Module::index);
    let index = index.ok_or_else(|| format!("{}: it is no index", path.display()))?;
    Ok(index.modules.iter().map(|module| module.path.clone()).collect())
}
