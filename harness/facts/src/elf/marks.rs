//! What a file says of itself as a whole, and what its sections ask of the linker: facts that are
//! compared name by name.

use super::comment::producers;
use super::error::ElfError;
use super::groups::groups;
use super::image::Image;
use super::notes::{Note, notes};
use super::riscv::riscv_attributes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A kind of such facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// riscv's attributes of the whole file: the extensions that code may use, the ABI.
    Attributes,
    /// Compilers and linkers, as `.comment` names them.
    Producers,
    /// Notes; of addresses and build ids only that they are there.
    Notes,
    /// Section groups and their members; in objects only.
    Groups,
    /// Kinds of relocations with their number, by the section that they are for; in linked files
    /// by the table that they stand in, such as `.rela.dyn`.
    Relocations,
}

impl Mark {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Attributes, Self::Producers, Self::Notes, Self::Groups, Self::Relocations];
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Attributes => "attribute",
            Self::Producers => "producer",
            Self::Notes => "note",
            Self::Groups => "group",
            Self::Relocations => "relocations",
        })
    }
}

/// The facts of one kind, by name.
///
/// # Errors
///
/// When the tables that they stand in make no sense.
pub fn marks(image: &Image<'_>, mark: Mark) -> Result<BTreeMap<String, String>, ElfError> {
    match mark {
        Mark::Attributes => riscv_attributes(image),
        Mark::Producers => {
            Ok(producers(image).into_iter().map(|name| (name, "there".to_owned())).collect())
        }
        Mark::Notes => {
            let mut found = BTreeMap::new();
            for note in notes(image)? {
                let name = format!("{} {} {:#x}", note.section, note.owner, note.kind);
                joined(&mut found, name, said(&note));
            }
            Ok(found)
        }
        Mark::Groups => {
            let mut found = BTreeMap::new();
            for group in groups(image)? {
                joined(&mut found, group.signature, group.members.join(" "));
            }
            Ok(found)
        }
        Mark::Relocations => {
            let mut found: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
            for one in image.relocation_counts()? {
                let kinds = found.entry(one.target.unwrap_or(one.table)).or_default();
                *kinds.entry(one.kind.into_owned()).or_default() += one.count;
            }
            let text = |kinds: BTreeMap<String, u64>| {
                let kinds: Vec<String> =
                    kinds.into_iter().map(|(kind, count)| format!("{kind} {count}")).collect();
                kinds.join(", ")
            };
            Ok(found.into_iter().map(|(section, kinds)| (section, text(kinds))).collect())
        }
    }
}

/// Several of one name stand together, in file order.
fn joined(found: &mut BTreeMap<String, String>, name: String, text: String) {
    let slot = found.entry(name).or_default();
    if !slot.is_empty() {
        slot.push_str("; ");
    }
    slot.push_str(&text);
}

/// What a note holds. A build id says nothing of what was built, and most of Xen's hold addresses.
fn said(note: &Note) -> String {
    if note.build_id().is_some() || note.owner == "Xen" {
        return "there".to_owned();
    }
    note.bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
