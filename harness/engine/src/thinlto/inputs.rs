//! What goes into backends: IR objects and indexes, their contents, and who wrote them.

use crate::error::EngineError;
use crate::fs::read_regular;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use twinlto_facts::bitcode::{self, Assembly};
use twinlto_facts::kbuild::normalize_path;

/// One module with its inputs, in link order.
#[derive(Debug, Clone)]
pub(crate) struct Module {
    /// The IR object, as the index names it.
    pub(crate) name: String,
    /// Its index.
    pub(crate) index: PathBuf,
    /// Contents of its IR object.
    pub(crate) ir: Input,
    /// Contents of its index.
    pub(crate) index_hash: [u8; 32],
    /// The modules that it imports from.
    pub(crate) imports: Vec<String>,
    /// Why it cannot be replayed, if it cannot.
    pub(crate) unusable: Option<String>,
}

/// A file as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) hash: [u8; 32],
    len: u64,
    modified: Option<SystemTime>,
    /// Who wrote it, as bitcode says: `LLVM22.1.8`.
    pub(crate) producer: String,
    /// The files that its assembly reads.
    pub(crate) assembly: Assembly,
}

/// Reads every module of a list. `indexes` is where the indexes are, the build directory itself or
/// a directory laid out like it.
///
/// # Errors
///
/// When the list names a module twice or one outside of the build, or a file cannot be read.
pub(crate) fn read(
    dir: &Path,
    indexes: &Path,
    names: &[String],
) -> Result<Vec<Module>, EngineError> {
    let list = || format!("index of {}", dir.display());
    let mut seen = BTreeSet::new();
    for name in names {
        if normalize_path(name).as_deref() != Some(name) || name.starts_with('/') {
            return Err(EngineError::usage(
                list(),
                format!("module {name} lies outside of the build directory"),
                "a thin link of kbuild's names modules relative to it",
            ));
        }
        if !seen.insert(name) {
            return Err(EngineError::usage(
                list(),
                format!("module {name} is in it twice"),
                "which of both a backend imports from is left to chance; build it again",
            ));
        }
    }
    let mut modules: Vec<Module> =
        names.par_iter().map(|name| module(dir, indexes, name)).collect();
    for module in &mut modules {
        if module.unusable.is_none()
            && let Some(gone) = module.imports.iter().find(|import| !seen.contains(import))
        {
            module.unusable = Some(format!("its index names {gone}, which the thin link does not"));
        }
    }
    Ok(modules)
}

fn module(dir: &Path, indexes: &Path, name: &str) -> Module {
    let index = indexes.join(format!("{name}.thinlto.bc"));
    let mut module = Module {
        name: name.to_owned(),
        index: index.clone(),
        ir: Input {
            hash: [0; 32],
            len: 0,
            modified: None,
            producer: String::new(),
            assembly: Assembly::default(),
        },
        index_hash: [0; 32],
        imports: Vec::new(),
        unusable: None,
    };
    match input(&dir.join(name)) {
        Ok(ir) => module.ir = ir,
        Err(why) => {
            module.unusable = Some(format!("{name}: {why}"));
            return module;
        }
    }
    let read = read_regular(&index).map_err(|error| error.to_string()).and_then(|bytes| {
        let facts = bitcode::read(&bytes).map_err(|error| error.to_string())?;
        let index = facts.modules.iter().find_map(bitcode::Module::index);
        let index = index.ok_or_else(|| "it is no index".to_owned())?;
        let paths = index.modules.iter().map(|module| module.path.clone());
        Ok((*blake3::hash(&bytes).as_bytes(), paths.filter(|path| path != name).collect()))
    });
    match read {
        Ok((hash, imports)) => (module.index_hash, module.imports) = (hash, imports),
        Err(why) => module.unusable = Some(format!("{}: {why}", index.display())),
    }
    module
}

/// Reads an IR object.
fn input(path: &Path) -> Result<Input, String> {
    let text = |error: std::io::Error| error.to_string();
    let modified = path.metadata().and_then(|meta| meta.modified()).ok();
    let bytes = read_regular(path).map_err(text)?;
    let facts = bitcode::read(&bytes).map_err(|error| error.to_string())?;
    let producer = facts.modules.iter().find_map(|module| module.identification.as_ref());
    Ok(Input {
        hash: *blake3::hash(&bytes).as_bytes(),
        len: bytes.len() as u64,
        modified,
        producer: producer.map(|it| it.producer.clone()).unwrap_or_default(),
        assembly: bitcode::assembly(&bytes).map_err(|error| error.to_string())?,
    })
}

/// The first IR object that is not what it was.
pub(crate) fn changed<'a>(dir: &Path, modules: &'a [Module]) -> Option<&'a str> {
    let is_as_it_was = |module: &&Module| {
        let meta = dir.join(&module.name).metadata();
        meta.is_ok_and(|meta| {
            meta.len() == module.ir.len && meta.modified().ok() == module.ir.modified
        })
    };
    let usable = modules.iter().filter(|module| module.unusable.is_none());
    usable.into_iter().find(|module| !is_as_it_was(module)).map(|module| module.name.as_str())
}

/// Contents of the IR objects, by name.
pub(crate) fn hashes(modules: &[Module]) -> HashMap<&str, [u8; 32]> {
    modules.iter().map(|module| (module.name.as_str(), module.ir.hash)).collect()
}
