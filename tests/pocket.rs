//! The pocket kernel, both modes, four architectures: it agrees, and its facts are these.

use crate::support::{finding, pocket, run};
use std::collections::BTreeSet;
use std::fmt::Write;
use twinlto_engine::{Depth, gather};
use twinlto_facts::build::BuildFacts;
use twinlto_facts::elf::{self, Image};
use twinlto_facts::flags::{lex, resolve};
use twinlto_model::Arch;
use twinlto_verdict::canonical;

#[test]
fn four_architectures_agree_and_say_what_was_compared() {
    let Some(pocket) = pocket("four_architectures_agree") else {
        return;
    };
    let report = pocket.ran.json();
    assert_eq!(pocket.ran.status, 0, "{}\n{}", pocket.ran.stdout, pocket.ran.stderr);
    assert_eq!(report["outcome"], "agree");
    assert_eq!(pocket.ran.keys(), Vec::<String>::new());
    let cells = report["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 8);
    for cell in cells {
        let count = |name: &str| cell["counts"][name].as_u64().unwrap();
        let name = format!("{} {}", cell["arch"], cell["mode"]);
        assert!(count("ir_objects") >= 30, "{name}: {}", cell["counts"]);
        assert!(
            count("exports") >= 12 && count("crcs_checked") >= 24,
            "{name}: {}",
            cell["counts"]
        );
        assert!(count("initcall_levels") >= 3 && count("modules") == 2, "{name}");
        assert!(count("symbols") > 100 && count("sections") > 10, "{name}");
        assert!(count("promoted_symbols") >= 1, "{name}");
        if cell["mode"] == "distributed" {
            assert_eq!(count("native_objects"), count("ir_objects"), "{name}");
            assert!(count("flags_compared") > 10 * count("ir_objects"), "{name}");
        }
    }
}

/// The same request again takes every stage from the first run and says the same.
#[test]
fn a_second_check_builds_nothing_and_says_the_same() {
    let Some(pocket) = pocket("a_second_check") else {
        return;
    };
    let Some(llvm) = crate::support::llvm("a_second_check") else {
        return;
    };
    let out = pocket.out.display().to_string();
    let ran = run(&["check", "--arch", "all", "--llvm", llvm, "--out", &out, "--format", "json"]);
    let report = ran.json();
    for cell in report["cells"].as_array().unwrap() {
        assert_eq!(cell["timings"]["build"]["reused"], true, "{cell}");
    }
    assert_eq!(report["findings"], pocket.ran.json()["findings"]);
}

/// What `audit` says of the finished builds is what `check` said of them.
#[test]
fn audit_agrees_with_check() {
    let Some(pocket) = pocket("audit_agrees_with_check") else {
        return;
    };
    for arch in Arch::ALL {
        let dirs = ["distributed", "in-process"]
            .map(|m| pocket.build(arch.name(), m).display().to_string());
        let both = run(&["audit", &dirs[0], &dirs[1], "--format", "json"]);
        assert_eq!((both.status, both.keys()), (0, vec![]), "{}", both.stdout);
        let swapped = run(&["audit", &dirs[1], &dirs[0], "--format", "json"]);
        assert_eq!(swapped.json()["findings"], both.json()["findings"]);
        let alone = run(&["audit", &dirs[0], "--format", "json"]);
        assert_eq!((alone.status, alone.keys()), (0, vec![]), "{}", alone.stdout);
    }
}

/// `audit` of one build reads export tables without the symbol table: they say the same.
#[test]
fn export_tables_are_the_same_without_symbols() {
    let Some(pocket) = pocket("export_tables") else {
        return;
    };
    for arch in Arch::ALL {
        let bytes =
            std::fs::read(pocket.build(arch.name(), "distributed").join("vmlinux")).unwrap();
        let list = |image: &Image<'_>| -> Vec<_> {
            let exports = elf::exports(image).unwrap().into_iter();
            exports.map(|e| (e.name, e.namespace, e.crc, e.gpl, e.flags)).collect()
        };
        let all = list(&Image::parse(&bytes).unwrap());
        assert!(all.len() > 50, "{arch}: {} exports", all.len());
        assert_eq!(list(&Image::outline(&bytes).unwrap()), all, "{arch}");
    }
}

#[test]
fn two_builds_that_are_no_twins_are_refused() {
    let Some(pocket) = pocket("no_twins") else {
        return;
    };
    let dir = |arch, mode| pocket.build(arch, mode).display().to_string();
    let ran = run(&["audit", &dir("arm64", "distributed"), &dir("riscv", "in-process")]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("one is for arm64, the other for riscv"), "{}", ran.stderr);
    let ran = run(&["audit", &dir("arm64", "distributed"), &dir("arm64", "distributed")]);
    assert!(ran.stderr.contains("both are distributed"), "{}", ran.stderr);
}

/// A changed image is found in its layer, whatever the build said.
#[test]
fn a_truncated_kernel_is_a_finding() {
    let Some(pocket) = pocket("a_truncated_kernel") else {
        return;
    };
    let copy = crate::support::copy_of(&pocket.build("x86_64", "distributed"), "truncated");
    let image = copy.join("vmlinux");
    let bytes = std::fs::read(&image).unwrap();
    std::fs::write(&image, &bytes[..bytes.len() / 3]).unwrap();
    let ran = run(&["audit", &copy.display().to_string(), "--format", "json"]);
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    let report = ran.json();
    assert_eq!(finding(&report, "file.unreadable")["subject"], "vmlinux");
}

#[test]
fn facts_x86_64() {
    snapshot(Arch::X86_64);
}

#[test]
fn facts_arm64() {
    snapshot(Arch::Arm64);
}

#[test]
fn facts_riscv() {
    snapshot(Arch::Riscv);
}

#[test]
fn facts_loongarch() {
    snapshot(Arch::Loongarch);
}

/// One snapshot an architecture: what both modes share, and what each has of its own. Sizes,
/// addresses and hashes never appear.
fn snapshot(arch: Arch) {
    let Some(pocket) = pocket("facts") else {
        return;
    };
    let read =
        |mode: &str| gather(&pocket.build(arch.name(), mode), &[], Depth::Everything).unwrap();
    let (distributed, in_process) = (read("distributed"), read("in-process"));
    let mut text = String::new();
    for facet in [exports, initcalls, sections, promoted] {
        let (left, right) = (facet(&distributed), facet(&in_process));
        assert_eq!(left, right, "{arch}");
        text.push_str(&left);
    }
    text.push_str(&options(&distributed));
    assert!(text.lines().count() < 200, "{arch}: {} lines", text.lines().count());
    insta::with_settings!({
        snapshot_path => "../snapshots/pocket",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(arch.name(), text);
    });
}

fn exports(facts: &BuildFacts) -> String {
    let mut text = "exports\n".to_owned();
    for (name, export) in &facts.symvers.get().unwrap().exports {
        let gpl = if export.gpl == Some(true) { " GPL" } else { "" };
        let namespace = &export.namespace;
        writeln!(text, "  {} {name} {}{gpl} {namespace}", export.crc, export.module).unwrap();
    }
    text
}

fn initcalls(facts: &BuildFacts) -> String {
    let mut text = "initcalls, in order\n".to_owned();
    for call in facts.image.get().unwrap().initcalls.get().unwrap() {
        writeln!(text, "  {} {}", call.level, canonical(&call.function).name).unwrap();
    }
    text
}

fn sections(facts: &BuildFacts) -> String {
    let mut text = "sections\n".to_owned();
    for (name, section) in facts.image.get().unwrap().sections.iter().filter(|(_, s)| s.alloc) {
        let flags: String = [(section.write, 'W'), (section.exec, 'X')]
            .iter()
            .filter(|f| f.0)
            .map(|f| f.1)
            .collect();
        writeln!(text, "  {name} A{flags}").unwrap();
    }
    text
}

fn promoted(facts: &BuildFacts) -> String {
    let symbols = &facts.image.get().unwrap().symbols;
    let names: BTreeSet<String> = symbols
        .iter()
        .map(|s| canonical(&s.raw))
        .filter(|c| c.promoted)
        .map(|c| c.name.into_owned())
        .collect();
    let mut text = "promoted names\n".to_owned();
    for name in names {
        writeln!(text, "  {name}").unwrap();
    }
    text
}

/// Options that backends need, with the number of objects that have them.
fn options(facts: &BuildFacts) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for object in facts.objects.values() {
        let back = &object.back.get().unwrap().text;
        for setting in resolve(&lex(back).unwrap()[0].words).needed_in_order() {
            *counts.entry((setting.class, setting.text.clone().into_owned())).or_insert(0) += 1;
        }
    }
    let mut text = "options of the backends\n".to_owned();
    for ((class, option), n) in counts {
        writeln!(text, "  {n:>3} {class} {option}").unwrap();
    }
    text
}
