//! What the module loader reads of each `.ko`: versions of what it imports, and `__this_module`. One
//! build alone tells whether a module can be loaded into its own kernel.

use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::build::{Answer, BuildFacts, LoaderFacts};
use twinlto_facts::elf::ThisModule;
use twinlto_facts::kbuild::{Crc, Symvers};
use twinlto_model::{Arch, Evidence, Finding, Key, Mode, Severity, Site};

/// Judges the modules of one build.
pub(super) fn modules(arch: Arch, facts: &BuildFacts) -> Vec<Finding> {
    let mode = facts.mode.unwrap_or(Mode::Distributed);
    let mut findings = Vec::new();
    for (name, answer) in &facts.modules {
        let mut judge = Judge { arch, mode, name, findings: Vec::new() };
        match answer {
            Answer::Read(module) => {
                judge.this_module(&module.loader, facts.config.is_yes("MODULE_UNLOAD"));
                if let Some(symvers) = facts.symvers.get() {
                    judge.imports(&module.loader, symvers);
                    if facts.config.is_yes("MODVERSIONS") {
                        judge.versions(&module.loader, symvers, facts);
                    }
                }
            }
            Answer::Bad(why) => {
                let site = Site::new(arch, Some(mode), format!("{name}.ko"));
                let finding = Finding::new(Key::new("file.unreadable"), Severity::Error, site);
                judge.findings.push(finding.because(why));
            }
            // A build may stop before its modules.
            Answer::Absent => {}
        }
        findings.append(&mut judge.findings);
    }
    findings
}

struct Judge<'a> {
    arch: Arch,
    mode: Mode,
    name: &'a str,
    findings: Vec<Finding>,
}

/// Names that the linker and the loader define themselves (`ignore_undef_symbol` in
/// `scripts/mod/modpost.c`, Linux 7.3).
const GIVEN: [&str; 2] = ["_GLOBAL_OFFSET_TABLE_", "__this_module"];

/// The layout of `struct module` has a version of its own, which every module must have.
const LAYOUT: &str = "module_layout";

/// Longest name in `__versions`, its end included (`MODULE_NAME_LEN`); units: bytes.
const NAME_LEN: usize = 56;

impl Judge<'_> {
    fn push(
        &mut self,
        key: &'static str,
        severity: Severity,
        symbol: &str,
        (left, right): (&str, &str),
        cause: &str,
    ) {
        let subject = match symbol {
            "" => self.name.to_owned(),
            symbol => format!("{symbol} in {}", self.name),
        };
        let file = format!("{}.ko", self.name);
        let site = Site::new(self.arch, Some(self.mode), subject)
            .sides(Evidence::new("expected", left), Evidence::new("module", right).at(file));
        let finding = Finding::new(Key::new(key), severity, site);
        self.findings.push(finding.because(cause).grouped(cause));
    }

    /// Every name that it needs must be exported by the kernel or a module.
    fn imports(&mut self, loader: &LoaderFacts, symvers: &Symvers) {
        for (symbol, weak) in &loader.imports {
            let known = symvers.exports.contains_key(symbol) || GIVEN.contains(&symbol.as_str());
            if !known && !weak {
                self.push(
                    "module.import.unknown",
                    Severity::Error,
                    symbol,
                    ("exported by the kernel or a module", "an undefined symbol"),
                    "Module.symvers does not list it: the module cannot be loaded",
                );
            }
        }
    }

    /// Each import has a row, and each row an import.
    fn versions(&mut self, loader: &LoaderFacts, symvers: &Symvers, facts: &BuildFacts) {
        let has_crc = |symbol: &str| {
            symvers.exports.get(symbol).is_some_and(|export| export.crc != Crc::default())
        };
        let imports = loader.imports.keys().map(String::as_str).chain([LAYOUT]);
        let wanted: BTreeSet<&str> = imports.filter(|symbol| has_crc(symbol)).collect();
        let on = |symbol: &str| facts.config.is_yes(symbol);
        let is_told = |symbol: &str| facts.config.values.contains_key(symbol);
        // Before Linux 6.14 there was nothing to choose.
        let basic = on("BASIC_MODVERSIONS") || !is_told("BASIC_MODVERSIONS");
        let extended = on("EXTENDED_MODVERSIONS");
        let tables = [
            ("__versions", &loader.rows.basic, basic),
            ("__version_ext_names", &loader.rows.extended, extended),
        ];
        for (table, rows, is_on) in tables {
            match rows {
                // What the long table has need not be in the other.
                Some(rows) => {
                    let fits = |symbol: &&str| table != "__versions" || symbol.len() < NAME_LEN;
                    let wanted = wanted.iter().copied().filter(fits).collect();
                    self.rows(table, rows, &wanted, symvers);
                }
                None if is_on && !wanted.is_empty() => self.push(
                    "module.version.missing",
                    Severity::Error,
                    "",
                    (&format!("{} rows in {table}", wanted.len()), "no such section"),
                    "the module loader refuses a module without versions",
                ),
                None => {}
            }
        }
    }

    fn rows(
        &mut self,
        table: &str,
        rows: &[(String, Crc)],
        wanted: &BTreeSet<&str>,
        symvers: &Symvers,
    ) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (symbol, _) in rows {
            *counts.entry(symbol).or_default() += 1;
        }
        for symbol in wanted.iter().filter(|symbol| !counts.contains_key(*symbol)) {
            self.push(
                "module.version.missing",
                Severity::Error,
                symbol,
                (&format!("a row in {table}"), "no row"),
                "the module loader finds no version of what the module imports",
            );
        }
        for (symbol, count) in counts {
            if !symvers.exports.contains_key(symbol) {
                self.push(
                    "module.version.unknown",
                    Severity::Error,
                    symbol,
                    ("exported by the kernel or a module", &format!("a row in {table}")),
                    "the module has a version of what Module.symvers does not list",
                );
            } else if !wanted.contains(symbol) {
                self.push(
                    "module.version.unused",
                    Severity::Warning,
                    symbol,
                    ("an undefined symbol", &format!("a row in {table}")),
                    "the module has a version of what it does not import",
                );
            }
            if count > 1 {
                self.push(
                    "module.version.duplicated",
                    Severity::Warning,
                    symbol,
                    (&format!("one row in {table}"), &format!("{count} rows")),
                    "the module loader takes the first row",
                );
            }
        }
    }

    /// The name must be that of the file, and the pointers those of `init` and `exit`, in the order
    /// of `struct module` (`include/linux/module.h`, Linux 6.1 to 7.3).
    fn this_module(&mut self, loader: &LoaderFacts, unloads: bool) {
        const KEY: &str = "module.this.wrong";
        const WHERE: &str = "__this_module";
        let Some(this) = &loader.this_module else {
            self.push(
                KEY,
                Severity::Error,
                WHERE,
                ("a struct module", "no section .gnu.linkonce.this_module"),
                "the module loader refuses it",
            );
            return;
        };
        let base = self.name.rsplit('/').next().unwrap_or(self.name).replace('-', "_");
        if this.name != base {
            let cause = "the module has another name than its file";
            self.push(KEY, Severity::Error, WHERE, (&base, &this.name), cause);
        }
        // A pointer that names a section says not which function.
        if this.pointers.iter().any(|(_, name)| !ENTRIES.contains(&name.as_str())) {
            return;
        }
        let [init, exit] = ENTRIES.map(|name| place_of(this, name));
        let needs_exit = unloads && loader.defines.contains(ENTRIES[1]);
        let wanted =
            |needed: bool, name: &str| if needed { name.to_owned() } else { String::new() };
        let expected = [
            wanted(loader.defines.contains(ENTRIES[0]), ENTRIES[0]),
            wanted(needs_exit, ENTRIES[1]),
        ];
        let expected = expected.into_iter().filter(|name| !name.is_empty());
        let expected = expected.collect::<Vec<_>>().join(", then ");
        let names: Vec<&str> = this.pointers.iter().map(|(_, name)| name.as_str()).collect();
        let found = names.join(", then ");
        let is_swapped = init.zip(exit).is_some_and(|(init, exit)| init > exit);
        if found != expected || is_swapped {
            let or_none =
                |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
            let cause = "init and exit of its struct module are not the module's own";
            let (left, right) = (or_none(&expected), or_none(&found));
            self.push(KEY, Severity::Error, WHERE, (&left, &right), cause);
        }
    }
}

/// The functions that a module begins and ends with.
const ENTRIES: [&str; 2] = ["init_module", "cleanup_module"];

fn place_of(this: &ThisModule, name: &str) -> Option<u64> {
    this.pointers.iter().find(|(_, pointer)| pointer == name).map(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::build::ModuleFacts;
    use twinlto_facts::elf::VersionRows;
    use twinlto_facts::kbuild::Config;

    const SYMVERS: &str = "0x00000001\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n\
        0x00000002\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n\
        0x00000000\tno_crc\tvmlinux\tEXPORT_SYMBOL\t\n";

    fn rows(list: &[(&str, u32)]) -> Option<Vec<(String, Crc)>> {
        Some(list.iter().map(|(name, crc)| ((*name).to_owned(), Crc(*crc))).collect())
    }

    fn sound() -> LoaderFacts {
        LoaderFacts {
            rows: VersionRows {
                basic: rows(&[("module_layout", 1), ("printk", 2)]),
                extended: None,
            },
            this_module: Some(ThisModule {
                name: "crc_x".to_owned(),
                pointers: vec![
                    (0x118, "init_module".to_owned()),
                    (0x200, "cleanup_module".to_owned()),
                ],
            }),
            imports: [("printk", false), ("no_crc", false), ("maybe", true)]
                .map(|(name, weak)| (name.to_owned(), weak))
                .into(),
            defines: ENTRIES.map(str::to_owned).into(),
        }
    }

    fn judged(config: &str, change: impl Fn(&mut LoaderFacts)) -> Vec<String> {
        let mut loader = sound();
        change(&mut loader);
        let module = ModuleFacts { loader, ..ModuleFacts::default() };
        let facts = BuildFacts {
            config: Config::parse(&format!("CONFIG_MODULE_UNLOAD=y\n{config}")),
            symvers: Answer::Read(Symvers::parse(SYMVERS).unwrap()),
            modules: [("lib/crc-x".to_owned(), Answer::Read(module))].into(),
            ..BuildFacts::default()
        };
        let told = |f: &Finding| format!("{} {} {}", f.severity, f.key, f.subjects().join(" "));
        modules(Arch::Arm64, &facts).iter().map(told).collect()
    }

    const VERSIONS: &str = "CONFIG_MODVERSIONS=y";

    #[test]
    fn a_sound_module_is_silent() {
        assert_eq!(judged(VERSIONS, |_| {}), [""; 0]);
        assert_eq!(judged("", |loader| loader.rows = VersionRows::default()), [""; 0]);
    }

    #[test]
    fn an_import_without_a_row_is_found_and_so_is_the_layout() {
        let found = judged(VERSIONS, |loader| loader.rows.basic = rows(&[("printk", 2)]));
        assert_eq!(found, ["error module.version.missing module_layout in lib/crc-x"]);
        let found = judged(VERSIONS, |loader| loader.rows.basic = rows(&[("module_layout", 1)]));
        assert_eq!(found, ["error module.version.missing printk in lib/crc-x"]);
        let found = judged(VERSIONS, |loader| loader.rows.basic = None);
        assert_eq!(found, ["error module.version.missing lib/crc-x"]);
    }

    #[test]
    fn rows_for_nothing_and_doubled_rows_are_found() {
        let all = [("module_layout", 1), ("printk", 2), ("gone", 3)];
        let found = judged(VERSIONS, |loader| loader.rows.basic = rows(&all));
        assert_eq!(found, ["error module.version.unknown gone in lib/crc-x"]);
        let all = [("module_layout", 1), ("printk", 2), ("printk", 2)];
        let found = judged(VERSIONS, |loader| loader.rows.basic = rows(&all));
        assert_eq!(found, ["warning module.version.duplicated printk in lib/crc-x"]);
        let all = [("module_layout", 1), ("printk", 2), ("no_crc", 0)];
        let found = judged(VERSIONS, |loader| loader.rows.basic = rows(&all));
        assert_eq!(found, ["warning module.version.unused no_crc in lib/crc-x"]);
    }

    #[test]
    fn tables_for_long_names_are_held_to_the_same() {
        let config = "CONFIG_MODVERSIONS=y\nCONFIG_EXTENDED_MODVERSIONS=y\n\
            # CONFIG_BASIC_MODVERSIONS is not set\n";
        let only = |list: &[(&str, u32)]| VersionRows { basic: None, extended: rows(list) };
        let all = [("module_layout", 1), ("printk", 2)];
        assert_eq!(judged(config, |loader| loader.rows = only(&all)), [""; 0]);
        let found = judged(config, |loader| loader.rows = only(&all[..1]));
        assert_eq!(found, ["error module.version.missing printk in lib/crc-x"]);
        let found = judged(config, |loader| loader.rows = VersionRows::default());
        assert_eq!(found, ["error module.version.missing lib/crc-x"]);
    }

    #[test]
    fn what_nobody_exports_cannot_be_imported() {
        let found = judged("", |loader| {
            loader.imports.insert("gone".to_owned(), false);
        });
        assert_eq!(found, ["error module.import.unknown gone in lib/crc-x"]);
    }

    #[test]
    fn another_name_and_exchanged_pointers_are_found() {
        let wrong = ["error module.this.wrong __this_module in lib/crc-x"];
        let change = |change: fn(&mut ThisModule)| {
            judged(VERSIONS, |loader| change(loader.this_module.as_mut().unwrap()))
        };
        assert_eq!(change(|this| this.name = "crc_y".to_owned()), wrong);
        assert_eq!(change(|this| this.pointers.reverse()), wrong);
        assert_eq!(change(|this| this.pointers[0].1 = "cleanup_module".to_owned()), wrong);
        assert_eq!(
            change(|this| {
                this.pointers.pop();
            }),
            wrong
        );
        assert_eq!(judged(VERSIONS, |loader| loader.this_module = None), wrong);
    }

    #[test]
    fn a_kernel_that_unloads_nothing_has_no_exit() {
        let found = judged("# CONFIG_MODULE_UNLOAD is not set", |loader| {
            if let Some(this) = &mut loader.this_module {
                this.pointers.pop();
            }
        });
        assert_eq!(found, [""; 0]);
    }
}
