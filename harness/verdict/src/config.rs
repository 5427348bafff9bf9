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

#[cfg(test)]
mod tests {
    use super::*;

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
