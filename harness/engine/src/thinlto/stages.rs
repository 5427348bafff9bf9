//! What a linker and kbuild do between the compilation of the last source and the link of
//! `vmlinux`, done by twinlto: thin link, backends, archive.
//!
//! It needs nothing of the kernel but `vmlinux.a` as an archive of its own, so Linux 6.1 and later
//! (the top `Makefile` of Linux 6.12, `scripts/Makefile.vmlinux_a` of 7.3). modpost looks for an
//! exported symbol's CRC in the `.cmd` file of each member of that archive (`extract_crcs_for_object`
//! in `scripts/mod/modpost.c`, Linux 6.1 to 7.3), so native objects get one with these lines.

use super::Failed;
use super::backend::{BACKEND_LIMIT, Backend, front_reference, pool, same_llvm};
use super::command::quoted;
use super::inputs::{self, Module};
use super::kept::{INDEX, ORDER, bad_build, listed, record, record_native};
use super::linker::{Linker, linker, run};
use crate::build::Kbuild;
use crate::error::EngineError;
use crate::fs::write_atomic;
use crate::gather::{Depth, gather};
use crate::recipe::Recipe;
use crate::toolchain::program_identity;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::mpsc::channel;
use twinlto_facts::build::{BuildFacts, ObjectFacts};
use twinlto_facts::kbuild::{index_path, native_path};
use twinlto_model::{Event, Finding, Mode};
use twinlto_verdict::replay::{Reference, backend_failed};

/// Turns the IR objects of `vmlinux.a` into native objects, as distributed ThinLTO does: all that
/// is left for kbuild is to link. What the kernel's own code made impossible is in the findings.
///
/// # Errors
///
/// When a tool or the disk fails, or the directory is not what kbuild leaves.
pub(crate) fn to_native(
    kbuild: &Kbuild<'_>,
    events: &mut dyn FnMut(Event),
) -> Result<Vec<Finding>, EngineError> {
    let dir = kbuild.dir;
    let facts = gather(dir, &[], Depth::Records)?;
    let order = facts.archive.get().filter(|members| !members.is_empty());
    let Some(order) = order else {
        let why =
            facts.archive.why_not("vmlinux.a").unwrap_or_else(|| "it has no members".to_owned());
        return Err(bad_build(dir, &why));
    };
    let list: String = order.iter().map(|name| format!("{name}\n")).collect();
    write_atomic(&dir.join(ORDER), list.as_bytes())?;
    let linker = linker(kbuild)?;
    if kbuild.mode == Mode::Dtlto {
        let names = super::dtlto::link(kbuild, &facts, &linker)?;
        archive(kbuild, order, &names)?;
        return Ok(Vec::new());
    }
    let names = thin_link(dir, &linker)?;
    let modules = inputs::read(dir, dir, &names)?;
    if let Some(why) = modules.iter().find_map(|module| module.unusable.as_deref()) {
        return Err(bad_build(dir, why));
    }
    let work = work(dir, &facts, &modules)?;
    let failed = backends(kbuild, &work, events)?;
    if !failed.is_empty() {
        return Ok(failed);
    }
    archive(kbuild, order, &names)?;
    Ok(Vec::new())
}

/// Writes an index beside every IR object, and the list of them, and gives the latter.
fn thin_link(dir: &Path, linker: &Linker) -> Result<Vec<String>, EngineError> {
    let recipe =
        linker.recipe(dir).arg(format!("--thinlto-index-only={INDEX}")).arg(format!("@{ORDER}"));
    run(&recipe, "thin link")?;
    record(dir, INDEX, &recipe, &[])?;
    listed(dir)
}

/// One module and how it is compiled.
struct Work<'a> {
    module: &'a Module,
    reference: Reference,
}

fn work<'a>(
    dir: &Path,
    facts: &BuildFacts,
    modules: &'a [Module],
) -> Result<Vec<Work<'a>>, EngineError> {
    let none = ObjectFacts::default();
    let mut identities: HashMap<String, String> = HashMap::new();
    let mut work = Vec::with_capacity(modules.len());
    for module in modules {
        let object = facts.objects.get(&module.name).unwrap_or(&none);
        let reference = front_reference(object)
            .map_err(|why| bad_build(dir, &format!("{}: {why}", module.name)))?;
        let compiler = &reference.compiler;
        if !identities.contains_key(compiler) {
            let identity = program_identity(&Recipe::new(dir, compiler))?;
            identities.insert(compiler.clone(), identity);
        }
        let identity = identities.get(compiler).map(String::as_str).unwrap_or_default();
        same_llvm(dir, module, compiler, identity)?;
        work.push(Work { module, reference });
    }
    Ok(work)
}

/// Runs all backends; what failed is told, all of it and not the first alone.
fn backends(
    kbuild: &Kbuild<'_>,
    work: &[Work<'_>],
    events: &mut dyn FnMut(Event),
) -> Result<Vec<Finding>, EngineError> {
    let pool = pool(kbuild.jobs)?;
    let (sender, receiver) = channel();
    let (arch, mode, of) = (kbuild.arch, Some(kbuild.mode), Some(work.len()));
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let one = |work: &Work<'_>| {
                let failed = backend(kbuild.dir, work)?;
                // Who does not listen any more has what was wanted.
                let _gone = sender.send(());
                Ok(failed.map(|Failed { why, command }| {
                    backend_failed(arch, kbuild.mode, &work.module.name, &why, &command)
                }))
            };
            let all = || work.par_iter().map(one).collect::<Result<Vec<_>, EngineError>>();
            pool.install(all)
        });
        for (done, ()) in receiver.into_iter().enumerate() {
            events(Event::Progress { arch, mode, what: "backends", done: done + 1, of });
        }
        worker.join().unwrap_or_else(|_| {
            Err(EngineError::environment("backends", "a thread of theirs ended early", ""))
        })
    })
    .map(|all| all.into_iter().flatten().collect())
}

/// One backend, and the record of it.
fn backend(dir: &Path, work: &Work<'_>) -> Result<Option<Failed>, EngineError> {
    let name = &work.module.name;
    let (native, index) = (native_path(name), index_path(name));
    let backend =
        Backend { dir, object: name, index: Path::new(&index), reference: &work.reference };
    let out = Path::new(&native);
    if let Err(failed) = backend.run(out, BACKEND_LIMIT)? {
        // No half an object may be taken for one.
        let _gone = std::fs::remove_file(dir.join(out));
        return Ok(Some(failed));
    }
    record_native(dir, name, &backend.recipe(out))?;
    Ok(None)
}

/// Makes `vmlinux.a` again with native objects in the places of IR objects. It is younger than
/// what kbuild makes it from, so kbuild leaves it alone.
fn archive(kbuild: &Kbuild<'_>, order: &[String], names: &[String]) -> Result<(), EngineError> {
    let dir = kbuild.dir;
    let ir: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let member = |name: &String| match ir.contains(name.as_str()) {
        true => native_path(name),
        false => name.clone(),
    };
    let members: String = order.iter().map(|name| quoted(&member(name)) + "\n").collect();
    let scratch = tempfile::NamedTempFile::new()
        .map_err(|error| EngineError::io("make a file in", &std::env::temp_dir(), &error))?;
    write_atomic(scratch.path(), members.as_bytes())?;
    let path = dir.join("vmlinux.a");
    std::fs::remove_file(&path).map_err(|error| EngineError::io("remove", &path, &error))?;
    let recipe = Recipe::new(dir, kbuild.compiler.llvm.program("llvm-ar"))
        .arg("cDPrS")
        .arg("--thin")
        .arg("vmlinux.a")
        .arg(format!("@{}", scratch.path().display()));
    run(&recipe, "archive")
}
