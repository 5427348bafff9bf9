//! What no backend made: assembly, objects without LTO, modules, and what they are made from.

use super::named::Named;
use super::objects;
use crate::fs::read_regular;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use twinlto_facts::build::{BuildFacts, CommandText, NativeObject, NativeRole};
use twinlto_facts::elf::ObjectKind;
use twinlto_facts::flags::lex;
use twinlto_facts::kbuild::{cmd_path, module_members, normalize_path};

/// The objects of a build directory and, step by step, what their commands name.
pub(super) fn read(
    dir: &Path,
    named: &Named<'_>,
    facts: &BuildFacts,
) -> BTreeMap<String, NativeObject> {
    let reader = Reader { dir, named, made: Mutex::default() };
    let mut found = BTreeMap::new();
    let mut wanted: BTreeMap<String, NativeRole> = roots(dir, facts);
    while !wanted.is_empty() {
        let objects: Vec<(String, NativeObject)> =
            wanted.into_par_iter().map(|(name, role)| reader.one(name, role)).collect();
        let named: BTreeSet<String> =
            objects.iter().flat_map(|(_, object)| object.made_from.iter().cloned()).collect();
        found.extend(objects);
        let is_new = |name: &String| !found.contains_key(name) && !facts.objects.contains_key(name);
        wanted = named.into_iter().filter(is_new).map(|name| (name, NativeRole::Part)).collect();
    }
    found
}

/// Objects that `scripts/link-vmlinux.sh` links and that are no member of `vmlinux.a`, but for those whose
/// contents follow from the image (`.tmp_vmlinux*.kallsyms.o`, `.btf.vmlinux.bin.o`) or from the exports
/// (`.vmlinux.export.o`). Linux 6.1 to 7.3.
const BEHIND_ARCHIVE: &[&str] = &["init/version-timestamp.o"];

fn roots(dir: &Path, facts: &BuildFacts) -> BTreeMap<String, NativeRole> {
    let is_elf = |kind: &Option<ObjectKind>| matches!(kind, Some(ObjectKind::Elf(_)));
    let members = facts.other_objects.iter().filter(|(_, file)| is_elf(&file.kind));
    let mut roots: BTreeMap<String, NativeRole> =
        members.map(|(name, _)| (name.clone(), NativeRole::Member)).collect();
    roots.extend(BEHIND_ARCHIVE.iter().map(|name| ((*name).to_owned(), NativeRole::Member)));
    for stem in facts.modules.keys() {
        roots.insert(format!("{stem}.ko"), NativeRole::Module);
        let list = read_regular(&dir.join(format!("{stem}.mod"))).unwrap_or_default();
        let inside = module_members(&String::from_utf8_lossy(&list)).objects;
        for name in inside.iter().filter_map(|name| normalize_path(name)) {
            roots.entry(name).or_insert(NativeRole::Part);
        }
    }
    roots.retain(|name, _| dir.join(name).is_file());
    roots
}

/// Reads the objects of one build.
struct Reader<'d> {
    dir: &'d Path,
    named: &'d Named<'d>,
    /// Whether kbuild made a file, by its name: commands have most of their words in common.
    made: Mutex<HashMap<String, bool>>,
}

impl Reader<'_> {
    fn one(&self, name: String, role: NativeRole) -> (String, NativeObject) {
        let command = objects::command_with(self.named, self.dir, &name);
        let made_from =
            command.as_deref().map(|text| self.made_from(&name, text)).unwrap_or_default();
        let command =
            command.map(|text| CommandText { text, path: cmd_path(&name), target: name.clone() });
        (name, NativeObject { role, command, made_from })
    }

    /// What a command reads of that which kbuild made in the same directory. Programs and what they are
    /// made from are no part of the object.
    fn made_from(&self, name: &str, command: &str) -> Vec<String> {
        let commands = lex(command).unwrap_or_default();
        let words = commands.iter().flat_map(|command| command.words.iter().skip(1));
        let mut found = BTreeSet::new();
        for word in words {
            if let Some(list) = word.strip_prefix('@') {
                let text = read_regular(&self.dir.join(list)).unwrap_or_default();
                let text = String::from_utf8_lossy(&text).into_owned();
                found.extend(text.split_ascii_whitespace().filter_map(|word| self.made(word)));
            } else if word.ends_with(".S") {
                found.extend(self.embedded(word));
            } else if let Some(path) = word.rsplit('=').next() {
                found.extend(self.made(path));
            }
        }
        found.remove(name);
        found.into_iter().collect()
    }

    /// A file that kbuild recorded a command for.
    fn made(&self, word: &str) -> Option<String> {
        let name = normalize_path(word).filter(|_| !word.starts_with('-'))?;
        let is_tool = ["tools/", "scripts/"].iter().any(|tools| name.starts_with(tools));
        ((!is_tool || name.ends_with(".lds")) && self.is_made(&name)).then_some(name)
    }

    fn is_made(&self, name: &str) -> bool {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(name) {
            return *known;
        }
        let is_file = |path: &str| self.dir.join(path).is_file();
        let is_made = is_file(&cmd_path(name)) && is_file(name);
        made.insert(name.to_owned(), is_made);
        is_made
    }

    /// What an assembly source takes in with `.incbin "FILE"`, where the name is no macro.
    fn embedded(&self, source: &str) -> Vec<String> {
        let text = read_regular(&self.dir.join(source)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines = text.lines().filter_map(|line| line.trim_start().split_once(".incbin"));
        let names = lines.filter_map(|(_, rest)| rest.split('"').nth(1));
        names.filter_map(|name| self.made(name)).collect()
    }
}
