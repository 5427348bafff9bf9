use crate::Mode;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The modes that are built, and compared if they are two. As data, the list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "Vec<Mode>", try_from = "Vec<Mode>")]
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

    /// The mode that this major version of LLVM is too old for, and the first that is not.
    #[must_use]
    pub fn beyond(self, llvm: u32) -> Option<(Mode, u32)> {
        self.iter().find_map(|mode| Some((mode, mode.first_llvm().filter(|first| llvm < *first)?)))
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

/// As they are asked for: `reference` where in-process is the other one, or `distributed reference`.
impl fmt::Display for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.second {
            Some(Mode::InProcess) => write!(f, "{}", self.first),
            Some(second) => write!(f, "{} {second}", self.first),
            None => write!(f, "{} alone", self.first),
        }
    }
}

/// Words that name no two modes to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModes(String);

impl fmt::Display for UnknownModes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownModes {}

impl FromStr for Modes {
    type Err = UnknownModes;

    /// Reads one mode, or two with a blank or a comma between them.
    fn from_str(text: &str) -> Result<Self, UnknownModes> {
        let mut modes = Vec::new();
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            modes.push(word.parse::<Mode>().map_err(|error| UnknownModes(error.to_string()))?);
        }
        Self::pair(&modes).filter(|_| !modes.is_empty()).ok_or_else(|| {
            UnknownModes(format!(
                "'{text}' names no two modes to compare: one is compared with in-process, two with \
                 each other"
            ))
        })
    }
}

impl From<Modes> for Vec<Mode> {
    fn from(modes: Modes) -> Self {
        modes.iter().collect()
    }
}

impl TryFrom<Vec<Mode>> for Modes {
    type Error = UnknownModes;

    fn try_from(modes: Vec<Mode>) -> Result<Self, UnknownModes> {
        let wrong = || UnknownModes(format!("{} modes are no cell", modes.len()));
        match modes.as_slice() {
            [one] => Ok(Self::alone(*one)),
            [_, _] => Self::pair(&modes).ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_they_are_shown() {
        for text in ["distributed", "reference", "dtlto", "distributed reference"] {
            assert_eq!(text.parse::<Modes>().unwrap().to_string(), text);
        }
        assert_eq!("distributed,in-process".parse(), Ok(Modes::default()));
        for text in ["", "in-process", "dist ref in", "ditributed"] {
            assert!(text.parse::<Modes>().is_err(), "{text}");
        }
    }

    #[test]
    fn as_data_they_are_a_list() {
        for modes in [Modes::default(), Modes::alone(Mode::InProcess)] {
            let list: Vec<Mode> = modes.into();
            assert_eq!(Modes::try_from(list), Ok(modes));
        }
        assert!(Modes::try_from(Vec::new()).is_err());
        assert!(Modes::try_from(vec![Mode::InProcess; 2]).is_err());
    }

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
