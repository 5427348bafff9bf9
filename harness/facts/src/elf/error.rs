use thiserror::Error;

/// Why an ELF file could not be read.
///
/// No variant names the file: readers get bytes; whoever opened them adds the path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ElfError {
    /// The first bytes are not those of an ELF file.
    #[error("not an ELF file: {kind}")]
    NotElf {
        /// What it is instead, in words.
        kind: String,
    },
    /// The file header or a table of it makes no sense.
    #[error("damaged ELF {what}: {why}")]
    Damaged {
        /// Which part: `section headers`, `symbol table` …
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A section reaches past the end of the file, as when a build was interrupted.
    #[error("section '{section}' ends at byte {end}, the file at byte {file_size}")]
    Truncated {
        /// Its name.
        section: String,
        /// Where it should end; units: bytes from the start of the file.
        end: u64,
        /// Size of the file; units: bytes.
        file_size: u64,
    },
    /// A section that the fact lives in is absent.
    #[error("no section '{0}'")]
    NoSection(String),
    /// A symbol that bounds a table is absent, as in a file that is not a final `vmlinux`.
    #[error("no symbol '{0}'")]
    NoSymbol(String),
    /// A table cannot be decoded, or in more than one way.
    #[error("cannot decode {table}: {why}")]
    Table {
        /// Which table: `__ksymtab`, `initcalls` …
        table: String,
        /// What stands in the way.
        why: String,
    },
}

impl ElfError {
    pub(crate) fn damaged(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Damaged { what: what.into(), why: why.to_string() }
    }

    pub(crate) fn table(table: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Table { table: table.into(), why: why.into() }
    }
}
