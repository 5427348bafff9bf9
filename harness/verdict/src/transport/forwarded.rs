//! What a link with distributed backends was told to give them all.

use twinlto_facts::build::BuildFacts;
use twinlto_facts::flags::lex;
use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Severity, Site};

const ARG: &str = "--thinlto-remote-compiler-arg=";

/// The options of kbuild that reach a backend of lld's only because the link names them.
pub(super) fn forwarded(arch: Arch, facts: &BuildFacts) -> Option<Finding> {
    if facts.mode != Some(Mode::Dtlto) {
        return None;
    }
    let commands = lex(facts.thin_link.as_deref()?).ok()?;
    let words = commands.iter().flat_map(|command| &command.words);
    let given: Vec<&str> = words.filter_map(|word| word.strip_prefix(ARG)).collect();
    let (text, severity) = match given.is_empty() {
        true => ("none".to_owned(), Severity::Warning),
        false => (given.join(" "), Severity::Note),
    };
    let site = Site::new(arch, Some(Mode::Dtlto), "vmlinux").sides(
        Evidence::new("by itself", "none of kbuild's options"),
        Evidence::new("with --thinlto-remote-compiler-arg=", text),
    );
    Some(
        Finding::new(Key::new("flags.forwarded"), severity, site)
            .because(
                "lld forwards no option of the front ends; without these arguments every backend \
                 would lack them",
            )
            .lawful(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_link_passes_is_told_of_dtlto_alone() {
        let facts = |mode| BuildFacts {
            mode: Some(mode),
            thin_link: Some(format!("ld.lld -r {ARG}-Os {ARG}-mllvm '{ARG}-x=1 2' -o v.o")),
            ..BuildFacts::default()
        };
        let found = forwarded(Arch::Arm64, &facts(Mode::Dtlto)).unwrap();
        let right = found.sites.first().and_then(|site| site.right.clone()).unwrap();
        assert_eq!(right.text, "-Os -mllvm -x=1 2");
        assert!(forwarded(Arch::Arm64, &facts(Mode::Reference)).is_none());
    }
}
