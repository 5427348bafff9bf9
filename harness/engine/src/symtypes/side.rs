//! One build, and the types of its objects as its own genksyms sees them.

use crate::fs::read_regular;
use crate::gather::{Depth, gather, recorded_command};
use crate::pipe::Pipe;
use crate::recipe::Recipe;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::{CmdFile, Crc, Preprocess, assembly_prototypes};
use twinlto_verdict::Unexplained;

/// The largest objects take two seconds on a slow machine.
const LIMIT: Duration = Duration::from_secs(120);

/// One side of a comparison.
pub(super) struct Side<'a> {
    /// What the report calls it.
    pub(super) name: &'a str,
    /// The facts that were compared.
    facts: &'a BuildFacts,
    dir: PathBuf,
    /// Export → its object.
    objects: BTreeMap<String, String>,
    /// Objects that were compiled from C, whose options serve for assembly.
    from_c: Vec<String>,
}

/// What genksyms says of one object.
pub(super) struct Dump {
    /// The text of `-T`.
    pub(super) types: String,
    /// The CRCs that it makes now.
    pub(super) crcs: BTreeMap<String, Crc>,
}

impl<'a> Side<'a> {
    /// Finds the build directory: the one that was compared, or that a compared file lies in.
    pub(super) fn open(name: &'a str, facts: &'a BuildFacts) -> Result<Self, Unexplained> {
        let given = Path::new(&facts.directory);
        let failed = |why: String| Unexplained::new(format!("of {name}, {why}"));
        let path = given
            .canonicalize()
            .map_err(|error| failed(format!("{} cannot be found: {error}", given.display())))?;
        let gathered;
        let (dir, build) = if path.is_dir() {
            (path, facts)
        } else {
            let above = path.ancestors().skip(1).find(|dir| dir.join(".config").is_file());
            let Some(dir) = above.map(Path::to_owned) else {
                return Err(failed(format!(
                    "{} alone is there, and types are made in a build directory",
                    given.display()
                )));
            };
            gathered = gather(&dir, &[], Depth::Everything).map_err(|e| failed(e.to_string()))?;
            (dir, &gathered)
        };
        if build.config.is_yes("GENDWARFKSYMS") {
            return Err(failed(
                "the CRCs were made of debugging information (CONFIG_GENDWARFKSYMS), which is not \
                 read for this"
                    .to_owned(),
            ));
        }
        if !dir.join(GENKSYMS).is_file() {
            return Err(failed(format!("there is no {}", dir.join(GENKSYMS).display())));
        }
        let lines = build.symver_lines();
        let own =
            |(export, (_, object)): (&str, (Crc, &str))| (export.to_owned(), object.to_owned());
        Ok(Self {
            name,
            facts,
            objects: lines.into_iter().map(own).collect(),
            from_c: build.objects.keys().cloned().collect(),
            dir,
        })
    }

    /// The object that exports a symbol.
    pub(super) fn object_of(&self, export: &str) -> Result<&str, Unexplained> {
        self.objects.get(export).map(String::as_str).ok_or_else(|| {
            let why = format!("no .cmd file of {} tells which object exports it", self.name);
            Unexplained::new(why)
        })
    }

    /// The CRC that was compared.
    pub(super) fn crc_of(&self, export: &str) -> Option<Crc> {
        self.facts.symvers.get()?.exports.get(export).map(|export| export.crc)
    }

    /// Has genksyms read an object's source again.
    pub(super) fn dump(&self, object: &str) -> Result<Dump, Unexplained> {
        let recorded = self.recorded(object)?;
        let scratch =
            tempfile::tempdir().map_err(|error| self.failed("our own directory", &error))?;
        let (from, input) = self.preprocessor(object, &recorded, scratch.path())?;
        let mut genksyms = Recipe::new(&self.dir, self.dir.join(GENKSYMS))
            .arg("-T")
            .arg(scratch.path().join("types"));
        // What kbuild gives it where somebody keeps the types of an older kernel.
        let reference = format!("{}.symref", object.strip_suffix(".o").unwrap_or(object));
        if self.dir.join(&reference).is_file() {
            genksyms = genksyms.arg("-r").arg(self.dir.join(reference));
        }
        let file = |name: &str| {
            File::create(scratch.path().join(name)).map_err(|error| self.failed(name, &error))
        };
        let text = |name: &str| {
            let bytes = read_regular(&scratch.path().join(name));
            bytes.map_or_else(
                |_| String::new(),
                |bytes| String::from_utf8_lossy(&bytes).into_owned(),
            )
        };
        let pipe = Pipe {
            from: &from,
            input,
            from_errors: file("preprocessor")?,
            to: &genksyms,
            output: file("crcs")?,
            to_errors: file("genksyms")?,
        };
        let (preprocessed, read) = pipe.run(LIMIT).map_err(|e| self.failed(object, &e))?;
        for (status, errors) in [(preprocessed, "preprocessor"), (read, "genksyms")] {
            if !status.success() {
                let said = text(errors);
                let line = said.lines().find(|line| line.contains("error")).or(said.lines().next());
                let why = format!("the {errors} fails now on sources of {}", self.name);
                let line = line.map_or_else(|| status.to_string(), str::to_owned);
                return Err(Unexplained::new(why).shown_by(format!("{object}: {line}")));
            }
        }
        let crcs = text("crcs");
        let lines = CmdFile::parse(b"", crcs.as_bytes()).symvers;
        let crcs = lines.into_iter().map(|line| (line.name.into_owned(), line.crc)).collect();
        Ok(Dump { types: text("types"), crcs })
    }

    /// The preprocessor's command, and what it reads.
    fn preprocessor(
        &self,
        object: &str,
        recorded: &Preprocess,
        scratch: &Path,
    ) -> Result<(Recipe, Option<File>), Unexplained> {
        let start = |recorded: &Preprocess| {
            let recipe = Recipe::new(&self.dir, &recorded.program).arg("-E").arg("-D__GENKSYMS__");
            recorded.options.iter().fold(recipe, |recipe, option| recipe.arg(option))
        };
        if !self.dir.join(&recorded.source).is_file() {
            let why = format!("the sources of {} are not there any more", self.name);
            return Err(Unexplained::new(why).shown_by(recorded.source.clone()));
        }
        if !recorded.is_assembly() {
            return Ok((start(recorded).arg(&recorded.source), None));
        }
        // The options for C of this directory are recorded with its objects from C only. The CRC
        // shows whether those of another one are as good.
        let folder = |name: &str| name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let near = self.from_c.iter().find(|name| folder(name) == folder(object));
        let Some(neighbour) = near.or(self.from_c.first()) else {
            let why =
                format!("{} has no object from C whose options its assembly could use", self.name);
            return Err(Unexplained::new(why).shown_by(object));
        };
        let exports = self.objects.iter().filter(|(_, of)| *of == object);
        let text = assembly_prototypes(exports.map(|(export, _)| export.as_str()));
        let path = scratch.join("prototypes.c");
        let input = std::fs::write(&path, text).and_then(|()| File::open(&path));
        let input = input.map_err(|error| self.failed("our own directory", &error))?;
        Ok((start(&self.recorded(neighbour)?).arg("-xc").arg("-"), Some(input)))
    }

    fn recorded(&self, object: &str) -> Result<Preprocess, Unexplained> {
        let why = || format!("the command that made an object of {} is not to be used", self.name);
        let command = recorded_command(&self.dir, object).ok_or_else(|| {
            Unexplained::new(why()).shown_by(format!("{object}: none is recorded"))
        })?;
        Preprocess::of(&command)
            .map_err(|odd| Unexplained::new(why()).shown_by(format!("{object}: {odd}")))
    }

    fn failed(&self, what: &str, error: &dyn std::fmt::Display) -> Unexplained {
        let why = format!("genksyms could not be run on the sources of {}", self.name);
        Unexplained::new(why).shown_by(format!("{what}: {error}"))
    }
}

/// kbuild's own tool, which every build with `CONFIG_MODVERSIONS` makes for itself.
const GENKSYMS: &str = "scripts/genksyms/genksyms";
