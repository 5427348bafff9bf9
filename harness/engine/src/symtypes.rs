//! Why CRCs changed: genksyms is run once more on both sides, and its types are compared.
//!
//! Nothing is written into a build directory or a source tree: the preprocessor writes into a pipe
//! and genksyms into a directory of ours.

mod side;

use crate::error::EngineError;
use crate::process::interrupted;
use rayon::prelude::*;
use side::{Dump, Side};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::{Crc, Symtypes};
use twinlto_model::Event;
use twinlto_verdict::{Explained, Sides, Unexplained, Verdict, type_changes};

/// Finds out which types changed the CRCs that differ between two sides, and says so in the
/// verdict; where that cannot be known, it says why.
///
/// # Errors
///
/// Only when the user interrupts.
pub(crate) fn explain(
    sides: Sides<'_>,
    (a, b): (&BuildFacts, &BuildFacts),
    verdict: &mut Verdict,
    events: &mut dyn FnMut(Event),
) -> Result<(), EngineError> {
    let mut exports = verdict.changed_crcs();
    // 0 is what modpost writes where it found no CRC; no type makes it.
    let is_made = |facts: &BuildFacts, export: &String| {
        let crc = facts.symvers.get().and_then(|list| Some(list.exports.get(export)?.crc));
        crc.is_none_or(|crc| crc.0 != 0)
    };
    exports.retain(|export| is_made(a, export) && is_made(b, export));
    if exports.is_empty() {
        return Ok(());
    }
    let explained = match (Side::open(sides.left, a), Side::open(sides.right, b)) {
        (Ok(left), Ok(right)) => {
            let job = Job { left: &left, right: &right, exports: &exports };
            job.run(sides, events)?
        }
        (Err(why), _) | (_, Err(why)) => {
            exports.iter().map(|export| (export.clone(), Err(why.clone()))).collect()
        }
    };
    verdict.explain_crcs(&explained);
    Ok(())
}

struct Job<'a> {
    left: &'a Side<'a>,
    right: &'a Side<'a>,
    exports: &'a BTreeSet<String>,
}

/// The object of an export on each side.
type Objects<'a> = (&'a str, &'a str);

impl Job<'_> {
    fn run(
        &self,
        sides: Sides<'_>,
        events: &mut dyn FnMut(Event),
    ) -> Result<BTreeMap<String, Explained>, EngineError> {
        let mut explained = BTreeMap::new();
        let mut pairs: BTreeMap<Objects<'_>, Vec<&str>> = BTreeMap::new();
        for export in self.exports {
            match (self.left.object_of(export), self.right.object_of(export)) {
                (Ok(left), Ok(right)) => pairs.entry((left, right)).or_default().push(export),
                (Err(why), _) | (_, Err(why)) => {
                    explained.insert(export.clone(), Err(why));
                }
            }
        }
        let of = pairs.len();
        let pairs: Vec<_> = pairs.into_iter().collect();
        let (sender, receiver) = mpsc::channel();
        // The workers count, and this thread alone reports.
        let results: Vec<BTreeMap<String, Explained>> = std::thread::scope(|scope| {
            let workers = scope.spawn(move || {
                let one = |(objects, exports): &(Objects<'_>, Vec<&str>)| {
                    let result = self.pair(*objects, exports);
                    let _nobody_listens = sender.send(());
                    result
                };
                pairs.par_iter().map(one).collect()
            });
            for (done, ()) in receiver.iter().enumerate() {
                events(Event::Progress {
                    arch: sides.arch,
                    mode: None,
                    what: "types of changed exports, object",
                    done: done + 1,
                    of: Some(of),
                });
            }
            workers.join().unwrap_or_default()
        });
        if interrupted() {
            return Err(EngineError::interrupted());
        }
        explained.extend(results.into_iter().flatten());
        Ok(explained)
    }

    /// All exports of one object.
    fn pair(&self, (left, right): Objects<'_>, exports: &[&str]) -> BTreeMap<String, Explained> {
        let all = |why: &Unexplained| {
            exports.iter().map(|export| ((*export).to_owned(), Err(why.clone()))).collect()
        };
        if interrupted() {
            return all(&Unexplained::new("the run was stopped"));
        }
        let dumps = self.left.dump(left).and_then(|a| Ok((a, self.right.dump(right)?)));
        let (ours, theirs) = match &dumps {
            Ok((ours, theirs)) => (ours, theirs),
            Err(why) => return all(why),
        };
        let (a, b) = (Symtypes::parse(&ours.types), Symtypes::parse(&theirs.types));
        let changes = type_changes(&a, &b, exports.iter().copied());
        let explained = |(export, list): (&str, _)| {
            let trusted = trust(self.left, left, ours, export)
                .and_then(|()| trust(self.right, right, theirs, export));
            (export.to_owned(), trusted.map(|()| list))
        };
        changes.into_iter().map(explained).collect()
    }
}

/// Types explain a CRC only if genksyms makes that same CRC of them today.
fn trust(side: &Side<'_>, object: &str, dump: &Dump, export: &str) -> Result<(), Unexplained> {
    let recorded = side.crc_of(export);
    let today = dump.crcs.get(export).copied();
    if today.is_some() && today == recorded {
        return Ok(());
    }
    let word = |crc: Option<Crc>| crc.map_or_else(|| "none".to_owned(), |crc| crc.to_string());
    let why = format!(
        "the sources or the compiler are no longer those of {}: genksyms now makes other CRCs",
        side.name
    );
    let example = format!("{export} of {object}: {}, not {}", word(today), word(recorded));
    Err(Unexplained::new(why).shown_by(example))
}
