//! Exported symbols: the same set, CRC, namespace and GPL-ness in both modes.

use super::Sides;
use super::crcs::consistent;
use super::values::values;
use crate::layer::LayerVerdict;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::elf::ExportEntry;
use twinlto_facts::kbuild::{Crc, Export, Symvers};
use twinlto_model::{Arch, Finding, Key, Layer, Mode, Severity, Site};

pub(crate) fn exports(sides: Sides<'_>, a: &BuildFacts, b: Option<&BuildFacts>) -> LayerVerdict {
    if !a.config.is_yes("MODULES") && !a.config.values.is_empty() {
        return LayerVerdict::excused(Layer::Exports, "CONFIG_MODULES is off: nothing is exported");
    }
    let mut layer = LayerVerdict::new(Layer::Exports);
    for facts in [Some(a), b].into_iter().flatten() {
        layer.findings.extend(unreadable(sides.arch, facts));
        layer.findings.extend(super::modules::modules(sides.arch, facts));
        match &facts.symvers {
            Answer::Read(symvers) if symvers.exports.is_empty() => {
                layer.omit_all("Module.symvers lists no export");
            }
            Answer::Read(symvers) => consistent(sides.arch, facts, symvers, &mut layer),
            other => layer.omit_all(other.why_not("Module.symvers").unwrap_or_default()),
        }
        if facts.symvers.get().is_some() && facts.image.get().is_none() {
            layer.omit_part("export tables (no vmlinux)");
        }
    }
    if let Some(b) = b {
        layer.findings.extend(values(sides, a, b));
    }
    let Some(ours) = a.symvers.get().filter(|_| layer.not_compared().is_none()) else {
        return layer;
    };
    let mut names: BTreeSet<&String> = ours.exports.keys().collect();
    if let Some(theirs) = b.and_then(|b| b.symvers.get()) {
        names.extend(theirs.exports.keys());
        let builds = b.map(|b| (Side::of(a), Side::of(b)));
        Twins { sides, builds }.compare(ours, theirs, &mut layer.findings);
    }
    layer.compared = names.len() as u64;
    layer
}

/// A file that is there and makes no sense is a finding, not a reason to look away.
fn unreadable(arch: Arch, facts: &BuildFacts) -> Vec<Finding> {
    let mode = facts.mode.unwrap_or(Mode::Distributed);
    let finding = |file: &str, why: &str| {
        let site = Site::new(arch, Some(mode), file);
        Finding::new(Key::new("file.unreadable"), Severity::Error, site)
            .because(why)
            .grouped(format!("{file} {why}"))
    };
    let mut findings = Vec::new();
    match &facts.symvers {
        Answer::Bad(why) => findings.push(finding("Module.symvers", why)),
        Answer::Read(symvers) if symvers.exports.is_empty() => {
            findings
                .push(finding("Module.symvers", "it lists no export, and CONFIG_MODULES is on"));
        }
        _ => {}
    }
    match &facts.image {
        Answer::Bad(why) => findings.push(finding("vmlinux", why)),
        Answer::Read(image) => {
            if let Answer::Bad(why) = &image.exports {
                findings.push(finding("__ksymtab in vmlinux", why));
            }
        }
        Answer::Absent => {}
    }
    findings
}

/// Two builds, and what they export.
struct Twins<'a> {
    sides: Sides<'a>,
    /// Whole builds; none where `Module.symvers` is all there is.
    builds: Option<(Side<'a>, Side<'a>)>,
}

/// One of two builds.
struct Side<'a> {
    facts: &'a BuildFacts,
    /// What genksyms wrote, and of which object.
    lines: BTreeMap<&'a str, (Crc, &'a str)>,
}

impl<'a> Side<'a> {
    fn of(facts: &'a BuildFacts) -> Self {
        Self { facts, lines: facts.symver_lines() }
    }

    fn has_object(&self, name: &str) -> bool {
        self.facts.objects.contains_key(name) || self.facts.other_symvers.contains_key(name)
    }
}

impl Twins<'_> {
    fn compare(&self, ours: &Symvers, theirs: &Symvers, findings: &mut Vec<Finding>) {
        let names: BTreeSet<&String> = ours.exports.keys().chain(theirs.exports.keys()).collect();
        let none = || "not exported".to_owned();
        for name in names {
            match (ours.exports.get(name), theirs.exports.get(name)) {
                (Some(a), Some(b)) => self.fields(name, a, b, findings),
                (Some(a), None) => findings.push(self.lost(name, describe(a), none(), false)),
                (None, Some(b)) => findings.push(self.lost(name, none(), describe(b), true)),
                (None, None) => {}
            }
        }
        findings.extend(self.written(ours, theirs));
    }

    /// CRCs that genksyms wrote for an object of one build alone, or another one, where `Module.symvers`
    /// of both says the same.
    fn written(&self, ours: &Symvers, theirs: &Symvers) -> Vec<Finding> {
        let Some((a, b)) = &self.builds else { return Vec::new() };
        let names: BTreeSet<&&str> = a.lines.keys().chain(b.lines.keys()).collect();
        let crc = |side: &Side<'_>, name: &str| side.lines.get(name).map(|(crc, _)| *crc);
        let text = |crc: Option<Crc>| crc.map_or("no #SYMVER line".to_owned(), |it| it.to_string());
        let mut findings = Vec::new();
        for name in names {
            let (left, right) = (crc(a, name), crc(b, name));
            let listed = |symvers: &Symvers| symvers.exports.get(*name).map(|it| it.crc);
            if left == right || listed(ours) != listed(theirs) {
                continue;
            }
            let (left, right) = (text(left), text(right));
            let key = "export.crc.inconsistent";
            let cause = "Module.symvers is the same in both builds, and what genksyms wrote to the .cmd \
                         file of the object is not";
            let finding = self.sides.finding(key, Severity::Error, name, left, right);
            findings.push(finding.because(cause).grouped(cause));
        }
        findings
    }

    /// An export of one build alone. `is_ours`: the first side is the one that lacks it.
    fn lost(&self, name: &str, left: String, right: String, is_ours: bool) -> Finding {
        let side = if is_ours { self.sides.left } else { self.sides.right };
        let finding =
            self.sides.finding("export.lost", Severity::Error, name, left, right).grouped(side);
        let Some((a, b)) = &self.builds else { return finding };
        let (with, without) = if is_ours { (b, a) } else { (a, b) };
        // Which object exports it is known by its CRC alone.
        let Some((_, object)) = with.lines.get(name) else { return finding };
        let cause = if without.lines.contains_key(name) {
            format!(
                "genksyms computed its CRC in both builds: modpost left it out of the {side} one"
            )
        } else if without.has_object(object) {
            format!(
                "in the {side} build genksyms computed no CRC for it: its object does not export it"
            )
        } else {
            format!("the {side} build does not have the object that exports it, {object}")
        };
        finding.grouped(format!("{side} {cause}")).because(cause)
    }

    fn fields(&self, name: &str, a: &Export, b: &Export, findings: &mut Vec<Finding>) {
        let mut differ = |key, left: String, right: String, cause: Option<&'static str>| {
            if left != right {
                let finding = self.sides.finding(key, Severity::Error, name, left, right);
                findings.push(match cause {
                    Some(cause) => finding.because(cause).grouped(cause),
                    None => finding,
                });
            }
        };
        let namespace =
            |e: &Export| if e.namespace.is_empty() { "none".into() } else { e.namespace.clone() };
        differ("export.crc.changed", a.crc.to_string(), b.crc.to_string(), None);
        if let (Some(ours), Some(theirs)) = (a.gpl, b.gpl) {
            let cause = self.by_tables(name, |entry| entry.gpl.to_string());
            differ("export.gpl.changed", license(ours), license(theirs), cause);
        }
        let cause = self.by_tables(name, |entry| entry.namespace.clone());
        differ("export.namespace.changed", namespace(a), namespace(b), cause);
        differ("export.module.changed", a.module.clone(), b.module.clone(), None);
    }

    /// Whose the difference is, by what the kernels' own tables say; none where there are none.
    fn by_tables(
        &self,
        name: &str,
        field: impl Fn(&ExportEntry) -> String,
    ) -> Option<&'static str> {
        let (a, b) = self.builds.as_ref()?;
        let entry = |side: &Side<'_>| {
            let table = side.facts.image.get()?.exports.get()?;
            table.iter().find(|entry| entry.name == name).map(&field)
        };
        Some(if entry(a)? == entry(b)? {
            "__ksymtab is the same in both kernels: Module.symvers alone was written otherwise"
        } else {
            "__ksymtab differs in the same way: modpost wrote both from what it read in the objects"
        })
    }
}

fn describe(export: &Export) -> String {
    let kind = if export.gpl == Some(true) { "EXPORT_SYMBOL_GPL" } else { "EXPORT_SYMBOL" };
    format!("{kind} {} of {}", export.crc, export.module)
}

pub(super) fn license(gpl: bool) -> String {
    if gpl { "GPL only" } else { "any license" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::build::ObjectFacts;

    /// A build whose `a.o` exports `f` with what genksyms wrote for it, and what modpost listed.
    fn build(written: &[(&str, u32)], listed: &[(&str, u32, bool)]) -> BuildFacts {
        let lines = |list: &[(&str, u32)]| {
            list.iter().map(|(name, crc)| ((*name).to_owned(), Crc(*crc))).collect::<Vec<_>>()
        };
        let mut facts = BuildFacts { mode: Some(Mode::Distributed), ..BuildFacts::default() };
        let object = ObjectFacts { symvers: lines(written), ..ObjectFacts::default() };
        facts.objects.insert("a.o".to_owned(), object);
        let export = |(name, crc, gpl): &(&str, u32, bool)| {
            let text = if *gpl { "EXPORT_SYMBOL_GPL" } else { "EXPORT_SYMBOL" };
            format!("0x{crc:08x}\t{name}\tvmlinux\t{text}\t\n")
        };
        let text: String = listed.iter().map(export).collect();
        facts.symvers = Answer::Read(Symvers::parse(&text).unwrap());
        facts
    }

    fn told(a: &BuildFacts, b: Option<&BuildFacts>) -> Vec<(String, String, Option<String>)> {
        let layer = exports(Sides::modes(Arch::Arm64), a, b);
        let one = |f: &Finding| {
            let key = f.key.as_str().to_owned();
            (key, f.cause.clone().unwrap_or_default(), f.defect.clone())
        };
        layer.findings.iter().map(one).collect()
    }

    #[test]
    fn a_lost_export_says_who_lost_it() {
        let whole = build(&[("f", 1), ("g", 2)], &[("f", 1, false), ("g", 2, false)]);
        let left_out = build(&[("f", 1), ("g", 2)], &[("g", 2, false)]);
        let not_exported = build(&[("g", 2)], &[("g", 2, false)]);
        let mut without = not_exported.clone();
        without.objects.clear();
        without.other_symvers.insert("b.o".to_owned(), vec![("g".to_owned(), Crc(2))]);
        for (other, words) in [
            (left_out, "modpost left it out of the in-process one"),
            (not_exported, "its object does not export it"),
            (without, "does not have the object that exports it, a.o"),
        ] {
            let told = told(&whole, Some(&other));
            let [(key, cause, _)] = told.as_slice() else { panic!("{told:?}") };
            assert_eq!(key, "export.lost");
            assert!(cause.contains(words), "{cause}");
        }
    }

    #[test]
    fn a_lost_crc_is_the_fault_of_the_lookup_where_all_of_ir_objects_are_lost() {
        let all = build(&[("f", 1), ("g", 2)], &[("f", 0, false), ("g", 0, false)]);
        for (_, cause, defect) in told(&all, None) {
            assert_eq!(defect.as_deref(), Some("crc-lookup"), "{cause}");
        }
        // One alone, or also one of an object that has no native twin, has another cause.
        let one = build(&[("f", 1), ("g", 2)], &[("f", 0, false), ("g", 2, false)]);
        let mut others = build(&[("f", 1)], &[("f", 0, false), ("g", 0, false)]);
        others.other_symvers.insert("b.o".to_owned(), vec![("g".to_owned(), Crc(2))]);
        let other_number = build(&[("f", 1)], &[("f", 7, false)]);
        for facts in [one, others, other_number] {
            let told = told(&facts, None);
            assert!(!told.is_empty());
            for (key, cause, defect) in told {
                assert_eq!((key.as_str(), defect), ("export.crc.lost", None), "{cause}");
                assert!(cause.contains("do not tell"), "{cause}");
            }
        }
    }
}
