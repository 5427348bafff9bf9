//! Links as values: what a recorded link was told, less what it wrote.

use crate::error::EngineError;
use crate::recipe::Recipe;
use std::path::Path;
use twinlto_facts::flags::{call, is_linker, lex, link};

/// The recorded command of a link, less what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkCommand {
    pub(crate) linker: String,
    pub(crate) options: Vec<String>,
    /// Objects that stand for `vmlinux.a`, in its order. By an archive's name, lld calls a module
    /// `vmlinux.a(fork.o at 7866)`, and no backend could read that.
    members: Vec<String>,
}

impl LinkCommand {
    /// Reads it from the text of a `.cmd` file: the thin link's or that of `vmlinux.o`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let commands = lex(text).map_err(|error| error.to_string())?;
        let call = link(&commands).map(|command| call(&command.words));
        let call = call.filter(|call| is_linker(call.program)).ok_or("it runs no linker")?;
        let mut options = Vec::new();
        let mut rest = call.arguments.iter();
        while let Some(word) = rest.next() {
            match *word {
                "-o" | "-Map" | "--dependency-file" => {
                    rest.next();
                }
                word if written(word) => {}
                word => options.push(word.to_owned()),
            }
        }
        Ok(Self { linker: call.program.to_owned(), options, members: Vec::new() })
    }

    /// The same with these objects in the place of `vmlinux.a`.
    pub(crate) fn with_members(mut self, members: &[String]) -> Self {
        if self.options.iter().any(|option| option == ARCHIVE) {
            self.members = members.to_vec();
        }
        self
    }

    /// The command with further options; `dir` is where its list of objects is written.
    pub(crate) fn recipe(
        &self,
        build: &Path,
        extra: &[String],
        dir: &Path,
    ) -> Result<Recipe, EngineError> {
        let mut recipe = Recipe::new(build, &self.linker);
        for option in &self.options {
            if option == ARCHIVE && !self.members.is_empty() {
                let list = dir.join("objects");
                let text: String = self.members.iter().map(|name| quoted(name) + "\n").collect();
                std::fs::write(&list, text).map_err(|e| EngineError::io("write", &list, &e))?;
                recipe = recipe.arg(format!("@{}", list.display()));
            } else {
                recipe = recipe.arg(option);
            }
        }
        recipe.argv.extend(extra.iter().map(Into::into));
        Ok(recipe)
    }

    /// What decides the link apart from the contents of its objects.
    pub(crate) fn hash(&self, extra: &[String], hasher: &mut blake3::Hasher) {
        for word in self.options.iter().chain(extra).chain(&self.members) {
            hasher.update(word.as_bytes());
            hasher.update(b"\0");
        }
    }
}

const ARCHIVE: &str = "vmlinux.a";

/// A word of a response file. Source: `llvm::cl::TokenizeGNUCommandLine`.
pub(super) fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether an option makes the linker write beside its output, or stop before code generation.
fn written(word: &str) -> bool {
    const STARTS: [&str; 9] = [
        "--thinlto-index-only",
        "--thinlto-distributor",
        "--thinlto-remote-compiler",
        "--thinlto-emit-",
        "--thinlto-cache-dir",
        "--thinlto-prefix-replace",
        "--lto-obj-path",
        "-Map=",
        "--dependency-file=",
    ];
    STARTS.iter().any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linker_is_known_by_any_name() {
        for linker in [
            "ld.lld",
            "ld.lld-22",
            "ld.lld22",
            "/usr/lib/llvm-22/bin/ld.lld",
            "/usr/bin/ld.lld-22.1",
            "aarch64-linux-gnu-ld",
            "aarch64-linux-gnu-ld.lld",
        ] {
            for before in ["", "rm -f vmlinux.o; ", "nice ", "env LC_ALL=C "] {
                let text = format!("{before}{linker} -EL -r -o vmlinux.o vmlinux.a");
                let command = LinkCommand::parse(&text).unwrap();
                assert_eq!((&*command.linker, command.options.len()), (linker, 3), "{text}");
            }
        }
    }

    #[test]
    fn what_a_link_writes_is_left_out_of_its_command() {
        let text = "/opt/ld.lld -EL -mllvm -import-instr-limit=5 -r -o vmlinux.o \
                    --thinlto-cache-dir=.cache -T .tmp_initcalls.lds --whole-archive vmlinux.a; \
                    ./tools/objtool vmlinux.o";
        let command = LinkCommand::parse(text).unwrap();
        assert_eq!(command.linker, "/opt/ld.lld");
        let expected = "-EL -mllvm -import-instr-limit=5 -r -T .tmp_initcalls.lds --whole-archive \
                        vmlinux.a";
        assert_eq!(command.options.join(" "), expected);
        let text = "ld.lld -r --thinlto-index-only=vmlinux.thinlto-index @builtin.order";
        assert_eq!(LinkCommand::parse(text).unwrap().options, ["-r", "@builtin.order"]);
        let text = "rm -f v.o; LC_ALL=C ld.lld-22 -r -o v.o a.o";
        assert_eq!(LinkCommand::parse(text).unwrap().linker, "ld.lld-22");
        assert!(LinkCommand::parse("rm -f vmlinux.o").is_err());
        assert!(LinkCommand::parse("cp ld.lldb a; ar rcs ld.a b").is_err());
    }
}
