//! Who compiled a unit, and with which options where that was recorded.

use crate::flags::{Opt, parse};
use std::borrow::Cow;

/// Beginnings of options whose values are places of one machine.
const PLACES: &[&str] = &[
    "-I",
    "-L",
    "-M",
    "-include",
    "-imacros",
    "-isystem",
    "-iquote",
    "-idirafter",
    "-iprefix",
    "-isysroot",
    "--sysroot",
    "-resource-dir",
    "-Wp,-M",
    "-ffile-prefix-map=",
    "-fdebug-prefix-map=",
    "-fmacro-prefix-map=",
    "-ffile-compilation-dir=",
    "-fdebug-compilation-dir=",
    "-fthinlto-index=",
];

/// Parts `DW_AT_producer` into the compiler with its version, and the options after it.
///
/// GCC always appends options. clang does so with `-grecord-command-line`: its own path, then
/// the whole command with blanks escaped by a backslash (clang 22.1.8, by experiment; it writes no
/// `DW_AT_APPLE_flags` for ELF files). Paths are left out.
pub(super) fn parted(producer: &str) -> (String, Vec<String>) {
    let words = words(producer);
    let end = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
    let (head, rest) = words.split_at_checked(end).unwrap_or((&words, &[]));
    // The compiler's path stands between the version and the options.
    let is_path = |word: &Cow<'_, str>| word.contains('/') && !word.contains([':', '(', ')']);
    let head = match head.split_last() {
        Some((last, before)) if !rest.is_empty() && is_path(last) => before,
        _ => head,
    };
    let options = parse(rest).filter(|option| !option.is_input() && !is_place(option));
    (head.join(" "), options.map(|option| option.text().into_owned()).collect())
}

fn is_place(option: &Opt<'_>) -> bool {
    let word = option.word;
    matches!(word, "-o" | "-c") || PLACES.iter().any(|place| word.starts_with(place))
}

/// Words that blanks part, where a backslash keeps the next character as it is.
fn words(text: &str) -> Vec<Cow<'_, str>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' if word.is_empty() => {}
            ' ' => words.push(Cow::Owned(std::mem::take(&mut word))),
            '\\' => word.extend(chars.next()),
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(Cow::Owned(word));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(producer: &str) -> String {
        let (head, options) = parted(producer);
        format!("{head}|{}", options.join(" "))
    }

    #[test]
    fn a_recorded_command_is_parted_and_paths_are_left_out() {
        let clang = "Debian clang version 22.1.8 (1~deb13u4)";
        assert_eq!(shown(clang), format!("{clang}|"));
        let command = "/usr/bin/clang -g -O2 -I/a -I b -include c.h -o x\\ y.o -c a.c -DX=a\\ b";
        assert_eq!(shown(&format!("{clang} {command}")), format!("{clang}|-g -O2 -DX=a b"));
        assert_eq!(shown("GNU C11 14.2.0 -mabi=lp64 -O2"), "GNU C11 14.2.0|-mabi=lp64 -O2");
        let git = "clang version 23.0.0 (https://github.com/llvm/llvm-project abc)";
        assert_eq!(shown(&format!("{git} -O2")), format!("{git}|-O2"));
        assert_eq!(shown(""), "|");
    }
}
