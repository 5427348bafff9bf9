use super::{StepVerdict, between, finding, so};
use std::collections::BTreeSet;
use twinlto_model::{Arch, Evidence, Finding, Severity, count};

/// How thoroughly a build directory was cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleaning {
    /// `make clean`: what is made from sources goes; configuration and programs stay.
    Clean,
    /// `make mrproper`: everything goes.
    Mrproper,
}

impl Cleaning {
    /// The goal of make.
    #[must_use]
    pub const fn goal(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Mrproper => "mrproper",
        }
    }
}

/// What `make mrproper` leaves in a directory that it got as `O=`, beside the link `source`
/// (`outputmakefile` in `Makefile`, Linux 7.3).
const KEPT: [&str; 3] = ["Makefile", ".gitignore", "source"];

/// What distributed mode alone makes (`scripts/Makefile.vmlinux_a`, `Makefile.thinlto`, Linux 7.3).
fn is_distributed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".thinlto.bc")
        || name.contains(".thinlto-native.o")
        || matches!(name, "vmlinux.thinlto-index" | "builtin.order")
        || matches!(name, ".vmlinux.thinlto-index.cmd" | ".builtin.order.cmd")
}

/// What `make clean` takes for made, wherever it is (the rule `clean` in `Makefile` and
/// `CLEAN_FILES`, Linux 7.3).
fn is_product(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ends =
        [".o", ".a", ".s", ".i", ".ko", ".mod", ".mod.c", ".ll", ".dtb", ".dwo", ".symtypes"];
    let names = ["modules.order", "vmlinux", "System.map", "compile_commands.json"];
    is_distributed(path)
        || ends.iter().any(|end| name.ends_with(end))
        || (name.starts_with('.') && name.ends_with(".cmd"))
        || names.contains(&name)
        || name.starts_with("vmlinux.")
        || name.starts_with(".vmlinux.")
        || name.starts_with("modules.builtin")
}

/// Judges what is left after a cleaning. `before` and `after` are the files of the build directory
/// just before and after it.
#[must_use]
pub fn cleaned(
    arch: Arch,
    cleaning: Cleaning,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) -> StepVerdict {
    let goal = cleaning.goal();
    let wanted = |path: &&String| match cleaning {
        Cleaning::Clean => is_product(path),
        Cleaning::Mrproper => !KEPT.contains(&path.as_str()),
    };
    let left = after.iter().filter(wanted).map(|path| leftover(arch, cleaning, path));
    let mut findings: Vec<Finding> = left.collect();
    // The configuration is not made from sources.
    if cleaning == Cleaning::Clean && before.contains(".config") && !after.contains(".config") {
        let lost = between(
            finding(arch, "clean.lost", Severity::Warning, ".config"),
            Evidence::new("before", "there"),
            Evidence::new("after make clean", "gone"),
        );
        findings.push(lost.because("make clean took the configuration, too").grouped("lost"));
    }
    let compared = before.iter().filter(wanted).count() as u64;
    StepVerdict {
        compared,
        said: format!(
            "{goal} left {} of {}",
            findings.len(),
            count(compared as usize, "file", "files")
        ),
        findings,
        omitted: None,
    }
}

fn leftover(arch: Arch, cleaning: Cleaning, path: &str) -> Finding {
    let goal = cleaning.goal();
    let found = between(
        finding(arch, "clean.leftover", Severity::Warning, path),
        Evidence::new("build", "made by it"),
        Evidence::new(format!("make {goal}"), "still there"),
    );
    let found = match (is_distributed(path), cleaning) {
        (true, _) => found
            .because(format!("make {goal} has no rule for what distributed mode makes"))
            .known_as("clean-leftovers")
            .remedy(
                "name it in CLEAN_FILES or in the patterns of the rule clean, in the top Makefile",
            ),
        (false, Cleaning::Clean) => {
            found.because("it is made from sources, and make clean has no rule for it")
        }
        (false, Cleaning::Mrproper) => {
            found.because("it was not there before the build, and make mrproper has no rule for it")
        }
    };
    let kind = if is_distributed(path) { "distributed" } else { "other" };
    let found = found.grouped(format!("{goal} {kind}"));
    so(found, "a later build in this directory, or a packager, may take it for its own")
}

/// Judges which of the files that a build makes the tree's `.gitignore` files pass over.
/// `left_out` names patterns that ignore the tree's own Makefile and so say nothing.
#[must_use]
pub fn not_ignored(
    arch: Arch,
    made: &[String],
    unignored: &[String],
    left_out: &[String],
) -> StepVerdict {
    let judged = unignored.iter().filter(|path| !KEPT.contains(&path.as_str()));
    let findings: Vec<Finding> = judged
        .map(|path| {
            let found = between(
                finding(arch, "ignore.missing", Severity::Warning, path),
                Evidence::new("build", "makes it"),
                Evidence::new(".gitignore", "no pattern is for it"),
            );
            let found = match is_distributed(path) {
                true => found
                    .because("no .gitignore knows what distributed mode makes")
                    .known_as("clean-leftovers")
                    .grouped("distributed"),
                false => found
                    .because("the build makes it, and no .gitignore of the tree is for it")
                    .grouped("other"),
            };
            so(found, "of a tree that was built in place, git status lists it as new")
        })
        .collect();
    let mut said = match findings.len() {
        0 => "every file that was made is ignored".to_owned(),
        n => format!("{} not ignored", count(n, "file is", "files are")),
    };
    if !left_out.is_empty() {
        let list = left_out.join(", ");
        said.push_str(&format!("; left out, for it ignores the tree's own Makefile: {list}"));
    }
    StepVerdict { compared: made.len() as u64, findings, said, omitted: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|file| (*file).to_owned()).collect()
    }

    #[test]
    fn what_distributed_mode_makes_must_go_and_programs_may_stay() {
        let before = files(&[".config", "a.o", "a.o.thinlto.bc", "builtin.order", "scripts/conf"]);
        let after = files(&[".config", "a.o.thinlto.bc", "scripts/conf"]);
        let verdict = cleaned(Arch::X86_64, Cleaning::Clean, &before, &after);
        assert_eq!((verdict.findings.len(), verdict.compared), (1, 3));
        assert_eq!(verdict.findings[0].subjects(), ["a.o.thinlto.bc"]);
        assert_eq!(verdict.findings[0].defect.as_deref(), Some("clean-leftovers"));
        let all = cleaned(Arch::X86_64, Cleaning::Mrproper, &before, &files(&["source", "x"]));
        assert_eq!(all.findings[0].subjects(), ["x"]);
        assert_eq!(all.findings[0].defect, None);
    }

    #[test]
    fn a_configuration_that_clean_takes_is_missed() {
        let verdict = cleaned(Arch::X86_64, Cleaning::Clean, &files(&[".config"]), &files(&[]));
        assert_eq!(verdict.findings[0].key.as_str(), "clean.lost");
    }

    #[test]
    fn what_kbuild_writes_for_out_of_tree_builds_alone_is_not_missed() {
        let list = |files: &[&str]| files.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>();
        let verdict =
            not_ignored(Arch::Arm64, &list(&["a.o"]), &list(&["Makefile", "x.bc"]), &list(&["/*"]));
        assert_eq!(verdict.findings.len(), 1);
        assert!(verdict.said.contains("/*"), "{}", verdict.said);
    }
}
