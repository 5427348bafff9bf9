//! `twinlto diff A B`: any two things of one kind, opened, paired and compared.

mod archive;
mod filter;
mod judging;
mod logs;
mod records;
mod unexplained;

pub(crate) use records::report_of;
pub use records::{diff_records, is_record};

use crate::error::EngineError;
use crate::expect::ExpectFiles;
use crate::fs::{read_regular, read_text};
use crate::gather::{Depth, arch_of_config, gather, image, mode_of_directory};
use crate::inventory;
use crate::irs;
use crate::natives;
use crate::process::install_interrupt_handler;
use crate::symtypes;
use filter::{Filter, globs};
use globset::GlobSet;
use judging::Judging;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use twinlto_facts::bitcode::{self, BitcodeFacts};
use twinlto_facts::build::{Answer, BuildFacts, ImageFacts};
use twinlto_facts::elf::{ObjectKind, kind};
use twinlto_facts::kbuild::{Config, Export, Symvers, native_path};
use twinlto_facts::log::BuildLog;
use twinlto_model::{Arch, Event, Layer, Mode, NotCompared, Report, SidePaths, Unit};
use twinlto_verdict::{LostFile, Sides, compare_any, compare_bitcode};

/// What `twinlto diff` is asked.
#[derive(Debug, Clone)]
pub struct DiffRequest {
    /// The first side.
    pub a: PathBuf,
    /// The second side.
    pub b: PathBuf,
    /// Only findings with such keys; all if empty.
    pub only: Vec<String>,
    /// No findings with such keys.
    pub ignore: Vec<String>,
    /// Of build directories also the functions of such native objects.
    pub objects: Vec<String>,
    /// Whether changed CRCs are explained, for which the preprocessor and genksyms of both builds
    /// are run.
    pub explain: bool,
    /// Which files say what may differ.
    pub expect: ExpectFiles,
}

impl DiffRequest {
    fn paths(&self) -> SidePaths {
        let [left, right] = [&self.a, &self.b].map(|path| path.display().to_string());
        SidePaths { left, right }
    }
}

/// What a path turned out to be.
enum Thing {
    Build(Box<BuildFacts>),
    Elf(Box<BuildFacts>),
    Symvers(Box<BuildFacts>),
    Log(Box<BuildFacts>),
    Archive(Vec<u8>),
    Bitcode(Vec<u8>),
    Record,
}

impl Thing {
    const fn name(&self) -> &'static str {
        match self {
            Self::Build(_) => "a build directory",
            Self::Elf(_) => "an ELF file",
            Self::Symvers(_) => "a Module.symvers",
            Self::Log(_) => "a build log",
            Self::Archive(_) => "an archive",
            Self::Bitcode(_) => "bitcode",
            Self::Record => "a record of a check",
        }
    }
}

/// Compares two things. Builds nothing, writes nothing. `events` gets the progress of explaining.
///
/// # Errors
///
/// When one of them cannot be read, is nothing that twinlto knows, or when they are of
/// different kinds or architectures.
pub fn diff(request: &DiffRequest, events: &mut dyn FnMut(Event)) -> Result<Report, EngineError> {
    let filter = Filter::new(request)?;
    let expectations = request.expect.for_a_part(filter.hides()).read()?;
    let judging = Judging { request, filter: &filter, expectations: &expectations };
    let objects = object_globs(&request.objects)?;
    let (a, b) = rayon::join(|| open(&request.a), || open(&request.b));
    let (a, b) = (a?, b?);
    let differ = |what: &str, left: &str, right: &str| {
        EngineError::usage(
            format!("{} and {}", request.a.display(), request.b.display()),
            format!("one is {left}, the other {right}"),
            format!("give two of one {what}"),
        )
    };
    match (&a, &b) {
        (Thing::Archive(left), Thing::Archive(right)) => {
            let found = archive::compare((&request.a, left), (&request.b, right))?;
            let nothing = (&BuildFacts::default(), &BuildFacts::default());
            let mut report = judging.report(found.sides, found.verdict, nothing, false)?;
            for twin in &mut report.twins {
                twin.build.clone_from(&found.identical);
            }
            let arch = found.sides.arch;
            let left_out = |(what, why)| NotCompared { arch, what, why };
            report.not_compared.extend(found.unread.into_iter().map(left_out));
            Ok(report)
        }
        (Thing::Bitcode(left), Thing::Bitcode(right)) => {
            let (x, y) = (read_bitcode(left, &request.a)?, read_bitcode(right, &request.b)?);
            let arch = arch_of_bitcode(&x).unwrap_or_else(|| arch_around(&request.a));
            let sides = Sides::of(arch, None, None);
            let mut verdict = compare_bitcode(sides, &x, &y);
            unexplained::bitcode(sides, (left, right), &mut verdict);
            let nothing = BuildFacts::default();
            judging.report(sides, verdict, (&nothing, &nothing), false)
        }
        (Thing::Log(left), Thing::Log(right)) => judging.logs(left, right, &differ),
        (Thing::Build(left), Thing::Build(right))
        | (Thing::Elf(left), Thing::Elf(right))
        | (Thing::Symvers(left), Thing::Symvers(right)) => {
            if let (Some(x), Some(y)) = (left.arch, right.arch)
                && x != y
            {
                return Err(differ("architecture", x.name(), y.name()));
            }
            let arch = left.arch.or(right.arch).unwrap_or_else(|| arch_around(&request.a));
            let sides = Sides::of(arch, left.mode, right.mode);
            if !request.objects.is_empty()
                && let Some(build) = [left, right].into_iter().find(|build| {
                    build.mode == Some(Mode::InProcess)
                        || sides.modes && build.mode.is_some_and(Mode::is_linkers)
                })
            {
                return Err(EngineError::usage(
                    format!("--object {}", request.objects.join(" --object ")),
                    format!(
                        "{} is {}: lld decides how its code is generated",
                        build.directory,
                        build.mode.map_or("in-process", Mode::name)
                    ),
                    "compare two builds of one mode, or of distributed and reference",
                ));
            }
            let pairs = code_pairs(left, right, &objects);
            if pairs.is_empty() && !request.objects.is_empty() {
                return Err(EngineError::usage(
                    format!("--object {}", request.objects.join(" --object ")),
                    "no IR object that both builds have is named so",
                    "name them as vmlinux.thinlto-index does, with * and **",
                ));
            }
            let (mut code, mut lost, mut unread) = (Vec::new(), Vec::new(), Vec::new());
            for pair in pairs {
                match pair {
                    (name, Ok(left), Ok(right)) => code.push((name, left, right)),
                    // In-process there are no native objects.
                    (name, Ok(_), Err(why)) | (name, Err(why), Ok(_)) if sides.modes => {
                        unread.push((format!("functions of {name}"), why));
                    }
                    (name, Err(why), Err(_)) => {
                        unread.push((format!("functions of {name}"), why));
                    }
                    (name, left, right) => lost.push(LostFile {
                        name: native_path(&name),
                        left: left.err(),
                        right: right.err(),
                    }),
                }
            }
            let mut verdict = compare_any(sides, left, right, (&code, &lost), &expectations);
            irs::judge(sides, left, right, &mut verdict);
            if request.explain && filter.wants_key("export.crc.changed") {
                // Two runs of genksyms an object take a while. Without a handler, Ctrl-C ends
                // twinlto at once and leaves our own files behind.
                let _there_is_one = install_interrupt_handler();
                symtypes::explain(sides, (left, right), &mut verdict, events)?;
            }
            let whole = matches!(a, Thing::Build(_));
            if whole {
                natives::add(sides, left, right, &mut verdict);
            }
            let unread_sections = match a {
                Thing::Elf(_) => unexplained::judge(request, sides, &mut verdict)?,
                _ => None,
            };
            let mut report = judging.report(sides, verdict, (left, right), whole)?;
            report.not_compared.extend(unread_sections);
            let left_out = |(what, why)| NotCompared { arch, what, why };
            report.not_compared.extend(unread.into_iter().map(left_out));
            let told = matches!(&a, Thing::Build(_));
            say_what_is_left_out(&mut report.not_compared, arch, told, objects.is_empty());
            if told {
                let files = Unit::Files.count(inventory::not_looked_at(left, right)? as u64);
                let what = format!("all other files of the builds, commands included ({files})");
                let why =
                    "diff holds kernels, modules, objects, exports and configurations against \
                           each other; twinlto audit every file of two modes"
                        .to_owned();
                report.not_compared.push(NotCompared { arch, what, why });
            }
            Ok(report)
        }
        _ => Err(differ("kind", a.name(), b.name())),
    }
}

/// What `diff` leaves out, in the words of what it was given: two builds, or two files.
fn say_what_is_left_out(list: &mut Vec<NotCompared>, arch: Arch, builds: bool, no_objects: bool) {
    if !builds {
        // A file has no records of its build.
        list.retain(|left| {
            !left.what.starts_with("initcalls against") && !left.what.starts_with("linker options")
        });
        return;
    }
    if no_objects {
        list.retain(|left| left.what != Layer::Code.name());
        let why = "name native objects with --object".to_owned();
        list.push(NotCompared { arch, what: "code of native objects".to_owned(), why });
    }
    let why = "twinlto audit compares them".to_owned();
    list.push(NotCompared { arch, what: "backend commands and artefacts".to_owned(), why });
    let why = "give two logs".to_owned();
    list.push(NotCompared { arch, what: Layer::Diagnostics.name().to_owned(), why });
}

/// The architecture that bitcode names.
fn arch_of_bitcode(facts: &BitcodeFacts<'_>) -> Option<Arch> {
    facts.modules.iter().find_map(|module| Arch::of_triple(&module.ir()?.triple))
}

fn open(path: &Path) -> Result<Thing, EngineError> {
    let what = || path.display().to_string();
    if is_record(path) {
        return Ok(Thing::Record);
    }
    if path.is_dir() {
        return Ok(Thing::Build(Box::new(gather(path, &[], Depth::Code)?)));
    }
    let bytes = read_regular(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            EngineError::usage(what(), "there is no such file or directory", "check the path")
        }
        _ => EngineError::io("read", path, &error),
    })?;
    match kind(&bytes) {
        ObjectKind::Elf(_) => {
            let facts = match image::with_debug(&bytes, Depth::Code) {
                Ok(facts) => facts,
                Err(why) => {
                    return Err(EngineError::usage(what(), why, "give a whole ELF file"));
                }
            };
            let Some(arch) = Arch::from_e_machine(facts.e_machine) else {
                return Err(EngineError::usage(
                    what(),
                    format!("it is for ELF machine {}", facts.e_machine),
                    "x86_64, arm64, riscv and loongarch are compared",
                ));
            };
            Ok(Thing::Elf(Box::new(BuildFacts {
                arch: Some(arch),
                mode: mode_around(path),
                ..of_image(what(), facts)
            })))
        }
        ObjectKind::Bitcode { .. } => Ok(Thing::Bitcode(bytes)),
        ObjectKind::Archive | ObjectKind::ThinArchive => Ok(Thing::Archive(bytes)),
        ObjectKind::Other(_) => {
            let symvers = match Symvers::parse(&String::from_utf8_lossy(&bytes)) {
                Ok(symvers) => symvers,
                Err(_) if BuildLog::shows_a_build(&bytes) => {
                    return Ok(Thing::Log(Box::new(logs::read(path, &bytes))));
                }
                Err(error) => {
                    return Err(EngineError::usage(
                        what(),
                        format!(
                            "it is no ELF file, archive or Module.symvers ({error}), and no build log"
                        ),
                        "give two build directories, or two files of one kind",
                    ));
                }
            };
            Ok(Thing::Symvers(Box::new(BuildFacts {
                directory: what(),
                symvers: Answer::Read(symvers),
                ..BuildFacts::default()
            })))
        }
        other => Err(EngineError::usage(
            what(),
            format!("it is {other}"),
            "give two build directories, or two files of one kind",
        )),
    }
}

/// One ELF file as far as it can be compared.
fn of_image(name: String, image: ImageFacts) -> BuildFacts {
    BuildFacts {
        directory: name,
        symvers: exported(&image),
        image: Answer::Read(image),
        ..BuildFacts::default()
    }
}

fn read_bitcode<'a>(bytes: &'a [u8], path: &Path) -> Result<BitcodeFacts<'a>, EngineError> {
    bitcode::read(bytes).map_err(|error| {
        let what = path.display().to_string();
        EngineError::usage(what, error.to_string(), "give whole bitcode files")
    })
}

fn config_in(dir: &Path) -> Option<Config> {
    let bytes = read_text(&dir.join(".config")).ok()?;
    Some(Config::parse(&String::from_utf8_lossy(&bytes)))
}

/// The build directory that a file lies in, and its configuration.
fn build_around(path: &Path) -> Option<(PathBuf, Config)> {
    let path = path.canonicalize().ok()?;
    let dir = path.parent()?;
    dir.ancestors().find_map(|dir| config_in(dir).map(|config| (dir.to_owned(), config)))
}

/// Major version of the LLVM that a configuration is for: a build's own, or that of the build
/// directory that a file lies in.
fn major(path: &Path, facts: &BuildFacts) -> Option<u32> {
    facts.config.clang_major().or_else(|| build_around(path)?.1.clang_major())
}

/// What both sides say.
fn agreed(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    a.filter(|_| a == b)
}

/// The architecture of a file that does not tell it itself: that of its build directory, or if it
/// lies in none, this machine's.
fn arch_around(path: &Path) -> Arch {
    build_around(path)
        .and_then(|(_, config)| arch_of_config(&config))
        .or_else(|| std::env::consts::ARCH.parse().ok())
        .unwrap_or(Arch::X86_64)
}

/// The mode of the build directory that a `vmlinux` lies in.
fn mode_around(path: &Path) -> Option<Mode> {
    let (dir, config) = build_around(path)?;
    mode_of_directory(&dir, &config)
}

/// What an image exports, in the form of `Module.symvers`.
fn exported(image: &ImageFacts) -> Answer<Symvers> {
    let Some(list) = image.exports.get().filter(|list| !list.is_empty()) else {
        return Answer::Absent;
    };
    let exports = list.iter().map(|entry| {
        let export = Export {
            crc: entry.crc.unwrap_or_default(),
            module: "vmlinux".to_owned(),
            gpl: Some(entry.gpl),
            namespace: entry.namespace.clone(),
        };
        (entry.name.clone(), export)
    });
    Answer::Read(Symvers { exports: exports.collect(), ..Symvers::default() })
}

/// One relocatable file and both sides of it, or why it cannot be read there.
type CodePair = (String, Result<ImageFacts, String>, Result<ImageFacts, String>);

/// The relocatable files that both sides have: two objects, or those of two build directories.
fn code_pairs(a: &BuildFacts, b: &BuildFacts, objects: &GlobSet) -> Vec<CodePair> {
    if let (Some(left), Some(right)) = (a.image.get(), b.image.get())
        && left.is_relocatable
        && right.is_relocatable
    {
        return vec![("vmlinux".to_owned(), Ok(left.clone()), Ok(right.clone()))];
    }
    let both = a.objects.keys().filter(|name| b.objects.contains_key(*name));
    let wanted: Vec<&String> = both.filter(|name| objects.is_match(name.as_str())).collect();
    let read = |facts: &BuildFacts, name: &str| {
        let path = Path::new(&facts.directory).join(native_path(name));
        match image::file(&path, Depth::Code) {
            Answer::Read(facts) => Ok(facts),
            other => Err(other.why_not(&path.display().to_string()).unwrap_or_default()),
        }
    };
    let pair = |name: &&String| ((*name).clone(), read(a, name), read(b, name));
    wanted.par_iter().map(pair).collect()
}

/// Patterns of object names, named as the index names them.
///
/// # Errors
///
/// When one makes no sense.
pub fn object_globs(patterns: &[String]) -> Result<GlobSet, EngineError> {
    globs("--object", patterns)
}
