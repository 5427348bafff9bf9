//! What a command runs: the variables that it sets, what starts the program, and the program.

use super::lex::Command;
use crate::program::tool_of;
use std::borrow::Cow;

/// One command, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Call<'c> {
    /// `NAME=value` words before the program, which are its environment.
    pub environment: Vec<&'c str>,
    /// What only starts the program, with its options: `ccache`, `nice -n 5`.
    pub launcher: Vec<&'c str>,
    /// The program; empty where the command runs none.
    pub program: &'c str,
    /// What the program is given.
    pub arguments: Vec<&'c str>,
}

/// A program that runs the command in its arguments.
struct Launcher {
    name: &'static str,
    /// Its options that take the next word.
    with_argument: &'static [&'static str],
    /// Words of its own before the command (`timeout 10`).
    positional: usize,
}

const fn launcher(name: &'static str) -> Launcher {
    Launcher { name, with_argument: &[], positional: 0 }
}

/// Programs that hand the command on as it is. Sources: the manuals of ccache 4, sccache 0.8,
/// distcc 3, icecc 1.4, GNU coreutils 9 and util-linux 2.40.
const LAUNCHERS: &[Launcher] = &[
    Launcher { with_argument: &["-u", "-C", "--unset", "--chdir"], ..launcher("env") },
    launcher("ccache"),
    launcher("sccache"),
    launcher("distcc"),
    launcher("icecc"),
    launcher("icerun"),
    launcher("gomacc"),
    launcher("rewrapper"),
    launcher("buildcache"),
    launcher("cachepot"),
    launcher("command"),
    launcher("exec"),
    launcher("nohup"),
    launcher("setsid"),
    Launcher { with_argument: &["-n", "--adjustment"], ..launcher("nice") },
    Launcher { with_argument: &["-c", "-n"], ..launcher("ionice") },
    Launcher { with_argument: &["-f", "-o"], ..launcher("time") },
    Launcher { with_argument: &["-s", "-k"], positional: 1, ..launcher("timeout") },
    Launcher { positional: 1, ..launcher("taskset") },
];

/// Takes a command apart. A program that nobody knows and that stands before a compiler starts it.
#[must_use]
pub fn call<'c>(words: &'c [Cow<'_, str>]) -> Call<'c> {
    let words: Vec<&str> = words.iter().map(Cow::as_ref).collect();
    let mut call = Call::default();
    let mut at = 0;
    loop {
        while let Some(word) = words.get(at).filter(|word| is_assignment(word)) {
            call.environment.push(word);
            at += 1;
        }
        let known = words.get(at).and_then(|word| known_launcher(word));
        let next = known.map(|launcher| at + own_words(launcher, words.get(at..).unwrap_or(&[])));
        // With nothing behind it, it is what is run.
        let Some(next) = next.filter(|next| *next < words.len()) else { break };
        call.launcher.extend(words.get(at..next).unwrap_or(&[]));
        at = next;
    }
    let rest = words.get(at..).unwrap_or(&[]);
    let options = rest.iter().position(|word| word.starts_with('-')).unwrap_or(rest.len());
    let programs = rest.get(..options).unwrap_or(&[]);
    // Behind a compiler that is known stand its inputs; else all that comes before the options
    // starts the last of it.
    let place = programs.iter().position(|word| is_compiler(word));
    // Without an option nothing tells a program from what it is given.
    let last = if options < rest.len() { options.saturating_sub(1) } else { 0 };
    let place = place.unwrap_or(last);
    call.launcher.extend(rest.get(..place).unwrap_or(&[]));
    call.program = rest.get(place).filter(|_| options > 0).copied().unwrap_or_default();
    let arguments = if options > 0 { place + 1 } else { place };
    call.arguments = rest.get(arguments..).unwrap_or(&[]).to_vec();
    call
}

/// How many words of a command are those of its launcher, the launcher included.
fn own_words(launcher: &Launcher, words: &[&str]) -> usize {
    let mut at = 1;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        at += if launcher.with_argument.contains(word) { 2 } else { 1 };
        if *word == "--" {
            break;
        }
    }
    // ccache takes `key=value` for its own configuration.
    if launcher.name == "ccache" {
        at += words.iter().skip(at).take_while(|word| is_assignment(word)).count();
    }
    at + launcher.positional
}

fn known_launcher(word: &str) -> Option<&'static Launcher> {
    let name = base_name(word);
    LAUNCHERS.iter().find(|launcher| launcher.name == name)
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// `NAME=value`, as a shell reads it before a command.
#[must_use]
pub fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let start = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    name.bytes().next().is_some_and(start)
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a program is a C compiler by its name: `cc`, `clang-22`, `aarch64-linux-gnu-gcc`.
#[must_use]
pub fn is_compiler(program: &str) -> bool {
    // A text with blanks is what some command says, and no program.
    !program.contains(char::is_whitespace)
        && tool_of(program).is_some_and(|called| called.program.is_compiler())
}

/// Whether a program is a linker by its name: `ld`, `ld.lld-22`, `aarch64-linux-gnu-ld`.
#[must_use]
pub fn is_linker(program: &str) -> bool {
    // A text with blanks is what some command says, and no program.
    !program.contains(char::is_whitespace)
        && tool_of(program).is_some_and(|called| called.program.is_linker())
}

/// The command of a line that compiles, wherever it stands in the list: a rule may make a
/// directory before it, and objtool follows it. The first command where none compiles.
#[must_use]
pub fn compile<'c, 'a>(commands: &'c [Command<'a>]) -> Option<&'c Command<'a>> {
    let has = |command: &Command<'_>, option: &str| command.words.iter().any(|w| w == option);
    let compiles = |command: &&Command<'_>| has(command, "-c") || has(command, "-S");
    let known = |command: &&Command<'_>| is_compiler(call(&command.words).program);
    let of = |fits: &dyn Fn(&&Command<'_>) -> bool| commands.iter().find(|command| fits(command));
    of(&|command| known(command) && compiles(command))
        .or_else(|| of(&|command| compiles(command) && has(command, "-o")))
        .or_else(|| of(&known))
        .or_else(|| commands.first())
}

/// The command of a line that links, wherever it stands in the list; the first one where none
/// does.
#[must_use]
pub fn link<'c, 'a>(commands: &'c [Command<'a>]) -> Option<&'c Command<'a>> {
    let runs = |command: &&Command<'_>| is_linker(call(&command.words).program);
    commands.iter().find(runs).or_else(|| commands.first())
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;
    use proptest::prelude::*;

    /// Environment, launcher, program and arguments, with bars between them.
    fn parts(line: &str) -> String {
        let commands = lex(line).unwrap();
        let call = call(&commands.first().unwrap().words);
        let join = |words: &[&str]| words.join(" ");
        let (env, launcher) = (join(&call.environment), join(&call.launcher));
        format!("{env}|{launcher}|{}|{}", call.program, join(&call.arguments))
    }

    #[test]
    fn what_starts_a_compiler_is_not_the_compiler() {
        let rows = [
            ("clang -c a.c", "||clang|-c a.c"),
            ("LC_ALL=C clang -c a.c", "LC_ALL=C||clang|-c a.c"),
            ("CCC_OVERRIDE_OPTIONS='+-O1 x' clang -c", "CCC_OVERRIDE_OPTIONS=+-O1 x||clang|-c"),
            ("ccache /opt/bin/clang-22 -O2", "|ccache|/opt/bin/clang-22|-O2"),
            ("ccache compiler_check=none clang -O2", "|ccache compiler_check=none|clang|-O2"),
            ("/usr/bin/env -u X A=b clang -O2", "A=b|/usr/bin/env -u X|clang|-O2"),
            ("env A=b ccache distcc clang -O2", "A=b|env ccache distcc|clang|-O2"),
            ("nice -n 5 timeout -k 1 10 clang -c", "|nice -n 5 timeout -k 1 10|clang|-c"),
            ("ourwrap clang a.c -c", "|ourwrap|clang|a.c -c"),
            ("ourwrap ourcc -c a.c", "|ourwrap|ourcc|-c a.c"),
            ("mkdir -p x", "||mkdir|-p x"),
            ("printf '%s' 'ld.lld -r'", "||printf|%s ld.lld -r"),
            ("ccache", "||ccache|"),
            ("A=b", "A=b|||"),
            ("-c a.c", "|||-c a.c"),
        ];
        for (line, expected) in rows {
            assert_eq!(parts(line), expected, "{line}");
        }
    }

    #[test]
    fn the_command_that_compiles_is_found_in_its_list() {
        let of = |line: &'static str| {
            let commands = lex(line).unwrap();
            compile(&commands).unwrap().text
        };
        assert_eq!(of("mkdir -p a; clang -c -o a.o a.c; objtool a.o"), "clang -c -o a.o a.c");
        assert_eq!(of("set -e; A=b ourcc -c -o a.o a.c"), "A=b ourcc -c -o a.o a.c");
        assert_eq!(of("clang -E a.c > a.i; clang -c a.i"), "clang -c a.i");
        assert_eq!(of("sh -c x; ccache gcc -S a.c"), "ccache gcc -S a.c");
        assert_eq!(of("true; false"), "true");
    }

    #[test]
    fn the_command_that_links_is_found_in_its_list() {
        let of = |line: &'static str| {
            let commands = lex(line).unwrap();
            link(&commands).unwrap().text
        };
        assert_eq!(of("rm -f v; ld.lld -r -o v a.o"), "ld.lld -r -o v a.o");
        assert_eq!(of("rm -f v && LC_ALL=C /x/ld.lld-22 -r"), "LC_ALL=C /x/ld.lld-22 -r");
        assert_eq!(of("aarch64-linux-gnu-ld -r; true"), "aarch64-linux-gnu-ld -r");
        assert_eq!(of("echo ld; true"), "echo ld");
        let said = "printf '%s' '# LD' '  /x/ld.lld -r'; /x/ld.lld -r -o v a.o";
        assert_eq!(of(said), "/x/ld.lld -r -o v a.o");
    }

    proptest! {
        /// No word is lost or made up, whatever they are.
        #[test]
        fn every_word_has_its_part(words in prop::collection::vec(
            prop_oneof!["-?[a-c=]{0,3}", prop::sample::select(vec![
                "env".to_owned(), "ccache".into(), "nice".into(), "timeout".into(), "clang".into(),
                "-n".into(), "--".into(), "A=b".into(),
            ])], 0..8)
        ) {
            let cows: Vec<Cow<'_, str>> = words.iter().map(|w| Cow::Borrowed(w.as_str())).collect();
            let call = call(&cows);
            let program = usize::from(!call.program.is_empty() || cows.iter().any(|w| w.is_empty()));
            let parts = call.environment.len() + call.launcher.len() + call.arguments.len();
            prop_assert!(parts + program >= words.len() && parts <= words.len(), "{:?}", call);
        }
    }
}
