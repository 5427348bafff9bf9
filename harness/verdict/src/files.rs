//! Every file of two build directories: the same bytes in both, as far as no layer of its own looks
//! at it.

mod told;
mod treatment;

use crate::config;
use crate::diff::Sides;
use crate::layer::LayerVerdict;
use crate::natives::{Places, places};
use std::collections::BTreeMap;
use treatment::{Judged, Treatment};
use twinlto_facts::build::BuildFacts;
use twinlto_facts::kbuild::FileRole;
use twinlto_model::{Account, AccountBuilder, Layer, Unit};

/// One file of both build directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePair {
    /// Its path below the build directory.
    pub path: String,
    /// What it is for.
    pub role: FileRole,
    /// Whether kbuild recorded how it made it.
    pub is_recorded: bool,
    /// What the two sides are to each other.
    pub same: Same,
}

/// A line of a text, with its number.
pub type Line = (usize, String);

/// What two files of one name are to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Same {
    /// Identical, byte for byte.
    Identical,
    /// Identical but for the path of the build directory itself; of a `.cmd` file, its command.
    ButForPaths,
    /// Archives of the same members in the same order, which themselves differ in length or bytes.
    SameMembers,
    /// The lines that each side has alone; none on both sides where only their order differs.
    Lines {
        /// Of the first side and of the second.
        lines: (Vec<Line>, Vec<Line>),
    },
    /// They differ, and are no texts.
    Different {
        /// Length of both; units: bytes.
        bytes: (u64, u64),
    },
    /// Only the first side has it.
    OnlyLeft,
    /// Only the second side has it.
    OnlyRight,
    /// It may be a source of a tree that was built in place, and was not read.
    Source,
    /// Both have it; a reader of its own judges it.
    Unread,
    /// It cannot be read.
    Unreadable(String),
}

/// Compares the files of twins, and accounts for all of them: files, and commands.
pub fn files(
    sides: Sides<'_>,
    a: &BuildFacts,
    b: &BuildFacts,
    pairs: &[FilePair],
) -> (LayerVerdict, Vec<Account>) {
    let judged = Judged::of(a, b);
    let mut layer = LayerVerdict::new(Layer::Files);
    let is_command = |pair: &&FilePair| pair.role == FileRole::Command;
    let (commands, others): (Vec<_>, Vec<_>) = pairs.iter().partition(is_command);
    let places = places(a, b);
    let mut accounts = Vec::new();
    for (unit, pairs) in [(Unit::Files, others), (Unit::Commands, commands)] {
        let account = Account::of("both", "the builds", unit, pairs.len() as u64);
        accounts.push(account_for((sides, &places), &judged, &pairs, account, &mut layer));
    }
    layer.findings.extend(config::changed(sides, a, b));
    if layer.compared == 0 {
        layer.omit_all("the build directories have no file in common");
    }
    (layer, accounts)
}

/// What is left out, by the reason: the names of files that nobody knows, else their role.
type LeftOut<'p> = BTreeMap<(String, &'static str), Vec<&'p str>>;

fn account_for(
    (sides, places): (Sides<'_>, &Places),
    judged: &Judged<'_>,
    pairs: &[&FilePair],
    mut account: AccountBuilder,
    layer: &mut LayerVerdict,
) -> Account {
    let mut left_out = LeftOut::new();
    for pair in pairs {
        account = one((sides, places), judged, pair, account, layer, &mut left_out);
    }
    for ((why, role), paths) in left_out {
        let n = paths.len() as u64;
        let what = if role == FileRole::Other.name() { names(&paths) } else { role.to_owned() };
        account = account.not_compared(why, what, n);
    }
    account.close()
}

/// How many files are named that nobody knows.
const NAMED: usize = 4;

fn names(paths: &[&str]) -> String {
    let shown = paths.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown}, +{more}"),
    }
}

/// Thin archives of the same members.
const MEMBERS: &str = "the lengths of members, which are judged one by one";

/// Commands that decide the same.
const LOUDNESS: &str = "options of warnings and of dependency files";

fn one<'p>(
    (sides, places): (Sides<'_>, &Places),
    judged: &Judged<'_>,
    pair: &'p FilePair,
    account: AccountBuilder,
    layer: &mut LayerVerdict,
    left_out: &mut LeftOut<'p>,
) -> AccountBuilder {
    let what = pair.role.name();
    let mut leave =
        |why: &str| left_out.entry((why.to_owned(), what)).or_default().push(&pair.path);
    match judged.treatment(pair) {
        Treatment::By(by) => account.compared(by, what, 1),
        Treatment::Rule(rule) => account.set_aside(rule, what, 1),
        Treatment::Left(why) => {
            leave(why);
            account
        }
        Treatment::Here => match &pair.same {
            Same::Identical => {
                layer.compared += 1;
                account.compared(Layer::Files, what, 1)
            }
            Same::ButForPaths => {
                layer.compared += 1;
                account.set_aside("the paths of the builds and their sources", what, 1)
            }
            Same::SameMembers => {
                layer.compared += 1;
                account.set_aside(MEMBERS, what, 1)
            }
            Same::Source => {
                account.set_aside("a source of a tree that was built in place", what, 1)
            }
            Same::Unread => {
                leave("it was left to a reader of its own");
                account
            }
            Same::Unreadable(why) => {
                leave(why);
                account
            }
            Same::OnlyLeft | Same::OnlyRight if !is_made(pair) => {
                leave("one build alone has it, and no rule of the kernel is known to make it");
                account
            }
            // Each symbol is a finding of its own.
            _ if judged.symbols_explain(pair) && !is_of_the_mode(pair) => {
                layer.compared += 1;
                account.compared(Layer::Files, what, 1)
            }
            _ if is_of_the_mode(pair) => {
                layer.compared += 1;
                account.set_aside("the symbols of the ThinLTO mode", what, 1)
            }
            _ => {
                layer.compared += 1;
                match told::finding(sides, pair, places) {
                    Some(finding) => layer.findings.push(finding),
                    None => return account.set_aside(LOUDNESS, what, 1),
                }
                account.compared(Layer::Files, what, 1)
            }
        },
    }
}

/// Whether a rule of the kernel is known to make it.
fn is_made(pair: &FilePair) -> bool {
    pair.is_recorded || !matches!(pair.role, FileRole::Other | FileRole::Frame)
}

/// Whether a file says which ThinLTO mode it is of, and nothing else that the other does not.
fn is_of_the_mode(pair: &FilePair) -> bool {
    let is_mode = |(_, line): &Line| line.contains("LTO_CLANG_THIN");
    match (&pair.same, pair.role) {
        (Same::Lines { lines: (left, right) }, FileRole::Config) => {
            left.iter().chain(right).all(is_mode)
        }
        (Same::OnlyLeft | Same::OnlyRight, FileRole::Config) => {
            pair.path.starts_with("include/config/LTO_CLANG_THIN")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::kbuild::Config;
    use twinlto_model::{Arch, Finding};

    fn pair(path: &str, is_recorded: bool, same: Same) -> FilePair {
        FilePair { path: path.to_owned(), role: FileRole::of(path), is_recorded, same }
    }

    fn changed(left: &str, right: &str) -> Same {
        let line = |text: &str| vec![(7, text.to_owned())];
        Same::Lines { lines: (line(left), line(right)) }
    }

    fn judged(pairs: &[FilePair]) -> (Vec<String>, Vec<Account>) {
        let nothing = BuildFacts::default();
        let (layer, accounts) = files(Sides::modes(Arch::Arm64), &nothing, &nothing, pairs);
        let told = |f: &Finding| format!("{} {} {}", f.severity, f.key, f.subjects().join(" "));
        (layer.findings.iter().map(told).collect(), accounts)
    }

    #[test]
    fn a_file_that_differs_in_one_mode_is_found_by_its_name() {
        let (told, accounts) = judged(&[
            pair("arch/arm64/kernel/vmlinux.lds", true, changed("a", "b")),
            pair("include/generated/asm-offsets.h", false, changed("a", "b")),
            pair("modules.builtin", true, changed("a", "b")),
            pair("arch/arm64/boot/dts/a.dtb", true, Same::Different { bytes: (8, 8) }),
            pair("lib/.memcpy.o.cmd", false, changed("a", "b")),
            pair("lib/a.o", true, Same::OnlyLeft),
            pair(".config", false, changed("CONFIG_NR_CPUS=2", "CONFIG_NR_CPUS=4")),
        ]);
        assert_eq!(
            told,
            [
                "error file.changed arch/arm64/kernel/vmlinux.lds",
                "warning file.changed include/generated/asm-offsets.h",
                "warning file.changed modules.builtin",
                "warning file.changed arch/arm64/boot/dts/a.dtb",
                "warning file.lost lib/a.o",
                "error file.changed .config",
                "warning command.changed lib/memcpy.o",
            ]
        );
        assert!(accounts.iter().all(|account| account.compared() == account.total));
    }

    #[test]
    fn what_the_modes_are_entitled_to_is_set_aside_by_a_rule() {
        let mode = changed("CONFIG_LTO_CLANG_THIN_DIST=y", "CONFIG_LTO_CLANG_THIN=y");
        let (told, accounts) = judged(&[
            pair(".config", false, mode),
            pair("include/config/LTO_CLANG_THIN", false, Same::OnlyRight),
            pair("Makefile", false, Same::ButForPaths),
            pair("kernel/fork.o.thinlto.bc", false, Same::OnlyLeft),
            pair("include/generated/compile.h", false, changed("a", "b")),
            pair("scripts/kallsyms", true, Same::Different { bytes: (8, 9) }),
            pair("kernel/.a.o.d", false, Same::OnlyLeft),
        ]);
        assert_eq!(told, [""; 0]);
        // An index is judged by kind and time alone.
        assert_eq!(accounts[0].not_compared(), 1);
        assert_eq!(accounts[0].set_aside(), 6);
    }

    #[test]
    fn a_symbol_of_the_configuration_is_told_once() {
        let build =
            |text: &str| BuildFacts { config: Config::parse(text), ..BuildFacts::default() };
        let (a, b) = (
            build("CONFIG_A=y\nCONFIG_N=2\n# CONFIG_M is not set\n"),
            build("CONFIG_A=y\nCONFIG_N=4\n"),
        );
        let lines = |left: &[&str], right: &[&str]| {
            let list = |list: &[&str]| list.iter().map(|l| (1, (*l).to_owned())).collect();
            Same::Lines { lines: (list(left), list(right)) }
        };
        let pairs = [
            pair(
                ".config",
                false,
                lines(&["CONFIG_N=2", "# CONFIG_M is not set"], &["CONFIG_N=4"]),
            ),
            pair(
                "include/generated/autoconf.h",
                false,
                changed("#define CONFIG_N 2", "#define CONFIG_N 4"),
            ),
            pair("include/generated/rustc_cfg", false, changed("--cfg=CONFIG_Z", "")),
        ];
        let (layer, accounts) = files(Sides::modes(Arch::Arm64), &a, &b, &pairs);
        let told = |f: &Finding| format!("{} {}", f.key, f.subjects().join(" "));
        let told: Vec<String> = layer.findings.iter().map(told).collect();
        // What the symbols do not explain stays a finding of its own.
        assert_eq!(told, ["file.changed include/generated/rustc_cfg", "config.changed CONFIG_N"]);
        assert_eq!(accounts[0].compared(), 3);
    }

    #[test]
    fn a_file_that_nobody_knows_is_listed_by_its_name() {
        let (told, accounts) = judged(&[
            pair("blob.xyz", false, Same::Different { bytes: (8, 9) }),
            pair("only.here", false, Same::OnlyLeft),
            pair("same.xyz", false, Same::Identical),
        ]);
        assert_eq!(told, [""; 0]);
        let whats: Vec<&str> = accounts[0].shares.iter().map(|s| s.what.as_str()).collect();
        assert_eq!(whats, ["other files", "blob.xyz, only.here"]);
        assert_eq!(accounts[0].not_compared(), 2);
    }
}
