//! One edit of a real file that changes what the kernel does: one finding, by name, with its cause.

use crate::diff::{changed, diff, section_of};
use crate::support::{finding, pocket};
use serde_json::Value;
use std::path::Path;
use twinlto_facts::elf::{Image, SectionRef, bodies, initcalls};

/// The one finding of a key, which says why.
#[track_caller]
fn only_finding(file: &Path, other: &Path, key: &str) -> Value {
    let ran = diff(file, other, &[]);
    assert_eq!((ran.status, ran.keys()), (1, vec![key.to_owned()]), "{}", ran.stdout);
    let found = finding(&ran.json(), key).clone();
    assert!(found["cause"].is_string(), "{found}");
    found
}

/// Two neighbours of one level in the table of a linked kernel. `wide`: entries are addresses, and
/// not distances of 32 bits.
fn swap_initcalls(bytes: &mut [u8], wide: bool) -> (String, String) {
    let image = Image::parse(bytes).unwrap();
    let calls = initcalls(&image).unwrap();
    let at = (1..calls.len()).find(|i| calls[*i].level == calls[i - 1].level).unwrap();
    let names = (calls[at - 1].function.clone(), calls[at].function.clone());
    let start = image.symbols.iter().find(|it| it.name == "__initcall_start").unwrap();
    let SectionRef::Named(section) = start.section else { panic!("{start:?}") };
    let section = &image.sections[section];
    let width = if wide { 8 } else { 4 };
    let first = (section.offset + start.value - section.address) as usize + (at - 1) * width;
    let (one, two) = bytes[first..first + 2 * width].split_at_mut(width);
    one.swap_with_slice(two);
    if !wide {
        // What is a distance from its own place has to be another one from the other place.
        for (place, by) in [(first, 4), (first + 4, -4)] {
            let word: [u8; 4] = bytes[place..place + 4].try_into().unwrap();
            let distance = i32::from_le_bytes(word) + by;
            bytes[place..place + 4].copy_from_slice(&distance.to_le_bytes());
        }
    }
    names
}

#[test]
fn two_initcalls_of_one_level_that_change_places_are_named() {
    let Some(pocket) = pocket("two_initcalls_that_change_places") else { return };
    let dir = tempfile::tempdir().unwrap();
    for (arch, wide) in [("x86_64", false), ("arm64", false)] {
        let file = pocket.build(arch, "distributed").join("vmlinux");
        let mut names = None;
        let other = changed(&dir, &file, |bytes| names = Some(swap_initcalls(bytes, wide)));
        let found = only_finding(&file, &other, "initcall.order.changed");
        let (one, two) = names.unwrap();
        let subject = found["subject"].as_str().unwrap();
        let plain = |name: &str| twinlto_verdict::canonical(name).name.into_owned();
        let named = [plain(&one), plain(&two)].iter().any(|name| name.contains(subject));
        assert!(named, "{arch}: {one}, {two}: {found}");
    }
}

/// File offsets of the symbol table's entry of an undefined symbol that a function refers to, and
/// of its name; its name.
fn undefined(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> (usize, usize, String) {
    let (symbols, _) = section_of(bytes, ".symtab");
    let (strings, _) = section_of(bytes, ".strtab");
    let image = Image::parse(bytes).unwrap();
    let used: Vec<String> =
        bodies(&image).iter().flat_map(|b| b.references.iter()).map(|r| r.symbol.clone()).collect();
    // st_name is the first word of an entry of 24 bytes, st_shndx its bytes 6 and 7.
    symbols
        .step_by(24)
        .find_map(|at| {
            let name = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            let name = strings.start + name;
            let end = bytes[name..].iter().position(|byte| *byte == 0).unwrap();
            let text = String::from_utf8(bytes[name..name + end].to_vec()).unwrap();
            let fits = bytes[at + 6..at + 8] == [0, 0] && used.contains(&text) && wanted(&text);
            fits.then_some((at, name, text))
        })
        .unwrap()
}

#[test]
fn an_undefined_symbol_with_another_name_is_one_finding() {
    let Some(pocket) = pocket("an_undefined_symbol_with_another_name") else { return };
    let dir = tempfile::tempdir().unwrap();
    let plain = |name: &str| !name.contains(".llvm.") && name.len() > 5;
    for arch in ["x86_64", "arm64", "riscv", "loongarch"] {
        let file = pocket.build(arch, "distributed").join("kernel/sys.thinlto-native.o");
        // A letter of the name in the string table.
        let other = changed(&dir, &file, |bytes| {
            let (_, name, _) = undefined(bytes, plain);
            bytes[name] = b'Q';
        });
        let name = undefined(&std::fs::read(&file).unwrap(), plain).2;
        let found = only_finding(&file, &other, "symbol.undefined.changed");
        let renamed = format!("Q{}", &name[1..]);
        assert_eq!(found["subjects"], serde_json::json!([renamed, name]), "{arch}");
        assert!(found["cause"].as_str().unwrap().contains(&renamed), "{found}");
        // The entry made to point at the name of another symbol.
        let bytes = std::fs::read(&file).unwrap();
        let (_, target, theirs) = undefined(&bytes, |other| plain(other) && other != name);
        let other = changed(&dir, &file, |bytes| {
            let (entry, _, _) = undefined(bytes, plain);
            let (strings, _) = section_of(bytes, ".strtab");
            let offset = (target - strings.start) as u32;
            bytes[entry..entry + 4].copy_from_slice(&offset.to_le_bytes());
        });
        let found = only_finding(&file, &other, "symbol.undefined.changed");
        assert_eq!(found["subjects"], serde_json::json!([name]), "{arch}");
        assert!(found["cause"].as_str().unwrap().contains(&theirs), "{found}");
    }
}
