use std::collections::BTreeMap;
use std::fmt;

/// What `.config` gives to one symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigValue {
    /// `# CONFIG_X is not set`, or `CONFIG_X=n` in a fragment.
    No,
    /// Anything after `=`: `y`, `m`, a number, a quoted string.
    Set(String),
}

impl fmt::Display for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("n"),
            Self::Set(value) => f.write_str(value),
        }
    }
}

/// A `.config` file or a fragment of one. Symbols are without `CONFIG_`; the last one wins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// Symbol → value.
    pub values: BTreeMap<String, ConfigValue>,
    /// Lines that are neither an assignment nor a comment, with their numbers from 1.
    pub bad_lines: Vec<(usize, String)>,
}

impl Config {
    /// Reads the text of a `.config` or a fragment (`Documentation/kbuild/kconfig.rst`).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut config = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if let Some((symbol, value)) = assignment(line) {
                config.values.insert(symbol.to_owned(), value);
            } else if !line.is_empty() && !line.starts_with('#') {
                config.bad_lines.push((number, line.to_owned()));
            }
        }
        config
    }

    /// Whether a symbol is `y`.
    #[must_use]
    pub fn is_yes(&self, symbol: &str) -> bool {
        matches!(self.values.get(symbol), Some(ConfigValue::Set(v)) if v == "y")
    }

    /// What a symbol is set to; a symbol that is not mentioned is off.
    #[must_use]
    pub fn get(&self, symbol: &str) -> ConfigValue {
        self.values.get(symbol).cloned().unwrap_or(ConfigValue::No)
    }

    /// Major version of the clang that it is for, from `CONFIG_CLANG_VERSION` (`init/Kconfig`,
    /// Linux 7.3: 220108 is 22.1.8, 0 is another compiler).
    #[must_use]
    pub fn clang_major(&self) -> Option<u32> {
        match self.values.get("CLANG_VERSION") {
            Some(ConfigValue::Set(version)) => {
                version.parse::<u32>().ok().map(|version| version / 10_000).filter(|n| *n > 0)
            }
            _ => None,
        }
    }

    /// Lays another over this one: what it says wins.
    pub fn overlay(&mut self, other: Self) {
        self.values.extend(other.values);
        self.bad_lines.extend(other.bad_lines);
    }

    /// The text of a `.config` with these values, sorted by symbol.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (symbol, value) in &self.values {
            match value {
                ConfigValue::No => text.push_str(&format!("# CONFIG_{symbol} is not set\n")),
                ConfigValue::Set(value) => text.push_str(&format!("CONFIG_{symbol}={value}\n")),
            }
        }
        text
    }
}

fn assignment(line: &str) -> Option<(&str, ConfigValue)> {
    let is_symbol = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if let Some(rest) = line.strip_prefix("# CONFIG_") {
        let symbol = rest.strip_suffix(" is not set").filter(|symbol| is_symbol(symbol))?;
        return Some((symbol, ConfigValue::No));
    }
    let (symbol, value) = line.strip_prefix("CONFIG_")?.split_once('=')?;
    if !is_symbol(symbol) {
        return None;
    }
    Some((symbol, if value == "n" { ConfigValue::No } else { ConfigValue::Set(value.to_owned()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_clang_is_in_the_configuration() {
        let major = |text: &str| Config::parse(text).clang_major();
        assert_eq!(major("CONFIG_CLANG_VERSION=220108\n"), Some(22));
        for none in ["", "CONFIG_CLANG_VERSION=0\n", "CONFIG_CLANG_VERSION=x\n"] {
            assert_eq!(major(none), None);
        }
    }
    use proptest::prelude::*;

    #[test]
    fn the_last_assignment_wins() {
        let config =
            Config::parse("CONFIG_A=y\n# CONFIG_A is not set\nCONFIG_B=\"x y\"\n# hello\n");
        assert_eq!(config.get("A"), ConfigValue::No);
        assert_eq!(config.get("B").to_string(), "\"x y\"");
        assert!(config.bad_lines.is_empty());
    }

    #[test]
    fn a_comment_about_no_symbol_sets_none() {
        for text in ["# CONFIG_A B is not set\n", "# CONFIG_ is not set\n"] {
            assert_eq!(Config::parse(text), Config::default(), "{text}");
        }
    }

    #[test]
    fn a_line_that_says_nothing_is_named() {
        assert_eq!(Config::parse("\nFOO=y\n").bad_lines, [(2, "FOO=y".to_owned())]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Config::parse(&text);
        }

        #[test]
        fn what_is_written_is_read_again(text in "(CONFIG_[A-C]=[ynm]\n|# CONFIG_[A-C] is not set\n){0,8}") {
            let config = Config::parse(&text);
            prop_assert_eq!(Config::parse(&config.to_text()), config);
        }
    }
}
