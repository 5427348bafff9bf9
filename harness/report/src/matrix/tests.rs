use super::*;
use crate::junit_of_matrix;
use crate::made::{agreeing, differing, layer_of, lost_option};
use twinlto_model::{Arch, CellId, MATRIX_SCHEMA, Modes, Outcome, Report, Wanted};

fn cell(arch: Arch, outcome: Outcome, wanted: Option<&str>) -> MatrixCell {
    let id = CellId {
        kernel: "pocket".to_owned(),
        config: "tiny".to_owned(),
        arch,
        toolchain: "clang 23.1.4".to_owned(),
        modes: Modes::default(),
    };
    let result = CellResult {
        expected: outcome.word() == wanted.unwrap_or("agree"),
        again: matches!(outcome, Outcome::Skipped(_)),
        outcome,
        summary: "1 architecture".to_owned(),
        seconds: 9.0,
        counts: Vec::new(),
        record: None,
        warnings: Vec::new(),
    };
    let wanted =
        wanted.map(|word| Wanted { outcome: word.to_owned(), reason: "known <bug>".to_owned() });
    MatrixCell { id, state: CellState::Done(Box::new(result)), wanted }
}

fn matrix(cells: Vec<MatrixCell>, outcome: Outcome) -> MatrixReport {
    MatrixReport {
        schema: MATRIX_SCHEMA.to_owned(),
        twinlto: "0.1.0".to_owned(),
        name: "x".to_owned(),
        cells,
        unmatched: Vec::new(),
        toolchains: Vec::new(),
        changes: Vec::new(),
        outcome,
        out: "out".to_owned(),
    }
}

fn junit(cell: &MatrixCell, report: Report) -> String {
    junit_of_matrix(&[(cell, report)], layer_of)
}

#[test]
fn a_cell_that_agrees_against_a_rule_says_what_was_expected_and_why() {
    let agrees = cell(Arch::Arm64, Outcome::Agree, Some("differ"));
    let report =
        matrix(vec![agrees.clone(), cell(Arch::Riscv, Outcome::Agree, None)], Outcome::Differ);
    let style = Style { columns: 200, ..Style::default() };
    let line =
        "agree pocket · tiny · arm64 · clang 23.1.4 (expected differ: known <bug>): 1 architecture";
    let end = "differ: 1 of 2 cells is not as expected: 2 agree";
    for text in [matrix_show(&report, &style), matrix_status(&report, &style)] {
        assert!(text.contains("(expected differ: known <bug>): 1 architecture"), "{text}");
    }
    let shown = matrix_show(&report, &style);
    assert!(shown.contains(line) && shown.trim_end().ends_with(end), "{shown}");
    // Whatever has no room in a mail: this has, and before the tables.
    let mail = matrix_mail(&report, &[]);
    let [answer, why, table] = ["is not as expected", "(expected differ: known", "agree ✗"]
        .map(|words| mail.find(words).unwrap_or_else(|| panic!("{words}: {mail}")));
    assert!(answer < why && why < table, "{mail}");

    let xml = junit(&agrees, agreeing());
    assert!(xml.contains("failures=\"1\""), "{xml}");
    assert!(
        xml.contains("message=\"expected differ, and it is agree: known &lt;bug&gt;\""),
        "{xml}"
    );
}

#[test]
fn a_cell_that_differs_as_expected_is_green_and_says_why() {
    let differs = cell(Arch::Arm64, Outcome::Differ, Some("differ"));
    let report = differing(vec![lost_option()]);
    let xml = junit(&differs, report.clone());
    assert!(xml.contains("failures=\"0\"") && xml.contains("name=\"expected outcome\""), "{xml}");
    assert!(xml.contains("as expected: known &lt;bug&gt;\nerror flags.option.missing"), "{xml}");
    assert!(
        junit(&MatrixCell { wanted: None, ..differs.clone() }, report).contains("failures=\"1\"")
    );
    let shown = matrix_show(
        &matrix(vec![differs], Outcome::Agree),
        &Style { columns: 200, ..Style::default() },
    );
    assert!(shown.contains("clang 23.1.4 (as expected: known <bug>): "), "{shown}");
    assert!(shown.trim_end().ends_with("agree: as expected: 1 differ"), "{shown}");
}

#[test]
fn what_is_broken_in_another_way_than_expected_fails() {
    let why = "no rule".to_owned();
    let broken = cell(Arch::Arm64, Outcome::Broken(why.clone()), Some("differ"));
    let mut report = agreeing();
    report.outcome = Outcome::Broken(why.clone());
    report.twins[0].outcome = report.outcome.clone();
    let xml = junit(&broken, report.clone());
    assert!(xml.contains("failures=\"1\"") && xml.contains("errors=\"1\""), "{xml}");
    let expected = cell(Arch::Arm64, Outcome::Broken(why), Some("broken"));
    let xml = junit(&expected, report);
    assert!(xml.contains("failures=\"0\"") && xml.contains("errors=\"0\""), "{xml}");
}

#[test]
fn what_was_skipped_is_to_be_done_again_and_says_why() {
    let skipped = cell(Arch::Arm64, Outcome::Skipped("there is no clang".to_owned()), None);
    let report = matrix(vec![skipped], Outcome::Skipped("there is no clang".to_owned()));
    let style = Style { columns: 200, ..Style::default() };
    let status = matrix_status(&report, &style);
    assert!(status.contains("0 done, 0 running, 1 to do"), "{status}");
    let plan = matrix_plan(&report, &style);
    assert!(plan.contains("to be tried again; skipped last time: there is no clang"), "{plan}");
    let shown = matrix_show(&report, &style);
    assert!(shown.contains("there is no clang") && shown.contains("tries it again"), "{shown}");
}

#[test]
fn what_agrees_with_a_warning_says_so_and_what_is_in_no_cell_too() {
    let mut agrees = cell(Arch::Arm64, Outcome::Agree, None);
    if let CellState::Done(result) = &mut agrees.state {
        result.warnings.push("warning config.lost of CONFIG_NOSUCH".to_owned());
    }
    let mut report = matrix(vec![agrees], Outcome::Agree);
    report.unmatched.push(">=90".to_owned());
    let style = Style { columns: 200, ..Style::default() };
    let told = [
        "warning config.lost of CONFIG_NOSUCH: pocket · tiny · arm64 · clang 23.1.4",
        "no toolchain is there for: >=90",
    ];
    for text in [matrix_show(&report, &style), matrix_mail(&report, &[])] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.iter().all(|words| text.contains(words)), "{text}");
    }
    assert!(matrix_plan(&report, &style).contains(told[1]));
}
