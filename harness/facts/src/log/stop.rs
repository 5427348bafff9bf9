//! Where make stopped before it ran anything.

use crate::program::is_make;
use std::fmt;

/// One `*** …  Stop.` line (GNU make 4.x): make cannot read a makefile, a makefile gave up with
/// `$(error …)`, or there is no rule for a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MakeStop {
    /// The makefile and the line in it; none where make names only itself.
    pub place: Option<(String, u32)>,
    /// What make said, without `***` and `Stop.`.
    pub message: String,
}

impl fmt::Display for MakeStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((makefile, line)) => write!(f, "{makefile}:{line}: {}", self.message),
            None => write!(f, "make: {}", self.message),
        }
    }
}

/// Reads such a line; none if it is another one.
#[must_use]
pub fn make_stop(line: &str) -> Option<MakeStop> {
    let said = line.trim_end().strip_suffix("Stop.")?;
    let (speaker, message) = said.split_once(": *** ")?;
    let message = message.trim_end().trim_end_matches('.').to_owned();
    let numbered = |speaker: &str| {
        let (makefile, number) = speaker.rsplit_once(':')?;
        Some((makefile.to_owned(), number.parse().ok()?))
    };
    let place = numbered(speaker);
    (place.is_some() || is_make(speaker)).then_some(MakeStop { place, message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> Option<String> {
        make_stop(line).map(|stop| stop.to_string())
    }

    #[test]
    fn a_stop_has_its_place_and_its_words() {
        let stop = make_stop("/src/Makefile:12: *** missing separator.  Stop.").unwrap();
        assert_eq!(stop.place, Some(("/src/Makefile".to_owned(), 12)));
        assert_eq!(stop.message, "missing separator");
        let none = "make[1]: *** No rule to make target 'a', needed by 'b'.  Stop.";
        assert_eq!(said(none).unwrap(), "make: No rule to make target 'a', needed by 'b'");
        assert_eq!(said("a.mk:3: *** a: b.  Stop.").unwrap(), "a.mk:3: a: b");
    }

    #[test]
    fn a_failed_recipe_is_no_stop() {
        assert_eq!(said("make[1]: *** [Makefile:2: a.o] Error 1"), None);
        assert_eq!(said("Stop."), None);
        assert_eq!(said("gmake says: *** x.  Stop."), None);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "\\PC{0,40}") {
            let _ = make_stop(&format!("{line}: *** {line}  Stop."));
        }
    }
}
