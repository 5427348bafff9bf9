//! Which layer looks at a file of two build directories, and which rule sets it aside.

use super::{FilePair, Same};
use crate::config;
use std::collections::BTreeSet;
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::FileRole;
use twinlto_model::{Layer, Mode};

const fn is_of_symbol(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What is done with a pair.
pub(super) enum Treatment {
    /// A layer of its own looks at it.
    By(Layer),
    /// It may differ, by this rule.
    Rule(&'static str),
    /// Nobody looks at it, for this reason.
    Left(&'static str),
    /// Held against each other here.
    Here,
}

/// Names of files that other layers judge object by object.
pub(super) struct Judged<'a> {
    indexed: BTreeSet<&'a str>,
    /// Configuration symbols that differ: each is a finding of its own.
    symbols: BTreeSet<&'a str>,
    /// Whether both configurations are known.
    is_configured: bool,
    /// Whether no side leaves its backends to the linker.
    both_have_natives: bool,
}

impl<'a> Judged<'a> {
    pub(super) fn of(a: &'a BuildFacts, b: &'a BuildFacts) -> Self {
        let names = |facts: &'a BuildFacts| facts.objects.keys().map(String::as_str);
        Self {
            indexed: names(a).chain(names(b)).collect(),
            symbols: config::changed_symbols(&a.config, &b.config, true),
            both_have_natives: [a, b]
                .iter()
                .all(|it| it.mode.is_some_and(Mode::has_native_objects)),
            is_configured: !a.config.values.is_empty() && !b.config.values.is_empty(),
        }
    }

    /// The target of a `.cmd` file.
    pub(super) fn target(path: &str) -> Option<String> {
        let (dir, name) = path.rsplit_once('/').map_or(("", path), |(dir, name)| (dir, name));
        let target = name.strip_prefix('.')?.strip_suffix(".cmd")?;
        Some(if dir.is_empty() { target.to_owned() } else { format!("{dir}/{target}") })
    }

    pub(super) fn treatment(&self, pair: &FilePair) -> Treatment {
        let differs = !matches!(pair.same, Same::Identical);
        match pair.role {
            FileRole::Image if pair.path == "vmlinux" => Treatment::By(Layer::Sections),
            FileRole::Image => Treatment::Left("vmlinux, which is made of it, is compared instead"),
            FileRole::Symvers => Treatment::By(Layer::Exports),
            FileRole::NativeObject if self.both_have_natives => Treatment::By(Layer::Natives),
            FileRole::NativeObject => Treatment::Left(
                "in-process has none: their kinds, sizes and times are judged (artefacts), their \
                 contents by replay",
            ),
            FileRole::Index if pair.path == "vmlinux.thinlto-index" => {
                Treatment::By(Layer::Artefacts)
            }
            FileRole::Index => Treatment::Left(
                "their kinds and times are judged (artefacts), their contents by replay",
            ),
            FileRole::ObjectList if pair.path == "builtin.order" => Treatment::By(Layer::Artefacts),
            FileRole::ObjectList => {
                Treatment::Left("it is made of vmlinux.a, whose members are judged")
            }
            FileRole::ExportSource => {
                Treatment::Left("it follows Module.symvers, which is compared, in its order")
            }
            _ if pair.same == Same::Source => Treatment::Here,
            FileRole::VmlinuxObject if differs => Treatment::Left(
                "between the modes lld places its functions and variables otherwise",
            ),
            FileRole::Leftover | FileRole::Dependencies => {
                Treatment::Rule("no rule of the kernel reads it")
            }
            FileRole::HostProgram => Treatment::Rule("it runs on the machine that builds"),
            FileRole::Identity => Treatment::Rule("time and place of the build"),
            FileRole::Frame => Treatment::Rule("it names the directory that it was made for"),
            FileRole::Map if differs => Treatment::Left("it follows the addresses of the image"),
            FileRole::Archive if pair.path == "vmlinux.a" => Treatment::By(Layer::Artefacts),
            FileRole::Command => self.of_command(&pair.path),
            FileRole::Object if self.is_in_both(pair) => Treatment::By(Layer::Artefacts),
            FileRole::Other if !pair.is_recorded && differs => {
                Treatment::Left("no rule of the kernel is known to make it")
            }
            _ => Treatment::Here,
        }
    }

    /// Whether it is an IR object of both builds, which are held byte for byte with the artefacts.
    fn is_in_both(&self, pair: &FilePair) -> bool {
        let lost = matches!(pair.same, Same::OnlyLeft | Same::OnlyRight);
        !lost && self.indexed.contains(pair.path.as_str())
    }

    /// Whether all that a file of the configuration says otherwise is known by its symbols.
    pub(super) fn symbols_explain(&self, pair: &FilePair) -> bool {
        let known = |line: &str| {
            let rest = line.split_once("CONFIG_").map(|(_, rest)| rest);
            let name = rest.and_then(|rest| rest.split(|c: char| !is_of_symbol(c)).next());
            name.is_some_and(|name| {
                let module = name.strip_suffix("_MODULE").unwrap_or(name);
                // One that is off may be named or not, as menus show it.
                (pair.path == ".config" && self.is_configured)
                    || self.symbols.contains(name)
                    || self.symbols.contains(module)
            })
        };
        match (&pair.same, pair.role) {
            (Same::Lines { lines: (left, right) }, FileRole::Config) => {
                left.len() + right.len() > 0
                    && left.iter().chain(right).all(|(_, line)| known(line))
            }
            (Same::OnlyLeft | Same::OnlyRight, FileRole::Config) => {
                let name = pair.path.strip_prefix("include/config/");
                name.is_some_and(|name| self.symbols.contains(name))
            }
            _ => false,
        }
    }

    fn of_command(&self, path: &str) -> Treatment {
        let target = Self::target(path).unwrap_or_default();
        let own_rule = "each mode has a rule of its own for it; of links, the options that steer \
                        ThinLTO are compared";
        match FileRole::of(&target) {
            FileRole::HostProgram => Treatment::Rule("it runs on the machine that builds"),
            FileRole::NativeObject => Treatment::By(Layer::Transport),
            FileRole::Index | FileRole::ObjectList => Treatment::Left(own_rule),
            _ if target == "vmlinux.a" => Treatment::Left(own_rule),
            _ if self.indexed.contains(target.as_str()) => Treatment::By(Layer::Transport),
            _ => Treatment::Here,
        }
    }
}
