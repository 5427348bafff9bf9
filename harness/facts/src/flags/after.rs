//! What a rule does to an object after the compiler has made it.

use super::call::{call, compile};
use super::lex::Command;
use crate::kbuild::normalize_path;
use crate::program::{Program, tool_of};

/// The commands of a line that stand behind its compile, name `object`, and may change it, as they
/// stand there: `llvm-objcopy --weaken a.o`. Those of objtool are kbuild's own, in every mode; what only
/// reads or prints changes nothing.
#[must_use]
pub fn after_compile<'t>(commands: &[Command<'t>], object: &str) -> Vec<&'t str> {
    let Some(made) = compile(commands) else { return Vec::new() };
    let behind = commands.iter().skip_while(|command| !std::ptr::eq(*command, made)).skip(1);
    let names = |command: &&Command<'_>| {
        command.words.iter().any(|word| normalize_path(word).as_deref() == Some(object))
    };
    behind.filter(names).filter(|command| may_change(command)).map(|command| command.text).collect()
}

/// Programs of a shell, of coreutils and of file that change no file that they are given.
const READERS: &[&str] = &[
    "test",
    "[",
    "echo",
    "printf",
    "true",
    ":",
    "touch",
    "cat",
    "cmp",
    "diff",
    "file",
    "grep",
    "head",
    "ls",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "size",
    "llvm-size",
    "stat",
    "strings",
    "tail",
    "wc",
];

fn may_change(command: &Command<'_>) -> bool {
    let call = call(&command.words);
    // Without an option nothing tells the program from its arguments.
    let program = match call.program {
        "" => call.arguments.first().copied().unwrap_or_default(),
        program => program,
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let kind = tool_of(program).map(|called| called.program);
    let reads = matches!(
        kind,
        Some(
            Program::Objtool | Program::Nm | Program::Objdump | Program::Readelf | Program::Fixdep
        )
    );
    !reads && !READERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;

    fn after(line: &str) -> Vec<&str> {
        after_compile(&lex(line).unwrap(), "lib/a.o")
    }

    #[test]
    fn what_changes_an_object_behind_its_compile_is_known() {
        let compile = "clang -O2 -c -o lib/a.o lib/a.c";
        let changes = [
            "llvm-objcopy --rename-section .text=.text.hot lib/a.o",
            "/opt/bin/llvm-objcopy-22 --weaken ./lib/a.o",
            "aarch64-linux-gnu-strip lib/a.o",
            "sh scripts/edit.sh lib/a.o",
            "cp lib/b.o lib/a.o",
            "LC_ALL=C ./tools/patch -w lib/a.o",
        ];
        for change in changes {
            for separator in ["; ", " && ", "\n", " || "] {
                assert_eq!(after(&format!("{compile}{separator}{change}")), [change]);
            }
            // The compiler makes it anew.
            assert!(after(&format!("{change}; {compile}")).is_empty(), "{change}");
        }
        let both = format!("{compile}; {}; {}", changes[0], changes[2]);
        assert_eq!(after(&both), [changes[0], changes[2]]);
    }

    #[test]
    fn what_reads_it_or_is_about_another_file_changes_nothing() {
        let beside = [
            "",
            "; ./tools/objtool/objtool --hacks=jump_label --orc lib/a.o",
            "; llvm-nm-22 -g lib/a.o",
            "; llvm-readelf -S lib/a.o > lib/a.txt",
            "; test -s lib/a.o",
            "; echo lib/a.o",
            "; llvm-objcopy --weaken lib/b.o",
            "; printf '%s' 'llvm-strip lib/a.o'",
        ];
        for text in beside {
            let line = format!("clang -O2 -c -o lib/a.o lib/a.c{text}");
            assert!(after(&line).is_empty(), "{line}");
        }
        assert!(after("").is_empty());
    }
}
