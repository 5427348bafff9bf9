use super::{StepVerdict, between, finding, so};
use std::collections::BTreeMap;
use twinlto_facts::build::{Answer, BuildFacts, CommandText};
use twinlto_facts::kbuild::{cmd_path, native_path};
use twinlto_facts::life::Generation;
use twinlto_model::{Arch, Evidence, Finding, Severity, count};

/// An object of a module, after the make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The command that made it.
    pub command: String,
}

/// Judges the make after `KCFLAGS` got one more option: every C object must be compiled again, and
/// every backend must run again and be told. `modules` are C objects of modules, by name.
#[must_use]
pub fn flags_changed(
    arch: Arch,
    option: &str,
    (before, after): (&Generation, &Generation),
    facts: &BuildFacts,
    modules: &BTreeMap<String, Module>,
) -> StepVerdict {
    let mut verdict = StepVerdict::default();
    let (mut without, mut unrecorded) = (0, 0);
    for (name, object) in &facts.objects {
        let Some(front) = object.front.get() else {
            unrecorded += 1;
            continue;
        };
        verdict.compared += 2;
        if !after.remade(before, name) {
            verdict.findings.push(not_compiled(arch, option, name));
            continue;
        }
        if !has(&front.text, option) {
            without += 1;
            continue;
        }
        verdict.findings.extend(backend(arch, option, name, front, &object.back, || {
            after.remade(before, &native_path(name))
        }));
    }
    for (name, module) in modules {
        verdict.compared += 1;
        if !after.remade(before, name) {
            verdict.findings.push(not_compiled(arch, option, name));
        } else if !has(&module.command, option) {
            without += 1;
        }
    }
    verdict.said = format!(
        "KCFLAGS has {option}: {} and {} judged",
        count(facts.objects.len(), "IR object", "IR objects"),
        count(modules.len(), "module object", "module objects")
    );
    let mut omitted = Vec::new();
    if without > 0 {
        let objects = count(without, "object that takes", "objects that take");
        omitted.push(format!("{objects} no KCFLAGS"));
    }
    if unrecorded > 0 {
        let objects = count(unrecorded, "object", "objects");
        omitted.push(format!("{objects} whose front end no .cmd file records"));
    }
    verdict.omitted = (!omitted.is_empty()).then(|| omitted.join(", "));
    verdict
}

fn has(command: &str, option: &str) -> bool {
    command.split_ascii_whitespace().any(|word| word == option)
}

fn not_compiled(arch: Arch, option: &str, name: &str) -> Finding {
    let found = between(
        finding(arch, "lifecycle.stale", Severity::Error, name),
        Evidence::new("KCFLAGS", format!("has {option} now")),
        Evidence::new("object", "not compiled again").at(cmd_path(name)),
    );
    let found =
        found.because("KCFLAGS changed, and make did not compile it again").grouped("flags front");
    so(found, "the kernel is made of objects with different options")
}

fn backend(
    arch: Arch,
    option: &str,
    name: &str,
    front: &CommandText,
    back: &Answer<CommandText>,
    remade: impl Fn() -> bool,
) -> Option<Finding> {
    let left = Evidence::new("front end", format!("was told {option}")).at(&front.path);
    let native = native_path(name);
    let told = back.get().is_some_and(|back| has(&back.text, option));
    let (key, right, cause, group) = match (remade(), told) {
        (true, true) => return None,
        (true, false) => (
            "lifecycle.flag.lost",
            "ran again and was not told",
            "the option reached the front end and not the backend, which alone generates code",
            "flags lost",
        ),
        (false, _) => (
            "lifecycle.stale",
            "did not run again",
            "its front end ran with the new option, and its backend did not run again",
            "flags back",
        ),
    };
    let right = Evidence::new("backend", right).at(cmd_path(&native));
    let found = between(finding(arch, key, Severity::Error, name), left, right);
    Some(so(found.because(cause).grouped(group), "its code is generated with the old options"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::build::ObjectFacts;
    use twinlto_facts::life::Stamp;

    fn at(moment: u64, files: &[&str]) -> Generation {
        let stamp = Stamp { modified: None, len: 0, inode: moment };
        let files = files.iter().map(|file| ((*file).to_owned(), stamp)).collect();
        Generation { files, ..Generation::default() }
    }

    fn command(text: &str) -> Answer<CommandText> {
        let (path, target) = (".cmd".to_owned(), "x".to_owned());
        Answer::Read(CommandText { text: text.to_owned(), path, target })
    }

    #[test]
    fn what_is_not_compiled_again_or_not_told_is_found() {
        let mut facts = BuildFacts::default();
        for (name, front, back) in [
            ("good.o", "cc -fx -c", "cc -fx -x ir"),
            ("lost.o", "cc -fx -c", "cc -fxy"),
            ("old.o", "cc -c", "cc -x ir"),
            ("own.o", "cc -c", "cc -x ir"),
        ] {
            let object =
                ObjectFacts { front: command(front), back: command(back), ..Default::default() };
            facts.objects.insert(name.to_owned(), object);
        }
        let all = [
            "good.o",
            "good.thinlto-native.o",
            "lost.o",
            "lost.thinlto-native.o",
            "old.o",
            "own.o",
            "m.o",
        ];
        let before = at(1, &all);
        let mut after = at(2, &all);
        for kept in ["old.o", "m.o"] {
            after.files.insert(kept.to_owned(), before.files[kept]);
        }
        let modules = BTreeMap::from([("m.o".to_owned(), Module { command: "cc -c".to_owned() })]);
        let verdict = flags_changed(Arch::Arm64, "-fx", (&before, &after), &facts, &modules);
        let found: Vec<_> =
            verdict.findings.iter().map(|f| (f.key.as_str(), f.subjects()[0])).collect();
        assert_eq!(
            found,
            [
                ("lifecycle.flag.lost", "lost.o"),
                ("lifecycle.stale", "old.o"),
                ("lifecycle.stale", "m.o")
            ]
        );
        assert_eq!(verdict.omitted.as_deref(), Some("1 object that takes no KCFLAGS"));
    }
}
