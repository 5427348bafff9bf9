//! The table architecture × layer.

use crate::text::{pad, thousands, width};
use twinlto_model::{Layer, LayerResult, Report};

pub(crate) fn table(report: &Report, columns: usize) -> Vec<String> {
    let rows = chosen(report, |rows| width_of(rows, 1) <= columns);
    let widths = widths(&rows);
    let gap = if width_of(&rows, 2) <= columns { "  " } else { " " };
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(c, w)| pad(c, *w)).collect();
        cells.join(gap).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The rows of the table, its heading first, with as many columns as fit.
pub(crate) fn chosen(report: &Report, fits: impl Fn(&[Vec<String>]) -> bool) -> Vec<Vec<String>> {
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
        let rows = rows(report, &layers);
        if fits(&rows) {
            return rows;
        }
        match spare.find(|layer| layers.contains(layer) && !tells(layer)) {
            Some(layer) => layers.retain(|other| other != layer),
            None => return rows,
        }
    }
}

/// The width of each column.
pub(crate) fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let count = rows.first().map_or(0, Vec::len);
    (0..count)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|c| width(c)).max().unwrap_or(0))
        .collect()
}

/// The width of a line with so much between its columns.
pub(crate) fn width_of(rows: &[Vec<String>], gap: usize) -> usize {
    let widths = widths(rows);
    widths.iter().sum::<usize>() + gap * widths.len().saturating_sub(1)
}

/// The layers that do without a column first, in this order.
const SPARE: [Layer; 7] = [
    Layer::Diagnostics,
    Layer::Files,
    Layer::Tables,
    Layer::Layouts,
    Layer::Code,
    Layer::Natives,
    Layer::Replay,
];

fn rows(report: &Report, layers: &[Layer]) -> Vec<Vec<String>> {
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
    rows
}

/// What `3 hidden` means, where the table says it and nothing else in the report does.
pub(crate) fn legend(report: &Report) -> Option<String> {
    let shown = report.twins.iter().flat_map(|twin| &twin.layers).any(|it| it.hidden > 0);
    let told = report.not_compared.iter().any(|it| it.why.starts_with("hidden"));
    (shown && !told)
        .then(|| "hidden: findings that --only and --ignore leave out of this report".to_owned())
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

#[cfg(test)]
mod tests {
    use crate::made::agreeing;
    use crate::{Style, markdown, terminal};
    use twinlto_model::{Arch, NotCompared};

    #[test]
    fn what_hidden_means_stands_where_it_is_shown() {
        let said = |report: &_| {
            let shown = terminal(report, &Style { columns: 200, ..Style::default() });
            [shown, markdown(report, &[])].map(|text| text.matches("--only and --ignore").count())
        };
        let mut report = agreeing();
        assert_eq!(said(&report), [0, 0]);
        report.twins[0].layers[0].hidden = 1;
        assert_eq!(said(&report), [1, 1]);
        // Once is enough.
        let why = "hidden: left out by --only and --ignore".to_owned();
        report.not_compared =
            vec![NotCompared { arch: Arch::Arm64, what: "1 finding".into(), why }];
        assert_eq!(said(&report), [1, 1]);
    }
}
