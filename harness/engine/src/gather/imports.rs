//! What the indexes say of other modules, where something may be out of date.

use crate::fs::read_regular;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use twinlto_facts::bitcode::{self, Content, IndexedModule, ModuleHash};
use twinlto_facts::build::ObjectFacts;
use twinlto_facts::kbuild::index_path;

/// Fills in [`ObjectFacts::imports`] and the hashes of the IR objects that are newer than some
/// native object. After a build every native object is newer than every IR object, and then
/// nothing is read.
pub(super) fn read(dir: &Path, objects: &mut BTreeMap<String, ObjectFacts>) {
    let natives = objects.values().filter_map(|object| object.native.modified);
    let Some(oldest) = natives.min() else { return };
    let is_newer = |object: &ObjectFacts| object.ir.modified.is_some_and(|time| time > oldest);
    if !objects.values().any(is_newer) {
        return;
    }
    objects.par_iter_mut().for_each(|(name, object)| {
        if is_newer(object) {
            object.hash = own_hash(&dir.join(name));
        }
        object.imports = modules_of(&dir.join(index_path(name)));
        object.imports.retain(|module| module.path != *name);
    });
}

/// The hash that an IR object carries.
fn own_hash(path: &Path) -> Option<ModuleHash> {
    let bytes = read_regular(path).ok()?;
    let facts = bitcode::read(&bytes).ok()?;
    facts.modules.iter().find_map(|module| match &module.content {
        Content::Ir(ir) => ir.hash,
        _ => None,
    })
}

/// The modules that an index names. One that cannot be read names none: it is judged elsewhere.
fn modules_of(path: &Path) -> Vec<IndexedModule> {
    let Ok(bytes) = read_regular(path) else { return Vec::new() };
    let Ok(facts) = bitcode::read(&bytes) else { return Vec::new() };
    let index = facts.modules.iter().find_map(bitcode::Module::index);
    index.map(|index| index.modules.clone()).unwrap_or_default()
}
