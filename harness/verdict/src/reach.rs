//! How much of a build a change of the sources can reach, by the files that it touches.
//!
//! make compiles again what depends on a changed file, or whose command has changed. What it does not
//! see is a rule that writes something else for the same command (the saved flags and the CRCs in an
//! object's `.cmd` file are such), a source that is gone while its object is there, a header that now
//! comes first on the search path, a symbolic link to another file that is no younger, and another
//! default in a Kconfig file.

/// A file that differs between two states of the sources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Its path in the tree.
    pub path: String,
    /// Whether it is in both states, and not new or gone.
    pub in_both: bool,
    /// Whether it is a symbolic link in one of them.
    pub is_link: bool,
}

/// How a build of changed sources can begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// No build reads any of the files.
    Nothing,
    /// With a copy of the build before the change: make finds out what is out of date, once this is
    /// done.
    Copy(Refresh),
    /// From clean: this file decides what stands beside the objects, and make does not see that.
    Clean(String),
}

/// What has to be done to a copied build before make can find out what is out of date.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refresh {
    /// Objects whose source is new or gone, as paths in the build directory.
    pub objects: Vec<String>,
    /// Names, without directories, of other files that are new or gone: what was made of a file of
    /// such a name is made again.
    pub names: Vec<String>,
    /// Whether the configuration begins anew, because defaults may be others.
    pub configuration: bool,
}

/// Files, and directories with a slash at the end, whose rules leave results that make does not
/// know to be out of date (Linux 7.3).
const UNSEEN: [&str; 9] = [
    // Rules that save flags and CRCs, and their tools.
    "scripts/Kbuild.include",
    "scripts/Makefile.build",
    "scripts/Makefile.host",
    "scripts/Makefile.lib",
    "scripts/basic/",
    "scripts/genksyms/",
    "scripts/gendwarfksyms/",
    // What runs over every object after it was compiled.
    "tools/objtool/",
    "scripts/Makefile.vmlinux_o",
];

/// What no build reads. `Documentation/` is not all of it: `CONFIG_WARN_MISSING_DOCUMENTS` looks
/// there for files, and compiles nothing else for it.
const UNREAD: [&str; 10] = [
    "Documentation/",
    "LICENSES/",
    "tools/testing/",
    "MAINTAINERS",
    "CREDITS",
    "COPYING",
    "README",
    "README.md",
    ".mailmap",
    ".gitignore",
];

/// The ends of sources that an object of the same name is made of.
const SOURCES: [&str; 3] = [".c", ".S", ".rs"];

/// How much of a build the change of these files can reach.
#[must_use]
pub fn reach<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Reach {
    let is_in = |file: &str, list: &[&str]| {
        list.iter().any(|entry| file == *entry || entry.ends_with('/') && file.starts_with(entry))
    };
    let mut refresh = Refresh::default();
    let mut any = false;
    for Change { path, in_both, is_link } in changes {
        let name = path.rsplit('/').next().unwrap_or(path);
        // Kconfig sources Documentation/Kconfig.
        let is_kconfig = name.starts_with("Kconfig");
        if !is_kconfig && (is_in(path, &UNREAD) || name == ".gitignore") {
            continue;
        }
        if *is_link || is_in(path, &UNSEEN) {
            return Reach::Clean(path.clone());
        }
        any = true;
        let is_default = is_kconfig || path.contains("/configs/");
        refresh.configuration |= is_default || path.starts_with("scripts/kconfig/");
        if *in_both {
            continue;
        }
        match SOURCES.iter().find_map(|end| path.strip_suffix(end)) {
            // A linker script is made of vmlinux.lds.S, and no object.
            Some(stem) if !stem.ends_with(".lds") => refresh.objects.push(format!("{stem}.o")),
            _ => refresh.names.push(name.to_owned()),
        }
    }
    if any { Reach::Copy(refresh) } else { Reach::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(edited: &[&str], other: &[&str]) -> Reach {
        let change = |in_both| {
            move |path: &&str| Change {
                path: (*path).to_owned(),
                in_both,
                is_link: path.contains("link"),
            }
        };
        let all: Vec<Change> =
            edited.iter().map(change(true)).chain(other.iter().map(change(false))).collect();
        reach(&all)
    }

    #[test]
    fn what_make_does_not_see_needs_a_clean_build() {
        assert_eq!(of(&["Documentation/kbuild/llvm.rst", "MAINTAINERS"], &[]), Reach::Nothing);
        assert_eq!(of(&["README", "net/.gitignore"], &["Documentation/x.rst"]), Reach::Nothing);
        assert_eq!(of(&[], &[]), Reach::Nothing);
        let copy = Reach::Copy(Refresh::default());
        assert_eq!(of(&["MAINTAINERS", "scripts/Makefile.thinlto"], &[]), copy);
        assert_eq!(of(&["mm/slab.c", "Makefile"], &[]), copy);
        // Rules read lists and maps, whatever their names end in.
        assert_eq!(of(&["scripts/head-object-list.txt"], &[]), copy);
        let clean = Reach::Clean("scripts/Makefile.lib".to_owned());
        assert_eq!(of(&["mm/slab.c", "scripts/Makefile.lib"], &[]), clean);
        let link = "include/link.h";
        assert_eq!(of(&[link], &[]), Reach::Clean(link.to_owned()));
        assert_eq!(of(&["Documentation/link"], &[]), Reach::Nothing);
        let tool = "scripts/genksyms/lex.l";
        assert_eq!(of(&[tool], &[]), Reach::Clean(tool.to_owned()));
    }

    #[test]
    fn what_is_new_or_gone_takes_along_what_was_made_of_it() {
        let Reach::Copy(refresh) = of(&["mm/slab.c"], &["lib/bitmap.c", "include/linux/lz4.h"])
        else {
            panic!("no copy")
        };
        assert_eq!(refresh.objects, ["lib/bitmap.o"]);
        assert_eq!(refresh.names, ["lz4.h"]);
        assert!(!refresh.configuration);
        let Reach::Copy(refresh) = of(&[], &["arch/arm64/kernel/vmlinux.lds.S"]) else {
            panic!("no copy")
        };
        assert_eq!(refresh.names, ["vmlinux.lds.S"]);
        assert!(refresh.objects.is_empty());
        for file in
            ["kernel/Kconfig.preempt", "arch/arm64/configs/defconfig", "Documentation/Kconfig"]
        {
            let Reach::Copy(refresh) = of(&[file], &[]) else { panic!("no copy") };
            assert!(refresh.configuration, "{file}");
        }
    }
}
