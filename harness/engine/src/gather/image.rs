use super::{Depth, answer};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use twinlto_facts::build::{
    Answer, ImageFacts, LoaderFacts, ModuleFacts, SectionFacts, Span, SymbolFacts,
};
use twinlto_facts::dwarf::{self, Roots, Unit};
use twinlto_facts::elf::{self, Image, KernelTable, Mark, SectionRef, SymbolKind, Table};

/// A linked file and its symbols, for several readers.
pub(super) struct Linked<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) image: Result<Image<'b>, elf::ElfError>,
}

impl<'b> Linked<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, image: Image::parse(bytes) }
    }

    /// What is read of `vmlinux`.
    pub(super) fn facts(&self, depth: Depth) -> Result<ImageFacts, String> {
        if depth == Depth::Records {
            // The names in its symbol table say nothing of its exports.
            return facts_but_debug(self.bytes, depth);
        }
        let image = self.image.as_ref().map_err(ToString::to_string)?;
        let mut facts = but_debug(image, depth);
        add_debug(&mut facts, self.bytes, depth);
        Ok(facts)
    }
}

/// Reads any ELF file.
pub(crate) fn file(path: &Path, depth: Depth) -> Answer<ImageFacts> {
    answer(path, |bytes| facts(&bytes, depth))
}

/// Reads one module.
pub(super) fn module(dir: &Path, stem: &str, depth: Depth) -> Answer<ModuleFacts> {
    answer(&dir.join(format!("{stem}.ko")), |bytes| {
        let text = |error: elf::ElfError| error.to_string();
        let image = Image::parse(&bytes).map_err(text)?;
        let loader = loader(&image).map_err(text)?;
        Ok(ModuleFacts {
            image: of_module(&bytes, depth)?,
            versions: elf::joined_versions(&loader.rows).map_err(text)?,
            modinfo: elf::modinfo_of(&image),
            loader,
        })
    })
}

/// What the module loader reads.
fn loader(image: &Image<'_>) -> Result<LoaderFacts, elf::ElfError> {
    let entries = ["init_module", "cleanup_module"];
    let defined = image.symbols.iter().filter(|symbol| !symbol.is_undefined());
    let defined = defined.filter(|symbol| entries.contains(&symbol.name.as_ref()));
    let imports = image.undefined().filter(|symbol| !symbol.name.is_empty());
    Ok(LoaderFacts {
        rows: elf::version_rows(image)?,
        this_module: elf::this_module(image)?,
        defines: defined.map(|symbol| symbol.name.clone().into_owned()).collect(),
        imports: imports
            .map(|symbol| (symbol.name.clone().into_owned(), symbol.binding == elf::Binding::Weak))
            .collect(),
    })
}

/// [`facts`], and the layouts of the types that its exports reach; where it exports nothing, of
/// those that all other files can see.
pub(crate) fn with_debug(bytes: &[u8], depth: Depth) -> Result<ImageFacts, String> {
    let mut facts = facts_but_debug(bytes, depth)?;
    add_debug(&mut facts, bytes, depth);
    Ok(facts)
}

fn add_debug(facts: &mut ImageFacts, bytes: &[u8], depth: Depth) {
    if depth != Depth::Records {
        let names = exported(facts);
        let roots = if names.is_empty() { Roots::External } else { Roots::Named(&names) };
        debug(facts, bytes, roots);
    }
}

/// [`facts`], and the layouts of the types that a module's exports reach. Of one that exports nothing
/// only the kernel's own types would be read, over and over.
fn of_module(bytes: &[u8], depth: Depth) -> Result<ImageFacts, String> {
    let mut facts = facts_but_debug(bytes, depth)?;
    if depth != Depth::Records {
        match exported(&facts) {
            names if names.is_empty() => facts.producers = who_compiled(bytes),
            names => debug(&mut facts, bytes, Roots::Named(&names)),
        }
    }
    Ok(facts)
}

/// Everything but layouts.
pub(crate) fn facts(bytes: &[u8], depth: Depth) -> Result<ImageFacts, String> {
    let mut facts = facts_but_debug(bytes, depth)?;
    if depth != Depth::Records {
        facts.producers = who_compiled(bytes);
    }
    Ok(facts)
}

fn who_compiled(bytes: &[u8]) -> Answer<BTreeMap<String, u64>> {
    match dwarf::units(bytes) {
        Ok(units) => Answer::Read(producers(&units)),
        Err(error) => Answer::Bad(error.to_string()),
    }
}

fn exported(facts: &ImageFacts) -> BTreeSet<String> {
    facts.exports.get().into_iter().flatten().map(|export| export.name.clone()).collect()
}

fn debug(facts: &mut ImageFacts, bytes: &[u8], roots: Roots<'_>) {
    match dwarf::debug(bytes, roots) {
        Ok(debug) => {
            facts.producers = Answer::Read(producers(&debug.units));
            facts.debug = if debug.units.is_empty() { Answer::Absent } else { Answer::Read(debug) };
        }
        Err(error) => {
            facts.producers = Answer::Bad(error.to_string());
            facts.debug = Answer::Bad(error.to_string());
        }
    }
}

fn facts_but_debug(bytes: &[u8], depth: Depth) -> Result<ImageFacts, String> {
    let image = match depth {
        Depth::Records => Image::outline(bytes),
        Depth::Everything | Depth::Code => Image::parse(bytes),
    };
    Ok(but_debug(&image.map_err(|error| error.to_string())?, depth))
}

fn but_debug(image: &Image<'_>, depth: Depth) -> ImageFacts {
    let exports = match elf::exports(image) {
        Ok(list) => Answer::Read(list),
        Err(error) => Answer::Bad(error.to_string()),
    };
    let mut facts = ImageFacts {
        exports,
        e_flags: image.ident.e_flags,
        e_machine: image.ident.e_machine,
        ..ImageFacts::default()
    };
    if depth == Depth::Records {
        return facts;
    }
    facts.is_relocatable = image.ident.is_relocatable();
    facts.loading = elf::loading(image);
    facts.section_spans = spans(image);
    facts.section_names = image.sections.iter().map(|s| s.name.clone().into_owned()).collect();
    if depth == Depth::Code {
        facts.pieces = elf::pieces(image);
        facts.contents = elf::contents(image);
    }
    facts.extents = elf::extents(image);
    facts.tables = tables(image);
    facts.marks = marks(image);
    facts.sections = sections(image);
    (facts.symbols, facts.undefined) = symbols(image);
    let named = facts.symbols.len() + facts.undefined.len();
    // The first symbol of every table is none.
    let all = image.symbols.len().saturating_sub(1);
    facts.unnamed_symbols = all.saturating_sub(named) as u64;
    facts.initcalls = match elf::initcalls(image) {
        Ok(list) => Answer::Read(list),
        Err(error) => Answer::Bad(error.to_string()),
    };
    facts
}

/// The tables that have entries or cannot be read.
fn tables(image: &Image<'_>) -> BTreeMap<KernelTable, Answer<Table>> {
    let answers = elf::tables(image).into_iter().map(|(which, table)| {
        let answer = match table {
            Ok(table) if table.entries.is_empty() => Answer::Absent,
            Ok(table) => Answer::Read(table),
            Err(error) => Answer::Bad(error.to_string()),
        };
        (which, answer)
    });
    answers.filter(|(_, answer)| *answer != Answer::Absent).collect()
}

/// What the file says of itself, as far as it says anything.
fn marks(image: &Image<'_>) -> BTreeMap<Mark, Answer<BTreeMap<String, String>>> {
    let answers = Mark::ALL.into_iter().map(|mark| match elf::marks(image, mark) {
        Ok(marks) if marks.is_empty() => (mark, Answer::Absent),
        Ok(marks) => (mark, Answer::Read(marks)),
        Err(error) => (mark, Answer::Bad(error.to_string())),
    });
    answers.filter(|(_, answer)| *answer != Answer::Absent).collect()
}

fn spans(image: &Image<'_>) -> Vec<Span> {
    let span = |section: &elf::Section<'_>| Span {
        address: section.address,
        size: section.size,
        alloc: section.flags.alloc(),
    };
    image.sections.iter().map(span).collect()
}

fn producers(units: &[Unit]) -> BTreeMap<String, u64> {
    let mut producers = BTreeMap::new();
    for unit in units {
        *producers.entry(unit.producer.clone()).or_insert(0) += 1;
    }
    producers
}

fn sections(image: &Image<'_>) -> BTreeMap<String, SectionFacts> {
    let mut sections: BTreeMap<String, SectionFacts> = BTreeMap::new();
    for section in image.sections.iter().filter(|s| !s.name.is_empty()) {
        let slot = sections.entry(section.name.clone().into_owned()).or_default();
        slot.flags = section.flags.to_string();
        slot.kind = section.type_name().into_owned();
        slot.size += section.size;
        slot.align = slot.align.max(section.align);
        slot.entsize = slot.entsize.max(section.entsize);
        if section.flags.alloc() && (section.link, section.info) != (0, 0) {
            let link = image.sections.get(section.link as usize).map_or("", |it| &it.name);
            slot.related = format!("for '{link}', {}", section.info);
        }
        slot.alloc |= section.flags.alloc();
        slot.write |= section.flags.write();
        slot.exec |= section.flags.exec();
    }
    sections
}

fn symbols(image: &Image<'_>) -> (Vec<SymbolFacts>, BTreeSet<String>) {
    let mut symbols = Vec::with_capacity(image.symbols.len());
    let mut undefined = BTreeSet::new();
    for symbol in &image.symbols {
        if matches!(symbol.kind, SymbolKind::Section | SymbolKind::File) || symbol.name.is_empty() {
            continue;
        }
        if symbol.section == SectionRef::Undefined {
            undefined.insert(symbol.name.clone().into_owned());
        } else {
            symbols.push(SymbolFacts {
                raw: symbol.name.clone().into_owned(),
                kind: symbol.kind.name(),
                binding: symbol.binding.name(),
                visibility: symbol.visibility.name(),
                size: symbol.size,
                value: symbol.value,
                other: symbol.other,
                section: match symbol.section {
                    SectionRef::Named(index) => Some(index),
                    _ => None,
                },
            });
        }
    }
    (symbols, undefined)
}
