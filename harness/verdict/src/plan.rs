use twinlto_model::Mode;

/// The modes that are built, and compared if they are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    /// The one that is on trial, and is built first.
    pub first: Mode,
    /// The one that it is compared with, if with any.
    pub second: Option<Mode>,
}

impl Default for Modes {
    /// kbuild's two.
    fn default() -> Self {
        Self { first: Mode::Distributed, second: Some(Mode::InProcess) }
    }
}

impl Modes {
    /// One mode, without a twin.
    #[must_use]
    pub const fn alone(mode: Mode) -> Self {
        Self { first: mode, second: None }
    }

    /// The pair of what somebody asked for: one mode is compared with in-process, two with each
    /// other, none are kbuild's two. None where that is not two different modes.
    ///
    /// Distributed comes first wherever it is one of them: the other way round its objects would
    /// lack their saved flags (`mode-switch-no-saved-flags`).
    #[must_use]
    pub fn pair(asked: &[Mode]) -> Option<Self> {
        let mut modes = asked.to_vec();
        if modes.is_empty() {
            return Some(Self::default());
        }
        if modes.len() == 1 {
            modes.push(Mode::InProcess);
        }
        modes.sort_by_key(|mode| Mode::ALL.iter().position(|other| other == mode));
        modes.dedup();
        match modes.as_slice() {
            [first, second] => Some(Self { first: *first, second: Some(*second) }),
            _ => None,
        }
    }

    /// All of them, in the order in which they are built.
    pub fn iter(self) -> impl Iterator<Item = Mode> {
        [Some(self.first), self.second].into_iter().flatten()
    }

    /// `distributed against in-process`.
    #[must_use]
    pub fn comparison(self) -> String {
        match self.second {
            Some(second) => format!("{} against {second}", self.first),
            None => format!("{} alone", self.first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mode_is_compared_with_in_process_and_distributed_is_built_first() {
        let pair = |asked: &[Mode]| Modes::pair(asked).map(|pair| pair.iter().collect::<Vec<_>>());
        assert_eq!(pair(&[]), Some(vec![Mode::Distributed, Mode::InProcess]));
        assert_eq!(pair(&[Mode::Reference]), Some(vec![Mode::Reference, Mode::InProcess]));
        let three = [Mode::Reference, Mode::Distributed];
        assert_eq!(pair(&three), Some(vec![Mode::Distributed, Mode::Reference]));
        assert_eq!(pair(&[Mode::InProcess]), None);
        assert_eq!(pair(&Mode::ALL), None);
        assert_eq!(Modes::alone(Mode::Reference).comparison(), "reference alone");
    }
}
