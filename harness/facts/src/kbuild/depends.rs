use super::normalize_path;

/// What a target was made from, as fixdep wrote it into the target's `.cmd` file
/// (`scripts/basic/fixdep.c`, Linux 7.3: `source_X := …`, `deps_X := \` and a list).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depends {
    /// The source file, as the compiler was given it.
    pub source: Option<String>,
    /// Every file that the source includes, as the compiler names it; no configuration symbols.
    pub includes: Vec<String>,
    /// The configuration symbols that the source and its includes name, without `CONFIG_`.
    pub symbols: Vec<String>,
}

impl Depends {
    /// Reads a whole `.cmd` file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut depends = Self::default();
        let mut in_list = false;
        for line in text.lines() {
            if line.starts_with("source_") {
                depends.source = line.split_once(" := ").map(|(_, path)| path.trim().to_owned());
            } else if line.starts_with("deps_") {
                in_list = true;
            } else if in_list {
                let path = line.trim().trim_end_matches('\\').trim_end();
                match path {
                    "" => in_list = false,
                    symbol if symbol.starts_with("$(") => {
                        let inner = symbol.strip_prefix("$(wildcard include/config/");
                        let inner = inner.and_then(|inner| inner.strip_suffix(')'));
                        depends.symbols.extend(inner.map(str::to_owned));
                    }
                    path => depends.includes.push(path.to_owned()),
                }
            }
        }
        depends
    }

    /// The files of a source tree among all of these, relative to it. `tree` is absolute.
    pub fn in_tree<'a>(&'a self, tree: &'a str) -> impl Iterator<Item = String> + 'a {
        let all = self.source.iter().chain(&self.includes);
        all.filter_map(move |path| below(tree, path))
    }

    /// The source file relative to the source tree, if it is in there.
    #[must_use]
    pub fn source_in_tree(&self, tree: &str) -> Option<String> {
        below(tree, self.source.as_deref()?)
    }
}

/// A path relative to a directory that it lies in.
fn below(dir: &str, path: &str) -> Option<String> {
    normalize_path(path.strip_prefix(dir)?.strip_prefix('/')?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sources_and_headers_of_the_tree_are_listed() {
        let text = "savedcmd_a.o := clang -c /s/k/../v/a.c\n\nsource_a.o := /s/k/../v/a.c\n\n\
            deps_a.o := \\\n    $(wildcard include/config/X) \\\n  /s/include/a.h \\\n  \
            include/generated/b.h \\\n\na.o: $(deps_a.o)\n\n$(deps_a.o):\n\n#SYMVER x 0x1\n";
        let depends = Depends::parse(text);
        assert_eq!(depends.source_in_tree("/s").as_deref(), Some("v/a.c"));
        assert_eq!(depends.includes.len(), 2);
        assert_eq!(depends.symbols, ["X"]);
        assert_eq!(depends.in_tree("/s").collect::<Vec<_>>(), ["v/a.c", "include/a.h"]);
        // Another tree, whose name begins with the same letters.
        assert_eq!(depends.in_tree("/s/in").count(), 0);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(source_|deps_|[a-z/:= \\\\$(.\n]){0,80}") {
            let depends = Depends::parse(&text);
            let _ = depends.in_tree("/s").count();
        }
    }
}
