//! How the in-process link could be told what only the backends of the distributed build are.

/// The linker's words for an option of an object that it does not see, which it then applies to
/// every object; none where there are none.
///
/// Source: `lld/ELF/Options.td` and `llvm/lib/CodeGen/CommandFlags.cpp`, LLVM 22. Whether one has
/// the wanted effect is never taken from here: a link with it proves it ([`Proof`]).
#[must_use]
pub fn linker_option(option: &[String]) -> Option<Vec<String>> {
    let mllvm = |value: String| Some(vec!["-mllvm".to_owned(), value]);
    let first = option.first()?.as_str();
    if first == "-mllvm" {
        return mllvm(option.get(1)?.clone());
    }
    if let Some(bytes) = first.strip_prefix("-falign-loops=") {
        return mllvm(format!("-align-loops={bytes}"));
    }
    if first == "-g" || first.starts_with("-gdwarf") || first.starts_with("-ggdb") {
        // What clang turns on with debug information (`clang/lib/CodeGen/BackendUtil.cpp`).
        return mllvm("-emit-call-site-info".to_owned());
    }
    match first {
        "-O0" | "-O1" | "-O3" => {
            let level = first.trim_start_matches("-O");
            Some(vec![format!("--lto-O{level}"), format!("--lto-CGO{level}")])
        }
        "-mrelax-all" => mllvm("-mc-relax-all".to_owned()),
        "-fstack-size-section" => mllvm("-stack-size-section".to_owned()),
        "-fbasic-block-address-map" => Some(vec!["--lto-basic-block-address-map".to_owned()]),
        "-mbranches-within-32B-boundaries" => {
            mllvm("-x86-branches-within-32B-boundaries".to_owned())
        }
        "-mannotate-tablejump" => mllvm("-loongarch-annotate-tablejump".to_owned()),
        "-faddrsig" => mllvm("-addrsig".to_owned()),
        "-fno-addrsig" => mllvm("-addrsig=0".to_owned()),
        _ => None,
    }
}

/// What one more in-process link with other options showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The options of the objects that it stands for.
    pub options: Vec<String>,
    /// What the linker was given in addition.
    pub linker: Vec<String>,
    /// How many objects differed by these options.
    pub differed: u64,
    /// How many of them are identical with it.
    pub identical: u64,
    /// How many that were identical before are not any more.
    pub spoilt: u64,
    /// What the linker said when it refused.
    pub failed: Option<String>,
}

impl Proof {
    /// In one sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let linker = self.linker.join(" ");
        if let Some(why) = &self.failed {
            return format!("the linker was tried with {linker} and refused: {why}");
        }
        let mut words = format!(
            "link in-process with {linker}: {} of {} objects are then identical",
            self.identical, self.differed
        );
        if self.spoilt > 0 {
            words.push_str(&format!(", and {} others are no longer", self.spoilt));
        }
        words.push_str(" (proved by such a link)");
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_in_the_linkers_words() {
        let words = |option: &str| {
            let option: Vec<String> = option.split(' ').map(str::to_owned).collect();
            linker_option(&option).map(|words| words.join(" "))
        };
        assert_eq!(words("-falign-loops=32").as_deref(), Some("-mllvm -align-loops=32"));
        assert_eq!(words("-O3").as_deref(), Some("--lto-O3 --lto-CGO3"));
        assert_eq!(words("-gdwarf-5").as_deref(), Some("-mllvm -emit-call-site-info"));
        assert_eq!(words("-mllvm -x=1").as_deref(), Some("-mllvm -x=1"));
        assert_eq!(words("-Os"), None);
        assert_eq!(words("-mllvm"), None);
    }

    #[test]
    fn a_proof_says_what_it_costs() {
        let mut proof = Proof {
            options: vec!["-O3".to_owned()],
            linker: vec!["--lto-O3".to_owned()],
            differed: 1,
            identical: 1,
            spoilt: 501,
            failed: None,
        };
        assert!(proof.words().contains("501 others are no longer"), "{}", proof.words());
        proof.failed = Some("no such option".to_owned());
        assert!(proof.words().contains("refused: no such option"));
    }
}
