//! A recorded report, for the commands that read one.

use std::path::Path;
use twinlto_engine::{EngineError, read_record};
use twinlto_model::Report;

/// Reads the report of a record directory, or of the `report.json` in it.
pub(crate) fn read(record: &Path) -> Result<Report, EngineError> {
    let text = read_record(record)?;
    twinlto_report::from_json(&text).map_err(|error| {
        let hint = if error.is_newer() {
            "a later twinlto wrote it; read it with that one"
        } else {
            "give the directory that the last line of a check names"
        };
        EngineError::usage(format!("record {}", record.display()), error.to_string(), hint)
    })
}
