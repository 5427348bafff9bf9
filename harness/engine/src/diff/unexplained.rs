//! Two files that are not the same, and of which no layer tells in what they differ.

use super::DiffRequest;
use crate::error::EngineError;
use crate::fs::read_regular;
use twinlto_facts::elf::Image;
use twinlto_model::{Layer, NotCompared, Severity};
use twinlto_verdict::{LayerVerdict, Sides, Verdict, canonical};

/// Says so where both files differ and no layer has found anything: as a finding where loaded
/// sections or the tables of the file differ, else as what was not compared.
///
/// # Errors
///
/// When a file cannot be read again.
pub(super) fn judge(
    request: &DiffRequest,
    sides: Sides<'_>,
    verdict: &mut Verdict,
) -> Result<Option<NotCompared>, EngineError> {
    if sides.modes || verdict.layers.iter().any(|layer| !layer.findings.is_empty()) {
        return Ok(None);
    }
    let read = |path| read_regular(path).map_err(|error| EngineError::io("read", path, &error));
    let (left, right) = (read(&request.a)?, read(&request.b)?);
    if left == right {
        return Ok(None);
    }
    let differing = sections(&left, &right).unwrap_or_default();
    let names: Vec<&str> = differing.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(", ");
    if !differing.is_empty() && differing.iter().all(|(_, is_loaded)| !is_loaded) {
        return Ok(Some(NotCompared {
            arch: sides.arch,
            what: format!("contents of {names}, which differ"),
            why: "they are not loaded, and what is read of them is the same".to_owned(),
        }));
    }
    let place = match names.as_str() {
        "" => "the headers or the order of the file".to_owned(),
        names => names.to_owned(),
    };
    let bytes = |file: &[u8]| format!("{} bytes", file.len());
    let finding = sides
        .finding("file.changed", Severity::Warning, &place, bytes(&left), bytes(&right))
        .not_because("anything that a layer compares: all of that is the same");
    let layer =
        LayerVerdict { compared: 1, findings: vec![finding], ..LayerVerdict::new(Layer::Files) };
    verdict.layers.push(layer);
    Ok(None)
}

/// The same of two bitcode files: whatever no reader told is told by its place.
pub(super) fn bitcode(sides: Sides<'_>, (left, right): (&[u8], &[u8]), verdict: &mut Verdict) {
    if left == right || verdict.layers.iter().any(|layer| !layer.findings.is_empty()) {
        return;
    }
    let first = left.iter().zip(right).position(|(x, y)| x != y);
    let place = match first {
        Some(at) => format!("contents from byte {at:#x} on"),
        None => "the end of the file".to_owned(),
    };
    let bytes = |file: &[u8]| format!("{} bytes", file.len());
    let finding = sides
        .finding("file.changed", Severity::Warning, &place, bytes(left), bytes(right))
        .not_because(
            "symbols, flags, targets and hashes: these are the same; llvm-dis shows the rest",
        );
    let layer =
        LayerVerdict { compared: 1, findings: vec![finding], ..LayerVerdict::new(Layer::Files) };
    verdict.layers.push(layer);
}

/// The sections whose bytes differ, and whether they are loaded; none where the files have other
/// sections.
fn sections(left: &[u8], right: &[u8]) -> Option<Vec<(String, bool)>> {
    let (left, right) = (Image::outline(left).ok()?, Image::outline(right).ok()?);
    if left.sections.len() != right.sections.len() {
        return None;
    }
    let pairs = left.sections.iter().zip(&right.sections).enumerate();
    let differing = pairs.filter(|(index, (a, b))| {
        canonical(&a.name).name != canonical(&b.name).name
            || left.data(*index) != right.data(*index)
    });
    Some(differing.map(|(_, (a, _))| (a.name.clone().into_owned(), a.flags.alloc())).collect())
}
