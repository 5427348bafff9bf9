use super::options::{Opt, parse};
use super::table::{Class, classify};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What the last option of a family set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Class of the family.
    pub class: Class,
    /// The value that won.
    pub value: String,
    /// The option as it was written.
    pub text: String,
    /// Its place among the options of the command line.
    pub index: usize,
    /// What absence of the option means, where it means a value.
    pub default: Option<&'static str>,
}

/// A command line after the rule "the last of a family wins".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolved {
    /// The program, with whatever starts it.
    pub program: String,
    /// Family → what the last of it set. Warnings and harmless options are left out.
    pub settings: BTreeMap<String, Setting>,
    /// How many options there are, inputs and output included.
    pub options: usize,
    /// Input files.
    pub inputs: Vec<String>,
    /// Value of the last `-fthinlto-index=`.
    pub index: Option<String>,
    /// The last of `-flto…` and `-fno-lto`.
    pub lto: Option<String>,
    /// Argument of the last `-o`.
    pub output: Option<String>,
}

impl Resolved {
    /// How many settings a backend needs.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.settings.values().filter(|s| s.class.needed_by_backend()).count()
    }

    /// The settings that a backend needs, by the place where they stand.
    #[must_use]
    pub fn needed_in_order(&self) -> Vec<&Setting> {
        let mut needed: Vec<_> =
            self.settings.values().filter(|s| s.class.needed_by_backend()).collect();
        needed.sort_by_key(|s| s.index);
        needed
    }
}

/// Resolves the words of one command. Everything before the first option is the program: a
/// compiler may be started by another one (`CC="ccache clang"`).
#[must_use]
pub fn resolve(words: &[Cow<'_, str>]) -> Resolved {
    let end = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
    let (program, rest) = words.split_at_checked(end).unwrap_or((words, &[]));
    Resolved { program: program.join(" "), ..resolve_options(rest) }
}

/// Resolves options without a program, as they are saved in a `.cmd` file.
#[must_use]
pub fn resolve_options(words: &[Cow<'_, str>]) -> Resolved {
    let options = parse(words);
    let mut resolved = Resolved { options: options.len(), ..Resolved::default() };
    for option in &options {
        resolved.take(option);
    }
    resolved
}

impl Resolved {
    fn take(&mut self, option: &Opt<'_>) {
        let text = option.text.as_ref();
        let classified = classify(text, option.split());
        match classified.class {
            Class::Warning | Class::Harmless => return,
            Class::Input => {
                self.inputs.push(text.to_owned());
                return;
            }
            Class::LtoDriver => match (classified.family, option.split()) {
                ("-fthinlto-index=", _) => self.index = Some(classified.value.to_owned()),
                ("-flto", _) => self.lto = Some(text.to_owned()),
                (_, Some(("-o", output))) => self.output = Some(output.to_owned()),
                _ => {}
            },
            _ => {}
        }
        let setting = Setting {
            class: classified.class,
            value: classified.value.to_owned(),
            text: text.to_owned(),
            index: option.index,
            default: classified.default,
        };
        if let Some(slot) = self.settings.get_mut(classified.family) {
            *slot = setting;
        } else {
            self.settings.insert(classified.family.to_owned(), setting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;
    use proptest::prelude::*;

    fn of(line: &str) -> Resolved {
        resolve(&lex(line).unwrap().remove(0).words)
    }

    #[test]
    fn the_last_of_a_family_wins() {
        let r = of("clang -Os -fPIE -fno-PIE -O3 -c -o a.o a.c");
        assert_eq!(r.settings.get("-O").map(|s| s.value.as_str()), Some("3"));
        assert_eq!(
            r.settings.get("position independence").map(|s| s.text.as_str()),
            Some("-fno-PIE")
        );
    }

    #[test]
    fn a_compiler_may_be_started_by_another_program() {
        let r = of("ccache /usr/bin/clang -O2 -c -o a.o a.c");
        assert_eq!(r.program, "ccache /usr/bin/clang");
        assert_eq!(r.inputs, ["a.c"]);
    }

    #[test]
    fn a_backend_is_known_by_its_index() {
        let r = of("clang -flto=thin -x ir -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o");
        assert_eq!(r.index.as_deref(), Some("a.o.thinlto.bc"));
        assert_eq!(r.lto.as_deref(), Some("-fno-lto"));
        assert_eq!((r.output.as_deref(), r.inputs), (Some("b.o"), vec!["a.o".to_owned()]));
    }

    proptest! {
        #[test]
        fn no_words_panic(words in prop::collection::vec("[-=a-zA-Z ]{0,12}", 0..20)) {
            let words: Vec<_> = words.into_iter().map(Cow::Owned).collect();
            let _ = resolve(&words);
        }

        /// Saying everything twice changes nothing: the last of each family is the same.
        #[test]
        fn repeating_a_command_line_changes_no_setting(
            picks in prop::collection::vec(prop::sample::select(vec![
                "-O2", "-Os", "-fPIE", "-fno-PIE", "-Da=1", "-Da=2", "-mabi=lp64", "-Wa,-x",
                "-mcmodel=tiny", "-ffunction-sections", "-fno-function-sections",
            ]), 0..12)
        ) {
            let once: Vec<_> = picks.iter().map(|p| Cow::Borrowed(*p)).collect();
            let twice: Vec<_> = once.iter().chain(&once).cloned().collect();
            let values = |words: &[Cow<'_, str>]| -> Vec<(String, String)> {
                resolve_options(words).settings.into_iter().map(|(k, s)| (k, s.value)).collect()
            };
            prop_assert_eq!(values(&once), values(&twice));
        }
    }
}
