//! What each fuzz target does with its bytes: it reads them and looks at all that was read.
//!
//! A panic, an overflow, more than ten seconds, or memory out of proportion to the input is a
//! crash. What the readers say of the bytes does not matter.

mod memory;

pub use memory::fuzz;

use std::fmt::Debug;
use std::hint::black_box;
use twinlto_facts::dry_run::DryRun;
use twinlto_facts::dtlto::JobList;
use twinlto_facts::elf::{self, Image};
use twinlto_facts::flags::{lex, resolve};
use twinlto_facts::kbuild::{
    CmdFile, Config, Depends, Preprocess, Symtypes, Symvers, assembly_prototypes, built_in_modules,
    compile_commands, enumerators, kernel_version, lto_modes, members, modfile, module_members,
    object_list_or_bytes, ranges_modules,
};
use twinlto_facts::log::{BuildLog, reasons};
use twinlto_facts::named::NamedFiles;
use twinlto_facts::program::tool_of;
use twinlto_facts::{archive as ar, bitcode as bc, dwarf as dw, whole};
use twinlto_model::{Arch, ToolVersion};
use twinlto_report::{Style, facet_change, from_json, terminal, to_json};
use twinlto_verdict::inject::Case;
use twinlto_verdict::matrix::{KnownToolchain, Spec, cells};
use twinlto_verdict::number;
use twinlto_verdict::search::Predicate;
use twinlto_verdict::{Expectations, Severities};

/// Looks at every field of an answer; an error must have words.
fn look<T: Debug, E: ToString>(answer: Result<T, E>) {
    match answer {
        Ok(facts) => {
            see(format!("{facts:?}"));
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error without a word"),
    }
}

/// Keeps the compiler from leaving out what nobody uses.
fn see<T>(value: T) {
    black_box(value);
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The ELF reader and everything that is made of sections, symbols and relocations.
pub fn elf(bytes: &[u8]) {
    if let elf::ObjectKind::Elf(ident) = elf::kind(bytes)
        && let Some(headers) = whole::section_headers(&ident, bytes)
    {
        see(headers.damage(bytes.len() as u64, bytes));
    }
    see(Image::outline(bytes).map(|image| elf::exports(&image)));
    look(elf::modversions(bytes));
    look(elf::modinfo(bytes));
    let image = match Image::parse(bytes) {
        Ok(image) => image,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    for (index, section) in image.sections.iter().enumerate() {
        see((section.flags.to_string(), section.type_name(), section.holds(section.address)));
        see((image.data(index).len(), image.relocations(index).count()));
        see(image.relocation_sections(index).count());
    }
    see((image.undefined().count(), image.symbols.iter().filter(|it| it.is_mapping()).count()));
    look(elf::exports(&image));
    look(elf::initcalls(&image));
    look(elf::riscv_attributes(&image));
    see((elf::groups(&image), elf::compressed(&image), elf::producers(&image)));
    see((image.relocation_counts(), elf::bodies(&image)));
    for mark in elf::Mark::ALL {
        look(elf::marks(&image, mark));
    }
    for note in elf::notes(&image).unwrap_or_default() {
        see((note.to_string(), note.properties(&image)));
    }
}

/// The tables that the kernel reads about itself.
pub fn tables(bytes: &[u8]) {
    let Ok(image) = Image::parse(bytes) else { return };
    for (_, table) in elf::tables(&image) {
        if let Ok(table) = &table {
            see((table.facts(), table.tally()));
        }
        look(table);
    }
}

/// Compile units of debug information, and the layouts of the types that exports reach.
pub fn dwarf(bytes: &[u8]) {
    look(dw::units(bytes));
    look(dw::debug(bytes, dw::Roots::External));
}

/// IR objects and indexes, and what the assembly in them includes.
pub fn bitcode(bytes: &[u8]) {
    if let Some(header) = bytes.first_chunk() {
        see(whole::bitcode_block(*header));
    }
    look(bc::read(bytes));
    look(bc::assembly(bytes));
    look(bc::module_assembly(bytes));
}

/// `ar` archives, thin ones too.
pub fn archive(bytes: &[u8]) {
    look(ar::contents(bytes));
}

/// `.cmd` files, and the commands in them: words, options, what they resolve to.
pub fn cmd(bytes: &[u8]) {
    see((CmdFile::tail_is_complete(bytes), CmdFile::is_cut_in_dependencies(bytes)));
    let file = CmdFile::parse(bytes, bytes);
    see(format!("{file:?}"));
    for line in [file.command.as_ref(), &text(bytes)] {
        let commands = lex(line);
        for command in commands.iter().flatten() {
            let words = || command.words.iter().map(AsRef::as_ref);
            see(format!("{:?}", NamedFiles::of(words())));
            see(words().filter_map(tool_of).count());
            let resolved = resolve(&command.words);
            see((format!("{resolved:?}"), resolved.needed_in_order().len()));
        }
        look(commands);
    }
}

/// `Module.symvers`.
pub fn symvers(bytes: &[u8]) {
    look(Symvers::parse(&text(bytes)));
}

/// `.config`, which must survive being written and read again; a tree's Makefile and Kconfig.
pub fn config(bytes: &[u8]) {
    let text = text(bytes);
    let config = Config::parse(&text);
    assert_eq!(Config::parse(&config.to_text()).values, config.values, "written and read again");
    see((config.clang_major(), kernel_version(&text), lto_modes(&text)));
}

/// What make says: `V=1` logs, and what a dry run would run.
pub fn log(bytes: &[u8]) {
    let run = DryRun::parse(bytes);
    for object in run.fronts.keys() {
        see(run.record(object).expect("what is planned can be recorded"));
    }
    see(format!("{run:?}"));
    let log = BuildLog::parse(bytes);
    see((format!("{log:?}"), log.headline()));
    for said in log.diagnostics.keys() {
        see((said.to_string(), said.class(), said.subject(), said.stage(), said.triple()));
    }
}

/// What genksyms says of types, and the preprocessor's command as a `.cmd` file tells it.
pub fn symtypes(bytes: &[u8]) {
    let text = text(bytes);
    let types = Symtypes::parse(&text);
    for (name, definition) in types.iter() {
        see((definition.is_unknown(), types.reached(name).len()));
        see((members(&definition.tokens), enumerators(&definition.tokens)));
    }
    look(Preprocess::of(&text));
    see(assembly_prototypes(text.lines()));
}

/// Lists of objects, of a module's members, and of initcalls as the thin link writes them.
pub fn lists(bytes: &[u8]) {
    let text = text(bytes);
    see((object_list_or_bytes(bytes), module_members(&text)));
    look(elf::initcalls_lds(&text).inspect(|calls| {
        calls.iter().for_each(|call| see(call.entry()));
    }));
}

/// The list of backends that lld hands out.
pub fn distributor(bytes: &[u8]) {
    look(JobList::parse(&text(bytes)).inspect(|list| {
        for job in &list.jobs {
            see((job.is_inside(), job.argv_with("index", "output")));
        }
    }));
}

/// A known defect, as `case.toml` tells it.
pub fn case(bytes: &[u8]) {
    look(Case::parse("case", "case.toml", &text(bytes)));
}

/// What a user asks of many cells: in the first line the predicate of a bisection, then a matrix.
pub fn asked(bytes: &[u8]) {
    let text = text(bytes);
    let (line, matrix) = text.split_once('\n').unwrap_or((&text, ""));
    look(Predicate::count(line, number::OF_A_BUILD));
    look(Predicate::outcome(line));
    look(Predicate::finding(line, None));
    look(Spec::parse("matrix", "matrix.toml", matrix).inspect(|spec| {
        let version = ToolVersion { major: 22, minor: 1, patch: 8 };
        let known = KnownToolchain { name: "clang 22.1.8".to_owned(), version, given: false };
        look(spec.every_rule_fits());
        see(cells(&spec.clone().filled(Arch::Arm64), &[known]));
    }));
}

/// What a build's life is judged by: dependencies, `compile_commands.json`, lists of built-in modules,
/// make's reasons.
pub fn life(bytes: &[u8]) {
    let text = text(bytes);
    let depends = Depends::parse(&text);
    see((depends.in_tree("/k").count(), depends.source_in_tree("/k")));
    look(compile_commands(bytes));
    see((built_in_modules(&text), ranges_modules(&text), modfile(&text), reasons(bytes)));
}

/// SUSE's `kabi/severities`.
pub fn severities(bytes: &[u8]) {
    look(Severities::parse("severities", &text(bytes)));
}

/// `twinlto.toml`.
pub fn expectations(bytes: &[u8]) {
    look(Expectations::parse("twinlto.toml", &text(bytes)));
}

/// `report.json` of a record: read, shown, written and read again.
pub fn record(bytes: &[u8]) {
    match from_json(&text(bytes)) {
        Ok(report) => {
            see(terminal(&report, &Style { verbose: true, ..Style::default() }));
            let again = from_json(&to_json(&report));
            assert_eq!(again.ok().as_ref(), Some(&report), "written and read again");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A recorded facet beside another one: the halves of the input.
pub fn snapshot(bytes: &[u8]) {
    let text = text(bytes);
    let (before, now) = text.split_once('\0').unwrap_or((&text, ""));
    see(facet_change("facts", |line| line, None, Some(before), now));
}
