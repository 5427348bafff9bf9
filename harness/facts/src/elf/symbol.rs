use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// One symbol, as it stands in the symbol table: nothing is normalised, `.llvm.<hash>` suffixes
/// are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its name; bytes that are no UTF-8 are replaced.
    pub name: Cow<'a, str>,
    /// Who may see it while linking.
    pub binding: Binding,
    /// Who may see it once linked.
    pub visibility: Visibility,
    /// What it names.
    pub kind: SymbolKind,
    /// Where it is defined.
    pub section: SectionRef,
    /// Address; in relocatable files the offset in its section. Units: bytes.
    pub value: u64,
    /// Size of what it names, 0 where unknown; units: bytes.
    pub size: u64,
    /// `st_other` without the visibility: bits of the machine, like `STO_AARCH64_VARIANT_PCS`.
    pub other: u8,
    /// Source file of its translation unit, from the `STT_FILE` symbol before it; `None` for
    /// globals, which follow no file. Assembly objects have no such symbol, so that their
    /// locals seem to belong to the file before them: a hint, no proof.
    pub file: Option<Cow<'a, str>>,
}

impl Symbol<'_> {
    /// Whether another object has to define it.
    #[must_use]
    pub fn is_undefined(&self) -> bool {
        self.section == SectionRef::Undefined
    }

    /// Whether it marks code or data in a text section and names nothing: `$x`, `$d.1` (arm64,
    /// riscv) and assembler-local `.L…`, `L0…` (`is_mapping_symbol` in
    /// `include/linux/module_symbol.h`, Linux 7.3).
    #[must_use]
    pub fn is_mapping(&self) -> bool {
        [".L", "L0", "$"].iter().any(|start| self.name.starts_with(start))
    }
}

/// `st_bind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// `STB_GLOBAL`
    Global,
    /// `STB_WEAK`
    Weak,
    /// `STB_LOCAL`
    Local,
    /// `STB_GNU_UNIQUE`
    Unique,
    /// Any other number.
    Other(u8),
}

/// `st_other`, its two low bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// `STV_DEFAULT`
    Default,
    /// `STV_INTERNAL`
    Internal,
    /// `STV_HIDDEN`
    Hidden,
    /// `STV_PROTECTED`
    Protected,
}

/// `st_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SymbolKind {
    /// `STT_FUNC`
    Func,
    /// `STT_GNU_IFUNC`
    Ifunc,
    /// `STT_OBJECT`
    Object,
    /// `STT_TLS`
    Tls,
    /// `STT_COMMON`
    Common,
    /// `STT_NOTYPE`
    NoType,
    /// `STT_SECTION`
    Section,
    /// `STT_FILE`
    File,
    /// Any other number.
    Other(u8),
}

/// `st_shndx`: where a symbol is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SectionRef {
    /// `SHN_UNDEF`: elsewhere.
    Undefined,
    /// `SHN_ABS`: its value is no address of a section.
    Absolute,
    /// `SHN_COMMON`
    Common,
    /// In the section with this index in [`super::Image::sections`], which exists.
    Named(usize),
    /// Another reserved number.
    Other(u16),
}

impl Binding {
    /// `global`, `weak`, `local`, `unique` or `other`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Weak => "weak",
            Self::Local => "local",
            Self::Unique => "unique",
            Self::Other(_) => "other",
        }
    }

    pub(super) const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Local,
            1 => Self::Global,
            2 => Self::Weak,
            10 => Self::Unique,
            other => Self::Other(other),
        }
    }
}

impl Visibility {
    /// `default`, `internal`, `hidden` or `protected`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Internal => "internal",
            Self::Hidden => "hidden",
            Self::Protected => "protected",
        }
    }

    pub(super) const fn from_number(number: u8) -> Self {
        match number & 3 {
            0 => Self::Default,
            1 => Self::Internal,
            2 => Self::Hidden,
            _ => Self::Protected,
        }
    }
}

impl SymbolKind {
    /// `func`, `object`, `notype` and so on; `other` for numbers without a name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Func => "func",
            Self::Ifunc => "ifunc",
            Self::Object => "object",
            Self::Tls => "tls",
            Self::Common => "common",
            Self::NoType => "notype",
            Self::Section => "section",
            Self::File => "file",
            Self::Other(_) => "other",
        }
    }

    pub(super) const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::NoType,
            1 => Self::Object,
            2 => Self::Func,
            3 => Self::Section,
            4 => Self::File,
            5 => Self::Common,
            6 => Self::Tls,
            10 => Self::Ifunc,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for SymbolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
