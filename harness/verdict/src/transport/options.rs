use twinlto_facts::flags::{Class, Resolved, Setting};

/// How a setting of one command line shows in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// It is gone, and its absence means something else.
    Missing,
    /// It has another value.
    Different,
    /// It is new.
    Added,
}

/// One setting that two command lines do not share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OptionChange {
    /// What the option table says of it.
    pub(crate) class: Class,
    /// How it changed.
    pub(crate) change: Change,
    /// The option in the first command line.
    pub(crate) from: Option<String>,
    /// The option in the second.
    pub(crate) to: Option<String>,
    /// Its place in the first command line, or in the second where it is new.
    pub(crate) index: usize,
}

impl OptionChange {
    /// The option to talk about.
    #[must_use]
    pub(crate) fn text(&self) -> &str {
        self.from.as_deref().or(self.to.as_deref()).unwrap_or_default()
    }
}

/// The settings that two resolved command lines do not share, by their place, front-end-only
/// and lto-driver options aside (those are judged by rules of their own).
#[must_use]
pub(crate) fn changes(from: &Resolved<'_>, to: &Resolved<'_>) -> Vec<OptionChange> {
    let matters = |s: &&Setting<'_>| !matches!(s.class, Class::FrontendOnly | Class::LtoDriver);
    let is_default = |s: &Setting<'_>| s.default == Some(s.value);
    let text = |s: &Setting<'_>| s.text.clone().into_owned();
    let mut changes = Vec::new();
    for setting in from.settings.iter().filter(matters) {
        let other = to.setting(setting.family);
        let change = match other {
            Some(other) if other.value == setting.value => continue,
            Some(_) => Change::Different,
            None if is_default(setting) => continue,
            None => Change::Missing,
        };
        changes.push(OptionChange {
            class: setting.class,
            change,
            from: Some(text(setting)),
            to: other.map(text),
            index: setting.index,
        });
    }
    for setting in to.settings.iter().filter(matters) {
        if from.setting(setting.family).is_none() && !is_default(setting) {
            changes.push(OptionChange {
                class: setting.class,
                change: Change::Added,
                from: None,
                to: Some(text(setting)),
                index: setting.index,
            });
        }
    }
    changes.sort_by(|a, b| {
        (a.change, a.index, &a.from, &a.to).cmp(&(b.change, b.index, &b.from, &b.to))
    });
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::borrow::Cow;
    use twinlto_facts::flags::{lex, resolve};

    fn brief(from: &str, to: &str) -> Vec<String> {
        let words = |line| lex(line).unwrap().remove(0).words;
        let (from, to) = (words(from), words(to));
        changes(&resolve(&from), &resolve(&to))
            .iter()
            .map(|c| format!("{:?} {} {}", c.change, c.class, c.text()))
            .collect()
    }

    #[test]
    fn lost_and_changed_options_are_named() {
        assert_eq!(
            brief("cc -Os -fPIE --target=a -Da -Wall", "cc -O2 --target=a"),
            ["Missing codegen-required -fPIE", "Different codegen-required -Os"]
        );
    }

    #[test]
    fn an_option_that_says_the_default_may_be_absent() {
        assert!(brief("cc -fno-function-sections -fintegrated-as", "cc").is_empty());
        assert_eq!(brief("cc -ffunction-sections", "cc").len(), 1);
    }

    #[test]
    fn a_new_option_is_a_change_too() {
        assert_eq!(
            brief("cc -O2", "cc -O2 -fdata-sections"),
            ["Added codegen-required -fdata-sections"]
        );
    }

    fn options() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(
            prop::sample::select(vec![
                "-O2",
                "-Os",
                "-fPIE",
                "-fno-PIE",
                "-mabi=lp64",
                "-Wa,-x",
                "-Dx",
                "-fnew",
                "-m64",
                "-ffunction-sections",
                "-fno-function-sections",
                "-Werror=x",
                "-c",
            ]),
            0..10,
        )
    }

    fn words(list: &[&'static str]) -> Vec<Cow<'static, str>> {
        std::iter::once("cc").chain(list.iter().copied()).map(Cow::Borrowed).collect()
    }

    proptest! {
        #[test]
        fn a_command_line_never_differs_from_itself(list in options()) {
            let words = words(&list);
            let r = resolve(&words);
            prop_assert!(changes(&r, &r).is_empty());
        }

        /// What one direction calls missing the other calls added.
        #[test]
        fn the_two_directions_mirror_each_other(a in options(), b in options()) {
            let (a, b) = (words(&a), words(&b));
            let (a, b) = (resolve(&a), resolve(&b));
            let count = |list: &[OptionChange], kind| list.iter().filter(|c| c.change == kind).count();
            let (there, back) = (changes(&a, &b), changes(&b, &a));
            prop_assert_eq!(count(&there, Change::Missing), count(&back, Change::Added));
            prop_assert_eq!(count(&there, Change::Different), count(&back, Change::Different));
        }
    }
}
