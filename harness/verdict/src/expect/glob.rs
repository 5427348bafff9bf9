use std::str::Chars;

/// A pattern in which `*` stands for any run of characters, dots and slashes too, and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(String);

impl Glob {
    /// The pattern that matches everything.
    pub(crate) fn any() -> Self {
        Self("*".to_owned())
    }

    pub(crate) fn new(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.chars(), text.chars());
        // Where to go on when the last `*` has to take one character more.
        let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
        loop {
            let (mut next, mut after) = (pattern.clone(), rest.clone());
            match (next.next(), after.next()) {
                (Some('*'), _) => {
                    star = Some((next.clone(), rest.clone()));
                    pattern = next;
                }
                (Some(wanted), Some(found)) if wanted == found || wanted == '?' => {
                    (pattern, rest) = (next, after);
                }
                (None, None) => return true,
                _ => {
                    let Some((behind, taken)) = &mut star else { return false };
                    if taken.next().is_none() {
                        return false;
                    }
                    (pattern, rest) = (behind.clone(), taken.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;
    use proptest::prelude::*;

    #[test]
    fn a_star_takes_any_run_and_a_question_mark_one_character() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("flags.*", "flags.backend.missing", true),
            ("flags.*", "flags", false),
            ("*.missing", "flags.backend.missing", true),
            ("drivers/*", "drivers/net/e1000/e1000.o", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXcXb", false),
            ("l?b/a.o", "lib/a.o", true),
            ("?", "é", true),
            ("?", "", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    /// The obvious definition, exponential in the worst case.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|n| slow(rest, &text[n..])),
            ([a, p @ ..], [b, t @ ..]) => (a == b || *a == '?') && slow(p, t),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_matches_what_its_definition_says(pattern in "[ab*?]{0,7}", text in "[ab]{0,9}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = slow(&chars(&pattern), &chars(&text));
            prop_assert_eq!(Glob::new(&pattern).matches(&text), expected);
        }

        #[test]
        fn a_text_without_wildcards_matches_itself_alone(a in "[^*?]{0,12}", b in "\\PC{0,12}") {
            prop_assert!(Glob::new(&a).matches(&a));
            prop_assert_eq!(Glob::new(&a).matches(&b), a == b);
        }
    }
}
