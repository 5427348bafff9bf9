//! What an LLVM really does, shown by a distributed link of two files and not by its version.

use crate::error::EngineError;
use crate::process::{Captured, capture};
use crate::recipe::Recipe;
use crate::toolchain::LlvmSpec;
use std::path::Path;
use tempfile::TempDir;
use twinlto_facts::elf::{Image, ObjectKind, kind};
use twinlto_model::{Arch, RenameOption};

/// Two units, one of which calls the other, which keeps a static variable: enough for an import
/// and a promoted local.
const CALLER: &str = "int callee(int);\nint caller(int x) { return callee(x) + 1; }\n";
const CALLEE: &str = "static int twice;\nint callee(int x) { return x + ++twice; }\n";
const UNITS: [&str; 2] = ["caller", "callee"];

/// The promoted local, where it kept its name.
const KEPT: &str = "twice";

/// What kbuild gives the link since Linux 7.2 so that promoted locals keep their names.
const KEEP_NAMES: [&str; 3] =
    ["--lto-whole-program-visibility", "-mllvm", "-always-rename-promoted-locals=false"];

/// Really performs a distributed link of two files: front ends, thin link, backends; and looks
/// whether the backend imported what the index told it to.
///
/// # Errors
///
/// When a step fails, or the backend did not use its index.
pub(crate) fn two_file_link(arch: Arch, llvm: &LlvmSpec) -> Result<(), EngineError> {
    let link = Link::front_ends(arch, llvm)?;
    link.thin_link(&[])?;
    link.backends(&[])?;
    link.must_have_imported()
}

/// Links two files distributed, with the option for the thin link alone and then for the backends,
/// too, and looks at the names.
///
/// # Errors
///
/// When a step that has nothing to do with the option fails.
pub(crate) fn rename_option(arch: Arch, llvm: &LlvmSpec) -> Result<RenameOption, EngineError> {
    let link = Link::front_ends(arch, llvm)?;
    if !link.try_run("ld.lld", &link.thin_link_args(&KEEP_NAMES))?.status.success() {
        // Without it, it must link: or else it is not the option that is wrong.
        link.thin_link(&[])?;
        return Ok(RenameOption::Rejected);
    }
    let mut answers = Vec::new();
    for options in [&[][..], &KEEP_NAMES[1..]] {
        link.backends(options)?;
        let (defined, wanted) = link.names()?;
        if wanted.iter().any(|name| !defined.contains(name)) {
            return Ok(RenameOption::Breaks);
        }
        answers.push(defined.iter().any(|name| name == KEPT));
    }
    Ok(match answers.as_slice() {
        [true, ..] => RenameOption::Effective,
        [_, true] => RenameOption::NeedsBackends,
        _ => RenameOption::NoEffect,
    })
}

struct Link<'a> {
    dir: TempDir,
    arch: Arch,
    llvm: &'a LlvmSpec,
}

impl<'a> Link<'a> {
    /// Compiles both files.
    fn front_ends(arch: Arch, llvm: &'a LlvmSpec) -> Result<Self, EngineError> {
        let dir = tempfile::tempdir()
            .map_err(|error| EngineError::io("make", &std::env::temp_dir(), &error))?;
        let link = Self { dir, arch, llvm };
        for (name, text) in UNITS.iter().zip([CALLER, CALLEE]) {
            let (source, object) = (format!("{name}.c"), format!("{name}.o"));
            let path = link.path().join(&source);
            std::fs::write(&path, text).map_err(|e| EngineError::io("write", &path, &e))?;
            let mut args = link.flags();
            args.extend(["-flto=thin", "-fsplit-lto-unit", "-c", "-o"].map(str::to_owned));
            args.extend([object, source]);
            link.run("clang", "the front end", &args)?;
        }
        Ok(link)
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn flags(&self) -> Vec<String> {
        let target = format!("--target={}", self.arch.target());
        [target.as_str(), "-O2", "-nostdinc", "-ffreestanding"].map(str::to_owned).to_vec()
    }

    fn thin_link_args(&self, options: &[&str]) -> Vec<String> {
        let mut args = vec!["-r".to_owned(), "--thinlto-index-only=index".to_owned()];
        args.extend(options.iter().map(|option| (*option).to_owned()));
        args.extend(UNITS.map(|name| format!("{name}.o")));
        args
    }

    fn thin_link(&self, options: &[&str]) -> Result<(), EngineError> {
        self.run("ld.lld", "the thin link", &self.thin_link_args(options))
    }

    fn backends(&self, options: &[&str]) -> Result<(), EngineError> {
        for name in UNITS {
            let mut args = self.flags();
            args.extend(["-x", "ir", "-fno-lto"].map(str::to_owned));
            args.extend(options.iter().map(|option| (*option).to_owned()));
            args.push(format!("-fthinlto-index={name}.o.thinlto.bc"));
            args.extend(["-c", "-o"].map(str::to_owned));
            args.extend([format!("{name}.native.o"), format!("{name}.o")]);
            self.run("clang", "the backend", &args)?;
        }
        Ok(())
    }

    fn failed(&self, step: &str, cause: impl Into<String>) -> EngineError {
        EngineError::toolchain(
            format!(
                "a two-file distributed link for {} with LLVM={} failed in {step}",
                self.arch, self.llvm
            ),
            cause,
            "this LLVM cannot build the kernel distributed; give another --llvm",
        )
    }

    fn try_run(&self, tool: &str, args: &[String]) -> Result<Captured, EngineError> {
        let recipe = Recipe::new(self.path(), self.llvm.program(tool));
        capture(&recipe.args(args.iter().map(String::as_str)))
    }

    fn run(&self, tool: &str, step: &str, args: &[String]) -> Result<(), EngineError> {
        let said = self.try_run(tool, args)?;
        if said.status.success() {
            return Ok(());
        }
        let line = said.stderr.lines().next().unwrap_or("it says nothing");
        Err(self.failed(step, format!("{line} ({})", said.status)))
    }

    /// A native object, which must be one: clang's exit status alone proves nothing, for a missing
    /// index gives 0 and an empty object.
    fn native<T>(&self, unit: &str, look: impl FnOnce(&Image<'_>) -> T) -> Result<T, EngineError> {
        let path = self.path().join(format!("{unit}.native.o"));
        let bytes = std::fs::read(&path).map_err(|e| EngineError::io("read", &path, &e))?;
        match kind(&bytes) {
            ObjectKind::Elf(ident) if ident.e_machine == self.arch.e_machine() => {}
            other => return Err(self.failed("the backend", format!("its output is {other}"))),
        }
        let image = Image::parse(&bytes).map_err(|e| self.failed("the backend", e.to_string()))?;
        Ok(look(&image))
    }

    fn must_have_imported(&self) -> Result<(), EngineError> {
        for unit in UNITS {
            let called =
                self.native(unit, |image| image.undefined().any(|symbol| symbol.name == "callee"))?;
            if called {
                let cause = "it imported nothing, so it did not use its index";
                return Err(self.failed("the backend", cause));
            }
        }
        Ok(())
    }

    /// The names that begin like the promoted local's: those that the callee defines, and those
    /// that the caller asks for.
    fn names(&self) -> Result<(Vec<String>, Vec<String>), EngineError> {
        let is_ours = |name: &str| name == KEPT || name.starts_with("twice.");
        let defined = self.native("callee", |image| {
            let names = image
                .symbols
                .iter()
                .filter(|symbol| !symbol.is_undefined())
                .map(|symbol| symbol.name.to_string());
            names.filter(|name| is_ours(name)).collect()
        })?;
        let wanted = self.native("caller", |image| {
            let names = image.undefined().map(|symbol| symbol.name.to_string());
            names.filter(|name| is_ours(name)).collect()
        })?;
        Ok((defined, wanted))
    }
}
