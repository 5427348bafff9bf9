//! The facts of real twins, changed in one place: exactly that place is found.

use crate::support::pocket;
use twinlto_engine::{Depth, gather};
use twinlto_facts::build::{Answer, BuildFacts, ImageFacts};
use twinlto_facts::kbuild::Crc;
use twinlto_model::{Arch, Finding, Severity};
use twinlto_verdict::{Expectations, compare_twins, merge};

struct Twins {
    distributed: BuildFacts,
    in_process: BuildFacts,
}

impl Twins {
    fn of_pocket(test: &str) -> Option<Self> {
        let pocket = pocket(test)?;
        let read = |mode| gather(&pocket.build("arm64", mode), &[], Depth::Everything).unwrap();
        Some(Self { distributed: read("distributed"), in_process: read("in-process") })
    }

    /// Findings above notes.
    fn findings(&self) -> Vec<Finding> {
        let verdict = compare_twins(
            Arch::Arm64,
            &self.distributed,
            &self.in_process,
            &Expectations::default(),
        );
        let mut findings = merge(verdict.findings());
        findings.retain(|f| f.severity != Severity::Note);
        findings
    }

    #[track_caller]
    fn expect(&self, expected: &[(&str, &str)]) {
        let found = self.findings();
        let brief: Vec<_> =
            found.iter().map(|f| (f.key.as_str(), f.subjects().join(" "))).collect();
        let brief: Vec<_> = brief.iter().map(|(key, subjects)| (*key, subjects.as_str())).collect();
        assert_eq!(brief, expected);
    }
}

fn image(facts: &mut BuildFacts) -> &mut ImageFacts {
    match &mut facts.image {
        Answer::Read(image) => image,
        other => panic!("{other:?}"),
    }
}

#[test]
fn twins_as_they_are_have_nothing_to_say() {
    let Some(twins) = Twins::of_pocket("twins_as_they_are") else { return };
    twins.expect(&[]);
}

/// A thousand other hashes are no finding.
#[test]
fn another_hash_in_every_promoted_name_is_nothing() {
    let Some(mut twins) = Twins::of_pocket("another_hash") else { return };
    let mut changed = 0;
    for symbol in &mut image(&mut twins.in_process).symbols {
        if let Some((name, _)) = symbol.raw.clone().split_once(".llvm.") {
            symbol.raw = format!("{name}.llvm.{changed}");
            changed += 1;
        }
    }
    assert!(changed > 5);
    twins.expect(&[]);
}

#[test]
fn a_symbol_of_one_mode_is_named_by_its_own_name() {
    let Some(mut twins) = Twins::of_pocket("a_symbol_of_one_mode") else { return };
    image(&mut twins.in_process).symbols.retain(|s| s.raw != "start_kernel");
    twins.expect(&[("symbol.added", "start_kernel")]);
    image(&mut twins.in_process).undefined.insert("start_kernel".to_owned());
    twins.expect(&[("symbol.undefined.changed", "start_kernel"), ("symbol.added", "start_kernel")]);
}

#[test]
fn exchanged_initcalls_are_found_in_both_directions() {
    let Some(mut twins) = Twins::of_pocket("exchanged_initcalls") else { return };
    let Answer::Read(calls) = &mut image(&mut twins.in_process).initcalls else { panic!() };
    let at = (1..calls.len()).find(|i| calls[*i].level == calls[i - 1].level).unwrap();
    calls.swap(at - 1, at);
    let keys: Vec<_> = twins.findings().iter().map(|f| f.key.to_string()).collect();
    assert_eq!(keys, ["initcall.order.changed", "initcall.order.script"]);
}

#[test]
fn an_initcall_of_one_mode_is_lost() {
    let Some(mut twins) = Twins::of_pocket("an_initcall_of_one_mode") else { return };
    let Answer::Read(calls) = &mut image(&mut twins.in_process).initcalls else { panic!() };
    calls.remove(0);
    let keys: Vec<_> = twins.findings().iter().map(|f| f.key.to_string()).collect();
    assert_eq!(keys, ["initcall.lost"]);
}

#[test]
fn permissions_and_presence_of_sections_are_compared() {
    let Some(mut twins) = Twins::of_pocket("permissions") else { return };
    let sections = &mut image(&mut twins.in_process).sections;
    sections.get_mut(".text").unwrap().write = true;
    let gone = sections.remove(".rodata").unwrap();
    twins.expect(&[("section.added", ".rodata"), ("section.permissions.changed", ".text")]);
    let sections = &mut image(&mut twins.in_process).sections;
    sections.insert(".rodata".to_owned(), gone);
    sections.get_mut(".text").unwrap().write = false;
    sections.get_mut(".text").unwrap().size *= 2;
    twins.expect(&[("section.size.budget", ".text")]);
}

#[test]
fn exports_are_compared_field_by_field() {
    let Some(twins) = Twins::of_pocket("exports_field_by_field") else { return };
    let Answer::Read(symvers) = &twins.in_process.symvers else { panic!() };
    let name = symvers.exports.iter().find(|(_, e)| e.module == "vmlinux").unwrap().0.clone();
    let changed = |change: fn(&mut twinlto_facts::kbuild::Export)| {
        let mut in_process = twins.in_process.clone();
        let Answer::Read(symvers) = &mut in_process.symvers else { panic!() };
        change(symvers.exports.get_mut(&name).unwrap());
        let changed = Twins { distributed: twins.distributed.clone(), in_process };
        changed.findings().iter().map(|f| f.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(changed(|e| e.crc = Crc(7)), ["export.crc.changed", "export.crc.inconsistent"]);
    assert_eq!(
        changed(|e| e.namespace = "NEW".into()),
        ["export.namespace.changed", "export.table.inconsistent"]
    );
    assert_eq!(
        changed(|e| e.gpl = e.gpl.map(|gpl| !gpl)),
        ["export.gpl.changed", "export.table.inconsistent"]
    );
}

#[test]
fn an_export_of_one_mode_is_lost() {
    let Some(mut twins) = Twins::of_pocket("an_export_of_one_mode") else { return };
    let Answer::Read(symvers) = &mut twins.in_process.symvers else { panic!() };
    let name = symvers.exports.iter().find(|(_, e)| e.module == "vmlinux").unwrap().0.clone();
    symvers.exports.remove(&name);
    twins.expect(&[("export.lost", &name), ("export.table.unlisted", &name)]);
}

#[test]
fn a_module_of_one_mode_and_another_abi_are_named() {
    let Some(mut twins) = Twins::of_pocket("a_module_of_one_mode") else { return };
    twins.in_process.modules.remove("fs/binfmt_misc");
    image(&mut twins.in_process).e_flags = 4;
    twins.expect(&[("elf.header.changed", "vmlinux"), ("module.lost", "fs/binfmt_misc")]);
}
