//! Whether objects hold the files that their assembly includes. Neither an IR object nor a command
//! changes with the contents of such a file, so that a stale object is as good as any by all other
//! signs.

use crate::fs::read_regular;
use std::path::Path;
use twinlto_facts::bitcode;
use twinlto_facts::build::IncludedFile;

/// Few bytes stand in any object by chance.
const FEWEST: usize = 8;

/// The files that an IR object includes whole, and whether `holder` has them.
pub(super) fn read(dir: &Path, object: &[u8], holder: &str) -> Vec<IncludedFile> {
    // What is no bitcode is said elsewhere.
    let Ok(assembly) = bitcode::module_assembly(object) else { return Vec::new() };
    let whole = assembly.files.into_iter().filter(|file| file.is_verbatim);
    whole.map(|file| one(dir, file.path, holder)).collect()
}

fn one(dir: &Path, path: String, holder: &str) -> IncludedFile {
    let held = || {
        let bytes = read_regular(&dir.join(&path)).ok().filter(|bytes| bytes.len() >= FEWEST)?;
        let inside = read_regular(&dir.join(holder)).ok()?;
        Some(memchr::memmem::find(&inside, &bytes).is_some())
    };
    let is_held = held();
    let is_younger = super::is_older(dir, holder, &path);
    IncludedFile { path, holder: holder.to_owned(), is_held, is_younger }
}
