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
pub(crate) use sections::sections;
pub(crate) use symbols::{promoted, symbols};

use twinlto_facts::build::{Answer, BuildFacts, ImageFacts};
use twinlto_model::{Arch, Evidence, Finding, Key, Severity, Site};

/// What the two sides of a comparison are called, and the architecture that both are for.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// Architecture.
    pub arch: Arch,
    /// The first side.
    pub left: &'a str,
    /// The second side.
    pub right: &'a str,
}

impl Sides<'_> {
    /// The two modes of one kernel.
    #[must_use]
    pub const fn modes(arch: Arch) -> Sides<'static> {
        Sides { arch, left: "distributed", right: "in-process" }
    }

    /// A finding between both.
    fn finding(
        self,
        key: &'static str,
        severity: Severity,
        subject: &str,
        left: String,
        right: String,
    ) -> Finding {
        let site = Site::new(self.arch, None, subject)
            .sides(Evidence::new(self.left, left), Evidence::new(self.right, right));
        Finding::new(Key::new(key), severity, site)
    }
}

/// One linked thing that both builds have: `vmlinux` or a module.
struct Pair<'a> {
    /// `vmlinux`, or the module's name.
    name: &'a str,
    left: &'a ImageFacts,
    right: &'a ImageFacts,
}

/// `vmlinux` and every module that both builds have; what stands in the way otherwise.
fn pairs<'a>(
    sides: Sides<'_>,
    a: &'a BuildFacts,
    b: &'a BuildFacts,
) -> Result<Vec<Pair<'a>>, String> {
    let image = |facts: &'a BuildFacts, side: &str| match &facts.image {
        Answer::Read(image) => Ok(image),
        other => Err(format!("{side}: {}", other.why_not("vmlinux").unwrap_or_default())),
    };
    let mut pairs =
        vec![Pair { name: "vmlinux", left: image(a, sides.left)?, right: image(b, sides.right)? }];
    for (name, ours) in &a.modules {
        let theirs = b.modules.get(name).and_then(Answer::get);
        if let (Some(ours), Some(theirs)) = (ours.get(), theirs) {
            pairs.push(Pair { name, left: &ours.image, right: &theirs.image });
        }
    }
    Ok(pairs)
}

/// `foo`, or `foo in fs/binfmt_misc` where it is not about vmlinux.
fn subject_in(pair: &Pair<'_>, subject: &str) -> String {
    if pair.name == "vmlinux" { subject.to_owned() } else { format!("{subject} in {}", pair.name) }
}
