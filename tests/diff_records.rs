//! `twinlto diff` of two records.

use crate::diff::diff;
use crate::support::{Ran, finding, pocket, root, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A record of the pocket kernel, and a directory to write changed ones in.
pub(crate) struct Records {
    pub(crate) first: PathBuf,
    pub(crate) report: Value,
    pub(crate) dir: tempfile::TempDir,
}

impl Records {
    pub(crate) fn of_pocket(test: &str) -> Option<Self> {
        let report = pocket(test)?.ran.json();
        let first = root().join(report["record"].as_str().unwrap());
        Some(Self { first, report, dir: tempfile::tempdir().unwrap() })
    }

    /// A record with this report.
    pub(crate) fn write(&self, name: &str, report: &Value) -> PathBuf {
        let dir = self.dir.path().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("report.json"), report.to_string()).unwrap();
        dir
    }
}

fn lost(subjects: &[&str]) -> Value {
    let site = |subject: &&str| json!({ "arch": "arm64", "subject": subject });
    let sites: Vec<Value> = subjects.iter().map(site).collect();
    json!({
        "key": "symbol.lost", "severity": "warning", "tier": "caused", "cause": "it was inlined",
        "sites": sites,
    })
}

pub(crate) fn with(report: &Value, finding: Value) -> Value {
    let mut report = report.clone();
    report["findings"].as_array_mut().unwrap().push(finding);
    report
}

#[test]
fn a_record_against_itself_agrees_and_compared_as_much() {
    let Some(records) = Records::of_pocket("a_record_against_itself") else { return };
    for path in [records.first.clone(), records.first.join("report.json")] {
        let ran = diff(&path, &records.first, &[]);
        assert_eq!((ran.status, ran.keys()), (0, vec![]), "{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.json()["twins"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn the_site_that_is_new_is_reported_and_what_is_gone_is_a_note() {
    let Some(records) = Records::of_pocket("the_site_that_is_new") else { return };
    let a = records.write("a", &with(&records.report, lost(&["f", "g", "gone"])));
    let b = records.write("b", &with(&records.report, lost(&["f", "g", "h"])));
    let ran = diff(&a, &b, &[]);
    assert_eq!((ran.status, ran.keys()), (1, vec!["symbol.lost".to_owned()]), "{}", ran.stdout);
    let report = ran.json();
    let of = |change: &str| {
        let all = report["findings"].as_array().unwrap();
        let found = all.iter().find(|f| f["change"] == change && f["key"] == "symbol.lost");
        found.unwrap_or_else(|| panic!("{change}: {all:?}")).clone()
    };
    assert_eq!(of("new")["subjects"], json!(["h"]));
    assert_eq!(
        (&of("new")["tier"], &of("new")["cause"]),
        (&json!("caused"), &json!("it was inlined"))
    );
    assert_eq!(
        (&of("fixed")["subjects"], &of("fixed")["severity"]),
        (&json!(["gone"]), &json!("note"))
    );
    assert_eq!(of("persisting")["subjects"], json!(["f", "g"]));
    // The other way there is something new too; what is the same in both is not.
    assert_eq!(finding(&diff(&b, &a, &[]).json(), "symbol.lost")["subjects"], json!(["gone"]));
    assert_eq!(diff(&a, &b, &["--ignore", "symbol.*"]).status, 0);
    let [a, b] = [&a, &b].map(|path| path.display().to_string());
    let text = run(&["diff", &a, &b, "-v"]).stdout;
    for line in
        ["warning symbol.lost", "fixed   symbol.lost", "stays   symbol.lost", "differ: 1 new"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!run(&["diff", &a, &b]).stdout.contains("fixed   symbol.lost"));
}

#[test]
fn less_that_was_compared_is_a_finding_with_both_numbers() {
    let Some(records) = Records::of_pocket("less_that_was_compared") else { return };
    let mut less = records.report.clone();
    let twins = less["twins"].as_array_mut().unwrap();
    let arm = twins.iter_mut().find(|twin| twin["arch"] == "arm64").unwrap();
    let exports =
        arm["layers"].as_array_mut().unwrap().iter_mut().find(|l| l["layer"] == "exports");
    let exports = exports.unwrap();
    let before = exports["compared"].as_u64().unwrap();
    exports["compared"] = json!(before - 1);
    let ran = diff(&records.first, &records.write("one", &less), &[]);
    assert_eq!((ran.status, ran.keys()), (1, vec!["record.compared.less".to_owned()]));
    let report = ran.json();
    let found = finding(&report, "record.compared.less");
    assert_eq!(found["left"], format!("{before} exports"));
    assert_eq!(found["right"], format!("{} exports", before - 1));
    assert_eq!((&found["severity"], &found["subject"]), (&json!("warning"), &json!("exports")));
    // More is no finding.
    assert_eq!(diff(&records.write("one", &less), &records.first, &[]).status, 0);

    let twins = less["twins"].as_array_mut().unwrap();
    twins.retain(|twin| twin["arch"] != "riscv");
    let ran = diff(&records.first, &records.write("three", &less), &["--only", "record.*"]);
    let report = ran.json();
    let found = finding(&report, "record.compared.less");
    assert_eq!(found["severity"], "error");
    assert!(
        found["sites"].as_array().unwrap().iter().all(|site| site["arch"] == "riscv"),
        "{found}"
    );
    assert!(ran.status == 1 && found["sites"].as_array().unwrap().len() > 4);
}

#[track_caller]
fn refused(a: &Path, b: &Path, words: &[&str]) -> Ran {
    let ran = diff(a, b, &[]);
    assert_eq!(ran.status, 2, "{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    ran
}

#[test]
fn a_record_that_cannot_be_read_is_one_clear_error() {
    let Some(records) = Records::of_pocket("a_record_that_cannot_be_read") else { return };
    let mut newer = records.report.clone();
    newer["schema"] = json!("twinlto.report/2");
    let newer = records.write("newer", &newer);
    refused(&records.first, &newer, &["twinlto.report/2", "a later twinlto wrote it"]);
    let text = std::fs::read_to_string(records.first.join("report.json")).unwrap();
    let broken = |name: &str, text: &str| {
        let dir = records.write(name, &json!({}));
        std::fs::write(dir.join("report.json"), text).unwrap();
        dir
    };
    let cut = broken("cut", &text[..text.len() / 2]);
    refused(&records.first, &cut, &["error: record ", "EOF while parsing", "line ", "column "]);
    let shape = broken("shape", &text.replace("\"config\": ", "\"config\": 7, \"x\": "));
    refused(&shape, &records.first, &["invalid type", "line ", "column "]);
    refused(&records.first, &broken("empty", "{}"), &["it names no schema"]);
    let ran = diff(&records.first, &records.first, &["--object", "lib/*"]);
    assert!(ran.status == 2 && ran.stderr.contains("a record holds no objects"), "{}", ran.stderr);
}
