use crate::error::EngineError;
use crate::fs::{files_below, read_text};
use crate::thinlto::{INDEX_LIST, inputs};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use twinlto_facts::kbuild::object_list_or_bytes;
use twinlto_facts::life::{Generation, Stamp, Unit};

/// Reads what a build directory holds now.
///
/// # Errors
///
/// When it cannot be read, or its index lists what lies outside of it.
pub(super) fn generation(dir: &Path) -> Result<Generation, EngineError> {
    let mut now = Generation::default();
    for (path, meta) in files_below(dir)?.iter().filter(|(_, meta)| meta.is_file()) {
        let stamp = Stamp { modified: meta.modified().ok(), len: meta.len(), inode: meta.ino() };
        now.files.insert(path.display().to_string(), stamp);
    }
    let list = dir.join(INDEX_LIST);
    let names = match read_text(&list) {
        Ok(bytes) => object_list_or_bytes(&bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(EngineError::io("read", &list, &error)),
    };
    for module in inputs::read(dir, dir, &names)? {
        let unit = Unit {
            ir: module.ir.hash,
            index: module.index_hash,
            imports: module.imports.into_iter().collect(),
            unreadable: module.unusable,
        };
        now.units.insert(module.name, unit);
    }
    Ok(now)
}
