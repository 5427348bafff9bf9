//! Where on its way an option was lost.

use super::options::{Change, OptionChange};
use twinlto_facts::flags::{Class, Resolved};

/// The step at which an option got lost or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Between the front end and the saved flags.
    Saving,
    /// Between the saved flags and the backend.
    Replaying,
}

/// Decides the step by what the saved flags hold.
pub(super) fn step_of(change: &OptionChange, front: &Resolved<'_>, saved: &Resolved<'_>) -> Step {
    let text = change.text();
    let holds = |r: &Resolved<'_>| r.settings.iter().any(|s| s.text == text);
    match change.change {
        // New in the backend: it was added after saving, or it slipped into the saved flags.
        Change::Added if holds(saved) && !holds(front) => Step::Saving,
        Change::Added => Step::Replaying,
        Change::Missing | Change::Different if holds(saved) => Step::Replaying,
        Change::Missing | Change::Different => Step::Saving,
    }
}

/// Why options are not among the saved ones, if their place in the front-end command tells.
///
/// kbuild's `c_flags` end in `$(_c_flags) $(modkern_cflags) $(basename_flags)
/// $(modname_flags)`, and `modkern_cflags` end in `-DKBUILD_MODFILE=…`
/// (`scripts/Makefile.lib`, Linux 7.3). So what stands behind everything that was saved and
/// before `-DKBUILD_BASENAME` was not in `_c_flags`.
pub(super) fn lost_with_modkern(
    lost: &[&OptionChange],
    front: &Resolved<'_>,
    saved: &Resolved<'_>,
) -> bool {
    let place = |prefix: &str| {
        front.settings.iter().filter(|s| s.text.starts_with(prefix)).map(|s| s.index).max()
    };
    let has_modfile =
        |r: &Resolved<'_>| r.settings.iter().any(|s| s.text.starts_with("-DKBUILD_MODFILE="));
    let (Some(modfile), Some(basename)) = (place("-DKBUILD_MODFILE="), place("-DKBUILD_BASENAME="))
    else {
        return false;
    };
    let last_saved = saved
        .settings
        .iter()
        .filter(|s| s.class != Class::Input)
        .filter_map(|s| front.settings.iter().find(|f| f.text == s.text))
        .map(|f| f.index)
        .filter(|index| *index < basename)
        .max()
        .unwrap_or(0);
    !has_modfile(saved)
        && lost.iter().all(|change| change.index > last_saved && change.index < modfile)
}

/// A token of the saved or replayed flags that is the front end's but for quoting.
pub(super) struct Requoted {
    pub(super) before: String,
    pub(super) after: String,
}

/// Macro definitions that reached the other side with their quotes changed.
pub(super) fn requoted(front: &Resolved<'_>, other: &Resolved<'_>) -> Vec<Requoted> {
    let bare = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect()
    };
    let macros = |r: &Resolved<'_>| -> Vec<String> {
        let all = r.settings.iter().filter(|s| s.text.starts_with("-D"));
        all.map(|s| s.text.clone().into_owned()).collect()
    };
    let (ours, theirs) = (macros(front), macros(other));
    let mut list = Vec::new();
    for before in ours.iter().filter(|t| !theirs.contains(t)) {
        let twin = theirs.iter().find(|t| !ours.contains(t) && bare(t) == bare(before));
        if let Some(after) = twin {
            list.push(Requoted { before: before.clone(), after: after.clone() });
        }
    }
    list
}
