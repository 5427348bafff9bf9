//! The short way: kbuild puts the saved flags into both commands as they stand. Where that held,
//! both sides say the same in that part, and only what stands around it has to be compared.

use std::borrow::Cow;
use twinlto_facts::flags::{
    Class, Resolved, call, classify, is_compiler, lex, lex_piece, parse, resolve, takes_argument,
};

/// Two commands, cut where they hold the text that they share.
pub(super) struct Shared<'t> {
    saved: Vec<Cow<'t, str>>,
    front: Vec<Cow<'t, str>>,
    back: Vec<Cow<'t, str>>,
}

/// What two commands say around the text that they share.
pub(super) struct Around<'w> {
    pub(super) front: Resolved<'w>,
    pub(super) back: Resolved<'w>,
    /// How many options they share.
    pub(super) shared: usize,
    /// How many of these a backend does not need.
    pub(super) aside: usize,
}

impl<'t> Shared<'t> {
    /// Cuts both commands; none where `saved` does not stand in both as whole words.
    pub(super) fn cut(front: &'t str, back: &'t str, saved: &'t str) -> Option<Self> {
        let words = lex_piece(saved)?;
        // A last word that waits for its argument would get another one on either side.
        if words.last().is_none_or(|last| takes_argument(last)) {
            return None;
        }
        let (front, back) = (around(front, saved)?, around(back, saved)?);
        // kbuild gives the backend its own options behind these, so that they have the last word.
        if back.before.iter().any(|word| word.starts_with('-')) {
            return None;
        }
        Some(Self { saved: words, front: front.join(), back: back.join() })
    }

    /// What stands around the shared text. None where that decides anything but which kind of
    /// compile it is, or where the shared text does: then all must be compared.
    pub(super) fn around(&self) -> Option<Around<'_>> {
        let (mut shared, mut aside, mut needed) = (0, 0, false);
        for option in parse(&self.saved) {
            let classified = classify(option);
            let decides = matches!(classified.family.name, "-o" | "-fthinlto-index=");
            if decides || classified.class == Class::Input {
                return None;
            }
            needed |= classified.class.needed_by_backend();
            aside += usize::from(!classified.class.needed_by_backend());
            shared += 1;
        }
        let (front, back) = (resolve(&self.front), resolve(&self.back));
        let has = |options: &Resolved<'_>, class| options.settings.iter().any(|s| s.class == class);
        let modfile = front.settings.iter().any(|s| s.text.starts_with("-DKBUILD_MODFILE="));
        let plain = needed
            && decides_nothing(&front)
            && decides_nothing(&back)
            // kbuild's tools read the backend's macros, so they are compared.
            && !modfile
            && !has(&back, Class::FrontendOnly)
            // The shared text may hold -flto=thin; the last word must not be that.
            && back.lto.is_some();
        plain.then_some(Around { front, back, shared, aside })
    }
}

/// Whether nothing in it steers code generation or makes a compile fail.
fn decides_nothing(options: &Resolved<'_>) -> bool {
    options.settings.iter().all(|s| matches!(s.class, Class::FrontendOnly | Class::LtoDriver))
}

/// The words before and behind `inner` in the first command of a line, where it stands between
/// blanks and outside quotes, among the options.
fn around<'t>(line: &'t str, inner: &str) -> Option<Sides<'t>> {
    let (before, behind) = split_at(line, inner)?;
    // After an escaped blank the word goes on, after an operator another command begins, and a
    // word that is no option could be taken for the program.
    let is_apart = before.ends_with(' ') && behind.starts_with(' ');
    let goes_on = before.trim_end_matches(' ').ends_with('\\');
    if !is_apart || goes_on || !behind.trim_start_matches(' ').starts_with('-') {
        return None;
    }
    let words = lex_piece(before)?;
    if words.last().is_none_or(|last| takes_argument(last)) {
        return None;
    }
    let behind = lex(behind).ok()?.into_iter().next()?.words;
    // Of a list of commands it must be the one that compiles.
    if !is_compiler(call(&words).program) || !behind.iter().any(|word| word == "-c") {
        return None;
    }
    Some(Sides { before: words, behind })
}

struct Sides<'t> {
    before: Vec<Cow<'t, str>>,
    behind: Vec<Cow<'t, str>>,
}

impl<'t> Sides<'t> {
    fn join(mut self) -> Vec<Cow<'t, str>> {
        self.before.append(&mut self.behind);
        self.before
    }
}

/// What stands before and behind `inner`, which is long: found by its first word.
fn split_at<'t>(line: &'t str, inner: &str) -> Option<(&'t str, &'t str)> {
    let first = inner.split(' ').next().filter(|first| !first.is_empty())?;
    let fits = |(at, _): (usize, &str)| {
        let (before, rest) = line.split_at_checked(at)?;
        Some((before, rest.strip_prefix(inner)?))
    };
    line.match_indices(first).find_map(fits)
}
