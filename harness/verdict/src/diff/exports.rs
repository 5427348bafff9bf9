//! Exported symbols: the same set, CRC, namespace and GPL-ness in both modes.

use super::Sides;
use super::crcs::consistent;
use super::values::values;
use crate::layer::LayerVerdict;
use std::collections::BTreeSet;
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::kbuild::{Export, Symvers};
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
        twins(sides, ours, theirs, &mut layer.findings);
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

fn twins(sides: Sides<'_>, ours: &Symvers, theirs: &Symvers, findings: &mut Vec<Finding>) {
    let names: BTreeSet<&String> = ours.exports.keys().chain(theirs.exports.keys()).collect();
    let lost = |name: &str, left: String, right: String, group: &str| {
        sides.finding("export.lost", Severity::Error, name, left, right).grouped(group)
    };
    let none = || "not exported".to_owned();
    for name in names {
        match (ours.exports.get(name), theirs.exports.get(name)) {
            (Some(a), Some(b)) => fields(sides, name, a, b, findings),
            (Some(a), None) => findings.push(lost(name, describe(a), none(), sides.right)),
            (None, Some(b)) => findings.push(lost(name, none(), describe(b), sides.left)),
            (None, None) => {}
        }
    }
}

fn describe(export: &Export) -> String {
    let kind = if export.gpl == Some(true) { "EXPORT_SYMBOL_GPL" } else { "EXPORT_SYMBOL" };
    format!("{kind} {} of {}", export.crc, export.module)
}

fn fields(sides: Sides<'_>, name: &str, a: &Export, b: &Export, findings: &mut Vec<Finding>) {
    let mut differ = |key, left: String, right: String| {
        if left != right {
            findings.push(sides.finding(key, Severity::Error, name, left, right));
        }
    };
    let namespace =
        |e: &Export| if e.namespace.is_empty() { "none".into() } else { e.namespace.clone() };
    differ("export.crc.changed", a.crc.to_string(), b.crc.to_string());
    if let (Some(ours), Some(theirs)) = (a.gpl, b.gpl) {
        differ("export.gpl.changed", license(ours), license(theirs));
    }
    differ("export.namespace.changed", namespace(a), namespace(b));
    differ("export.module.changed", a.module.clone(), b.module.clone());
}

pub(super) fn license(gpl: bool) -> String {
    if gpl { "GPL only" } else { "any license" }.to_owned()
}
