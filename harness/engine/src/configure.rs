use crate::cases::tiny_fragments;
use crate::error::EngineError;
use crate::fs::write_atomic;
use std::path::{Path, PathBuf};
use twinlto_facts::kbuild::Config;
use twinlto_model::{Arch, Mode};
use twinlto_verdict::switch_mode;

/// What a configuration starts from, and what is laid over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSource {
    base: Base,
    fragments: Vec<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Base {
    Tiny,
    Defconfig,
    File(PathBuf),
}

/// Symbols that Kconfig computes from the toolchain: a `.config` of another one loses them.
const PROBED: [&str; 11] = [
    "CC_", "GCC_", "CLANG_", "LLD_", "AS_", "LD_", "RUSTC_", "PAHOLE_", "TOOLS_", "BINDGEN_",
    "LLVM_",
];

impl ConfigSource {
    /// Reads the values of `--config` in order: `tiny`, `defconfig` and files are bases, of
    /// which the last one counts; `+FILE` is laid over what came before.
    ///
    /// # Errors
    ///
    /// When a file is not there.
    pub fn parse_all(values: &[String]) -> Result<Self, EngineError> {
        let mut source = Self { base: Base::Tiny, fragments: Vec::new() };
        for value in values {
            let file = |name: &str| {
                let path = PathBuf::from(name);
                if path.is_file() {
                    return Ok(path);
                }
                Err(EngineError::usage(
                    format!("--config {value}"),
                    format!("there is no file {name}"),
                    "give tiny, defconfig, a .config file, or +FRAGMENT",
                ))
            };
            match value.strip_prefix('+') {
                Some(fragment) => source.fragments.push(file(fragment)?),
                None => {
                    source.fragments.clear();
                    source.base = match value.as_str() {
                        "tiny" => Base::Tiny,
                        "defconfig" => Base::Defconfig,
                        name => Base::File(file(name)?),
                    };
                }
            }
        }
        Ok(source)
    }

    /// What reports call it: `tiny`, `defconfig +kvm.config`.
    #[must_use]
    pub fn name(&self) -> String {
        let file = |path: &Path| {
            path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let mut name = match &self.base {
            Base::Tiny => "tiny".to_owned(),
            Base::Defconfig => "defconfig".to_owned(),
            Base::File(path) => file(path),
        };
        for fragment in &self.fragments {
            name.push_str(&format!(" +{}", file(fragment)));
        }
        name
    }

    /// The make target that writes the base, where make does.
    pub(crate) fn target(&self) -> Option<&'static str> {
        match self.base {
            Base::Tiny => Some("tinyconfig"),
            Base::Defconfig => Some("defconfig"),
            Base::File(_) => None,
        }
    }

    /// Everything that was asked for beyond the make target: fragments, a base file, the mode.
    pub(crate) fn requested(&self, arch: Arch, mode: Mode) -> Result<Config, EngineError> {
        let mut config = match &self.base {
            Base::Tiny => {
                let mut config = Config::default();
                for (name, text) in tiny_fragments(arch) {
                    config.overlay(sound(&name, Config::parse(&text))?);
                }
                config
            }
            Base::Defconfig => Config::default(),
            Base::File(path) => {
                let mut config = read(path)?;
                config.values.retain(|symbol, _| !PROBED.iter().any(|p| symbol.starts_with(p)));
                config
            }
        };
        for path in &self.fragments {
            let fragment = read(path)?;
            if let Some(choice) = lto_choice(&fragment) {
                return Err(EngineError::usage(
                    format!("--config +{}", path.display()),
                    format!("it sets CONFIG_{choice}, and both LTO modes are built"),
                    "take the line out of the fragment",
                ));
            }
            config.overlay(fragment);
        }
        Ok(switch_mode(config, mode))
    }
}

/// The LTO mode that a fragment asks for; `lto` has a choice of four (`arch/Kconfig`, Linux 7.3).
fn lto_choice(fragment: &Config) -> Option<&'static str> {
    let modes = ["LTO_NONE", "LTO_CLANG_FULL", "LTO_CLANG_THIN", "LTO_CLANG_THIN_DIST"];
    modes.into_iter().find(|mode| fragment.is_yes(mode))
}

fn read(path: &Path) -> Result<Config, EngineError> {
    let bytes = std::fs::read(path).map_err(|e| EngineError::io("read", path, &e))?;
    sound(&path.display().to_string(), Config::parse(&String::from_utf8_lossy(&bytes)))
}

fn sound(name: &str, config: Config) -> Result<Config, EngineError> {
    match config.bad_lines.first() {
        None => Ok(config),
        Some((line, text)) => Err(EngineError::usage(
            format!("{name}, line {line}"),
            format!("'{text}' is neither CONFIG_X=VALUE nor '# CONFIG_X is not set'"),
            "",
        )),
    }
}

/// Lays what was requested over the `.config` of a build directory.
pub(crate) fn overlay_dot_config(dir: &Path, requested: &Config) -> Result<(), EngineError> {
    let path = dir.join(".config");
    let mut config = match std::fs::read(&path) {
        Ok(bytes) => Config::parse(&String::from_utf8_lossy(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Config::default(),
        Err(error) => return Err(EngineError::io("read", &path, &error)),
    };
    config.overlay(requested.clone());
    write_atomic(&path, config.to_text().as_bytes())
}

/// The `.config` that a build directory holds.
pub(crate) fn dot_config(dir: &Path) -> Result<Config, EngineError> {
    let path = dir.join(".config");
    let bytes = std::fs::read(&path).map_err(|e| EngineError::io("read", &path, &e))?;
    Ok(Config::parse(&String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&str]) -> Result<ConfigSource, EngineError> {
        ConfigSource::parse_all(&values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_last_base_counts_and_fragments_follow_it() {
        let file = tempfile::Builder::new().suffix(".frag").tempfile().unwrap();
        std::fs::write(file.path(), "CONFIG_PRINTK=n\n").unwrap();
        let fragment = format!("+{}", file.path().display());
        let source = parse(&["defconfig", &fragment, "tiny", &fragment]).unwrap();
        assert_eq!(source.target(), Some("tinyconfig"));
        assert_eq!(source.fragments.len(), 1);
        let config = source.requested(Arch::Arm64, Mode::Distributed).unwrap();
        assert!(!config.is_yes("PRINTK"));
        assert!(config.is_yes("LTO_CLANG_THIN_DIST"));
    }

    #[test]
    fn a_fragment_cannot_choose_the_mode() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "CONFIG_LTO_CLANG_FULL=y\n").unwrap();
        let source = parse(&[&format!("+{}", file.path().display())]).unwrap();
        let error = source.requested(Arch::Arm64, Mode::Distributed).unwrap_err();
        assert!(error.cause.contains("CONFIG_LTO_CLANG_FULL"), "{}", error.cause);
        // A whole configuration names a mode of necessity.
        let base = parse(&[&file.path().display().to_string()]).unwrap();
        assert!(base.requested(Arch::Arm64, Mode::Distributed).is_ok());
    }

    #[test]
    fn a_file_that_is_not_there_and_a_line_that_is_none_are_named() {
        assert_eq!(parse(&["+nowhere"]).unwrap_err().cause, "there is no file nowhere");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\nPRINTK=y\n").unwrap();
        let source = parse(&[&file.path().display().to_string()]).unwrap();
        let error = source.requested(Arch::Arm64, Mode::Distributed).unwrap_err();
        assert!(error.what.ends_with(", line 2"), "{}", error.what);
    }
}
