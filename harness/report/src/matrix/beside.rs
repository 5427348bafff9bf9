use super::named;
use crate::style::Style;
use crate::text::{safe, wrap};
use std::collections::BTreeMap;
use twinlto_model::{CellState, MatrixCell, MatrixReport};

/// What is to be said beside the tables: warnings, and what is in no cell or could be none.
pub(super) fn beside(report: &MatrixReport, style: &Style) -> Vec<String> {
    let mut warnings = Reasons::new();
    for (cell, result) in report.cells.iter().filter_map(|cell| Some((cell, cell.result()?))) {
        for warning in &result.warnings {
            warnings.entry(warning).or_default().push(cell);
        }
    }
    let told = warnings.into_iter().map(|(what, cells)| format!("{what}: {}", some(&cells)));
    let mut lines = paragraphs(told, style);
    lines.extend(impossible(report, style));
    lines.extend(unmatched(report, style));
    lines
}

/// Cells by what is said of them.
type Reasons<'a> = BTreeMap<&'a str, Vec<&'a MatrixCell>>;

/// Why cells cannot be built, those with one reason together.
pub(super) fn impossible(report: &MatrixReport, style: &Style) -> Vec<String> {
    let mut reasons = Reasons::new();
    for cell in &report.cells {
        if let CellState::Impossible { why } = &cell.state {
            reasons.entry(why).or_default().push(cell);
        }
    }
    let told =
        reasons.into_iter().map(|(why, cells)| format!("impossible: {}: {why}", some(&cells)));
    paragraphs(told, style)
}

/// Words of the matrix for which there is no toolchain.
pub(super) fn unmatched(report: &MatrixReport, style: &Style) -> Vec<String> {
    let words = report.unmatched.join(", ");
    let told = (!words.is_empty()).then(|| format!("no toolchain is there for: {words}"));
    paragraphs(told, style)
}

/// The first of some cells, and how many more there are.
fn some(cells: &[&MatrixCell]) -> String {
    const SHOWN: usize = 3;
    let more = cells.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(", +{more}") } else { String::new() };
    let first: Vec<String> = cells.iter().take(SHOWN).map(|cell| named(cell).join(" · ")).collect();
    format!("{}{more}", first.join(", "))
}

/// Each behind a blank line.
fn paragraphs(texts: impl IntoIterator<Item = String>, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for text in texts {
        lines.push(String::new());
        lines.extend(wrap(&safe(&text), style.columns));
    }
    lines
}
