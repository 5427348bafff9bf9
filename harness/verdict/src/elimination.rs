//! Why linked kernels differ where no layer before them found a cause: by what is the same in both
//! builds.

use crate::layer::LayerVerdict;
use twinlto_facts::kbuild::FileRole;
use twinlto_model::{Finding, Layer, Tier};

/// Keys of findings about a linked kernel, up to a dot. Those before the line are decided by the link
/// alone, the others by the backends as well.
const BY_THE_LINK: &[&str] = &["image.", "segment.", "label.", "section.place.", "elf.header."];
const BY_BACKENDS_TOO: &[&str] = &["symbol.", "section.", "table.", "initcall."];

/// Keys of what explains a linked kernel, or may, up to a dot.
const INPUTS: &[&str] = &[
    "archive.",
    "cmd.",
    "config.",
    "flags.",
    "image.stale",
    "index.",
    "ir.",
    "native.",
    "make",
    "log.",
    "file.lost",
    "file.unreadable",
];

fn has(list: &[&str], finding: &Finding) -> bool {
    list.iter().any(|entry| finding.key.as_str().starts_with(entry))
}

/// Gives a cause to what differs in the kernels and has none. Of modules the native objects tell.
pub(crate) fn explain(layers: &[LayerVerdict], findings: &mut [Finding]) {
    let compared =
        |which: Layer| layers.iter().any(|layer| layer.layer == which && layer.compared > 0);
    // Only where all of it was looked at, nothing else is left.
    if ![Layer::Transport, Layer::Artefacts, Layer::Files].into_iter().all(compared)
        || layers.iter().any(|layer| layer.hidden > 0)
        || findings.iter().any(|finding| finding.gates() && has(INPUTS, finding))
    {
        return;
    }
    let other = other_link(findings);
    let open = |finding: &&mut Finding| {
        let of_kernel = finding.subjects().iter().all(|subject| !subject.contains(" in "));
        finding.tier == Tier::Unexplained && finding.gates() && of_kernel
    };
    for finding in findings.iter_mut().filter(open) {
        let is_the_links = has(BY_THE_LINK, finding);
        let cause = match &other {
            _ if !is_the_links && !has(BY_BACKENDS_TOO, finding) => continue,
            Some(cause) => cause.as_str(),
            None if is_the_links => LINK,
            None => BACKENDS_OR_LINK,
        };
        let group = format!("{} {cause}", finding.group);
        *finding = finding.clone().because(cause).grouped(group);
    }
}

const LINK: &str = "by elimination: IR objects, linker scripts and recorded commands are the same in both \
                    builds; left are what scripts/link-vmlinux.sh adds by itself and what runs behind the \
                    link";

const BACKENDS_OR_LINK: &str = "by elimination: IR objects, linker scripts, options and recorded commands \
                                are the same in both builds; left are code generation, what \
                                scripts/link-vmlinux.sh adds by itself and what runs behind the link";

/// What of the links themselves was found to differ.
fn other_link(findings: &[Finding]) -> Option<String> {
    let subjects = |key: &'static str| {
        let of_key = findings.iter().filter(move |f| f.key.as_str() == key && f.gates());
        of_key.flat_map(Finding::subjects)
    };
    let script = subjects("file.changed").chain(subjects("file.order.changed"));
    if let Some(script) = script.into_iter().find(|it| it.ends_with(".lds")) {
        return Some(format!("its linker script differs: see file.changed of {script}"));
    }
    let is_image =
        |subject: &&str| matches!(FileRole::of(subject), FileRole::Image | FileRole::VmlinuxObject);
    let image = subjects("command.changed").find(is_image)?;
    Some(format!("it is made by another command: see command.changed of {image}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::{Arch, Key, Severity, Site};

    fn finding(key: &'static str, subject: &str) -> Finding {
        Finding::new(Key::new(key), Severity::Warning, Site::new(Arch::Arm64, None, subject))
    }

    fn layers() -> Vec<LayerVerdict> {
        let layer = |which| {
            let mut layer = LayerVerdict::new(which);
            layer.compared = 1;
            layer
        };
        [Layer::Transport, Layer::Artefacts, Layer::Files].map(layer).to_vec()
    }

    fn causes(layers: &[LayerVerdict], mut findings: Vec<Finding>) -> Vec<Option<String>> {
        explain(layers, &mut findings);
        findings.into_iter().map(|finding| finding.cause).collect()
    }

    #[test]
    fn what_is_the_same_leaves_the_link_or_code_generation() {
        let all = vec![
            finding("image.entry.changed", "entry point"),
            finding("symbol.lost", "f"),
            finding("symbol.size.changed", "f in fs/a"),
            finding("file.changed", "modules.builtin"),
        ];
        let told = causes(&layers(), all.clone());
        assert_eq!(told[..2], [Some(LINK.to_owned()), Some(BACKENDS_OR_LINK.to_owned())]);
        assert_eq!(told[2..], [None, None]);
        // A layer that did not look leaves more than that.
        for nth in 0..3 {
            let mut fewer = layers();
            fewer.remove(nth);
            assert!(causes(&fewer, all.clone()).iter().all(Option::is_none));
        }
        for input in INPUTS {
            let mut more = all.clone();
            more.push(finding(input, "a.o"));
            assert!(causes(&layers(), more).iter().all(Option::is_none), "{input}");
        }
    }

    #[test]
    fn another_script_or_command_is_the_cause() {
        for (key, subject, words) in [
            ("file.changed", "arch/arm64/kernel/vmlinux.lds", "linker script"),
            ("file.order.changed", ".tmp_initcalls.lds", "linker script"),
            ("command.changed", "vmlinux", "another command"),
            ("command.changed", "vmlinux.o", "another command"),
        ] {
            let all = vec![finding("image.entry.changed", "entry point"), finding(key, subject)];
            let told = causes(&layers(), all);
            assert!(told[0].as_ref().unwrap().contains(words), "{key} {subject}: {told:?}");
        }
        let beside = finding("command.changed", "usr/initramfs_data.o");
        let told = causes(&layers(), vec![finding("segment.changed", "segment 0"), beside]);
        assert_eq!(told[0].as_deref(), Some(LINK));
    }
}
