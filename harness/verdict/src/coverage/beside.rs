//! What stands beside the contents of files: options that decide nothing, records that only make reads, and
//! what of an ELF file is not loaded.

use crate::diff::{Pair, Sides, is_derived};
use crate::layer::LayerVerdict;
use crate::number;
use twinlto_facts::build::{BuildFacts, ImageFacts, SectionFacts, SymbolFacts};
use twinlto_model::{Account, Arch, Layer, Unit};

/// The options of front ends that were held against those of their backends.
pub(crate) fn options(sides: Sides<'_>, layers: &[LayerVerdict]) -> Option<Account> {
    let transport = layers.iter().find(|layer| layer.layer == Layer::Transport)?;
    let count = |which| transport.counts.get(&(which, None)).copied().unwrap_or_default();
    let (all, aside) = (count(number::FLAGS_COMPARED), count(number::FLAGS_ASIDE));
    let account = Account::of(sides.left, "the front ends", Unit::Options, all);
    let account = account.compared(Layer::Transport, "options", all.saturating_sub(aside));
    let rule =
        "they decide nothing for a backend: macros, include paths, warnings (docs/OPTIONS.md)";
    (all > 0).then(|| account.set_aside(rule, "options", aside).close())
}

/// What `.cmd` files hold beside commands.
pub(super) fn records(a: &BuildFacts, b: &BuildFacts) -> Account {
    let of = |facts: &BuildFacts| facts.objects.len() + facts.natives.len();
    let files = of(a).max(of(b)) as u64;
    Account::of("both", "the .cmd files of objects", Unit::Files, files)
        .set_aside(
            "make reads them to know what to make again; they are no part of what was made",
            "sources, dependencies, and saved flags that no backend reads",
            files,
        )
        .close()
}

/// The symbols of a linked file, and its sections that are not loaded.
pub(super) fn of_image(
    sides: Sides<'_>,
    side: &str,
    pair: &Pair<'_>,
    image: &ImageFacts,
) -> Vec<Account> {
    let derived = image.symbols.iter().filter(|symbol| is_derived(&symbol.raw)).count() as u64;
    let is_label = |it: &&SymbolFacts| it.kind == "notype" && !is_derived(&it.raw);
    let labels = image.symbols.iter().filter(is_label).count() as u64;
    let (named, undefined) = (image.symbols.len() as u64, image.undefined.len() as u64);
    let total = named + undefined + image.unnamed_symbols;
    // Between the modes, with sections of their own for functions on one side.
    let loose = sides.modes && sides.arch != Arch::Arm64 && !image.is_relocatable;
    let functions = image.symbols.iter().filter(|symbol| loose && symbol.kind == "func");
    let functions = functions.filter(|symbol| !is_derived(&symbol.raw)).count() as u64;
    let promoted = image.symbols.iter().filter(|it| it.raw.contains(".llvm.")).count() as u64;
    let rest = named.saturating_sub(labels).saturating_sub(derived).saturating_sub(functions);
    let symbols = Account::of(side, pair.name, Unit::Symbols, total)
        .compared(Layer::Symbols, "functions and variables", rest)
        .set_aside(LOOSE, "functions", functions)
        .set_aside(BY_NAME, "labels", labels)
        .set_aside(BY_NAME, "undefined symbols", undefined)
        .set_aside(NO_NAME, "private labels, and marks of the assembler", derived)
        .set_aside(NO_NAME, "names of sources and of sections", image.unnamed_symbols)
        .close();
    let hashes = Account::of(side, pair.name, Unit::Symbols, promoted)
        .set_aside("the thin link makes them of whole modules", HASHES, promoted)
        .close();
    let unloaded = || image.sections.iter().filter(|(_, section)| !section.alloc);
    let bytes = |kind: Beside| {
        let of = unloaded().filter(|(_, section)| Beside::of(section) == kind);
        of.map(|(_, section)| section.size).sum::<u64>()
    };
    let names = unloaded().filter(|(_, section)| Beside::of(section) == Beside::Other);
    let names: Vec<&str> = names.map(|(name, _)| name.as_str()).take(NAMED).collect();
    let (tables, fields, others) =
        (bytes(Beside::Symbols), bytes(Beside::Relocations), bytes(Beside::Other));
    let input = format!("what of {} is not loaded", pair.name);
    let unloaded = Account::of(side, input, Unit::Bytes, tables + fields + others)
        .set_aside("their entries are counted by themselves", "tables of symbols and names", tables)
        .set_aside("their entries are compared with what they fill in", "relocations", fields)
        .set_aside("it is not loaded, and no rule of the kernel reads it", names.join(", "), others)
        .close();
    let mut accounts = vec![symbols, unloaded];
    accounts.extend((promoted > 0).then_some(hashes));
    accounts
}

/// How functions are compared where jumps between sections have other sizes.
const LOOSE: &str = "their names are compared, and their sizes beyond what jumps, calls and aligned loops may \
                     account for";

/// How symbols without a size are compared.
const BY_NAME: &str = "their names and binding are compared; where they stand, of those that the linker \
                       script or a section sets";

/// Why such symbols are not held against each other.
const NO_NAME: &str = "they name no function and no variable";

/// `.llvm.<hash>`: names are compared without it.
const HASHES: &str = "hashes in names of promoted symbols";

/// What a section that is not loaded is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Symbols,
    Relocations,
    Other,
}

impl Beside {
    fn of(section: &SectionFacts) -> Self {
        match section.kind.as_str() {
            "SYMTAB" | "STRTAB" | "SYMTAB_SHNDX" => Self::Symbols,
            "REL" | "RELA" | "CREL" => Self::Relocations,
            _ => Self::Other,
        }
    }
}

/// How many sections are named.
const NAMED: usize = 8;
