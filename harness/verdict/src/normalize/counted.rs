//! Numbers in names that say where something stands, and not what it is: `__COUNTER__` and
//! `__LINE__` that a macro of the kernel pasted, and what a compiler counts in one unit.
//!
//! A comment or a line before it changes such a number. Numbers by which LLVM keeps namesakes of
//! the source apart (`foo.__key.12`, `foo.cold.1`) and those of clones (`.isra.0`, `.constprop.1`,
//! `.part.2`) follow the code alone, and stay.

use super::pasted::{Pasted, Shape};
use std::borrow::Cow;

/// What tools put before the name of a function or variable: kernel control flow integrity
/// (`__cfi_`, `__kcfi_typeid_`; LLVM 22, `CodeGenFunction.cpp`, `AsmPrinter.cpp`), patchable entries
/// (`__pfx_`; `tools/objtool/elf.c`, Linux 7.3), and objcopy for code that runs at another address
/// (`arch/arm64/kernel/pi/Makefile`, `arch/arm64/kvm/hyp/nvhe/Makefile`,
/// `drivers/firmware/efi/libstub/Makefile`, Linux 7.3).
const PREFIXES: [&str; 6] =
    ["__cfi_", "__kcfi_typeid_", "__pfx_", "__pi_", "__kvm_nvhe_", "__efistub_"];

/// What stands in the place of such a number.
const N: &str = "N";

/// The name without such numbers, if it has any.
pub(super) fn uncounted(name: &str) -> Option<String> {
    if let Some(name) = by_compiler(name) {
        return Some(name);
    }
    let section = name.starts_with('.') && name.contains(".init..kmod_");
    let plain = |part: &str| match part.strip_prefix("kmod_").filter(|_| section) {
        Some(rest) => initcall(rest).map(|rest| format!("kmod_{rest}")),
        None => part_of(part),
    };
    // What clang puts before a static variable of a function, what LLVM puts behind a namesake, and
    // the beginnings of sections' names end with a dot.
    name.split('.').find_map(plain)?;
    let parts = name.split('.').map(|part| plain(part).map_or(Cow::Borrowed(part), Cow::Owned));
    Some(parts.collect::<Vec<_>>().join("."))
}

/// One part of a name between dots.
fn part_of(part: &str) -> Option<String> {
    let mut bare = part;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| bare.strip_prefix(prefix)) {
        bare = rest;
    }
    let prefix = part.get(..part.len() - bare.len())?;
    let (known, rest) =
        Pasted::ALL.iter().find_map(|it| Some((it, bare.strip_prefix(it.mark)?)))?;
    let rest = match known.shape {
        Shape::UniqueId => unique_id(rest),
        Shape::AtEnd => before_number(rest).map(|stem| format!("{stem}{N}")),
        Shape::Alone => is_number(rest).then(|| N.to_owned()),
        Shape::BtfId => btf_id(rest),
        Shape::Initcall => initcall(rest),
    }?;
    Some(format!("{prefix}{}{rest}", known.mark))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A text without the number at its end; of a name that is plain already without its `N` behind `_`.
fn before_number(text: &str) -> Option<&str> {
    let stem = match text.strip_suffix(N) {
        Some(before) if before.ends_with('_') => before,
        _ => text.trim_end_matches(|c: char| c.is_ascii_digit()),
    };
    (stem.len() < text.len() && !stem.is_empty()).then_some(stem)
}

/// `addressable_x_12`, where `x` may be a name with numbers itself, `array_3_probe`.
fn unique_id(text: &str) -> Option<String> {
    // include/linux/compiler.h: `addressable_` in Linux 7.3, `__addressable_` in 6.1 and 6.12.
    const ADDRESS_OF: [&str; 2] = ["addressable_", "__addressable_"];
    // include/kunit/test.h pastes it behind.
    const PROBE: &str = "_probe";
    let (body, suffix) = match text.strip_suffix(PROBE) {
        Some(body) => (body, PROBE),
        None => (text, ""),
    };
    let before = before_number(body);
    let (stem, number) = before.map_or((body, ""), |stem| (stem, N));
    let inner = ADDRESS_OF.iter().find_map(|mark| Some((*mark, stem.strip_prefix(mark)?)));
    let inner = inner.and_then(|(mark, rest)| {
        let (name, joint) = match rest.strip_suffix('_').filter(|_| before.is_some()) {
            Some(name) => (name, "_"),
            None => (rest, ""),
        };
        Some(format!("{mark}{}{joint}", part_of(name)?))
    });
    (inner.is_some() || before.is_some())
        .then(|| format!("{}{number}{suffix}", inner.as_deref().unwrap_or(stem)))
}

/// `struct__cgroup__624`: the counter and the line in one number; sets have none.
fn btf_id(text: &str) -> Option<String> {
    let (before, _) = text.rsplit_once("__").filter(|(_, number)| is_number(number))?;
    let (kind, name) = before.split_once("__")?;
    let numbered = !kind.is_empty() && !name.is_empty() && !matches!(kind, "set" | "set8");
    numbered.then(|| format!("{before}__{N}"))
}

/// `user__532_261_uid_cache_init4`: module, counter, line, function and level; or without the level.
fn initcall(text: &str) -> Option<String> {
    let number = |text: &str| {
        // One that is gone already counts as well, so that a name is made plain once.
        let digits = match text.bytes().take_while(u8::is_ascii_digit).count() {
            0 if text.starts_with(N) => 1,
            digits => digits,
        };
        (digits > 0 && text.as_bytes().get(digits) == Some(&b'_')).then_some(digits + 1)
    };
    text.match_indices("__").find_map(|(at, mark)| {
        let counter = text.get(at + mark.len()..)?;
        let line = counter.get(number(counter)?..)?;
        let function = line.get(number(line)?..)?;
        let module = text.get(..at)?;
        Some(format!("{module}__{N}_{N}_{function}"))
    })
}

/// What stands before a number that a compiler counts up in one unit, for what has no name in the
/// source: clang 22 (`CodeGenModule.cpp`, `CGDecl.cpp`), LLVM 22 (`SimplifyCFG.cpp`,
/// `RelLookupTableConverter.cpp`, `GlobalMerge.cpp`, the sanitizers), GCC (`__compound_literal`).
/// The mark of private names (`.L`) may stand before it.
const STEMS: [&str; 9] = [
    ".str",
    ".compoundliteral",
    "__compound_literal",
    "_MergedGlobals",
    "switch.table",
    "reltable",
    "__const",
    "___asan_gen_",
    "__sancov_gen_",
];

/// Names that a compiler gives and counts.
fn by_compiler(name: &str) -> Option<String> {
    // `.L.str` and `.Lswitch.table.f`, but `.str`.
    let bare = name.strip_prefix(".L").unwrap_or(name);
    let private = name.get(..name.len() - bare.len())?;
    if let Some(rest) = bare.strip_prefix("anon.") {
        // A hash of the names in the module, and a number (LLVM 22, `NameAnonGlobals.cpp`).
        let (hash, number) = rest.split_once('.')?;
        let is_hash = hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        return (is_hash && is_number(number)).then(|| format!("{private}anon.H.{N}"));
    }
    if let Some(number) = bare.strip_prefix("__unnamed_") {
        // LLVM 22, `Mangler.cpp`.
        return is_number(number).then(|| format!("{private}__unnamed_{N}"));
    }
    let stem = STEMS.into_iter().find(|stem| {
        bare.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })?;
    let (left, number) = bare.rsplit_once('.')?;
    (left.len() >= stem.len() && is_number(number)).then(|| format!("{private}{left}.{N}"))
}
