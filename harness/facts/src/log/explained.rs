//! Whether some tool has said why a recipe failed. Where none has, or where nobody could read what it
//! said, make's own error is all that a log has of it, and counts.

use super::class::Stage;
use super::diagnostic::{Diagnostic, Gravity, Tool};

/// The errors that no recipe has failed for yet.
#[derive(Debug, Default)]
pub(super) struct Explained {
    /// Tools that said one; the compiler only until it has counted what it said.
    open: std::collections::BTreeSet<Tool>,
    /// Compilations that have ended with errors.
    ended: usize,
    /// Errors of compilations that have not ended.
    said: usize,
}

/// Whether it tells by itself what is wrong.
pub(super) fn is_a_reason(said: &Diagnostic) -> bool {
    said.gravity == Gravity::Error && !matches!(said.stage(), Stage::Follows | Stage::Machine)
}

impl Explained {
    /// A tool said something.
    pub(super) fn hear(&mut self, said: &Diagnostic) {
        if is_a_reason(said) {
            self.open.insert(said.tool);
            self.said += usize::from(said.tool == Tool::Clang);
        }
    }

    /// A compiler said how many errors it found: `2 errors generated.`
    pub(super) fn count(&mut self, errors: usize) {
        if self.said > 0 {
            self.ended += 1;
        }
        self.said = self.said.saturating_sub(errors);
        if self.said == 0 {
            self.open.remove(&Tool::Clang);
        }
    }

    /// A recipe failed: whether one of these errors may be its own. `named` is whether one names it.
    pub(super) fn take(&mut self, named: bool) -> bool {
        let ended = self.ended > 0;
        self.ended = self.ended.saturating_sub(1);
        ended || self.open.pop_first().is_some() || named
    }
}
