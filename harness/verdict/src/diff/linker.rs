//! Linker options: the thin link and the in-process link must steer ThinLTO alike.

use super::Sides;
use std::collections::BTreeSet;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::flags::{lex, parse};
use twinlto_model::{Finding, Severity};

/// What kbuild gives to the in-process link alone (`Makefile`, Linux 7.3): lld 23 and later
/// then keep the names of promoted locals that are unique.
const RENAME_POLICY: [&str; 2] =
    ["-mllvm -always-rename-promoted-locals=false", "--lto-whole-program-visibility"];

/// Options of one link that steer ThinLTO, sorted; none where no command is recorded.
fn lto_options(command: Option<&String>) -> Option<BTreeSet<String>> {
    let commands = lex(command?).ok()?;
    let words = &commands.first()?.words;
    let steers = |text: &str| {
        text.starts_with("-mllvm ") || text.starts_with("--lto-") || text.starts_with("-plugin-opt")
    };
    Some(parse(words).map(|o| o.text().into_owned()).filter(|t| steers(t)).collect())
}

/// Compares the thin link of the distributed build with the link of the in-process one; none
/// where one of them is not recorded.
pub(crate) fn linker(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Option<Vec<Finding>> {
    let (thin, full) = (lto_options(a.thin_link.as_ref())?, lto_options(b.link.as_ref())?);
    let (mut findings, mut policy) = (Vec::new(), false);
    for option in thin.symmetric_difference(&full) {
        if RENAME_POLICY.contains(&option.as_str()) && full.contains(option) {
            policy = true;
            continue;
        }
        let side = |set: &BTreeSet<String>| {
            if set.contains(option) { option.clone() } else { "not there".to_owned() }
        };
        let finding = sides.finding(
            "flags.linker.changed",
            Severity::Error,
            option,
            side(&thin),
            side(&full),
        );
        findings.push(
            finding
                .because("the thin link and the in-process link are given different options")
                .known_as("ldflags-drift")
                .grouped("linker"),
        );
    }
    findings.extend(promotion(sides, a, b, policy));
    Some(findings)
}

/// How many locals carry `.llvm.<hash>` in each mode.
fn promotion(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts, policy: bool) -> Option<Finding> {
    let (left, right) = (super::promoted(a.image.get()?), super::promoted(b.image.get()?));
    if left == right {
        return None;
    }
    let finding = |severity| {
        let text = |n: u64| format!("{n} names with .llvm.");
        let subject = "promoted names";
        sides.finding("symbol.promotion.policy", severity, subject, text(left), text(right))
    };
    Some(if policy {
        finding(Severity::Note)
            .because(
                "kbuild gives -mllvm -always-rename-promoted-locals=false to the in-process link \
                 alone, and this lld knows it",
            )
            .lawful()
    } else {
        finding(Severity::Warning).not_because("the rename option, which neither link was given")
    })
}
