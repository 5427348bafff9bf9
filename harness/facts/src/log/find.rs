//! Searches in lines. `V=1` echoes commands of several kilobytes, megabytes in all, and each is
//! searched for dozens of texts: `memchr`'s search goes by vectors where that of `str` goes by bytes.

use memchr::memmem;

/// Where a text stands in a line first.
pub(super) fn find(line: &str, text: &str) -> Option<usize> {
    memmem::find(line.as_bytes(), text.as_bytes())
}

/// Whether a text stands in a line.
pub(super) fn has(line: &str, text: &str) -> bool {
    find(line, text).is_some()
}

/// What stands before and behind a text, where it stands first.
pub(super) fn split<'l>(line: &'l str, text: &str) -> Option<(&'l str, &'l str)> {
    let at = find(line, text)?;
    Some((line.get(..at)?, line.get(at + text.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// They answer as those of `str` do.
        #[test]
        fn the_searches_are_those_of_texts(line in "[ab: é]{0,12}", text in "[ab: é]{1,3}") {
            prop_assert_eq!(find(&line, &text), line.find(&text));
            prop_assert_eq!(has(&line, &text), line.contains(&text));
            prop_assert_eq!(split(&line, &text), line.split_once(&text));
        }
    }
}
