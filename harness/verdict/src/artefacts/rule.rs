use super::Place;
use twinlto_facts::build::BuildFacts;
use twinlto_model::{Evidence, Finding, Severity};

/// GNU ar has `--thin` since binutils 2.38, and Linux 7.3 takes 2.30 and later
/// (`scripts/min-tool-version.sh`). A rule that only clang builds run may use it.
pub(super) fn thin(place: Place, facts: &BuildFacts) -> Option<Finding> {
    let command = facts.fixup.as_deref()?;
    command.split([' ', ';']).find(|word| *word == "--thin")?;
    let mut finding = place.error("archive.rule.thin", "built-in-fixup.a");
    finding.severity = Severity::Warning;
    if let Some(site) = finding.sites.first_mut() {
        site.left = Some(Evidence::new("rule", "ar … --thin").at(".built-in-fixup.a.cmd"));
    }
    let finding = finding
        .because("GCC builds run this rule too, and GNU ar knows --thin since binutils 2.38 only")
        .known_as("ar-thin")
        .remedy("use the modifier T (scripts/Makefile.vmlinux_a)");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Arch, Mode};

    #[test]
    fn only_the_long_option_is_named() {
        let of = |command: &str| {
            let facts = BuildFacts { fixup: Some(command.to_owned()), ..BuildFacts::default() };
            thin(Place { arch: Arch::Arm64, mode: Mode::Distributed }, &facts).is_some()
        };
        assert!(of("rm -f x.a; ar cDPrS --thin x.a a.o"));
        assert!(!of("rm -f x.a; ar cDPrST x.a a--thin.o"));
    }
}
