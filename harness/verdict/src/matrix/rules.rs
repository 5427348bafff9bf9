use super::spec::{Inclusion, MatrixError, Spec, modes};
use crate::expect::{Glob, LlvmRange};
use serde::Deserialize;
use std::path::PathBuf;
use twinlto_model::{Arch, CellId, Modes};

/// Some of the cells, and what is to become of them. What is left out of the first five stands for all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CellRule {
    /// Pattern of the kernel.
    pub kernel: Option<String>,
    /// Pattern of the configuration.
    pub config: Option<String>,
    /// Architecture.
    pub arch: Option<Arch>,
    /// Versions of LLVM: `22`, `>=23`, `<=21`, `17..22`.
    pub toolchain: Option<String>,
    /// Modes: `reference`, or two with a blank between them.
    #[serde(default, rename = "mode", deserialize_with = "modes")]
    pub modes: Option<Modes>,
    /// Their outcome, where it is not to be `agree`: `differ`, `broken`. Not of cells left out.
    pub outcome: Option<String>,
    /// A file that says what may differ, as `--expect` takes it, relative to the matrix. Not of cells
    /// left out.
    pub file: Option<PathBuf>,
    /// Why.
    pub reason: String,
}

/// A rule with its patterns read, to be asked about many cells.
pub(super) struct Matcher<'a> {
    pub(super) rule: &'a CellRule,
    kernel: Option<Glob>,
    config: Option<Glob>,
    /// None for every toolchain; a range that cannot be read is for none.
    toolchain: Option<Option<LlvmRange>>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(rule: &'a CellRule) -> Self {
        Self {
            rule,
            kernel: rule.kernel.as_deref().map(Glob::new),
            config: rule.config.as_deref().map(Glob::new),
            toolchain: rule.toolchain.as_deref().map(|range| range.parse().ok()),
        }
    }

    pub(super) fn all(rules: &'a [CellRule]) -> Vec<Self> {
        rules.iter().map(Self::new).collect()
    }

    pub(super) fn fits_kernel(&self, kernel: &str) -> bool {
        self.kernel.as_ref().is_none_or(|pattern| pattern.matches(kernel))
    }

    pub(super) fn fits_config(&self, config: &str) -> bool {
        self.config.as_ref().is_none_or(|pattern| pattern.matches(config))
    }

    pub(super) fn fits_arch(&self, arch: Arch) -> bool {
        self.rule.arch.is_none_or(|wanted| wanted == arch)
    }

    pub(super) fn fits_modes(&self, modes: Modes) -> bool {
        self.rule.modes.is_none_or(|wanted| wanted == modes)
    }

    /// Whether a cell is one of them.
    pub(super) fn fits(&self, id: &CellId, major: u32) -> bool {
        self.fits_arch(id.arch)
            && self.fits_modes(id.modes)
            && self.toolchain.is_none_or(|it| it.is_some_and(|range| range.contains(major)))
            && self.fits_kernel(&id.kernel)
            && self.fits_config(&id.config)
    }
}

impl Spec {
    /// Looks for a rule that is for no cell of the lists as they are now, which a slip of the pen
    /// makes. Architectures are not looked at where none is listed, since each machine then takes
    /// its own; nor are toolchains, which are not the same on every machine.
    ///
    /// # Errors
    ///
    /// When there is one: which, and what of it fits nothing.
    pub fn every_rule_fits(&self) -> Result<(), MatrixError> {
        let lists = [("exclude", &self.exclude), ("expect", &self.expect)];
        for (kind, rules) in lists {
            for (n, rule) in rules.iter().enumerate() {
                if let Err(why) = self.fits_somewhere(rule, kind == "expect") {
                    let why =
                        format!("[[{kind}]] {} ('{}') is for no cell: {why}", n + 1, rule.reason);
                    return Err(MatrixError { place: self.file.clone(), why });
                }
            }
        }
        Ok(())
    }

    /// Whether a rule is for a cell; if not, why. What is left out by a rule is no cell of
    /// `[[include]]`.
    fn fits_somewhere(&self, rule: &CellRule, with_included: bool) -> Result<(), String> {
        let or = |list: &[String], word: &str| match list {
            [] => vec![word.to_owned()],
            list => list.to_vec(),
        };
        let (kernels, configs) = (or(&self.kernels, "pocket"), or(&self.configs, "tiny"));
        let matcher = Matcher::new(rule);
        let included = |it: &Inclusion| {
            let named = matcher.fits_kernel(&it.kernel) && matcher.fits_config(&it.config);
            named && matcher.fits_arch(it.arch) && matcher.fits_modes(it.modes.unwrap_or_default())
        };
        if with_included && self.include.iter().any(included) {
            return Ok(());
        }
        let no = |what: &str, pattern: &str, there: &[String]| {
            Err(format!("no {what} is like '{pattern}'; there are {}", there.join(", ")))
        };
        if !kernels.iter().any(|it| matcher.fits_kernel(it)) {
            return no("kernel", rule.kernel.as_deref().unwrap_or_default(), &kernels);
        }
        if !configs.iter().any(|it| matcher.fits_config(it)) {
            return no("configuration", rule.config.as_deref().unwrap_or_default(), &configs);
        }
        if !self.arches.is_empty() && !self.arches.iter().any(|it| matcher.fits_arch(*it)) {
            let there: Vec<String> = self.arches.iter().map(ToString::to_string).collect();
            let arch = rule.arch.map(|arch| arch.to_string()).unwrap_or_default();
            return no("architecture", &arch, &there);
        }
        let modes = match self.modes.as_slice() {
            [] => vec![Modes::default()],
            list => list.to_vec(),
        };
        if !modes.iter().any(|it| matcher.fits_modes(*it)) {
            let there: Vec<String> = modes.iter().map(ToString::to_string).collect();
            return no("mode", &rule.modes.unwrap_or_default().to_string(), &there);
        }
        Ok(())
    }
}
