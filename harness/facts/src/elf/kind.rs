use serde::{Deserialize, Serialize};
use std::fmt;

/// How much of the start of a file [`kind`] looks at; units: bytes.
pub const KIND_PREFIX: usize = 64;

/// What a file is, by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// No bytes at all: what `touch` leaves, and kbuild's place for an empty LTO object.
    Empty,
    /// An ELF file whose header is whole; what follows it may not be.
    Elf(ElfIdent),
    /// LLVM bitcode.
    Bitcode {
        /// Whether the wrapper header `0x0b17c0de` comes first (Darwin targets).
        wrapped: bool,
    },
    /// `ar` archive that holds its members.
    Archive,
    /// `ar` archive that names its members (`llvm-ar T`): kbuild's `vmlinux.a` and `built-in.a`.
    ThinArchive,
    /// ELF magic, but the file header ends too early.
    TruncatedElf,
    /// Anything else, with its first bytes (at most eight).
    Other(Vec<u8>),
}

/// The part of an ELF file header that says whom the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ElfIdent {
    /// 32 or 64 bits.
    pub class: ElfClass,
    /// Byte order.
    pub endian: ElfEndian,
    /// `ET_REL` (1), `ET_EXEC` (2), `ET_DYN` (3) …
    pub e_type: u16,
    /// Machine number (`include/uapi/linux/elf-em.h`); see `twinlto_model::Arch::from_e_machine`.
    pub e_machine: u16,
    /// ABI bits whose meaning the machine gives: float ABI, compressed code, object version.
    pub e_flags: u32,
}

/// `EI_CLASS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ElfClass {
    /// `ELFCLASS32`
    Elf32,
    /// `ELFCLASS64`
    Elf64,
}

/// `EI_DATA`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ElfEndian {
    /// `ELFDATA2LSB`
    Little,
    /// `ELFDATA2MSB`
    Big,
}

/// `ET_REL`: an object or a module, not yet placed at an address.
pub const ET_REL: u16 = 1;

/// Tells what a file is. Wants its first [`KIND_PREFIX`] bytes, or all of a shorter file; more
/// change nothing. Never fails: what it does not know is [`ObjectKind::Other`].
#[must_use]
pub fn kind(bytes: &[u8]) -> ObjectKind {
    match bytes {
        [] => ObjectKind::Empty,
        [b'B', b'C', 0xc0, 0xde, ..] => ObjectKind::Bitcode { wrapped: false },
        // 0x0b17c0de, little endian (llvm/include/llvm/Bitcode/BitcodeReader.h).
        [0xde, 0xc0, 0x17, 0x0b, ..] => ObjectKind::Bitcode { wrapped: true },
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', b'\n', ..] => ObjectKind::Archive,
        [b'!', b'<', b't', b'h', b'i', b'n', b'>', b'\n', ..] => ObjectKind::ThinArchive,
        [0x7f, b'E', b'L', b'F', rest @ ..] => elf_kind(bytes, rest),
        _ => ObjectKind::Other(bytes.iter().copied().take(8).collect()),
    }
}

impl ElfIdent {
    /// Whether the file still has relocations instead of addresses: an object or a `.ko`.
    #[must_use]
    pub const fn is_relocatable(&self) -> bool {
        self.e_type == ET_REL
    }

    /// Size of an address; units: bytes.
    #[must_use]
    pub const fn pointer_size(&self) -> usize {
        match self.class {
            ElfClass::Elf32 => 4,
            ElfClass::Elf64 => 8,
        }
    }
}

impl ElfEndian {
    /// Puts up to eight bytes together; further ones are left out.
    #[must_use]
    pub fn uint(self, bytes: &[u8]) -> u64 {
        let join = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        let bytes = bytes.get(..8).unwrap_or(bytes);
        match self {
            Self::Little => bytes.iter().rev().fold(0, join),
            Self::Big => bytes.iter().fold(0, join),
        }
    }
}

impl fmt::Display for ElfIdent {
    /// `ELF64 little-endian rel machine 183 flags 0x0`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.class {
            ElfClass::Elf32 => "ELF32",
            ElfClass::Elf64 => "ELF64",
        };
        let endian = match self.endian {
            ElfEndian::Little => "little-endian",
            ElfEndian::Big => "big-endian",
        };
        write!(f, "{class} {endian} ")?;
        match self.e_type {
            ET_REL => f.write_str("rel")?,
            2 => f.write_str("exec")?,
            3 => f.write_str("dyn")?,
            other => write!(f, "type {other}")?,
        }
        write!(f, " machine {} flags {:#x}", self.e_machine, self.e_flags)
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Elf(ident) => ident.fmt(f),
            Self::Bitcode { wrapped: false } => f.write_str("bitcode"),
            Self::Bitcode { wrapped: true } => f.write_str("wrapped bitcode"),
            Self::Archive => f.write_str("archive"),
            Self::ThinArchive => f.write_str("thin archive"),
            Self::TruncatedElf => f.write_str("truncated ELF"),
            Self::Other(bytes) => write!(f, "unknown ({})", bytes.escape_ascii()),
        }
    }
}

fn elf_kind(bytes: &[u8], after_magic: &[u8]) -> ObjectKind {
    let other = || ObjectKind::Other(bytes.iter().copied().take(8).collect());
    let [class, endian, version, ..] = after_magic else {
        return ObjectKind::TruncatedElf;
    };
    let class = match class {
        1 => ElfClass::Elf32,
        2 => ElfClass::Elf64,
        _ => return other(),
    };
    let endian = match endian {
        1 => ElfEndian::Little,
        2 => ElfEndian::Big,
        _ => return other(),
    };
    if *version != 1 {
        return other();
    }
    // Elf32_Ehdr and Elf64_Ehdr: size of the header, place of e_flags.
    let (size, flags) = match class {
        ElfClass::Elf32 => (52, 36),
        ElfClass::Elf64 => (64, 48),
    };
    let Some(header) = bytes.get(..size) else {
        return ObjectKind::TruncatedElf;
    };
    let field = |at: usize, len: usize| endian.uint(header.get(at..at + len).unwrap_or_default());
    ObjectKind::Elf(ElfIdent {
        class,
        endian,
        e_type: field(16, 2) as u16,
        e_machine: field(18, 2) as u16,
        e_flags: field(flags, 4) as u32,
    })
}
