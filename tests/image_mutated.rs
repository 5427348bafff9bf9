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

/// Where the label or function with this name lies.
fn address<'a>(twins: &'a mut Twins, name: &str) -> &'a mut u64 {
    let symbols = &mut image(&mut twins.in_process).symbols;
    &mut symbols.iter_mut().find(|s| s.raw == name).unwrap().value
}

#[test]
fn labels_bound_what_they_bounded() {
    let Some(mut twins) = Twins::of_pocket("labels_bound") else { return };
    let (start, stop) = ("__start___ex_table", "__stop___ex_table");
    let bounds = (*address(&mut twins, start), *address(&mut twins, stop));
    *address(&mut twins, start) = bounds.1;
    *address(&mut twins, stop) = bounds.0;
    let range = format!("{start}..{stop}");
    twins.expect(&[("label.moved", &format!("{start} {stop}")), ("label.order", &range)]);
    *address(&mut twins, start) = bounds.0;
    *address(&mut twins, stop) = bounds.1 - 12;
    twins.expect(&[("label.moved", stop), ("label.range.changed", &range)]);
    *address(&mut twins, stop) = bounds.1;
    twins.expect(&[]);
    // A stack that the linker script made twice as large, and code that is said to have no end.
    *address(&mut twins, "init_stack_end") += 0x4000;
    let keys: Vec<_> = twins.findings().iter().map(|f| f.key.to_string()).collect();
    assert!(keys.contains(&"label.range.changed".to_owned()), "{keys:?}");
    *address(&mut twins, "init_stack_end") -= 0x4000;
    *address(&mut twins, "_etext") = *address(&mut twins, "_stext");
    let found = twins.findings();
    let about: Vec<_> = found.iter().flat_map(|f| f.subjects()).collect();
    assert!(about.contains(&"_etext") && about.contains(&"_stext.._etext"), "{about:?}");
}

#[test]
fn a_size_between_the_modes_needs_a_cause() {
    let Some(mut twins) = Twins::of_pocket("a_size_between_the_modes") else { return };
    // Bytes that belong to nothing, more than alignment makes.
    let name = ".data".to_owned();
    let facts = image(&mut twins.in_process);
    let at = facts.section_names.iter().position(|section| *section == name).unwrap();
    facts.section_spans[at].size += 0x10_0000;
    facts.sections.get_mut(&name).unwrap().size += 0x10_0000;
    let found = twins.findings();
    let size = found.iter().find(|f| f.key.as_str() == "section.size.changed").unwrap();
    assert!(size.subjects().contains(&name.as_str()), "{found:?}");
    assert!(size.cause.as_ref().unwrap().contains("alignment accounts for at most"), "{size:?}");
}

#[test]
fn a_module_has_the_same_sizes_in_both_modes() {
    let Some(mut twins) = Twins::of_pocket("a_module_has_the_same_sizes") else { return };
    let (name, module) = twins.in_process.modules.iter_mut().next().unwrap();
    let subject = format!(".text in {name}");
    let Answer::Read(module) = module else { panic!() };
    module.image.sections.get_mut(".text").unwrap().size += 40;
    twins.expect(&[("section.size.changed", &subject)]);
}

#[test]
fn exports_lead_where_they_led() {
    let Some(mut twins) = Twins::of_pocket("exports_lead") else { return };
    let Answer::Read(exports) = &mut image(&mut twins.in_process).exports else { panic!() };
    let other = exports[1].value.clone();
    exports[1].value = std::mem::replace(&mut exports[0].value, other);
    let names = format!("{} {}", exports[0].name, exports[1].name);
    twins.expect(&[("export.value.changed", &names)]);
}

#[test]
fn code_that_can_be_written_and_a_stack_that_runs_are_named() {
    let Some(mut twins) = Twins::of_pocket("code_that_can_be_written") else { return };
    let segments = &mut image(&mut twins.in_process).loading.segments;
    segments[0].flags |= 2;
    segments.iter_mut().find(|it| it.kind == "GNU_STACK").unwrap().flags |= 1;
    let found = twins.findings();
    let causes: Vec<_> = found.iter().filter_map(|f| f.cause.as_deref()).collect();
    assert_eq!(
        causes,
        ["code in the segment of one can be written", "the stack of one is executable"]
    );
}

#[test]
fn a_stripped_image_of_one_mode_is_named() {
    let Some(mut twins) = Twins::of_pocket("a_stripped_image") else { return };
    image(&mut twins.in_process).symbols.clear();
    image(&mut twins.in_process).undefined.clear();
    let found = twins.findings();
    assert!(found.iter().any(|f| f.key.as_str() == "symbol.table.lost"), "{found:?}");
}

#[test]
fn a_section_that_was_renamed_is_named_so() {
    let Some(mut twins) = Twins::of_pocket("a_section_that_was_renamed") else { return };
    let facts = image(&mut twins.in_process);
    let section = facts.sections.remove("__param").unwrap();
    facts.sections.insert("renamed".to_owned(), section);
    for name in facts.section_names.iter_mut().filter(|name| *name == "__param") {
        *name = "renamed".to_owned();
    }
    let found = twins.findings();
    let lost = found.iter().find(|f| f.subjects().contains(&"__param")).unwrap();
    assert!(lost.cause.as_ref().unwrap().contains("objcopy --rename-section"), "{lost:?}");
}
