//! The files of `cases/` that the binary carries: the pocket kernel and the tiny fragments.

use crate::error::EngineError;
use crate::fs::remove_tree;
use rust_embed::RustEmbed;
use std::path::{Path, PathBuf};
use twinlto_model::Arch;

#[derive(RustEmbed)]
#[folder = "../../cases"]
struct Cases;

/// The fragments that make `--config tiny`, in the order in which they are laid over each
/// other: name and text.
pub(crate) fn tiny_fragments(arch: Arch) -> Vec<(String, String)> {
    ["config/tiny.config".to_owned(), format!("config/tiny.{arch}.config")]
        .into_iter()
        .filter_map(|name| {
            let text = String::from_utf8_lossy(&Cases::get(&name)?.data).into_owned();
            Some((format!("cases/{name}"), text))
        })
        .collect()
}

/// The known defects that the binary carries: name, file and text of each, by name.
pub(crate) fn defects() -> Vec<(String, String, String)> {
    Cases::iter()
        .filter_map(|path| {
            let name = path.strip_prefix("inject/")?.strip_suffix("/case.toml")?.to_owned();
            let text = String::from_utf8_lossy(&Cases::get(&path)?.data).into_owned();
            Some((name, format!("cases/{path}"), text))
        })
        .collect()
}

/// The text of a matrix and what its file is called: of a file, or of those that the binary carries.
///
/// # Errors
///
/// When there is neither.
pub fn matrix_text(name: &str) -> Result<(String, String), EngineError> {
    let path = Path::new(name);
    if path.is_file() {
        let bytes = crate::fs::read_text(path).map_err(|e| EngineError::io("read", path, &e))?;
        return Ok((String::from_utf8_lossy(&bytes).into_owned(), name.to_owned()));
    }
    let inside = format!("matrix/{name}.toml");
    match Cases::get(&inside) {
        Some(file) => {
            Ok((String::from_utf8_lossy(&file.data).into_owned(), format!("cases/{inside}")))
        }
        None => {
            let known = Cases::iter().filter_map(|path| {
                Some(path.strip_prefix("matrix/")?.strip_suffix(".toml")?.to_owned())
            });
            Err(EngineError::usage(
                format!("matrix {name}"),
                "there is no such file, and twinlto carries none of that name",
                format!("it carries {}", Vec::from_iter(known).join(", ")),
            ))
        }
    }
}

/// Unpacks the pocket kernel into the cache, once for each version of it, and tells where.
pub(crate) fn pocket_kernel() -> Result<PathBuf, EngineError> {
    let files: Vec<String> =
        Cases::iter().filter(|name| name.starts_with("pocket/")).map(|n| n.into_owned()).collect();
    let mut hasher = blake3::Hasher::new();
    for name in &files {
        hasher.update(name.as_bytes());
        hasher.update(&Cases::get(name).map(|f| f.metadata.sha256_hash()).unwrap_or_default());
    }
    let hash = hasher.finalize().to_hex();
    let dir = cache_dir()?.join(format!("pocket-{}", hash.as_str().get(..12).unwrap_or_default()));
    if dir.is_dir() {
        return Ok(dir);
    }
    let part = dir.with_extension(format!("part-{}", std::process::id()));
    if let Err(error) = std::fs::create_dir_all(&part) {
        return Err(EngineError::environment(
            format!("failed to make {}", part.display()),
            error.to_string(),
            "set TWINLTO_CACHE to a directory that can be written",
        ));
    }
    remove_tree(&part)?;
    for name in &files {
        let path = part.join(name.strip_prefix("pocket/").unwrap_or(name));
        let bytes = Cases::get(name).map(|f| f.data.into_owned()).unwrap_or_default();
        write(&path, &bytes)?;
    }
    match std::fs::rename(&part, &dir) {
        Ok(()) => Ok(dir),
        // Another twinlto was faster.
        Err(_) if dir.is_dir() => remove_tree(&part).map(|()| dir),
        Err(error) => Err(EngineError::io("make", &dir, &error)),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(|e| EngineError::io("make", dir, &e))?;
    std::fs::write(path, bytes).map_err(|e| EngineError::io("write", path, &e))
}

/// `$TWINLTO_CACHE`, or `twinlto` in the user's cache directory.
pub(crate) fn cache_dir() -> Result<PathBuf, EngineError> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("TWINLTO_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("twinlto")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache/twinlto")))
        .ok_or_else(|| {
            EngineError::environment(
                "no cache directory",
                "neither TWINLTO_CACHE nor XDG_CACHE_HOME nor HOME is set",
                "set TWINLTO_CACHE to a directory of yours",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::kbuild::Config;

    #[test]
    fn every_architecture_has_its_tiny_fragments_and_they_are_sound() {
        for arch in Arch::ALL {
            let fragments = tiny_fragments(arch);
            assert_eq!(fragments.len(), 2, "{arch}");
            for (name, text) in fragments {
                assert!(Config::parse(&text).bad_lines.is_empty(), "{name}");
            }
        }
    }
}
