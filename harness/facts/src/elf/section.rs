use object::elf::{Machine, SectionType, machine_names};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// One section header. The index of a section is its place in [`super::Image::sections`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// Its name; bytes that are no UTF-8 are replaced.
    pub name: Cow<'a, str>,
    /// `SHT_PROGBITS` (1), `SHT_NOBITS` (8) …
    pub sh_type: u32,
    /// Permissions and traits.
    pub flags: SectionFlags,
    /// Address in memory; 0 in relocatable files.
    pub address: u64,
    /// Where its bytes start; units: bytes from the start of the file.
    pub offset: u64,
    /// Size in memory; units: bytes.
    pub size: u64,
    /// Alignment of its start; units: bytes; 0 and 1 mean none.
    pub align: u64,
    /// Size of an entry where it is a table of equal ones, else 0; units: bytes.
    pub entsize: u64,
    /// Number of another section; the type says which.
    pub link: u32,
    /// Another number; the type says which.
    pub info: u32,
}

/// `SHT_SYMTAB`
pub const SHT_SYMTAB: u32 = 2;
/// `SHT_RELA`: relocations with their addends.
pub const SHT_RELA: u32 = 4;
/// `SHT_NOTE`
pub const SHT_NOTE: u32 = 7;
/// `SHT_NOBITS`: takes memory and no bytes of the file.
pub const SHT_NOBITS: u32 = 8;
/// `SHT_REL`: relocations whose addends stand in place.
pub const SHT_REL: u32 = 9;
/// `SHT_GROUP`: sections that are kept or left out together.
pub const SHT_GROUP: u32 = 17;
/// `SHT_CREL`: relocations in LLVM's compact form.
pub const SHT_CREL: u32 = 0x4000_0014;

impl Section<'_> {
    /// Its type as `readelf` prints it: `PROGBITS`, `NOBITS` …; a number where the meaning
    /// depends on the machine.
    #[must_use]
    pub fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self.sh_type {
            0 => "NULL",
            1 => "PROGBITS",
            SHT_SYMTAB => "SYMTAB",
            3 => "STRTAB",
            SHT_RELA => "RELA",
            5 => "HASH",
            6 => "DYNAMIC",
            SHT_NOTE => "NOTE",
            SHT_NOBITS => "NOBITS",
            SHT_REL => "REL",
            11 => "DYNSYM",
            14 => "INIT_ARRAY",
            15 => "FINI_ARRAY",
            16 => "PREINIT_ARRAY",
            SHT_GROUP => "GROUP",
            18 => "SYMTAB_SHNDX",
            19 => "RELR",
            SHT_CREL => "CREL",
            0x6fff_4c03 => "LLVM_ADDRSIG",
            0x6fff_fff6 => "GNU_HASH",
            other => return Cow::Owned(format!("{other:#x}")),
        })
    }

    /// The same where the machine is known, which has names for some of the numbers:
    /// `X86_64_UNWIND`, `RISCV_ATTRIBUTES`.
    #[must_use]
    pub fn type_name_on(&self, e_machine: u16) -> Cow<'static, str> {
        match self.type_name() {
            Cow::Owned(number) => {
                let names = machine_names(Machine(e_machine)).sht;
                let name = names.name(SectionType(self.sh_type));
                let name = name.and_then(|name| name.strip_prefix("SHT_"));
                name.map_or(Cow::Owned(number), Cow::Borrowed)
            }
            name => name,
        }
    }

    /// Whether it takes memory and no bytes of the file, like `.bss`.
    #[must_use]
    pub const fn is_nobits(&self) -> bool {
        self.sh_type == SHT_NOBITS
    }

    /// Whether it holds relocations, in whatever form but `SHT_RELR`.
    #[must_use]
    pub const fn is_relocations(&self) -> bool {
        matches!(self.sh_type, SHT_REL | SHT_RELA | SHT_CREL)
    }

    /// Whether equal entries of it may be merged (`SHF_MERGE`).
    #[must_use]
    pub const fn is_merged(&self) -> bool {
        self.flags.0 & 0x10 != 0
    }

    /// Whether its entries are texts that end with a NUL (`SHF_STRINGS`).
    #[must_use]
    pub const fn is_text(&self) -> bool {
        self.flags.0 & 0x20 != 0
    }

    /// Whether `address` lies inside it and it is part of the running kernel.
    #[must_use]
    pub fn holds(&self, address: u64) -> bool {
        self.flags.alloc() && address.checked_sub(self.address).is_some_and(|at| at < self.size)
    }
}

/// `sh_flags`; prints like `readelf`: `WAX`, `AMS`, empty for none.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct SectionFlags(pub u64);

impl SectionFlags {
    /// `SHF_WRITE`
    #[must_use]
    pub const fn write(self) -> bool {
        self.0 & 1 != 0
    }

    /// `SHF_ALLOC`: part of the running program.
    #[must_use]
    pub const fn alloc(self) -> bool {
        self.0 & 2 != 0
    }

    /// `SHF_EXECINSTR`
    #[must_use]
    pub const fn exec(self) -> bool {
        self.0 & 4 != 0
    }

    /// `SHF_COMPRESSED`
    #[must_use]
    pub const fn compressed(self) -> bool {
        self.0 & 0x800 != 0
    }
}

/// Bit and letter, in the order in which `readelf` prints them.
const LETTERS: [(u64, char); 14] = [
    (0x1, 'W'),
    (0x2, 'A'),
    (0x4, 'X'),
    (0x10, 'M'),
    (0x20, 'S'),
    (0x40, 'I'),
    (0x80, 'L'),
    (0x100, 'O'),
    (0x200, 'G'),
    (0x400, 'T'),
    (0x800, 'C'),
    (0x20_0000, 'R'),
    (0x1000_0000, 'l'),
    (0x8000_0000, 'E'),
];

const MASK_OS: u64 = 0x0ff0_0000;
const MASK_PROC: u64 = 0xf000_0000;

impl fmt::Display for SectionFlags {
    /// As `readelf -S` has it: known letters, then `o`, `p` and `x` for bits without one that
    /// belong to the operating system, to the processor or to nobody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut rest = self.0;
        for (bit, letter) in LETTERS {
            if rest & bit != 0 {
                text.push(letter);
                rest &= !bit;
            }
        }
        for (mask, letter) in [(MASK_OS, 'o'), (MASK_PROC, 'p'), (!(MASK_OS | MASK_PROC), 'x')] {
            if rest & mask != 0 {
                text.push(letter);
            }
        }
        f.pad(&text)
    }
}
