//! Options: which of an object's make it bad.

use super::asked::run_script;
use super::smallest::{Parts, smallest};
use super::{Asked, Scene};
use crate::audit::open;
use crate::error::EngineError;
use crate::fs::read_regular;
use crate::fs::remove_file;
use crate::gather::Depth;
use crate::process::capture;
use crate::recipe::Recipe;
use crate::record::OutDir;
use crate::toolchain::{LlvmSpec, recorded};
use std::path::PathBuf;
use twinlto_facts::elf::{Image, SectionFlags};
use twinlto_facts::flags::lex;
use twinlto_facts::kbuild::index_path;
use twinlto_model::{
    BisectReport, Bisected, CellReport, Event, KernelId, Mode, Outcome, Report, SCHEMA, Timings,
};
use twinlto_verdict::number;
use twinlto_verdict::replay::{Reference, reference};
use twinlto_verdict::search::{Answer, Judgement, Predicate};

/// What `twinlto bisect options` is asked.
#[derive(Debug, Clone)]
pub struct OptionsBisect {
    /// A distributed build. It is only read.
    pub build: PathBuf,
    /// The object, as the index names it.
    pub object: String,
    /// What makes the object bad: a number of it, a message of the backend, or a program.
    pub asked: Asked,
    /// How often each set is asked.
    pub repeat: u32,
    /// Where the objects and the state go.
    pub out: PathBuf,
    /// The command, for the report.
    pub command: String,
}

/// Finds the smallest set of the options of an object's backend that makes it bad: the backend runs
/// with some of them, and always with its target.
///
/// # Errors
///
/// When there is no such object, its command makes no sense, or with all options it is not bad.
pub fn bisect_options(
    request: &OptionsBisect,
    events: &mut dyn FnMut(Event),
) -> Result<BisectReport, EngineError> {
    let usage = |cause: String, hint: &str| {
        EngineError::usage(
            format!("object {} of {}", request.object, request.build.display()),
            cause,
            hint,
        )
    };
    if let Asked::Report(Predicate::Finding { .. } | Predicate::Outcome(_)) = &request.asked {
        return Err(EngineError::usage(
            request.asked.to_string(),
            "one object has no findings and no outcome",
            "give --count, --error or --run",
        ));
    }
    let build = open(&request.build, Depth::Records)?;
    if build.mode != Mode::Distributed {
        return Err(usage(format!("the build is {}", build.mode), "give a distributed build"));
    }
    let object = build.facts.objects.get(&request.object).ok_or_else(|| {
        usage("the index has no such object".to_owned(), "vmlinux.thinlto-index lists them all")
    })?;
    let command = object.back.get().ok_or_else(|| {
        let why = object.back.why_not("record of its backend").unwrap_or_default();
        usage(why, "build it, or give another object")
    })?;
    let words = lex(&command.text)
        .ok()
        .and_then(|list| list.into_iter().next_back())
        .ok_or_else(|| usage(format!("{} makes no sense", command.path), "build it again"))?;
    let whole = reference(&words.words)
        .ok_or_else(|| usage(format!("{} names no compiler", command.path), "build it again"))?;
    let is_target = |words: &[String]| words.iter().any(|word| word.starts_with("--target="));
    let (target, options): (Vec<_>, Vec<_>) =
        whole.options.into_iter().partition(|words| is_target(words));
    let names: Vec<String> = options.iter().map(|words| words.join(" ")).collect();
    if names.is_empty() {
        return Err(usage("its backend got no option".to_owned(), "give another object"));
    }
    OutDir::check_apart(&request.out, [&request.build])?;
    let out = OutDir::open(&request.out)?;
    let input = request.build.join(&request.object);
    let ir = read_regular(&input).map_err(|error| EngineError::io("read", &input, &error))?;
    let scene = Scene {
        what: Bisected::Options,
        identity: format!(
            "object {} {}\n{}\n{}",
            request.object,
            blake3::hash(&ir).to_hex(),
            command.text,
            request.asked.identity()?
        ),
        name: format!("{}, {} of {}", build.arch, request.object, request.build.display()),
        predicate: request.asked.to_string(),
        command: request.command.clone(),
        out: &out.path,
        repeat: request.repeat,
        start: None,
    };
    let dir = request
        .build
        .canonicalize()
        .map_err(|error| EngineError::io("read", &request.build, &error))?;
    let compiled = Compiled {
        request,
        base: Reference { compiler: whole.compiler, options: target },
        options: &options,
        llvm: recorded(&build.facts)?.llvm,
        dir,
        output: out.path.join("object.o"),
        arch: build.arch,
    };
    smallest(&scene, &names, &compiled, events)
}

/// An object, compiled with some of its options.
struct Compiled<'a> {
    request: &'a OptionsBisect,
    base: Reference,
    options: &'a [Vec<String>],
    llvm: LlvmSpec,
    dir: PathBuf,
    output: PathBuf,
    arch: twinlto_model::Arch,
}

impl Parts for Compiled<'_> {
    fn ends(&self) -> [(&'static str, &'static str); 2] {
        let hint = "give another object, or another predicate";
        [("the object without any of its options", hint), ("the object with all its options", hint)]
    }

    fn judge(
        &self,
        set: &[usize],
        _events: &mut dyn FnMut(Event),
    ) -> Result<Judgement, EngineError> {
        let mut reference = self.base.clone();
        reference.options.extend(set.iter().filter_map(|at| self.options.get(*at)).cloned());
        let object = &self.request.object;
        let output = self.output.display().to_string();
        let argv = reference.argv(object, &index_path(object), &output);
        let mut words = argv.into_iter();
        let compiler = words.next().unwrap_or_default();
        // What an earlier question left is no answer to this one.
        remove_file(&self.output)?;
        let said = capture(&Recipe::new(&self.dir, compiler).args(words))?;
        let bytes = read_regular(&self.output).unwrap_or_default();
        if !said.status.success() || bytes.is_empty() {
            let line = said.stderr.lines().find(|line| line.contains("error"));
            let why = line.unwrap_or("the backend failed without a message").to_owned();
            return Ok(match &self.request.asked {
                Asked::Report(predicate) if predicate.is_failure(&said.stderr) => {
                    Judgement::new(Answer::Bad, why)
                }
                _ => Judgement::new(Answer::Unknown, why),
            });
        }
        if let Asked::Script(script) = &self.request.asked {
            return run_script(script, &self.llvm, &[("OBJECT", output)]);
        }
        let report = self.report(&bytes)?;
        let unasked = || Judgement::new(Answer::Unknown, "not asked");
        Ok(self.request.asked.judge(&report).unwrap_or_else(unasked))
    }
}

impl Compiled<'_> {
    /// The numbers of one object, as those of a build are reported.
    fn report(&self, bytes: &[u8]) -> Result<Report, EngineError> {
        let image = Image::parse(bytes).map_err(|error| {
            EngineError::environment(
                self.output.display().to_string(),
                error.to_string(),
                "the backend wrote no sound object",
            )
        })?;
        let sum = |wanted: fn(SectionFlags) -> bool| -> u64 {
            let sections = image.sections.iter().filter(|section| wanted(section.flags));
            sections.map(|section| section.size).sum()
        };
        let counts = [
            (number::TEXT_BYTES, sum(SectionFlags::exec)),
            (number::IMAGE_BYTES, sum(SectionFlags::alloc)),
            (number::FILE_BYTES, bytes.len() as u64),
            (number::SYMBOLS, image.symbols.len() as u64),
        ];
        let cell = CellReport {
            arch: self.arch,
            mode: Mode::Distributed,
            toolchain: None,
            outcome: Outcome::Agree,
            directory: self.dir.display().to_string(),
            timings: Timings::new(),
            counts: counts.map(|(it, n)| (it.name().to_owned(), n)).into_iter().collect(),
        };
        Ok(Report {
            schema: SCHEMA.to_owned(),
            twinlto: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: KernelId { name: String::new(), path: None },
            config: String::new(),
            comparison: String::new(),
            sides: None,
            outcome: Outcome::Agree,
            summary: String::new(),
            twins: Vec::new(),
            cells: vec![cell],
            findings: Vec::new(),
            allowed: Vec::new(),
            not_compared: Vec::new(),
            patches: Vec::new(),
            record: None,
        })
    }
}
