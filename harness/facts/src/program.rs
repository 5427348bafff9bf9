//! Which tool a program's name means, however it is called.
//!
//! kbuild takes `LLVM=1`, `LLVM=-22` and `LLVM=/path/bin/`, and each of `CC=`, `LD=`, `AR=` may be
//! given alone (`Documentation/kbuild/llvm.rst`, Linux 7.3). A tool puts its own name before what it
//! says: the file's name (clang, lld), the whole word (`llvm-ar`), and clang's without what follows
//! the last dot (`Driver.cpp` and `driver.cpp`, LLVM 17 to 24). So a tool is known by its base name, with
//! an optional directory, target prefix, version suffix and `.exe`, and never by the whole word.

use memchr::memchr_iter;

/// A tool of a kernel build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// clang, as compiler, assembler or preprocessor.
    Clang,
    /// Another C compiler, which host programs are made with.
    Gcc,
    /// lld.
    Lld,
    /// Another linker, or one that is only called `ld`.
    Ld,
    /// `llvm-ar` or another archiver.
    Ar,
    /// `nm`.
    Nm,
    /// `objcopy`.
    Objcopy,
    /// `objdump`.
    Objdump,
    /// `readelf`.
    Readelf,
    /// `strip`.
    Strip,
    /// `ranlib`.
    Ranlib,
    /// GNU make.
    Make,
    /// The kernel's objtool.
    Objtool,
    /// The kernel's modpost.
    Modpost,
    /// The kernel's fixdep.
    Fixdep,
    /// The kernel's genksyms.
    Genksyms,
}

impl Program {
    /// Whether it compiles C.
    #[must_use]
    pub const fn is_compiler(self) -> bool {
        matches!(self, Self::Clang | Self::Gcc)
    }

    /// Whether it links.
    #[must_use]
    pub const fn is_linker(self) -> bool {
        matches!(self, Self::Lld | Self::Ld)
    }
}

/// The word of a command or of a message that names a tool, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called<'a> {
    /// Which tool.
    pub program: Program,
    /// Directory, without the last slash; none for a name that is looked up in `PATH`.
    pub dir: Option<&'a str>,
    /// Target prefix with its last dash: `aarch64-linux-gnu-`; empty without one.
    pub target: &'a str,
    /// Base name: `clang`, `ld.lld`, `llvm-ar`.
    pub base: &'a str,
    /// Suffix: `-22`, `-22.1`, `22`; empty without one.
    pub suffix: &'a str,
}

/// What may follow a base name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suffix {
    /// Nothing: it is made by the build itself.
    No,
    /// A version: `-22`, `-22.1`, `22`. A short name and a word are another program.
    Version,
    /// Whatever `LLVM=-SUFFIX` may be.
    Any,
}

/// Base names. Of two that fit, the longer counts.
const NAMES: [(&str, Program, Suffix); 44] = [
    ("clang", Program::Clang, Suffix::Any),
    ("clang++", Program::Clang, Suffix::Any),
    ("clang-cpp", Program::Clang, Suffix::Any),
    ("clang-cl", Program::Clang, Suffix::Any),
    ("gcc", Program::Gcc, Suffix::Version),
    ("g++", Program::Gcc, Suffix::Version),
    ("cc", Program::Gcc, Suffix::Version),
    ("c++", Program::Gcc, Suffix::Version),
    ("cc1", Program::Gcc, Suffix::No),
    ("ld.lld", Program::Lld, Suffix::Any),
    ("lld", Program::Lld, Suffix::Version),
    ("ld", Program::Ld, Suffix::Version),
    ("ld.bfd", Program::Ld, Suffix::Version),
    ("ld.gold", Program::Ld, Suffix::Version),
    ("ld.mold", Program::Ld, Suffix::Version),
    ("llvm-ar", Program::Ar, Suffix::Any),
    ("gcc-ar", Program::Ar, Suffix::Version),
    ("ar", Program::Ar, Suffix::Version),
    ("llvm-nm", Program::Nm, Suffix::Any),
    ("gcc-nm", Program::Nm, Suffix::Version),
    ("nm", Program::Nm, Suffix::Version),
    ("llvm-objcopy", Program::Objcopy, Suffix::Any),
    ("objcopy", Program::Objcopy, Suffix::Version),
    ("llvm-objdump", Program::Objdump, Suffix::Any),
    ("objdump", Program::Objdump, Suffix::Version),
    ("llvm-readelf", Program::Readelf, Suffix::Any),
    ("llvm-readobj", Program::Readelf, Suffix::Any),
    ("readelf", Program::Readelf, Suffix::Version),
    ("llvm-strip", Program::Strip, Suffix::Any),
    ("strip", Program::Strip, Suffix::Version),
    ("llvm-ranlib", Program::Ranlib, Suffix::Any),
    ("gcc-ranlib", Program::Ranlib, Suffix::Version),
    ("ranlib", Program::Ranlib, Suffix::Version),
    ("make", Program::Make, Suffix::Version),
    ("gmake", Program::Make, Suffix::Version),
    ("objtool", Program::Objtool, Suffix::No),
    ("modpost", Program::Modpost, Suffix::No),
    ("modpost.real", Program::Modpost, Suffix::No),
    ("fixdep", Program::Fixdep, Suffix::No),
    ("genksyms", Program::Genksyms, Suffix::No),
    // What some distributions call their LLVM's tools.
    ("llvm-clang", Program::Clang, Suffix::Any),
    ("llvm-gcc", Program::Gcc, Suffix::Version),
    ("llvm-lld", Program::Lld, Suffix::Version),
    ("llvm-ld.lld", Program::Lld, Suffix::Version),
];

/// Programs whose names begin with that of another one; `clang-tidy` is no clang with a suffix.
/// Source: `clang/tools`, `clang-tools-extra`, LLVM 17 to 24, and `scripts/clang-tools`, Linux 7.3.
const OTHERS: [&str; 29] = [
    "apply-replacements",
    "change-namespace",
    "check",
    "doc",
    "extdef-mapping",
    "format",
    "fuzzer",
    "include-cleaner",
    "include-fixer",
    "installapi",
    "linker-wrapper",
    "move",
    "nvlink-wrapper",
    "offload-bundler",
    "offload-packager",
    "offload-wrapper",
    "pseudo",
    "query",
    "refactor",
    "rename",
    "reorder-fields",
    "repl",
    "scan-deps",
    "sycl-linker",
    "tblgen",
    "tidy",
    "tools",
    "cache-build-session",
    "cas-test",
];

/// The tool that a word names; none for other programs, files and options. A message's word is given
/// without its colon.
#[must_use]
pub fn tool_of(word: &str) -> Option<Called<'_>> {
    if word.starts_with('-') {
        return None;
    }
    let (dir, name) = word.rsplit_once('/').map_or((None, word), |(dir, name)| (Some(dir), name));
    let name = without_exe(name);
    let mut best: Option<Called<'_>> = None;
    // Every word of a log is asked, and few are tools: a base name stands first or behind a target.
    let places = || std::iter::once(0).chain(memchr_iter(b'-', name.as_bytes()).map(|at| at + 1));
    for (base, program, suffix) in NAMES {
        for at in places() {
            let Some((target, rest)) = name.split_at_checked(at) else { continue };
            let Some((base, rest)) = rest.split_at_checked(base.len()).filter(|it| it.0 == base)
            else {
                continue;
            };
            if !is_target(target) || !fits(rest, suffix) {
                continue;
            }
            let called = Called { program, dir, target, base, suffix: rest };
            let longer = best.is_none_or(|known| known.base.len() < base.len());
            if longer && (suffix != Suffix::No || target.is_empty()) {
                best = Some(called);
            }
        }
    }
    best
}

/// Whether a message of make's begins with this: `make`, `make[2]`, `gmake-4.4[1]`.
#[must_use]
pub fn is_make(speaker: &str) -> bool {
    let name = match speaker.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((name, level)) if level.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) => return false,
        None => speaker,
    };
    tool_of(name).is_some_and(|it| it.program == Program::Make && it.target.is_empty())
}

fn without_exe(name: &str) -> &str {
    let stem = name.len().checked_sub(4).and_then(|at| name.split_at_checked(at));
    stem.filter(|(_, end)| end.eq_ignore_ascii_case(".exe")).map_or(name, |(stem, _)| stem)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._+~-".contains(c)
}

/// `aarch64-linux-gnu-`, or nothing.
fn is_target(text: &str) -> bool {
    text.is_empty() || (text.len() > 1 && text.ends_with('-') && text.chars().all(is_name))
}

fn fits(text: &str, suffix: Suffix) -> bool {
    if text.is_empty() {
        return true;
    }
    let rest = text.strip_prefix('-').unwrap_or(text);
    let is_version = rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(is_name);
    match suffix {
        Suffix::No => false,
        Suffix::Version => is_version,
        Suffix::Any if is_version => true,
        Suffix::Any => {
            let is_other = |other: &str| {
                rest.strip_prefix(other).is_some_and(|end| end.is_empty() || end.starts_with('-'))
            };
            text.len() > 1
                && text.starts_with('-')
                && rest.chars().all(is_name)
                && !is_file(rest)
                && !OTHERS.iter().any(|other| is_other(other))
        }
    }
}

/// Files are named after programs, too: `clang-version.sh`, `clang-a.o`.
fn is_file(rest: &str) -> bool {
    let end = rest.rsplit_once('.').map_or("", |(_, end)| end);
    end.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests;
