//! How much of a build a change of the sources can reach, by the files that it touches.
//!
//! make compiles again what depends on a changed file, or whose command has changed. What it does not
//! see is a rule that writes something else for the same command: the saved flags and the CRCs in
//! an object's `.cmd` file are such.

/// How a build of changed sources can begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// No build reads any of the files.
    Nothing,
    /// With a copy of the build before the change: make finds out what is out of date.
    Copy,
    /// From clean: this file decides what stands beside the objects, and make does not see that.
    Clean(String),
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

/// What no build reads.
const UNREAD: [&str; 6] =
    ["Documentation/", "LICENSES/", "samples/", "tools/testing/", "MAINTAINERS", "CREDITS"];

/// How much of a build the change of these files can reach.
#[must_use]
pub fn reach<'f>(files: impl IntoIterator<Item = &'f str>) -> Reach {
    let is_in = |file: &str, list: &[&str]| {
        list.iter().any(|entry| file == *entry || entry.ends_with('/') && file.starts_with(entry))
    };
    let mut reach = Reach::Nothing;
    for file in files {
        if is_in(file, &UNSEEN) {
            return Reach::Clean(file.to_owned());
        }
        let is_text =
            [".rst", ".md", ".txt", ".gitignore", ".mailmap"].iter().any(|end| file.ends_with(end));
        if !is_text && !is_in(file, &UNREAD) {
            reach = Reach::Copy;
        }
    }
    reach
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_make_does_not_see_needs_a_clean_build() {
        assert_eq!(reach(["Documentation/kbuild/llvm.rst", "MAINTAINERS"]), Reach::Nothing);
        assert_eq!(reach([]), Reach::Nothing);
        assert_eq!(reach(["MAINTAINERS", "scripts/Makefile.thinlto"]), Reach::Copy);
        assert_eq!(reach(["mm/slab.c", "Makefile"]), Reach::Copy);
        let clean = Reach::Clean("scripts/Makefile.lib".to_owned());
        assert_eq!(reach(["mm/slab.c", "scripts/Makefile.lib"]), clean);
        let tool = "scripts/genksyms/lex.l";
        assert_eq!(reach([tool]), Reach::Clean(tool.to_owned()));
    }
}
