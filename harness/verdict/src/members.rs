//! Members of archives: what was found in each becomes one verdict about the archives.

use crate::compare::Verdict;
use crate::diff::{self, Sides, VMLINUX};
use crate::layer::{LayerVerdict, Omitted};
use std::collections::BTreeMap;
use twinlto_model::{Layer, Severity};

/// What comparing one pair of members gave.
#[derive(Debug, Clone)]
pub enum MemberVerdict {
    /// The same bytes.
    Same,
    /// Other bytes, compared.
    Compared(Verdict),
    /// Files of different kinds, or of one that is not looked into: what each side is.
    Kinds(String, String),
    /// One archive's member could not be read: what each side is.
    Lost(String, String),
    /// Neither could, or it may not: it is not compared.
    Unread,
}

/// One verdict for two archives: their lists of members, and every pair of members of one name.
#[must_use]
pub fn compare_archives(
    sides: Sides<'_>,
    a: &[String],
    b: &[String],
    members: Vec<(String, MemberVerdict)>,
) -> Verdict {
    let mut list = diff::lists(sides, a, b);
    let is_unread = |verdict: &MemberVerdict| {
        matches!(verdict, MemberVerdict::Lost(..) | MemberVerdict::Unread)
    };
    let unread = members.iter().filter(|(_, verdict)| is_unread(verdict)).count();
    list.compared = list.compared.saturating_sub(unread as u64);
    let none = members.iter().all(|(_, verdict)| matches!(verdict, MemberVerdict::Unread));
    if none && a.iter().any(|name| b.contains(name)) {
        list.omit_all("no member that both archives have could be read");
    }
    let mut inside: BTreeMap<Layer, LayerVerdict> = BTreeMap::new();
    for (name, verdict) in members {
        match verdict {
            MemberVerdict::Same | MemberVerdict::Unread => {}
            MemberVerdict::Lost(left, right) => {
                let key = "archive.member.changed";
                let finding = sides.finding(key, Severity::Error, &name, left, right);
                let cause = "both archives list it, and of one it could not be read";
                list.findings.push(finding.because(cause).grouped(cause));
            }
            MemberVerdict::Kinds(left, right) => {
                let key = "archive.member.changed";
                let finding = sides.finding(key, Severity::Error, &name, left, right);
                let cause = "the archives hold files of other bytes under one name";
                list.findings.push(finding.because(cause).grouped(cause));
            }
            MemberVerdict::Compared(verdict) => {
                for layer in verdict.layers {
                    let all =
                        inside.entry(layer.layer).or_insert_with(|| LayerVerdict::new(layer.layer));
                    add(all, layer, &name);
                }
            }
        }
    }
    // Bitcode is compared as artefacts, as the list is.
    if let Some(bitcode) = inside.remove(&Layer::Artefacts) {
        list.findings.extend(bitcode.findings);
    }
    let mut layers = vec![list];
    layers.extend(
        inside.into_values().filter(|layer| layer.compared > 0 || !layer.findings.is_empty()),
    );
    Verdict::of(sides.arch, layers)
}

/// Adds what was found in one member, by its name.
fn add(all: &mut LayerVerdict, one: LayerVerdict, member: &str) {
    all.compared += one.compared;
    if let Omitted::Part(what) = one.omitted {
        all.omit_part(format!("{what} in {member}"));
    }
    for mut finding in one.findings {
        for site in &mut finding.sites {
            site.subject = match site.subject.as_str() {
                VMLINUX => member.to_owned(),
                subject => format!("{subject} in {member}"),
            };
        }
        // What has no cause of its own is a matter of its member.
        if finding.cause.is_none() {
            finding.group = format!("{} {member}", finding.group);
        }
        all.findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Arch, Finding};

    fn sides() -> Sides<'static> {
        Sides { arch: Arch::Arm64, left: "A", right: "B", modes: false }
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn findings_name_their_member() {
        let mut sections = LayerVerdict::new(Layer::Sections);
        sections.compared = 3;
        let quiet = Verdict::of(Arch::Arm64, vec![sections.clone()]);
        for subject in [".text", VMLINUX] {
            let (left, right) = ("x".to_owned(), "y".to_owned());
            let key = "section.size.changed";
            sections.findings.push(sides().finding(key, Severity::Note, subject, left, right));
        }
        let loud = Verdict::of(Arch::Arm64, vec![sections]);
        let list = names(&["a.o", "b.o", "c.o", "d.txt"]);
        let members = vec![
            ("a.o".to_owned(), MemberVerdict::Same),
            ("b.o".to_owned(), MemberVerdict::Compared(loud)),
            ("c.o".to_owned(), MemberVerdict::Compared(quiet)),
            ("d.txt".to_owned(), MemberVerdict::Kinds("1 byte".into(), "2 bytes".into())),
        ];
        let verdict = compare_archives(sides(), &list, &list, members);
        let findings = verdict.findings();
        let subjects: Vec<&str> = findings.iter().flat_map(Finding::subjects).collect();
        assert_eq!(subjects, ["d.txt", ".text in b.o", "b.o"]);
        let compared: Vec<u64> = verdict.layers.iter().map(|layer| layer.compared).collect();
        assert_eq!(compared, [4, 6]);
    }
}
