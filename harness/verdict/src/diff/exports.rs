//! Exported symbols: the same set, CRC, namespace and GPL-ness in both modes, and in each mode
//! the same CRC in all three places where kbuild records it.

use super::between;
use crate::layer::LayerVerdict;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::kbuild::{Crc, Export, Symvers, cmd_path};
use twinlto_model::{Arch, Evidence, Finding, Key, Layer, Mode, Severity, Site};

pub(crate) fn exports(arch: Arch, a: &BuildFacts, b: Option<&BuildFacts>) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Exports);
    if !a.config.is_yes("MODULES") && !a.config.values.is_empty() {
        return LayerVerdict::excused(Layer::Exports, "CONFIG_MODULES is off: nothing is exported");
    }
    let ours = match &a.symvers {
        Answer::Read(symvers) => symvers,
        other => {
            let why = other.why_not("Module.symvers").unwrap_or_default();
            layer.findings.extend(unreadable(arch, a));
            layer.not_compared = Some(why);
            return layer;
        }
    };
    layer.findings.extend(unreadable(arch, a));
    let mut names: BTreeSet<&String> = ours.exports.keys().collect();
    consistent(arch, a, ours, &mut layer);
    if let Some(b) = b {
        match &b.symvers {
            Answer::Read(theirs) => {
                names.extend(theirs.exports.keys());
                consistent(arch, b, theirs, &mut layer);
                twins(arch, ours, theirs, &mut layer.findings);
            }
            other => {
                let why = other.why_not("Module.symvers").unwrap_or_default();
                layer.findings.extend(unreadable(arch, b));
                layer.not_compared = Some(format!("in-process: {why}"));
                return layer;
            }
        }
        layer.findings.extend(unreadable(arch, b));
    }
    layer.compared = names.len() as u64;
    if names.is_empty() {
        layer.not_compared = Some("Module.symvers lists no export".to_owned());
    }
    layer
}

/// A file that is there and makes no sense is a finding, not a reason to look away.
fn unreadable(arch: Arch, facts: &BuildFacts) -> Vec<Finding> {
    let mode = facts.mode.unwrap_or(Mode::Distributed);
    let finding = |file: &str, why: &str| {
        let site = Site {
            arch,
            mode: Some(mode),
            subject: file.to_owned(),
            left: None,
            right: None,
            effect: String::new(),
        };
        Finding::new(Key::new("file.unreadable"), Severity::Error, site)
            .because(why)
            .grouped(format!("{file} {why}"))
    };
    let mut findings = Vec::new();
    if let Answer::Bad(why) = &facts.symvers {
        findings.push(finding("Module.symvers", why));
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

fn twins(arch: Arch, ours: &Symvers, theirs: &Symvers, findings: &mut Vec<Finding>) {
    let names: BTreeSet<&String> = ours.exports.keys().chain(theirs.exports.keys()).collect();
    for name in names {
        match (ours.exports.get(name), theirs.exports.get(name)) {
            (Some(a), Some(b)) => fields(arch, name, a, b, findings),
            (Some(a), None) => findings.push(
                between(
                    arch,
                    "export.lost",
                    Severity::Error,
                    name,
                    describe(a),
                    "not exported".into(),
                )
                .grouped("in-process"),
            ),
            (None, Some(b)) => findings.push(
                between(
                    arch,
                    "export.lost",
                    Severity::Error,
                    name,
                    "not exported".into(),
                    describe(b),
                )
                .grouped("distributed"),
            ),
            (None, None) => {}
        }
    }
}

fn describe(export: &Export) -> String {
    let kind = if export.gpl { "EXPORT_SYMBOL_GPL" } else { "EXPORT_SYMBOL" };
    format!("{kind} {} of {}", export.crc, export.module)
}

fn fields(arch: Arch, name: &str, a: &Export, b: &Export, findings: &mut Vec<Finding>) {
    let mut differ = |key, left: String, right: String| {
        if left != right {
            findings.push(between(arch, key, Severity::Error, name, left, right));
        }
    };
    let gpl = |e: &Export| if e.gpl { "GPL only" } else { "any license" }.to_owned();
    let namespace = |e: &Export| {
        if e.namespace.is_empty() { "none".into() } else { e.namespace.clone() }
    };
    differ("export.crc.changed", a.crc.to_string(), b.crc.to_string());
    differ("export.gpl.changed", gpl(a), gpl(b));
    differ("export.namespace.changed", namespace(a), namespace(b));
    differ("export.module.changed", a.module.clone(), b.module.clone());
}

/// `Module.symvers`, the `#SYMVER` lines of the `.cmd` files, the kernel's `__kcrctab` and the
/// `__versions` of the modules must tell the same CRC.
fn consistent(arch: Arch, facts: &BuildFacts, symvers: &Symvers, layer: &mut LayerVerdict) {
    let mode = facts.mode.unwrap_or(Mode::Distributed);
    let versioned = facts.config.is_yes("MODVERSIONS");
    let error = |key: &'static str, subject: &str, left: Evidence, right: Evidence| {
        let site = Site {
            arch,
            mode: Some(mode),
            subject: subject.to_owned(),
            left: Some(left),
            right: Some(right),
            effect: String::new(),
        };
        Finding::new(Key::new(key), Severity::Error, site)
    };
    let dump = |crc: &Crc| Evidence::new("Module.symvers", crc.to_string()).at("Module.symvers");
    let mut checked = 0_u64;

    let lines = symver_lines(facts);
    let table = facts.image.get().and_then(|i| i.exports.get());
    let table: BTreeMap<&str, &_> =
        table.into_iter().flatten().map(|e| (e.name.as_str(), e)).collect();
    for (name, export) in &symvers.exports {
        if let Some((crc, object)) = lines.get(name) {
            checked += 1;
            if *crc != export.crc {
                let right = Evidence::new("#SYMVER", crc.to_string()).at(object.clone());
                layer.findings.push(
                    error("export.crc.lost", name, dump(&export.crc), right)
                        .because(if export.crc == Crc(0) {
                            "modpost did not find the CRC that genksyms wrote: it looks in the \
                             .cmd file of the wrong object"
                        } else {
                            "modpost took the CRC from somewhere else"
                        })
                        .known_as("crc-lookup"),
                );
            }
        } else if versioned && export.crc == Crc(0) {
            let right = Evidence::new("#SYMVER", "no line in any .cmd file");
            layer.findings.push(
                error("export.crc.missing", name, dump(&export.crc), right)
                    .because("no CRC was ever computed for it: version generation failed"),
            );
        }
        if export.module != "vmlinux" || table.is_empty() {
            continue;
        }
        match table.get(name.as_str()) {
            Some(entry) => {
                checked += u64::from(entry.crc.is_some());
                if let Some(crc) = entry.crc.filter(|crc| *crc != export.crc) {
                    let right = Evidence::new("__kcrctab", crc.to_string()).at("vmlinux");
                    layer.findings.push(
                        error("export.crc.inconsistent", name, dump(&export.crc), right)
                            .because("the kernel was linked with another Module.symvers"),
                    );
                }
                if entry.gpl != export.gpl || entry.namespace != export.namespace {
                    let right = Evidence::new(
                        "__ksymtab",
                        format!("GPL {} namespace '{}'", entry.gpl, entry.namespace),
                    );
                    let left = Evidence::new(
                        "Module.symvers",
                        format!("GPL {} namespace '{}'", export.gpl, export.namespace),
                    );
                    layer.findings.push(error("export.table.inconsistent", name, left, right));
                }
            }
            None => {
                let right = Evidence::new("__ksymtab", "no entry").at("vmlinux");
                layer.findings.push(
                    error("export.table.missing", name, dump(&export.crc), right)
                        .because("Module.symvers lists it and the kernel does not export it"),
                );
            }
        }
    }
    for (module, answer) in &facts.modules {
        let Some(module_facts) = answer.get() else {
            continue;
        };
        for (name, crc) in &module_facts.versions {
            let Some(export) = symvers.exports.get(name) else {
                continue;
            };
            checked += 1;
            if *crc != export.crc {
                let right = Evidence::new("__versions", crc.to_string()).at(format!("{module}.ko"));
                layer.findings.push(
                    error("module.crc.stale", name, dump(&export.crc), right)
                        .because(format!("{module}.ko expects another CRC and will not load")),
                );
            }
        }
    }
    let key = match mode {
        Mode::Distributed => "crcs_checked.distributed",
        Mode::InProcess => "crcs_checked.in-process",
    };
    layer.counts.insert(key.to_owned(), checked);
    for name in &symvers.duplicates {
        let left = Evidence::new("Module.symvers", "two lines").at("Module.symvers");
        let finding = error("export.duplicated", name, left, Evidence::new("expected", "one line"));
        layer.findings.push(finding);
    }
}

/// Exported symbol → CRC and the `.cmd` file that says so.
fn symver_lines(facts: &BuildFacts) -> BTreeMap<String, (Crc, String)> {
    let mut lines = BTreeMap::new();
    for (object, of) in &facts.objects {
        for (name, crc) in &of.symvers {
            lines.insert(name.clone(), (*crc, cmd_path(object)));
        }
    }
    for (object, list) in &facts.other_symvers {
        for (name, crc) in list {
            lines.insert(name.clone(), (*crc, cmd_path(object)));
        }
    }
    lines
}
