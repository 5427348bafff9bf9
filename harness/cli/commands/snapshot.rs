use crate::args::{SnapshotArgs, SnapshotCommand};
use crate::ui::Ui;
use twinlto_engine::{EngineError, FacetPair, record_facets, snapshot};
use twinlto_model::Outcome;
use twinlto_report::{Change, facet_change};

pub(crate) fn run(command: &SnapshotCommand, ui: &mut Ui) -> Result<Outcome, EngineError> {
    match command {
        SnapshotCommand::Record(args) => record(args, ui),
        SnapshotCommand::Compare(args) => compare(args, ui),
        SnapshotCommand::Accept(args) => accept(args, ui),
    }
}

fn changes(pairs: &[FacetPair]) -> Vec<Change> {
    let change = |pair: &FacetPair| {
        facet_change(pair.facet.name, pair.facet.unit, pair.recorded.as_deref(), &pair.facet.text)
    };
    pairs.iter().filter_map(change).collect()
}

/// Records what was never recorded; what was is accepted by name only.
fn record(args: &SnapshotArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let pairs = snapshot(&args.build, &args.dir)?;
    if let Some(pair) = pairs.iter().find(|pair| pair.recorded.is_some()) {
        return Err(EngineError::usage(
            format!("snapshot {}", pair.path.display()),
            "it is recorded already",
            "compare with it, or accept the build's facts in its place",
        ));
    }
    record_facets(&pairs)?;
    let text: String =
        pairs.iter().map(|pair| format!("recorded {}\n", pair.path.display())).collect();
    ui.answer(&text)?;
    Ok(Outcome::Agree)
}

fn compare(args: &SnapshotArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let pairs = snapshot(&args.build, &args.dir)?;
    if pairs.iter().all(|pair| pair.recorded.is_none()) {
        return Err(EngineError::usage(
            format!("snapshot {}", args.dir.display()),
            "nothing is recorded there",
            "record a build first: twinlto snapshot record",
        ));
    }
    let changes = changes(&pairs);
    // Words first, so that a long list is no obstacle.
    let mut text: String = changes.iter().map(|change| change.words.clone() + "\n").collect();
    for change in changes.iter().filter(|change| !change.diff.is_empty()) {
        text.push_str(&format!("\n{}\n{}", change.words, change.diff));
    }
    if changes.is_empty() {
        text = format!("agree: {} facets are as recorded\n", pairs.len());
    }
    ui.answer(&text)?;
    Ok(if changes.is_empty() { Outcome::Agree } else { Outcome::Differ })
}

fn accept(args: &SnapshotArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let pairs = snapshot(&args.build, &args.dir)?;
    let changes = changes(&pairs);
    record_facets(&pairs)?;
    let mut text: String = changes.iter().map(|change| change.words.clone() + "\n").collect();
    text.push_str(&format!("accepted: {} of {} facets changed\n", changes.len(), pairs.len()));
    ui.answer(&text)?;
    Ok(Outcome::Agree)
}
