use super::{StepVerdict, between, finding, so};
use twinlto_facts::kbuild::{cmd_path, native_path};
use twinlto_facts::life::Generation;
use twinlto_model::{Arch, Evidence, Severity};

/// Judges the make after an option was added to what is saved for one backend: it must run again, and
/// what is linked from its object must be made again.
///
/// The rule of `vmlinux.a` names `builtin.order` and `vmlinux.thinlto-index`, and starts the backends
/// as a part of its recipe (`scripts/Makefile.vmlinux_a`, Linux 7.3): it does not depend on what they make.
#[must_use]
pub fn backend_alone(
    arch: Arch,
    option: &str,
    object: &str,
    (before, after): (&Generation, &Generation),
) -> StepVerdict {
    let native = native_path(object);
    let mut verdict = StepVerdict { compared: 1, ..StepVerdict::default() };
    verdict.said = format!("what is saved for {object} has {option}");
    if !after.remade(before, &native) {
        let saved = Evidence::new("saved flags", format!("have {option} now")).at(cmd_path(object));
        let found = between(
            finding(arch, "lifecycle.stale", Severity::Error, object),
            saved,
            Evidence::new("backend", "did not run again").at(cmd_path(&native)),
        );
        let found = found.because("its saved flags changed, and its backend did not run again");
        verdict.findings.push(so(found, "its code is generated with the old options"));
        return verdict;
    }
    verdict.said.push_str("; its backend ran");
    let stages = ["vmlinux.o", "vmlinux"];
    let old: Vec<&str> = stages.into_iter().filter(|file| !after.remade(before, file)).collect();
    verdict.compared += stages.len() as u64;
    if old.is_empty() {
        verdict.said.push_str(", and vmlinux was linked again");
        return verdict;
    }
    verdict.said.push_str(&format!(", and {} stayed as before", old.join(" and ")));
    let found = between(
        finding(arch, "image.stale", Severity::Warning, object),
        Evidence::new("backend", "ran again").at(&native),
        Evidence::new("link", format!("not again: {}", old.join(", "))),
    );
    let cause = "the rule of vmlinux.a does not depend on native objects, and what is linked \
                 depends on vmlinux.a";
    let found = found
        .because(cause)
        .known_as("image-stale")
        .remedy("vmlinux.a must depend on the native objects (scripts/Makefile.vmlinux_a)");
    verdict.findings.push(so(found, "the kernel holds the old code"));
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::life::Stamp;

    const ALL: [&str; 3] = ["a.thinlto-native.o", "vmlinux.o", "vmlinux"];

    fn judged(remade: &[&str]) -> Vec<String> {
        let at = |moment: u64, files: &[&str]| {
            let stamp = Stamp { modified: None, len: 0, inode: moment };
            files.iter().map(|file| ((*file).to_owned(), stamp)).collect::<Vec<_>>()
        };
        let generation = |files: Vec<(String, Stamp)>| Generation {
            files: files.into_iter().collect(),
            ..Generation::default()
        };
        let before = generation(at(1, &ALL));
        let after = generation([at(1, &ALL), at(2, remade)].concat());
        let verdict = backend_alone(Arch::Arm64, "-fx", "a.o", (&before, &after));
        verdict.findings.iter().map(|f| format!("{} {}", f.severity, f.key)).collect()
    }

    #[test]
    fn a_backend_that_ran_without_a_link_is_found() {
        assert_eq!(judged(&ALL), [""; 0]);
        assert_eq!(judged(&ALL[..1]), ["warning image.stale"]);
        assert_eq!(judged(&ALL[..2]), ["warning image.stale"]);
        assert_eq!(judged(&[]), ["error lifecycle.stale"]);
    }
}
