use crate::transport::{Change, severity_for};
use serde::Serialize;
use twinlto_facts::flags::{Class, Form, Measurement, Opt, Row, measured_of, row_of};
use twinlto_model::Severity;

/// Everything that is known of one option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptionExplained {
    /// The option, a separate argument behind a space.
    pub option: String,
    /// What must happen to it between front end and backend.
    pub class: Class,
    /// The class in words.
    pub rule: &'static str,
    /// What the row of the table stands for that decides about it; none where no row does.
    pub row: Option<String>,
    /// What overrides what among these.
    pub overriding: Option<&'static str>,
    /// The value that clang takes where none of these is given, where absence means a value.
    pub default: Option<&'static str>,
    /// What is found where front end and backend differ in it; empty where nothing is.
    pub findings: Vec<OptionFinding>,
    /// How we know.
    pub evidence: Option<&'static str>,
    /// What was measured of it, or of others in its row.
    pub measurements: Vec<&'static Measurement>,
}

/// A finding about an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptionFinding {
    /// Its key.
    pub key: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// When it is made.
    pub when: &'static str,
}

/// Looks an option up in the table.
#[must_use]
pub fn explain_option(option: Opt<'_>) -> OptionExplained {
    let row = row_of(option);
    let class = row.map_or(Class::Unknown, |row| row.class);
    OptionExplained {
        option: option.text().into_owned(),
        class,
        rule: class.rule(),
        row: row.map(|row| row.form.to_string()),
        overriding: row.map(|row| row.form.overriding()),
        default: row.and_then(|row| row.default),
        findings: match class {
            Class::LtoDriver => of_the_driver(option.word),
            class => findings(class, row),
        },
        evidence: row.map(|row| row.evidence),
        measurements: measured_of(option),
    }
}

/// What is found where a backend is not a ThinLTO backend of its own object.
fn of_the_driver(word: &str) -> Vec<OptionFinding> {
    let error = |key, when| OptionFinding { key, severity: Severity::Error, when };
    if word.starts_with("-fthinlto-index=") {
        return vec![
            error("flags.index.missing", "the backend has no index"),
            error("flags.index.wrong", "the backend has the index of another object"),
        ];
    }
    if word.starts_with("-flto") || word == "-fno-lto" {
        return vec![error("flags.lto.on", "LTO is still on where the backend's options end")];
    }
    Vec::new()
}

fn findings(class: Class, row: Option<&Row>) -> Vec<OptionFinding> {
    // A text of its own is there or not.
    let has_value = !row.is_none_or(|row| matches!(row.form, Form::Word(_) | Form::Each(_)));
    let missing = if row.is_some_and(|row| row.default.is_some()) {
        "the backend lacks it, and it is not the default"
    } else {
        "the backend lacks it"
    };
    [
        ("flags.option.missing", Change::Missing, missing),
        ("flags.option.changed", Change::Different, "the backend has another value"),
        ("flags.option.added", Change::Added, "only the backend has it"),
    ]
    .into_iter()
    .filter_map(|(key, change, when)| {
        let judged = !matches!(class, Class::FrontendOnly | Class::Input);
        let possible = judged && (has_value || change != Change::Different);
        let severity = severity_for(class, change).filter(|_| possible)?;
        Some(OptionFinding { key, severity, when })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(word: &str) -> OptionExplained {
        explain_option(Opt { word, argument: None, index: 0 })
    }

    fn severities(explained: &OptionExplained) -> Vec<Severity> {
        explained.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn findings_are_those_that_the_transport_makes() {
        use Severity::{Error, Warning};
        assert_eq!(severities(&of("-falign-loops=32")), [Error, Error, Error]);
        assert_eq!(severities(&of("-mcmodel=tiny")), [Warning, Error, Warning]);
        assert_eq!(severities(&of("-mretpoline")), [Warning, Warning]);
        assert_eq!(severities(&of("-fnew-thing")), [Warning, Warning]);
        assert_eq!(severities(&of("-DX")), []);
        assert_eq!(severities(&of("-fno-lto")), [Error]);
        assert_eq!(severities(&of("-fthinlto-index=a.o.thinlto.bc")), [Error, Error]);
    }

    #[test]
    fn an_unknown_option_is_left_to_the_replay() {
        let found = of("-fnew-thing");
        assert_eq!((found.class, found.row), (Class::Unknown, None));
        assert!(found.rule.contains("the replay decides"), "{}", found.rule);
    }

    proptest! {
        #[test]
        fn no_option_panics(text in "-\\PC{0,10}") {
            let _ = of(&text);
        }
    }
}
