//! What `llvm-bcanalyzer -dump` and `llvm-dis` say, as lines that a reader can be asked for too.

use crate::support::Llvm;
use std::collections::BTreeMap;
use std::fmt::Write;
use twinlto_facts::bitcode::{BitcodeFacts, Content, GlobalKind, Lto, Module, Summary, read};

/// One record of a dump.
struct Record<'a> {
    name: &'a str,
    operands: Vec<u64>,
}

impl Record<'_> {
    fn text(&self, first: usize) -> String {
        let bytes: Vec<u8> = self.operands[first..].iter().map(|it| *it as u8).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn record(line: &str) -> Option<Record<'_>> {
    let line = line.trim_start().strip_prefix('<')?;
    let (inside, _) = line.split_once("/>")?;
    let mut words = inside.split(' ');
    let name = words.next()?;
    let operand = |word: &str| word.strip_prefix("op")?.split_once('=')?.1.parse().ok();
    Some(Record { name, operands: words.filter_map(operand).collect() })
}

/// The facts of a file by `llvm-bcanalyzer`, a line each.
pub(crate) fn dumped(llvm: &Llvm, file: &str) -> String {
    let dump = llvm.run("llvm-bcanalyzer", &["-dump", file]);
    let mut lines = String::new();
    let mut blocks: Vec<String> = Vec::new();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for line in dump.lines().take_while(|line| !line.starts_with("Summary of ")) {
        let trimmed = line.trim_start();
        if let Some(closed) = trimmed.strip_prefix("</") {
            assert_eq!(blocks.pop().unwrap(), closed.trim_end_matches('>'));
            if blocks.is_empty() && closed.starts_with("MODULE_BLOCK") {
                for (what, count) in std::mem::take(&mut counts) {
                    writeln!(lines, "{what}: {count}").unwrap();
                }
            }
            continue;
        }
        if trimmed.starts_with('<') && trimmed.contains(" NumWords=") && !trimmed.contains("/>") {
            let name = trimmed[1..].split(' ').next().unwrap();
            if name == "MODULE_BLOCK" {
                lines.push_str("module\n");
            }
            blocks.push(name.to_owned());
            continue;
        }
        let Some(record) = record(line) else { continue };
        let mut count = |what: &str| *counts.entry(what.to_owned()).or_default() += 1;
        let inside: Vec<&str> = blocks.iter().map(String::as_str).collect();
        match (inside.as_slice(), record.name) {
            (["IDENTIFICATION_BLOCK_ID"], "STRING") => {
                writeln!(lines, "producer {}", record.text(0)).unwrap();
            }
            (["IDENTIFICATION_BLOCK_ID"], "EPOCH") => {
                writeln!(lines, "epoch {}", record.operands[0]).unwrap();
            }
            (["MODULE_BLOCK"], "TRIPLE" | "DATALAYOUT" | "SOURCE_FILENAME") => {
                writeln!(lines, "{} {}", record.name, record.text(0)).unwrap();
            }
            (["MODULE_BLOCK"], "ASM") => {
                writeln!(lines, "ASM {}", record.operands.len()).unwrap();
            }
            (["MODULE_BLOCK"], "HASH") => {
                writeln!(lines, "HASH {}", hash(&record.operands)).unwrap();
            }
            (["MODULE_BLOCK"], "GLOBALVAR") => count(defined("variable", record.operands[4] != 0)),
            (["MODULE_BLOCK"], "FUNCTION") => count(defined("function", record.operands[4] == 0)),
            (["MODULE_BLOCK"], "ALIAS") => count("alias"),
            (["MODULE_BLOCK"], "IFUNC" | "UnknownCode18") => count("ifunc"),
            (["MODULE_BLOCK", "MODULE_STRTAB_BLOCK"], "ENTRY") => {
                writeln!(lines, "indexed {} {}", record.operands[0], record.text(1)).unwrap();
            }
            (["MODULE_BLOCK", "MODULE_STRTAB_BLOCK"], "HASH") => {
                writeln!(lines, "with hash {}", hash(&record.operands)).unwrap();
            }
            (["MODULE_BLOCK", block], name) if block.contains("GLOBALVAL_SUMMARY") => {
                if name == "FLAGS" || name == "VERSION" {
                    count(&format!("summary {name} {}", record.operands[0]));
                }
                count(&format!("summary {block} {name}"));
            }
            _ => {}
        }
    }
    sorted(&lines)
}

fn hash(words: &[u64]) -> String {
    words.iter().map(|word| format!("{word:08x}")).collect()
}

fn defined(kind: &str, defined: bool) -> &'static str {
    match (kind, defined) {
        ("variable", true) => "variable defined",
        ("variable", false) => "variable declared",
        (_, true) => "function defined",
        (_, false) => "function declared",
    }
}

/// The modules of a file in their order, the lines of each sorted.
fn sorted(lines: &str) -> String {
    let mut out = String::new();
    for module in lines.split("module\n") {
        let mut lines: Vec<&str> = module.lines().collect();
        // Order matters in the list of modules, and a hash follows its path.
        lines.sort_by_key(|line| {
            let listed = line.starts_with("indexed ") || line.starts_with("with ");
            (listed, if listed { "" } else { line })
        });
        out.push_str(&lines.join("\n"));
        out.push_str("\n--\n");
    }
    out
}

/// The same lines by the reader.
pub(crate) fn facts(bytes: &[u8]) -> String {
    let BitcodeFacts { modules, .. } = read(bytes).unwrap();
    let mut lines = String::new();
    for module in &modules {
        describe(module, &mut lines);
    }
    sorted(&lines)
}

fn describe(module: &Module<'_>, lines: &mut String) {
    if let Some(identification) = &module.identification {
        writeln!(lines, "producer {}", identification.producer).unwrap();
        writeln!(lines, "epoch {}", identification.epoch.unwrap()).unwrap();
    }
    lines.push_str("module\n");
    match &module.content {
        Content::Ir(ir) => {
            for (what, text) in [
                ("TRIPLE", &ir.triple),
                ("DATALAYOUT", &ir.data_layout),
                ("SOURCE_FILENAME", &ir.source_file_name),
            ] {
                if !text.is_empty() {
                    writeln!(lines, "{what} {text}").unwrap();
                }
            }
            if ir.inline_asm > 0 {
                writeln!(lines, "ASM {}", ir.inline_asm).unwrap();
            }
            if let Some(hash) = ir.hash {
                writeln!(lines, "HASH {hash}").unwrap();
            }
            for (kind, is_defined, what) in [
                (GlobalKind::Function, true, "function defined"),
                (GlobalKind::Function, false, "function declared"),
                (GlobalKind::Variable, true, "variable defined"),
                (GlobalKind::Variable, false, "variable declared"),
                (GlobalKind::Alias, true, "alias"),
                (GlobalKind::Ifunc, true, "ifunc"),
            ] {
                let count = ir.count(kind, is_defined);
                if count > 0 {
                    writeln!(lines, "{what}: {count}").unwrap();
                }
            }
            match &ir.lto {
                Lto::NoSummary => {}
                Lto::Thin(it) => summary(it, "GLOBALVAL_SUMMARY_BLOCK", lines),
                Lto::Full(it) => summary(it, "FULL_LTO_GLOBALVAL_SUMMARY_BLOCK", lines),
            }
        }
        Content::Index(index) => {
            for module in &index.modules {
                writeln!(lines, "indexed {} {}", module.id, module.path).unwrap();
                if let Some(hash) = module.hash {
                    writeln!(lines, "with hash {hash}").unwrap();
                }
            }
            if let Some(it) = &index.summary {
                summary(it, "GLOBALVAL_SUMMARY_BLOCK", lines);
            }
        }
        Content::ThinLink(_) => {}
    }
}

fn summary(summary: &Summary, block: &str, lines: &mut String) {
    for (name, value) in [("FLAGS", summary.flags.map(|it| it.0)), ("VERSION", summary.version)] {
        if let Some(value) = value {
            writeln!(lines, "summary {name} {value}: 1").unwrap();
        }
    }
    for (code, count) in &summary.records {
        writeln!(lines, "summary {block} {}: {count}", code_name(*code)).unwrap();
    }
}

/// Names that `llvm-bcanalyzer` 22 has.
fn code_name(code: u64) -> String {
    let known = match code {
        1 => "PERMODULE",
        2 => "PERMODULE_PROFILE",
        3 => "PERMODULE_GLOBALVAR_INIT_REFS",
        4 => "COMBINED",
        5 => "COMBINED_PROFILE",
        6 => "COMBINED_GLOBALVAR_INIT_REFS",
        7 => "ALIAS",
        8 => "COMBINED_ALIAS",
        9 => "COMBINED_ORIGINAL_NAME",
        10 => "VERSION",
        11 => "TYPE_TESTS",
        12 => "TYPE_TEST_ASSUME_VCALLS",
        13 => "TYPE_CHECKED_LOAD_VCALLS",
        14 => "TYPE_TEST_ASSUME_CONST_VCALL",
        15 => "TYPE_CHECKED_LOAD_CONST_VCALL",
        16 => "VALUE_GUID",
        17 => "CFI_FUNCTION_DEFS",
        18 => "CFI_FUNCTION_DECLS",
        19 => "PERMODULE_RELBF",
        20 => "FLAGS",
        21 => "TYPE_ID",
        22 => "TYPE_ID_METADATA",
        23 => "PERMODULE_VTABLE_GLOBALVAR_INIT_REFS",
        24 => "BLOCK_COUNT",
        25 => "PARAM_ACCESS",
        _ => return format!("UnknownCode{code}"),
    };
    known.to_owned()
}

/// The module flags and the number of global values by `llvm-dis`, a line each.
pub(crate) fn disassembled(llvm: &Llvm, file: &str) -> String {
    let text = llvm.run("llvm-dis", &[file, "-o", "-"]);
    let mut nodes: BTreeMap<&str, &str> = BTreeMap::new();
    let mut flags = Vec::new();
    let mut counts = [0; 2];
    for line in text.lines() {
        if let Some(list) = line.strip_prefix("!llvm.module.flags = !{") {
            flags = list.trim_end_matches('}').split(", ").collect();
        } else if let Some((number, node)) = line.split_once(" = !{") {
            if number.starts_with('!') {
                nodes.insert(number, node.trim_end_matches('}'));
            }
        } else if line.starts_with("define ") {
            counts[0] += 1;
        } else if line.starts_with("declare ") {
            counts[1] += 1;
        }
    }
    let mut lines = format!("defined {} declared {}\n", counts[0], counts[1]);
    for flag in flags {
        let flag = nodes[flag];
        // A list is a node of its own.
        match flag.rsplit_once(", ").filter(|(_, last)| nodes.contains_key(last)) {
            Some((front, list)) => writeln!(lines, "{front}, !{{{}}}", nodes[list]).unwrap(),
            None => writeln!(lines, "{flag}").unwrap(),
        }
    }
    lines
}

/// The same lines by the reader.
pub(crate) fn assembled(bytes: &[u8]) -> String {
    let facts = read(bytes).unwrap();
    let ir = facts.modules[0].ir().unwrap();
    let count = |defined| ir.count(GlobalKind::Function, defined);
    let mut lines = format!("defined {} declared {}\n", count(true), count(false));
    for flag in &ir.flags.flags {
        let value = flag.value.to_string();
        let value = match value.strip_prefix('[') {
            Some(list) => format!("!{{{}}}", list.trim_end_matches(']')),
            None => value,
        };
        // IR marks a string of metadata; the display of a value does not.
        let value = value.replace(", \"", ", !\"").replace("{\"", "{!\"");
        let mark = if value.starts_with('"') { "!" } else { "" };
        let behaviour = flag.behaviour.number();
        writeln!(lines, "i32 {behaviour}, !\"{}\", {mark}{value}", flag.name).unwrap();
    }
    for unread in &ir.flags.unread {
        writeln!(lines, "unread {unread}").unwrap();
    }
    lines
}
