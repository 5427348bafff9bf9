use std::collections::BTreeMap;
use twinlto_model::{Allowed, Arch, Finding, Key, Severity};

/// One cause, one finding: joins findings of the same key, severity and group, and orders all
/// by severity, key and subject.
///
/// The first site (by architecture and subject) lends its cause to the entry.
#[must_use]
pub fn merge(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| site_order(a).cmp(&site_order(b)));
    let mut entries: BTreeMap<_, Finding> = BTreeMap::new();
    for finding in findings {
        let id = (finding.severity, finding.key.clone(), finding.group.clone());
        match entries.get_mut(&id) {
            Some(entry) => entry.sites.extend(finding.sites),
            None => {
                entries.insert(id, finding);
            }
        }
    }
    let mut merged: Vec<Finding> = entries.into_values().collect();
    for finding in &mut merged {
        finding
            .sites
            .sort_by(|a, b| (a.arch, &a.subject, a.mode).cmp(&(b.arch, &b.subject, b.mode)));
    }
    merged.sort_by(|a, b| order(a).cmp(&order(b)));
    merged
}

/// The same for allowed findings, each entry of the expectations for itself.
#[must_use]
pub fn merge_allowed(list: Vec<Allowed>) -> Vec<Allowed> {
    let mut entries: BTreeMap<(String, String), Vec<Finding>> = BTreeMap::new();
    for Allowed { finding, reason, by } in list {
        entries.entry((by, reason)).or_default().push(finding);
    }
    let mut merged = Vec::new();
    for ((by, reason), findings) in entries {
        for finding in merge(findings) {
            merged.push(Allowed { finding, reason: reason.clone(), by: by.clone() });
        }
    }
    merged.sort_by(|a, b| order(&a.finding).cmp(&order(&b.finding)));
    merged
}

fn order(finding: &Finding) -> (Severity, &Key, Option<(Arch, &str)>) {
    (finding.severity, &finding.key, site_order(finding))
}

fn site_order(finding: &Finding) -> Option<(Arch, &str)> {
    finding.sites.first().map(|site| (site.arch, site.subject.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::Site;

    fn finding(severity: Severity, arch: Arch, subject: &str, group: &str) -> Finding {
        let site = Site::new(arch, None, subject);
        Finding::new(Key::new("a.b"), severity, site).grouped(group)
    }

    #[test]
    fn four_objects_on_two_architectures_are_one_finding() {
        let mut all = Vec::new();
        for arch in [Arch::X86_64, Arch::Arm64] {
            for subject in ["d.o", "a.o", "c.o", "b.o"] {
                all.push(finding(Severity::Error, arch, subject, "one"));
            }
        }
        let merged = merge(all);
        assert_eq!(merged.len(), 1);
        assert_eq!(merged[0].subjects(), ["a.o", "b.o", "c.o", "d.o"]);
        assert_eq!(merged[0].arches(), [Arch::X86_64, Arch::Arm64]);
    }

    #[test]
    fn the_most_severe_comes_first_whatever_the_order() {
        let a = finding(Severity::Note, Arch::Arm64, "a", "1");
        let b = finding(Severity::Error, Arch::Arm64, "b", "2");
        let severities = |list| merge(list).iter().map(|f| f.severity).collect::<Vec<_>>();
        assert_eq!(severities(vec![a.clone(), b.clone()]), severities(vec![b, a]));
    }
}
