//! Variables that a command sets for its compiler.

use super::object::Judge;
use crate::diff::Sides;
use std::collections::BTreeMap;
use twinlto_facts::build::CommandText;
use twinlto_facts::flags::{Call, Resolved};
use twinlto_model::{Evidence, Finding, Key, Severity};

const KEY: &str = "flags.environment.changed";

/// What a variable of a compiler's environment decides; none where it decides no object.
///
/// Sources: "Environment" in clang's manual, `clang/lib/Driver/Driver.cpp` and `driver.cpp`
/// (LLVM 22); the manuals of ccache, sccache, distcc and icecc.
fn severity(name: &str) -> Option<Severity> {
    const DECIDES: [&str; 17] = [
        "CCC_OVERRIDE_OPTIONS",
        "CCC_ADD_ARGS",
        "QA_OVERRIDE_GCC3_OPTIONS",
        "CPATH",
        "C_INCLUDE_PATH",
        "CPLUS_INCLUDE_PATH",
        "COMPILER_PATH",
        "LIBRARY_PATH",
        "GCC_EXEC_PREFIX",
        "SDKROOT",
        "SOURCE_DATE_EPOCH",
        "CLANG_NO_DEFAULT_CONFIG",
        "LLVM_PROFILE_FILE",
        "PATH",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "CCACHE_PREFIX",
    ];
    const HARMLESS: [&str; 16] = [
        "LC_",
        "LANG",
        "TERM",
        "TMP",
        "TEMP",
        "HOME",
        "CLICOLOR",
        "NO_COLOR",
        "CCACHE_",
        "SCCACHE_",
        "DISTCC_",
        "ICECC_",
        "MAKE",
        "CCC_PRINT",
        "CC_PRINT_",
        "CC_LOG_",
    ];
    if DECIDES.contains(&name) {
        Some(Severity::Error)
    } else if HARMLESS.iter().any(|start| name.starts_with(start)) {
        None
    } else {
        Some(Severity::Warning)
    }
}

/// The variables that two environments do not share.
struct Differing {
    severity: Severity,
    left: String,
    right: String,
}

fn differing(a: &[&str], b: &[&str]) -> Option<Differing> {
    let by_name = |list: &[&str]| -> BTreeMap<String, String> {
        let pairs = list.iter().filter_map(|word| word.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let (a, b) = (by_name(a), by_name(b));
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let (mut worst, mut left, mut right) = (None::<Severity>, Vec::new(), Vec::new());
    for name in names {
        let Some(severity) = severity(name).filter(|_| a.get(name) != b.get(name)) else {
            continue;
        };
        worst = Some(worst.map_or(severity, |known| known.min(severity)));
        let text = |value: &String| format!("{name}={value}");
        left.extend(a.get(name).map(text));
        right.extend(b.get(name).map(text));
    }
    let say =
        |list: Vec<String>| if list.is_empty() { "not set".to_owned() } else { list.join(" ") };
    Some(Differing { severity: worst?, left: say(left), right: say(right) })
}

const fn cause(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => {
            "the command sets variables of the compiler's environment that decide what it makes, \
             and not the same on both sides"
        }
        _ => {
            "the command sets variables of the compiler's environment, and not the same on both \
             sides: they may or may not matter"
        }
    }
}

/// The environments of one object's front ends in two builds.
pub(super) fn environment(
    sides: Sides<'_>,
    name: &str,
    a: &Call<'_>,
    b: &Call<'_>,
) -> Option<Finding> {
    let found = differing(&a.environment, &b.environment)?;
    let group = format!("{} {}", found.left, found.right);
    Some(
        sides
            .finding(KEY, found.severity, name, found.left, found.right)
            .because(cause(found.severity))
            .grouped(group),
    )
}

impl Judge<'_> {
    /// The environments of a front end and its backend.
    pub(super) fn environment(
        &mut self,
        front: &CommandText,
        a: &Resolved<'_>,
        back: &CommandText,
        b: &Resolved<'_>,
    ) {
        let ours: Vec<&str> = a.environment.iter().map(String::as_str).collect();
        let theirs: Vec<&str> = b.environment.iter().map(String::as_str).collect();
        let Some(found) = differing(&ours, &theirs) else { return };
        let group = format!("{} {}", found.left, found.right);
        let left = Evidence::new("front end", found.left).at(&front.path);
        let right = Evidence::new("backend", found.right).at(&back.path);
        let finding = self
            .finding(Key::new(KEY), found.severity, Some(left), Some(right))
            .because(cause(found.severity))
            .grouped(group);
        self.push(finding);
    }
}
