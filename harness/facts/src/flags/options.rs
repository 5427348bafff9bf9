use std::borrow::Cow;

/// One option of a compiler command line, with the argument that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opt<'a> {
    /// The option itself.
    pub word: &'a str,
    /// Its argument where that is the next word (`-mllvm -x`).
    pub argument: Option<&'a str>,
    /// Where it stands among the options of its command line, from 0.
    pub index: usize,
}

impl<'a> Opt<'a> {
    /// The option as one text; a separate argument is joined with a space.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        match self.argument {
            Some(argument) => Cow::Owned(format!("{} {argument}", self.word)),
            None => Cow::Borrowed(self.word),
        }
    }

    /// Whether it is an input file rather than an option.
    #[must_use]
    pub fn is_input(&self) -> bool {
        !self.word.starts_with('-')
    }
}

/// Whether an option takes its argument as the next word, as clang and kbuild write them.
/// Source: `clang/include/clang/Driver/Options.td` (`Separate`, `JoinedOrSeparate`), LLVM 22.
#[must_use]
pub fn takes_argument(word: &str) -> bool {
    matches!(
        word,
        "-mllvm"
            | "-include"
            | "--include"
            | "--imacros"
            | "--config"
            | "-imacros"
            | "-isystem"
            | "-iquote"
            | "-idirafter"
            | "-isysroot"
            | "-iprefix"
            | "-x"
            | "-o"
            | "-I"
            | "-D"
            | "-U"
            | "-Xclang"
            | "-Xassembler"
            | "-Xpreprocessor"
            | "-Xlinker"
            | "-MF"
            | "-MT"
            | "-MQ"
            | "-target"
            | "-arch"
            | "--param"
            | "-L"
            | "-T"
            | "--sysroot"
    )
}

/// `-mllvm=X` is `-mllvm X` (`Options.td`, LLVM 18 to 22).
fn joined(word: &str) -> Option<(&str, &str)> {
    let (name, argument) = word.split_once('=')?;
    matches!(name, "-mllvm" | "--mllvm").then_some(("-mllvm", argument))
}

/// Pairs the words after the program into options.
///
/// `-Xclang X` keeps its pairs apart: `-Xclang -mllvm -Xclang -y` is two options, as clang
/// reads it.
pub fn parse<'a>(words: &'a [Cow<'_, str>]) -> impl Iterator<Item = Opt<'a>> {
    let mut words = words.iter();
    let mut index = 0;
    std::iter::from_fn(move || {
        let word = words.next()?.as_ref();
        let (word, argument) = match joined(word) {
            Some((name, argument)) => (name, Some(argument)),
            None if takes_argument(word) => (word, words.next().map(Cow::as_ref)),
            None => (word, None),
        };
        let option = Opt { word, argument, index };
        index += 1;
        Some(option)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_belong_to_their_options() {
        let words = ["-mllvm", "-a=1", "-I", "x", "-Iy", "in.c", "-mllvm=-b=2", "-x", "ir", "-o"]
            .map(Cow::Borrowed);
        let texts: Vec<_> = parse(&words).map(|o| o.text().into_owned()).collect();
        assert_eq!(texts, ["-mllvm -a=1", "-I x", "-Iy", "in.c", "-mllvm -b=2", "-x ir", "-o"]);
    }
}
