//! In one build, the CRC of an export stands in up to four places, and all must agree:
//! the `#SYMVER` line that genksyms wrote, `Module.symvers`, the kernel's `__kcrctab`, and the
//! `__versions` of the modules that use it.

use super::exports::license;
use crate::layer::LayerVerdict;
use crate::number;
use std::collections::BTreeMap;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::elf::ExportEntry;
use twinlto_facts::kbuild::{Crc, Export, Symvers, cmd_path};
use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Severity, Site};

/// Compares the places of one build.
pub(super) fn consistent(
    arch: Arch,
    facts: &BuildFacts,
    symvers: &Symvers,
    layer: &mut LayerVerdict,
) {
    let lines = facts.symver_lines();
    let table = facts.image.get().and_then(|i| i.exports.get());
    let table: BTreeMap<&str, &ExportEntry> =
        table.into_iter().flatten().map(|e| (e.name.as_str(), e)).collect();
    let mode = facts.mode.unwrap_or(Mode::Distributed);
    let mut checker = Checker {
        arch,
        mode,
        only_natives_asked: mode.is_kbuilds() && only_natives_asked(facts, symvers),
        versioned: facts.config.is_yes("MODVERSIONS"),
        checked: 0,
        findings: &mut layer.findings,
    };
    for (name, export) in &symvers.exports {
        let in_table = (export.module == "vmlinux" && !table.is_empty())
            .then(|| table.get(name.as_str()).copied());
        checker.export(name, export, lines.get(name.as_str()).copied(), in_table);
    }
    checker.unlisted(symvers, &table);
    checker.consumers(facts, symvers);
    for name in &symvers.duplicates {
        let left = Evidence::new("Module.symvers", "two lines");
        checker.push("export.duplicated", name, left, Evidence::new("expected", "one line"), None);
    }
    let checked = checker.checked;
    layer.counts.insert((number::CRCS_CHECKED, Some(mode)), checked);
}

/// Whether all exports of IR objects lack the CRC that genksyms wrote, and no export of another object
/// does: then modpost looked into the `.cmd` files of their native objects, which have none.
fn only_natives_asked(facts: &BuildFacts, symvers: &Symvers) -> bool {
    let lost = |(name, crc): &(String, Crc)| {
        *crc != Crc(0) && symvers.exports.get(name).is_some_and(|export| export.crc == Crc(0))
    };
    let mut of_ir = facts.objects.values().flat_map(|object| &object.symvers).peekable();
    let mut of_others = facts.other_symvers.values().flatten();
    of_ir.peek().is_some() && of_ir.all(lost) && !of_others.any(lost)
}

struct Checker<'a> {
    arch: Arch,
    mode: Mode,
    only_natives_asked: bool,
    versioned: bool,
    checked: u64,
    findings: &'a mut Vec<Finding>,
}

impl Checker<'_> {
    fn push(
        &mut self,
        key: &'static str,
        subject: &str,
        left: Evidence,
        right: Evidence,
        because: Option<(&str, Option<&str>)>,
    ) {
        let site = Site::new(self.arch, Some(self.mode), subject).sides(left, right);
        let mut finding = Finding::new(Key::new(key), Severity::Error, site);
        if let Some((cause, defect)) = because {
            finding = finding.because(cause).grouped(cause);
            if let Some(defect) = defect {
                finding = finding.known_as(defect);
            }
        }
        self.findings.push(finding);
    }

    /// One line of `Module.symvers`. `in_table` is the kernel's entry, where it has a table and
    /// the export is its own.
    fn export(
        &mut self,
        name: &str,
        export: &Export,
        line: Option<(Crc, &str)>,
        in_table: Option<Option<&ExportEntry>>,
    ) {
        let dump = || Evidence::new("Module.symvers", export.crc.to_string());
        let entry = in_table.flatten();
        let written = line.map(|(crc, _)| crc);
        let linked = entry.and_then(|e| e.crc);
        self.checked += u64::from(written.is_some()) + u64::from(linked.is_some());
        match (written, linked) {
            // Two of three agree, and that tells which file is wrong.
            (Some(written), Some(linked)) if written == linked && linked != export.crc => {
                let right = Evidence::new("__kcrctab", linked.to_string()).at("vmlinux");
                let cause = "Module.symvers alone has another CRC: it is not the one that the \
                             kernel was linked with";
                self.push("export.crc.inconsistent", name, dump(), right, Some((cause, None)));
            }
            (Some(written), _) if written != export.crc => {
                let path = line.map(|(_, object)| cmd_path(object)).unwrap_or_default();
                let right = Evidence::new("#SYMVER", written.to_string()).at(path);
                let because = self.why_lost(export.crc);
                self.push("export.crc.lost", name, dump(), right, Some(because));
            }
            (_, Some(linked)) if linked != export.crc => {
                let right = Evidence::new("__kcrctab", linked.to_string()).at("vmlinux");
                let cause = "the kernel was linked with another Module.symvers";
                self.push("export.crc.inconsistent", name, dump(), right, Some((cause, None)));
            }
            (None, _) if self.versioned && export.crc == Crc(0) => {
                let right = Evidence::new("#SYMVER", "no line in any .cmd file");
                let cause = "no CRC was ever computed for it: version generation failed";
                self.push("export.crc.missing", name, dump(), right, Some((cause, None)));
            }
            _ => {}
        }
        match in_table {
            Some(None) => {
                let right = Evidence::new("__ksymtab", "no entry").at("vmlinux");
                let cause = "Module.symvers lists it and the kernel does not export it";
                self.push("export.table.missing", name, dump(), right, Some((cause, None)));
            }
            Some(Some(entry)) => self.entry(name, export, entry),
            None => {}
        }
    }

    /// Why `Module.symvers` has not the CRC that genksyms wrote, and which defect it is.
    const fn why_lost(&self, listed: Crc) -> (&'static str, Option<&'static str>) {
        match (listed, self.only_natives_asked) {
            (Crc(0), true) => (
                "modpost has no CRC for any export of an IR object: it did not look in the .cmd file of \
                 the IR object, where genksyms wrote it; that of the native object has none",
                Some("crc-lookup"),
            ),
            (Crc(0), false) => (
                "modpost has no CRC for it, and genksyms wrote one; the files do not tell why modpost \
                 did not read that line",
                None,
            ),
            _ => (
                "modpost wrote another CRC than genksyms computed; the files do not tell where it has \
                 that from",
                None,
            ),
        }
    }

    /// License, namespace and presence of a CRC of the kernel's own entry.
    fn entry(&mut self, name: &str, export: &Export, entry: &ExportEntry) {
        let gpl = export.gpl.unwrap_or(entry.gpl);
        if gpl != entry.gpl || entry.namespace != export.namespace {
            let text = |gpl, namespace: &str| format!("{}, namespace '{namespace}'", license(gpl));
            let left = Evidence::new("Module.symvers", text(gpl, &export.namespace));
            let right = Evidence::new("__ksymtab", text(entry.gpl, &entry.namespace)).at("vmlinux");
            self.push("export.table.inconsistent", name, left, right, None);
        }
        if self.versioned && entry.crc.is_none() {
            let left = Evidence::new("Module.symvers", export.crc.to_string());
            let right = Evidence::new("__kcrctab", "no entry").at("vmlinux");
            self.push("export.crc.inconsistent", name, left, right, None);
        }
    }

    /// What the kernel exports and `Module.symvers` does not list.
    fn unlisted(&mut self, symvers: &Symvers, table: &BTreeMap<&str, &ExportEntry>) {
        let is_listed = |name: &&&str| {
            symvers.exports.get(**name).is_some_and(|export| export.module == "vmlinux")
        };
        for name in table.keys().filter(|name| !is_listed(name)) {
            let left = Evidence::new("Module.symvers", "no line for vmlinux");
            let right = Evidence::new("__ksymtab", "an entry").at("vmlinux");
            let cause = "the kernel exports it and Module.symvers does not list it";
            self.push("export.table.unlisted", name, left, right, Some((cause, None)));
        }
    }

    /// The CRCs that modules expect of others.
    fn consumers(&mut self, facts: &BuildFacts, symvers: &Symvers) {
        for (module, answer) in &facts.modules {
            let Some(module_facts) = answer.get() else { continue };
            for (name, crc) in &module_facts.versions {
                let Some(export) = symvers.exports.get(name) else { continue };
                self.checked += 1;
                if *crc != export.crc {
                    let left = Evidence::new("Module.symvers", export.crc.to_string());
                    let right =
                        Evidence::new("__versions", crc.to_string()).at(format!("{module}.ko"));
                    let cause = format!("{module}.ko expects another CRC and will not load");
                    self.push("module.crc.stale", name, left, right, Some((&cause, None)));
                }
            }
        }
    }
}
