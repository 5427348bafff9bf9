//! The verdict on commands that were planned and not run.

use crate::compare::Verdict;
use crate::layer::{LayerVerdict, Omitted};
use crate::transport::{KEY_NOT_SAVED, transport};
use twinlto_facts::build::BuildFacts;
use twinlto_facts::dry_run::{Replaced, SOURCE};
use twinlto_model::{Arch, Evidence, Finding, Key, Layer, Mode, Severity, Site};

/// What is known of a plan beside the commands in the facts.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Whose commands are planned ones.
    pub replaced: Replaced,
    /// Whether the front ends were to be planned too.
    pub fronts: bool,
    /// Why they could not be, where they should have been.
    pub no_fronts: Option<String>,
    /// Why make did not end well, as findings.
    pub failures: Vec<Finding>,
}

/// Judges a build whose backend commands are those that a tree would run.
#[must_use]
pub fn judge_planned(arch: Arch, facts: &BuildFacts, plan: &Plan) -> Verdict {
    let mut told = transport(arch, facts);
    // It speaks of backends that did not run; here none did.
    told.omitted = Omitted::Nothing;
    rules_that_do_not_save(&mut told.findings, plan);
    let objects = facts.objects.len();
    let unplanned: Vec<&String> =
        facts.objects.keys().filter(|name| !plan.replaced.backends.contains(*name)).collect();
    match (unplanned.len(), plan.failures.is_empty()) {
        (0, _) => {}
        (n, true) if n == objects => told.omit_all("make planned no backend command"),
        (_, true) => {
            told.findings.extend(unplanned.iter().map(|name| never_started(arch, name)));
        }
        (n, false) if n == objects => {
            told.omit_all("make planned no backend command before it stopped");
        }
        (n, false) => {
            told.omit_part(format!("{n} backend commands (make stopped before it planned them)"));
        }
    }
    told.findings.extend(plan.failures.iter().cloned());
    for part in parts_left_out(facts, plan) {
        told.omitted = match told.omitted {
            Omitted::Nothing => Omitted::Part(part),
            Omitted::Part(other) => Omitted::Part(format!("{other}; {part}")),
            all => all,
        };
    }
    let without = |layer| LayerVerdict::excused(layer, "nothing was compiled: only planned");
    let rest = [
        Layer::Artefacts,
        Layer::Exports,
        Layer::Symbols,
        Layer::Sections,
        Layer::Initcalls,
        Layer::Tables,
    ];
    let layers = std::iter::once(told).chain(rest.map(without)).collect();
    Verdict::of(arch, layers)
}

fn parts_left_out(facts: &BuildFacts, plan: &Plan) -> Vec<String> {
    let mut parts = Vec::new();
    let recorded = facts.objects.len().saturating_sub(plan.replaced.fronts.len());
    match &plan.no_fronts {
        Some(why) => parts.push(format!("what the tree's front ends would save ({why})")),
        None if !plan.fronts => parts.push(
            "what the tree's front ends would save (recorded ones were asked for)".to_owned(),
        ),
        None if recorded > 0 => parts.push(format!(
            "{recorded} front ends (the tree would not run them: as the build recorded them)"
        )),
        None => {}
    }
    if plan.replaced.unknown > 0 {
        parts.push(format!(
            "{} objects that the build has not (no index lists them)",
            plan.replaced.unknown
        ));
    }
    parts
}

/// make ended well and would not run a backend that the index asks for.
fn never_started(arch: Arch, name: &str) -> Finding {
    let mut site = Site::new(arch, Some(Mode::Distributed), name);
    site.right = Some(Evidence::new("backend", "not run").at(SOURCE));
    Finding::new(Key::new("flags.backend.unplanned"), Severity::Error, site)
        .because("the index lists the object, and make would not run its backend")
        .remedy("let the rule for native objects take every line of vmlinux.thinlto-index (scripts/Makefile.thinlto)")
        .grouped("unplanned")
}

/// A tree whose own rules save nothing: there is no older object to blame. Where the backends get
/// their options all the same, the tree has another way.
fn rules_that_do_not_save(findings: &mut Vec<Finding>, plan: &Plan) {
    let is_planned = |finding: &Finding| {
        finding.key == KEY_NOT_SAVED
            && finding.subjects().into_iter().all(|name| plan.replaced.fronts.contains(name))
    };
    findings.retain(|f| !(is_planned(f) && f.severity == Severity::Warning));
    for finding in findings.iter_mut() {
        if is_planned(finding) {
            finding.cause =
                Some("the tree's rule for it saves no flags for its backend".to_owned());
            finding.remedy = Some(
                "let the rule save them, as rule_cc_o_c does (scripts/Makefile.lib)".to_owned(),
            );
            finding.group = "planned without saving".to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::build::{Answer, CommandText, ObjectFacts};

    const FLAGS: &str = "--target=aarch64-linux-gnu -O2 -flto=thin";

    fn facts(names: &[&str], planned: &[&str]) -> (BuildFacts, Plan) {
        let mut facts = BuildFacts { mode: Some(Mode::Distributed), ..BuildFacts::default() };
        let mut plan = Plan { fronts: true, ..Plan::default() };
        for name in names {
            let stem = name.strip_suffix(".o").unwrap();
            let text =
                |text: String| CommandText { text, path: SOURCE.into(), target: (*name).into() };
            let mut object = ObjectFacts {
                front: Answer::Read(text(format!("clang {FLAGS} -c -o {name} a.c"))),
                saved: Some(text(FLAGS.to_owned())),
                ..ObjectFacts::default()
            };
            plan.replaced.fronts.insert((*name).to_owned());
            if planned.contains(name) {
                plan.replaced.backends.insert((*name).to_owned());
                object.back = Answer::Read(text(format!(
                    "clang {FLAGS} -x ir -fno-lto -fthinlto-index={name}.thinlto.bc -c -o {stem}.thinlto-native.o {name}"
                )));
            }
            facts.objects.insert((*name).to_owned(), object);
        }
        (facts, plan)
    }

    fn told(facts: &BuildFacts, plan: &Plan) -> (Vec<String>, Omitted, u64) {
        let verdict = judge_planned(Arch::Arm64, facts, plan);
        let layer = verdict.layers.first().unwrap();
        let keys = layer.findings.iter().map(|f| f.key.as_str().to_owned()).collect();
        (keys, layer.omitted.clone(), layer.compared)
    }

    #[test]
    fn a_plan_in_order_has_nothing_to_say() {
        let (facts, plan) = facts(&["a.o", "b.o"], &["a.o", "b.o"]);
        assert_eq!(told(&facts, &plan), (vec![], Omitted::Nothing, 2));
    }

    #[test]
    fn a_backend_that_make_leaves_out_is_a_finding_and_none_at_all_is_no_pass() {
        let (one, plan) = facts(&["a.o", "b.o"], &["a.o"]);
        assert_eq!(told(&one, &plan).0, ["flags.backend.unplanned"]);
        let (none, plan) = facts(&["a.o", "b.o"], &[]);
        let (keys, omitted, _) = told(&none, &plan);
        assert!(keys.is_empty() && matches!(omitted, Omitted::All(_)), "{omitted:?}");
    }

    #[test]
    fn a_plan_that_broke_off_says_how_much_is_missing() {
        let (facts, mut plan) = facts(&["a.o", "b.o"], &["a.o"]);
        let site = Site::new(Arch::Arm64, None, "make");
        plan.failures.push(Finding::new(Key::new("make.failed"), Severity::Error, site));
        let (keys, omitted, _) = told(&facts, &plan);
        assert_eq!(keys, ["make.failed"]);
        assert!(matches!(omitted, Omitted::Part(what) if what.starts_with("1 backend commands")));
    }

    #[test]
    fn recorded_front_ends_are_said_to_be_recorded() {
        let (facts, mut plan) = facts(&["a.o"], &["a.o"]);
        plan.replaced.fronts.clear();
        let part = |plan: &Plan| match told(&facts, plan).1 {
            Omitted::Part(what) => what,
            other => panic!("{other:?}"),
        };
        assert!(part(&plan).starts_with("1 front ends"));
        plan.fronts = false;
        assert!(part(&plan).contains("recorded ones were asked for"));
    }

    #[test]
    fn a_tree_that_saves_nothing_is_not_called_a_mode_switch() {
        let (mut facts, plan) = facts(&["a.o", "b.o"], &["a.o", "b.o"]);
        for object in facts.objects.values_mut() {
            object.saved = None;
            if let Answer::Read(back) = &mut object.back {
                back.text = back.text.replace(FLAGS, "");
            }
        }
        let verdict = judge_planned(Arch::Arm64, &facts, &plan);
        let finding = verdict.findings().into_iter().find(|f| f.key == KEY_NOT_SAVED).unwrap();
        assert!(finding.cause.unwrap().contains("the tree's rule"));
    }
}
