//! Which findings are allowed. Sites are decided one by one: what is allowed on one architecture
//! stays a finding on the others.

use super::file::{Allow, Expectations};
use std::collections::BTreeSet;
use twinlto_facts::kbuild::{Export, Symvers};
use twinlto_model::{Allowed, Arch, Finding, Layer, Mode, Site};

/// What was compared of one architecture, and what the expectations had to say about it.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Architecture.
    pub(crate) arch: Arch,
    /// Whether there were two builds to compare.
    pub(crate) both: bool,
    /// Whether they were builds as a whole, and not single files of them.
    pub(crate) whole: bool,
    /// Whether two recorded runs were compared.
    pub(crate) records: bool,
    /// The builds that were compared.
    pub(crate) modes: Vec<Mode>,
    /// Major version of the LLVM that built them, if it is known.
    pub(crate) llvm: Option<u32>,
    /// Layers that were compared in full.
    pub(crate) layers: BTreeSet<Layer>,
    /// Whether a configuration was asked for.
    pub(crate) requested: bool,
    /// `[[allow]]`s that matched something, by number.
    pub(crate) matched: BTreeSet<usize>,
    /// `[[budget]]`s whose section is there, by number.
    pub(crate) budgets: BTreeSet<usize>,
}

/// Findings, parted.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Those that nobody expected.
    pub(crate) findings: Vec<Finding>,
    /// Those that are allowed.
    pub(crate) allowed: Vec<Allowed>,
    /// The `[[allow]]`s that matched, by number.
    pub(crate) matched: BTreeSet<usize>,
}

impl Allow {
    /// Whether it speaks of these builds at all.
    pub(super) fn covers(&self, arch: Arch, llvm: Option<u32>) -> bool {
        let version = |range: super::llvm::LlvmRange| llvm.is_some_and(|llvm| range.contains(llvm));
        (self.arch.is_empty() || self.arch.contains(&arch)) && self.llvm.is_none_or(version)
    }

    fn matches(&self, finding: &Finding, site: &Site, llvm: Option<u32>) -> bool {
        self.covers(site.arch, llvm)
            && self.mode.is_none_or(|mode| site.mode == Some(mode))
            && self.key.matches(finding.key.as_str())
            && self.subject.matches(&site.subject)
    }
}

impl Expectations {
    /// Takes the allowed sites out of the findings of builds by one LLVM. `symvers` are those of
    /// the builds; they know the module of an export.
    pub(crate) fn apply(
        &self,
        findings: Vec<Finding>,
        llvm: Option<u32>,
        symvers: &[&Symvers],
    ) -> Applied {
        let mut applied = Applied::default();
        for mut finding in findings {
            let mut kept = Vec::new();
            for site in std::mem::take(&mut finding.sites) {
                match self.allows(&finding, &site, llvm, symvers, &mut applied.matched) {
                    Some((by, reason)) => {
                        let finding = Finding { sites: vec![site], ..finding.clone() };
                        applied.allowed.push(Allowed { finding, reason, by });
                    }
                    None => kept.push(site),
                }
            }
            if !kept.is_empty() {
                finding.sites = kept;
                applied.findings.push(finding);
            }
        }
        applied
    }

    /// Where and with which reason a site is allowed. Every expectation that matches counts as
    /// used; the first one is quoted.
    fn allows(
        &self,
        finding: &Finding,
        site: &Site,
        llvm: Option<u32>,
        symvers: &[&Symvers],
        matched: &mut BTreeSet<usize>,
    ) -> Option<(String, String)> {
        let mut first = None;
        for (number, allow) in self.allow.iter().enumerate() {
            if allow.matches(finding, site, llvm) {
                matched.insert(number);
                first.get_or_insert(allow);
            }
        }
        if let Some(allow) = first {
            return Some((self.place(allow.line), allow.reason.clone()));
        }
        let severities = self.severities.as_ref()?;
        if !finding.key.as_str().starts_with("export.") {
            return None;
        }
        // An export that only one build has has its module there.
        let export: Option<&Export> =
            symvers.iter().find_map(|symvers| symvers.exports.get(&site.subject));
        severities.passes(&site.subject, export)
    }

    /// `twinlto.toml:12`
    pub(super) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severities;
    use proptest::prelude::*;
    use twinlto_model::{Key, Severity};

    fn expecting(fields: &str) -> Expectations {
        let text = format!("[[allow]]\nkey = 'symbol.*'\nreason = 'known'\n{fields}\n");
        Expectations::parse("t.toml", &text).unwrap()
    }

    fn lost(sites: &[(Arch, Option<Mode>, &str)]) -> Finding {
        let site =
            |&(arch, mode, subject): &(Arch, Option<Mode>, &str)| Site::new(arch, mode, subject);
        let mut finding = Finding::new(Key::new("symbol.lost"), Severity::Warning, site(&sites[0]));
        finding.sites = sites.iter().map(site).collect();
        finding
    }

    fn kept(expectations: &Expectations, finding: Finding, llvm: Option<u32>) -> Vec<String> {
        let applied = expectations.apply(vec![finding], llvm, &[]);
        applied.findings.iter().flat_map(|f| f.sites.iter().map(Site::cell)).collect()
    }

    #[test]
    fn an_architecture_that_is_not_named_keeps_its_finding() {
        let finding = lost(&[(Arch::Arm64, None, "f"), (Arch::Riscv, None, "f")]);
        let expectations = expecting("arch = 'arm64'");
        assert_eq!(kept(&expectations, finding.clone(), None), ["riscv"]);
        let applied = expectations.apply(vec![finding], None, &[]);
        assert_eq!(applied.allowed[0].by, "t.toml:1");
        assert_eq!(applied.allowed[0].reason, "known");
        assert_eq!(applied.allowed[0].finding.arches(), [Arch::Arm64]);
    }

    #[test]
    fn subject_mode_and_compiler_must_fit() {
        let finding = || lost(&[(Arch::Arm64, Some(Mode::Distributed), "foo.o")]);
        for (fields, llvm, allowed) in [
            ("", None, true),
            ("subject = 'foo*'", None, true),
            ("subject = 'oo.o'", None, false),
            ("mode = 'distributed'", None, true),
            ("mode = 'in-process'", None, false),
            ("llvm = '>=22'", Some(22), true),
            ("llvm = '>=23'", Some(22), false),
            ("llvm = '>=22'", None, false),
        ] {
            let kept = kept(&expecting(fields), finding(), llvm);
            assert_eq!(kept.is_empty(), allowed, "{fields} {llvm:?}");
        }
        // What stands between the twins is of neither mode.
        let between = lost(&[(Arch::Arm64, None, "foo.o")]);
        assert_eq!(kept(&expecting("mode = 'distributed'"), between, None), ["arm64"]);
    }

    #[test]
    fn rules_for_exports_are_for_exports_alone() {
        let rules = Severities::parse("severities", "f PASS").unwrap();
        let expectations = Expectations::default().with_severities(rules);
        let mut finding = lost(&[(Arch::Arm64, None, "f")]);
        assert_eq!(kept(&expectations, finding.clone(), None).len(), 1);
        finding.key = Key::new("export.lost");
        let applied = expectations.apply(vec![finding], None, &[]);
        assert!(applied.findings.is_empty());
        assert_eq!(applied.allowed[0].by, "severities:1");
    }

    proptest! {
        #[test]
        fn no_site_is_lost_or_doubled(
            subjects in proptest::collection::vec("[ab]{1,3}", 1..6),
            pattern in "[ab*]{1,3}",
        ) {
            let sites: Vec<_> =
                subjects.iter().map(|s| (Arch::Arm64, None, s.as_str())).collect();
            let applied =
                expecting(&format!("subject = '{pattern}'")).apply(vec![lost(&sites)], None, &[]);
            let kept = applied.findings.iter();
            let allowed = applied.allowed.iter().map(|a| &a.finding);
            let mut all: Vec<String> = kept
                .chain(allowed)
                .flat_map(|f| f.sites.iter().map(|s| s.subject.clone()))
                .collect();
            all.sort();
            let mut expected = subjects.clone();
            expected.sort();
            prop_assert_eq!(all, expected);
        }
    }
}
