use crate::fs::read_regular;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use twinlto_facts::build::{ObjectFacts, OwnLevel};
use twinlto_facts::elf::{Image, SymbolKind};
use twinlto_facts::kbuild::native_path;

/// Objects whose backend is given another `-O` than most, with the functions of their native objects.
pub(super) fn read(
    dir: &Path,
    objects: &BTreeMap<String, ObjectFacts>,
) -> BTreeMap<String, OwnLevel> {
    let levels: Vec<(&String, &str)> =
        objects.iter().filter_map(|(name, object)| Some((name, level(object)?))).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, level) in &levels {
        *counts.entry(level).or_default() += 1;
    }
    let Some((usual, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else {
        return BTreeMap::new();
    };
    let own: Vec<_> = levels.into_iter().filter(|(_, level)| *level != usual).collect();
    let read = own.par_iter().filter_map(|(name, level)| {
        let bytes = read_regular(&dir.join(native_path(name))).ok()?;
        let image = Image::parse(&bytes).ok()?;
        let functions = image.symbols.iter().filter(|it| it.kind == SymbolKind::Func);
        let functions = functions.map(|it| it.name.clone().into_owned()).collect();
        Some(((*name).clone(), OwnLevel { level: (*level).to_owned(), functions }))
    });
    read.collect()
}

/// The last `-O` of the backend's command, which is the one that counts.
fn level(object: &ObjectFacts) -> Option<&str> {
    let words = object.back.get()?.text.split_ascii_whitespace();
    words.rev().find(|word| word.starts_with("-O") && word.len() == 3)
}
