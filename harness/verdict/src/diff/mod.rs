//! The image layer: one file per kind of thing that two kernels can disagree about.

mod bitcode;
mod code;
mod contents;
mod crcs;
mod dwarf;
mod exports;
mod extents;
mod files;
mod growth;
mod initcalls;
mod labels;
mod layouts;
mod linker;
mod lists;
mod loading;
mod marks;
mod measured;
mod modules;
mod pairing;
mod places;
mod renamed;
mod rows;
mod sections;
mod signatures;
mod sizes;
mod stretches;
mod structs;
mod symbols;
mod tables;
mod units;
mod values;

pub(crate) use bitcode::bitcode;
pub use code::functions_that_differ;
pub(crate) use code::{CodePair, code};
pub(crate) use contents::lie_alike;
pub(crate) use exports::exports;
pub use files::LostFile;
pub(crate) use files::{files, no_exports};
pub(crate) use initcalls::{first_moved, initcalls};
pub(crate) use layouts::layouts;
pub(crate) use lists::lists;
pub(crate) use measured::measured;
pub(crate) use renamed::{Renamed, explain, renamed};
pub(crate) use sections::{budgets_in_use, sections};
pub(crate) use symbols::{is_derived, promoted, symbols};
pub(crate) use tables::tables;

use twinlto_facts::build::{Answer, BuildFacts, ImageFacts};
use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Severity, Site};

/// What the two sides of a comparison are called, and the architecture that both are for.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// Architecture.
    pub arch: Arch,
    /// The first side.
    pub left: &'a str,
    /// The second side.
    pub right: &'a str,
    /// Whether they are two modes of one kernel of which lld places the code of one, differently.
    pub modes: bool,
}

impl Sides<'_> {
    /// kbuild's two modes of one kernel.
    #[must_use]
    pub const fn modes(arch: Arch) -> Sides<'static> {
        Sides { arch, left: "distributed", right: IN_PROCESS, modes: true }
    }

    /// Two builds: called by their modes where these differ, else A and B.
    #[must_use]
    pub fn of(arch: Arch, left: Option<Mode>, right: Option<Mode>) -> Sides<'static> {
        match (left, right) {
            (Some(left), Some(right)) if left != right => Sides {
                arch,
                left: left.name(),
                right: right.name(),
                modes: left.is_linkers() != right.is_linkers(),
            },
            _ => Sides { arch, left: "A", right: "B", modes: false },
        }
    }

    /// Whether what one side alone has is lost: from A to B, or to the kernel that is not the linker's own.
    pub(crate) fn is_loss(self, left_has_it: bool) -> bool {
        let from_right = self.modes && self.left != IN_PROCESS;
        left_has_it != from_right
    }

    /// A finding between both.
    #[must_use]
    pub fn finding(
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

const IN_PROCESS: &str = Mode::InProcess.name();

/// One linked thing that both builds have: `vmlinux` or a module.
pub(crate) struct Pair<'a> {
    /// `vmlinux`, or the module's name.
    pub(crate) name: &'a str,
    pub(crate) left: &'a ImageFacts,
    pub(crate) right: &'a ImageFacts,
}

/// `vmlinux` and every module that both builds have; what stands in the way otherwise.
pub(crate) fn pairs<'a>(
    sides: Sides<'_>,
    a: &'a BuildFacts,
    b: &'a BuildFacts,
) -> Result<Vec<Pair<'a>>, String> {
    let image = |facts: &'a BuildFacts, side: &str| match &facts.image {
        Answer::Read(image) => Ok(image),
        other => Err(format!("{side}: {}", other.why_not("vmlinux").unwrap_or_default())),
    };
    let mut pairs =
        vec![Pair { name: VMLINUX, left: image(a, sides.left)?, right: image(b, sides.right)? }];
    for (name, ours) in &a.modules {
        let theirs = b.modules.get(name).and_then(Answer::get);
        if let (Some(ours), Some(theirs)) = (ours.get(), theirs) {
            pairs.push(Pair { name, left: &ours.image, right: &theirs.image });
        }
    }
    Ok(pairs)
}

/// `foo`, or `foo in fs/binfmt_misc` where it is not about vmlinux.
fn subject_in(image: &str, subject: &str) -> String {
    if image == VMLINUX { subject.to_owned() } else { format!("{subject} in {image}") }
}

/// The kernel's own image, about which most findings are.
pub(crate) const VMLINUX: &str = "vmlinux";
