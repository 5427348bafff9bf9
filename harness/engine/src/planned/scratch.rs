//! An outline of a build in which make can plan: names and times of everything, and the content
//! of what make reads.

use super::Fronts;
use crate::error::EngineError;
use crate::fs::{Outline, copy_outline};
use crate::tree::unfit_for_kbuild;
use std::path::{Path, PathBuf};
use twinlto_facts::dry_run::DryRun;
use twinlto_facts::kbuild::cmd_path;

/// The largest file whose content is copied wherever it is: the `.cmd` files of a Linux are
/// below 200 kB.
const LARGEST: u64 = 1 << 20;

/// Endings of what compilers, linkers and archivers write; no makefile looks into it.
const MADE: [&str; 6] = ["o", "a", "bc", "ko", "so", "dbg"];

const LIST: &str = "vmlinux.thinlto-index";

/// A directory of our own that goes away with this value.
pub(super) struct Scratch {
    dir: tempfile::TempDir,
    build: PathBuf,
}

impl Scratch {
    /// Makes it. What the tree has itself is left out, so that a build in place is none of its
    /// sources; so is what backends have made, so that each of them is planned. With `Fronts::Tree`
    /// nothing records how objects were made either, so that each front end is planned.
    pub(super) fn outline(
        build: &Path,
        kernel: &Path,
        fronts: Fronts,
    ) -> Result<Self, EngineError> {
        let build = std::path::absolute(build).map_err(|e| EngineError::io("find", build, &e))?;
        let made = tempfile::Builder::new().prefix("twinlto-planned-").tempdir();
        let dir = made.map_err(|e| EngineError::io("make", &std::env::temp_dir(), &e))?;
        if let Some(why) = unfit_for_kbuild(dir.path()) {
            let what = format!("temporary directory {}", dir.path().display());
            return Err(EngineError::usage(what, why, "set TMPDIR to a plain path"));
        }
        let scratch = Self { dir, build };
        let keep = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_native =
                name.ends_with(".thinlto-native.o") || name.ends_with(".thinlto-native.o.cmd");
            let later = fronts == Fronts::Tree && name.ends_with(".cmd") && !is_tool(path);
            let is_dir = || scratch.build.join(path).is_dir();
            let is_source = || kernel.join(path).symlink_metadata().is_ok();
            // Links would lead back to where they came from.
            let is_link = || scratch.build.join(path).is_symlink();
            !(is_native || later || path == Path::new(LIST) || name == ".git" || is_link())
                && (is_dir() || !is_source())
        };
        copy_outline(&scratch.build, &scratch.path(), keep, outline)?;
        Ok(scratch)
    }

    /// The outline.
    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("build")
    }

    /// Whether the build has such a file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.build.join(name).symlink_metadata().is_ok()
    }

    /// A file beside it.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes what the tree's front ends would record, for backends to read.
    pub(super) fn record(&self, objects: &[String], run: &DryRun) -> Result<(), EngineError> {
        for name in objects {
            match run.record(name) {
                Some(text) => self.write(&cmd_path(name), text.as_bytes())?,
                None => self.take(&cmd_path(name))?,
            }
        }
        Ok(())
    }

    /// Brings back what the build has recorded of its front ends.
    pub(super) fn restore(&self, objects: &[String]) -> Result<(), EngineError> {
        objects.iter().try_for_each(|name| self.take(&cmd_path(name)))
    }

    /// Brings back the list of the objects that have a backend. Without it, the first dry run
    /// plans none.
    pub(super) fn restore_index(&self) -> Result<(), EngineError> {
        self.take(LIST)
    }

    fn take(&self, name: &str) -> Result<(), EngineError> {
        let from = self.build.join(name);
        match std::fs::read(&from) {
            Ok(bytes) => self.write(name, &bytes),
            // Whoever reads it says that it is not there.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(EngineError::io("read", &from, &error)),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), EngineError> {
        let path = self.path().join(name);
        let parent = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, bytes))
            .map_err(|error| EngineError::io("write", &path, &error))
    }
}

/// Programs of the build itself, and what keeps its configuration: make may remake and run them also
/// in a dry run.
fn is_tool(path: &Path) -> bool {
    ["scripts", "tools", "include"].iter().any(|top| path.starts_with(top))
}

fn outline(path: &Path, len: u64) -> Outline {
    let is_made = path.extension().is_some_and(|end| MADE.iter().any(|made| end == *made));
    // kconfig is built from these, and is made for real where a makefile is to be remade.
    let is_made = is_made && !path.starts_with("scripts");
    match (is_made, is_tool(path)) {
        (true, _) => Outline::Hollow,
        (false, true) => Outline::Whole,
        (false, false) if len > LARGEST => Outline::Hollow,
        (false, false) => Outline::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_make_reads_is_whole_and_what_it_only_looks_at_is_hollow() {
        let of = |path: &str, len| outline(Path::new(path), len);
        assert_eq!(of("init/.main.o.cmd", 90_000), Outline::Whole);
        assert_eq!(of("include/config/auto.conf", 9_000), Outline::Whole);
        assert_eq!(of("scripts/mod/modpost", 2 << 20), Outline::Whole);
        assert_eq!(of("scripts/kconfig/conf.o", 10), Outline::Whole);
        assert_eq!(of("init/main.o", 10), Outline::Hollow);
        assert_eq!(of("init/main.o.thinlto.bc", 10), Outline::Hollow);
        assert_eq!(of("vmlinux", 2 << 20), Outline::Hollow);
    }

    #[test]
    fn an_outline_shares_nothing_with_the_build() {
        let dir = tempfile::tempdir().unwrap();
        let (build, kernel) = (dir.path().join("build"), dir.path().join("kernel"));
        let write = |root: &Path, name: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        };
        for name in [
            "a/x.o",
            "a/.x.o.cmd",
            "a/y.S",
            "a/x.thinlto-native.o",
            "a/.x.thinlto-native.o.cmd",
            "scripts/.y.o.cmd",
            LIST,
        ] {
            write(&build, name);
        }
        write(&kernel, "a/y.S");
        std::os::unix::fs::symlink("/", build.join("source")).unwrap();
        let objects = ["a/x.o".to_owned()];
        let scratch = Scratch::outline(&build, &kernel, Fronts::Tree).unwrap();
        let has = |name: &str| scratch.path().join(name).symlink_metadata().is_ok();
        let left_out = ["a/.x.o.cmd", "a/y.S", "a/x.thinlto-native.o", LIST, "source"];
        assert!(left_out.iter().all(|name| !has(name)));
        assert!(has("a/x.o") && has("scripts/.y.o.cmd"));
        std::fs::write(scratch.path().join("scripts/.y.o.cmd"), "changed").unwrap();
        std::fs::write(scratch.path().join("a/x.o"), "changed").unwrap();
        assert_eq!(
            std::fs::read_to_string(build.join("scripts/.y.o.cmd")).unwrap(),
            "scripts/.y.o.cmd"
        );
        assert_eq!(std::fs::read_to_string(build.join("a/x.o")).unwrap(), "a/x.o");
        scratch.restore(&objects).unwrap();
        scratch.restore_index().unwrap();
        assert!(has("a/.x.o.cmd") && has(LIST));
    }
}
