//! Objects that are native in both builds, read and held against each other.

use crate::fs::{read_regular, same_files};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use twinlto_facts::build::{BuildFacts, NativeRole};
use twinlto_facts::elf::{Image, ObjectKind, kind, parts};
use twinlto_facts::kbuild::{Depends, cmd_path, native_path, normalize_path};
use twinlto_model::Account;
use twinlto_verdict::{
    BUILDER, Difference, LayerVerdict, NativePair, Places, Sameness, Sides, Surroundings, Verdict,
    difference, native_account, places,
};

/// Compares what is native in both builds, and adds the layer and its accounts to the verdict.
pub(crate) fn add(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts, verdict: &mut Verdict) {
    take_in(compared(sides, a, b), verdict);
}

/// The layer and its accounts, where there is something to compare.
pub(crate) type Found = Option<(LayerVerdict, Vec<Account>)>;

pub(crate) fn take_in(found: Found, verdict: &mut Verdict) {
    if let Some((layer, accounts)) = found {
        verdict.layers.push(layer);
        verdict.coverage.extend(accounts);
    }
}

/// Compares what is native in both builds.
pub(crate) fn compared(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Found {
    let both = [a, b].map(|facts| facts.mode.is_some_and(|mode| !mode.is_linkers()));
    // Of two builds of one mode, what the backends made is compared with --object.
    let backends = both == [true, true] && a.mode != b.mode;
    let comparison = Comparison { a, b, places: places(a, b), compared: Mutex::default() };
    let pairs = comparison.pairs(backends);
    if pairs.is_empty() {
        return None;
    }
    let layer = twinlto_verdict::natives(sides, &pairs, &comparison.places);
    Some((layer, native_account(sides, a, b, &pairs)))
}

struct Comparison<'f> {
    a: &'f BuildFacts,
    b: &'f BuildFacts,
    places: Places,
    /// Files that sources include, and whether they differ: many objects include the same.
    compared: Mutex<BTreeMap<PathBuf, bool>>,
}

impl Comparison<'_> {
    fn pairs(&self, backends: bool) -> Vec<NativePair> {
        let names: BTreeSet<&String> = self.a.natives.keys().chain(self.b.natives.keys()).collect();
        let of_natives = names.into_par_iter().filter_map(|name| self.pair(name));
        let mut pairs: Vec<NativePair> = of_natives.collect();
        if backends {
            let both = self.a.objects.keys().filter(|name| self.b.objects.contains_key(*name));
            let both: Vec<&String> = both.collect();
            pairs.par_extend(both.into_par_iter().map(|name| NativePair {
                object: name.clone(),
                role: NativeRole::Backend,
                same: self.same(&native_path(name)),
            }));
        }
        let differ: BTreeSet<String> = pairs
            .iter()
            .filter(|pair| matches!(pair.same, Sameness::Different { .. }))
            .map(|pair| pair.object.clone())
            .collect();
        for pair in &mut pairs {
            if let Sameness::Different { around, .. } = &mut pair.same
                && pair.role != NativeRole::Backend
            {
                **around = self.around(&pair.object, &differ);
                if around.only_the_builder_differs(&self.places) {
                    pair.same = Sameness::Lawful(vec![BUILDER]);
                }
            }
        }
        pairs
    }

    fn pair(&self, name: &str) -> Option<NativePair> {
        let (ours, theirs) = (self.a.natives.get(name), self.b.natives.get(name));
        let role = ours.or(theirs)?.role;
        let same = match (ours, theirs) {
            (Some(_), Some(_)) => self.same(name),
            (one, _) => self.lost(name, role, one.is_some())?,
        };
        Some(NativePair { object: name.to_owned(), role, same })
    }

    /// What one side alone has. A module is named by the layer of the symbols, an object that is
    /// bitcode on the other side by that of the artefacts, and what they are made from with them.
    fn lost(&self, name: &str, role: NativeRole, left: bool) -> Option<Sameness> {
        let other = if left { self.b } else { self.a };
        // A module's object or one of `vmlinux`, which is another kind of file in one build.
        let kind = other.other_objects.get(name).and_then(|file| file.kind.clone());
        if let Some(kind) = kind.filter(|kind| !matches!(kind, ObjectKind::Elf(_))) {
            let (here, there) = ("an ELF object".to_owned(), kind.to_string());
            return Some(if left {
                Sameness::Lost { left: here, right: there }
            } else {
                Sameness::Lost { left: there, right: here }
            });
        }
        let is_listed = other.other_objects.contains_key(name) || other.objects.contains_key(name);
        let nothing = other.other_objects.is_empty() && other.objects.is_empty();
        if role != NativeRole::Member || is_listed || nothing {
            return None;
        }
        let (here, gone) = ("linked".to_owned(), "not there".to_owned());
        Some(if left {
            Sameness::Lost { left: here, right: gone }
        } else {
            Sameness::Lost { left: gone, right: here }
        })
    }

    fn same(&self, name: &str) -> Sameness {
        self.sameness(name).unwrap_or_else(Sameness::Unreadable)
    }

    fn sameness(&self, name: &str) -> Result<Sameness, String> {
        let path = |facts: &BuildFacts| Path::new(&facts.directory).join(name);
        let why = |error: std::io::Error| format!("{name}: {error}");
        let (left, right) = (path(self.a), path(self.b));
        if same_files(&left, &right).map_err(why)?.is_same {
            return Ok(Sameness::Identical);
        }
        let (left, right) = (read_regular(&left).map_err(why)?, read_regular(&right).map_err(why)?);
        let what = match (relocatable(&left), relocatable(&right)) {
            (Some(x), Some(y)) => {
                let mut what = difference(&parts(&x), &parts(&y), &self.places);
                if what.parts.is_empty() && what.rules.is_empty() {
                    // A name of the source in the table of symbols moves all behind it.
                    if self.places.stand_in(&left, &right) {
                        what.rules.insert("file-layout");
                    } else {
                        what.parts.push("its ELF headers or tables of symbols".to_owned());
                    }
                }
                what
            }
            _ => Difference::default(),
        };
        if what.parts.is_empty() && !what.rules.is_empty() {
            return Ok(Sameness::Lawful(what.rules.into_iter().collect()));
        }
        let bytes = (left.len() as u64, right.len() as u64);
        Ok(Sameness::Different { bytes, what, around: Box::default() })
    }

    /// What the records say of an object that differs.
    fn around(&self, name: &str, differ: &BTreeSet<String>) -> Surroundings {
        let records = [self.a, self.b].map(|facts| Record::read(facts, name));
        let [ours, theirs] = &records;
        let objects = [self.a, self.b].map(|facts| facts.natives.get(name));
        let made_from = objects.iter().flatten().flat_map(|object| object.made_from.iter());
        let differs = |symbol: &&String| self.a.config.get(symbol) != self.b.config.get(symbol);
        let alone = |one: &Record, other: &Record| {
            one.files.keys().filter(|file| !other.files.contains_key(*file)).cloned().collect()
        };
        let both =
            ours.files.iter().filter_map(|(file, x)| Some((file, x, theirs.files.get(file)?)));
        Surroundings {
            commands: objects.map(|it| Some(it?.command.as_ref()?.text.clone())),
            symbols: ours.symbols.union(&theirs.symbols).filter(differs).cloned().collect(),
            files: both
                .filter(|(_, x, y)| self.differ(x, y))
                .map(|(file, ..)| file.clone())
                .collect(),
            included: [alone(ours, theirs), alone(theirs, ours)],
            members: made_from.filter(|file| differ.contains(*file)).cloned().collect(),
        }
    }

    /// Whether two files have other bytes; one that is gone since has none.
    fn differ(&self, x: &Path, y: &Path) -> bool {
        if x == y {
            return false;
        }
        let known = self.compared.lock().ok().and_then(|compared| compared.get(x).copied());
        known.unwrap_or_else(|| {
            let differ = read_regular(x).ok() != read_regular(y).ok();
            if let Ok(mut compared) = self.compared.lock() {
                compared.insert(x.to_owned(), differ);
            }
            differ
        })
    }
}

fn relocatable(bytes: &[u8]) -> Option<Image<'_>> {
    match kind(bytes) {
        ObjectKind::Elf(ident) if ident.is_relocatable() => Image::parse(bytes).ok(),
        _ => None,
    }
}

/// What the `.cmd` file of an object says beside its command.
#[derive(Default)]
struct Record {
    /// Configuration symbols that fixdep found in its sources.
    symbols: BTreeSet<String>,
    /// Its sources and headers by a name that is the same in both builds, and where they lie.
    files: BTreeMap<String, PathBuf>,
}

impl Record {
    fn read(facts: &BuildFacts, name: &str) -> Self {
        let dir = Path::new(&facts.directory);
        let text = read_regular(&dir.join(cmd_path(name))).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let symbols = text.split("$(wildcard include/config/").skip(1);
        let symbols = symbols.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
        let depends = Depends::parse(&text);
        let all = depends.source.iter().chain(&depends.includes);
        let files = all.map(|path| (general(facts, path), dir.join(path)));
        Self { symbols: symbols.collect(), files: files.collect() }
    }
}

/// A path as it is called in any build of the kernel.
fn general(facts: &BuildFacts, path: &str) -> String {
    let roots = [Some(facts.directory.as_str()), facts.source.as_deref()];
    let below = roots
        .into_iter()
        .flatten()
        .find_map(|root| path.strip_prefix(root)?.strip_prefix('/').and_then(normalize_path));
    below.or_else(|| normalize_path(path)).unwrap_or_else(|| path.to_owned())
}
