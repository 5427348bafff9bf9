use crate::args::{ExplainArgs, Format};
use crate::ui::Ui;
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeSet;
use twinlto_engine::{CaseChoice, EngineError, known_cases};
use twinlto_facts::flags::{Measurement, Opt, Outcome as Measured, parse};
use twinlto_model::Outcome;
use twinlto_report::wrap;
use twinlto_verdict::inject::Case;
use twinlto_verdict::{
    KeyExplained, LiveExplained, OptionExplained, closest_key, every_key, explain_key,
    explain_live, explain_option,
};

pub(crate) fn run(args: &ExplainArgs, ui: &mut Ui) -> Result<Outcome, EngineError> {
    // An option in quotes is one word with its argument.
    let words: Vec<Cow<'_, str>> =
        args.words.iter().flat_map(|word| word.split_whitespace()).map(Cow::Borrowed).collect();
    let answers = parse(&words).map(explain).collect::<Result<Vec<_>, _>>()?;
    if answers.is_empty() {
        return Err(EngineError::usage("explain", "an empty word", "name an option or a key"));
    }
    let text = match args.format {
        Format::Terminal => {
            let columns = ui.style(false).columns;
            let texts: Vec<String> = answers.iter().map(|answer| answer.text(columns)).collect();
            texts.join("\n")
        }
        Format::Json => {
            let answers: Vec<serde_json::Value> = answers.iter().map(Answer::json).collect();
            let value = json!({ "schema": "twinlto.explain/1", "answers": answers });
            serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
        }
    };
    ui.answer(&text)?;
    Ok(Outcome::Agree)
}

enum Answer {
    Option(OptionExplained),
    Key(KeyExplained),
    Defect(Box<Case>),
    Live(LiveExplained),
}

fn explain(option: Opt<'_>) -> Result<Answer, EngineError> {
    if !option.is_input() {
        return Ok(Answer::Option(explain_option(option)));
    }
    let word = option.word;
    // A name without a dot is that of a known defect.
    if let Some(case) =
        known_cases(&CaseChoice::default())?.into_iter().find(|case| case.name == word)
    {
        return Ok(Answer::Defect(Box::new(case)));
    }
    if let Some(live) = explain_live(word) {
        return Ok(Answer::Live(live));
    }
    explain_key(word).map(Answer::Key).ok_or_else(|| {
        let first = word.split('.').next().unwrap_or(word);
        let alike: Vec<&str> =
            every_key().filter(|key| key.split('.').next() == Some(first)).collect();
        let hint = match closest_key(word) {
            Some(close) => format!("did you mean {close}?"),
            None if alike.is_empty() => {
                "an option begins with '-'; docs/findings lists every key".to_owned()
            }
            None => format!("there are {}", alike.join(", ")),
        };
        let why = "it is neither an option, nor the key of a finding, nor a known defect";
        EngineError::usage(word, why, hint)
    })
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        match self {
            Self::Option(option) => json!({ "kind": "option", "option": option }),
            Self::Key(key) => json!({ "kind": "finding", "finding": key }),
            Self::Defect(case) => json!({ "kind": "defect", "defect": defect_json(case) }),
            Self::Live(live) => json!({ "kind": "live", "live": live }),
        }
    }

    fn text(&self, columns: usize) -> String {
        match self {
            Self::Option(option) => option_text(option, columns),
            Self::Key(key) => key_text(key, columns),
            Self::Defect(case) => defect_text(case, columns),
            Self::Live(live) => live_text(live, columns),
        }
    }
}

/// Width of the titles in front of the lines.
const TITLE: usize = 12;

fn line(text: &mut String, title: &str, what: &str, columns: usize) {
    for (number, part) in wrap(what, columns.saturating_sub(TITLE)).iter().enumerate() {
        let title = if number == 0 { title } else { "" };
        text.push_str(&format!("{title:<TITLE$}{part}\n"));
    }
}

fn key_text(key: &KeyExplained, columns: usize) -> String {
    let mut text = format!("{}\n\n", key.key);
    line(&mut text, "about", &key.section, columns);
    for (title, cell) in &key.columns {
        line(&mut text, title, cell, columns);
    }
    text
}

fn found_as(case: &Case) -> Vec<&str> {
    let mut keys: Vec<&str> = case.expect.iter().map(|expected| expected.key.as_str()).collect();
    keys.dedup();
    keys
}

fn defect_json(case: &Case) -> serde_json::Value {
    json!({
        "name": case.name,
        "title": case.title,
        "source": case.source,
        "live": case.live,
        "report": case.report,
        "keys": found_as(case),
    })
}

fn defect_text(case: &Case, columns: usize) -> String {
    let mut text = format!("{}\n\n", case.name);
    let mut line = |title: &str, what: &str| line(&mut text, title, what, columns);
    line("goes wrong", &case.title);
    line("known from", &case.source);
    if let Some(live) = &case.live {
        line("still in", live);
    }
    match found_as(case).as_slice() {
        [] => line("found as", "nothing: it is harmless, and must not be reported"),
        keys => line("found as", &keys.join(", ")),
    }
    line("try it", &format!("twinlto inject --case {}", case.name));
    if let Some(report) = &case.report {
        text.push_str(&format!("\nto send:\n\n{}\n", report.trim()));
    }
    text
}

fn live_text(live: &LiveExplained, columns: usize) -> String {
    let mut text = format!("{}\n\n", live.name);
    line(&mut text, "goes wrong", &live.title, columns);
    line(&mut text, "known from", "untouched kernels", columns);
    text.push_str(&format!("\nto send:\n\n{}\n", live.report));
    text
}

fn option_text(option: &OptionExplained, columns: usize) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let name: String = option.option.chars().map(printable).collect();
    let mut text = format!("{name}\n\n");
    let mut line = |title: &str, what: &str| line(&mut text, title, what, columns);
    line("class", &format!("{}: {}", option.class, option.rule));
    if let (Some(row), Some(overriding)) = (&option.row, option.overriding) {
        line("row", &format!("{row}: {overriding}"));
    }
    if let Some(default) = option.default {
        line("absent", &format!("is the same as {default:?}"));
    }
    if option.findings.is_empty() {
        line("findings", "none: front end and backend may differ in it");
    }
    for (number, found) in option.findings.iter().enumerate() {
        let title = if number == 0 { "findings" } else { "" };
        line(title, &format!("{}, {}: {}", found.key, found.severity, found.when));
    }
    if let Some(evidence) = option.evidence {
        line("how we know", evidence);
    }
    if option.row.is_some() && option.measurements.is_empty() {
        line("measured", "no");
    }
    let mut shown = BTreeSet::new();
    for m in &option.measurements {
        if shown.insert((m.option, m.given)) {
            let of: Vec<&Measurement> = option
                .measurements
                .iter()
                .copied()
                .filter(|other| (other.option, other.given) == (m.option, m.given))
                .collect();
            text.push_str(&table(&of));
        }
    }
    text.push_str(&legend(&option.measurements, columns));
    text
}

/// One option's outcomes, an architecture a line and an LLVM a column.
fn table(of: &[&Measurement]) -> String {
    let Some(first) = of.first() else { return String::new() };
    let unique = |mut list: Vec<&'static str>| {
        let mut seen = BTreeSet::new();
        list.retain(|item| seen.insert(*item));
        list
    };
    // The data is sorted by LLVM, and within each by architecture.
    let llvms = unique(of.iter().map(|m| m.llvm).collect());
    let archs = unique(of.iter().map(|m| m.arch).collect());
    let width = Measured::NoEffect.name().len() + 2;
    let head: String = llvms.iter().map(|llvm| format!("{llvm:<width$}")).collect();
    let mut text = format!("\n  {}", first.option);
    if !first.given.is_empty() {
        text.push_str(&format!(" (always given: {})", first.given));
    }
    text.push_str(&format!("\n  {:<TITLE$}{}\n", "LLVM", head.trim_end()));
    for arch in archs {
        let cells: String = llvms
            .iter()
            .map(|llvm| {
                let found = of.iter().find(|m| m.arch == arch && m.llvm == *llvm);
                format!("{:<width$}", found.map_or("–", |m| m.outcome.name()))
            })
            .collect();
        text.push_str(&format!("  {arch:<TITLE$}{}\n", cells.trim_end()));
    }
    let mut said = BTreeSet::new();
    // Why, once for each reason.
    for m in of.iter().filter(|m| matches!(m.outcome, Measured::Rejected | Measured::NotMeasured)) {
        if said.insert(m.detail) {
            text.push_str(&format!("  {} {}: {}\n", m.arch, m.llvm, m.detail));
        }
    }
    text
}

fn legend(measurements: &[&'static Measurement], columns: usize) -> String {
    let words = [
        (Measured::Changes, "the backend makes another object without it"),
        (
            Measured::Same,
            "the backend makes the same object without it, which is another one where the front end has it not either",
        ),
        (Measured::NoEffect, "no object changed, so that nothing is known"),
        (Measured::Rejected, "this clang does not take it there"),
    ];
    let mut text = String::new();
    for (outcome, means) in words {
        if measurements.iter().any(|m| m.outcome == outcome) {
            if text.is_empty() {
                text.push('\n');
            }
            for part in wrap(&format!("{outcome}: {means}"), columns) {
                text.push_str(&part);
                text.push('\n');
            }
        }
    }
    text
}
