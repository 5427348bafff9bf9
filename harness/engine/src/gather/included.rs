//! Whether objects hold the files that their assembly includes. Neither an IR object nor a command
//! changes with the contents of such a file, so that a stale object is as good as any by all other
//! signs.

use crate::fs::read_regular;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use twinlto_facts::bitcode;
use twinlto_facts::build::{IncludedFile, ObjectFacts};
use twinlto_facts::kbuild::native_path;
use twinlto_model::Mode;

/// Few bytes stand in any object by chance.
const FEWEST: usize = 8;

/// Looks at every IR object.
pub(super) fn read(dir: &Path, mode: Option<Mode>, objects: &mut BTreeMap<String, ObjectFacts>) {
    let has_natives = mode.is_some_and(Mode::has_native_objects);
    objects.par_iter_mut().for_each(|(name, object)| {
        let holder = if has_natives { native_path(name) } else { "vmlinux.o".to_owned() };
        let paths = paths(&dir.join(name));
        object.included = paths.into_iter().map(|path| one(dir, path, &holder)).collect();
    });
}

/// The files that are included whole.
fn paths(object: &Path) -> Vec<String> {
    let Ok(bytes) = read_regular(object) else { return Vec::new() };
    // What is no bitcode is said elsewhere.
    let Ok(assembly) = bitcode::module_assembly(&bytes) else { return Vec::new() };
    let whole = assembly.files.into_iter().filter(|file| file.is_verbatim);
    whole.map(|file| file.path).collect()
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
