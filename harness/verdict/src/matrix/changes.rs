use crate::merge::merge;
use crate::records::compare_records;
use std::collections::BTreeMap;
use twinlto_model::{CellId, ColumnChange, Finding, Modes, NumberChange, Report};

/// One cell that was checked.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Which.
    pub id: &'a CellId,
    /// What was reported.
    pub report: &'a Report,
}

/// Numbers that say something by themselves, and by how much they must differ to be worth a line, in
/// percent. What every compiler counts otherwise, such as symbols, is not among them.
const NUMBERS: [(&str, u64); 10] = [
    ("ir_objects", 0),
    ("native_objects", 0),
    ("exports", 0),
    ("kcrctab_entries", 0),
    ("initcalls", 0),
    ("modules", 0),
    ("undefined_symbols", 0),
    ("promoted_symbols", 20),
    ("text_bytes", 3),
    ("image_bytes", 3),
];

/// What changed from one toolchain to the next, of the same kernel, configuration and modes. `cells`
/// stand in the order of their toolchains. Architectures that changed alike are told together.
#[must_use]
pub fn changes(cells: &[Column<'_>]) -> Vec<ColumnChange> {
    let mut rows: BTreeMap<(&str, &str, Modes, String), Vec<Column<'_>>> = BTreeMap::new();
    for cell in cells {
        let arch = cell.id.arch.to_string();
        let place = (cell.id.kernel.as_str(), cell.id.config.as_str(), cell.id.modes, arch);
        rows.entry(place).or_default().push(*cell);
    }
    let mut found: Vec<ColumnChange> = Vec::new();
    for row in rows.values() {
        for (before, after) in row.iter().zip(row.iter().skip(1)) {
            let change = between(before, after);
            let same = |known: &&mut ColumnChange| {
                (&known.kernel, &known.config, known.modes, &known.from, &known.to)
                    == (&change.kernel, &change.config, change.modes, &change.from, &change.to)
            };
            match found.iter_mut().find(same) {
                Some(known) => {
                    known.numbers.extend(change.numbers);
                    known.new.extend(change.new);
                    known.fixed.extend(change.fixed);
                }
                None => found.push(change),
            }
        }
    }
    for change in &mut found {
        change.new = merge(std::mem::take(&mut change.new));
        change.fixed = merge(std::mem::take(&mut change.fixed));
    }
    found.retain(|it| !(it.numbers.is_empty() && it.new.is_empty() && it.fixed.is_empty()));
    found
}

fn between(before: &Column<'_>, after: &Column<'_>) -> ColumnChange {
    let diff = compare_records(before.report, after.report);
    // Sizes of sections differ with every compiler in both modes alike.
    let telling = |list: Vec<Finding>| -> Vec<Finding> {
        list.into_iter().filter(|f| f.key.as_str() != "section.size.changed").collect()
    };
    ColumnChange {
        kernel: after.id.kernel.clone(),
        config: after.id.config.clone(),
        modes: after.id.modes,
        from: before.id.toolchain.clone(),
        to: after.id.toolchain.clone(),
        numbers: numbers(before, after),
        // What the older one did not look for is told as well: its outcome may be another for it.
        new: telling([diff.outcomes, diff.new, diff.untold].concat()),
        fixed: telling(diff.fixed),
    }
}

fn numbers(before: &Column<'_>, after: &Column<'_>) -> Vec<NumberChange> {
    let mut list = Vec::new();
    for cell in &after.report.cells {
        let same =
            |old: &&twinlto_model::CellReport| old.arch == cell.arch && old.mode == cell.mode;
        let Some(old) = before.report.cells.iter().find(same) else { continue };
        // What was not built has no numbers.
        if cell.outcome.why().is_some() || old.outcome.why().is_some() {
            continue;
        }
        for (name, percent) in NUMBERS {
            let (Some(was), Some(is)) = (old.counts.get(name), cell.counts.get(name)) else {
                continue;
            };
            if was.abs_diff(*is) * 100 > was.max(is) * percent {
                list.push(NumberChange {
                    arch: cell.arch,
                    mode: cell.mode,
                    name: name.to_owned(),
                    before: *was,
                    after: *is,
                });
            }
        }
    }
    list
}
