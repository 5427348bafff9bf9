//! What is said of a file that two builds do not have alike.

use super::treatment::Judged;
use super::{FilePair, Line, Same};
use crate::diff::Sides;
use crate::natives::{CommandChange, Places, changes, shown};
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::collections::BTreeSet;
use twinlto_facts::kbuild::FileRole;
use twinlto_model::{Finding, Severity, count};

/// A finding about a pair; none where two recorded commands decide the same.
pub(super) fn finding(sides: Sides<'_>, pair: &FilePair, places: &Places) -> Option<Finding> {
    let severity = match pair.role {
        FileRole::LinkerScript | FileRole::Config | FileRole::Module => Severity::Error,
        _ => Severity::Warning,
    };
    let plain = |key, subject: &str| {
        let (left, right) = evidence(&pair.same);
        let group = format!("{left} {right}");
        sides.finding(key, severity, subject, left, right).grouped(group)
    };
    Some(match (&pair.same, pair.role) {
        (Same::OnlyLeft | Same::OnlyRight, _) => plain("file.lost", &subject(pair)),
        (Same::Lines { lines }, FileRole::Command) => {
            return command(sides, &subject(pair), lines, places);
        }
        (_, FileRole::Command) => plain("command.changed", &subject(pair)),
        (Same::Lines { lines: (left, right) }, _) if left.is_empty() && right.is_empty() => {
            plain("file.order.changed", &pair.path)
        }
        (Same::Lines { .. }, FileRole::LinkerScript) => plain("file.changed", &pair.path)
            .because("the linker script is another one in each mode"),
        (Same::Lines { .. }, FileRole::Config) => plain("file.changed", &pair.path)
            .because("the configurations differ in more than the ThinLTO mode"),
        (Same::Lines { lines }, _) => {
            let finding = plain("file.changed", &pair.path);
            match versions(&pair.path, lines) {
                Some(cause) => finding.because(cause),
                None => finding,
            }
        }
        _ => plain("file.changed", &pair.path),
    })
}

/// A recorded command is told by its target.
fn subject(pair: &FilePair) -> String {
    let target = Judged::target(&pair.path).filter(|_| pair.role == FileRole::Command);
    target.unwrap_or_else(|| pair.path.clone())
}

/// Two recorded commands, by the words that differ.
fn command(
    sides: Sides<'_>,
    subject: &str,
    (left, right): &(Vec<Line>, Vec<Line>),
    places: &Places,
) -> Option<Finding> {
    let text =
        |lines: &[Line]| lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n");
    let (left, right, cause) = match changes(&text(left), &text(right), places) {
        Ok(None) => return None,
        Ok(Some(change)) => {
            let change = words(change);
            let all: Vec<&str> =
                change.left.iter().chain(&change.right).map(String::as_str).collect();
            let cause =
                format!("the rule of one mode runs another command for it: {}", all.join(" "));
            (shown(&change.left), shown(&change.right), cause)
        }
        Err(why) => {
            (clip(&text(left)), clip(&text(right)), format!("a command cannot be read: {why}"))
        }
    };
    let group = format!("{left} {right}");
    let finding =
        sides.finding("command.changed", Severity::Warning, subject, left, right).grouped(group);
    Some(finding.because(cause))
}

/// Options that a script is given in one word, such as those that `scripts/link-vmlinux.sh` hands on to
/// the linker: of two such words, what differs in them.
fn words(change: CommandChange) -> CommandChange {
    // An option and its argument are one.
    let is_many = |word: &str| word.split_whitespace().nth(2).is_some();
    let split = |list: &[String]| -> Vec<String> {
        let parts = |word: &String| -> Vec<String> {
            match is_many(word) {
                true => word.split_whitespace().map(str::to_owned).collect(),
                false => vec![word.clone()],
            }
        };
        list.iter().flat_map(parts).collect()
    };
    let (left, right) = (split(&change.left), split(&change.right));
    if left.len() == change.left.len() && right.len() == change.right.len() {
        return change;
    }
    let mut found = CommandChange::default();
    for op in capture_diff_slices(Algorithm::Myers, &left, &right) {
        if op.tag() != DiffTag::Equal {
            found.left.extend(left.get(op.old_range()).unwrap_or_default().iter().cloned());
            found.right.extend(right.get(op.new_range()).unwrap_or_default().iter().cloned());
        }
    }
    found
}

/// Names of imports that are told.
const SHOWN: usize = 4;

/// Of a module's generated source: that nothing differs but the CRCs that it expects
/// (`{ 0x12345678, "name" },`, `scripts/mod/modpost.c`, Linux 6.1 to 7.3).
fn versions(path: &str, (left, right): &(Vec<Line>, Vec<Line>)) -> Option<String> {
    if !path.ends_with(".mod.c") {
        return None;
    }
    let name = |line: &str| {
        let row = line.trim().strip_prefix("{ 0x")?.strip_suffix("},")?;
        row.split('"').nth(1).map(str::to_owned)
    };
    let lines = left.iter().chain(right);
    let names: BTreeSet<String> = lines.map(|(_, line)| name(line)).collect::<Option<_>>()?;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!(" and {}", count(n, "other", "others")),
    };
    Some(format!("modpost has other CRCs for what the module imports: {shown}{more}"))
}

/// How much of a line is quoted; units: characters.
const QUOTED: usize = 300;

fn clip(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn evidence(same: &Same) -> (String, String) {
    let first = |lines: &[Line]| match lines {
        [] => "no line that the other side has not".to_owned(),
        [(number, line)] => format!("line {number}: {}", clip(line.trim())),
        [(number, line), rest @ ..] => {
            format!("line {number}: {} (and {} more)", clip(line.trim()), rest.len())
        }
    };
    let there = || "there".to_owned();
    match same {
        Same::Lines { lines: (left, right) } if left.is_empty() && right.is_empty() => {
            let order = || "the same lines in another order".to_owned();
            (order(), order())
        }
        Same::Lines { lines: (left, right) } => (first(left), first(right)),
        Same::Different { bytes: (a, b) } if a == b => {
            let text = || format!("{a} bytes, other contents");
            (text(), text())
        }
        Same::Different { bytes: (a, b) } => (format!("{a} bytes"), format!("{b} bytes")),
        Same::OnlyLeft => (there(), "no such file".to_owned()),
        Same::OnlyRight => ("no such file".to_owned(), there()),
        Same::Unreadable(why) => (why.clone(), why.clone()),
        Same::Identical | Same::ButForPaths | Same::SameMembers | Same::Source | Same::Unread => {
            (there(), there())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_model::Arch;

    fn told(path: &str, left: &str, right: &str) -> Option<(String, String, Option<String>)> {
        let lines = |text: &str| -> Vec<Line> {
            let lines = text.lines().enumerate();
            lines.map(|(number, line)| (number + 1, line.to_owned())).collect()
        };
        let same = Same::Lines { lines: (lines(left), lines(right)) };
        let role = FileRole::of(path);
        let pair = FilePair { path: path.to_owned(), role, is_recorded: true, same };
        let found = finding(Sides::modes(Arch::Arm64), &pair, &Places::default())?;
        let site = found.sites.first().unwrap();
        let text = |side: &Option<twinlto_model::Evidence>| side.as_ref().unwrap().text.clone();
        Some((text(&site.left), text(&site.right), found.cause))
    }

    #[test]
    fn a_command_is_told_by_what_differs_in_it() {
        let link = |options: &str| {
            format!(
                "sh scripts/link-vmlinux.sh \"ld.lld\" \"-EL {options}-z norelro\" \"-X\" \"vmlinux\""
            )
        };
        let (left, right, cause) =
            told(".vmlinux.cmd", &link(""), &link("--mllvm=-x -z separate-code ")).unwrap();
        assert_eq!((left.as_str(), right.as_str()), ("not there", "--mllvm=-x -z separate-code"));
        assert!(cause.unwrap().ends_with(": --mllvm=-x -z separate-code"));
        let (_, right, _) = told(".a.bin.cmd", "cp -a x y", "cp -a -mllvm -z x y").unwrap();
        assert_eq!(right, "-mllvm -z");
        assert_eq!(told(".a.o.cmd", "cc -c a.c", "cc -Wno-unused -c a.c"), None);
        let (.., cause) = told(".a.o.cmd", "cc 'a", "cc").unwrap();
        assert!(cause.unwrap().starts_with("a command cannot be read"));
    }

    #[test]
    fn other_versions_of_a_module_are_named() {
        let rows = |crc: &str| format!("\t{{ {crc}, \"kmalloc\" }},\n\t{{ {crc}, \"_printk\" }},");
        let (.., cause) = told("a.mod.c", &rows("0x12345678"), &rows("0x00000000")).unwrap();
        assert!(cause.unwrap().ends_with("imports: _printk, kmalloc"));
        let (.., cause) =
            told("a.mod.c", &rows("0x12345678"), "MODULE_INFO(intree, \"Y\");").unwrap();
        assert_eq!(cause, None);
        assert_eq!(told("a.c", &rows("0x1"), &rows("0x2")).unwrap().2, None);
    }
}
