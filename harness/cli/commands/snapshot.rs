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

fn change(snapshot: &Snapshot, pair: &FacetPair) -> Option<Change> {
    let FacetPair { facet, recorded, .. } = pair;
    let now = &facet.text;
    facet_change(facet.unit, |line| facet.order.key(line), snapshot.mode, recorded.as_deref(), now)
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
    record_facets(&read)?;
    let mut text: String =
        read.pairs.iter().map(|pair| format!("recorded {}\n", pair.path.display())).collect();
    for facet in &read.unanswered {
        text.push_str(&format!("not recorded: {} (no {})\n", facet.kind.name, facet.kind.from));
    }
    ui.answer(&text)?;
    Ok(Outcome::Agree)
}

fn compare(args: &SnapshotArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let read = read(args)?;
    // What nobody recorded is nothing that changed.
    let (known, unrecorded): (Vec<&FacetPair>, Vec<&FacetPair>) =
        read.pairs.iter().partition(|pair| pair.recorded.is_some());
    if known.is_empty() {
        return Err(EngineError::usage(
            format!("snapshot {}", args.dir.display()),
            "nothing is recorded there",
            "record a build first: twinlto snapshot record",
        ));
    }
    // A build without a log has no diagnostics; one without exports is not what it was.
    let lost =
        |facet: &&twinlto_engine::Unanswered| facet.recorded && facet.kind.name != "diagnostics";
    let missing: Vec<_> = read.unanswered.iter().filter(lost).collect();
    let changes: Vec<Change> = known.iter().filter_map(|pair| change(&read, pair)).collect();
    // Words first, so that a long list is no obstacle.
    let mut text: String = changes.iter().map(|change| change.words.clone() + "\n").collect();
    for facet in &missing {
        let (name, from) = (facet.kind.name, facet.kind.from);
        text.push_str(&format!("{name}: recorded, and the build has no {from}\n"));
    }
    for change in changes.iter().filter(|change| !change.diff.is_empty()) {
        text.push_str(&format!("\n{}\n{}", change.words, change.diff));
    }
    let agree = changes.is_empty() && missing.is_empty();
    if agree {
        text = format!("agree: {} facets are as recorded\n", known.len());
    }
    for facet in read.unanswered.iter().filter(|facet| !lost(facet)) {
        text.push_str(&format!("not compared: {} (no {})\n", facet.kind.name, facet.kind.from));
    }
    for pair in unrecorded {
        text.push_str(&format!("not compared: {} (not recorded)\n", pair.facet.name));
    }
    ui.answer(&text)?;
    Ok(if agree { Outcome::Agree } else { Outcome::Differ })
}

fn accept(args: &SnapshotArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    let read = read(args)?;
    let changes: Vec<Change> = read.pairs.iter().filter_map(|pair| change(&read, pair)).collect();
    record_facets(&read)?;
    let mut text: String = changes.iter().map(|change| change.words.clone() + "\n").collect();
    text.push_str(&format!("accepted: {} of {} facets changed\n", changes.len(), read.pairs.len()));
    ui.answer(&text)?;
    Ok(Outcome::Agree)
}
