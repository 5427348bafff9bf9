//! What a build directory gets from us, by the names and in the form of kbuild's distributed mode.

use crate::error::EngineError;
use crate::fs::{read_regular, write_atomic};
use crate::recipe::Recipe;
use std::path::Path;
use twinlto_facts::kbuild::{cmd_path, native_path};

/// The order of the objects.
pub(super) const ORDER: &str = "builtin.order";

/// The IR objects that a thin link has indexed.
pub(crate) const INDEX: &str = "vmlinux.thinlto-index";

/// The modules that a link has listed.
pub(super) fn listed(dir: &Path) -> Result<Vec<String>, EngineError> {
    let path = dir.join(INDEX);
    let bytes = read_regular(&path).map_err(|error| EngineError::io("read", &path, &error))?;
    let text = String::from_utf8_lossy(&bytes);
    let names: Vec<String> = text.lines().map(str::to_owned).collect();
    if names.is_empty() {
        return Err(bad_build(dir, "the thin link lists no module, so nothing was built for LTO"));
    }
    Ok(names)
}

/// Writes the `.cmd` file of an object's native object. The CRCs of what it exports are in its
/// front end's.
pub(crate) fn record_native(dir: &Path, object: &str, recipe: &Recipe) -> Result<(), EngineError> {
    let path = dir.join(cmd_path(object));
    let front = read_regular(&path).map_err(|error| EngineError::io("read", &path, &error))?;
    let symvers: Vec<&[u8]> =
        front.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"#SYMVER ")).collect();
    record(dir, &native_path(object), recipe, &symvers)
}

/// Writes the `.cmd` file of a target as kbuild's `cmd_and_savecmd` does, with further lines.
pub(super) fn record(
    dir: &Path,
    target: &str,
    recipe: &Recipe,
    lines: &[&[u8]],
) -> Result<(), EngineError> {
    // `make-cmd` in `scripts/Kbuild.include`, Linux 6.3 to 7.3.
    let command = recipe.to_string().replace('$', "$$").replace('#', "$(pound)");
    let mut text = format!("savedcmd_{target} := {command}\n").into_bytes();
    for line in lines {
        text.push(b'\n');
        text.extend_from_slice(line);
    }
    text.push(b'\n');
    write_atomic(&dir.join(cmd_path(target)), &text)
}

/// A build directory that is not what kbuild leaves.
pub(super) fn bad_build(dir: &Path, why: &str) -> EngineError {
    EngineError::usage(
        format!("build directory {}", dir.display()),
        why,
        "remove it, and build again",
    )
}
