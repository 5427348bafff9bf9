use crate::args::{SnapshotArgs, SnapshotCommand};
use crate::ui::Ui;
use twinlto_engine::{EngineError, FacetPair, Snapshot, record_facets, snapshot};
use twinlto_model::Outcome;
use twinlto_report::{Change, facet_change};

pub(crate) fn run(command: &SnapshotCommand, ui: &mut Ui) -> Result<Outcome, EngineError> {
    match command {
        SnapshotCommand::Record(args) => record(args, ui),
        SnapshotCommand::Compare(args) => compare(args, ui),
        SnapshotCommand::Accept(args) => accept(args, ui),
    }
}

fn read(args: &SnapshotArgs) -> Result<Snapshot, EngineError> {
    snapshot(&args.build, &args.log, &args.dir)
}

fn changes(snapshot: &Snapshot) -> Vec<Change> {
    let change = |pair: &FacetPair| {
        let FacetPair { facet, recorded, .. } = pair;
        facet_change(facet.unit, snapshot.mode, recorded.as_deref(), &facet.text)
    };
    snapshot.pairs.iter().filter_map(change).collect()
}

/// Records what was never recorded; what was is accepted by name only.
fn record(args: &SnapshotArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let read = read(args)?;
    if let Some(pair) = read.pairs.iter().find(|pair| pair.recorded.is_some()) {
        return Err(EngineError::usage(
            format!("snapshot {}", pair.path.display()),
            "it is recorded already",
            "compare with it, or accept the build's facts in its place",
        ));
    }
    record_facets(&read.pairs)?;
    let text: String =
        read.pairs.iter().map(|pair| format!("recorded {}\n", pair.path.display())).collect();
    ui.answer(&text)?;
    Ok(Outcome::Agree)
}

fn compare(args: &SnapshotArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let read = read(args)?;
    let compared = read.pairs.iter().filter(|pair| pair.recorded.is_some()).count();
    if compared == 0 {
        return Err(EngineError::usage(
            format!("snapshot {}", args.dir.display()),
            "nothing is recorded there",
            "record a build first: twinlto snapshot record",
        ));
    }
    // Whatever has no log has no diagnostics; whatever has no exports is not what it was.
    let (silent, missing): (Vec<&str>, Vec<&str>) =
        read.unanswered.iter().partition(|name| **name == "diagnostics");
    // What nobody recorded is nothing that changed.
    let (known, unrecorded): (Vec<_>, Vec<_>) =
        read.pairs.iter().cloned().partition(|pair| pair.recorded.is_some());
    let changes = changes(&Snapshot { pairs: known, ..read.clone() });
    // Words first, so that a long list is no obstacle.
    let mut text: String = changes.iter().map(|change| change.words.clone() + "\n").collect();
    for name in &missing {
        text.push_str(&format!("{name}: recorded, and the build has none\n"));
    }
    for change in changes.iter().filter(|change| !change.diff.is_empty()) {
        text.push_str(&format!("\n{}\n{}", change.words, change.diff));
    }
    let agree = changes.is_empty() && missing.is_empty();
    if agree {
        text = format!("agree: {compared} facets are as recorded\n");
    }
    for name in silent {
        text.push_str(&format!("not compared: {name} (no log of the build; give it with --log)\n"));
    }
    for pair in unrecorded {
        text.push_str(&format!("not compared: {} (not recorded)\n", pair.facet.name));
    }
    ui.answer(&text)?;
    Ok(if agree { Outcome::Agree } else { Outcome::Differ })
}

fn accept(args: &SnapshotArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let read = read(args)?;
    let changes = changes(&read);
    record_facets(&read.pairs)?;
    let mut text: String = changes.iter().map(|change| change.words.clone() + "\n").collect();
    text.push_str(&format!("accepted: {} of {} facets changed\n", changes.len(), read.pairs.len()));
    ui.answer(&text)?;
    Ok(Outcome::Agree)
}
