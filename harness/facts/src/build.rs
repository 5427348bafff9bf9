//! Everything that is known of one build directory, gathered from its files.
//!
//! The engine fills these values; nothing here opens anything.

use crate::bitcode::{IndexedModule, ModuleHash};
use crate::dwarf::DebugFacts;
use crate::elf::{
    Contents, ExportEntry, Extent, Initcall, KernelTable, Loading, Mark, ObjectKind, Pieces, Table,
    ThisModule, VersionRows,
};
use crate::kbuild::{Apart, Config, Crc, Symvers};
use crate::log::BuildLog;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;
use twinlto_model::{Arch, Mode};

/// One build directory.
#[derive(Debug, Clone, Default)]
pub struct BuildFacts {
    /// Its path, for messages.
    pub directory: String,
    /// The same, absolute and without links, where it is known: as its own commands name it.
    pub home: Option<String>,
    /// Its `.config`.
    pub config: Config,
    /// The source tree, as the build directory names it; none for a tree that was built in place.
    pub source: Option<String>,
    /// The architecture that its objects are for.
    pub arch: Option<Arch>,
    /// The ThinLTO mode that its `.config` selects.
    pub mode: Option<Mode>,
    /// `builtin.order`: every object of `vmlinux.a` before the backends ran.
    pub order: Listing,
    /// `vmlinux.thinlto-index`: the IR objects that the thin link saw.
    pub index: Listing,
    /// Members of `vmlinux.a`, in order.
    pub archive: Listing,
    /// IR objects outside the index whose own index is there all the same.
    pub unlisted_indexes: BTreeSet<String>,
    /// Whether `vmlinux.a` is older than the index and so of an earlier build: its members then
    /// say nothing about this one, and `archive` is absent.
    pub archive_is_stale: bool,
    /// IR objects of the index (in-process: of the archive), by name.
    pub objects: BTreeMap<String, ObjectFacts>,
    /// Objects of `builtin.order` that are not in the index, by name.
    pub other_objects: BTreeMap<String, FileFacts>,
    /// `Module.symvers`.
    pub symvers: Answer<Symvers>,
    /// `vmlinux`.
    pub image: Answer<ImageFacts>,
    /// Modules by the name that `modules.order` gives them, without `.o` or `.ko`.
    pub modules: BTreeMap<String, Answer<ModuleFacts>>,
    /// Function names by level from `.tmp_initcalls.lds`.
    pub initcall_script: Answer<Vec<String>>,
    /// Command of the thin link, from `.vmlinux.thinlto-index.cmd`.
    pub thin_link: Option<String>,
    /// Command of the rule that joins all archives, which GCC builds run too, from
    /// `.built-in-fixup.a.cmd` (Linux ≥ 7.2).
    pub fixup: Option<String>,
    /// Command of the link of `vmlinux.o`, which in-process runs the backends.
    pub link: Option<String>,
    /// What the build's log says; its backend commands stand for those of backends that failed
    /// and left no `.cmd` file.
    pub log: BuildLog,
    /// `#SYMVER` lines of the objects outside the index and of module members, by object.
    pub other_symvers: BTreeMap<String, Vec<(String, Crc)>>,
    /// Objects that are compiled at another level of optimization than most, by name; read with the
    /// whole of `vmlinux`, where backends made native objects.
    pub levels: BTreeMap<String, OwnLevel>,
    /// What no backend made: objects of `vmlinux` outside the index, modules, and what these are
    /// made from, by name.
    pub natives: BTreeMap<String, NativeObject>,
    /// What is installed beside the image, held against what it is made of.
    pub installed: Installed,
    /// When what is linked was made: the image in its stages, and modules with what they are made
    /// from, by name.
    pub made: BTreeMap<String, SystemTime>,
    /// Files that could not be read, with the reason.
    pub unreadable: BTreeMap<String, String>,
}

impl BuildFacts {
    /// Exported symbol → the object whose `.cmd` file has its `#SYMVER` line, and the CRC there.
    #[must_use]
    pub fn symver_lines(&self) -> BTreeMap<&str, (Crc, &str)> {
        let indexed = self.objects.iter().map(|(object, of)| (object, &of.symvers));
        let all = indexed.chain(&self.other_symvers);
        let lines = all.flat_map(|(object, list)| {
            list.iter().map(move |(name, crc)| (name.as_str(), (*crc, object.as_str())))
        });
        lines.collect()
    }
}

/// The answer of a reader: there, absent, or unreadable with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Answer<T> {
    /// There is no such file.
    #[default]
    Absent,
    /// It is there and makes no sense.
    Bad(String),
    /// It was read.
    Read(T),
}

impl<T> Answer<T> {
    /// What was read, if it was.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent | Self::Bad(_) => None,
        }
    }

    /// Why there is no answer: `no FILE`, or the reader's reason.
    pub fn why_not(&self, file: &str) -> Option<String> {
        match self {
            Self::Absent => Some(format!("no {file}")),
            Self::Bad(why) => Some(format!("{file}: {why}")),
            Self::Read(_) => None,
        }
    }
}

/// A list of objects.
pub type Listing = Answer<Vec<String>>;

/// One file that a build should have made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileFacts {
    /// What its first bytes say; none when it does not exist or cannot be read.
    pub kind: Option<ObjectKind>,
    /// Why it cannot be read, where it exists.
    pub unreadable: Option<String>,
    /// Why it cannot be whole, where a few of its bytes tell.
    pub damage: Option<String>,
    /// Bytes.
    pub len: u64,
    /// Time of its last change.
    pub modified: Option<SystemTime>,
}

impl FileFacts {
    /// Why nothing is known of its content: `no such file`, or what reading it said.
    #[must_use]
    pub fn why_not(&self) -> &str {
        self.unreadable.as_deref().unwrap_or("no such file")
    }
}

/// Files that are installed beside the image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// `System.map` against the symbols of `vmlinux`.
    pub map: Answer<Apart>,
    /// `modules.builtin` against `modules.builtin.modinfo`.
    pub built_in: Answer<Apart>,
    /// `modules.builtin.modinfo` against the image's own `.modinfo`.
    pub modinfo: Answer<Apart>,
}

/// What an object is to a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NativeRole {
    /// A backend made it of an IR object.
    Backend,
    /// It is linked into `vmlinux` and never was bitcode.
    Member,
    /// A module.
    Module,
    /// A module, or an object of `vmlinux`, is made from it.
    Part,
}

/// An object that no backend of the kernel made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeObject {
    /// What it is to the build.
    pub role: NativeRole,
    /// Its recorded command, where it has one.
    pub command: Option<CommandText>,
    /// Files of the build directory that its command, or its source with `.incbin`, names.
    pub made_from: Vec<String>,
}

/// A text that one file holds, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandText {
    /// The shell command or the options.
    pub text: String,
    /// The file it was read from, relative to the build directory.
    pub path: String,
    /// The target's name as that file writes it.
    pub target: String,
}

/// A file that a command names for further options (`@FILE`, `--config FILE`), whose contents were
/// put in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Its path, from the build directory.
    pub path: String,
    /// Time of its last change.
    pub modified: Option<SystemTime>,
}

/// Everything about one IR object and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectFacts {
    /// Its front-end command.
    pub front: Answer<CommandText>,
    /// The options that were saved for its backend; none when no line says so.
    pub saved: Option<CommandText>,
    /// Its backend command.
    pub back: Answer<CommandText>,
    /// The files of further options that its commands name.
    pub named: Vec<NamedFile>,
    /// When its front-end command was recorded, which is after the object was made.
    pub front_modified: Option<SystemTime>,
    /// Whether the backend command is known from a log only: it was started and not recorded.
    pub back_from_log: bool,
    /// The error with which its backend failed, where the log tells.
    pub back_error: Option<String>,
    /// What was odd in its `.cmd` files.
    pub issues: Vec<String>,
    /// `#SYMVER` lines of its `.cmd` file.
    pub symvers: Vec<(String, Crc)>,
    /// The IR object.
    pub ir: FileFacts,
    /// Its index.
    pub index: FileFacts,
    /// Its native object.
    pub native: FileFacts,
    /// Files that the module's own assembly includes whole, where there are such.
    pub included: Vec<IncludedFile>,
    /// The hash that the IR object carries; read only where it is newer than some native object.
    pub hash: Option<ModuleHash>,
    /// The other modules that its index names, with the hashes that they had at the thin link;
    /// read only where some IR object is newer than some native object.
    pub imports: Vec<IndexedModule>,
}

/// A file that the assembly of an IR object includes (`.incbin`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncludedFile {
    /// As the assembly names it, relative to the build directory.
    pub path: String,
    /// The file that should hold its bytes: the native object, or in-process `vmlinux.o`.
    pub holder: String,
    /// Whether that holds them; none where one of both cannot be read.
    pub is_held: Option<bool>,
    /// Whether the file is younger than what should hold its bytes.
    pub is_younger: bool,
}

/// An object whose level of optimization is not that of most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnLevel {
    /// `-O3`
    pub level: String,
    /// Raw names of the functions that its native object defines.
    pub functions: BTreeSet<String>,
}

/// What is compared of a linked kernel.
#[derive(Debug, Clone, Default)]
pub struct ImageFacts {
    /// Sections by name.
    pub sections: BTreeMap<String, SectionFacts>,
    /// Every named symbol, raw.
    pub symbols: Vec<SymbolFacts>,
    /// Names of files and of sections in its symbol table, which name nothing of the kernel.
    pub unnamed_symbols: u64,
    /// The kernel's own tables; none of those that are not there.
    pub tables: BTreeMap<KernelTable, Answer<Table>>,
    /// Section names by their number in the file.
    pub section_names: Vec<String>,
    /// Where each of them lies, by the same number.
    pub section_spans: Vec<Span>,
    /// File header and program headers.
    pub loading: Loading,
    /// The bytes of a relocatable file, where they were asked for.
    pub pieces: Pieces,
    /// The bytes of a linked file, where they were asked for.
    pub contents: Contents,
    /// Whether it is relocatable: an object, `vmlinux.o` or a module.
    pub is_relocatable: bool,
    /// Names that are used and not defined.
    pub undefined: BTreeSet<String>,
    /// Decoded `__ksymtab`, `__kcrctab` and `__kflagstab`.
    pub exports: Answer<Vec<ExportEntry>>,
    /// Initcalls in their real order.
    pub initcalls: Answer<Vec<Initcall>>,
    /// What the bytes of its loaded sections belong to.
    pub extents: Vec<Extent>,
    /// ELF header flags.
    pub e_flags: u32,
    /// What the file says of itself, by kind and name.
    pub marks: BTreeMap<Mark, Answer<BTreeMap<String, String>>>,
    /// ELF machine.
    pub e_machine: u16,
    /// DWARF compile units by producer; empty without debug information.
    pub producers: Answer<BTreeMap<String, u64>>,
    /// Compile units and the layouts that exports reach; absent without debug information and
    /// where only `producers` were asked for, as in modules that export nothing.
    pub debug: Answer<DebugFacts>,
}

/// Where a section lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Address; 0 in relocatable files.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// Whether it is loaded.
    pub alloc: bool,
}

/// One section, merged with those of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SectionFacts {
    /// Flags as readelf prints them.
    pub flags: String,
    /// `PROGBITS`, `NOBITS`, ….
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// The largest alignment, in bytes.
    pub align: u64,
    /// Bytes of an entry, for tables; else 0.
    pub entsize: u64,
    /// `sh_link` as the name of a section and `sh_info`, of those that are loaded; else nothing.
    pub related: String,
    /// Whether it is loaded, writable, executable.
    pub alloc: bool,
    /// Writable.
    pub write: bool,
    /// Executable.
    pub exec: bool,
}

/// One symbol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SymbolFacts {
    /// Its name as it stands.
    pub raw: String,
    /// `func`, `object`, `notype`, ….
    pub kind: &'static str,
    /// `local`, `global`, `weak`, ….
    pub binding: &'static str,
    /// `default`, `hidden`, ….
    pub visibility: &'static str,
    /// Bytes.
    pub size: u64,
    /// Address; in relocatable files the offset in its section.
    pub value: u64,
    /// `st_other` without the visibility: bits of the machine.
    pub other: u8,
    /// Where its section's name stands in [`ImageFacts::section_names`]; none for absolute ones.
    pub section: Option<usize>,
}

/// One module.
#[derive(Debug, Clone, Default)]
pub struct ModuleFacts {
    /// What is compared of the `.ko`.
    pub image: ImageFacts,
    /// Imported symbols and the CRCs that it expects.
    pub versions: BTreeMap<String, Crc>,
    /// `.modinfo`, sorted; `vermagic` and the like included.
    pub modinfo: Vec<(String, String)>,
    /// The tables that the module loader reads.
    pub loader: LoaderFacts,
}

/// What the module loader reads of a `.ko`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoaderFacts {
    /// Rows of `__versions` and of the tables for long names.
    pub rows: VersionRows,
    /// `__this_module`; none where there is no such section.
    pub this_module: Option<ThisModule>,
    /// Names that it uses and does not define, and whether it can do without.
    pub imports: BTreeMap<String, bool>,
    /// Which of `init_module` and `cleanup_module` it defines.
    pub defines: BTreeSet<String>,
}
