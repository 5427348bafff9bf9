use serde_json::{Value, json};
use std::fmt;
use twinlto_model::{Evidence, Finding, Report, SCHEMA};

/// The report as JSON, schema `twinlto.report/1` (`docs/REPORT.md`).
///
/// Every finding also carries `cell`, `subject`, `left` and `right` of its first site; all
/// sites are in `sites`, all subjects in `subjects`.
#[must_use]
pub fn to_json(report: &Report) -> String {
    let mut value = serde_json::to_value(report).unwrap_or(Value::Null);
    if let Some(findings) = value.get_mut("findings").and_then(Value::as_array_mut) {
        for (value, finding) in findings.iter_mut().zip(&report.findings) {
            add_first_site(value, finding);
        }
    }
    if let Some(list) = value.get_mut("allowed").and_then(Value::as_array_mut) {
        for (value, allowed) in list.iter_mut().zip(&report.allowed) {
            add_first_site(value, &allowed.finding);
        }
    }
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn add_first_site(value: &mut Value, finding: &Finding) {
    let (Some(object), Some(first)) = (value.as_object_mut(), finding.sites.first()) else {
        return;
    };
    let text = |side: &Option<Evidence>| side.as_ref().map(|evidence| evidence.text.clone());
    object.insert("cell".to_owned(), json!(first.cell()));
    object.insert("subject".to_owned(), json!(first.subject));
    object.insert("subjects".to_owned(), json!(finding.subjects()));
    object.insert("left".to_owned(), json!(text(&first.left)));
    object.insert("right".to_owned(), json!(text(&first.right)));
}

/// Why a text is no report.
#[derive(Debug)]
pub enum FromJsonError {
    /// It is no JSON, or not of the report's shape.
    Shape(serde_json::Error),
    /// It is of another schema.
    Schema(String),
}

impl fmt::Display for FromJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(error) => write!(f, "{error}"),
            Self::Schema(schema) if schema.is_empty() => {
                write!(f, "it names no schema; a report's is '{SCHEMA}'")
            }
            Self::Schema(schema) => write!(f, "its schema is '{schema}' and not '{SCHEMA}'"),
        }
    }
}

impl FromJsonError {
    /// Whether a later twinlto wrote it: its schema is a later version of ours.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        let version = |schema: &str| schema.strip_prefix("twinlto.report/")?.parse::<u32>().ok();
        match self {
            Self::Schema(schema) => version(schema) > version(SCHEMA),
            Self::Shape(_) => false,
        }
    }
}

impl std::error::Error for FromJsonError {}

/// Reads a report that [`to_json`] wrote.
///
/// # Errors
///
/// [`FromJsonError`].
pub fn from_json(text: &str) -> Result<Report, FromJsonError> {
    let value: Value = serde_json::from_str(text).map_err(FromJsonError::Shape)?;
    let schema = value.get("schema").and_then(Value::as_str).unwrap_or_default();
    if schema != SCHEMA {
        return Err(FromJsonError::Schema(schema.to_owned()));
    }
    // From the text again, because only that knows lines and columns.
    serde_json::from_str(text).map_err(FromJsonError::Shape)
}
