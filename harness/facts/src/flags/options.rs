use std::borrow::Cow;

/// One option of a compiler command line, joined with the argument that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opt<'a> {
    /// The option as one text; a separate argument is joined with a space (`-mllvm -x`).
    pub text: Cow<'a, str>,
    /// Where it stands among the options of its command line, from 0.
    pub index: usize,
    /// Length of the option name where a separate argument follows it, else 0.
    name_len: usize,
}

impl Opt<'_> {
    /// Name and argument of an option that takes a separate one.
    #[must_use]
    pub fn split(&self) -> Option<(&str, &str)> {
        if self.name_len == 0 {
            return None;
        }
        Some((self.text.get(..self.name_len)?, self.text.get(self.name_len + 1..)?))
    }

    /// Whether it is an input file rather than an option.
    #[must_use]
    pub fn is_input(&self) -> bool {
        !self.text.starts_with('-')
    }
}

/// Options that take their argument as the next word, as clang and kbuild write them.
/// Source: `clang/include/clang/Driver/Options.td` (`Separate`, `JoinedOrSeparate`), LLVM 22.
const SEPARATE: [&str; 26] = [
    "-mllvm",
    "-include",
    "-imacros",
    "-isystem",
    "-iquote",
    "-idirafter",
    "-isysroot",
    "-iprefix",
    "-x",
    "-o",
    "-I",
    "-D",
    "-U",
    "-Xclang",
    "-Xassembler",
    "-Xpreprocessor",
    "-Xlinker",
    "-MF",
    "-MT",
    "-MQ",
    "-target",
    "-arch",
    "--param",
    "-L",
    "-T",
    "--sysroot",
];

/// Pairs the words after the program into options.
///
/// `-Xclang X` keeps its pairs apart: `-Xclang -mllvm -Xclang -y` is two options, as clang
/// reads it.
#[must_use]
pub fn parse<'a>(words: &'a [Cow<'a, str>]) -> Vec<Opt<'a>> {
    let mut options = Vec::with_capacity(words.len());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let index = options.len();
        let joined = if SEPARATE.contains(&word.as_ref()) { words.next() } else { None };
        options.push(match joined {
            Some(argument) => {
                Opt { text: Cow::Owned(format!("{word} {argument}")), index, name_len: word.len() }
            }
            None => Opt { text: Cow::Borrowed(word.as_ref()), index, name_len: 0 },
        });
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_belong_to_their_options() {
        let words =
            ["-mllvm", "-a=1", "-I", "x", "-Iy", "in.c", "-x", "ir", "-o"].map(Cow::Borrowed);
        let texts: Vec<_> = parse(&words).into_iter().map(|o| o.text.into_owned()).collect();
        assert_eq!(texts, ["-mllvm -a=1", "-I x", "-Iy", "in.c", "-x ir", "-o"]);
    }
}
