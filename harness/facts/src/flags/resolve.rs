use super::call::call;
use super::options::{Opt, parse};
use super::table::{Class, Family, classify};
use std::borrow::Cow;

/// What the last option of a family set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<'a> {
    /// Class of the family.
    pub class: Class,
    /// What it overrides: of two options of one family, the last wins.
    pub family: Family<'a>,
    /// The value that won.
    pub value: &'a str,
    /// The option as it was written.
    pub text: Cow<'a, str>,
    /// Its place among the options of the command line.
    pub index: usize,
    /// What absence of the option means, where it means a value.
    pub default: Option<&'static str>,
}

/// A command line after the rule "the last of a family wins".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolved<'a> {
    /// The program.
    pub program: String,
    /// What only starts it, with its options: `ccache`.
    pub launcher: String,
    /// `NAME=value` words before it: its environment.
    pub environment: Vec<String>,
    /// What the last of each family set, by family. Warnings and harmless options are left out.
    pub settings: Vec<Setting<'a>>,
    /// How many options there are, inputs and output included.
    pub options: usize,
    /// Input files.
    pub inputs: Vec<&'a str>,
    /// Value of the last `-fthinlto-index=`.
    pub index: Option<&'a str>,
    /// The last of `-flto…` and `-fno-lto`.
    pub lto: Option<&'a str>,
    /// Argument of the last `-o`.
    pub output: Option<&'a str>,
}

/// Resolves the words of one command. A compiler may be started by another program
/// (`CC="ccache clang"`), and variables may be set for it.
#[must_use]
pub fn resolve<'a>(words: &'a [Cow<'_, str>]) -> Resolved<'a> {
    let call = call(words);
    let rest = words.len().saturating_sub(call.arguments.len());
    let rest = words.get(rest..).unwrap_or(&[]);
    Resolved {
        program: call.program.to_owned(),
        launcher: call.launcher.join(" "),
        environment: call.environment.iter().map(|word| (*word).to_owned()).collect(),
        ..resolve_options(rest)
    }
}

/// Resolves options without a program, as they are saved in a `.cmd` file.
#[must_use]
pub fn resolve_options<'a>(words: &'a [Cow<'_, str>]) -> Resolved<'a> {
    let mut resolved = Resolved::default();
    for option in parse(words) {
        resolved.options += 1;
        resolved.take(option);
    }
    resolved.keep_the_last();
    resolved
}

impl<'a> Resolved<'a> {
    /// What the command line says of one family.
    #[must_use]
    pub fn setting(&self, family: Family<'_>) -> Option<&Setting<'a>> {
        let at = self.settings.binary_search_by(|setting| setting.family.cmp(&family)).ok()?;
        self.settings.get(at)
    }

    /// How many settings a backend needs.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.settings.iter().filter(|s| s.class.needed_by_backend()).count()
    }

    /// The settings that a backend needs, by the place where they stand.
    #[must_use]
    pub fn needed_in_order(&self) -> Vec<&Setting<'a>> {
        let mut needed: Vec<_> =
            self.settings.iter().filter(|s| s.class.needed_by_backend()).collect();
        needed.sort_by_key(|s| s.index);
        needed
    }

    fn take(&mut self, option: Opt<'a>) {
        let classified = classify(option);
        match classified.class {
            Class::Warning | Class::Harmless => return,
            Class::Input => {
                self.inputs.push(option.word);
                return;
            }
            Class::LtoDriver => match (classified.family.name, option.argument) {
                ("-fthinlto-index=", _) => self.index = Some(classified.value),
                ("-flto", _) => self.lto = Some(option.word),
                ("-o", Some(output)) => self.output = Some(output),
                _ => {}
            },
            _ => {}
        }
        self.settings.push(Setting {
            class: classified.class,
            family: classified.family,
            value: classified.value,
            text: option.text(),
            index: option.index,
            default: classified.default,
        });
    }

    /// Of each family the setting that stands last, the families in their own order.
    fn keep_the_last(&mut self) {
        self.settings.sort_unstable_by(|a, b| (a.family, b.index).cmp(&(b.family, a.index)));
        self.settings.dedup_by(|later, first| later.family == first.family);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Vec<Cow<'_, str>> {
        lex(line).unwrap().remove(0).words
    }

    #[test]
    fn the_last_of_a_family_wins() {
        let words = words("clang -Os -fPIE -fno-PIE -O3 -c -o a.o a.c");
        let r = resolve(&words);
        let text = |name| r.setting(Family { name, key: "" }).map(|s| s.text.as_ref());
        assert_eq!(text("-O"), Some("-O3"));
        assert_eq!(text("position independence"), Some("-fno-PIE"));
    }

    #[test]
    fn a_compiler_may_be_started_by_another_program() {
        let words = words("ccache /usr/bin/clang -O2 -c -o a.o a.c");
        let r = resolve(&words);
        assert_eq!((r.launcher.as_str(), r.program.as_str()), ("ccache", "/usr/bin/clang"));
        assert_eq!(r.inputs, ["a.c"]);
    }

    #[test]
    fn a_backend_is_known_by_its_index() {
        let words =
            words("clang -flto=thin -x ir -fno-lto -fthinlto-index=a.o.thinlto.bc -c -o b.o a.o");
        let r = resolve(&words);
        assert_eq!(r.index, Some("a.o.thinlto.bc"));
        assert_eq!(r.lto, Some("-fno-lto"));
        assert_eq!((r.output, r.inputs), (Some("b.o"), vec!["a.o"]));
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
            let values = |words| -> Vec<(Family<'_>, &str)> {
                resolve_options(words).settings.iter().map(|s| (s.family, s.value)).collect()
            };
            prop_assert_eq!(values(&once), values(&twice));
        }
    }
}
