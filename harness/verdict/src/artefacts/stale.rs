//! An image or a module that is older than what is in it.

use super::{Place, files, with_evidence};
use std::time::SystemTime;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::native_path;
use twinlto_model::{Evidence, Finding};

/// Judges one build by the times of its files, where these are those of a build.
///
/// `vmlinux.a` does not depend on native objects (`scripts/Makefile.vmlinux_a`, Linux 7.3), and what is
/// linked depends on it: where nothing but backends run again, the image stays as it was.
pub(super) fn stale(place: Place, facts: &BuildFacts) -> Vec<Finding> {
    // A build that stopped at a backend did not come to its image.
    let stopped = facts.objects.values().any(|object| object.back_from_log);
    if stopped || !files::times_tell(facts) {
        return Vec::new();
    }
    let mut findings = of_image(place, facts);
    findings.extend(of_modules(place, facts));
    findings
}

fn of_image(place: Place, facts: &BuildFacts) -> Vec<Finding> {
    let time = |name: &str| facts.made.get(name).copied();
    let Some(linked) = time("vmlinux.o") else { return Vec::new() };
    let archive = time("vmlinux.a");
    let mut findings = Vec::new();
    let mut one = |object: &str, file: &str, made: Option<SystemTime>| {
        if made.is_none_or(|made| made <= linked) {
            return;
        }
        // make stopped on the way, or was not asked to go on.
        let is_archived = archive.zip(made).is_some_and(|(archive, made)| archive >= made);
        let cause = if is_archived {
            "vmlinux.o was not linked again after it was made"
        } else {
            "it was made again, and neither vmlinux.a nor the image after it: the rule of vmlinux.a does \
             not depend on it"
        };
        findings.push(
            of(place, ("image.stale", object), ("vmlinux.o", file), cause)
                .known_as("image-stale")
                .remedy(
                    "remove vmlinux.a and build again; vmlinux.a must depend on the native objects",
                ),
        );
    };
    for (name, object) in &facts.objects {
        if place.mode.has_native_objects() {
            one(name, &native_path(name), object.native.modified);
        } else {
            one(name, name, object.ir.modified);
        }
    }
    for (name, file) in &facts.other_objects {
        one(name, name, file.modified);
    }
    // Before Linux 6.18 there is no vmlinux.unstripped.
    let stages = ["vmlinux.o", "vmlinux.unstripped", "vmlinux"];
    let there: Vec<&str> = stages.into_iter().filter(|stage| time(stage).is_some()).collect();
    for pair in there.windows(2) {
        if let [from, to] = pair
            && time(to) < time(from)
        {
            let cause = "it was not made again after what it is made from";
            findings.push(of(place, ("image.stale", to), (to, from), cause));
        }
    }
    findings
}

fn of_modules(place: Place, facts: &BuildFacts) -> Vec<Finding> {
    let time = |name: String| facts.made.get(&name).copied();
    let mut findings = Vec::new();
    for stem in facts.modules.keys() {
        let Some(module) = time(format!("{stem}.ko")) else { continue };
        for end in [".o", ".mod.o"] {
            if time(format!("{stem}{end}")).is_some_and(|made| made > module) {
                let (ko, from) = (format!("{stem}.ko"), format!("{stem}{end}"));
                let cause = "it was not linked again after what is in it was made";
                findings.push(of(place, ("module.stale", &ko), (&ko, &from), cause));
            }
        }
    }
    findings
}

fn of(
    place: Place,
    (key, subject): (&'static str, &str),
    (old, new): (&str, &str),
    cause: &str,
) -> Finding {
    with_evidence(
        place.error(key, subject),
        Some(Evidence::new("made from", "younger").at(new)),
        Some(Evidence::new("made", "older").at(old)),
    )
    .because(cause)
    .grouped(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use twinlto_facts::build::{Answer, FileFacts, ModuleFacts, ObjectFacts};
    use twinlto_model::{Arch, Mode};

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn file(second: u64) -> FileFacts {
        FileFacts { modified: Some(at(second)), ..FileFacts::default() }
    }

    /// A build whose files were made in the order in which a build makes them.
    fn built() -> BuildFacts {
        let object = ObjectFacts {
            ir: file(1),
            front_modified: Some(at(2)),
            native: file(3),
            ..ObjectFacts::default()
        };
        let made = [
            ("vmlinux.a", 4),
            ("vmlinux.o", 5),
            ("vmlinux.unstripped", 6),
            ("vmlinux", 7),
            ("lib/m.o", 1),
            ("lib/m.mod.o", 8),
            ("lib/m.ko", 9),
        ];
        BuildFacts {
            objects: [("fs/namei.o".to_owned(), object)].into(),
            other_objects: [("lib/memcpy.o".to_owned(), file(1))].into(),
            modules: [("lib/m".to_owned(), Answer::Read(ModuleFacts::default()))].into(),
            made: made.map(|(name, second)| (name.to_owned(), at(second))).into(),
            ..BuildFacts::default()
        }
    }

    fn judged(mode: Mode, change: impl Fn(&mut BuildFacts)) -> Vec<String> {
        let mut facts = built();
        change(&mut facts);
        let told = |f: &Finding| format!("{} {}", f.key, f.subjects().join(" "));
        stale(Place { arch: Arch::Arm64, mode }, &facts).iter().map(told).collect()
    }

    #[test]
    fn a_build_as_make_makes_it_is_silent() {
        assert_eq!(judged(Mode::Distributed, |_| {}), [""; 0]);
        assert_eq!(judged(Mode::InProcess, |_| {}), [""; 0]);
        assert_eq!(judged(Mode::Distributed, |facts| facts.made.clear()), [""; 0]);
    }

    #[test]
    fn an_object_that_was_made_after_the_link_is_named() {
        let native = |facts: &mut BuildFacts| {
            facts.objects.get_mut("fs/namei.o").unwrap().native = file(10);
        };
        assert_eq!(judged(Mode::Distributed, native), ["image.stale fs/namei.o"]);
        // In-process reads none.
        assert_eq!(judged(Mode::InProcess, native), [""; 0]);
        let assembly = |facts: &mut BuildFacts| {
            facts.other_objects.insert("lib/memcpy.o".to_owned(), file(10));
        };
        assert_eq!(judged(Mode::InProcess, assembly), ["image.stale lib/memcpy.o"]);
    }

    #[test]
    fn each_stage_and_each_module_is_younger_than_what_it_is_made_from() {
        let later = |name: &'static str| {
            move |facts: &mut BuildFacts| {
                facts.made.insert(name.to_owned(), at(20));
            }
        };
        let judged = |name| judged(Mode::Distributed, later(name));
        assert_eq!(judged("vmlinux.o"), ["image.stale vmlinux.unstripped"]);
        assert_eq!(judged("vmlinux.unstripped"), ["image.stale vmlinux"]);
        assert_eq!(judged("lib/m.o"), ["module.stale lib/m.ko"]);
        assert_eq!(judged("lib/m.mod.o"), ["module.stale lib/m.ko"]);
    }

    #[test]
    fn a_build_that_stopped_at_a_backend_has_no_image_yet() {
        let found = judged(Mode::Distributed, |facts| {
            let object = facts.objects.get_mut("fs/namei.o").unwrap();
            (object.native, object.back_from_log) = (file(10), true);
        });
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn times_of_a_copy_without_times_say_nothing() {
        let found = judged(Mode::Distributed, |facts| {
            for number in 0..20 {
                let odd = ObjectFacts {
                    ir: file(9),
                    front_modified: Some(at(1)),
                    native: file(20),
                    ..ObjectFacts::default()
                };
                facts.objects.insert(format!("{number}.o"), odd);
            }
        });
        assert_eq!(found, [""; 0]);
    }
}
