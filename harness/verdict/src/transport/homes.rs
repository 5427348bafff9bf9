//! Builds at different places: the paths of a build and of its sources stand in its commands.

use std::borrow::Cow;
use twinlto_facts::build::{BuildFacts, CommandText};

/// What stands for a source tree and for a build directory.
const SOURCE: &str = "/TWINLTO-SOURCE";
const BUILD: &str = "/TWINLTO-BUILD";

/// Where two builds and their sources lie, where they do not lie at one place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Homes {
    left: Vec<(String, &'static str)>,
    right: Vec<(String, &'static str)>,
}

impl Homes {
    /// The places of two builds; those that both have in common are left alone.
    pub(crate) fn of(a: &BuildFacts, b: &BuildFacts) -> Self {
        let mut homes = Self::default();
        for (ours, theirs, name) in [(&a.home, &b.home, BUILD), (&a.source, &b.source, SOURCE)] {
            if ours != theirs {
                homes.left.extend(ours.clone().map(|path| (path, name)));
                homes.right.extend(theirs.clone().map(|path| (path, name)));
            }
        }
        // The longest first: one may lie in the other.
        for list in [&mut homes.left, &mut homes.right] {
            list.retain(|(path, _)| path.starts_with('/') && path.len() > 1);
            list.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        }
        homes
    }

    /// The first side's command without its own paths.
    pub(crate) fn left<'c>(&self, command: &'c CommandText) -> Cow<'c, CommandText> {
        without(&self.left, command)
    }

    /// The second side's.
    pub(crate) fn right<'c>(&self, command: &'c CommandText) -> Cow<'c, CommandText> {
        without(&self.right, command)
    }

    /// A text of the first side without its own paths.
    pub(crate) fn left_text(&self, text: &str) -> String {
        replaced(&self.left, text)
    }

    /// A text of the second side.
    pub(crate) fn right_text(&self, text: &str) -> String {
        replaced(&self.right, text)
    }
}

fn without<'c>(list: &[(String, &'static str)], command: &'c CommandText) -> Cow<'c, CommandText> {
    if !list.iter().any(|(path, _)| command.text.contains(path.as_str())) {
        return Cow::Borrowed(command);
    }
    Cow::Owned(CommandText { text: replaced(list, &command.text), ..command.clone() })
}

/// Replaces whole paths: `/a/linux` is not in `/a/linux-next`.
fn replaced(list: &[(String, &'static str)], text: &str) -> String {
    let mut text = text.to_owned();
    for (path, name) in list {
        let mut done = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(path.as_str()) {
            let goes_on = |c: char| c.is_alphanumeric() || "._-+".contains(c);
            let is_whole = begins(before) && !after.starts_with(goes_on);
            done.push_str(before);
            done.push_str(if is_whole { name } else { path });
            rest = after;
        }
        done.push_str(rest);
        text = done;
    }
    text
}

/// Whether a path can begin behind this text: not where another path goes on, as in `/x/src`, but
/// behind an option's letters (`-I/src`).
fn begins(before: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || "\"'=,:;()".contains(c);
    let word = before.rsplit(ends).next().unwrap_or_default();
    word.is_empty() || (word.starts_with('-') && !word.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(home: &str, source: Option<&str>) -> BuildFacts {
        BuildFacts {
            home: Some(home.to_owned()),
            source: source.map(str::to_owned),
            ..BuildFacts::default()
        }
    }

    #[test]
    fn a_builds_own_paths_are_no_difference() {
        let homes = Homes::of(&build("/o/a", Some("/src")), &build("/o/a/b", Some("/src2")));
        assert_eq!(
            homes.left_text("-I/src/include -I/src2/x -DX=\"/o/a/y\" /p/src/z"),
            "-I/TWINLTO-SOURCE/include -I/src2/x -DX=\"/TWINLTO-BUILD/y\" /p/src/z"
        );
        assert_eq!(homes.right_text("-I/src2/include=/"), "-I/TWINLTO-SOURCE/include=/");
        let one = Homes::of(&build("/o", None), &build("/o", None));
        assert_eq!(one.left_text("/o/a"), "/o/a");
    }
}
