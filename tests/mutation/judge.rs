//! One mutant after the other in builds of its own, and what twinlto says of it.

use super::files::File;
use super::listed::{self, Row};
use super::{Damage, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use twinlto_engine::{AuditRequest, DiffRequest, EngineError, ExpectFiles, audit, diff};
use twinlto_model::{Finding, Outcome, Report};

/// In which ways twinlto is asked about a mutant.
pub(crate) const QUESTIONS: [&str; 3] = ["audit", "diff of builds", "diff of files"];

pub(crate) const MODES: [&str; 2] = ["distributed", "in-process"];

/// What one question brought to light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Something is wrong, and the file, section, symbol or option is named.
    Named(String),
    /// Something is wrong.
    Found(String),
    /// Nothing, and the report of the undamaged builds says that it does not look there.
    Listed(usize),
    /// Nothing.
    Survived,
    /// A reader panicked.
    Panicked,
}

/// Builds of one architecture that may be damaged, beside those that may not.
pub(crate) struct Bench {
    /// `arm64`
    pub(crate) arch: String,
    asked: Vec<&'static str>,
    whole: PathBuf,
    work: PathBuf,
    baselines: BTreeMap<String, Baseline>,
    rows: Vec<Row>,
    used: BTreeSet<usize>,
}

/// What is said where nothing is damaged.
struct Baseline {
    findings: BTreeSet<String>,
    said: Vec<String>,
}

impl Bench {
    /// Copies both builds of an architecture, times kept, to be damaged in `work`.
    pub(crate) fn new(whole: &Path, work: &Path, arch: &str, asked: &[String]) -> Self {
        let (whole, work) = (whole.join(arch), work.join(arch));
        if work.exists() {
            std::fs::remove_dir_all(&work).unwrap();
        }
        std::fs::create_dir_all(work.parent().unwrap()).unwrap();
        let copied = Command::new("cp").arg("-a").arg(&whole).arg(&work).status().unwrap();
        assert!(copied.success(), "cannot copy {}", whole.display());
        let (baselines, rows, used) = (BTreeMap::new(), listed::rows(), BTreeSet::new());
        let asked =
            QUESTIONS.into_iter().filter(|it| asked.is_empty() || asked.iter().any(|q| q == it));
        let asked = asked.collect();
        Self { arch: arch.to_owned(), asked, whole, work, baselines, rows, used }
    }

    /// A build that is never damaged.
    pub(crate) fn build(&self, mode: &str) -> PathBuf {
        self.whole.join(mode)
    }

    /// Lines of the list that were about a mutant.
    pub(crate) fn used(&self) -> &BTreeSet<usize> {
        &self.used
    }

    /// Asks about one damage; the answers in the order of [`QUESTIONS`], none where a question
    /// cannot be asked.
    pub(crate) fn ask(
        &mut self,
        mode: &str,
        file: &File,
        place: &Place,
        damage: &Damage,
    ) -> Vec<Option<Answer>> {
        // What an undamaged build is said to be, before anything is damaged.
        let mut questions = self.asked.clone();
        questions.retain(|question| *question != "diff of files" || file.can_be_diffed);
        for question in &questions {
            self.know(question, mode, file);
        }
        let path = self.work.join(mode).join(&file.path);
        let damaged = Damaged::put(&path, damage);
        let reports: Vec<_> = questions
            .iter()
            .map(|question| catch_unwind(AssertUnwindSafe(|| self.report(question, mode, file))))
            .collect();
        drop(damaged);
        let mut answers = vec![None; QUESTIONS.len()];
        for (question, report) in questions.iter().zip(reports) {
            let at = QUESTIONS.iter().position(|it| it == question).unwrap_or_default();
            let answer = match report {
                Err(_) => Answer::Panicked,
                Ok(report) => self.judge(question, mode, file, place, report),
            };
            answers[at] = Some(answer);
        }
        answers
    }

    /// Keeps what a question is answered with where nothing is damaged.
    fn know(&mut self, question: &str, mode: &str, file: &File) {
        let key = baseline_key(question, mode, file);
        if self.baselines.contains_key(&key) {
            return;
        }
        let report = self.report(question, mode, file);
        let baseline = match report {
            Ok(report) => {
                // Then only what is new counts.
                if report.outcome != Outcome::Agree && question != "diff of files" {
                    let builds = self.whole.display();
                    eprintln!("{question} of undamaged builds in {builds}: {}", report.summary);
                }
                Baseline { findings: gating(&report.findings), said: listed::said(&report) }
            }
            Err(_) => Baseline { findings: BTreeSet::new(), said: Vec::new() },
        };
        self.baselines.insert(key, baseline);
    }

    fn report(&self, question: &str, mode: &str, file: &File) -> Result<Report, EngineError> {
        let work = |mode: &str| self.work.join(mode);
        if question == "audit" {
            return audit(&AuditRequest {
                build: work(MODES[0]),
                other: Some(work(MODES[1])),
                expect: ExpectFiles::default(),
            });
        }
        let (mut a, mut b) = (self.build(mode), work(mode));
        if question == "diff of files" {
            (a, b) = (a.join(&file.path), b.join(&file.path));
        }
        let request = DiffRequest {
            a,
            b,
            only: Vec::new(),
            ignore: Vec::new(),
            objects: Vec::new(),
            explain: false,
            expect: ExpectFiles::default(),
        };
        diff(&request, &mut |_| {})
    }

    fn judge(
        &mut self,
        question: &str,
        mode: &str,
        file: &File,
        place: &Place,
        report: Result<Report, EngineError>,
    ) -> Answer {
        let baseline = &self.baselines[&baseline_key(question, mode, file)];
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                let text = format!("{} {}", error.what, error.cause);
                return told(&text, "error", file, place);
            }
        };
        let findings = gating(&report.findings);
        let new: Vec<_> = findings.difference(&baseline.findings).cloned().collect();
        if let Some(first) = new.first() {
            let key = first.split_whitespace().next().unwrap_or_default();
            return told(&new.join("\n"), key, file, place);
        }
        if let Outcome::Broken(why) | Outcome::Skipped(why) = &report.outcome
            && question != "diff of files"
        {
            return told(why, "broken", file, place);
        }
        let row = listed::row_for(&self.rows, (question, &file.kind, &place.what), &baseline.said);
        match row {
            Some(row) => {
                self.used.insert(row.line);
                Answer::Listed(row.line)
            }
            None => Answer::Survived,
        }
    }
}

fn baseline_key(question: &str, mode: &str, file: &File) -> String {
    match question {
        "audit" => question.to_owned(),
        "diff of builds" => format!("{question} {mode}"),
        _ => format!("{question} {mode} {}", file.name()),
    }
}

/// Findings that say something is wrong, whole.
fn gating(findings: &[Finding]) -> BTreeSet<String> {
    let gating = findings.iter().filter(|finding| finding.gates());
    gating.map(|it| format!("{} {}", it.key, serde_json::to_string(it).unwrap())).collect()
}

/// Whether a text names what was damaged.
fn told(text: &str, key: &str, file: &File, place: &Place) -> Answer {
    let path = file.name();
    let base = path.rsplit('/').next().unwrap_or_default().trim_start_matches('.');
    let base = base.trim_end_matches(".cmd");
    let stem = base.split(".thinlto").next().unwrap_or(base);
    let stem = stem.trim_end_matches(".o");
    let names = [path.as_str(), base, place.name.as_str()];
    let named = names.iter().any(|name| name.len() > 2 && text.contains(name))
        || stem.len() > 1 && text.contains(&format!("{stem}.o"));
    let key = key.to_owned();
    if named { Answer::Named(key) } else { Answer::Found(key) }
}

/// A damaged file; what it was comes back when this goes, with its time.
struct Damaged {
    path: PathBuf,
    bytes: Vec<u8>,
    time: SystemTime,
}

impl Damaged {
    fn put(path: &Path, damage: &Damage) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let time = std::fs::metadata(path).unwrap().modified().unwrap();
        write_at(path, &damage.applied_to(&bytes), time);
        Self { path: path.to_owned(), bytes, time }
    }
}

impl Drop for Damaged {
    fn drop(&mut self) {
        write_at(&self.path, &self.bytes, self.time);
    }
}

/// The age of a file must not give away that it was damaged.
fn write_at(path: &Path, bytes: &[u8], time: SystemTime) {
    std::fs::write(path, bytes).unwrap();
    std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}
