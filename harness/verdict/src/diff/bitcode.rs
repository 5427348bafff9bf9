//! Bitcode: the same compiler, target, flags and global values; of an index the same modules.

use super::Sides;
use crate::layer::LayerVerdict;
use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::bitcode::{BitcodeFacts, Content, Ir, Lto, Module, Summary};
use twinlto_model::{Layer, Severity};

/// Key and subject of a fact → its value.
type Facts = BTreeMap<(&'static str, String), String>;

pub(crate) fn bitcode(
    sides: Sides<'_>,
    a: &BitcodeFacts<'_>,
    b: &BitcodeFacts<'_>,
) -> LayerVerdict {
    let mut layer = LayerVerdict::new(Layer::Artefacts);
    let (ours, theirs) = (facts(a), facts(b));
    let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    layer.compared = keys.len() as u64;
    for fact in keys {
        let (left, right) = (ours.get(fact), theirs.get(fact));
        if left != right {
            let say = |value: Option<&String>| value.cloned().unwrap_or_else(|| "not there".into());
            let (key, subject) = fact;
            let finding = sides.finding(key, Severity::Error, subject, say(left), say(right));
            layer.findings.push(finding.grouped(*key));
        }
    }
    layer
}

fn facts(file: &BitcodeFacts<'_>) -> Facts {
    let mut facts = Facts::new();
    for (number, module) in file.modules.iter().enumerate() {
        // A split module has a second part.
        let part = if number == 0 { String::new() } else { format!(" of part {}", number + 1) };
        let mut put = |key, subject: &str, value: String| {
            facts.insert((key, format!("{subject}{part}")), value);
        };
        of_module(module, &mut put);
    }
    facts
}

fn of_module(module: &Module<'_>, put: &mut impl FnMut(&'static str, &str, String)) {
    if let Some(identification) = &module.identification {
        put("ir.producer.changed", "producer", identification.producer.clone());
    }
    match &module.content {
        Content::Ir(ir) => of_ir(ir, put),
        Content::Index(index) => {
            put("ir.kind.changed", "kind", "an index".to_owned());
            for module in &index.modules {
                let hash = module.hash.map_or_else(|| "no hash".to_owned(), |h| h.to_string());
                put("index.module.changed", &module.path, hash);
            }
            of_summary(index.summary.as_ref(), put);
        }
        Content::ThinLink(thin) => {
            put("ir.kind.changed", "kind", "a module for a thin link".to_owned());
            of_summary(thin.summary.as_ref(), put);
        }
    }
}

fn of_ir(ir: &Ir<'_>, put: &mut impl FnMut(&'static str, &str, String)) {
    let (kind, summary) = match &ir.lto {
        Lto::NoSummary => ("IR without a summary", None),
        Lto::Thin(summary) => ("IR for ThinLTO", Some(summary)),
        Lto::Full(summary) => ("IR for regular LTO", Some(summary)),
    };
    put("ir.kind.changed", "kind", kind.to_owned());
    put("ir.target.changed", "triple", ir.triple.clone());
    put("ir.target.changed", "data layout", ir.data_layout.clone());
    put("ir.source.changed", "source file", ir.source_file_name.clone());
    put("ir.asm.changed", "inline assembly", format!("{} bytes", ir.inline_asm));
    for flag in &ir.flags.flags {
        put("ir.flag.changed", &flag.name, flag.value.to_string());
    }
    for global in ir.globals.iter().filter(|global| !global.name.is_empty()) {
        let state = if global.defined { "defined" } else { "declared" };
        let name = canonical(&global.name).name;
        put("ir.global.changed", &name, format!("{} {state}", global.kind));
    }
    of_summary(summary, put);
}

fn of_summary(summary: Option<&Summary>, put: &mut impl FnMut(&'static str, &str, String)) {
    let Some(summary) = summary else {
        return;
    };
    let counts = [
        ("functions", summary.functions()),
        ("variables", summary.variables()),
        ("aliases", summary.aliases()),
    ];
    for (what, count) in counts {
        put("ir.summary.changed", &format!("summaries of {what}"), count.to_string());
    }
    if let Some(flags) = summary.flags {
        put("ir.summary.changed", "summary flags", flags.to_string());
    }
}
