//! The comparisons of a replay, object by object.

use super::Work;
use super::context::Context;
use super::explain::Known;
use super::link::Linked;
use super::store::{Digest, digest};
use crate::error::EngineError;
use crate::fs::read_regular;
use crate::thinlto::{Failed, LinkCommand, Module};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::flags::{compile, lex, resolve};
use twinlto_facts::kbuild::native_path;
use twinlto_verdict::replay::{
    Backend, Cause, InProcess, Proof, Reference, Unseen, linker_option, reference,
};

/// One in-process link and what it is for.
pub(super) struct LinkSite<'a> {
    pub(super) command: &'a LinkCommand,
    /// Every module of the build.
    pub(super) all: &'a [Module],
    /// Those that are replayed.
    pub(super) wanted: &'a [&'a Module],
    /// Their objects.
    pub(super) linked: &'a Linked,
}

impl Context<'_> {
    /// kbuild's object against the reference backend's.
    pub(super) fn compare_backend(
        &self,
        work: &Work<'_>,
        is_distributed: bool,
    ) -> Result<Backend, EngineError> {
        let failed =
            |why: &str| Ok(Backend::Failed { why: why.to_owned(), command: String::new() });
        let module = work.module;
        if let Some(why) = &module.unusable {
            return failed(why);
        }
        let reference = match &work.reference {
            Ok(reference) => reference,
            Err(why) => return failed(why),
        };
        if !is_distributed {
            return Ok(Backend::NotCompared);
        }
        let native = self.dir.join(native_path(&module.name));
        let native = match read_regular(&native) {
            Ok(bytes) => digest(&bytes),
            Err(error) => {
                let name = native_path(&module.name);
                return Ok(Backend::NoNative(format!("{name}: {error}")));
            }
        };
        let ours = match self.backend(module, reference, None)? {
            Ok(ours) => ours,
            Err(Failed { why, command }) => return Ok(Backend::Failed { why, command }),
        };
        if ours.hash == native.hash {
            return Ok(Backend::Same);
        }
        let because = self.why_backend(work, reference, native.hash)?;
        Ok(Backend::Differs { bytes: (native.len, ours.len), because })
    }

    fn why_backend(
        &self,
        work: &Work<'_>,
        ours: &Reference,
        native: [u8; 32],
    ) -> Result<Cause, EngineError> {
        let module = work.module;
        let Some(recorded) = work.facts.back.get() else { return Ok(Cause::NoCommand) };
        let Ok(commands) = lex(&recorded.text) else { return Ok(Cause::NoCommand) };
        let words = compile(&commands).map(|command| command.words.as_slice()).unwrap_or_default();
        let Some(theirs) = reference(words) else { return Ok(Cause::NoCommand) };
        let resolved = resolve(words);
        let Some(index) = resolved.index else { return Ok(Cause::NoIndex) };
        let index = self.dir.join(index);
        // Its own command first: does it make what lies there?
        let index_given = (index != module.index).then_some(index.as_path());
        let again = self.backend(module, &theirs, index_given)?;
        if !again.is_ok_and(|digest| digest.hash == native) {
            let native = self.dir.join(native_path(&module.name));
            let functions = self.functions(module, ours, &native)?.unwrap_or_default();
            return Ok(Cause::NotItsCommand(functions));
        }
        if let Some(changes) = self.changed_options(module, ours, &theirs, &index, native)? {
            return Ok(Cause::Options(changes));
        }
        let native = self.dir.join(native_path(&module.name));
        let functions = self.functions(module, ours, &native)?.unwrap_or_default();
        Ok(Cause::Unknown(functions))
    }

    /// The reference backend's objects against those of in-process code generation.
    pub(super) fn compare_links(
        &self,
        work: &[Work<'_>],
        backends: &[Backend],
        site: &LinkSite<'_>,
        known: &Known,
        tick: &(dyn Fn(&'static str) + Sync),
    ) -> Result<Vec<InProcess>, EngineError> {
        // What differs is looked at again with the bytes at hand.
        let mut files: Option<Linked> = None;
        let first: Vec<InProcess> = work
            .par_iter()
            .zip(backends)
            .zip(&site.linked.digests)
            .map(|((work, backend), linked)| {
                let result = self.compare_link(work, backend, linked, known);
                tick("in-process");
                result
            })
            .collect::<Result<_, _>>()?;
        let mut all = Vec::with_capacity(first.len());
        for (position, (one, work)) in first.into_iter().zip(work).enumerate() {
            let InProcess::Differs { code, options: None, .. } = &one else {
                all.push(one);
                continue;
            };
            let file = match site.linked.file(position) {
                Some(file) => Some(file),
                None => {
                    if files.is_none() {
                        files = self.link(site.command, &[], site.all, site.wanted, true)?.ok();
                    }
                    files.as_ref().and_then(|linked| linked.file(position))
                }
            };
            let mut functions = Vec::new();
            if let (Some(file), Ok(reference)) = (file, &work.reference) {
                let reference = reference.with_sections();
                functions = self.functions(work.module, &reference, &file)?.unwrap_or_default();
            }
            all.push(InProcess::Differs { code: *code, options: None, functions });
        }
        Ok(all)
    }

    fn compare_link(
        &self,
        work: &Work<'_>,
        backend: &Backend,
        linked: &Digest,
        known: &Known,
    ) -> Result<InProcess, EngineError> {
        let (Ok(reference), false) = (&work.reference, matches!(backend, Backend::Failed { .. }))
        else {
            return Ok(InProcess::NotCompared);
        };
        let reference = reference.with_sections();
        let ours = match self.backend(work.module, &reference, None)? {
            Ok(ours) => ours,
            Err(Failed { why, command }) => return Ok(InProcess::Failed { why, command }),
        };
        if ours.hash == linked.hash {
            return Ok(InProcess::Same);
        }
        let options = self.unseen_options(work.module, &reference, linked.hash, known)?;
        Ok(InProcess::Differs {
            code: (ours.code, linked.code),
            options: options.map(|options| options.iter().map(Unseen::text).collect()),
            functions: Vec::new(),
        })
    }

    /// Tries each option that only the backends saw on the linker, and counts.
    pub(super) fn prove(
        &self,
        site: &LinkSite<'_>,
        work: &[Work<'_>],
        found: &[InProcess],
    ) -> Result<Vec<Proof>, EngineError> {
        let mut wanted: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
        for (one, work) in found.iter().zip(work) {
            let (InProcess::Differs { options: Some(options), .. }, Ok(reference)) =
                (one, &work.reference)
            else {
                continue;
            };
            // All of an object's options together, or none: one alone would not do.
            let unseen = reference.unseen_by_lld();
            let words = unseen.iter().filter(|unseen| options.contains(&unseen.text()));
            let linker: Option<Vec<Vec<String>>> =
                words.map(|unseen| linker_option(&unseen.words)).collect();
            if let Some(mut linker) = linker.filter(|linker| linker.len() == options.len()) {
                // Two options may ask the linker for one thing, and it takes most things once.
                let mut seen = BTreeSet::new();
                linker.retain(|words| seen.insert(words.clone()));
                wanted.insert(options.clone(), linker.concat());
            }
        }
        let mut proofs = Vec::new();
        for (options, linker) in wanted {
            let mut proof = Proof {
                options: options.clone(),
                linker: linker.clone(),
                differed: 0,
                identical: 0,
                spoilt: 0,
                failed: None,
            };
            match self.link(site.command, &linker, site.all, site.wanted, false)? {
                Err(failed) => proof.failed = Some(failed.why),
                Ok(linked) => {
                    for ((one, work), digest) in found.iter().zip(work).zip(&linked.digests) {
                        let Ok(reference) = &work.reference else { continue };
                        let ours = self.backend(work.module, &reference.with_sections(), None)?;
                        let same = ours.is_ok_and(|ours| ours.hash == digest.hash);
                        match one {
                            InProcess::Same => proof.spoilt += u64::from(!same),
                            InProcess::Differs { options: Some(own), .. } if *own == options => {
                                proof.differed += 1;
                                proof.identical += u64::from(same);
                            }
                            _ => {}
                        }
                    }
                }
            }
            proofs.push(proof);
        }
        Ok(proofs)
    }
}
