//! What describes a build for other programs: the compilation database, and where built-in modules
//! lie.

use super::{StepVerdict, between, finding, so};
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::kbuild::{CompileCommand, cmd_path};
use twinlto_model::{Arch, Evidence, Severity, count};

/// An object that was compiled from a C or assembly file, as its `.cmd` file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The object, relative to the build directory.
    pub object: String,
    /// Its source, as the compiler was given it.
    pub source: String,
    /// Whether the kernel's archive holds a native object in its place.
    pub has_native: bool,
}

/// Judges a compilation database against the `.cmd` files of everything that was compiled for the
/// kernel and its modules.
#[must_use]
pub fn database(arch: Arch, compiled: &[Compiled], entries: &[CompileCommand]) -> StepVerdict {
    let outputs: BTreeSet<&str> =
        entries.iter().filter_map(|entry| entry.output.as_deref()).collect();
    // An entry that names no object is for whatever is made from its file.
    let files: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| entry.output.is_none())
        .map(|entry| entry.file.as_str())
        .collect();
    let lost: Vec<&Compiled> = compiled
        .iter()
        .filter(|one| !outputs.contains(one.object.as_str()))
        .filter(|one| !files.contains(one.source.as_str()))
        .collect();
    let findings = lost.iter().map(|one| {
        let found = between(
            finding(arch, "compile-commands.lost", Severity::Warning, &one.object),
            Evidence::new("compiled", format!("from {}", base(&one.source))).at(cmd_path(&one.object)),
            Evidence::new("database", "no entry").at("compile_commands.json"),
        );
        let found = match one.has_native {
            true => found
                .because(
                    "the archive holds its native object, and the generator looks for a source \
                     file in that one's .cmd file, which names bitcode",
                )
                .known_as("compile-commands-empty")
                .remedy("take IR objects from vmlinux.thinlto-index in scripts/clang-tools")
                .grouped("native"),
            false => found
                .because("its .cmd file has a command for a source file, and the generator did not take it")
                .grouped("other"),
        };
        so(found, "editors and analysers do not know how the file is compiled")
    });
    StepVerdict {
        compared: compiled.len() as u64,
        findings: findings.collect(),
        said: format!(
            "{} for {}",
            count(entries.len(), "entry", "entries"),
            count(compiled.len(), "compiled object", "compiled objects")
        ),
        omitted: None,
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Judges `modules.builtin.ranges`. `listed` are the modules of `modules.builtin`; `parts` the
/// objects of the kernel with the module that their front ends were told (`-DKBUILD_MODFILE`);
/// `placed` the modules that have a place.
#[must_use]
pub fn ranges(
    arch: Arch,
    listed: &BTreeSet<String>,
    parts: &BTreeMap<String, String>,
    placed: &BTreeSet<String>,
) -> StepVerdict {
    let mut modules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (object, module) in parts.iter().filter(|(_, module)| listed.contains(*module)) {
        modules.entry(module).or_default().push(object);
    }
    let short = |module: &str| base(module).replace('-', "_");
    let lost = modules.iter().filter(|(module, _)| !placed.contains(&short(module)));
    let findings = lost.map(|(module, objects)| {
        let found = between(
            finding(arch, "ranges.lost", Severity::Warning, module),
            Evidence::new("objects", format!("{} say so", objects.join(", "))),
            Evidence::new("ranges", "no place").at("modules.builtin.ranges"),
        );
        let found = found
            .because(
                "the list is made from -DKBUILD_MODFILE in the .cmd files of native objects, and \
                 none of this module's has it",
            )
            .known_as("modfile-macro-lost")
            .grouped("lost");
        so(found, "a tracer does not find the built-in module's code")
    });
    StepVerdict {
        compared: modules.len() as u64,
        findings: findings.collect(),
        said: format!(
            "{} of {} have a place",
            modules.keys().filter(|module| placed.contains(&short(module))).count(),
            count(modules.len(), "built-in module", "built-in modules")
        ),
        omitted: modules.is_empty().then(|| "no object says that it is of a module".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(object: &str, has_native: bool) -> Compiled {
        let source = format!("/s/{}", object.replace(".o", ".c"));
        Compiled { object: object.to_owned(), source, has_native }
    }

    #[test]
    fn what_has_no_entry_is_lost_and_one_source_may_make_two_objects() {
        let entry = |file: &str, output: Option<&str>| CompileCommand {
            file: file.to_owned(),
            output: output.map(str::to_owned),
        };
        let all = [compiled("a.o", true), compiled("b.o", true), compiled("m.o", false)];
        let entries = [entry("/s/a.c", Some("other.o")), entry("/s/b.c", None)];
        let verdict = database(Arch::Arm64, &all, &entries);
        let found: Vec<_> =
            verdict.findings.iter().map(|f| (f.subjects()[0], f.defect.as_deref())).collect();
        assert_eq!(found, [("a.o", Some("compile-commands-empty")), ("m.o", None)]);
    }

    #[test]
    fn a_module_without_a_place_is_named_by_its_path() {
        let set = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
        let parts = BTreeMap::from([
            ("fs/a.o".to_owned(), "fs/bin-a".to_owned()),
            ("fs/b.o".to_owned(), "fs/b".to_owned()),
            ("init/main.o".to_owned(), "init/main".to_owned()),
        ]);
        let verdict = ranges(Arch::Arm64, &set(&["fs/bin-a", "fs/b"]), &parts, &set(&["bin_a"]));
        assert_eq!(verdict.findings.len(), 1);
        assert_eq!(verdict.findings[0].subjects(), ["fs/b"]);
        assert_eq!(verdict.compared, 2);
    }
}
