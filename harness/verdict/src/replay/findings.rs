//! From replayed objects to findings.

use super::remedy::Proof;
use crate::layer::LayerVerdict;
use crate::number::{self, Number};
use std::collections::BTreeMap;
use twinlto_model::{Arch, Evidence, Finding, Key, Layer, Mode, Severity, Site};

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The IR object, as the index names it.
    pub object: String,
    /// kbuild's native object against the reference backend's.
    pub backend: Backend,
    /// The reference backend's object against in-process code generation's.
    pub in_process: InProcess,
}

/// kbuild's native object against the reference backend's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// Identical, byte for byte.
    Same,
    /// It was not compared: an in-process build has none.
    NotCompared,
    /// The reference could not be made.
    Failed {
        /// What its compiler said, or what was wrong with what it left.
        why: String,
        /// A line to repeat it.
        command: String,
    },
    /// The build's own native object cannot be read, for this reason.
    NoNative(String),
    /// They differ.
    Differs {
        /// Bytes of both.
        bytes: (u64, u64),
        /// What explains it.
        because: Cause,
    },
}

/// Why kbuild's object is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The fewest changes of options that account for it: `lacks -O2`, `has -fPIE besides`.
    Options(Vec<String>),
    /// Its own recorded command does not make it either. The functions that differ, if any.
    NotItsCommand(Vec<String>),
    /// Its own recorded command gives the backend no index.
    NoIndex,
    /// No record of how it was made.
    NoCommand,
    /// Nobody knows. The functions that differ, if any.
    Unknown(Vec<String>),
}

/// The reference backend's object against in-process code generation's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InProcess {
    /// Identical, byte for byte, once every function and variable has a section of its own.
    Same,
    /// It was not compared, because the reference failed, or there was no link.
    NotCompared,
    /// The reference with its own sections could not be made.
    Failed {
        /// What its compiler said, or what was wrong with what it left.
        why: String,
        /// A line to repeat it.
        command: String,
    },
    /// They differ.
    Differs {
        /// Bytes of code with the object's own options, and in-process.
        code: (u64, u64),
        /// The fewest options of the object that account for it; none where none do.
        options: Option<Vec<String>>,
        /// The functions that differ, where no option accounts for it.
        functions: Vec<String>,
    },
}

/// What was asked and done, for the report.
#[derive(Debug, Clone, Default)]
pub struct Extent {
    /// Objects that the index lists.
    pub indexed: u64,
    /// Why not all of them were replayed, if they were not.
    pub limited: Option<String>,
    /// Why there is nothing to compare with in-process, if so.
    pub no_link: Option<String>,
    /// What the linker said where it failed, and a line to repeat it.
    pub failed_link: Option<(String, String)>,
    /// What links with other options showed, by option.
    pub proofs: Vec<Proof>,
}

/// The layer of the report; `mode` is that of the replayed build.
#[must_use]
pub fn replay_layer(arch: Arch, mode: Mode, objects: &[Replayed], extent: &Extent) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Replay);
    let mut counts = BTreeMap::new();
    let mut count = |number: Number, is: bool| {
        *counts.entry((number, Some(mode))).or_default() += u64::from(is);
    };
    let totals = totals(objects);
    for one in objects {
        count(number::REPLAYED, true);
        count(number::REPLAY_BACKEND_IDENTICAL, one.backend == Backend::Same);
        count(number::REPLAY_MODES_IDENTICAL, one.in_process == InProcess::Same);
        let explained = matches!(one.in_process, InProcess::Differs { options: Some(_), .. });
        count(number::REPLAY_MODES_EXPLAINED, explained);
        layer.compared += u64::from(
            !matches!(one.backend, Backend::Failed { .. } | Backend::NoNative(_))
                && (one.backend != Backend::NotCompared
                    || one.in_process != InProcess::NotCompared),
        );
        layer.findings.extend(backend(arch, one));
        layer.findings.extend(in_process(arch, one, &totals, extent));
    }
    layer.counts = counts;
    if let Some((why, command)) = &extent.failed_link {
        let site = Site::new(arch, Some(mode), "vmlinux.o")
            .sides(Evidence::new("in-process link", why), Evidence::new("repeat with", command));
        layer.findings.push(
            Finding::new(Key::new("replay.link.failed"), Severity::Error, site)
                .because("the in-process link failed, so nothing was compared with it"),
        );
    }
    if let Some(why) = &extent.no_link {
        layer.omit_part(format!("in-process code generation ({why})"));
    }
    if let Some(why) = &extent.limited {
        let left = extent.indexed.saturating_sub(objects.len() as u64);
        layer.omit_part(format!("replay of {left} of {} objects ({why})", extent.indexed));
    }
    if layer.compared == 0 && layer.findings.is_empty() {
        layer.omit_all("no object was replayed");
    }
    layer
}

fn bytes(n: u64) -> String {
    format!("{n} bytes")
}

fn backend(arch: Arch, one: &Replayed) -> Option<Finding> {
    let site = Site::new(arch, Some(Mode::Distributed), &one.object);
    match &one.backend {
        Backend::Same | Backend::NotCompared => None,
        Backend::Failed { why, command } => Some(failed(site, why, command)),
        Backend::NoNative(why) => Some(
            Finding::new(Key::new("replay.native.missing"), Severity::Error, site)
                .because(format!("the build has no native object to compare with: {why}"))
                .grouped("missing"),
        ),
        Backend::Differs { bytes: (ours, reference), because } => {
            let site = site.sides(
                Evidence::new("kbuild's backend", bytes(*ours)),
                Evidence::new("reference backend", bytes(*reference)),
            );
            let finding = Finding::new(Key::new("replay.backend.changed"), Severity::Error, site);
            let caused = |cause: String| Some(finding.clone().because(&cause).grouped(&cause));
            match because {
                Cause::Options(changes) => caused(format!(
                    "kbuild's backend {}; done so, the reference makes the same bytes",
                    changes.join(" and ")
                )),
                Cause::NotItsCommand(functions) => caused(format!(
                    "its own recorded command makes another object: it is stale, or something \
                     else made it{}",
                    differing(functions)
                )),
                Cause::NoIndex => caused(
                    "its own recorded command gives the backend no index, so that nothing was \
                     imported into it"
                        .to_owned(),
                ),
                Cause::NoCommand => caused("no record says how it was made".to_owned()),
                Cause::Unknown(functions) => {
                    Some(finding.not_because(options_ruled_out(functions)))
                }
            }
        }
    }
}

fn options_ruled_out(functions: &[String]) -> String {
    format!("its options{}", differing(functions))
}

fn differing(functions: &[String]) -> String {
    if functions.is_empty() {
        return String::new();
    }
    let shown: Vec<&str> = functions.iter().take(8).map(String::as_str).collect();
    let more = functions.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("; these functions differ: {}{more}", shown.join(", "))
}

/// A backend of a reference build that made no native object; `command` repeats it.
#[must_use]
pub fn backend_failed(arch: Arch, mode: Mode, object: &str, why: &str, command: &str) -> Finding {
    failed(Site::new(arch, Some(mode), object), why, command)
}

fn failed(site: Site, why: &str, command: &str) -> Finding {
    let site =
        site.sides(Evidence::new("reference backend", why), Evidence::new("repeat with", command));
    Finding::new(Key::new("replay.backend.failed"), Severity::Error, site)
        .because("the reference backend made no native object")
        .grouped("failed")
}

/// Objects that the same options explain: how many, and their bytes of code with these options and
/// in-process.
type Totals<'a> = BTreeMap<&'a [String], (u64, u64, u64)>;

fn totals(objects: &[Replayed]) -> Totals<'_> {
    let mut totals = Totals::new();
    for one in objects {
        if let InProcess::Differs { code: (own, linked), options: Some(options), .. } =
            &one.in_process
        {
            let total = totals.entry(options.as_slice()).or_default();
            *total = (total.0 + 1, total.1 + own, total.2 + linked);
        }
    }
    totals
}

/// What options do to all objects that have them; nothing where one object tells it already.
fn together(totals: &Totals<'_>, options: &[String]) -> String {
    match totals.get(options) {
        Some((n, own, linked)) if *n > 1 => {
            let change = linked.cast_signed() - own.cast_signed();
            format!("; {n} objects, {own} bytes of code with it, in-process {change:+}")
        }
        _ => String::new(),
    }
}

fn in_process(arch: Arch, one: &Replayed, totals: &Totals<'_>, extent: &Extent) -> Option<Finding> {
    if let InProcess::Failed { why, command } = &one.in_process {
        return Some(failed(Site::new(arch, None, &one.object), why, command));
    }
    let InProcess::Differs { code: (own, linked), options, functions } = &one.in_process else {
        return None;
    };
    let site = Site::new(arch, None, &one.object).sides(
        Evidence::new("its own options", format!("{own} bytes of code")),
        Evidence::new("in-process", format!("{linked} bytes of code")),
    );
    let Some(options) = options else {
        let finding = Finding::new(Key::new("replay.mode.changed"), Severity::Error, site);
        return Some(finding.not_because(options_ruled_out(functions)));
    };
    let texts = options.join(" ");
    let them = if options.len() == 1 { "it" } else { "them" };
    let cause = format!(
        "its own {texts}, which the in-process link never sees: without {them}, the reference \
         makes the same bytes{}",
        together(totals, options)
    );
    let mut finding = Finding::new(Key::new("replay.mode.changed"), Severity::Note, site)
        .because(&cause)
        .lawful()
        .grouped(&texts);
    let proved: Vec<String> =
        extent.proofs.iter().filter(|proof| proof.options == *options).map(Proof::words).collect();
    let unseen = extent.limited.is_some() && !proved.is_empty();
    if !proved.is_empty() {
        let rest = if unseen { "; what it does to other objects was not looked at" } else { "" };
        finding = finding.remedy(format!("{}{rest}", proved.join("; ")));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replayed(object: &str, backend: Backend, in_process: InProcess) -> Replayed {
        Replayed { object: object.to_owned(), backend, in_process }
    }

    #[test]
    fn what_options_do_to_many_objects_is_summed_up() {
        let differs = |object: &str, code| Replayed {
            object: object.to_owned(),
            backend: Backend::Same,
            in_process: InProcess::Differs {
                code,
                options: Some(vec!["-O3".to_owned()]),
                functions: Vec::new(),
            },
        };
        let objects = [differs("a.o", (100, 90)), differs("b.o", (50, 55))];
        let layer = replay_layer(Arch::X86_64, Mode::Distributed, &objects, &Extent::default());
        for finding in &layer.findings {
            let cause = finding.cause.as_deref().unwrap();
            let end = "; 2 objects, 150 bytes of code with it, in-process -5";
            assert!(cause.ends_with(end), "{cause}");
        }
        let one = replay_layer(Arch::X86_64, Mode::Distributed, &objects[..1], &Extent::default());
        assert!(one.findings[0].cause.as_deref().unwrap().ends_with("the same bytes"));
    }

    #[test]
    fn identical_objects_are_counted_and_nothing_else_is_said() {
        let one = replayed("a.o", Backend::Same, InProcess::Same);
        let layer = replay_layer(Arch::Arm64, Mode::Distributed, &[one], &Extent::default());
        assert_eq!((layer.compared, layer.findings.len()), (1, 0));
        assert_eq!(layer.counts[&(number::REPLAY_BACKEND_IDENTICAL, Some(Mode::Distributed))], 1);
        assert_eq!(layer.counts[&(number::REPLAY_MODES_IDENTICAL, Some(Mode::Distributed))], 1);
    }

    #[test]
    fn nothing_replayed_is_no_pass() {
        let layer = replay_layer(Arch::Arm64, Mode::Distributed, &[], &Extent::default());
        assert_eq!(layer.not_compared(), Some("no object was replayed"));
    }

    #[test]
    fn an_option_that_only_one_mode_sees_is_lawful_and_has_its_proof() {
        let options = Some(vec!["-O3".to_owned()]);
        let differs = InProcess::Differs { code: (10, 8), options, functions: Vec::new() };
        let proof = Proof {
            options: vec!["-O3".to_owned()],
            linker: vec!["--lto-O3".to_owned()],
            differed: 1,
            identical: 1,
            spoilt: 0,
            failed: None,
        };
        let extent = Extent { proofs: vec![proof], ..Extent::default() };
        let one = replayed("a.o", Backend::Same, differs);
        let layer = replay_layer(Arch::Arm64, Mode::Distributed, &[one], &extent);
        let finding = &layer.findings[0];
        assert!(!finding.gates());
        assert!(finding.cause.as_deref().unwrap().starts_with("its own -O3,"));
        assert!(finding.remedy.as_deref().unwrap().contains("1 of 1 objects"));
    }

    #[test]
    fn a_reference_that_fails_only_for_the_link_is_no_pass() {
        let failed = InProcess::Failed { why: "crash".to_owned(), command: "clang".to_owned() };
        let one = replayed("a.o", Backend::Same, failed);
        let layer = replay_layer(Arch::Arm64, Mode::Distributed, &[one], &Extent::default());
        assert_eq!(layer.findings[0].key.as_str(), "replay.backend.failed");
        assert!(layer.findings[0].gates());
    }

    #[test]
    fn what_no_option_explains_gates() {
        let functions = vec!["f".to_owned()];
        let differs = InProcess::Differs { code: (10, 8), options: None, functions };
        let one = replayed("a.o", Backend::Same, differs);
        let layer = replay_layer(Arch::Arm64, Mode::Distributed, &[one], &Extent::default());
        assert!(layer.findings[0].gates());
        assert_eq!(layer.findings[0].cause, None);
    }
}
