//! Two recorded runs: what is new, what is fixed, what stays, and what was compared less.
//!
//! A pass that compared nothing is worse than a failure, so less that was compared is a finding.

mod expected;
mod places;
mod runs;

pub use expected::expect_records;

use crate::expect::{Glob, Needs, layer_of, needs};
use crate::merge::merge;
use places::{At, Places, all};
use std::collections::{BTreeMap, BTreeSet};
use twinlto_model::{
    Arch, Change, Counts, Evidence, Finding, Key, Layer, LayerResult, NotCompared, Report,
    Severity, Site, Tier, thousands,
};

/// What became of the findings of one run in another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordDiff {
    /// The second run has them, the first had not, or had less or other values there.
    pub new: Vec<Finding>,
    /// The first run had them, and the second looked and has not; notes.
    pub fixed: Vec<Finding>,
    /// Both have them; notes.
    pub persisting: Vec<Finding>,
    /// The second run has them, and the first did not look for them: its build failed, say.
    pub untold: Vec<Finding>,
    /// `record.compared.less`: the second run compared less than the first.
    pub less: Vec<Finding>,
    /// `record.outcome.worse`: an outcome that is worse in the second run.
    pub outcomes: Vec<Finding>,
    /// `record.input.changed`: what the runs were given, where it is not the same; notes.
    pub inputs: Vec<Finding>,
    /// Findings of the first run that the second did not look for, and layers that neither run
    /// compared.
    pub not_looked_for: Vec<NotCompared>,
}

/// Compares two runs. A place of a finding is its key, architecture, mode and subject; each place
/// is decided for itself. Allowed findings were found too, and are neither new nor fixed. What is
/// worse than it was, or holds other values, is new, and says what it was.
#[must_use]
pub fn compare_records(a: &Report, b: &Report) -> RecordDiff {
    let mut diff = RecordDiff { less: merge(less(a, b)), ..RecordDiff::default() };
    let mut before = Places::of(a);
    let after = all(b);
    // What is the same in every word is taken first, then what is no news, so that one of two
    // findings at a place that was there before does not hide the other.
    let mut states: Vec<Vec<State>> =
        after.iter().map(|(finding, _)| vec![State::Unmatched; finding.sites.len()]).collect();
    let fit: [Fits<'_>; 2] = [At::is_same, At::is_known];
    for fits in fit {
        for (&(finding, allowed), states) in after.iter().zip(&mut states) {
            for (site, state) in finding.sites.iter().zip(states) {
                let now = At { finding, site, allowed };
                let open = *state == State::Unmatched;
                if open && before.take(now, |old| fits(&now, old)).is_some() {
                    *state = State::Known;
                }
            }
        }
    }
    for (&(finding, allowed), mut states) in after.iter().zip(states) {
        let mut more_severe = false;
        for (site, state) in finding.sites.iter().zip(&mut states) {
            let now = At { finding, site, allowed };
            let open = *state == State::Unmatched;
            if let Some(old) = before.take(now, |_| open) {
                more_severe |= now.is_more_severe(&old);
                *state = State::Was(now.was(&old));
            }
        }
        let is = |wanted: fn(&State) -> bool| -> Vec<bool> { states.iter().map(wanted).collect() };
        let known = is(|state| *state == State::Known);
        diff.persisting.extend(part(finding, Change::Persisting, &known, true));
        // Of what the first run did not look for, nobody can tell whether it is new.
        let untold: Vec<bool> = finding
            .sites
            .iter()
            .zip(&states)
            .map(|(site, state)| *state == State::Unmatched && !looked_for(finding, site, a))
            .collect();
        let open = part(finding, Change::Untold, &untold, true);
        diff.untold.extend(open.filter(|_| !allowed));
        let is_new: Vec<bool> =
            known.iter().zip(&untold).map(|(known, untold)| !(*known || *untold)).collect();
        let Some(mut new) = part(finding, Change::New, &is_new, true).filter(|_| !allowed) else {
            continue;
        };
        let was = states.into_iter().zip(&is_new).filter_map(|(state, new)| new.then_some(state));
        for (site, state) in new.sites.iter_mut().zip(was) {
            if let State::Was(was) = state {
                let effect = std::mem::take(&mut site.effect);
                let parts = [effect, was].into_iter().filter(|part| !part.is_empty());
                site.effect = Vec::from_iter(parts).join("; ");
            }
        }
        // What was lawful as a note is not as more than that.
        if more_severe && new.tier == Tier::Lawful {
            new.tier = Tier::Caused;
        }
        diff.new.push(new);
    }
    let mut unseen: BTreeMap<(Arch, &str), u64> = BTreeMap::new();
    for (finding, allowed) in all(a) {
        let left = finding.sites.iter().map(|site| At { finding, site, allowed });
        let left: Vec<bool> = left.map(|at| before.take(at, |_| true).is_some()).collect();
        let looked: Vec<bool> =
            finding.sites.iter().map(|site| looked_for(finding, site, b)).collect();
        let both = |wanted: bool| -> Vec<bool> {
            left.iter().zip(&looked).map(|(left, looked)| *left && *looked == wanted).collect()
        };
        diff.fixed.extend(part(finding, Change::Fixed, &both(true), true).filter(|_| !allowed));
        for site in part(finding, Change::Fixed, &both(false), true).iter().flat_map(|f| &f.sites) {
            *unseen.entry((site.arch, finding.key.as_str())).or_default() += 1;
        }
    }
    let not_looked_for = unseen.into_iter().map(|((arch, key), n)| NotCompared {
        arch,
        what: format!("{key} ({n})"),
        why: "the first run found that, the second run did not look for it".to_owned(),
    });
    diff.not_looked_for = not_looked_for.chain(neither(a, b)).collect();
    diff.inputs = merge(runs::inputs(a, b));
    let told = diff.new.iter().chain(&diff.untold);
    let gating: BTreeSet<Arch> =
        told.filter(|finding| gates(finding)).flat_map(Finding::arches).collect();
    diff.outcomes = merge(runs::outcomes(a, b, |arch| gating.contains(&arch)));
    diff
}

/// Whether a finding keeps two runs from agreeing; a day that passed changes no kernel.
#[must_use]
pub fn gates(finding: &Finding) -> bool {
    finding.gates() && finding.key.as_str() != "expectation.review"
}

type Fits<'r> = fn(&At<'r>, &At<'r>) -> bool;

/// Whether a place of the second run was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It is new.
    Unmatched,
    /// It was there before.
    Known,
    /// It is new as it is; this it was before.
    Was(String),
}

/// Layers of which neither run compared anything, where the second does not say so itself.
fn neither(a: &Report, b: &Report) -> Vec<NotCompared> {
    let mut list = Vec::new();
    for twin in &b.twins {
        for now in twin.layers.iter().filter(|result| result.compared == 0) {
            let what = now.layer.name();
            let nothing = |old: &LayerResult| old.compared == 0;
            let said = |left: &NotCompared| left.arch == twin.arch && left.what == what;
            let both = layer(a, twin.arch, now.layer).is_none_or(nothing);
            if both && !b.not_compared.iter().any(said) {
                let why = now.not_compared.clone();
                let why = why.unwrap_or_else(|| "neither run compared any".to_owned());
                list.push(NotCompared { arch: twin.arch, what: what.to_owned(), why });
            }
        }
    }
    list
}

/// The finding at those of its places for which `is` is `wanted`; none where there is no such
/// place. What was there before, or is gone, is a note.
fn part(finding: &Finding, change: Change, is: &[bool], wanted: bool) -> Option<Finding> {
    let here = finding.sites.iter().zip(is).filter(|(_, is)| **is == wanted);
    let sites: Vec<Site> = here.map(|(site, _)| site.clone()).collect();
    if sites.is_empty() {
        return None;
    }
    let mut part = Finding { sites, change: Some(change), ..finding.clone() };
    if matches!(change, Change::Fixed | Change::Persisting) {
        part.severity = Severity::Note;
    }
    Some(part)
}

/// What a run compared of one layer of one architecture.
fn layer(report: &Report, arch: Arch, layer: Layer) -> Option<&LayerResult> {
    let twin = report.twins.iter().find(|twin| twin.arch == arch)?;
    twin.layers.iter().find(|result| result.layer == layer)
}

/// Whether a run would have found this, had it been there.
fn looked_for(finding: &Finding, site: &Site, report: &Report) -> bool {
    let is_whole = |which: Layer| {
        layer(report, site.arch, which)
            .is_some_and(|result| result.compared > 0 && result.not_compared.is_none())
    };
    // What two builds show alone, one shows not, though the same layer has compared something of it.
    // What was said while they were built is compared of builds that fail as well.
    let mut cells = report.cells.iter().filter(|cell| cell.arch == site.arch);
    let needs = needs(&Glob::new(finding.key.as_str())).next();
    match needs {
        Some(Needs::Both(which)) if which != Layer::Diagnostics => {
            is_whole(which) && cells.all(|cell| cell.outcome.why().is_none())
        }
        Some(Needs::One(which) | Needs::Both(which)) => is_whole(which),
        _ => report.twins.iter().any(|twin| twin.arch == site.arch),
    }
}

/// The rows of the second run's table, where only these findings are counted, and of the hidden
/// ones only that there are any.
#[must_use]
pub fn rows(b: &Report, arch: Arch, findings: &[Finding], hidden: &[Finding]) -> Vec<LayerResult> {
    let twin = b.twins.iter().find(|twin| twin.arch == arch);
    let here = |result: &LayerResult, all: &[Finding], fits: fn(&Finding) -> bool| {
        let of_layer = |finding: &&Finding, site: &Site| match layer_of(finding.key.as_str()) {
            Some(layer) => layer == result.layer,
            // That it compared less is told with the numbers; that it compared nothing shows.
            None => result.compared > 0 && site.subject == result.layer.name(),
        };
        let wanted = all.iter().filter(|finding| fits(finding));
        let sites = wanted.flat_map(|f| f.sites.iter().filter(move |site| of_layer(&f, site)));
        sites.filter(|site| site.arch == arch).count() as u64
    };
    let layers = twin.map(|twin| twin.layers.as_slice()).unwrap_or_default();
    let row = |result: &LayerResult| LayerResult {
        errors: here(result, findings, |finding| finding.severity == Severity::Error),
        others: here(result, findings, |finding| finding.severity != Severity::Error),
        hidden: here(result, hidden, |_| true),
        ..result.clone()
    };
    layers.iter().map(row).collect()
}

/// One finding a layer and architecture in which the second run compared less.
fn less(a: &Report, b: &Report) -> Vec<Finding> {
    let mut findings = Vec::new();
    for twin in &a.twins {
        for before in twin.layers.iter().filter(|result| result.compared > 0) {
            let now = layer(b, twin.arch, before.layer);
            let compared = now.map_or(0, |result| result.compared);
            if compared >= before.compared {
                continue;
            }
            let unit = before.layer.unit();
            let side = |name: &str, n: u64| Evidence::new(name, format!("{} {unit}", thousands(n)));
            let site = Site::new(twin.arch, None, before.layer.name())
                .sides(side("A", before.compared), side("B", compared));
            let (severity, cause) = match now {
                None if b.twins.iter().all(|other| other.arch != twin.arch) => {
                    (Severity::Error, "the second run has not this architecture".to_owned())
                }
                None => (Severity::Error, "the second run has not this layer".to_owned()),
                Some(LayerResult { not_compared: Some(why), .. }) => {
                    (Severity::Error, format!("the second run did not compare it: {why}"))
                }
                Some(_) if compared == 0 => {
                    (Severity::Error, "the second run had nothing to compare here".to_owned())
                }
                Some(_) if few(before.compared, compared) && is_smaller(a, b, twin.arch) => (
                    Severity::Note,
                    "the second kernel is smaller and has fewer of them".to_owned(),
                ),
                Some(_) if is_smaller(a, b, twin.arch) => {
                    (Severity::Warning, "the second kernel is much smaller".to_owned())
                }
                Some(_) => (
                    Severity::Warning,
                    "the second kernel is not smaller, and yet fewer could be compared".to_owned(),
                ),
            };
            let mut finding = Finding::new(Key::new("record.compared.less"), severity, site);
            finding.change = Some(Change::New);
            findings.push(finding.because(cause.clone()).grouped(cause));
        }
    }
    findings
}

/// Whether no more are missing than a change of the sources takes out: ten, or one of twenty.
const fn few(before: u64, now: u64) -> bool {
    let gone = before.saturating_sub(now);
    now > 0 && (gone <= 10 || gone <= before / 20)
}

/// What a kernel has less of when something was taken out of it.
const SIZES: [&str; 5] = ["ir_objects", "exports", "symbols", "initcalls", "sections"];

/// Whether a build of the second run has less of anything than the same build of the first.
fn is_smaller(a: &Report, b: &Report, arch: Arch) -> bool {
    let pairs = a.cells.iter().filter(|cell| cell.arch == arch).filter_map(|before| {
        let now = b.cells.iter().find(|now| (now.arch, now.mode) == (arch, before.mode))?;
        Some((&before.counts, &now.counts))
    });
    let less = |(before, now): (&Counts, &Counts)| {
        SIZES.iter().any(|name| match (before.get(*name), now.get(*name)) {
            (Some(before), Some(now)) => now < before,
            _ => false,
        })
    };
    pairs.into_iter().any(less)
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{CellReport, KernelId, Mode, Outcome, SCHEMA, TwinReport};

    fn finding(subjects: &[&str]) -> Finding {
        let site = |subject: &&str| Site::new(Arch::Arm64, None, *subject);
        let mut finding =
            Finding::new(Key::new("symbol.lost"), Severity::Warning, site(&subjects[0]));
        finding.sites = subjects.iter().map(site).collect();
        finding
    }

    fn report(compared: u64, findings: Vec<Finding>) -> Report {
        let layer = LayerResult {
            layer: Layer::Symbols,
            compared,
            errors: 0,
            others: 0,
            hidden: 0,
            not_compared: (compared == 0).then(|| "no vmlinux".to_owned()),
        };
        Report {
            schema: SCHEMA.to_owned(),
            twinlto: String::new(),
            kernel: KernelId { name: String::new(), path: None },
            config: String::new(),
            comparison: String::new(),
            sides: None,
            outcome: Outcome::Agree,
            summary: String::new(),
            twins: vec![TwinReport {
                arch: Arch::Arm64,
                outcome: Outcome::Agree,
                build: String::new(),
                layers: vec![layer],
                steps: Vec::new(),
                coverage: Vec::new(),
            }],
            cells: Vec::new(),
            findings,
            allowed: Vec::new(),
            not_compared: Vec::new(),
            patches: Vec::new(),
            record: None,
        }
    }

    fn subjects(findings: &[Finding]) -> Vec<&str> {
        findings.iter().flat_map(Finding::subjects).collect()
    }

    #[test]
    fn each_place_is_new_fixed_or_stays() {
        let (a, b) = (finding(&["f", "g"]), finding(&["f", "h", "i"]));
        let diff = compare_records(&report(9, vec![a]), &report(9, vec![b]));
        assert_eq!(subjects(&diff.new), ["h", "i"]);
        assert_eq!(subjects(&diff.fixed), ["g"]);
        assert_eq!(subjects(&diff.persisting), ["f"]);
        assert!(diff.less.is_empty() && diff.not_looked_for.is_empty());
        assert_eq!(diff.new[0].severity, Severity::Warning);
        assert!(diff.fixed.iter().chain(&diff.persisting).all(|f| !f.gates()));
    }

    #[test]
    fn what_the_first_run_did_not_look_for_is_not_called_new() {
        let (a, mut b) = (report(0, vec![]), report(9, vec![finding(&["f"])]));
        b.twins[0].outcome = Outcome::Differ;
        b.outcome = Outcome::Differ;
        let diff = compare_records(&a, &b);
        assert_eq!((subjects(&diff.untold), diff.new.len()), (vec!["f"], 0));
        // It tells why the outcome is worse.
        assert!(gates(&diff.untold[0]) && diff.outcomes.is_empty());
        // What two builds show alone was not looked for where one of them failed.
        let mut one = report(9, vec![]);
        one.cells.push(CellReport {
            arch: Arch::Arm64,
            mode: Mode::InProcess,
            toolchain: None,
            outcome: Outcome::Broken("no rule".to_owned()),
            directory: String::new(),
            timings: BTreeMap::new(),
            counts: BTreeMap::new(),
        });
        assert_eq!(subjects(&compare_records(&one, &b).untold), ["f"]);
        // What was found in the part that was looked at stays what it was.
        let part = report(0, vec![finding(&["f"])]);
        let diff = compare_records(&part, &b);
        assert_eq!((diff.untold.len(), subjects(&diff.persisting)), (0, vec!["f"]));
    }

    #[test]
    fn a_second_finding_at_one_place_is_new() {
        let (one, two) = (finding(&["f"]).because("x"), finding(&["f"]).because("y"));
        let (a, b) = (report(9, vec![two.clone()]), report(9, vec![one, two]));
        let diff = compare_records(&a, &b);
        assert_eq!(diff.new[0].cause.as_deref(), Some("x"));
        assert_eq!((diff.new.len(), diff.persisting.len()), (1, 1));
    }

    #[test]
    fn a_note_that_became_a_warning_is_new() {
        let mut note = finding(&["f"]);
        note.severity = Severity::Note;
        let diff = compare_records(&report(9, vec![note]), &report(9, vec![finding(&["f"])]));
        assert_eq!((subjects(&diff.new), diff.persisting.len()), (vec!["f"], 0));
    }

    #[test]
    fn what_was_not_looked_for_is_not_fixed() {
        let diff = compare_records(&report(9, vec![finding(&["f"])]), &report(0, vec![]));
        assert!(diff.fixed.is_empty());
        assert_eq!(diff.not_looked_for.len(), 1);
        assert_eq!(diff.less[0].severity, Severity::Error);
        assert!(diff.less[0].cause.as_deref().unwrap().contains("no vmlinux"));
        let fewer = compare_records(&report(9, vec![]), &report(8, vec![]));
        let site = &fewer.less[0].sites[0];
        let texts = [&site.left, &site.right].map(|it| it.as_ref().unwrap().text.as_str());
        assert_eq!(texts, ["9 symbols", "8 symbols"]);
        assert!(compare_records(&report(8, vec![]), &report(9, vec![])).less.is_empty());
    }

    #[test]
    fn a_run_against_itself_has_nothing_new() {
        let run = report(9, vec![finding(&["f", "f", "g"])]);
        let diff = compare_records(&run, &run);
        assert_eq!((diff.new.len(), diff.fixed.len(), diff.less.len()), (0, 0, 0));
        assert_eq!(diff.persisting[0].sites.len(), 3);
    }
}
