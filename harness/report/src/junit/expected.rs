//! What a rule of a matrix expects of a cell, in the cell's own cases.

use super::case::{Case, Result, Suite};
use super::told::in_one_line;
use twinlto_model::{MatrixCell, Outcome};

/// Sees to it that a cell is green where it is as a rule expects, and red where it is not.
pub(super) fn expected(cell: &MatrixCell, suites: &mut [Suite]) {
    let (Some(wanted), Some(result)) = (&cell.wanted, cell.result()) else { return };
    let reason = in_one_line(&wanted.reason);
    let word = result.outcome.word();
    let case = match result.expected {
        true => {
            for case in suites.iter_mut().flat_map(|suite| &mut suite.cases) {
                case.as_expected(&reason);
            }
            let mut case = Case::new(NAME);
            case.tell(&format!("{word}, as expected: {reason}"));
            case
        }
        false => {
            let because = format!("expected {}, and it is {word}: {reason}", wanted.outcome);
            let body = format!("{because}\n{}", in_one_line(&result.summary));
            // What was not checked was not held against it.
            let result = match &result.outcome {
                Outcome::Skipped(why) => Result::Skipped(in_one_line(&format!("{because}: {why}"))),
                _ => Result::Failed(vec![(because, body)]),
            };
            Case::new(NAME).result(result)
        }
    };
    if let Some(suite) = suites.first_mut() {
        suite.add(case);
    }
}

const NAME: &str = "expected outcome";

impl Case {
    /// What fails it is said, and fails it no longer.
    fn as_expected(&mut self, reason: &str) {
        let told = match &self.result {
            Result::Failed(failures) => {
                failures.iter().map(|(_, body)| body.clone()).collect::<Vec<_>>().join("\n")
            }
            Result::Error(why) => why.clone(),
            Result::Passed | Result::Skipped(_) => return,
        };
        self.result = Result::Passed;
        self.tell(&format!("as expected: {reason}\n{told}"));
    }
}
