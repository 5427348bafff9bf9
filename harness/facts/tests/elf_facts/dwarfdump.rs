//! What `llvm-dwarfdump` prints of types, to hold our reading against.

use crate::llvm::Llvm;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::dwarf::{Roots, debug};

/// One entry that llvm-dwarfdump printed.
#[derive(Debug, Default)]
struct Printed {
    tag: String,
    attributes: BTreeMap<String, String>,
    children: Vec<u64>,
}

/// Entries by offset, from `llvm-dwarfdump --debug-info`.
fn printed(llvm: &Llvm, path: &str) -> BTreeMap<u64, Printed> {
    let output = llvm.run("llvm-dwarfdump", &["--debug-info", path]);
    let mut entries: BTreeMap<u64, Printed> = BTreeMap::new();
    let mut parents: Vec<u64> = Vec::new();
    let mut last = 0;
    for line in String::from_utf8_lossy(&output).lines() {
        let tag = line.split_once(": ").filter(|(at, _)| at.starts_with("0x"));
        if let Some((at, rest)) = tag {
            let Some(tag) = rest.trim_start().strip_prefix("DW_TAG_") else { continue };
            last = u64::from_str_radix(&at[2..], 16).unwrap();
            parents.truncate((rest.len() - rest.trim_start().len()) / 2);
            if let Some(parent) = parents.last() {
                entries.get_mut(parent).unwrap().children.push(last);
            }
            parents.push(last);
            entries.insert(last, Printed { tag: tag.to_owned(), ..Printed::default() });
        } else if let Some((name, value)) = line.trim().split_once('\t') {
            let value = value.strip_prefix('(').and_then(|v| v.strip_suffix(')')).unwrap_or(value);
            let name = name.trim().trim_start_matches("DW_AT_").to_owned();
            if let Some(entry) = entries.get_mut(&last) {
                entry.attributes.insert(name, value.to_owned());
            }
        }
    }
    entries
}

impl Printed {
    fn name(&self) -> Option<&str> {
        self.attributes.get("name").map(|name| name.trim_matches('"'))
    }

    fn number(&self, name: &str) -> Option<u64> {
        let text = self.attributes.get(name)?;
        match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        }
    }

    fn target(&self) -> Option<u64> {
        let at = self.attributes.get("type")?.strip_prefix("0x")?;
        u64::from_str_radix(at.split(' ').next()?, 16).ok()
    }
}

/// Name, offset in bits and size in bits.
type Place = (String, u64, Option<u64>);
/// Size in bytes, and members.
type Definition = (Option<u64>, Vec<Place>);

/// Each member that has a name and lies in no array
/// or pointer of an unnamed struct.
fn members_of(entries: &BTreeMap<u64, Printed>, at: u64, base: u64) -> Vec<Place> {
    let mut members = Vec::new();
    for child in entries[&at].children.iter().map(|child| &entries[child]) {
        if child.tag != "member" {
            continue;
        }
        let offset = base
            + child.number("data_member_location").unwrap_or(0) * 8
            + child.number("data_bit_offset").unwrap_or(0);
        match child.name() {
            Some(name) => members.push((name.to_owned(), offset, child.number("bit_size"))),
            None => {
                let target = child.target().unwrap();
                match entries[&target].name() {
                    // Microsoft's extension, which Linux uses: it goes by its type.
                    Some(name) => {
                        let word = word(&entries[&target]).unwrap();
                        members.push((format!("{word} {name}"), offset, None));
                    }
                    None => members.extend(members_of(entries, target, offset)),
                }
            }
        }
    }
    members
}

fn word(entry: &Printed) -> Option<&'static str> {
    match entry.tag.as_str() {
        "structure_type" => Some("struct"),
        "union_type" => Some("union"),
        _ => None,
    }
}

/// Compares every struct that both read; how many there were.
pub(crate) fn against_dwarfdump(llvm: &Llvm, path: &str, bytes: &[u8]) -> usize {
    let layouts = debug(bytes, Roots::External).unwrap().layouts;
    let entries = printed(llvm, path);
    let mut compared = 0;
    let mut wanted: BTreeMap<String, BTreeSet<Definition>> = BTreeMap::new();
    for (at, entry) in &entries {
        let Some(word) = word(entry) else { continue };
        let Some(name) = entry.name().filter(|_| !entry.attributes.contains_key("declaration"))
        else {
            continue;
        };
        let fact = (entry.number("byte_size"), members_of(&entries, *at, 0));
        wanted.entry(format!("{word} {name}")).or_default().insert(fact);
    }
    for (key, definitions) in &layouts.types {
        let Some(wanted) = wanted.get(key) else {
            assert!(!key.starts_with("struct ") && !key.starts_with("union "), "{key}");
            continue;
        };
        for layout in definitions {
            let plain = layout.members.iter().filter(|m| !m.path.contains(['.', '[', '-']));
            let members = plain.map(|m| (m.path.clone(), m.offset, m.bit_size)).collect();
            let fact = (layout.size, members);
            assert!(wanted.contains(&fact), "{key}: {fact:?}\nis none of {wanted:?}");
            compared += 1;
        }
    }
    compared
}
