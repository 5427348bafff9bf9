//! Which steps of a build a log shows. Only what both of two builds did can be compared.

use super::find::{has, split};
use super::tree;
use crate::kbuild::{native_path, normalize_path};
use crate::program::tool_of;
use memchr::memmem;
use std::collections::BTreeSet;
use twinlto_model::{Arch, Mode};

/// The steps that a log shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ran {
    /// Objects that a front end or the assembler made.
    pub compiled: BTreeSet<String>,
    /// Native objects that backends made or were to make.
    pub natives: BTreeSet<String>,
    /// What was linked: `vmlinux.o`, `vmlinux`, modules.
    pub links: BTreeSet<String>,
    /// Whether a configuration was made.
    pub configured: bool,
    /// Whether modpost ran.
    pub modpost: bool,
    /// Whether a front end was told to leave bitcode.
    pub lto: bool,
    /// Whether a link was given `--fatal-warnings`.
    pub fatal_warnings: bool,
    /// The architecture that commands name.
    pub arch: Option<Arch>,
    /// What was linked last.
    pub last_link: Option<String>,
    /// Directories that make entered, absolute.
    pub directories: BTreeSet<String>,
    /// Where the sources lie, absolute, as the paths of objects and their sources tell.
    pub trees: BTreeSet<String>,
}

impl Ran {
    /// The mode of the build, where its log tells: who ran backends. That of a kernel whose native
    /// objects somebody else made between two makes looks like in-process.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        match (self.natives.is_empty(), self.lto && self.links.contains("vmlinux.o")) {
            (false, _) => Some(Mode::Distributed),
            (true, true) => Some(Mode::InProcess),
            (true, false) => None,
        }
    }

    /// The object that a source is compiled to, as far as the log shows that.
    #[must_use]
    pub fn object_of(&self, source: &str) -> Option<String> {
        let inside = source.trim_start_matches("../");
        let path = normalize_path(inside)?;
        let (stem, _) = path.rsplit_once('.')?;
        let object = format!("{stem}.o");
        let made = self.compiled.contains(&object) || self.natives.contains(&native_path(&object));
        made.then_some(object)
    }

    /// The only object of a name without directories, as far as the log shows that.
    #[must_use]
    pub fn object_named(&self, name: &str) -> Option<String> {
        let natives = self.natives.iter().map(|native| native.replace(".thinlto-native.o", ".o"));
        let all: BTreeSet<String> = natives.chain(self.compiled.iter().cloned()).collect();
        let is = |path: &String| path.rsplit('/').next() == Some(name);
        let mut found = all.into_iter().filter(is);
        found.next().filter(|_| found.next().is_none())
    }

    /// A text without the directories of the build and of its tree.
    #[must_use]
    pub fn below(&self, text: &str) -> String {
        tree::below(text, &self.roots())
    }

    /// The directories that a path may begin with, the longest first.
    pub(super) fn roots(&self) -> Vec<&str> {
        let all: BTreeSet<&str> =
            self.directories.iter().chain(&self.trees).map(|dir| &**dir).collect();
        let mut all: Vec<&str> = all.into_iter().collect();
        // A build directory may lie within the sources.
        all.sort_by_key(|dir| std::cmp::Reverse(dir.len()));
        all
    }

    /// Whether it shows no step at all, as that of `make -s`.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let lists = [&self.compiled, &self.natives, &self.links];
        lists.iter().all(|list| list.is_empty()) && !self.configured && !self.modpost
    }

    /// Takes in where a message is: an absolute path tells where the tree lies, by the object that is
    /// made of it; in a log without steps by the names of a kernel's directories.
    pub(super) fn place(&mut self, place: &str) {
        if !place.starts_with('/') {
            return;
        }
        let root = match self.is_silent() {
            true => tree::root_by_names(place),
            false => tree::root_by_objects(place, &self.compiled, &self.natives),
        };
        self.trees.extend(
            root.map(|root| root.trim_end_matches('/').to_owned()).filter(|root| !root.is_empty()),
        );
    }

    pub(super) fn enter(&mut self, dir: &str) {
        let dir = dir.trim_end_matches('/');
        if dir.len() > 1 && dir.starts_with('/') {
            self.directories.insert(dir.to_owned());
        }
    }

    pub(super) fn extend(&mut self, later: Self) {
        self.compiled.extend(later.compiled);
        self.natives.extend(later.natives);
        self.links.extend(later.links);
        self.configured |= later.configured;
        self.modpost |= later.modpost;
        self.lto |= later.lto;
        self.fatal_warnings |= later.fatal_warnings;
        self.arch = self.arch.or(later.arch);
        self.last_link = later.last_link.or(self.last_link.take());
        self.directories.extend(later.directories);
        self.trees.extend(later.trees);
    }

    /// Takes in a short line of kbuild's.
    pub(super) fn short(&mut self, what: &str, target: &str) {
        match what {
            "MODPOST" => self.modpost = true,
            "LD" | "LTO" => self.link(target),
            "CC" | "AS" | "HOSTCC" | "HOSTLD" | "VDSO2C" | "RUSTC" => self.made(target),
            _ => {}
        }
    }

    /// Takes in a command, which may stand behind the words of another job.
    pub(super) fn command(&mut self, line: &str) {
        if has(line, "scripts/kconfig/conf ") {
            self.configured = true;
        }
        if has(line, "scripts/mod/modpost ") {
            self.modpost = true;
        }
        if has(line, " -o ") && runs_linker(line) {
            self.fatal_warnings |= has(line, " --fatal-warnings");
            if let Some(target) = word_after(line, " -o ") {
                self.link(target);
            }
        }
        if let Some(target) = word_after(line, " -c -o ") {
            self.made(target);
            let source =
                split(line, " -c -o ").and_then(|(_, rest)| rest.split_ascii_whitespace().nth(1));
            let root = source.and_then(|source| tree::root_by_command(target, source));
            self.trees.extend(root.map(str::to_owned).filter(|root| !self.trees.contains(root)));
            self.lto |= has(line, " -flto=thin") && !has(line, " -fthinlto-index=");
        }
        if self.arch.is_none() {
            self.arch = word_after(line, " --target=").and_then(Arch::of_triple);
        }
    }

    fn made(&mut self, target: &str) {
        let Some(target) = normalize_path(target).filter(|target| target.ends_with(".o")) else {
            return;
        };
        let is_native = target.ends_with(".thinlto-native.o");
        if is_native { &mut self.natives } else { &mut self.compiled }.insert(target);
    }

    fn link(&mut self, target: &str) {
        if let Some(target) = normalize_path(target) {
            self.links.insert(target.clone());
            self.last_link = Some(target);
        }
    }
}

/// Whether a word of a command names a linker, by whatever name it is called.
fn runs_linker(line: &str) -> bool {
    let is_one = |word: &str| tool_of(word).is_some_and(|called| called.program.is_linker());
    // All their names have these letters.
    memmem::find_iter(line.as_bytes(), "ld").any(|at| {
        let start = line.get(..at).and_then(|before| before.rfind(' ')).map_or(0, |at| at + 1);
        let word = line.get(start..).and_then(|rest| rest.split(' ').next());
        word.is_some_and(|word| !word.starts_with('-') && is_one(word))
    })
}

fn word_after<'a>(line: &'a str, piece: &str) -> Option<&'a str> {
    split(line, piece)?.1.split_ascii_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_shows_its_steps() {
        let mut ran = Ran::default();
        ran.command("  clang --target=aarch64-linux-gnu -flto=thin -c -o lib/a.o ../lib/a.c ; x");
        ran.command("  /bin/ld.lld -r --fatal-warnings -o vmlinux.o vmlinux.a");
        ran.short("CC", "arch/arm64/kvm/../../../virt/kvm/b.o");
        assert_eq!(ran.mode(), Some(Mode::InProcess));
        ran.short("CC", "lib/a.thinlto-native.o");
        assert_eq!((ran.mode(), ran.arch), (Some(Mode::Distributed), Some(Arch::Arm64)));
        assert!(ran.fatal_warnings && ran.links.contains("vmlinux.o"));
        assert_eq!(ran.object_of("../lib/a.c").as_deref(), Some("lib/a.o"));
        assert_eq!(ran.object_of("virt/kvm/b.c").as_deref(), Some("virt/kvm/b.o"));
        assert_eq!(ran.object_of("include/x.h"), None);
        ran.enter("/src/linux");
        ran.enter("/src/linux/build");
        assert_eq!(ran.below("/src/linux/build/a and /src/linux/b"), "a and b");
    }
}
