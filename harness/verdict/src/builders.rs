//! Which LLVM made a build.

use std::collections::BTreeSet;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::elf::Mark;
use twinlto_model::ToolVersion;

/// Major version of the LLVM that made a build and its twin: what their configurations agree on,
/// and where they do not tell, what `.comment` says on both sides; none where that disagrees.
pub(crate) fn llvm_of(facts: &BuildFacts, twin: Option<&BuildFacts>) -> Option<u32> {
    let both = |major: fn(&BuildFacts) -> Option<u32>| {
        let ours = major(facts)?;
        twin.is_none_or(|twin| major(twin) == Some(ours)).then_some(ours)
    };
    both(|facts| facts.config.clang_major()).or_else(|| both(by_comment))
}

/// The one major version of clang that a kernel or an object names in `.comment`.
fn by_comment(facts: &BuildFacts) -> Option<u32> {
    let texts = facts.image.get()?.marks.get(&Mark::Producers)?.get()?;
    let clang = texts.keys().filter(|text| text.contains("clang version"));
    let majors: BTreeSet<u32> =
        clang.filter_map(|text| Some(ToolVersion::find(text)?.major)).collect();
    let one = majors.first().copied();
    one.filter(|_| majors.len() == 1)
}
