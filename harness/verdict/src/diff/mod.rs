//! The image layer: one file per kind of thing that two kernels can disagree about.

mod crcs;
mod dwarf;
mod exports;
mod initcalls;
mod linker;
mod sections;
mod symbols;

pub(crate) use exports::exports;
pub(crate) use initcalls::initcalls;
pub(crate) use sections::{budgets_in_use, sections};
pub(crate) use symbols::{promoted, symbols};

use twinlto_facts::build::{Answer, BuildFacts, ImageFacts};
use twinlto_model::{Arch, Evidence, Finding, Key, Severity, Site};

/// A finding between the twins.
pub(crate) fn between(
    arch: Arch,
    key: &'static str,
    severity: Severity,
    subject: &str,
    distributed: String,
    in_process: String,
) -> Finding {
    let site = Site::new(arch, None, subject)
        .sides(Evidence::new("distributed", distributed), Evidence::new("in-process", in_process));
    Finding::new(Key::new(key), severity, site)
}

/// One linked thing that both builds have: `vmlinux` or a module.
struct Pair<'a> {
    /// `vmlinux`, or the module's name.
    name: &'a str,
    distributed: &'a ImageFacts,
    in_process: &'a ImageFacts,
}

/// `vmlinux` and every module that both builds have; what stands in the way otherwise.
fn pairs<'a>(a: &'a BuildFacts, b: &'a BuildFacts) -> Result<Vec<Pair<'a>>, String> {
    let image = |facts: &'a BuildFacts, side: &str| match &facts.image {
        Answer::Read(image) => Ok(image),
        other => Err(format!("{side}: {}", other.why_not("vmlinux").unwrap_or_default())),
    };
    let mut pairs = vec![Pair {
        name: "vmlinux",
        distributed: image(a, "distributed")?,
        in_process: image(b, "in-process")?,
    }];
    for (name, ours) in &a.modules {
        let theirs = b.modules.get(name).and_then(Answer::get);
        if let (Some(ours), Some(theirs)) = (ours.get(), theirs) {
            pairs.push(Pair { name, distributed: &ours.image, in_process: &theirs.image });
        }
    }
    Ok(pairs)
}

/// `foo`, or `foo in fs/binfmt_misc` where it is not about vmlinux.
fn subject_in(pair: &Pair<'_>, subject: &str) -> String {
    if pair.name == "vmlinux" { subject.to_owned() } else { format!("{subject} in {}", pair.name) }
}
