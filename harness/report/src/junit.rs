//! The report as JUnit XML, for the machines that run builds: one suite an architecture, one test
//! case a layer.
//!
//! What the readers make of it decides the form. GitLab takes the text within `failure`, `error` and
//! `skipped`, drops their attributes, and fails on two `system-out` in one case. Jenkins and the
//! usual GitHub actions take `message` first, and of several failures of one case only the first:
//! so it names the others. `type` is a plain word, because GitLab's reader would convert what
//! follows a `type` that it knows (`date`, `yaml`).

mod case;
mod expected;
mod told;
mod write;

use case::{Case, Result, Suite};
use std::collections::BTreeSet;
use told::{body, in_one_line, out};
use twinlto_model::{
    Arch, CellReport, Finding, Layer, LayerResult, MatrixCell, Outcome, Report, TwinReport, count,
    thousands,
};

/// The layer that finds a key; none for what no single layer finds.
pub type LayerOf = fn(&str) -> Option<Layer>;

/// The report as JUnit XML. A layer with findings that keep the twins from agreeing fails, one
/// that compared nothing is skipped, a broken build is an error. Findings of no layer are a case of
/// their own, named by the first word of their key.
///
/// An outcome other than agree always shows in a case: where no other tells it, `outcome` does.
#[must_use]
pub fn junit(report: &Report, layer_of: LayerOf) -> String {
    write::to_xml(&[(report, suites(report, layer_of))])
}

/// A matrix as JUnit XML: one case a cell and layer. Each cell comes with the report of its check,
/// whose configurations must tell them apart.
///
/// What is as a rule of the matrix expects fails nothing; what is not, fails in a case
/// `expected outcome`, which has the reason of the rule.
#[must_use]
pub fn junit_of_matrix(cells: &[(&MatrixCell, Report)], layer_of: LayerOf) -> String {
    let suites = |(cell, report): &(&MatrixCell, Report)| {
        let mut suites = suites(report, layer_of);
        expected::expected(cell, &mut suites);
        suites
    };
    let all: Vec<(&Report, Vec<Suite>)> =
        cells.iter().map(|cell| (&cell.1, suites(cell))).collect();
    write::to_xml(&all)
}

fn suites(report: &Report, layer_of: LayerOf) -> Vec<Suite> {
    let found = report.findings.iter().chain(report.allowed.iter().map(|a| &a.finding));
    let rows = report.twins.iter().map(|twin| twin.arch);
    let others = report.not_compared.iter().map(|left_out| left_out.arch);
    let builds = report.cells.iter().map(|cell| cell.arch);
    let arches: BTreeSet<Arch> =
        found.flat_map(Finding::arches).chain(rows).chain(others).chain(builds).collect();
    let of = Suites { report, layer_of };
    let mut suites: Vec<Suite> = arches.into_iter().map(|arch| of.suite(arch)).collect();
    suites.extend(of.patches());
    of.outcome(&mut suites);
    suites
}

/// What makes the suites.
struct Suites<'a> {
    report: &'a Report,
    layer_of: LayerOf,
}

impl Suites<'_> {
    fn suite(&self, arch: Arch) -> Suite {
        let mut suite = self.empty(Some(arch.name()));
        for cell in self.report.cells.iter().filter(|cell| cell.arch == arch) {
            suite.add(build(cell));
        }
        for twin in self.report.twins.iter().filter(|twin| twin.arch == arch) {
            for result in &twin.layers {
                suite.add(layer(result, twin));
            }
            // A build that is broken has said so.
            let told = suite.cases.iter().any(|case| matches!(case.result, Result::Error(_)));
            if let (Outcome::Broken(why), false) = (&twin.outcome, told) {
                suite.add(Case::new("outcome").result(Result::Error(in_one_line(why))));
            }
        }
        for finding in &self.report.findings {
            if let Some(finding) = at(finding, arch) {
                self.tell(&mut suite, &finding);
            }
        }
        for allowed in &self.report.allowed {
            if let Some(finding) = at(&allowed.finding, arch) {
                let by = format!("allowed by {}: {}", allowed.by, allowed.reason);
                let text = format!("{}\n  {}", out(&finding), in_one_line(&by));
                suite.with(&self.name(&finding), |case| case.tell(&text));
            }
        }
        self.not_compared(&mut suite, arch);
        suite
    }

    fn empty(&self, part: Option<&str>) -> Suite {
        let report = self.report;
        // The paths of two things that are compared are no name: readers know a case by its name
        // from one run to the next.
        let what = match report.sides {
            Some(_) if report.cells.is_empty() => vec![report.comparison.clone()],
            _ => vec![report.kernel.name.clone(), report.config.clone()],
        };
        let part = part.map(str::to_owned);
        let class: Vec<String> = what.iter().cloned().chain(part.clone()).collect();
        let mut name = what;
        if !report.cells.is_empty() {
            name.push(report.comparison.clone());
        }
        name.extend(part);
        Suite { name: name.join(" · "), class: class.join("."), cases: Vec::new() }
    }

    /// One case a patch, where each of a series was checked.
    fn patches(&self) -> Option<Suite> {
        let mut suite = self.empty(Some("patches"));
        for patch in &self.report.patches {
            let mut case = Case::new(&in_one_line(&patch.name));
            let summary = in_one_line(&patch.summary);
            case.result = match &patch.outcome {
                Outcome::Agree => Result::Passed,
                Outcome::Differ => Result::Failed(vec![(summary.clone(), summary.clone())]),
                Outcome::Broken(why) => Result::Error(in_one_line(why)),
                Outcome::Skipped(why) => Result::Skipped(in_one_line(why)),
            };
            case.tell(&summary);
            suite.add(case);
        }
        (!suite.cases.is_empty()).then_some(suite)
    }

    /// The case that a finding belongs to.
    fn name(&self, finding: &Finding) -> String {
        let key = finding.key.as_str();
        let first = || key.split('.').next().unwrap_or(key).to_owned();
        (self.layer_of)(key).map_or_else(first, |layer| layer.name().to_owned())
    }

    fn tell(&self, suite: &mut Suite, finding: &Finding) {
        // Of two runs, what became of a request is news, too.
        let fails = finding.keeps_apart() || (finding.change.is_some() && finding.gates());
        let fails = fails && finding.key.as_str() != "expectation.review";
        suite.with(&self.name(finding), |case| match fails {
            true => case.fail(finding),
            false => case.tell(&out(finding)),
        });
    }

    /// What was left out stands in the case of its layer, or in one that was skipped: a single one,
    /// for these texts have numbers in them, and a case keeps its name from run to run.
    fn not_compared(&self, suite: &mut Suite, arch: Arch) {
        let mut others = Vec::new();
        for left_out in self.report.not_compared.iter().filter(|n| n.arch == arch) {
            let what = match left_out.why.as_str() {
                "" => left_out.what.clone(),
                why => format!("{}: {why}", left_out.what),
            };
            let of_layer = |case: &&mut Case| case.name == left_out.what;
            match suite.cases.iter_mut().find(of_layer) {
                Some(case) if matches!(case.result, Result::Skipped(_)) => {}
                Some(case) => case.tell(&in_one_line(&format!("not compared: {what}"))),
                None => others.push(in_one_line(&what)),
            }
        }
        if !others.is_empty() {
            suite.add(Case::new("not compared").result(Result::Skipped(others.join("; "))));
        }
    }

    /// Sees to it that the answer of the whole shows.
    fn outcome(&self, suites: &mut Vec<Suite>) {
        let has = |suites: &[Suite], wanted: fn(&Result) -> bool| {
            suites.iter().flat_map(|suite| &suite.cases).any(|case| wanted(&case.result))
        };
        let summary = in_one_line(&self.report.summary);
        let told = match &self.report.outcome {
            Outcome::Agree => has(suites, |result| matches!(result, Result::Passed)),
            Outcome::Differ => has(suites, |result| matches!(result, Result::Failed(_))),
            Outcome::Broken(_) => has(suites, |result| matches!(result, Result::Error(_))),
            Outcome::Skipped(_) => false,
        };
        let result = match &self.report.outcome {
            _ if told => return,
            Outcome::Agree => Result::Passed,
            Outcome::Differ => Result::Failed(vec![(summary.clone(), summary)]),
            Outcome::Broken(why) => Result::Error(in_one_line(why)),
            Outcome::Skipped(why) => Result::Skipped(in_one_line(why)),
        };
        if suites.is_empty() {
            suites.push(self.empty(None));
        }
        if let Some(suite) = suites.first_mut() {
            suite.add(Case::new("outcome").result(result));
        }
    }
}

/// The part of a finding that shows on one architecture. One that names no place is everywhere.
fn at(finding: &Finding, arch: Arch) -> Option<Finding> {
    let mut part = finding.clone();
    part.sites.retain(|site| site.arch == arch);
    (!part.sites.is_empty() || finding.sites.is_empty()).then_some(part)
}

/// A build, with the time that it took.
fn build(cell: &CellReport) -> Case {
    let made = ["configure", "copy", "build"].iter().filter_map(|stage| cell.timings.get(*stage));
    let (mut seconds, mut reused) = (0.0, false);
    for stage in made {
        seconds += stage.seconds;
        reused |= stage.reused;
    }
    let mut case = Case::new(&format!("build {}", cell.mode));
    case.seconds = seconds;
    case.tell(&cell.directory);
    if reused {
        case.tell("taken from an earlier run, which took that time");
    }
    case.result = match &cell.outcome {
        Outcome::Agree | Outcome::Differ => Result::Passed,
        Outcome::Skipped(why) => Result::Skipped(in_one_line(why)),
        Outcome::Broken(why) => Result::Error(in_one_line(why)),
    };
    case
}

/// A layer before any of its findings is known.
fn layer(result: &LayerResult, twin: &TwinReport) -> Case {
    let mut case = Case::new(result.layer.name());
    case.result = match (&result.not_compared, result.compared) {
        (Some(why), 0) => Result::Skipped(in_one_line(why)),
        (None, 0) => Result::Skipped("nothing was compared".to_owned()),
        (Some(why), _) => {
            case.tell(&format!("not compared: {}", in_one_line(why)));
            Result::Passed
        }
        (None, _) => Result::Passed,
    };
    if result.compared > 0 {
        case.tell(&format!("{} {} compared", thousands(result.compared), result.layer.unit()));
    }
    if result.hidden > 0 {
        let hidden = usize::try_from(result.hidden).unwrap_or(usize::MAX);
        case.tell(&format!("{} left out", count(hidden, "finding", "findings")));
    }
    if result.layer == Layer::Lifecycle {
        for step in &twin.steps {
            case.seconds += step.seconds;
            case.tell(&told::step(step));
        }
    }
    case
}

impl Case {
    /// One more finding that keeps the twins from agreeing.
    fn fail(&mut self, finding: &Finding) {
        let failure = (in_one_line(&told::message(finding)), body(finding));
        match &mut self.result {
            Result::Failed(failures) => failures.push(failure),
            // Why it was skipped stays known.
            Result::Skipped(why) => {
                let why = format!("not compared: {why}");
                self.tell(&why);
                self.result = Result::Failed(vec![failure]);
            }
            Result::Error(_) => self.tell(&out(finding)),
            Result::Passed => self.result = Result::Failed(vec![failure]),
        }
    }
}

#[cfg(test)]
mod tests;
