//! The artefact layer: IR object, index and native object, one to one, of the right kind, and
//! in their place in the archive.

mod archive;
mod files;
mod included;
mod installed;
mod rule;
mod stale;

use crate::layer::LayerVerdict;
use std::collections::BTreeSet;
use twinlto_facts::build::{Answer, BuildFacts};
use twinlto_facts::flags::{compile, lex, resolve};
use twinlto_model::{Arch, Evidence, Finding, Key, Layer, Mode, Severity, Site};

/// Checks what the thin link and the backends left, and that both twins have the same IR.
#[must_use]
pub fn artefacts(arch: Arch, facts: &BuildFacts, twin: Option<&BuildFacts>) -> LayerVerdict {
    let mode = facts.mode.unwrap_or(Mode::Distributed);
    let mut layer = LayerVerdict::new(Layer::Artefacts);
    let place = Place { arch, mode };
    layer.findings.extend(stale::stale(place, facts));
    layer.findings.extend(installed::installed(place, facts));
    if let Some(why) = installed::left_out(facts) {
        layer.omit_part(format!("what is installed beside the image ({why})"));
    }
    if !mode.has_native_objects() {
        layer.compared = facts.objects.len() as u64;
        layer.findings.extend(archive::unreadable(place, facts));
        layer.findings.extend(archive::unfit_members(place, facts));
        layer.findings.extend(included::judge(place, facts));
        omit_included(&mut layer, facts);
        if layer.compared == 0 {
            let why = facts.archive.why_not("vmlinux.a");
            layer.omit_all(why.unwrap_or_else(|| "vmlinux.a holds no IR object".to_owned()));
        }
        return layer;
    }
    let (Some(index), Some(order)) = (facts.index.get(), facts.order.get()) else {
        let why = facts
            .index
            .why_not("vmlinux.thinlto-index")
            .or_else(|| facts.order.why_not("builtin.order"));
        layer.omit_all(why.unwrap_or_default());
        return layer;
    };
    layer.compared = index.len() as u64;
    if index.is_empty() {
        layer.omit_all("the index lists no object");
    }
    layer.findings.extend(archive::unreadable(place, facts));
    layer.findings.extend(files::judge(place, facts, index));
    layer.findings.extend(archive::judge(place, facts, order, index));
    layer.findings.extend(archive::unfit_members(place, facts));
    layer.findings.extend(rule::thin(place, facts));
    layer.findings.extend(included::judge(place, facts));
    omit_included(&mut layer, facts);
    if !files::times_tell(facts) {
        layer.omit_part("which files are out of date (their times are not those of a build)");
    }
    if facts.archive == Answer::Absent {
        let stopped = facts.objects.values().any(files::not_started);
        if stopped && layer.findings.is_empty() {
            layer.omit_all("the build stopped before its backends ran");
        }
        let why = if facts.archive_is_stale {
            "vmlinux.a is of an earlier build"
        } else {
            "no vmlinux.a"
        };
        layer.omit_part(format!("archive members ({why})"));
    }
    if let Some(twin) = twin {
        let theirs = twin.mode.unwrap_or(Mode::InProcess);
        layer.findings.extend(same_ir(place, index, facts, theirs, twin));
        // Of two archives of native objects each is held against its own list.
        if let Some(members) = twin.archive.get().filter(|_| !theirs.has_native_objects()) {
            layer.findings.extend(archive::same_order(place, order, members));
        }
        // What is wrong with the twin's own archive.
        let twins = artefacts(arch, twin, None);
        if let (Some(why), []) = (twins.not_compared(), twins.findings.as_slice()) {
            layer.omit_part(format!("the {theirs} build's objects ({why})"));
        }
        layer.findings.extend(twins.findings);
    }
    layer
}

fn omit_included(layer: &mut LayerVerdict, facts: &BuildFacts) {
    match included::unknown(facts) {
        0 => {}
        n => layer.omit_part(format!("{n} files that assembly includes (they or their objects are not there, or they are too small)")),
    }
}

/// Where the findings of this layer are.
#[derive(Debug, Clone, Copy)]
struct Place {
    arch: Arch,
    mode: Mode,
}

impl Place {
    fn error(self, key: &'static str, subject: &str) -> Finding {
        let site = Site::new(self.arch, Some(self.mode), subject);
        Finding::new(Key::new(key), Severity::Error, site)
    }
}

fn with_evidence(mut finding: Finding, left: Option<Evidence>, right: Option<Evidence>) -> Finding {
    if let Some(site) = finding.sites.first_mut() {
        site.left = left;
        site.right = right;
    }
    finding
}

/// Why a build has no IR object of this name, as far as its records tell.
fn why_no_ir(name: &str, facts: &BuildFacts, mode: Mode) -> Option<String> {
    match facts.natives.get(name) {
        Some(native) => {
            let commands = lex(&native.command.as_ref()?.text).ok()?;
            let lto = resolve(&compile(&commands)?.words).lto;
            let off = lto.is_none_or(|lto| lto == "-fno-lto");
            off.then(|| {
                format!("the {mode} build compiles it without LTO: its command has no -flto")
            })
        }
        None if !facts.other_objects.contains_key(name) => {
            Some(format!("the {mode} build does not link this object"))
        }
        None => None,
    }
}

/// Both modes must compile the same objects.
fn same_ir(
    place: Place,
    index: &[String],
    facts: &BuildFacts,
    mode: Mode,
    twin: &BuildFacts,
) -> Vec<Finding> {
    let ours: BTreeSet<&str> = index.iter().map(String::as_str).collect();
    let theirs: BTreeSet<&str> = twin.objects.keys().map(String::as_str).collect();
    let one = |subject: &str, left: &str, right: &str| {
        let finding = with_evidence(
            place.error("ir.set.changed", subject),
            Some(Evidence::new(place.mode.name(), left)),
            Some(Evidence::new(mode.name(), right)),
        );
        let (other, its_mode) =
            if theirs.contains(subject) { (facts, place.mode) } else { (twin, mode) };
        match why_no_ir(subject, other, its_mode) {
            Some(cause) => finding.grouped(cause.clone()).because(cause),
            None => finding.grouped(left),
        }
    };
    let only_ours = ours.difference(&theirs).map(|s| one(s, "an IR object", "not an IR object"));
    let only_theirs = theirs.difference(&ours).map(|s| one(s, "not an IR object", "an IR object"));
    if theirs.is_empty() {
        return Vec::new();
    }
    only_ours.chain(only_theirs).collect()
}
