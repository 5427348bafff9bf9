//! Whether a build ran the step that a message is of, so that its silence says something.

use super::tell::Entry;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::native_path;
use twinlto_facts::log::{BuildLog, Diagnostic, Ran, Said, Stage, UNKNOWN};
use twinlto_model::Mode;

/// One of the two builds.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) log: &'a BuildLog,
    pub(super) mode: Option<Mode>,
    /// Whether make gave up, so that steps may be missing.
    pub(super) failed: bool,
}

impl<'a> Side<'a> {
    pub(super) fn new(facts: &'a BuildFacts) -> Self {
        let log = &facts.log;
        Self { log, mode: facts.mode.or(log.ran.mode()), failed: log.gave_up() }
    }

    /// Whether it says something of the class of a message, about the same link.
    fn has_class_of(&self, entry: &Entry<'_>) -> bool {
        let class = entry.said.class();
        let fits = |(said, how): (&Diagnostic, &Said)| {
            said.class() == class
                && said.gravity == entry.said.gravity
                && how.link == entry.how.link
        };
        class != UNKNOWN && self.log.diagnostics.iter().any(fits)
    }

    fn ran(&self) -> &'a Ran {
        &self.log.ran
    }

    /// Whether somebody else than make ran its backends, so that its log does not show them.
    pub(super) fn hides_its_backends(&self) -> bool {
        self.mode.is_some_and(Mode::has_native_objects) && self.ran().natives.is_empty()
    }

    /// Whether its log shows no step at all, as that of `make -s`.
    pub(super) fn is_silent(&self) -> bool {
        self.ran().is_silent()
    }

    /// Whether its linker generated the code of the kernel and its log shows that.
    fn generated_by_linking(&self) -> bool {
        self.mode == Some(Mode::InProcess) && self.ran().links.contains("vmlinux.o")
    }
}

/// How many build steps both logs show.
pub(super) fn steps(left: &Side<'_>, right: &Side<'_>, modes: bool) -> u64 {
    let (a, b) = (left.ran(), right.ran());
    let both = |list: fn(&Ran) -> &std::collections::BTreeSet<String>| {
        list(a).intersection(list(b)).count()
    };
    let natives = match (left.generated_by_linking(), right.generated_by_linking()) {
        (true, false) => b.natives.len(),
        (false, true) => a.natives.len(),
        _ => both(|ran| &ran.natives),
    };
    let once = [a.modpost && b.modpost, !modes && a.configured && b.configured];
    let once = once.into_iter().filter(|ran| *ran).count();
    (natives + both(|ran| &ran.compiled) + both(|ran| &ran.links) + once) as u64
}

/// What is compared at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    /// Whether the two are builds of two modes.
    pub(super) modes: bool,
    /// Whether neither log shows a step. What they say is then compared as if both had run all.
    pub(super) silent: bool,
}

impl Heard {
    /// Whether `side` ran the step of a message that only `other` has.
    pub(super) fn by(self, side: &Side<'_>, other: &Side<'_>, entry: &Entry<'_>) -> bool {
        let (ran, theirs) = (side.ran(), other.ran());
        let object = entry.object_in(side.log);
        let object = object.as_deref();
        if self.silent {
            return self.without_steps(side, entry);
        }
        let everything = !theirs.compiled.is_empty() && theirs.compiled.is_subset(&ran.compiled);
        let compiled = object.map_or(everything, |object| ran.compiled.contains(object));
        match entry.said.stage() {
            Stage::Compile => compiled,
            Stage::Generate => self.generated(side, other, object, compiled),
            Stage::Link => {
                let link = entry.how.link.as_ref();
                let linked = link.map_or(everything, |target| ran.links.contains(target));
                // A linker that stops for errors of a class has told all of them.
                linked && (!side.failed || side.has_class_of(entry))
            }
            Stage::Modpost => ran.modpost,
            Stage::Objtool => match object {
                Some("vmlinux.o") => ran.links.contains("vmlinux.o"),
                _ => compiled,
            },
            // The modes are configured one after the other, and twinlto's own make is not kbuild's.
            Stage::Configure | Stage::Make | Stage::Other if self.modes => false,
            Stage::Configure => ran.configured,
            Stage::Make | Stage::Other => everything,
            // Nothing else tells of it: that make came to an end says that this did not happen.
            Stage::Follows | Stage::Machine => !side.failed,
        }
    }

    /// The same where no log shows what ran.
    fn without_steps(self, side: &Side<'_>, entry: &Entry<'_>) -> bool {
        match entry.said.stage() {
            Stage::Configure | Stage::Make | Stage::Other if self.modes => false,
            // A build that failed may not have come to it.
            _ => !side.failed || entry.said.stage() == Stage::Link && side.has_class_of(entry),
        }
    }

    /// Whether `side` generated the code of an object, or of all of them.
    fn generated(
        self,
        side: &Side<'_>,
        other: &Side<'_>,
        object: Option<&str>,
        compiled: bool,
    ) -> bool {
        let natives = [&side.ran().natives, &other.ran().natives];
        let is_ir = |object: &str| {
            let native = native_path(object);
            natives.iter().any(|natives| natives.contains(&native))
        };
        // An object that is no bitcode is done when it is compiled.
        if natives.iter().any(|natives| !natives.is_empty())
            && object.is_some_and(|object| !is_ir(object) && !object.contains("vmlinux"))
        {
            return compiled;
        }
        if side.generated_by_linking() {
            // A link that fails does not come to every object.
            return !side.failed;
        }
        match object {
            Some(object) if !side.ran().natives.is_empty() => {
                side.ran().natives.contains(&native_path(object))
            }
            None if !side.ran().natives.is_empty() => !side.failed,
            // Without LTO, code is generated where a source is compiled.
            _ => side.mode.is_none() && compiled,
        }
    }
}
