//! What must hold before anything is built.

use crate::error::EngineError;
use crate::process::capture;
use crate::recipe::Recipe;
use crate::toolchain::{LlvmSpec, identify};
use crate::tree::KernelTree;
use std::path::Path;
use twinlto_facts::elf::{Image, ObjectKind, kind};
use twinlto_model::{Arch, Toolchain};

/// Versions agree and are new enough for the kernel.
pub(crate) fn toolchain(
    kernel: &KernelTree,
    arches: &[Arch],
    llvm: &LlvmSpec,
) -> Result<Toolchain, EngineError> {
    let toolchain = identify(llvm)?;
    for arch in arches {
        if let Some(minimum) = kernel.minimum_llvm(*arch).filter(|m| toolchain.version < *m) {
            return Err(EngineError::environment(
                format!("LLVM={llvm} is {}", toolchain.version),
                format!(
                    "{} needs LLVM {minimum} or later for {arch} (scripts/min-tool-version.sh)",
                    kernel.id().name
                ),
                format!(
                    "give a newer --llvm; scripts/fetch-llvm {} brings one",
                    minimum.major.max(22)
                ),
            ));
        }
    }
    Ok(toolchain)
}

/// Two units, one of which calls the other: enough for an import.
const CALLER: &str = "int callee(int);\nint caller(int x) { return callee(x) + 1; }\n";
const CALLEE: &str = "static int twice;\nint callee(int x) { return x + ++twice; }\n";

/// Really performs a distributed link of two files: front ends, thin link, backends; and looks
/// whether the backend imported what the index told it to.
pub(crate) fn two_file_link(arch: Arch, llvm: &LlvmSpec) -> Result<(), EngineError> {
    let dir = tempfile::tempdir()
        .map_err(|error| EngineError::io("make", &std::env::temp_dir(), &error))?;
    let link = Link { dir: dir.path(), arch, llvm };
    link.write("caller.c", CALLER)?;
    link.write("callee.c", CALLEE)?;
    let target = format!("--target={}", arch.target());
    let flags = [target.as_str(), "-O2", "-nostdinc", "-ffreestanding"];
    for name in ["caller", "callee"] {
        let (source, object) = (format!("{name}.c"), format!("{name}.o"));
        let lto = ["-flto=thin", "-fsplit-lto-unit", "-c", "-o", object.as_str(), source.as_str()];
        link.run("clang", "the front end", &[&flags[..], &lto[..]].concat())?;
    }
    let lld = ["-r", "--thinlto-index-only=index", "caller.o", "callee.o"];
    link.run("ld.lld", "the thin link", &lld)?;
    for name in ["caller", "callee"] {
        let (object, native) = (format!("{name}.o"), format!("{name}.native.o"));
        let index = format!("-fthinlto-index={name}.o.thinlto.bc");
        let backend =
            ["-x", "ir", "-fno-lto", index.as_str(), "-c", "-o", native.as_str(), object.as_str()];
        link.run("clang", "the backend", &[&flags[..], &backend[..]].concat())?;
    }
    link.judge()
}

struct Link<'a> {
    dir: &'a Path,
    arch: Arch,
    llvm: &'a LlvmSpec,
}

impl Link<'_> {
    fn write(&self, name: &str, text: &str) -> Result<(), EngineError> {
        let path = self.dir.join(name);
        std::fs::write(&path, text).map_err(|e| EngineError::io("write", &path, &e))
    }

    fn failed(&self, step: &str, cause: impl Into<String>) -> EngineError {
        EngineError::environment(
            format!(
                "a two-file distributed link for {} with LLVM={} failed in {step}",
                self.arch, self.llvm
            ),
            cause,
            "this LLVM cannot build the kernel distributed; give another --llvm",
        )
    }

    fn run(&self, tool: &str, step: &str, args: &[&str]) -> Result<(), EngineError> {
        let mut recipe = Recipe::new(self.dir, self.llvm.program(tool));
        for arg in args {
            recipe = recipe.arg(*arg);
        }
        let said = capture(&recipe)?;
        if said.status.success() {
            return Ok(());
        }
        let line = said.stderr.lines().next().unwrap_or("it says nothing");
        Err(self.failed(step, format!("{line} ({})", said.status)))
    }

    /// clang's exit status alone proves nothing: a missing index gives 0 and an empty object.
    fn judge(&self) -> Result<(), EngineError> {
        for name in ["caller.native.o", "callee.native.o"] {
            let path = self.dir.join(name);
            let bytes = std::fs::read(&path).map_err(|e| EngineError::io("read", &path, &e))?;
            match kind(&bytes) {
                ObjectKind::Elf(ident) if ident.e_machine == self.arch.e_machine() => {}
                other => return Err(self.failed("the backend", format!("its output is {other}"))),
            }
            let image =
                Image::parse(&bytes).map_err(|e| self.failed("the backend", e.to_string()))?;
            if image.undefined().any(|symbol| symbol.name == "callee") {
                return Err(
                    self.failed("the backend", "it imported nothing, so it did not use its index")
                );
            }
        }
        Ok(())
    }
}
