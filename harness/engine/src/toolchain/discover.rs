//! Which toolchains are there: by what they answer and by what they are made of, never by path.

use super::{LlvmSpec, NEEDED, find_program, identify};
use crate::cases::cache_dir;
use crate::error::EngineError;
use crate::process::capture;
use crate::recipe::Recipe;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use twinlto_model::Toolchain;

/// A toolchain that is there.
#[derive(Debug, Clone)]
pub struct Found {
    /// As make gets it.
    pub llvm: LlvmSpec,
    /// What it answers.
    pub toolchain: Toolchain,
    /// Hash of its programs and libraries.
    pub hash: String,
    /// Whether it was given.
    pub given: bool,
    /// What it is called; where two are called alike, with a part of the hash.
    pub name: String,
}

/// Every toolchain: the given ones, those that `scripts/fetch-llvm` brought, of
/// `/usr/lib/llvm-*/bin`, and of each `llvm-config` in `PATH`. Oldest first, each once.
///
/// # Errors
///
/// When a given one cannot be used. What was found otherwise and cannot be used is left out.
pub fn discover(given: &[LlvmSpec]) -> Result<Vec<Found>, EngineError> {
    let mut specs: Vec<(LlvmSpec, bool)> = given.iter().map(|it| (it.clone(), true)).collect();
    specs.extend(directories().into_iter().filter_map(|dir| {
        let spec: LlvmSpec = format!("{}/", dir.display()).parse().ok()?;
        Some((spec, false))
    }));
    let one = |(llvm, is_given): &(LlvmSpec, bool)| match answers(llvm) {
        Ok(toolchain) => {
            let (hash, name) = (content_hash(llvm), toolchain.named());
            Ok(Some(Found { llvm: llvm.clone(), toolchain, hash, given: *is_given, name }))
        }
        Err(error) if *is_given => Err(error),
        Err(_) => Ok(None),
    };
    let found: Vec<Option<Found>> = specs.par_iter().map(one).collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    let mut list: Vec<Found> =
        found.into_iter().flatten().filter(|it| seen.insert(it.hash.clone())).collect();
    list.sort_by_key(|it| (it.toolchain.age(), it.hash.clone()));
    let names: Vec<String> = list.iter().map(|it| it.name.clone()).collect();
    for it in &mut list {
        if names.iter().filter(|name| **name == it.name).count() > 1 {
            it.name = format!("{} #{}", it.name, it.hash.get(..8).unwrap_or_default());
        }
    }
    Ok(list)
}

fn directories() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    let below = |dir: &Path, dirs: &mut Vec<PathBuf>| {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        let mut names: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        names.sort();
        let is_llvm = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("llvm-"))
        };
        dirs.extend(names.into_iter().filter(is_llvm));
    };
    if let Ok(cache) = cache_dir() {
        let mut releases = Vec::new();
        below(&cache, &mut releases);
        for release in releases {
            let mut inside = Vec::new();
            below(&release.join("usr/lib"), &mut inside);
            dirs.extend(inside.into_iter().map(|dir| dir.join("bin")));
        }
    }
    let mut installed = Vec::new();
    below(Path::new("/usr/lib"), &mut installed);
    dirs.extend(installed.into_iter().map(|dir| dir.join("bin")));
    dirs.extend(configs().into_iter().filter_map(|program| {
        let said = capture(&Recipe::new(Path::new("/"), program).arg("--bindir")).ok()?;
        Some(PathBuf::from(said.stdout.trim()))
    }));
    dirs.retain(|dir| dir.join("clang").exists());
    dirs
}

/// `llvm-config` and `llvm-config-22` in `PATH`.
fn configs() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = Vec::new();
    for dir in std::env::split_paths(&path) {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let rest = name.strip_prefix("llvm-config");
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-')) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    // One program under several names answers once.
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    found
}

/// What an LLVM answers. Seven of them take a second to start, so that answers are kept for as long as
/// the files of an LLVM stay what they are; a script in the place of a program is always asked.
fn answers(llvm: &LlvmSpec) -> Result<Toolchain, EngineError> {
    let is_own = |tool: &str| find_program(&llvm.program(tool)).is_some_and(|it| is_llvms(&it));
    let kept = match NEEDED.iter().all(|tool| is_own(tool)) {
        true => kept(&files(llvm)).map(|path| path.with_extension("json")),
        false => None,
    };
    let known = kept.as_ref().and_then(|path| std::fs::read(path).ok());
    if let Some(known) = known.and_then(|text| serde_json::from_slice::<Toolchain>(&text).ok()) {
        return Ok(Toolchain { llvm: llvm.value(), ..known });
    }
    let toolchain = identify(llvm)?;
    if let (Some(path), Ok(text)) = (kept, serde_json::to_vec(&toolchain)) {
        keep(&path, &text);
    }
    Ok(toolchain)
}

/// Whether a program is one of LLVM's own, and no script or other program that starts one.
fn is_llvms(program: &Path) -> bool {
    use std::io::Read;
    let Ok(program) = program.canonicalize() else { return false };
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut magic = [0; 4];
    let read = std::fs::File::open(&program).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok()
        && magic == *b"\x7fELF"
        && ["clang", "lld", "ld.lld", "llvm"].iter().any(|it| name.starts_with(it))
}

/// The programs, and the libraries beside them, which hold what the programs do.
fn files(llvm: &LlvmSpec) -> BTreeSet<PathBuf> {
    let mut files: BTreeSet<PathBuf> = BTreeSet::new();
    for tool in NEEDED {
        let Some(program) = find_program(&llvm.program(tool)) else { continue };
        let Ok(program) = program.canonicalize() else { continue };
        let lib = program.parent().and_then(Path::parent).map(|home| home.join("lib"));
        files.insert(program);
        let entries = lib.and_then(|lib| std::fs::read_dir(lib).ok()).into_iter().flatten();
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let of_llvm = ["libLLVM", "libclang", "liblld"].iter().any(|it| name.starts_with(it));
            if of_llvm && name.contains(".so") {
                files.extend(entry.path().canonicalize().ok().filter(|path| path.is_file()));
            }
        }
    }
    files
}

/// Where it is kept what is known of these files, for as long as they stay what they are.
fn kept(files: &BTreeSet<PathBuf>) -> Option<PathBuf> {
    let mut key = blake3::Hasher::new();
    for path in files {
        let meta = std::fs::metadata(path).ok();
        let stamp = meta.map(|it| (it.len(), it.modified().ok()));
        key.update(format!("{} {stamp:?}\n", path.display()).as_bytes());
    }
    cache_dir().ok().map(|dir| dir.join("toolchains").join(key.finalize().to_string()))
}

fn keep(path: &Path, text: &[u8]) {
    // Without it the next run takes longer.
    let _slower = std::fs::create_dir_all(path.parent().unwrap_or(path))
        .is_ok_and(|()| crate::fs::write_atomic(path, text).is_ok());
}

/// Hash of the programs and of the libraries beside them.
pub(crate) fn content_hash(llvm: &LlvmSpec) -> String {
    let files = files(llvm);
    // The files of seven LLVMs are gigabytes.
    let kept = kept(&files);
    let known = kept.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    if let Some(known) = known.filter(|known| known.len() == 64) {
        return known;
    }
    let one = |path: &PathBuf| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        // What cannot be read is told apart by where it is.
        if std::fs::File::open(path)
            .and_then(|file| Ok(hasher.update_reader(file)?.count()))
            .is_err()
        {
            hasher.update(path.as_os_str().as_encoded_bytes());
        }
        hasher.finalize()
    };
    let hashes: Vec<blake3::Hash> = Vec::from_iter(files).par_iter().map(one).collect();
    let mut hasher = blake3::Hasher::new();
    for hash in hashes {
        hasher.update(hash.as_bytes());
    }
    let hash = hasher.finalize().to_hex().to_string();
    if let Some(path) = kept {
        keep(&path, hash.as_bytes());
    }
    hash
}
