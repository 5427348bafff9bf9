//! The table architecture × layer.

use crate::text::{pad, thousands, width};
use twinlto_model::{Layer, LayerResult, Report};

pub(crate) fn table(report: &Report, columns: usize) -> Vec<String> {
    let results = |layer: Layer| {
        let all = report.twins.iter().flat_map(|twin| &twin.layers);
        all.filter(move |result| result.layer == layer)
    };
    let there = |layer: &Layer| results(*layer).next().is_some();
    let tells = |layer: &Layer| results(*layer).any(|r| r.errors + r.others + r.hidden > 0);
    let mut layers: Vec<Layer> = Layer::ALL.into_iter().filter(there).collect();
    // Where there is little room, what has nothing to tell is told by its count alone.
    let mut spare = SPARE.iter();
    loop {
        let (lines, fits) = lines(report, &layers, columns);
        if fits {
            return lines;
        }
        match spare.find(|layer| layers.contains(layer) && !tells(layer)) {
            Some(layer) => layers.retain(|other| other != layer),
            None => return lines,
        }
    }
}

/// The layers that do without a column first, in this order.
const SPARE: [Layer; 6] =
    [Layer::Diagnostics, Layer::Tables, Layer::Layouts, Layer::Code, Layer::Natives, Layer::Replay];

/// The lines of the table, and whether they fit.
fn lines(report: &Report, layers: &[Layer], columns: usize) -> (Vec<String>, bool) {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let heading = ["", "build"].into_iter().chain(layers.iter().map(|layer| layer.name()));
    rows.push(heading.map(str::to_owned).collect());
    for twin in &report.twins {
        let mut row = vec![twin.arch.to_string(), twin.build.clone()];
        for layer in layers {
            row.push(twin.layers.iter().find(|l| l.layer == *layer).map_or("–".to_owned(), cell));
        }
        rows.push(row);
    }
    let count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..count)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|c| width(c)).max().unwrap_or(0))
        .collect();
    let total: usize = widths.iter().sum();
    let gaps = count.saturating_sub(1);
    let gap = if total + 2 * gaps <= columns { "  " } else { " " };
    let lines = rows
        .iter()
        .map(|row| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(c, w)| pad(c, *w)).collect();
            cells.join(gap).trim_end().to_owned()
        })
        .collect();
    (lines, total + gaps <= columns)
}

/// `596 ✓`, `4 of 596 ✗`, `2 of 41 ~`, `3 hidden`, or `–` for what was not compared.
fn cell(layer: &LayerResult) -> String {
    let all = thousands(layer.compared);
    match layer {
        LayerResult { not_compared: Some(_), errors: 0, .. } => "–".to_owned(),
        LayerResult { errors, compared, .. } if errors > compared => {
            format!("{} ✗", thousands(*errors))
        }
        LayerResult { hidden: hidden @ 1.., errors: 0, .. } => {
            format!("{} hidden", thousands(*hidden))
        }
        LayerResult { errors: errors @ 1.., .. } => format!("{} of {all} ✗", thousands(*errors)),
        LayerResult { compared: 0, others: 0, .. } => "–".to_owned(),
        LayerResult { compared: 0, others, .. } => format!("{} ~", thousands(*others)),
        LayerResult { others: others @ 1.., .. } => format!("{} of {all} ~", thousands(*others)),
        _ => format!("{all} ✓"),
    }
}
