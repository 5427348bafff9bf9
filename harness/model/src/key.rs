use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// The stable dotted name of a kind of finding, such as `flags.backend.missing`.
///
/// Expectations, bisection and scripts refer to findings by it, so a key never changes its
/// meaning. Every key is listed with its text in `docs/findings`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(Cow<'static, str>);

impl Key {
    /// A key that the code knows.
    #[must_use]
    pub const fn new(key: &'static str) -> Self {
        Self(Cow::Borrowed(key))
    }

    /// The dotted text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
