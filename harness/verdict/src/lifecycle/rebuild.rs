//! What had to be made again after a change, from what each backend reads, against what was.

use super::{StepVerdict, between, finding, so};
use std::collections::BTreeSet;
use twinlto_facts::kbuild::{cmd_path, index_path, native_path};
use twinlto_facts::life::{Generation, Unit};
use twinlto_model::{Arch, Evidence, Finding, LifeStep, Severity, count};

/// A file of the source tree that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// Relative to the source tree.
    pub path: String,
    /// IR objects whose `.cmd` files list it.
    pub recorded: BTreeSet<String>,
    /// Further IR objects whose sources include it, as the compiler says.
    pub unrecorded: BTreeSet<String>,
    /// Whether the linked kernel holds what the change added; none where nobody looked.
    pub arrived: Option<bool>,
    /// What make said, where it failed after every backend had had its turn.
    pub failed: Option<String>,
}

/// Judges the make after an edit.
#[must_use]
pub fn rebuilt(
    arch: Arch,
    step: LifeStep,
    (before, after): (&Generation, &Generation),
    edit: &Edit,
) -> StepVerdict {
    let judge = Judge { arch, step, before, after, edit };
    let mut verdict = StepVerdict::default();
    let mut work = Work::default();
    let mut unreadable = Vec::new();
    for (name, unit) in &after.units {
        if let Some(why) = &unit.unreadable {
            unreadable.push(format!("{name}: {why}"));
            continue;
        }
        verdict.compared += 2;
        verdict.findings.extend(judge.front(name, &mut work.fronts));
        verdict.findings.extend(judge.back(name, unit, &mut work.backs));
    }
    if let Some(first) = unreadable.first() {
        let objects = count(unreadable.len(), "unreadable object", "unreadable objects");
        verdict.omitted = Some(format!("{objects}, such as {first}"));
    }
    // What was not linked at all is not stale.
    if edit.failed.is_none() {
        verdict.findings.extend(judge.links());
    }
    verdict.findings.extend(judge.over(&work));
    verdict.said = format!(
        "{} changed; made again {} and {}; needed {} and {}",
        edit.path,
        count(work.fronts.made, "front end", "front ends"),
        count(work.backs.made, "backend", "backends"),
        work.fronts.needed,
        work.backs.needed
    );
    if let Some(headline) = &edit.failed {
        let stale = verdict.findings.iter().any(|found| found.severity == Severity::Error);
        let failed =
            StepVerdict::failed(arch, step, &format!("make after {} changed", edit.path), headline);
        // An object that is stale explains a link that fails.
        match stale {
            true => verdict.said = format!("{}; {}", verdict.said, failed.said),
            false => verdict.and(failed),
        }
    }
    verdict
}

/// How much was needed, and how much was done.
#[derive(Debug, Default)]
struct Tally {
    needed: usize,
    made: usize,
    over: usize,
}

#[derive(Debug, Default)]
struct Work {
    fronts: Tally,
    backs: Tally,
}

impl Tally {
    fn count(&mut self, needed: bool, made: bool) {
        self.needed += usize::from(needed);
        self.made += usize::from(made);
        self.over += usize::from(made && !needed);
    }
}

struct Judge<'a> {
    arch: Arch,
    step: LifeStep,
    before: &'a Generation,
    after: &'a Generation,
    edit: &'a Edit,
}

impl Judge<'_> {
    fn remade(&self, path: &str) -> bool {
        self.after.remade(self.before, path)
    }

    fn stale(&self, subject: &str, group: &str) -> Finding {
        finding(self.arch, "lifecycle.stale", Severity::Error, subject)
            .grouped(format!("{} {group}", self.step))
    }

    /// Whether an IR object holds something else than before.
    fn is_other(&self, name: &str) -> bool {
        let ir = |at: &Generation| at.units.get(name).map(|unit| unit.ir);
        ir(self.before) != ir(self.after)
    }

    fn front(&self, name: &str, tally: &mut Tally) -> Option<Finding> {
        let path = &self.edit.path;
        let unrecorded = self.edit.unrecorded.contains(name);
        let needed = unrecorded || self.edit.recorded.contains(name);
        let made = self.remade(name);
        tally.count(needed, made);
        if !needed || made {
            return None;
        }
        let left = Evidence::new("source tree", format!("{path} changed"));
        let right = Evidence::new("IR object", "not compiled again").at(cmd_path(name));
        let found = between(self.stale(name, "front"), left, right);
        let found = match unrecorded {
            true => found
                .because(format!(
                    "its source includes {path}, and its .cmd file does not list it: make does \
                     not know that the object depends on it"
                ))
                .grouped(format!("{} unrecorded", self.step)),
            false => found.because(format!(
                "it is made from {path}, as its .cmd file says, and make did not compile it again"
            )),
        };
        Some(so(found, "the kernel has the old code"))
    }

    fn back(&self, name: &str, unit: &Unit, tally: &mut Tally) -> Option<Finding> {
        let native = native_path(name);
        let made = self.remade(&native);
        let reason = self.needs_backend(name, unit);
        tally.count(reason.is_some(), made);
        let (group, side, cause) = reason.filter(|_| !made)?;
        let right = Evidence::new("native object", "not made again").at(cmd_path(&native));
        let left = Evidence::new(group, side);
        let found = between(self.stale(name, group), left, right).because(cause);
        let found = if group == "import" { found.known_as("index-stale") } else { found };
        Some(so(found, "what it inlined from there is old code: callers and callee may disagree"))
    }

    /// Why a backend has to run again: what it reads is something else.
    fn needs_backend(&self, name: &str, unit: &Unit) -> Option<(&'static str, String, String)> {
        if self.is_other(name) {
            let cause = "its IR object was compiled again, to something else".to_owned();
            return Some(("IR object", "other bytes".to_owned(), cause));
        }
        let changed: Vec<&str> =
            unit.imports.iter().map(String::as_str).filter(|m| self.is_other(m)).collect();
        if let Some(first) = changed.first() {
            let more = match changed.len() {
                1 => String::new(),
                n => format!(", +{}", n - 1),
            };
            let side = format!("imports from {first}{more}, which changed");
            let cause = "it imports functions from an object that changed, as its index says, \
                         and its backend did not run again";
            return Some(("import", side, cause.to_owned()));
        }
        let old = self.before.units.get(name)?;
        if old.index != unit.index {
            let lost: Vec<&str> =
                old.imports.difference(&unit.imports).map(String::as_str).collect();
            let new: Vec<&str> =
                unit.imports.difference(&old.imports).map(String::as_str).collect();
            let side = match (new.first(), lost.first()) {
                (Some(new), _) => format!("now imports from {new}"),
                (None, Some(lost)) => format!("no longer imports from {lost}"),
                (None, None) => "another one".to_owned(),
            };
            let cause = "the thin link decided something else about it, and its backend did not \
                         run again";
            return Some(("index", side, cause.to_owned()));
        }
        None
    }

    /// The thin link and the links that follow.
    fn links(&self) -> Vec<Finding> {
        const INDEX: &str = "vmlinux.thinlto-index";
        let mut found = Vec::new();
        let units = self.after.units.keys();
        let other = units.clone().find(|name| self.is_other(name));
        if let Some(other) = other
            && !self.remade(INDEX)
        {
            let stale = between(
                self.stale(INDEX, "thin link"),
                Evidence::new("IR object", format!("{other} changed")),
                Evidence::new("thin link", "not run again"),
            );
            let stale = stale.because("IR objects changed, and the thin link did not run again");
            found.push(so(stale, "imports and promotions are those of the old objects"));
        }
        let native = units.map(|name| native_path(name)).find(|name| self.remade(name));
        for file in ["vmlinux.o", "vmlinux"] {
            if let Some(native) = &native
                && self.before.files.contains_key(file)
                && !self.remade(file)
            {
                let stale = between(
                    self.stale(file, "link"),
                    Evidence::new("native object", format!("{native} was made again")),
                    Evidence::new(file, "not linked again"),
                );
                let stale = stale.because("native objects changed, and it was not linked again");
                found.push(so(stale, "the kernel has the old code"));
            }
        }
        if self.edit.arrived == Some(false) {
            let stale = between(
                self.stale("vmlinux", "arrived"),
                Evidence::new("source tree", format!("{} has one more function", self.edit.path)),
                Evidence::new("vmlinux", "it is not there"),
            );
            let stale = stale.because("the change is in the sources and not in the linked kernel");
            found.push(so(stale, "the kernel has the old code"));
        }
        found
    }

    /// What was made again and need not have been: one note for the step.
    fn over(&self, work: &Work) -> Option<Finding> {
        let (fronts, backs) = (&work.fronts, &work.backs);
        if fronts.over + backs.over == 0 {
            return None;
        }
        let told = |fronts: usize, backs: usize| {
            format!(
                "{}, {}",
                count(fronts, "front end", "front ends"),
                count(backs, "backend", "backends")
            )
        };
        // An index with the same bytes and a new time.
        let rewritten = self.after.units.iter().filter(|(name, unit)| {
            let same = self.before.units.get(*name).is_some_and(|old| old.index == unit.index);
            same && self.remade(&index_path(name))
        });
        let rewritten = rewritten.count();
        let found = finding(self.arch, "lifecycle.over-rebuilt", Severity::Note, &self.edit.path);
        let found = between(
            found,
            Evidence::new("needed", told(fronts.needed, backs.needed)),
            Evidence::new("made again", told(fronts.made, backs.made)),
        )
        .grouped(format!("{} over", self.step));
        let cause = match (rewritten, fronts.over) {
            (1.., 0) => format!(
                "the thin link writes every index anew: {} of {} hold the same as before, and make \
                 goes by their times",
                rewritten,
                self.after.units.len()
            ),
            (0, 0) => {
                "backends ran again whose IR object, index and imports are the same".to_owned()
            }
            (_, over) => format!(
                "{} that are not made from {}",
                count(over, "object was compiled", "objects were compiled"),
                self.edit.path
            ),
        };
        Some(found.because(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::life::Stamp;

    /// `name`, contents, imports; every file has the moment at which it was made.
    fn at(moment: u64, list: &[(&str, u8, &[&str])]) -> Generation {
        let mut made = Generation::default();
        for (name, content, imports) in list {
            let unit = Unit {
                ir: [*content; 32],
                imports: imports.iter().map(|i| (*i).to_owned()).collect(),
                ..Unit::default()
            };
            made.units.insert((*name).to_owned(), unit);
            for file in [(*name).to_owned(), index_path(name), native_path(name)] {
                made.files.insert(file, Stamp { modified: None, len: 0, inode: moment });
            }
        }
        for file in ["vmlinux.thinlto-index", "vmlinux.o", "vmlinux"] {
            made.files.insert(file.to_owned(), Stamp { modified: None, len: 0, inode: moment });
        }
        made
    }

    fn edit(recorded: &[&str]) -> Edit {
        Edit {
            path: "lib/s.c".to_owned(),
            recorded: recorded.iter().map(|o| (*o).to_owned()).collect(),
            ..Edit::default()
        }
    }

    fn keys(verdict: &StepVerdict) -> Vec<(String, String)> {
        let found = verdict.findings.iter();
        found.map(|f| (f.key.as_str().to_owned(), f.subjects()[0].to_owned())).collect()
    }

    const OLD: [(&str, u8, &[&str]); 3] =
        [("a.o", 1, &["lib/s.o"]), ("b.o", 1, &[]), ("lib/s.o", 1, &[])];
    const NEW: [(&str, u8, &[&str]); 3] =
        [("a.o", 1, &["lib/s.o"]), ("b.o", 1, &[]), ("lib/s.o", 2, &[])];

    #[test]
    fn an_importer_that_was_left_alone_is_stale() {
        let before = at(1, &OLD);
        let mut after = at(2, &NEW);
        for kept in ["a.o", "a.o.thinlto.bc", "a.thinlto-native.o", "b.o", "b.thinlto-native.o"] {
            after.files.insert(kept.to_owned(), before.files[kept]);
        }
        let verdict =
            rebuilt(Arch::Riscv, LifeStep::Imported, (&before, &after), &edit(&["lib/s.o"]));
        assert_eq!(keys(&verdict), [("lifecycle.stale".to_owned(), "a.o".to_owned())]);
        let found = &verdict.findings[0];
        assert_eq!(found.defect.as_deref(), Some("index-stale"));
        let left = found.sites[0].left.as_ref().unwrap();
        assert_eq!(left.text, "imports from lib/s.o, which changed");
    }

    #[test]
    fn more_than_needed_is_one_note_with_the_numbers() {
        let (before, after) = (at(1, &OLD), at(2, &NEW));
        let all = ["a.o", "b.o", "lib/s.o"];
        let verdict = rebuilt(Arch::Riscv, LifeStep::Header, (&before, &after), &edit(&all));
        assert_eq!(keys(&verdict), [("lifecycle.over-rebuilt".to_owned(), "lib/s.c".to_owned())]);
        let site = &verdict.findings[0].sites[0];
        assert_eq!(site.left.as_ref().unwrap().text, "3 front ends, 2 backends");
        assert_eq!(site.right.as_ref().unwrap().text, "3 front ends, 3 backends");
        assert_eq!(verdict.findings[0].severity, Severity::Note);
    }

    #[test]
    fn nothing_made_at_all_is_stale_from_front_to_back() {
        let before = at(1, &OLD);
        let mut edit = edit(&["lib/s.o"]);
        edit.unrecorded.insert("b.o".to_owned());
        edit.arrived = Some(false);
        let verdict = rebuilt(Arch::Riscv, LifeStep::Leaf, (&before, &before), &edit);
        let found = keys(&verdict);
        let subjects: Vec<&str> = found.iter().map(|(_, subject)| subject.as_str()).collect();
        assert_eq!(subjects, ["b.o", "lib/s.o", "vmlinux"]);
        assert!(verdict.findings[0].cause.as_ref().unwrap().contains("does not list it"));
    }

    #[test]
    fn a_link_that_fails_is_explained_by_what_is_stale_or_is_a_finding_itself() {
        let before = at(1, &OLD);
        let mut after = at(2, &NEW);
        let mut edit = edit(&["a.o", "b.o", "lib/s.o"]);
        edit.failed = Some("undefined symbol: f.llvm.1".to_owned());
        let judge = |after: &Generation| {
            keys(&rebuilt(Arch::Riscv, LifeStep::Imported, (&before, after), &edit))
        };
        let keys_of =
            |after: &Generation| judge(after).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys_of(&after), ["lifecycle.over-rebuilt", "lifecycle.step.failed"]);
        after.files.insert("a.thinlto-native.o".to_owned(), before.files["a.thinlto-native.o"]);
        assert_eq!(keys_of(&after), ["lifecycle.stale", "lifecycle.over-rebuilt"]);
    }

    #[test]
    fn objects_that_changed_without_links_are_stale_links() {
        let before = at(1, &OLD);
        let mut after = at(2, &NEW);
        for kept in ["vmlinux.thinlto-index", "vmlinux.o", "vmlinux"] {
            after.files.insert(kept.to_owned(), before.files[kept]);
        }
        let all = ["a.o", "b.o", "lib/s.o"];
        let verdict = rebuilt(Arch::Riscv, LifeStep::Header, (&before, &after), &edit(&all));
        let stale = keys(&verdict).into_iter().filter(|(key, _)| key == "lifecycle.stale");
        let stale: Vec<String> = stale.map(|(_, subject)| subject).collect();
        assert_eq!(stale, ["vmlinux.thinlto-index", "vmlinux.o", "vmlinux"]);
    }
}
