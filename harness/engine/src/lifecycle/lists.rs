//! What describes a build for other programs.

use super::scratch::Scratch;
use crate::configure::dot_config;
use crate::error::EngineError;
use crate::fs::{read_regular, read_text};
use crate::gather::arch_of_config;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use twinlto_facts::kbuild::{
    CmdFile, Depends, built_in_modules, cmd_path, compile_commands as parse, modfile,
    module_members, native_path, normalize_path, object_list_or_bytes, ranges_modules,
};
use twinlto_facts::{archive, build::BuildFacts};
use twinlto_model::{Arch, Event, LifeStep};
use twinlto_verdict::lifecycle::{Compiled, StepVerdict, database, ranges as judge_ranges};

/// An object of the kernel or of a module, with what its `.cmd` file says.
pub(super) struct Recorded {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) command: String,
    pub(super) is_module: bool,
}

/// Makes the `compile_commands.json` of a build directory and judges it.
///
/// # Errors
///
/// As [`compile_commands`], and when make cannot be run. That make failed is a finding.
pub(crate) fn make_compile_commands(
    scratch: &Scratch<'_>,
    events: &mut dyn FnMut(Event),
) -> Result<StepVerdict, EngineError> {
    const GOAL: &str = "compile_commands.json";
    match scratch.make(&[GOAL], events)? {
        Ok(()) => compile_commands(scratch.dir),
        Err(headline) => {
            let step = LifeStep::CompileCommands;
            Ok(StepVerdict::failed(scratch.arch, step, GOAL, &headline))
        }
    }
}

/// Judges the `compile_commands.json` of a build directory against its `.cmd` files. It must have
/// been made; nothing is run.
///
/// # Errors
///
/// When there is none, or it makes no sense, or the directory is no build of a known architecture.
pub fn compile_commands(dir: &Path) -> Result<StepVerdict, EngineError> {
    let path = dir.join("compile_commands.json");
    let bytes = read_text(&path).map_err(|error| EngineError::io("read", &path, &error))?;
    let entries = parse(&bytes).map_err(|why| {
        let hint = "make compile_commands.json";
        EngineError::environment(format!("failed to understand {}", path.display()), why, hint)
    })?;
    let indexed: BTreeSet<String> = lines(dir, "vmlinux.thinlto-index")?.into_iter().collect();
    let compiled: Vec<Compiled> = recorded(dir)?
        .into_iter()
        .map(|object| Compiled {
            has_native: indexed.contains(&object.name)
                && dir.join(native_path(&object.name)).is_file(),
            object: object.name,
            source: object.source,
        })
        .collect();
    if compiled.is_empty() {
        return Ok(StepVerdict::not_taken("no .cmd file tells of a compiled object"));
    }
    Ok(database(arch_of(dir)?, &compiled, &entries))
}

/// Judges the `modules.builtin.ranges` of a build directory against what its front ends were told.
///
/// # Errors
///
/// When a file cannot be read.
pub fn ranges(dir: &Path, facts: &BuildFacts) -> Result<StepVerdict, EngineError> {
    if !facts.config.is_yes("BUILTIN_MODULE_RANGES") {
        return Ok(StepVerdict::not_taken("CONFIG_BUILTIN_MODULE_RANGES is not set"));
    }
    let text = |name: &str| {
        let path = dir.join(name);
        let read = read_text(&path).map_err(|error| EngineError::io("read", &path, &error));
        read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let parts: BTreeMap<String, String> = facts
        .objects
        .iter()
        .filter_map(|(name, object)| {
            Some((name.clone(), modfile(&object.front.get()?.text)?.to_owned()))
        })
        .collect();
    let listed = built_in_modules(&text("modules.builtin")?);
    let placed = ranges_modules(&text("modules.builtin.ranges")?);
    Ok(judge_ranges(arch_of(dir)?, &listed, &parts, &placed))
}

/// Every object of the kernel and its modules that was compiled from C or assembly.
pub(super) fn recorded(dir: &Path) -> Result<Vec<Recorded>, EngineError> {
    let mut built_in = lines(dir, "builtin.order")?;
    if built_in.is_empty() {
        // In-process, the archive names them itself.
        built_in = archived(&dir.join("vmlinux.a"))?;
    }
    let mut names: Vec<(String, bool)> = built_in.into_iter().map(|name| (name, false)).collect();
    for module in lines(dir, "modules.order")? {
        let stem = module.strip_suffix(".o").or(module.strip_suffix(".ko")).unwrap_or(&module);
        let path = dir.join(format!("{stem}.mod"));
        let bytes = read_text(&path).map_err(|error| EngineError::io("read", &path, &error))?;
        let members = module_members(&String::from_utf8_lossy(&bytes));
        names.extend(members.objects.into_iter().map(|name| (name, true)));
    }
    let read = |(name, is_module): &(String, bool)| {
        let name = normalize_path(name)?;
        let bytes = read_regular(&dir.join(cmd_path(&name))).ok()?;
        let source = Depends::parse(&String::from_utf8_lossy(&bytes)).source?;
        let is_source = source.ends_with(".c") || source.ends_with(".S");
        let command = CmdFile::parse(&bytes, &[]).command.into_owned();
        is_source.then_some(Recorded { name, source, command, is_module: *is_module })
    };
    Ok(names.par_iter().filter_map(read).collect())
}

/// The members of an archive; none of one that is not there.
fn archived(path: &Path) -> Result<Vec<String>, EngineError> {
    match read_regular(path) {
        Ok(bytes) => archive::members(&bytes).map_err(|why| {
            let what = format!("failed to understand {}", path.display());
            EngineError::environment(what, why, "remove it and build again")
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(EngineError::io("read", path, &error)),
    }
}

/// The lines of a list; none of one that is not there.
fn lines(dir: &Path, name: &str) -> Result<Vec<String>, EngineError> {
    let path = dir.join(name);
    match read_text(&path) {
        Ok(bytes) => Ok(object_list_or_bytes(&bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(EngineError::io("read", &path, &error)),
    }
}

fn arch_of(dir: &Path) -> Result<Arch, EngineError> {
    arch_of_config(&dot_config(dir)?).ok_or_else(|| {
        EngineError::usage(
            format!("build directory {}", dir.display()),
            "it is for none of x86_64, arm64, riscv and loongarch",
            "those are the architectures with ThinLTO",
        )
    })
}
