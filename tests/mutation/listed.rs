//! What a report says beforehand that it does not compare, and which places that is about.

use twinlto_model::{Report, Treatment};

/// The rows: which question, kind of file, kind of place, and words that the report of the
/// undamaged builds must hold in one of its lines about what was not compared.
const ROWS: &str = include_str!("not_compared.tsv");

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    question: String,
    kind: String,
    what: String,
    words: String,
}

/// The list, comments left out.
pub(crate) fn rows() -> Vec<Row> {
    let row = |(index, text): (usize, &str)| {
        let fields: Vec<_> = text.split('\t').collect();
        assert_eq!(fields.len(), 4, "not_compared.tsv:{}: not four fields: {text}", index + 1);
        let [question, kind, what, words] = [0, 1, 2, 3].map(|at: usize| fields[at].to_owned());
        assert!(!words.is_empty(), "not_compared.tsv:{}: no words", index + 1);
        Row { line: index + 1, question, kind, what, words }
    };
    let filled = |text: &&str| !text.is_empty() && !text.starts_with('#');
    ROWS.lines().enumerate().filter(|(_, text)| filled(text)).map(row).collect()
}

impl Row {
    fn is_about(&self, question: &str, kind: &str, what: &str) -> bool {
        glob(&self.question, question) && glob(&self.kind, kind) && glob(&self.what, what)
    }
}

/// The first row that is about a place and whose words the report said.
pub(crate) fn row_for<'a>(
    rows: &'a [Row],
    (question, kind, what): (&str, &str, &str),
    said: &[String],
) -> Option<&'a Row> {
    rows.iter().find(|row| {
        row.is_about(question, kind, what) && said.iter().any(|line| line.contains(&row.words))
    })
}

/// Every line of a report about what was not compared: its list, and the parts of its accounts
/// that nobody looked at or that a rule sets aside.
pub(crate) fn said(report: &Report) -> Vec<String> {
    let listed = report.not_compared.iter().map(|it| format!("{}: {}", it.what, it.why));
    let accounts = report.twins.iter().flat_map(|twin| &twin.coverage).flat_map(|account| {
        let filled = account.shares.iter().filter(|share| share.amount > 0);
        filled.filter_map(|share| {
            let why = match &share.treatment {
                Treatment::Compared { .. } => return None,
                Treatment::SetAside { rule } => format!("set aside by {rule}"),
                Treatment::NotCompared { why } => why.clone(),
            };
            Some(format!("{} {}: {}: {why}", account.side, account.input, share.what))
        })
    });
    listed.chain(accounts).collect()
}

/// Whether a text is of a form in which `*` stands for anything.
pub(crate) fn glob(form: &str, text: &str) -> bool {
    match form.split_once('*') {
        None => form == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            rest.is_empty()
                || (0..=text.len())
                    .filter(|at| text.is_char_boundary(*at))
                    .any(|at| glob(rest, &text[at..]))
        }),
    }
}
