//! Reads the facts of a finished, failed or half-finished build directory. Never writes.

pub(crate) mod image;
mod imports;
mod included;
mod installed;
mod levels;
pub(crate) mod named;
mod natives;
mod objects;

use image::Linked;
use named::Named;
pub(crate) use objects::command as recorded_command;

use crate::error::EngineError;
use crate::fs::{read_regular, read_text};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use twinlto_facts::build::{Answer, BuildFacts, ImageFacts, Installed, Listing};
use twinlto_facts::elf::initcalls_lds;
use twinlto_facts::kbuild::{Config, Symvers, normalize_path, object_list_or_bytes};
use twinlto_facts::log::BuildLog;
use twinlto_facts::{archive, elf};
use twinlto_model::{Arch, Mode};

/// Reads a build directory. `logs` are the `make V=1` logs of the build, where there are any;
/// they tell of backends that failed and so left no `.cmd` file. `with_image` also reads
/// everything of `vmlinux` and the modules; without it only the export tables.
///
/// # Errors
///
/// When the directory cannot be read at all or is no kernel build directory.
pub fn gather(dir: &Path, logs: &[&Path], depth: Depth) -> Result<BuildFacts, EngineError> {
    if !dir.is_dir() {
        return Err(EngineError::usage(
            format!("build directory {}", dir.display()),
            if dir.exists() { "it is not a directory" } else { "there is no such directory" },
            "give the directory that make got as O=, or the tree itself if it was built in place",
        ));
    }
    let config_path = dir.join(".config");
    let config = read_text(&config_path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => EngineError::usage(
            format!("build directory {}", dir.display()),
            "it holds no .config, so no kernel was configured in it",
            "give the directory that make got as O=, or the tree itself if it was built in place",
        ),
        _ => EngineError::io("read", &config_path, &error),
    })?;
    let config = Config::parse(&String::from_utf8_lossy(&config));
    let mut facts = BuildFacts {
        directory: dir.display().to_string(),
        home: dir.canonicalize().ok().map(|path| path.display().to_string()),
        source: source_tree(dir),
        order: listing(dir, "builtin.order"),
        index: listing(dir, "vmlinux.thinlto-index"),
        archive: archive_listing(dir),
        symvers: symvers(dir),
        config,
        ..BuildFacts::default()
    };
    facts.thin_link = objects::command(dir, "vmlinux.thinlto-index");
    facts.mode = mode_of_build(&facts.config, &facts.archive, facts.thin_link.as_deref());
    if facts.mode == Some(Mode::Distributed) && is_older(dir, "vmlinux.a", "vmlinux.thinlto-index")
    {
        facts.archive = Listing::Absent;
        facts.archive_is_stale = true;
    }
    facts.fixup = objects::command(dir, "built-in-fixup.a");
    facts.link = objects::command(dir, "vmlinux.o");
    if !facts.mode.is_some_and(Mode::has_native_objects) {
        // Left over from a distributed build of the same directory.
        facts.order = Listing::Absent;
        facts.index = Listing::Absent;
    }
    for log in logs {
        let bytes = read_regular(log).map_err(|error| EngineError::io("read", log, &error))?;
        facts.log.extend(BuildLog { path: log.display().to_string(), ..BuildLog::parse(&bytes) });
    }
    let (objects, (image, installed)) =
        rayon::join(|| objects::read(dir, &facts), || kernel(dir, depth));
    facts.objects = objects.indexed;
    let named = Named::new(dir);
    named.complete_all(&mut facts.objects);
    facts.other_objects = objects.others;
    facts.other_symvers = objects.symvers;
    facts.unlisted_indexes = objects.unlisted;
    facts.image = image;
    read_modules(dir, &mut facts, depth);
    facts.installed = installed;
    facts.made = installed::times(dir, &facts);
    if depth != Depth::Records {
        facts.levels = levels::read(dir, &facts.objects);
        facts.initcall_script = initcall_script(dir);
        facts.natives = natives::read(dir, &named, &facts);
    }
    facts.arch = arch_of(&facts);
    Ok(facts)
}

/// `vmlinux` and what is installed with it.
fn kernel(dir: &Path, depth: Depth) -> (Answer<ImageFacts>, Installed) {
    let bytes = match read_regular(&dir.join("vmlinux")) {
        Ok(bytes) => bytes,
        Err(error) => return (absent_or_bad(&error), installed::read(dir, None)),
    };
    let linked = Linked::new(&bytes);
    rayon::join(
        || linked.facts(depth).map_or_else(Answer::Bad, Answer::Read),
        || installed::read(dir, Some(&linked)),
    )
}

/// How much of a build is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Commands, artefacts and export tables.
    Records,
    /// These, and all of `vmlinux` and the modules.
    Everything,
    /// These, and every byte that is loaded.
    Code,
}

/// Whether both files are there and one is older than the other.
fn is_older(dir: &Path, file: &str, than: &str) -> bool {
    let time = |name: &str| std::fs::metadata(dir.join(name)).and_then(|meta| meta.modified());
    matches!((time(file), time(than)), (Ok(file), Ok(than)) if file < than)
}

/// The ThinLTO mode of a build: that of its configuration, unless somebody else than the linker
/// made the native objects that its archive holds.
fn mode_of_build(config: &Config, archive: &Listing, thin_link: Option<&str>) -> Option<Mode> {
    let mode = mode_of(config)?;
    let is_native = |name: &String| name.ends_with(".thinlto-native.o");
    let natives = archive.get().is_some_and(|members| members.iter().any(is_native));
    let is_lld = || thin_link.is_some_and(|text| text.contains("--thinlto-distributor="));
    Some(match mode {
        Mode::InProcess if natives && is_lld() => Mode::Dtlto,
        Mode::InProcess if natives => Mode::Reference,
        mode => mode,
    })
}

/// The mode of a build directory.
pub(crate) fn mode_of_directory(dir: &Path, config: &Config) -> Option<Mode> {
    let thin_link = objects::command(dir, "vmlinux.thinlto-index");
    mode_of_build(config, &archive_listing(dir), thin_link.as_deref())
}

/// The ThinLTO mode that a `.config` selects.
fn mode_of(config: &Config) -> Option<Mode> {
    [Mode::Distributed, Mode::InProcess].into_iter().find(|mode| config.is_yes(mode.kconfig()))
}

/// The architecture that `.config` names, and if it names none, that of most native objects.
fn arch_of(facts: &BuildFacts) -> Option<Arch> {
    arch_of_config(&facts.config).or_else(|| Arch::from_e_machine(facts.image.get()?.e_machine))
}

/// The architecture that a `.config` names.
pub(crate) fn arch_of_config(config: &Config) -> Option<Arch> {
    let by_config = [
        ("X86_64", Arch::X86_64),
        ("ARM64", Arch::Arm64),
        ("RISCV", Arch::Riscv),
        ("LOONGARCH", Arch::Loongarch),
    ];
    by_config.into_iter().find(|(symbol, _)| config.is_yes(symbol)).map(|(_, arch)| arch)
}

fn answer<T>(path: &Path, read: impl FnOnce(Vec<u8>) -> Result<T, String>) -> Answer<T> {
    match read_regular(path) {
        Ok(bytes) => match read(bytes) {
            Ok(value) => Answer::Read(value),
            Err(why) => Answer::Bad(why),
        },
        Err(error) => absent_or_bad(&error),
    }
}

fn absent_or_bad<T>(error: &std::io::Error) -> Answer<T> {
    match error.kind() {
        ErrorKind::NotFound => Answer::Absent,
        _ => Answer::Bad(error.to_string()),
    }
}

/// A list of object names; one that leaves the build directory makes the list worthless.
/// `BUILD.log`, where twinlto itself writes what make said.
pub(crate) fn log_beside(build: &Path) -> Option<PathBuf> {
    let mut name = build.canonicalize().ok()?.into_os_string();
    name.push(".log");
    let path = PathBuf::from(name);
    path.is_file().then_some(path)
}

/// Where the sources are: the Makefile that kbuild writes into a build directory includes theirs
/// (`outputmakefile` in `Makefile`, Linux 5.0 to 7.3).
fn source_tree(dir: &Path) -> Option<String> {
    let text = read_regular(&dir.join("Makefile")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let included = text.lines().find_map(|line| line.strip_prefix("include "));
    let tree = included.and_then(|path| path.trim().strip_suffix("/Makefile"));
    // A tree that was built in place includes its own files.
    tree.filter(|tree| tree.starts_with('/')).map(str::to_owned)
}

fn listing(dir: &Path, name: &str) -> Listing {
    answer(&dir.join(name), |bytes| inside(object_list_or_bytes(&bytes)))
}

fn inside(names: Vec<String>) -> Result<Vec<String>, String> {
    match names.iter().find(|name| normalize_path(name).as_ref() != Some(*name)) {
        None => Ok(names),
        Some(name) => Err(format!("'{name}' is no plain path below the build directory")),
    }
}

fn archive_listing(dir: &Path) -> Listing {
    answer(&dir.join("vmlinux.a"), |bytes| {
        let names = archive::members(&bytes)?;
        inside(names.into_iter().map(|n| n.strip_prefix("./").unwrap_or(&n).to_owned()).collect())
    })
}

fn symvers(dir: &Path) -> Answer<Symvers> {
    answer(&dir.join("Module.symvers"), |bytes| {
        Symvers::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| error.to_string())
    })
}

fn initcall_script(dir: &Path) -> Answer<Vec<String>> {
    answer(&dir.join(".tmp_initcalls.lds"), |bytes| {
        let calls = initcalls_lds(&String::from_utf8_lossy(&bytes)).map_err(|e| e.to_string())?;
        Ok(calls.iter().map(elf::LdsInitcall::entry).collect())
    })
}

fn read_modules(dir: &Path, facts: &mut BuildFacts, depth: Depth) {
    let names = match listing(dir, "modules.order") {
        Answer::Read(names) => names,
        Answer::Absent => return,
        Answer::Bad(why) => {
            facts.unreadable.insert("modules.order".to_owned(), why);
            return;
        }
    };
    // Linux ≥ 6.4 lists X.o, before that X.ko.
    let stems: Vec<String> = names
        .iter()
        .map(|n| n.strip_suffix(".ko").or(n.strip_suffix(".o")).unwrap_or(n).to_owned())
        .collect();
    let modules: BTreeMap<_, _> =
        stems.par_iter().map(|stem| (stem.clone(), image::module(dir, stem, depth))).collect();
    for stem in &stems {
        for (object, lines) in objects::module_symvers(dir, stem) {
            facts.other_symvers.insert(object, lines);
        }
    }
    facts.modules = modules;
}
