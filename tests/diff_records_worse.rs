//! `twinlto diff` of two records: what is there in both and got worse, and runs as wholes.

use crate::diff::diff;
use crate::diff_records::{Records, with};
use crate::support::{Ran, finding};
use serde_json::{Value, json};

fn size(severity: &str, tier: &str, left: &str) -> Value {
    let side = |side: &str, text: &str| json!({ "side": side, "text": text });
    json!({
        "key": "section.size.changed", "severity": severity, "tier": tier, "cause": "placement",
        "sites": [{
            "arch": "arm64", "subject": ".made",
            "left": side("distributed", left), "right": side("in-process", "90000 bytes"),
        }],
    })
}

/// Two runs that differ in one finding.
fn ran(records: &Records, a: Value, b: Value) -> Ran {
    let report = &records.report;
    let [a, b] = [("a", a), ("b", b)].map(|(name, f)| records.write(name, &with(report, f)));
    diff(&a, &b, &[])
}

fn change(ran: &Ran, change: &str) -> Option<Value> {
    let report = ran.json();
    let all = report["findings"].as_array().unwrap();
    let made = |f: &&Value| f["change"] == change && f["subject"] == ".made";
    all.iter().find(made).cloned()
}

#[test]
fn what_got_worse_at_its_place_is_new_and_says_what_it_was() {
    let Some(records) = Records::of_pocket("what_got_worse_at_its_place") else { return };
    let note = || size("note", "lawful", "90000 bytes");
    for (now, status, was) in [
        (size("error", "lawful", "90000 bytes"), 1, "was a note"),
        (size("warning", "caused", "90000 bytes"), 1, "was a note"),
        (size("note", "unexplained", "90000 bytes"), 0, "was lawful"),
        (size("note", "lawful", "990000 bytes"), 0, "was 90000 bytes → 90000 bytes"),
    ] {
        let ran = ran(&records, note(), now);
        assert_eq!(ran.status, status, "{was}: {}", ran.stdout);
        let new = change(&ran, "new").unwrap();
        assert_eq!(new["sites"][0]["effect"], was);
        assert!(change(&ran, "fixed").is_none(), "{}", ran.stdout);
    }
    // Numbers of a lawful note that move a little are no news, and what got better is none.
    let moved = ran(&records, note(), size("note", "lawful", "90100 bytes"));
    assert!(moved.status == 0 && change(&moved, "new").is_none(), "{}", moved.stdout);
    let warning = |left: &str| size("warning", "caused", left);
    let better = ran(&records, warning("1 byte"), size("note", "lawful", "1 byte"));
    assert!(better.status == 0 && change(&better, "persisting").is_some(), "{}", better.stdout);
    // Those of a warning are.
    let other = ran(&records, warning("90000 bytes"), warning("90100 bytes"));
    assert_eq!(other.status, 1, "{}", other.stdout);
    assert_eq!(change(&other, "new").unwrap()["left"], "90100 bytes");
    assert_eq!(ran(&records, warning("1 byte"), warning("1 byte")).status, 0);
}

#[test]
fn an_outcome_that_got_worse_is_a_finding_with_both() {
    let Some(records) = Records::of_pocket("an_outcome_that_got_worse") else { return };
    let mut worse = records.report.clone();
    (worse["outcome"], worse["why"]) = (json!("broken"), json!("no disk"));
    let run = diff(&records.first, &records.write("run", &worse), &[]);
    assert_eq!((run.status, run.keys()), (1, vec!["record.outcome.worse".to_owned()]));
    let report = run.json();
    let found = finding(&report, "record.outcome.worse");
    assert_eq!((&found["left"], &found["right"]), (&json!("agree"), &json!("broken: no disk")));
    assert_eq!(found["severity"], "error");
    // It is told once, at the architecture that it is of.
    worse["twins"][1]["outcome"] = json!("skipped");
    worse["twins"][1]["why"] = json!("no clang");
    let path = records.write("twin", &worse);
    let twin = diff(&records.first, &path, &[]);
    let report = twin.json();
    let found = finding(&report, "record.outcome.worse");
    assert_eq!(found["sites"].as_array().unwrap().len(), 1);
    assert_eq!(found["sites"][0]["arch"], worse["twins"][1]["arch"]);
    assert_eq!(found["right"], "skipped: no clang");
    let back = diff(&path, &records.first, &[]);
    assert_eq!((back.status, back.keys()), (0, vec![]), "{}", back.stdout);
    // A run that differs, and lists nothing new.
    let mut differs = records.report.clone();
    differs["outcome"] = json!("differ");
    let ran = diff(&records.first, &records.write("differs", &differs), &[]);
    assert_eq!(ran.keys(), ["record.outcome.worse"]);
}

#[test]
fn runs_of_other_things_say_so() {
    let Some(records) = Records::of_pocket("runs_of_other_things") else { return };
    let same = diff(&records.first, &records.first, &[]);
    assert!(!same.stdout.contains("record.input.changed"), "{}", same.stdout);
    let mut other = records.report.clone();
    other["kernel"]["name"] = json!("Linux 6.1");
    other["config"] = json!("defconfig");
    for cell in other["cells"].as_array_mut().unwrap() {
        cell["toolchain"]["version"]["major"] = json!(99);
    }
    let ran = diff(&records.first, &records.write("other", &other), &[]);
    assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}", ran.stdout);
    let report = ran.json();
    let found = finding(&report, "record.input.changed");
    assert_eq!(found["severity"], "note");
    assert_eq!(found["subjects"], json!(["LLVM", "configuration", "kernel"]));
    let summary = report["summary"].as_str().unwrap();
    assert!(
        summary.contains("not the same in both runs: LLVM, configuration, kernel"),
        "{summary}"
    );
}

#[test]
fn layers_that_neither_run_compared_are_no_pass() {
    let Some(records) = Records::of_pocket("layers_that_neither_run_compared") else { return };
    let mut none = records.report.clone();
    let layer = &mut none["twins"][0]["layers"][2];
    let name = layer["layer"].as_str().unwrap().to_owned();
    layer["compared"] = json!(0);
    let none = records.write("none", &none);
    let [a, b] = [&none, &none].map(|path| path.display().to_string());
    let text = crate::support::run(&["diff", &a, &b]).stdout;
    let row = text.lines().nth(3).unwrap();
    assert!(row.contains('–') && !row.contains(" 0 ✓"), "{text}");
    let report = diff(&none, &none, &[]).json();
    let left = report["not_compared"].as_array().unwrap();
    let said = left.iter().any(|l| l["what"] == name && l["why"] == "neither run compared any");
    assert!(said, "{left:?}");
}

#[test]
fn expectations_of_records_count_as_those_of_builds() {
    let Some(records) = Records::of_pocket("expectations_of_records") else { return };
    let file = records.dir.path().join("expect.toml");
    let with_file = |text: &str, b: &Value| {
        std::fs::write(&file, text).unwrap();
        let name = file.display().to_string();
        diff(&records.first, &records.write("b", b), &["--expect", &name])
    };
    let allow = |more: &str| {
        format!(
            "[[allow]]\nkey = 'section.size.changed'\nsubject = '.made'\nreason = 'x'\n{more}\n"
        )
    };
    let warning = with(&records.report, size("warning", "caused", "1 byte"));
    for (fields, keys) in [
        ("llvm = '17..98'", vec![]),
        ("llvm = '>=99'", vec!["section.size.changed"]),
        ("review = 2020-01-01", vec!["expectation.review"]),
    ] {
        let ran = with_file(&allow(fields), &warning);
        assert_eq!(ran.keys(), keys, "{}", ran.stdout);
        assert_eq!(ran.status, i32::from(keys.contains(&"section.size.changed")));
    }
    let ran = with_file(&allow(""), &records.report);
    let whole = records.report["not_compared"].as_array().unwrap().is_empty();
    assert_eq!(ran.keys().contains(&"expectation.unused".to_owned()), whole, "{}", ran.stdout);
    let less = "[[allow]]\nkey = 'record.compared.less'\nreason = 'x'\n";
    let ran = with_file(less, &records.report);
    assert_eq!((ran.status, ran.keys()), (1, vec!["expectation.unused".to_owned()]));
}
