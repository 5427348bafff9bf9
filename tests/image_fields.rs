//! The linked kernel of one mode, changed in one field at a time: each is found between the modes,
//! and nothing is found where nothing was changed.

use crate::support::pocket;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use twinlto_engine::{Depth, gather};
use twinlto_facts::build::BuildFacts;
use twinlto_facts::elf::{Image, SectionRef, SymbolKind};
use twinlto_model::{Arch, Severity};
use twinlto_verdict::{Expectations, compare_twins, merge};

/// A field of the file, what it is, and what to make of it.
struct Mutant {
    what: String,
    place: Range<usize>,
    bytes: Vec<u8>,
}

/// The fields of one file as it is.
struct Fields<'a> {
    bytes: &'a [u8],
    image: Image<'a>,
    mutants: Vec<Mutant>,
}

impl<'a> Fields<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, image: Image::parse(bytes).unwrap(), mutants: Vec::new() }
    }

    fn number(&self, at: usize, size: usize) -> u64 {
        let mut word = [0; 8];
        word[..size].copy_from_slice(&self.bytes[at..at + size]);
        u64::from_le_bytes(word)
    }

    /// Another number in the field at `at`.
    fn change(&mut self, what: String, at: usize, size: usize, to: impl Fn(u64) -> u64) {
        let bytes = to(self.number(at, size)).to_le_bytes()[..size].to_vec();
        self.mutants.push(Mutant { what, place: at..at + size, bytes });
    }

    /// Fields of the file header that say what the file is.
    fn header(&mut self) {
        for (name, at, size, by) in [
            ("EI_OSABI", 7, 1, 3),
            ("EI_ABIVERSION", 8, 1, 1),
            ("e_type", 16, 2, 1),
            ("e_version", 20, 4, 2),
            ("e_entry", 24, 8, 4),
            ("e_phoff", 32, 8, 56),
            ("e_flags", 48, 4, 1),
            ("e_ehsize", 52, 2, 8),
            ("e_phentsize", 54, 2, 8),
            ("e_phnum", 56, 2, 1),
            ("e_shstrndx", 62, 2, 1),
        ] {
            self.change(name.to_owned(), at, size, |old| old ^ by);
        }
    }

    fn segments(&mut self) {
        let (table, count) = (self.number(32, 8) as usize, self.number(56, 2) as usize);
        for nth in 0..count {
            let at = table + nth * 56;
            for (name, field, size, by) in [
                ("p_type", 0, 4, 0x10),
                ("p_flags X", 4, 4, 1),
                ("p_flags W", 4, 4, 2),
                ("p_flags R", 4, 4, 4),
                ("p_offset", 8, 8, 0x10),
                ("p_vaddr", 16, 8, 0x10),
                ("p_paddr", 24, 8, 0x10),
                ("p_filesz", 32, 8, 0x10),
                ("p_memsz", 40, 8, 0x10),
                ("p_align", 48, 8, 0x4000),
            ] {
                self.change(format!("segment {nth} {name}"), at + field, size, |old| old ^ by);
            }
        }
    }

    /// Headers of loaded sections.
    fn sections(&mut self) {
        let table = self.number(40, 8) as usize;
        let loaded = self.image.sections.iter().enumerate();
        let loaded: Vec<(usize, String)> = loaded
            .filter(|(_, section)| section.flags.alloc() && section.size > 0)
            .map(|(index, section)| (index, section.name.to_string()))
            .collect();
        for (index, name) in loaded {
            let at = table + index * 64;
            for (field, place, size, by) in [
                ("sh_type", 4, 4, 2),
                ("sh_flags W", 8, 8, 1),
                ("sh_flags A", 8, 8, 2),
                ("sh_flags X", 8, 8, 4),
                ("sh_flags M", 8, 8, 0x10),
                ("sh_addr", 16, 8, 0x10_0000),
                ("sh_size", 32, 8, 0x8000),
                ("sh_link", 40, 4, 1),
                ("sh_info", 44, 4, 1),
                ("sh_addralign", 48, 8, 0x10_0000),
                ("sh_entsize", 56, 8, 1),
            ] {
                self.change(format!("{name} {field}"), at + place, size, |old| old ^ by);
            }
        }
    }

    /// Every attribute of some symbols of each kind.
    fn symbols(&mut self) {
        let table = self.image.section(".symtab").unwrap().1.offset as usize;
        // Names that stand once, so that a symbol is known by them.
        let kinds = [SymbolKind::Func, SymbolKind::Object, SymbolKind::NoType];
        for kind in kinds {
            let all = self.image.symbols.iter().enumerate();
            let chosen: Vec<(usize, String, bool)> = all
                .filter(|(_, symbol)| {
                    let named = |other: &&twinlto_facts::elf::Symbol<'_>| other.name == symbol.name;
                    symbol.kind == kind
                        && matches!(symbol.section, SectionRef::Named(_))
                        && !symbol.is_mapping()
                        && (kind != SymbolKind::NoType || symbol.binding.name() == "global")
                        && !symbol.name.starts_with("__kstrtab")
                        && !symbol.name.contains("kallsyms")
                        && self.image.symbols.iter().filter(named).count() == 1
                })
                .map(|(index, symbol)| (index, symbol.name.to_string(), symbol.size > 0))
                .step_by(9)
                .take(8)
                .collect();
            for (index, name, sized) in chosen {
                let at = table + (index + 1) * 24;
                let mut change = |field: &str, place, size, by: u64| {
                    self.change(format!("{name} {field}"), at + place, size, |old| old ^ by);
                };
                // To another kind that names something, and to weak.
                change("type", 4, 1, if kind == SymbolKind::NoType { 2 } else { 3 });
                change("binding", 4, 1, 0x20);
                change("visibility", 5, 1, 2);
                change("st_other", 5, 1, 0x80);
                change("st_shndx", 6, 2, 3);
                if sized {
                    // More than jumps account for on any architecture.
                    change("st_size", 16, 8, 0x1000);
                    change("st_value", 8, 8, 0x1000);
                }
            }
        }
    }

    /// Each word of the first rows of the tables that the kernel reads.
    fn tables(&mut self) {
        let words: [(&str, u64, &[u64]); 6] = [
            ("__ksymtab", 12, &[0, 4, 8]),
            ("__kcrctab", 4, &[0]),
            ("__kflagstab", 1, &[0]),
            ("__param", 40, &[0, 16, 24, 32]),
            ("__bug_table", 0, &[0]),
            ("__ex_table", 12, &[0, 4, 8]),
        ];
        for (name, row, fields) in words {
            let Some((_, section)) = self.image.section(name) else { continue };
            let (start, size) = (section.offset as usize, section.size);
            for nth in 0..2_u64.min(size.checked_div(row).unwrap_or(1)) {
                for field in fields {
                    let at = start + (nth * row + field) as usize;
                    let width = row.clamp(1, 4) as usize;
                    let what = format!("{name} row {nth} field {field}");
                    self.change(what, at, width, |old| old ^ 4);
                }
            }
        }
    }
}

/// Keys above notes of twins of which one has this kernel.
fn found(ours: &BuildFacts, dir: &Path, arch: Arch, in_process: bool) -> Vec<String> {
    let theirs = gather(dir, &[], Depth::Everything).unwrap();
    let (a, b) = if in_process { (ours, &theirs) } else { (&theirs, ours) };
    let verdict = compare_twins(arch, a, b, &Expectations::default());
    let mut findings = merge(verdict.findings());
    findings.retain(|found| found.severity != Severity::Note);
    findings.iter().map(|found| format!("{} {}", found.key, found.subjects().join(" "))).collect()
}

/// A copy of a build with its times, which say what is older than what.
fn copied(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

/// Mutants that are not found, of a kernel of one mode.
fn missed(
    test: &str,
    (arch, name): (Arch, &str),
    in_process: bool,
    fields: fn(&mut Fields<'_>),
) -> Option<(usize, Vec<String>)> {
    let pocket = pocket(test)?;
    let (mode, twin) =
        if in_process { ("in-process", "distributed") } else { ("distributed", "in-process") };
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("build");
    copied(&pocket.build(name, mode), &copy);
    let ours = gather(&pocket.build(name, twin), &[], Depth::Everything).unwrap();
    assert_eq!(found(&ours, &copy, arch, in_process), [""; 0], "{name}: as it was built");
    let kernel = copy.join("vmlinux");
    let bytes = std::fs::read(&kernel).unwrap();
    let mut all = Fields::of(&bytes);
    fields(&mut all);
    let mut lost = Vec::new();
    for mutant in &all.mutants {
        let mut changed = bytes.clone();
        changed[mutant.place.clone()].copy_from_slice(&mutant.bytes);
        std::fs::write(&kernel, &changed).unwrap();
        if found(&ours, &copy, arch, in_process).is_empty() {
            lost.push(mutant.what.clone());
        }
    }
    Some((all.mutants.len(), lost))
}

const ARCHES: [(Arch, &str); 4] = [
    (Arch::X86_64, "x86_64"),
    (Arch::Arm64, "arm64"),
    (Arch::Riscv, "riscv"),
    (Arch::Loongarch, "loongarch"),
];

/// What is not found, and said not to be compared: where, and why.
const NOT_COMPARED: [(&str, &str, &str); 4] = [
    ("riscv", "segment 8 p_offset", "attributes are read by their section, which is not loaded"),
    ("riscv", "__ex_table row 0 field 4", "the fixup is in code that no symbol covers"),
    ("loongarch", "__ex_table row 0 field 4", "the fixup is in code that no symbol covers"),
    (
        "loongarch",
        "segment 4 p_offset",
        "its section, .modinfo, was taken out, and no alignment tells",
    ),
];

#[track_caller]
fn all_are_found(test: &str, least: usize, fields: fn(&mut Fields<'_>)) {
    for (number, arch) in ARCHES.into_iter().enumerate() {
        let Some((count, mut lost)) = missed(test, arch, number % 2 == 0, fields) else { return };
        assert!(count >= least, "{}: only {count} mutants", arch.1);
        lost.retain(|what| !NOT_COMPARED.iter().any(|it| (it.0, it.1) == (arch.1, what)));
        assert_eq!(lost, [""; 0], "{} of {count} in {}", lost.len(), arch.1);
    }
}

#[test]
fn every_field_of_header_and_segments_is_found() {
    all_are_found("fields_of_header", 80, |fields| {
        fields.header();
        fields.segments();
    });
}

#[test]
fn every_field_of_a_loaded_section_is_found() {
    all_are_found("fields_of_sections", 80, |fields| fields.sections());
}

#[test]
fn every_attribute_of_a_symbol_is_found() {
    all_are_found("fields_of_symbols", 100, |fields| fields.symbols());
}

#[test]
fn every_field_of_a_table_is_found() {
    all_are_found("fields_of_tables", 10, |fields| fields.tables());
}
