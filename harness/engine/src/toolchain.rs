mod compiler;
mod discover;
mod recorded;

pub(crate) use compiler::Compiler;
pub use discover::{Found, discover};
pub(crate) use recorded::recorded;

use crate::error::EngineError;
use crate::process::capture;
use crate::recipe::Recipe;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use twinlto_model::{ToolVersion, Toolchain};

/// An LLVM, named as the kernel's `LLVM=` names it.
///
/// Source: `Documentation/kbuild/llvm.rst`, Linux 7.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LlvmSpec {
    /// `LLVM=1`: the tools without a suffix.
    Plain,
    /// `LLVM=-22`: the tools with this suffix.
    Suffix(String),
    /// `LLVM=/path/bin/`: the tools in this directory.
    Prefix(String),
}

impl LlvmSpec {
    /// What make gets as `LLVM=`.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Plain => "1".to_owned(),
            Self::Suffix(suffix) => suffix.clone(),
            Self::Prefix(prefix) => prefix.clone(),
        }
    }

    /// The program that kbuild runs for one of its tools.
    #[must_use]
    pub fn program(&self, tool: &str) -> String {
        match self {
            Self::Plain => tool.to_owned(),
            Self::Suffix(suffix) => format!("{tool}{suffix}"),
            Self::Prefix(prefix) => format!("{prefix}{tool}"),
        }
    }
}

impl fmt::Display for LlvmSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value())
    }
}

impl FromStr for LlvmSpec {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        let bad = |cause: String| {
            EngineError::usage(
                format!("--llvm {text}"),
                cause,
                "give what the kernel's LLVM= takes: 1, -22 or /path/bin/",
            )
        };
        if text == "1" {
            return Ok(Self::Plain);
        }
        if text.ends_with('/') {
            let absolute = std::path::absolute(text).map_err(|e| bad(e.to_string()))?;
            let mut prefix = absolute.to_string_lossy().into_owned();
            if !prefix.ends_with('/') {
                prefix.push('/');
            }
            return Ok(Self::Prefix(prefix));
        }
        if text.starts_with('-') && text.len() > 1 && !text.contains('/') {
            return Ok(Self::Suffix(text.to_owned()));
        }
        if Path::new(text).is_dir() {
            return Err(bad(
                "a directory must end in '/', or kbuild takes it for part of a name".into()
            ));
        }
        Err(bad(
            "it is neither 1, nor a suffix such as -22, nor a directory that ends in '/'".into()
        ))
    }
}

/// The tools of an LLVM that a check calls, by their plain names.
pub(crate) const NEEDED: [&str; 6] =
    ["clang", "ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-readelf"];

/// Where a program is: the path itself, or the first of that name in `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let runs = |path: &Path| {
        path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        let path = PathBuf::from(name);
        return runs(&path).then_some(path);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| runs(path))
}

/// Asks an LLVM who it is.
///
/// # Errors
///
/// When a tool is missing or does not answer with a version, or when clang, lld and llvm-ar
/// are not of one version.
pub(crate) fn identify(spec: &LlvmSpec) -> Result<Toolchain, EngineError> {
    let hint = "run twinlto doctor: it lists every tool that is needed and how to get it";
    for tool in NEEDED {
        let program = spec.program(tool);
        if find_program(&program).is_none() {
            return Err(EngineError::environment(
                format!("LLVM={spec}"),
                format!("there is no program {program}"),
                hint,
            ));
        }
    }
    let clang = version_line(spec, "clang")?;
    let lld = version_line(spec, "ld.lld")?;
    let ar = version_line(spec, "llvm-ar")?;
    if clang.1 != lld.1 || clang.1 != ar.1 {
        return Err(EngineError::environment(
            format!("LLVM={spec}"),
            format!("clang is {}, ld.lld {}, llvm-ar {}", clang.1, lld.1, ar.1),
            "give tools of one version: bitcode of one is not for another",
        ));
    }
    Ok(Toolchain { llvm: spec.value(), version: clang.1, clang: clang.0, lld: lld.0, ar: ar.0 })
}

fn version_line(spec: &LlvmSpec, tool: &str) -> Result<(String, ToolVersion), EngineError> {
    let program = spec.program(tool);
    let said = capture(&Recipe::new(Path::new("."), &program).arg("--version"))?;
    let found = said.stdout.lines().find_map(|line| Some((line.trim(), ToolVersion::find(line)?)));
    match found {
        Some((line, version)) => Ok((line.to_owned(), version)),
        None => Err(EngineError::environment(
            format!("{program} --version"),
            format!(
                "it names no version: '{}'",
                said.stdout.lines().next().unwrap_or(said.stderr.trim())
            ),
            "",
        )),
    }
}

/// What identifies the tools themselves: path, size and time of each, links resolved.
pub(crate) fn identity(spec: &LlvmSpec) -> String {
    use std::os::unix::fs::MetadataExt;
    let mut text = String::new();
    for tool in NEEDED {
        let path = find_program(&spec.program(tool)).and_then(|p| p.canonicalize().ok());
        if let Some((path, meta)) = path.and_then(|p| Some((p.clone(), p.metadata().ok()?))) {
            let time = (meta.mtime(), meta.mtime_nsec());
            text.push_str(&format!("{} {} {time:?}\n", path.display(), meta.len()));
        }
    }
    text
}

/// Who a program is: what it says of itself, which file it is, and what it is told besides its command:
/// its configuration files, which `--version` names (clang's user manual, LLVM 17 to 24), and
/// `CCC_OVERRIDE_OPTIONS`.
pub(crate) fn program_identity(recipe: &Recipe) -> Result<String, EngineError> {
    let said = capture(&recipe.clone().arg("--version"))?;
    let program = recipe.argv.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    let line = said.stdout.lines().next().unwrap_or_default().to_owned();
    let path = find_program(&program).and_then(|path| path.canonicalize().ok());
    let file = path.and_then(|path| {
        let meta = path.metadata().ok()?;
        Some(format!("{} {} {}.{}", path.display(), meta.len(), meta.mtime(), meta.mtime_nsec()))
    });
    let mut text = format!("{line}\n{}", file.unwrap_or_default());
    for config in said.stdout.lines().filter_map(|line| line.strip_prefix("Configuration file: ")) {
        let bytes = std::fs::read(config).unwrap_or_default();
        text.push_str(&format!("\n{config} {}", blake3::hash(&bytes).to_hex()));
    }
    if let Some(edits) = std::env::var_os("CCC_OVERRIDE_OPTIONS") {
        text.push_str(&format!("\n{}", edits.to_string_lossy()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn llvm_is_named_as_the_kernel_names_it() {
        let spec = |text: &str| text.parse::<LlvmSpec>().map(|s| s.program("clang"));
        assert_eq!(spec("1").unwrap(), "clang");
        assert_eq!(spec("-22").unwrap(), "clang-22");
        assert_eq!(spec("/opt/llvm/bin/").unwrap(), "/opt/llvm/bin/clang");
        assert!(spec("22").is_err());
        assert!(spec("").is_err());
        assert!(spec("/").is_ok());
    }
}
