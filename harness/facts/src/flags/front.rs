//! What options decide when a source file becomes bitcode: the classes of one front end against
//! another.
//!
//! Between a front end and its backend an option may be used up. Between two front ends nearly every
//! option decides the bitcode; what does not is a short list.

use super::options::{Opt, parse};
use super::table::{Class, classify};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What an option decides between two front ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrontClass {
    /// It decides what the object holds.
    Decides,
    /// In no row of any table.
    Unknown,
    /// Diagnostics that change an exit status, and no object.
    Strict,
    /// Diagnostics, dependency output and the name of the output.
    Harmless,
}

/// How several options of one group are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The last one wins.
    Last,
    /// Each counts where it stands last (`-fsanitize=…`).
    Sequence,
    /// Each counts where it stands first (`-I…`: clang drops a directory that it has).
    Search,
    /// Each counts, repeated or not (`-Xclang …`).
    Verbatim,
}

/// The options of one group, in the order that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontGroup {
    /// What they decide.
    pub class: FrontClass,
    /// The options in one spelling.
    pub options: Vec<String>,
}

/// A front end's command: group → options, what is harmless left out. The sources that it names are
/// a group of their own.
pub type Front = BTreeMap<String, FrontGroup>;

/// The name of the group that holds the input files.
pub const FRONT_INPUTS: &str = "input";

/// Reads what a front end is given, without its name.
#[must_use]
pub fn front(arguments: &[Cow<'_, str>]) -> Front {
    let mut front = Front::new();
    for option in parse(arguments) {
        take(&mut front, option);
    }
    front
}

/// What an option decides between two front ends.
#[must_use]
pub fn front_class(option: Opt<'_>) -> FrontClass {
    let found = classify(option);
    match found.class {
        Class::Warning | Class::Harmless => FrontClass::Harmless,
        Class::WarningStrict => FrontClass::Strict,
        Class::LtoDriver if ["-o", "-pipe"].contains(&found.family.name) => FrontClass::Harmless,
        Class::FrontendOnly if option.word.starts_with("-M") => FrontClass::Harmless,
        Class::Unknown if is_harmless(option.word) => FrontClass::Harmless,
        // Whatever they pass on, it is the front end that takes it.
        Class::Unknown
            if ["-Xclang", "-Xpreprocessor", "--include", "--imacros"].contains(&option.word) =>
        {
            FrontClass::Decides
        }
        Class::Unknown => FrontClass::Unknown,
        _ => FrontClass::Decides,
    }
}

/// Options of the driver's own that change no object. Source: `clang/include/clang/Driver/Options.td`,
/// LLVM 22.
fn is_harmless(word: &str) -> bool {
    const WORDS: [&str; 8] =
        ["-v", "-H", "-pedantic", "--verbose", "-ftime-report", "-Winvalid-pch", "-P", "-C"];
    const STARTS: [&str; 15] = [
        "-fdiagnostics-",
        "-fno-diagnostics-",
        "-ferror-limit=",
        "-fmacro-backtrace-limit=",
        "-fshow-",
        "-fno-show-",
        "-fansi-escape-codes",
        "-ftime-trace",
        "-fcrash-diagnostics",
        "-fno-crash-diagnostics",
        "-gen-reproducer",
        "-R",
        "-fproc-stat-report",
        "-fsave-optimization-record",
        "-foptimization-record-file=",
    ];
    WORDS.contains(&word) || STARTS.iter().any(|start| word.starts_with(start))
}

fn take(front: &mut Front, option: Opt<'_>) {
    if let Some(rest) = option.word.strip_prefix("-Wp,") {
        return preprocessor(front, rest);
    }
    let class = front_class(option);
    if class == FrontClass::Harmless {
        return;
    }
    let (group, order, text) = place(option);
    let entry = front.entry(group).or_insert_with(|| FrontGroup { class, options: Vec::new() });
    match order {
        Order::Last => entry.options = vec![text],
        Order::Sequence => {
            entry.options.retain(|known| *known != text);
            entry.options.push(text);
        }
        Order::Search if entry.options.contains(&text) => {}
        Order::Search | Order::Verbatim => entry.options.push(text),
    }
}

/// `-Wp,-DX,-UY`: options of the preprocessor. Its dependency output takes a file behind a comma.
fn preprocessor(front: &mut Front, text: &str) {
    let words: Vec<Cow<'_, str>> = text.split(',').map(Cow::Borrowed).collect();
    for option in parse(&words).filter(|option| !option.is_input()) {
        take(front, option);
    }
}

/// Spellings of one option whose argument may be a word of its own or not.
const JOINED: &[&str] = &[
    "-isystem",
    "-iquote",
    "-idirafter",
    "-include",
    "-imacros",
    "-isysroot",
    "-I",
    "-D",
    "-U",
    "-x",
];

/// Group, order and one spelling of an option.
fn place(option: Opt<'_>) -> (String, Order, String) {
    let Opt { word, argument, .. } = option;
    let word = match word {
        "--include" => "-include",
        "--imacros" => "-imacros",
        word => word,
    };
    for name in JOINED {
        let value = match argument {
            Some(argument) if word == *name => Some(argument),
            Some(_) => None,
            None => word.strip_prefix(name).filter(|value| !value.is_empty()),
        };
        // `-include-pch` is another option.
        if let Some(value) = value.filter(|value| argument.is_some() || !value.starts_with('-')) {
            return joined(name, value);
        }
    }
    if option.is_input() {
        return (FRONT_INPUTS.to_owned(), Order::Verbatim, word.to_owned());
    }
    let text = option.text().into_owned();
    if let Some((group, order)) = group_of(word) {
        return (group.to_owned(), order, one_spelling(word).unwrap_or(&text).to_owned());
    }
    let target = if word == "-target" { argument } else { word.strip_prefix("--target=") };
    if let Some(target) = target {
        return ("--target".to_owned(), Order::Last, format!("--target={target}"));
    }
    let family = classify(option).family;
    (format!("{} {}", family.name, family.key), Order::Last, text)
}

fn joined(name: &str, value: &str) -> (String, Order, String) {
    let text = match name {
        "-I" | "-D" | "-U" => format!("{name}{value}"),
        _ => format!("{name} {value}"),
    };
    match name {
        "-D" | "-U" => {
            let (macro_name, set) = value.split_once('=').unwrap_or((value, "1"));
            let text = if name == "-D" && set == "1" { format!("-D{macro_name}") } else { text };
            (format!("macro {macro_name}"), Order::Last, text)
        }
        "-include" | "-imacros" => (name.to_owned(), Order::Verbatim, text),
        "-x" | "-isysroot" => (name.to_owned(), Order::Last, text),
        _ => (name.to_owned(), Order::Search, text),
    }
}

/// Options of several families that override one another, so that their order counts.
fn group_of(word: &str) -> Option<(&'static str, Order)> {
    const CHAR: [&str; 4] =
        ["-fsigned-char", "-funsigned-char", "-fno-signed-char", "-fno-unsigned-char"];
    const OVERFLOW: [&str; 6] = [
        "-fwrapv",
        "-fno-wrapv",
        "-fstrict-overflow",
        "-fno-strict-overflow",
        "-ftrapv",
        "-fno-trapv",
    ];
    const BUILTINS: [&str; 5] =
        ["-fbuiltin", "-fno-builtin", "-ffreestanding", "-fno-freestanding", "-fhosted"];
    const MATH: [&str; 9] = [
        "-ffast-math",
        "-fno-fast-math",
        "-fmath-errno",
        "-fno-math-errno",
        "-ffp-",
        "-funsafe-math",
        "-fno-unsafe-math",
        "-fassociative-math",
        "-ffinite-math",
    ];
    let starts = |list: &[&str]| list.iter().any(|start| word.starts_with(start));
    if CHAR.contains(&word) {
        Some(("signedness of char", Order::Last))
    } else if OVERFLOW.contains(&word) {
        Some(("overflow", Order::Sequence))
    } else if BUILTINS.contains(&word) {
        Some(("builtins", Order::Sequence))
    } else if starts(&MATH) {
        Some(("floating point", Order::Sequence))
    } else if starts(&["-fsanitize", "-fno-sanitize"]) {
        Some(("sanitizers", Order::Sequence))
    } else if is_instruction_set(word) {
        Some(("instruction set", Order::Sequence))
    } else if word.starts_with("-g") {
        Some(("debugging information", Order::Sequence))
    } else if word.starts_with("-Wa,") {
        Some(("assembler", Order::Sequence))
    } else if ["-Xclang", "-Xassembler", "-Xpreprocessor"].contains(&word) {
        Some(("passed on", Order::Verbatim))
    } else {
        None
    }
}

/// `-mno-avx -msse4`: one instruction set brings and takes others.
fn is_instruction_set(word: &str) -> bool {
    const SETS: [&str; 12] = [
        "sse",
        "ssse",
        "avx",
        "mmx",
        "3dnow",
        "80387",
        "soft-float",
        "hard-float",
        "lsx",
        "lasx",
        "general-regs-only",
        "fpu=",
    ];
    let Some(rest) = word.strip_prefix("-m") else { return false };
    let rest = rest.strip_prefix("no-").unwrap_or(rest);
    SETS.iter().any(|set| rest.starts_with(set))
        || ["arch=", "cpu="].iter().any(|set| rest.starts_with(set))
}

/// `-fno-unsigned-char` is `-fsigned-char`.
fn one_spelling(word: &str) -> Option<&'static str> {
    match word {
        "-fno-unsigned-char" => Some("-fsigned-char"),
        "-fno-signed-char" => Some("-funsigned-char"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;
    use proptest::prelude::*;

    fn of(line: &str) -> Front {
        let words = lex(line).unwrap().into_iter().next().map(|c| c.words).unwrap_or_default();
        front(&words)
    }

    #[test]
    fn what_changes_no_object_is_left_out() {
        let harmless = "-Wall -Wno-x -Wp,-MMD,a/.b.d -MD -MF x -MT y -o a.o -pipe -w -Rpass=inline \
            -fcolor-diagnostics -fdiagnostics-format=json -ferror-limit=0 -Qunused-arguments -v \
            -ftime-trace -fmessage-length=0";
        assert_eq!(of(harmless), Front::new());
    }

    #[test]
    fn one_option_in_two_spellings_is_one() {
        for (a, b) in [
            ("-I x -D A=1 -include y", "-Ix -DA -includey"),
            ("-target a", "--target=a"),
            ("-fno-unsigned-char", "-fsigned-char"),
            ("-Wp,-DA,-UB", "-DA -UB"),
            ("-mllvm=-x", "-mllvm -x"),
            ("-O2 -Os", "-Os"),
            ("-DA=1 -UA", "-UA"),
            ("-Ia -Ib -Ia", "-Ia -Ib"),
            ("--include x", "-include x"),
        ] {
            assert_eq!(of(a), of(b), "{a} against {b}");
        }
    }

    #[test]
    fn order_counts_where_it_decides() {
        for (a, b) in [
            ("-Ia -Ib", "-Ib -Ia"),
            ("-include a -include b", "-include b -include a"),
            ("-isystem a -isystem b", "-isystem b -isystem a"),
            ("-DA -UA", "-UA -DA"),
            ("-fwrapv -fstrict-overflow", "-fstrict-overflow -fwrapv"),
            ("-fsanitize=x -fno-sanitize=x", "-fno-sanitize=x -fsanitize=x"),
            ("-g -g0", "-g0 -g"),
            ("-mno-avx -msse4", "-msse4 -mno-avx"),
            ("-fno-builtin -fbuiltin", "-fbuiltin -fno-builtin"),
            ("-fsigned-char -funsigned-char", "-funsigned-char -fsigned-char"),
            ("-Xclang -a -Xclang -b", "-Xclang -b -Xclang -a"),
        ] {
            assert_ne!(of(a), of(b), "{a} against {b}");
        }
        assert_eq!(of("-DA -DB -O2 -fwrapv"), of("-fwrapv -DB -O2 -DA"));
    }

    #[test]
    fn everything_else_decides_or_is_not_known() {
        let class = |text: &'static str| of(text).into_values().next().unwrap().class;
        for text in [
            "-DA",
            "-UA",
            "-Ia",
            "-includea",
            "-isystem a",
            "-imacros a",
            "-std=gnu11",
            "-funsigned-char",
            "-fwrapv",
            "-fno-strict-aliasing",
            "-fno-strict-overflow",
            "-ftrivial-auto-var-init=zero",
            "-fshort-wchar",
            "-fno-builtin",
            "-fno-builtin-memcpy",
            "-nostdinc",
            "-fms-extensions",
            "-fmacro-prefix-map=a=b",
            "-fvisibility=hidden",
            "-flto=thin",
            "-x c",
            "-S",
            "-Wa,-x",
            "-Wp,-DA",
            "-O2",
            "a.c",
        ] {
            assert_eq!(class(text), FrontClass::Decides, "{text}");
        }
        assert_eq!(class("-fnew-thing"), FrontClass::Unknown);
        assert_eq!(class("-Werror=x"), FrontClass::Strict);
    }

    proptest! {
        #[test]
        fn no_words_panic(words in prop::collection::vec("[-=,a-zA-Z ]{0,12}", 0..20)) {
            let words: Vec<_> = words.into_iter().map(Cow::Owned).collect();
            let _ = front(&words);
        }
    }
}
