//! Which mutants a run tries: every kind of place in its turn, and within a kind at random.

use super::files::{self, File};
use super::{Choice, Damage, Place};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::collections::BTreeMap;
use std::path::Path;

/// A generator that depends on nothing but these.
pub(crate) fn generator(seed: u64, salt: &str) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    for (at, byte) in salt.bytes().enumerate() {
        let slot = &mut bytes[8 + at % 24];
        *slot = slot.rotate_left(3) ^ byte;
    }
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

fn below(rng: &mut TestRng, end: usize) -> usize {
    (rng.next_u64() % end as u64) as usize
}

/// The places of one kind in all files of one kind.
pub(crate) struct Stratum {
    /// `vmlinux`
    pub(crate) kind: String,
    /// `symbol value, global function`
    pub(crate) what: String,
    /// Index of the file, and the place.
    pub(crate) places: Vec<(usize, Place)>,
}

/// The files of one build, and what can be damaged in them.
pub(crate) struct Sampled {
    pub(crate) files: Vec<File>,
    pub(crate) strata: Vec<Stratum>,
}

/// Everything of a build that can be damaged, where `wanted` takes the kind of file and of place.
pub(crate) fn of_build(build: &Path, wanted: &dyn Fn(&str, &str) -> bool) -> Sampled {
    let files = files::of_build(build);
    let mut strata: BTreeMap<(String, String), Vec<(usize, Place)>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let bytes = std::fs::read(build.join(&file.path)).unwrap();
        for place in files::places(file, &bytes) {
            if wanted(&file.kind, &place.what) {
                let key = (file.kind.clone(), place.what.clone());
                strata.entry(key).or_default().push((index, place));
            }
        }
    }
    let stratum = |((kind, what), places)| Stratum { kind, what, places };
    Sampled { files, strata: strata.into_iter().map(stratum).collect() }
}

/// One of the places of a stratum.
pub(crate) fn choose<'a>(stratum: &'a Stratum, rng: &mut TestRng) -> &'a (usize, Place) {
    &stratum.places[below(rng, stratum.places.len())]
}

/// The order in which strata are visited.
pub(crate) fn shuffle<T>(items: &mut [T], rng: &mut TestRng) {
    for at in (1..items.len()).rev() {
        items.swap(at, below(rng, at + 1));
    }
}

/// Turns in an order in which those of a kind that has few do not wait for all of a kind that has
/// many: in any part of it, each kind has as many as the square root of all that it has.
pub(crate) fn spread<T>(turns: Vec<T>, kind: impl Fn(&T) -> String) -> Vec<T> {
    let mut kinds: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for turn in turns {
        kinds.entry(kind(&turn)).or_default().push(turn);
    }
    let mut timed = Vec::new();
    for turns in kinds.into_values() {
        let share = (turns.len() as f64).sqrt();
        timed.extend(
            turns.into_iter().enumerate().map(|(at, turn)| ((at as f64 + 0.5) / share, turn)),
        );
    }
    timed.sort_by(|a, b| a.0.total_cmp(&b.0));
    timed.into_iter().map(|(_, turn)| turn).collect()
}

/// A damage of a place. A bit near the start of a field is taken as often as one anywhere: bits
/// far up make an offset of the size of a continent, which is the easy case.
pub(crate) fn damage(place: &Place, bytes: &[u8], rng: &mut TestRng) -> Option<Damage> {
    match &place.choice {
        Choice::Replace { at, with } => {
            let same = &bytes[at.clone()] == with.as_slice();
            let told = String::from_utf8_lossy(with).chars().take(40).collect::<String>();
            let told = format!("{}: {told:?}", at.start);
            (!same).then(|| Damage { at: at.clone(), with: with.clone(), told })
        }
        Choice::Bit { at, mask } => {
            let letters = *mask == 0x01;
            let mut candidates: Vec<usize> =
                at.clone().filter(|at| !letters || bytes[*at].is_ascii_alphanumeric()).collect();
            if !letters && rng.next_u64().is_multiple_of(2) && at.len() <= 8 {
                candidates.truncate(2);
            }
            let bits: Vec<u8> = (0..8).filter(|bit| mask & 1 << bit != 0).collect();
            if candidates.is_empty() {
                return None;
            }
            let at = candidates[below(rng, candidates.len())];
            let bit = bits[below(rng, bits.len())];
            let with = bytes[at] ^ 1 << bit;
            let told = format!("{at:#x}: {:#04x} -> {with:#04x}", bytes[at]);
            Some(Damage { at: at..at + 1, with: vec![with], told })
        }
    }
}
