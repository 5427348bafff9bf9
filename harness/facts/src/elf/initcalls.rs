use super::error::ElfError;
use super::image::Image;
use super::level::Level;
use super::place::{Encoding, Place, Pointers, Target, symbols_at};
use super::symbol::{SectionRef, Symbol, SymbolKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One function that the kernel calls while it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initcall {
    /// When.
    pub level: Level,
    /// Raw name of the function that the table leads to; with relative pointers and LTO it is
    /// the stub `__initstub__kmod_…` (`include/linux/init.h`, Linux 7.3).
    pub function: String,
    /// Name of the table's entry, `__initcall__kmod_<module>__<counter>_<line>_<fn><level>`,
    /// where the symbol table has it.
    pub entry: Option<String>,
}

/// Decodes the initcall tables of a final `vmlinux`, in the order in which they are called;
/// console initcalls come last.
///
/// Source: `INIT_CALLS` and `CON_INITCALL` in `include/asm-generic/vmlinux.lds.h`, `do_initcalls`
/// in `init/main.c`, Linux 7.3. The table holds relative 32-bit words where the architecture
/// has `HAVE_ARCH_PREL32_RELOCATIONS` (arm64, x86), else addresses (riscv, loongarch), which in
/// a relocatable kernel may stand in `.rela.dyn` alone. Which it is, is found by reading it both
/// ways: only one leads to functions throughout.
///
/// # Errors
///
/// [`ElfError::NoSymbol`] if `__initcall_start` or `__initcall_end` is missing, as in every file
/// but a final `vmlinux` with symbols; [`ElfError::Table`] if the bounds make no sense, an entry
/// leads to no function, or both readings do.
pub fn initcalls(image: &Image<'_>) -> Result<Vec<Initcall>, ElfError> {
    if image.ident.is_relocatable() {
        let why = "a relocatable file has no final order; a linked vmlinux is needed";
        return Err(ElfError::table("initcalls", why));
    }
    let spans = spans(image)?;
    let sections: BTreeSet<usize> = spans.iter().map(|span| span.section).collect();
    let pointers = Pointers::new(image, &sections);
    let mut readings = Vec::new();
    let mut refusals = Vec::new();
    for encoding in Encoding::ALL {
        match read(image, &pointers, &spans, encoding) {
            Ok(calls) => readings.push(calls),
            Err(why) => refusals.push(format!("as {} pointers: {why}", encoding.name())),
        }
    }
    readings.dedup();
    match (readings.pop(), readings.pop()) {
        (Some(calls), None) => Ok(calls),
        (None, _) => Err(ElfError::table("initcalls", refusals.join("; "))),
        (Some(_), Some(_)) => {
            Err(ElfError::table("initcalls", "relative and absolute pointers both make sense"))
        }
    }
}

/// The entries of one level: `start..end`, addresses within one section.
struct Span {
    level: Level,
    section: usize,
    start: u64,
    end: u64,
}

/// The bounds that the linker script set, in order of calling.
fn spans(image: &Image<'_>) -> Result<Vec<Span>, ElfError> {
    let mut labels: BTreeMap<&str, &Symbol<'_>> = BTreeMap::new();
    let is_label = |it: &&Symbol<'_>| {
        it.name.starts_with("__initcall") || it.name.starts_with("__con_initcall")
    };
    for symbol in image.symbols.iter().filter(is_label) {
        labels.entry(&symbol.name).or_insert(symbol);
    }
    let label = |name: &str| labels.get(name).copied();
    let wanted = |name: &str| label(name).ok_or_else(|| ElfError::NoSymbol(name.to_owned()));
    let mut bounds = vec![(Level::Early, wanted("__initcall_start")?)];
    for level in Level::NUMBERED {
        let start = label(&format!("__initcall{}_start", level.name()));
        bounds.extend(start.map(|symbol| (level, symbol)));
    }
    let mut spans = Vec::new();
    let mut end = wanted("__initcall_end")?;
    for (level, start) in bounds.into_iter().rev() {
        spans.push(span(level, start, end)?);
        end = start;
    }
    spans.reverse();
    if let Some(start) = label("__con_initcall_start") {
        spans.push(span(Level::Con, start, wanted("__con_initcall_end")?)?);
    }
    Ok(spans)
}

fn span(level: Level, start: &Symbol<'_>, end: &Symbol<'_>) -> Result<Span, ElfError> {
    let bad = |why: &str| {
        let why = format!("'{}' and '{}' {why}", start.name, end.name);
        Err(ElfError::table("initcalls", why))
    };
    // An empty range may end where the section does, and the linker then credit its end to
    // the next section.
    match start.section {
        _ if start.value > end.value => bad("are in the wrong order"),
        SectionRef::Named(section) if start.section == end.section || start.value == end.value => {
            Ok(Span { level, section, start: start.value, end: end.value })
        }
        _ => bad("lie in different sections"),
    }
}

fn read(
    image: &Image<'_>,
    pointers: &Pointers<'_, '_>,
    spans: &[Span],
    encoding: Encoding,
) -> Result<Vec<Initcall>, String> {
    let word = encoding.size(image);
    let mut found = Vec::new();
    for span in spans {
        let size = span.end.wrapping_sub(span.start);
        if !size.is_multiple_of(word) {
            return Err(format!("level {} has {size} bytes, no multiple of {word}", span.level));
        }
        let base = image.sections.get(span.section).map_or(0, |section| section.address);
        for number in 0..size / word {
            let address = span.start.wrapping_add(number * word);
            let what = |why: &str| format!("entry {number} of level {}: {why}", span.level);
            let target = pointers
                .follow(span.section, address.wrapping_sub(base), encoding)
                .map_err(|why| what(&why))?;
            let Target::Here(target, _) = target else {
                return Err(what("no address"));
            };
            if !image.sections.iter().any(|it| it.flags.exec() && it.holds(target.at)) {
                return Err(what(&format!("{:#x} is no code", target.at)));
            }
            found.push((span.level, Place { section: None, at: address }, target));
        }
    }
    let places = found.iter().flat_map(|(_, entry, target)| [*entry, *target]).collect();
    let symbols = symbols_at(image, &places);
    let at = |place: Place| symbols.get(&place).map(Vec::as_slice).unwrap_or_default();
    found
        .into_iter()
        .map(|(level, entry, target)| {
            let callable = |it: &&&Symbol<'_>| {
                matches!(it.kind, SymbolKind::Func | SymbolKind::Ifunc | SymbolKind::NoType)
            };
            // A label of the linker script, such as _sinittext, is no function.
            let untyped = |it: &&&Symbol<'_>| it.kind == SymbolKind::NoType;
            let function =
                at(target).iter().filter(callable).min_by_key(untyped).ok_or_else(|| {
                    format!("entry of level {level}: no function stands at {:#x}", target.at)
                })?;
            let entry = at(entry).iter().find(|symbol| symbol.name.starts_with("__initcall__"));
            Ok(Initcall {
                level,
                function: function.name.clone().into_owned(),
                entry: entry.map(|symbol| symbol.name.clone().into_owned()),
            })
        })
        .collect()
}
