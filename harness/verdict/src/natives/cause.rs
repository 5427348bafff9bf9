//! Why a native object differs, as far as the records of both builds tell.

use super::commands::{CommandChange, changes, told};
use super::lawful::Places;
use std::collections::BTreeSet;
use twinlto_facts::kbuild::FileRole;
use twinlto_model::count;

/// What the files around an object say, where it differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Its recorded commands, the first side's first; none where it has none.
    pub commands: [Option<String>; 2],
    /// Configuration symbols that its sources ask for and that are not the same in both builds.
    pub symbols: BTreeSet<String>,
    /// Files that it is made from and whose bytes differ.
    pub files: BTreeSet<String>,
    /// Files that one side alone is made from.
    pub included: [BTreeSet<String>; 2],
    /// Objects and images that it is made from and that differ themselves.
    pub members: BTreeSet<String>,
}

impl Surroundings {
    /// Whether nothing but the headers differs that say who built the kernel, where and when.
    ///
    /// `include/generated/compile.h` and `utsversion.h`; Linux 6.1 to 7.3.
    #[must_use]
    pub fn only_the_builder_differs(&self, places: &Places) -> bool {
        let included = self.included.iter().flatten();
        !self.files.is_empty()
            && self.files.iter().chain(included).all(|it| FileRole::of(it) == FileRole::Identity)
            && self.symbols.is_empty()
            && self.members.is_empty()
            && command_change(self, places) == Ok(None)
    }
}

/// The cause in half a sentence, and whether the records show it; otherwise it is a guess.
pub(super) fn cause(around: &Surroundings, places: &Places) -> (String, bool) {
    let mut causes = Vec::new();
    match command_change(around, places) {
        Ok(Some(change)) => {
            causes.push(format!("the two builds were given different options: {}", told(&change)));
        }
        Ok(None) => {}
        Err(why) => causes.push(format!("its commands cannot be compared: {why}")),
    }
    if !around.symbols.is_empty() {
        let symbols: Vec<String> = around.symbols.iter().map(|s| format!("CONFIG_{s}")).collect();
        causes.push(format!("its source or a header asks for {}", some(&symbols)));
    }
    if !around.files.is_empty() {
        let files: Vec<String> = around.files.iter().cloned().collect();
        causes.push(format!("it is made from files that differ: {}", some(&files)));
    }
    let included: BTreeSet<&String> = around.included.iter().flatten().collect();
    if !included.is_empty() && around.files.is_empty() {
        let files: Vec<String> = included.into_iter().cloned().collect();
        causes.push(format!("one build alone includes {}", some(&files)));
    }
    if !around.members.is_empty() {
        let members: Vec<String> = around.members.iter().cloned().collect();
        causes.push(format!("it holds {}, which differ themselves", some(&members)));
    }
    if causes.is_empty() {
        let text = "cause unknown: options, files and configuration symbols of both are the same, \
                    so one of the two was changed, or made by something that is not recorded";
        return (text.to_owned(), false);
    }
    (causes.join("; "), true)
}

/// What the two commands do not share.
pub(super) fn command_change(
    around: &Surroundings,
    places: &Places,
) -> Result<Option<CommandChange>, String> {
    match &around.commands {
        [Some(a), Some(b)] => changes(a, b, places),
        _ => Ok(None),
    }
}

/// Some of a list, and how many more there are.
fn some(list: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = list.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match list.len().saturating_sub(SHOWN) {
        0 => shown,
        n => format!("{shown} and {}", count(n, "other", "others")),
    }
}
