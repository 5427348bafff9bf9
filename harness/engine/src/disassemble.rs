//! Both sides of functions that differ, disassembled by `llvm-objdump`.

use crate::error::EngineError;
use crate::fs::read_regular;
use crate::process::capture;
use crate::recipe::Recipe;
use crate::toolchain::{LlvmSpec, find_program};
use std::collections::BTreeMap;
use std::path::Path;
use twinlto_facts::elf::{Image, ObjectKind, bodies, kind};
use twinlto_model::Report;
use twinlto_verdict::canonical;

/// How many functions are shown; what differs everywhere is no reading matter.
const MOST: usize = 10;

/// One function on both sides: its instructions, one a line, with their relocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disassembled {
    /// Its canonical name.
    pub name: String,
    /// The first side; empty where the function is not there.
    pub left: String,
    /// The second side.
    pub right: String,
}

/// The first ten functions that a comparison of two relocatable files found to differ.
///
/// # Errors
///
/// When there is no `llvm-objdump`, or it cannot read one of the files.
pub fn disassemble(
    llvm: &LlvmSpec,
    a: &Path,
    b: &Path,
    report: &Report,
) -> Result<Vec<Disassembled>, EngineError> {
    for file in [a, b] {
        let bytes = read_regular(file).map_err(|error| EngineError::io("read", file, &error))?;
        if !matches!(kind(&bytes), ObjectKind::Elf(ident) if ident.is_relocatable()) {
            return Err(EngineError::usage(
                format!("--disassemble {}", file.display()),
                "it is no relocatable ELF file, and only functions of such are compared",
                "give two objects",
            ));
        }
    }
    let found = report.findings.iter().filter(|f| f.key.as_str() == "code.changed");
    let names: Vec<&str> = found.flat_map(|f| f.subjects()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let program = llvm.program("llvm-objdump");
    if find_program(&program).is_none() {
        return Err(EngineError::environment(
            "--disassemble",
            format!("there is no program {program}"),
            "give an LLVM that has it with --llvm",
        ));
    }
    let (ours, theirs) = (raw_names(a)?, raw_names(b)?);
    // Bytes between functions have no name.
    let names =
        names.iter().filter(|name| ours.contains_key(**name) || theirs.contains_key(**name));
    let both = |name: &&str| {
        let left = listing(&program, a, ours.get(*name))?;
        let right = listing(&program, b, theirs.get(*name))?;
        Ok(Disassembled { name: (*name).to_owned(), left, right })
    };
    names.take(MOST).map(both).collect()
}

/// Canonical name of every function → the first that has it, as the symbol table writes it.
fn raw_names(file: &Path) -> Result<BTreeMap<String, String>, EngineError> {
    let bytes = read_regular(file).map_err(|error| EngineError::io("read", file, &error))?;
    let image = Image::parse(&bytes).map_err(|error| {
        EngineError::usage(file.display().to_string(), error.to_string(), "give an ELF file")
    })?;
    let mut names = BTreeMap::new();
    for body in bodies(&image).into_iter().filter(|body| !body.is_data) {
        names.entry(canonical(&body.name).name.into_owned()).or_insert(body.name);
    }
    Ok(names)
}

/// The instructions of one function with their relocations, without addresses; empty where the
/// function is not there.
fn listing(program: &str, file: &Path, raw: Option<&String>) -> Result<String, EngineError> {
    let Some(raw) = raw else {
        return Ok(String::new());
    };
    // A name that begins with a dash would be an option.
    let absolute =
        std::path::absolute(file).map_err(|error| EngineError::io("find", file, &error))?;
    let recipe = Recipe::new(Path::new("."), program)
        .arg("--disassemble")
        .arg("--reloc")
        .arg("--no-show-raw-insn")
        .arg("--no-leading-addr")
        .arg(format!("--disassemble-symbols={raw}"))
        .arg(absolute.as_os_str());
    let said = capture(&recipe)?;
    let from = said.stdout.lines().skip_while(|line| !line.ends_with(">:")).skip(1);
    let lines: Vec<&str> = from.take_while(|line| !line.is_empty()).map(str::trim_end).collect();
    if lines.is_empty() {
        return Err(EngineError::environment(
            format!("{program} on {}", file.display()),
            said.stderr.lines().next().unwrap_or("it shows no instruction").to_owned(),
            "",
        ));
    }
    Ok(lines.join("\n") + "\n")
}
