use super::error::ElfError;
use super::image::Image;
use super::kind::ElfClass;
use super::place::field;
use std::borrow::Cow;

/// The header of a section whose bytes are compressed (`SHF_COMPRESSED`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Compressed {
    /// Name of the section.
    pub section: String,
    /// `ELFCOMPRESS_ZLIB` (1), `ELFCOMPRESS_ZSTD` (2) …
    pub method: u32,
    /// Size of what it holds; units: bytes.
    pub size: u64,
    /// Alignment of what it holds; units: bytes.
    pub align: u64,
}

/// The compressed sections of a file, in file order. What they hold is read of debug sections alone
/// ([`crate::dwarf`]).
///
/// Source: System V gABI, "Section Compression": `Elf32_Chdr`, `Elf64_Chdr`.
///
/// # Errors
///
/// [`ElfError::Table`] if a section ends before its header does.
pub fn compressed(image: &Image<'_>) -> Result<Vec<Compressed>, ElfError> {
    let mut found = Vec::new();
    for (index, section) in image.sections.iter().enumerate() {
        if !section.flags.compressed() {
            continue;
        }
        let word = |at: u64, size: u64| {
            let bytes = field(image.data(index), at, size);
            let bytes = bytes.ok_or_else(|| {
                ElfError::table(section.name.as_ref(), "it ends before its compression header")
            })?;
            Ok(image.ident.endian.uint(bytes))
        };
        // Elf64_Chdr has four reserved bytes after the method.
        let (size, align) = match image.ident.class {
            ElfClass::Elf32 => (word(4, 4)?, word(8, 4)?),
            ElfClass::Elf64 => (word(8, 8)?, word(16, 8)?),
        };
        let section = section.name.clone().into_owned();
        found.push(Compressed { section, method: word(0, 4)? as u32, size, align });
    }
    Ok(found)
}

impl Compressed {
    /// `zlib`, `zstd`, or the number of another method.
    #[must_use]
    pub fn method_name(&self) -> Cow<'static, str> {
        match self.method {
            1 => Cow::Borrowed("zlib"),
            2 => Cow::Borrowed("zstd"),
            other => Cow::Owned(other.to_string()),
        }
    }
}
