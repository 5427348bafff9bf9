//! Native objects that two modes made of the same IR objects: byte for byte the same.
//!
//! That holds for all modes but in-process, where lld has its own options and sections; what it
//! generates is the replay's to compare.

use crate::diff::Sides;
use crate::layer::LayerVerdict;
use crate::number;
use twinlto_model::{Layer, Severity};

/// One native object of both modes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativePair {
    /// Its IR object, as the index names it.
    pub object: String,
    /// What the two sides are to each other.
    pub same: Sameness,
}

/// What two files are to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sameness {
    /// Identical, byte for byte.
    Identical,
    /// They differ.
    Different {
        /// Bytes of both.
        bytes: (u64, u64),
        /// The functions that differ, if any.
        functions: Vec<String>,
    },
    /// One cannot be read.
    Unreadable(String),
}

/// Compares what two modes other than in-process made.
#[must_use]
pub fn natives(sides: Sides<'_>, pairs: &[NativePair]) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Natives);
    let mut identical = 0;
    for pair in pairs {
        let (left, right, functions) = match &pair.same {
            Sameness::Identical => {
                identical += 1;
                continue;
            }
            Sameness::Different { bytes: (left, right), functions } => {
                (format!("{left} bytes"), format!("{right} bytes"), functions.as_slice())
            }
            Sameness::Unreadable(why) => (why.clone(), "not compared".to_owned(), [].as_slice()),
        };
        let key = "native.changed";
        let finding = sides.finding(key, Severity::Error, &pair.object, left, right);
        let shown = functions.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        let more = functions.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        layer.findings.push(match functions {
            [] => finding.not_because("its functions: what differs is beside the code"),
            _ => finding.because(format!("these functions differ: {shown}{more}")),
        });
    }
    layer.compared = pairs.len() as u64;
    layer.counts.insert((number::NATIVES_IDENTICAL, None), identical);
    if pairs.is_empty() {
        layer.omit_all("no IR object has native objects on both sides");
    }
    layer
}

/// How many functions are named.
const SHOWN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Arch, Mode};

    #[test]
    fn what_differs_is_named_with_its_functions_and_nothing_is_no_pass() {
        let sides = Sides::of(Arch::Arm64, Some(Mode::Distributed), Some(Mode::Reference));
        let pair = |object: &str, same| NativePair { object: object.to_owned(), same };
        let differs = Sameness::Different { bytes: (8, 9), functions: vec!["f".to_owned()] };
        let layer = natives(sides, &[pair("a.o", Sameness::Identical), pair("b.o", differs)]);
        assert_eq!(
            (layer.compared, layer.counts.get(&(number::NATIVES_IDENTICAL, None))),
            (2, Some(&1))
        );
        let finding = layer.findings.first().unwrap();
        assert_eq!(finding.subjects(), ["b.o"]);
        assert_eq!(finding.cause.as_deref(), Some("these functions differ: f"));
        assert!(natives(sides, &[]).not_compared().is_some());
    }
}
