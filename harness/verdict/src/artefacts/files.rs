use super::{Place, with_evidence};
use crate::transport::saved_elsewhere;
use std::collections::BTreeMap;
use twinlto_facts::bitcode::IndexedModule;
use twinlto_facts::build::{Answer, BuildFacts, FileFacts, ObjectFacts};
use twinlto_facts::elf::{ElfClass, ObjectKind};
use twinlto_facts::kbuild::{index_path, native_path};
use twinlto_model::{Arch, Evidence, Finding};

/// Judges the three files of every object of the index.
pub(super) fn judge(place: Place, facts: &BuildFacts, index: &[String]) -> Vec<Finding> {
    let usual = usual_e_flags(facts);
    let times = times_tell(facts);
    let mut findings = Vec::new();
    for name in index {
        let Some(object) = facts.objects.get(name) else {
            let finding = place.error("ir.missing", name);
            findings.push(finding.because("the index lists it and there is no such file"));
            continue;
        };
        findings.extend(ir(place, name, object));
        findings.extend(index_file(place, name, object, times));
        findings.extend(native(place, name, object, facts, usual, times));
    }
    findings
}

/// The ELF header flags that most native objects have.
fn usual_e_flags(facts: &BuildFacts) -> Option<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for object in facts.objects.values() {
        if let Some(ObjectKind::Elf(ident)) = &object.native.kind {
            *counts.entry(ident.e_flags).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(flags, _)| flags)
}

fn ir(place: Place, name: &str, object: &ObjectFacts) -> Option<Finding> {
    match &object.ir.kind {
        Some(ObjectKind::Bitcode { .. }) => {
            let damage = object.ir.damage.as_ref()?;
            Some(place.error("ir.damaged", name).because(damage))
        }
        Some(kind) => Some(
            place
                .error("ir.not-bitcode", name)
                .because(format!("the index lists it as an IR object and it is {kind}")),
        ),
        None => Some(
            place
                .error("ir.missing", name)
                .because(format!("the index lists it, and: {}", object.ir.why_not())),
        ),
    }
}

fn index_file(place: Place, name: &str, object: &ObjectFacts, times: bool) -> Option<Finding> {
    let path = index_path(name);
    let evidence = |text: &str| Some(Evidence::new("index", text).at(&path));
    match &object.index.kind {
        Some(ObjectKind::Bitcode { .. }) if object.index.damage.is_some() => Some(
            with_evidence(place.error("index.unreadable", name), evidence("damaged"), None)
                .because(format!(
                    "{}; clang says 'Error loading index file', exits 0 and leaves an empty object",
                    object.index.damage.as_deref().unwrap_or_default()
                ))
                .known_as("index-truncated"),
        ),
        Some(ObjectKind::Bitcode { .. }) if times && older(&object.index, &object.ir) => Some(
            with_evidence(
                place.error("index.stale", name),
                evidence("older than the IR object"),
                None,
            )
            .because("the IR object was compiled again after the thin link")
            .known_as("index-outdated")
            .remedy("run the thin link again"),
        ),
        Some(ObjectKind::Bitcode { .. }) => None,
        Some(ObjectKind::Empty) => Some(
            with_evidence(place.error("index.empty", name), evidence("0 bytes"), None)
                .because(
                    "clang takes an empty index without a word: nothing is imported or promoted",
                )
                .known_as("index-empty"),
        ),
        Some(kind) => Some(
            with_evidence(
                place.error("index.unreadable", name),
                evidence(&format!("{kind}")),
                None,
            )
            .because("it is no bitcode; clang says 'Error loading index file' and exits 0")
            .known_as("index-truncated"),
        ),
        None => Some(
            with_evidence(
                place.error("index.missing", name),
                evidence(object.index.why_not()),
                None,
            )
            .because(match object.index.unreadable {
                Some(_) => "it cannot be read",
                None => "the thin link did not write it",
            }),
        ),
    }
}

fn native(
    place: Place,
    name: &str,
    object: &ObjectFacts,
    facts: &BuildFacts,
    usual: Option<u32>,
    times: bool,
) -> Option<Finding> {
    let path = native_path(name);
    let evidence = |text: String| Some(Evidence::new("native object", text).at(&path));
    let finding = |key, text: String| with_evidence(place.error(key, name), None, evidence(text));
    match &object.native.kind {
        None if object.native.unreadable.is_some() => Some(
            finding("native.not-elf", object.native.why_not().to_owned())
                .because("it cannot be read"),
        ),
        None if facts.archive == Answer::Absent && not_started(object) => None,
        None => Some(no_native(place, name, object, facts)),
        Some(ObjectKind::Empty) if is_bitcode(&object.index) => Some(
            finding("native.empty", "0 bytes".into())
                .because("the backend wrote nothing, and clang's exit status was 0"),
        ),
        Some(ObjectKind::Empty) => Some(
            finding("native.empty", "0 bytes".into())
                .because("the backend could not read its index, and clang's exit status was 0")
                .known_as("index-truncated"),
        ),
        Some(ObjectKind::Bitcode { .. }) => Some(
            finding("native.bitcode", "bitcode".into())
                .because("the backend wrote bitcode again: nothing turned LTO off")
                .known_as("fno-lto-dropped"),
        ),
        Some(ObjectKind::Elf(ident)) if ident.e_machine != place.arch.e_machine() => {
            let made = Arch::from_e_machine(ident.e_machine)
                .map_or_else(|| format!("machine {}", ident.e_machine), |a| a.to_string());
            Some(
                finding("native.machine", format!("ELF for {made}"))
                    .because(format!("the backend compiled for {made} instead of {}", place.arch))
                    .known_as("target-dropped")
                    .grouped(made),
            )
        }
        Some(ObjectKind::Elf(ident)) if usual.is_some_and(|usual| usual != ident.e_flags) => Some(
            finding("native.e-flags", format!("e_flags {:#x}", ident.e_flags))
                .because(format!(
                    "the other native objects have e_flags {:#x}: an ABI option did not reach it",
                    usual.unwrap_or_default()
                ))
                .known_as("abi-flag-dropped"),
        ),
        Some(ObjectKind::Elf(ident)) if !ident.is_relocatable() => Some(
            finding("native.not-elf", format!("ELF type {}", ident.e_type))
                .because("it is not relocatable: no backend writes that"),
        ),
        Some(ObjectKind::Elf(ident)) if ident.class != ElfClass::Elf64 => Some(
            finding("native.not-elf", "32-bit ELF".to_owned())
                .because("the kernel is a 64-bit one"),
        ),
        Some(ObjectKind::Elf(_)) if object.native.damage.is_some() => Some(
            finding("native.damaged", format!("{} bytes", object.native.len))
                .because(object.native.damage.as_deref().unwrap_or_default()),
        ),
        Some(ObjectKind::Elf(_)) if times && older(&object.native, &object.ir) => Some(
            finding("native.stale", "older than the IR object".into())
                .because("the IR object was compiled again and the backend did not run again")
                .known_as("native-stale"),
        ),
        Some(ObjectKind::Elf(_)) if times => stale_imports(place, name, object, facts),
        Some(ObjectKind::Elf(_)) => None,
        Some(kind) => Some(
            finding("native.not-elf", format!("{kind}"))
                .because("the backend did not write an ELF object"),
        ),
    }
}

/// An importer that is older than what it imports: it holds old copies of functions.
fn stale_imports(
    place: Place,
    name: &str,
    object: &ObjectFacts,
    facts: &BuildFacts,
) -> Option<Finding> {
    let relinked = older(&object.native, &object.index);
    let is_stale = |module: &&IndexedModule| {
        let Some(import) = facts.objects.get(&module.path) else { return false };
        match (relinked, import.hash, module.hash) {
            // The index is the one that the backend had: its hashes tell what that imported.
            (false, Some(now), Some(then)) => now != then,
            (false, None, _) => false,
            _ => older(&object.native, &import.ir),
        }
    };
    let stale: Vec<&str> =
        object.imports.iter().filter(is_stale).map(|module| module.path.as_str()).collect();
    let (first, more) = match stale.as_slice() {
        [] => return None,
        [one] => (*one, String::new()),
        [first, rest @ ..] => (*first, format!(", +{}", rest.len())),
    };
    let left = Evidence::new("imported", format!("{first}{more}: compiled again"));
    let right = Evidence::new("importer", "older").at(native_path(name));
    Some(
        with_evidence(place.error("native.stale", name), Some(left), Some(right))
            .because(format!(
                "the importer is older than the imported {first}: what it inlined from there is \
                 old code, and its backend did not run again"
            ))
            .known_as("index-stale")
            .remedy("its rule must depend on its index; run the thin link and the backends again")
            .grouped(format!("imports {first}")),
    )
}

/// Whether the backend of an object was never started: a build that stopped for another
/// reason says nothing about it.
pub(super) fn not_started(object: &ObjectFacts) -> bool {
    object.native.kind.is_none()
        && object.native.unreadable.is_none()
        && object.back == Answer::Absent
}

fn no_native(place: Place, name: &str, object: &ObjectFacts, facts: &BuildFacts) -> Finding {
    let finding = place.error("native.missing", name);
    if object.back_from_log {
        let Some(error) = &object.back_error else {
            return finding.because("its backend failed").grouped("failed");
        };
        let what = bare_message(error);
        let right = Evidence::new("backend", what).at("the build log");
        let finding = with_evidence(finding, None, Some(right))
            .because(format!("its backend failed: {what}"))
            .grouped(what);
        return match known_failure(what) {
            Some(defect) => finding.known_as(defect),
            None => finding,
        };
    }
    if facts.archive != Answer::Absent {
        return finding
            .because("its backend did not run, and the archive was made all the same")
            .grouped("not run");
    }
    let archive =
        if facts.archive_is_stale { ", and vmlinux.a is older than the index" } else { "" };
    let saved = match saved_elsewhere(name, object) {
        Some(path) => format!("; its flags are saved under {path}, which is not its own path"),
        None => String::new(),
    };
    // make removes what a failed recipe leaves, and nothing else of it is recorded.
    finding
        .because(format!(
            "no native object came of it{archive}: its backend failed or did not run, and the \
             command that is recorded is of an earlier build{saved}"
        ))
        .grouped("no native object")
}

/// The known defect behind what clang says (17 to 24).
fn known_failure(message: &str) -> Option<&'static str> {
    if message.contains("argument unused during compilation") {
        Some("wno-unused-dropped")
    } else if message.contains("to option '-Wa,'") || message.contains("to option 'Wa,'") {
        Some("wa-option-unvalidated")
    } else {
        None
    }
}

/// A message without the place that it is about, so that the same of two objects is one.
fn bare_message(line: &str) -> &str {
    line.split_once("error: ").map_or(line, |(_, message)| message).trim()
}

/// Whether a file is there and is bitcode.
pub(super) fn is_bitcode(file: &FileFacts) -> bool {
    matches!(file.kind, Some(ObjectKind::Bitcode { .. }))
}

/// Whether the times of the files are those of the build. kbuild records a command after the
/// object is there; in a copy that was made without times the two are in any order, and then
/// no file is known to be older than another. A few objects may have been touched since.
pub(super) fn times_tell(facts: &BuildFacts) -> bool {
    let is_odd = |object: &&ObjectFacts| match (object.front_modified, object.ir.modified) {
        (Some(recorded), Some(made)) => recorded < made,
        _ => false,
    };
    facts.objects.values().filter(is_odd).count() * 10 <= facts.objects.len().max(10)
}

/// Whether one file is older than another; files without a time are not.
fn older(file: &FileFacts, than: &FileFacts) -> bool {
    matches!((file.modified, than.modified), (Some(a), Some(b)) if a < b)
}
