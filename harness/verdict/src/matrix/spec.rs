use super::KnownToolchain;
use super::rules::CellRule;
use crate::expect::{LlvmRange, position};
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use twinlto_model::{Arch, Modes};

/// A matrix as its file says it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spec {
    /// Its name: that of its file.
    #[serde(skip)]
    pub name: String,
    /// Its file, for errors.
    #[serde(skip)]
    pub file: String,
    /// What it is for.
    #[serde(default)]
    pub title: String,
    /// Kernels: `pocket`, or source trees.
    #[serde(default)]
    pub kernels: Vec<String>,
    /// Configurations as `--config` takes them, several separated by blanks.
    #[serde(default)]
    pub configs: Vec<String>,
    /// Architectures.
    #[serde(default)]
    pub arches: Vec<Arch>,
    /// Toolchains among those that are there: versions (`22`, `>=23`), names, or `all`.
    #[serde(default)]
    pub toolchains: Vec<String>,
    /// Modes as `--mode` takes them: `reference` against in-process, or two with a blank between them.
    #[serde(default, deserialize_with = "list_of_modes")]
    pub modes: Vec<Modes>,
    /// Cells of the product that are left out.
    #[serde(default)]
    pub exclude: Vec<CellRule>,
    /// Cells besides the product.
    #[serde(default)]
    pub include: Vec<Inclusion>,
    /// What is expected of cells.
    #[serde(default)]
    pub expect: Vec<CellRule>,
}

/// One cell besides the product.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Inclusion {
    /// Kernel.
    pub kernel: String,
    /// Configuration.
    pub config: String,
    /// Architecture.
    pub arch: Arch,
    /// Toolchain, as in the list.
    pub toolchain: String,
    /// Modes, as in the list; kbuild's two where it says nothing.
    #[serde(default, rename = "mode", deserialize_with = "modes")]
    pub modes: Option<Modes>,
}

/// Reads modes as they are written in a matrix.
pub(super) fn modes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Modes>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(de::Error::custom)
}

fn list_of_modes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Modes>, D::Error> {
    let words = Vec::<String>::deserialize(from)?;
    words.iter().map(|word| word.parse().map_err(de::Error::custom)).collect()
}

/// A matrix that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixError {
    /// File, and where in it.
    pub place: String,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for MatrixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl std::error::Error for MatrixError {}

impl Spec {
    /// Reads a matrix.
    ///
    /// # Errors
    ///
    /// When it is no TOML, has a field that is none, or a value that says nothing.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Self, MatrixError> {
        let mut spec: Self = toml::from_str(text).map_err(|error| {
            let place = match error.span() {
                Some(span) => {
                    let (line, column) = position(text, span.start);
                    format!("{file}, line {line}, column {column}")
                }
                None => file.to_owned(),
            };
            MatrixError { place, why: error.message().replace('\n', " ") }
        })?;
        spec.name = name.to_owned();
        spec.file = file.to_owned();
        spec.check().map_err(|why| MatrixError { place: file.to_owned(), why })?;
        Ok(spec)
    }

    fn check(&self) -> Result<(), String> {
        for rule in self.exclude.iter().chain(&self.expect) {
            if let Some(range) = &rule.toolchain {
                range.parse::<LlvmRange>()?;
            }
        }
        if self.exclude.iter().any(|rule| rule.outcome.is_some() || rule.file.is_some()) {
            return Err("cells that are left out have neither an outcome nor a file".to_owned());
        }
        for rule in &self.expect {
            match rule.outcome.as_deref() {
                None | Some("agree" | "differ" | "broken" | "skipped") => {}
                Some(word) => {
                    return Err(format!(
                        "[[expect]] ('{}'): '{word}' is no outcome; there are agree, differ, broken, \
                         skipped",
                        rule.reason
                    ));
                }
            }
            if rule.outcome.is_none() && rule.file.is_none() {
                let which = format!("[[expect]] ('{}')", rule.reason);
                return Err(format!("{which} has neither an outcome nor a file"));
            }
        }
        Ok(())
    }

    /// What is not named is what a check would take.
    #[must_use]
    pub fn filled(mut self, arch: Arch) -> Self {
        let or = |list: &mut Vec<String>, word: &str| {
            if list.is_empty() {
                list.push(word.to_owned());
            }
        };
        or(&mut self.kernels, "pocket");
        or(&mut self.configs, "tiny");
        or(&mut self.toolchains, "all");
        if self.arches.is_empty() {
            self.arches.push(arch);
        }
        if self.modes.is_empty() {
            self.modes.push(Modes::default());
        }
        self
    }

    /// Words that name no toolchain that is there, in the lists and of `[[include]]`, once each:
    /// another machine may have what they name.
    ///
    /// # Errors
    ///
    /// When one is no word for a toolchain.
    pub fn unmatched(&self, known: &[KnownToolchain]) -> Result<Vec<String>, MatrixError> {
        let mut none: Vec<String> = Vec::new();
        let included = self.include.iter().map(|cell| &cell.toolchain);
        for word in self.toolchains.iter().chain(included) {
            if known.iter().any(|it| names_toolchain(word, it)) || none.contains(word) {
                continue;
            }
            let is_name = word == "all" || is_version(word.trim_start_matches("clang "));
            if let (Err(why), false) = (word.parse::<LlvmRange>(), is_name) {
                let there: Vec<&str> = known.iter().map(|it| it.name.as_str()).collect();
                let why = format!(
                    "toolchain '{word}': {why}; it takes 22, >=22, <=22, 19..22, 22.1.8, all, or the \
                     name of one that is there: {}",
                    there.join(", ")
                );
                return Err(MatrixError { place: self.file.clone(), why });
            }
            none.push(word.clone());
        }
        Ok(none)
    }

    /// Whether a toolchain is one of those that are asked for: given, or named by a list.
    #[must_use]
    pub fn wants_toolchain(&self, known: &KnownToolchain) -> bool {
        known.given || self.toolchains.iter().any(|word| names_toolchain(word, known))
    }
}

/// Whether a text begins with a whole version: `22.1.8`, with or without what names a build of it.
fn is_version(text: &str) -> bool {
    let version = text.split(' ').next().unwrap_or_default();
    let parts: Vec<&str> = version.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
}

/// Whether a word of a matrix names a toolchain.
pub(super) fn names_toolchain(word: &str, known: &KnownToolchain) -> bool {
    match word.parse::<LlvmRange>() {
        Ok(range) => range.contains(known.version.major),
        Err(_) => word == "all" || known.name == word || known.version.to_string() == word,
    }
}
