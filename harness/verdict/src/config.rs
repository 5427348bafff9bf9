use crate::diff::Sides;
use std::collections::BTreeSet;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::{Config, ConfigValue};
use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Severity, Site};

/// The LTO choice of `arch/Kconfig`, Linux 7.3.
const LTO_CHOICE: [&str; 4] =
    ["LTO_NONE", "LTO_CLANG_FULL", "LTO_CLANG_THIN", "LTO_CLANG_THIN_DIST"];

/// A configuration with exactly this ThinLTO mode selected.
#[must_use]
pub fn switch_mode(mut config: Config, mode: Mode) -> Config {
    for symbol in LTO_CHOICE {
        let value = if symbol == mode.kconfig() {
            ConfigValue::Set("y".to_owned())
        } else {
            ConfigValue::No
        };
        config.values.insert(symbol.to_owned(), value);
    }
    config
}

/// The requested options that `olddefconfig` did not keep: one `config.lost` finding each, an
/// error where it is the LTO mode itself.
#[must_use]
pub fn lost_options(arch: Arch, mode: Mode, asked: &Config, got: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (symbol, wanted) in &asked.values {
        let found = got.get(symbol);
        if found == *wanted {
            continue;
        }
        let is_mode = symbol == mode.kconfig();
        let severity = if is_mode { Severity::Error } else { Severity::Warning };
        let site = Site::new(arch, Some(mode), format!("CONFIG_{symbol}")).sides(
            Evidence::new("asked for", wanted.to_string()),
            Evidence::new("olddefconfig", found.to_string()).at(".config"),
        );
        let because = match (wanted, got.values.contains_key(symbol)) {
            (ConfigValue::Set(_), false) => {
                "this kernel or architecture does not have it, or something that it depends on is off"
            }
            (ConfigValue::No, _) => "another option selects it",
            (ConfigValue::Set(_), true) => "another option limits it, or selects more",
        };
        findings.push(
            Finding::new(Key::new("config.lost"), severity, site)
                .because(because)
                .grouped(format!("{because}{is_mode}")),
        );
    }
    findings
}

/// The key of a symbol that two configurations do not share.
pub(crate) const CHANGED: &str = "config.changed";

/// Whether a symbol says which ThinLTO mode it is, and may differ between the modes for that.
#[must_use]
pub(crate) fn is_of_the_mode(symbol: &str) -> bool {
    LTO_CHOICE.contains(&symbol)
}

/// The symbols to which two configurations give other values, those of the mode among them where
/// `all` says so.
pub(crate) fn changed_symbols<'a>(a: &'a Config, b: &'a Config, all: bool) -> BTreeSet<&'a str> {
    let symbols = a.values.keys().chain(b.values.keys()).map(String::as_str);
    symbols
        .filter(|symbol| all || !is_of_the_mode(symbol))
        .filter(|symbol| a.get(symbol) != b.get(symbol))
        .collect()
}

/// Compares the configurations of two builds whole, but for the symbols of the ThinLTO mode.
pub(crate) fn changed(sides: Sides<'_>, a: &BuildFacts, b: &BuildFacts) -> Vec<Finding> {
    if a.config.values.is_empty() || b.config.values.is_empty() {
        return Vec::new();
    }
    let finding = |symbol: &str| {
        let say = |config: &Config| config.get(symbol).to_string();
        let subject = format!("CONFIG_{symbol}");
        let (left, right) = (say(&a.config), say(&b.config));
        sides.finding(CHANGED, Severity::Error, &subject, left, right).because(
            "the two builds were configured differently, and not only for their ThinLTO mode",
        )
    };
    changed_symbols(&a.config, &b.config, false).into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_the_same_but_for_the_mode() {
        let build =
            |text: &str| BuildFacts { config: Config::parse(text), ..BuildFacts::default() };
        let dist = "CONFIG_LTO_CLANG_THIN_DIST=y\n# CONFIG_LTO_CLANG_THIN is not set\nCONFIG_A=y\n";
        let thin = "CONFIG_LTO_CLANG_THIN=y\nCONFIG_A=y\n";
        let of = |a: &str, b: &str| {
            let found = changed(Sides::modes(Arch::Arm64), &build(a), &build(b));
            assert!(found.iter().all(Finding::keeps_apart));
            found.iter().flat_map(|f| f.subjects()).map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(of(dist, thin).is_empty());
        assert!(of(dist, &format!("{thin}# CONFIG_B is not set\n")).is_empty());
        for (more, subject) in [
            ("CONFIG_NR_CPUS=64\n", "CONFIG_NR_CPUS"),
            ("CONFIG_B=m\n", "CONFIG_B"),
            ("CONFIG_A=m\n", "CONFIG_A"),
            ("CONFIG_C=\"x\"\n", "CONFIG_C"),
            ("CONFIG_NEEDS_LTO_CLANG_THIN=y\n", "CONFIG_NEEDS_LTO_CLANG_THIN"),
        ] {
            assert_eq!(of(dist, &format!("{thin}{more}")), [subject]);
            assert_eq!(of(&format!("{dist}{more}"), thin), [subject]);
        }
    }

    #[test]
    fn exactly_one_mode_is_selected() {
        let config = switch_mode(Config::parse("CONFIG_LTO_NONE=y\nCONFIG_A=m\n"), Mode::InProcess);
        assert!(config.is_yes("LTO_CLANG_THIN") && !config.is_yes("LTO_NONE"));
        assert!(!config.is_yes("LTO_CLANG_THIN_DIST"));
        assert_eq!(config.get("A").to_string(), "m");
    }

    #[test]
    fn an_option_that_did_not_survive_is_named() {
        let asked = Config::parse("CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=n\n");
        let got = Config::parse("CONFIG_A=y\nCONFIG_B=y\n");
        let lost = lost_options(Arch::Arm64, Mode::Distributed, &asked, &got);
        assert_eq!(lost.len(), 1);
        assert_eq!(lost[0].sites[0].subject, "CONFIG_B");
        assert_eq!(lost[0].severity, Severity::Warning);
    }

    #[test]
    fn losing_the_mode_is_an_error() {
        let asked = Config::parse("CONFIG_LTO_CLANG_THIN_DIST=y\n");
        let lost = lost_options(Arch::Arm64, Mode::Distributed, &asked, &Config::default());
        assert_eq!(lost[0].severity, Severity::Error);
    }
}
