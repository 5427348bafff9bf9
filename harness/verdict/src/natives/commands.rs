//! The recorded commands of objects that are native in both builds: assembly, objects without LTO,
//! modules, and what they are made from.
//!
//! Here the compiler reads every option itself, so that defines, include paths and options of the assembler
//! count as much as those of code generation. What says where a file goes and how loud warnings are does
//! not.

use super::lawful::Places;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::borrow::Cow;
use std::collections::BTreeSet;
use twinlto_facts::flags::{Class, Opt, classify, lex, parse, resolve};

/// What two recorded commands of one object do not share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CommandChange {
    /// What the first alone says.
    pub(crate) left: Vec<String>,
    /// What the second alone says.
    pub(crate) right: Vec<String>,
}

/// One word of a command, with its argument.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    /// Whether it is held against the other command only by what wins in the end.
    by_value: bool,
}

/// Compares two commands; none where they say the same.
///
/// # Errors
///
/// When a shell could not read one of them.
pub(crate) fn changes(a: &str, b: &str, places: &Places) -> Result<Option<CommandChange>, String> {
    if a == b {
        return Ok(None);
    }
    let (a, b) = (plain(a, places, true), plain(b, places, false));
    if a == b {
        return Ok(None);
    }
    let commands = |text| lex(text).map_err(|error| error.to_string());
    let (ours, theirs) = (commands(&a)?, commands(&b)?);
    let mut change = CommandChange::default();
    for at in 0..ours.len().max(theirs.len()) {
        let words = |list: &[twinlto_facts::flags::Command<'_>]| -> Vec<Cow<'static, str>> {
            let words = list.get(at).map(|command| command.words.as_slice()).unwrap_or_default();
            words.iter().map(|word| Cow::Owned(word.clone().into_owned())).collect()
        };
        one(&words(&ours), &words(&theirs), &mut change);
    }
    if change == CommandChange::default() {
        // `||` and `;` are no words.
        let (x, y) = (operators(&a), operators(&b));
        if x != y {
            change = CommandChange { left: x, right: y };
        }
    }
    Ok((change != CommandChange::default()).then_some(change))
}

/// What stands between commands and is set apart by blanks.
fn operators(text: &str) -> Vec<String> {
    let is_operator = |word: &&str| word.chars().all(|c| ";&|<>()".contains(c));
    text.split_whitespace().filter(is_operator).map(str::to_owned).collect()
}

fn one(ours: &[Cow<'_, str>], theirs: &[Cow<'_, str>], change: &mut CommandChange) {
    let (x, y) = (resolve(ours), resolve(theirs));
    let value = |resolved: &twinlto_facts::flags::Resolved<'_>, option: Opt<'_>| {
        resolved.setting(classify(option).family).map(|setting| setting.value.to_owned())
    };
    // What is said twice, or overridden later, is the same where the same wins.
    let tokens = |words: &[Cow<'_, str>]| -> Vec<Token> {
        let matters = |option: &Opt<'_>| !is_beside(*option);
        let program = words.iter().take_while(|word| !word.starts_with('-'));
        let program = program.map(|word| Token { text: word.to_string(), by_value: false });
        let rest = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
        let options = words.get(rest..).unwrap_or_default();
        let options = parse(options).filter(matters).map(|option| {
            let same = value(&x, option) == value(&y, option) && value(&x, option).is_some();
            Token { text: option.text().into_owned(), by_value: same && !is_list(option) }
        });
        program.chain(options.collect::<Vec<_>>()).collect()
    };
    let (left, right) = (tokens(ours), tokens(theirs));
    let kept = |list: Vec<Token>| -> Vec<String> {
        list.into_iter().filter(|token| !token.by_value).map(|token| token.text).collect()
    };
    let (left, right) = (kept(left), kept(right));
    for op in capture_diff_slices(Algorithm::Myers, &left, &right) {
        if op.tag() != DiffTag::Equal {
            change.left.extend(left.get(op.old_range()).unwrap_or_default().iter().cloned());
            change.right.extend(right.get(op.new_range()).unwrap_or_default().iter().cloned());
        }
    }
}

/// Options that do not decide what is made: how loud the compiler is, and where it writes down what
/// it read.
fn is_beside(option: Opt<'_>) -> bool {
    let dependencies = ["-Wp,-M", "-MD", "-MMD", "-MF", "-MT", "-MQ", "-MP"];
    dependencies.iter().any(|prefix| option.word.starts_with(prefix))
        || matches!(classify(option).class, Class::Warning | Class::Harmless)
}

/// Options of which each counts, in their order.
fn is_list(option: Opt<'_>) -> bool {
    let lists = ["-I", "-i", "-Wa,", "-Wl,", "-Xassembler", "-Xclang", "-T"];
    option.is_input() || lists.iter().any(|prefix| option.word.starts_with(prefix))
}

/// The command with one name for the directories of both builds.
fn plain(text: &str, places: &Places, left: bool) -> String {
    let pairs = places.directories.iter().enumerate();
    pairs.fold(text.to_owned(), |text, (number, (a, b))| {
        let directory = if left { a } else { b };
        let name = format!("<{number}>");
        text.replace(&format!("{directory}/"), &format!("{name}/"))
            .replace(&format!("{directory} "), &format!("{name} "))
    })
}

/// What a finding shows of one side.
pub(crate) fn shown(list: &[String]) -> String {
    if list.is_empty() { "not there".to_owned() } else { list.join(" ") }
}

/// The options of both sides, each once, for a sentence.
pub(crate) fn told(change: &CommandChange) -> String {
    let all: BTreeSet<&str> = change.left.iter().chain(&change.right).map(String::as_str).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(a: &str, b: &str) -> Option<(String, String)> {
        let pair = ("/out/a".to_owned(), "/out/b".to_owned());
        let places = Places { directories: vec![pair], modes: true };
        let change = changes(a, b, &places).unwrap()?;
        Some((shown(&change.left), shown(&change.right)))
    }

    fn some(a: &str, b: &str) -> Option<(String, String)> {
        Some((a.to_owned(), b.to_owned()))
    }

    #[test]
    fn every_option_of_an_assembler_source_counts() {
        assert_eq!(brief("cc -DA -c x.S", "cc -DB -c x.S"), some("-DA", "-DB"));
        assert_eq!(
            brief("cc -c x.S", "cc -Wa,-march=armv8.5-a -c x.S"),
            some("not there", "-Wa,-march=armv8.5-a")
        );
        assert_eq!(brief("cc -march=a -c x.S", "cc -march=b -c x.S"), some("-march=a", "-march=b"));
        assert_eq!(brief("cc -include x.h -c x.S", "cc -c x.S"), some("-include x.h", "not there"));
        assert!(brief("cc -Ia -Ib -c x.S", "cc -Ib -Ia -c x.S").is_some());
        assert_eq!(brief("cc -Ux -c x.S", "cc -c x.S"), some("-Ux", "not there"));
    }

    #[test]
    fn a_module_that_is_optimised_in_another_way_is_named() {
        assert_eq!(brief("cc -Os -c x.c", "cc -O3 -c x.c"), some("-Os", "-O3"));
        assert_eq!(brief("cc -O2 -Os -c x.c", "cc -Os -c x.c"), None);
        assert_eq!(
            brief("ld.lld -r -o x.ko a.o", "ld.lld -r --lto-O0 -o x.ko a.o"),
            some("not there", "--lto-O0")
        );
    }

    #[test]
    fn a_command_behind_another_one_counts() {
        assert_eq!(
            brief("cc -c a.c -o a.o; objtool --orc a.o", "cc -c a.c -o a.o"),
            some("objtool --orc a.o", "not there")
        );
    }

    #[test]
    fn what_stands_between_commands_counts() {
        assert_eq!(brief("ar t x || rm x", "ar t x ; rm x"), some("||", ";"));
        assert_eq!(brief("ar t x > y", "ar t x >> y"), some(">", ">>"));
        assert_eq!(brief("ar  t x > y", "ar t x  > y"), None);
    }

    #[test]
    fn where_files_lie_and_how_loud_it_is_does_not_count() {
        assert_eq!(brief("cc -Wp,-MMD,a.d -Wall -c x.c", "cc -Wp,-MMD,b.d -c x.c"), None);
        assert_eq!(
            brief("cc -I/out/a/include -c /out/a/x.c", "cc -I/out/b/include -c /out/b/x.c"),
            None
        );
        assert!(brief("cc -I/out/ab/include -c x.c", "cc -I/out/bb/include -c x.c").is_some());
    }
}
