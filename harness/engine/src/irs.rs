//! The IR objects of two builds, read and held against each other.

use crate::fs::{read_regular, read_text, same_files};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::{Depends, cmd_path};
use twinlto_model::{Account, Layer};
use twinlto_verdict::{IrDifference, IrPair, IrSame, LayerVerdict, Sides, Verdict, irs};

/// Compares the IR objects that both builds have, into the layer of the artefacts.
pub(crate) fn judge(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts, verdict: &mut Verdict) {
    take_in(compared(sides, a, b), verdict);
}

/// What the layer of the artefacts gets and its account, where both builds have IR objects.
pub(crate) type Found = Option<(LayerVerdict, Account)>;

pub(crate) fn take_in(found: Found, verdict: &mut Verdict) {
    if let Some((layer, account)) = found {
        add(layer, &mut verdict.layers);
        verdict.coverage.push(account);
    }
}

/// Compares the IR objects that both builds have.
pub(crate) fn compared(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Found {
    let names: Vec<&String> =
        a.objects.keys().filter(|name| b.objects.contains_key(*name)).collect();
    if names.is_empty() {
        return None;
    }
    let pair = |name: &&String| IrPair { object: (*name).clone(), same: compare(a, b, name) };
    let pairs: Vec<IrPair> = names.par_iter().map(pair).collect();
    Some(irs(sides, a, b, &pairs))
}

/// Joins what was found to the layer of the artefacts, or makes that layer.
fn add(found: LayerVerdict, layers: &mut Vec<LayerVerdict>) {
    match layers.iter_mut().find(|layer| layer.layer == Layer::Artefacts) {
        Some(layer) => layer.join(found),
        None => layers.push(found),
    }
}

fn path(facts: &BuildFacts, name: &str) -> PathBuf {
    Path::new(&facts.directory).join(name)
}

fn compare(a: &BuildFacts, b: &BuildFacts, name: &str) -> IrSame {
    let (left, right) = (path(a, name), path(b, name));
    let same = same_files(&left, &right).map(|both| both.is_same);
    let bytes = || Ok::<_, std::io::Error>((read_regular(&left)?, read_regular(&right)?));
    match same {
        Ok(true) => IrSame::Identical,
        Ok(false) => match bytes() {
            Ok(bytes) => IrSame::Different(Box::new(explain((a, b), name, bytes))),
            Err(error) => IrSame::Unreadable(format!("{name}: {error}")),
        },
        Err(error) => IrSame::Unreadable(format!("{name}: {error}")),
    }
}

/// Everything that the records of both builds tell of the making of one object.
fn explain(
    (a, b): (&BuildFacts, &BuildFacts),
    name: &str,
    bytes: (Vec<u8>, Vec<u8>),
) -> IrDifference {
    let depends = |facts: &BuildFacts| {
        let text = read_text(&path(facts, &cmd_path(name))).unwrap_or_default();
        Depends::parse(&String::from_utf8_lossy(&text))
    };
    let (ours, theirs) = (depends(a), depends(b));
    let asks = asks(a, b, &ours).or_else(|| asks(b, a, &theirs));
    let headers = ours
        .includes
        .iter()
        // What a build generates it names from its own directory.
        .filter(|include| !include.starts_with('/'))
        .filter(|include| differs(&path(a, include), &path(b, include)))
        // It holds every symbol there is: which of them matters, the dependencies say.
        .filter(|include| !include.ends_with("include/generated/autoconf.h"))
        .cloned()
        .collect();
    let length = |facts: &BuildFacts| {
        let header = std::fs::metadata(path(facts, "include/generated/autoconf.h")).ok()?;
        i64::try_from(header.len()).ok()
    };
    let shift = length(b).zip(length(a)).map(|(theirs, ours)| theirs - ours);
    IrDifference { bytes, depends: (ours, theirs), asks, headers, shift }
}

fn differs(left: &Path, right: &Path) -> bool {
    match (read_text(left), read_text(right)) {
        (Ok(left), Ok(right)) => left != right,
        (Err(_), Err(_)) => false,
        _ => true,
    }
}

/// The first file of an object that names a symbol which differs between the builds, with its line.
fn asks(
    facts: &BuildFacts,
    other: &BuildFacts,
    depends: &Depends,
) -> Option<(String, usize, String)> {
    let symbols = twinlto_verdict::symbols_in_question(facts, other, depends);
    let files = depends.source.iter().chain(&depends.includes);
    let files: Vec<&String> =
        files.filter(|file| !file.starts_with("include/generated/")).collect();
    symbols.iter().find_map(|symbol| {
        files.iter().find_map(|file| {
            let text = read_text(&path(facts, file)).ok()?;
            let line = line_that_names(&String::from_utf8_lossy(&text), symbol)?;
            let tree = facts.source.as_deref().unwrap_or_default();
            let shown =
                file.strip_prefix(tree).map_or(file.as_str(), |it| it.trim_start_matches('/'));
            Some((shown.to_owned(), line, symbol.clone()))
        })
    })
}

/// The number of the first line that names a symbol, whole: `CONFIG_A`, and not `CONFIG_A_B`.
fn line_that_names(text: &str, symbol: &str) -> Option<usize> {
    let name = format!("CONFIG_{symbol}");
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = |line: &str| {
        line.match_indices(&name).any(|(at, _)| {
            let (before, rest) = line.split_at(at);
            let after = rest.strip_prefix(&name).unwrap_or_default();
            // `IS_MODULE(CONFIG_A)` asks for CONFIG_A_MODULE.
            !before.ends_with(goes_on) && !after.starts_with(goes_on)
        })
    };
    text.lines().position(names).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_named_whole() {
        let text = "x CONFIG_LTO_CLANG_THIN_DIST\n#ifdef XCONFIG_LTO_CLANG_THIN\n\
                    #if IS_ENABLED(CONFIG_LTO_CLANG_THIN)\n";
        assert_eq!(line_that_names(text, "LTO_CLANG_THIN"), Some(3));
        assert_eq!(line_that_names(text, "LTO_CLANG_THIN_DIST"), Some(1));
        assert_eq!(line_that_names(text, "LTO"), None);
    }
}
