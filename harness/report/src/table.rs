//! The table architecture × layer.

use crate::text::{pad, thousands, width};
use twinlto_model::{Layer, LayerResult, Report};

pub(crate) fn table(report: &Report, columns: usize) -> Vec<String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let is_there = |layer: &Layer| {
        report.twins.iter().flat_map(|twin| &twin.layers).any(|result| result.layer == *layer)
    };
    let layers: Vec<Layer> = Layer::ALL.into_iter().filter(is_there).collect();
    let heading = ["", "build"].into_iter().chain(layers.iter().map(|layer| layer.name()));
    rows.push(heading.map(str::to_owned).collect());
    for twin in &report.twins {
        let mut row = vec![twin.arch.to_string(), twin.build.clone()];
        for layer in &layers {
            row.push(twin.layers.iter().find(|l| l.layer == *layer).map_or("–".to_owned(), cell));
        }
        rows.push(row);
    }
    let count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..count)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|c| width(c)).max().unwrap_or(0))
        .collect();
    let total: usize = widths.iter().sum();
    let gap = if total + 2 * (count.saturating_sub(1)) <= columns { "  " } else { " " };
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(c, w)| pad(c, *w)).collect();
            cells.join(gap).trim_end().to_owned()
        })
        .collect()
}

/// `596 ✓`, `4 of 596 ✗`, `2 of 41 ~`, or `–` for what was not compared.
fn cell(layer: &LayerResult) -> String {
    let all = thousands(layer.compared);
    match layer {
        LayerResult { not_compared: Some(_), errors: 0, .. } => "–".to_owned(),
        LayerResult { errors, compared, .. } if errors > compared => {
            format!("{} ✗", thousands(*errors))
        }
        LayerResult { errors: errors @ 1.., .. } => format!("{} of {all} ✗", thousands(*errors)),
        LayerResult { others: others @ 1.., .. } => format!("{} of {all} ~", thousands(*others)),
        _ => format!("{all} ✓"),
    }
}
