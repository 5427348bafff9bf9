//! What a directory of recorded facets says of itself.

use crate::error::EngineError;
use std::fmt;
use std::path::Path;
use twinlto_model::Arch;

/// Its name, without `.txt`.
pub(super) const NAME: &str = "about";

/// Name and version of the form of a snapshot.
const SCHEMA: &str = "twinlto.snapshot/1";

/// Of what the facets are, and which there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct About {
    pub(super) arch: Option<Arch>,
    pub(super) facets: Vec<String>,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{SCHEMA}")?;
        if let Some(arch) = self.arch {
            writeln!(f, "arch {arch}")?;
        }
        self.facets.iter().try_for_each(|name| writeln!(f, "facet {name}"))
    }
}

impl About {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// With the line that makes no sense; a form that is not known names its version.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, EngineError> {
        let bad = |line: usize, why: String, hint: &str| {
            Err(EngineError::usage(format!("{}:{line}", path.display()), why, hint))
        };
        let mut lines = text.lines().enumerate();
        match lines.next() {
            Some((_, SCHEMA)) => {}
            first => {
                let first = first.map_or("", |(_, line)| line);
                return bad(
                    1,
                    format!("its form is '{}', and this twinlto knows {SCHEMA}", short(first)),
                    "read it with the twinlto that wrote it, or record it again",
                );
            }
        }
        let mut about = Self::default();
        for (number, line) in lines {
            match line.split_once(' ') {
                Some(("arch", arch)) if arch.parse::<Arch>().is_ok() => {
                    about.arch = arch.parse().ok();
                }
                Some(("facet", name)) => about.facets.push(name.to_owned()),
                _ => {
                    let why = format!("'{}' is neither arch nor facet", short(line));
                    return bad(number + 1, why, "record it again");
                }
            }
        }
        Ok(about)
    }
}

fn short(line: &str) -> String {
    line.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let about = About { arch: Some(Arch::Riscv), facets: vec!["exports".to_owned()] };
        assert_eq!(About::parse(Path::new("a"), &about.to_string()), Ok(about));
        let newer = About::parse(Path::new("a"), "twinlto.snapshot/2\n").unwrap_err();
        assert!(newer.cause.contains("'twinlto.snapshot/2'"), "{newer}");
        let odd = About::parse(Path::new("a"), "twinlto.snapshot/1\narch vax\n").unwrap_err();
        assert_eq!(odd.what, "a:2");
    }
}
