//! The lines of a log as make and its tools wrote them, without what a terminal, a container or a CI
//! added: colours, times, names, marks.

use super::escapes::plain;
use super::stamp::{Form, stamp};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// One line as its program wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text<'a> {
    /// What was written.
    pub(super) line: Cow<'a, str>,
    /// The number of the line in the file, from 1.
    pub(super) at: u64,
    /// A carriage return let what follows overwrite it.
    pub(super) overwritten: bool,
    /// How many lines of the log it was put together from, itself included.
    pub(super) parts: u64,
}

/// How many pieces may stand before a line.
const MAX_STAMPS: usize = 8;

/// How many different names may stand before the lines of one log.
const MAX_NAMES: usize = 16;

/// The text of a log: UTF-8, in which what is none is replaced and 8-bit controls are controls, or
/// UTF-16 where it begins with a byte order mark, as PowerShell writes it.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let pairs = rest.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(unit);
        char::decode_utf16(pairs).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => return Cow::Owned(wide(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => return Cow::Owned(wide(rest, u16::from_be_bytes)),
        _ => {}
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        match chunk.invalid() {
            [] => {}
            [byte @ 0x80..=0x9f] => text.push(char::from(*byte)),
            _ => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    Cow::Owned(text)
}

/// The lines of a log. A carriage return within a line ends one as well: it shows progress, or
/// closes the mark of a CI.
pub(super) fn lines(text: &str) -> Vec<Text<'_>> {
    let mut lines = Vec::new();
    let whole = text.strip_suffix('\n').unwrap_or(text);
    for (at, line) in (1..).zip(whole.split('\n')).filter(|_| !text.is_empty()) {
        let before = lines.len();
        for part in line.split('\r').filter(|part| !part.is_empty()) {
            if let Some(last) = lines.get_mut(before..).and_then(<[Text<'_>]>::last_mut) {
                last.overwritten = true;
            }
            lines.push(Text { line: plain(part), at, overwritten: false, parts: 1 });
        }
        if lines.len() == before {
            lines.push(Text { line: Cow::Borrowed(""), at, overwritten: false, parts: 1 });
        }
    }
    let lines = without_stamps(lines);
    let (lines, named) = without_names(lines);
    if named { without_stamps(lines) } else { lines }
}

/// One line by itself.
pub(super) fn line(raw: &str) -> String {
    let text = lines(raw);
    text.into_iter()
        .map(|text| text.line.into_owned())
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// The end of what stands before a line, the forms of it, and how many spaces follow.
struct Head {
    end: usize,
    last: Option<Form>,
    counts: bool,
    goes_on: bool,
    spaces: usize,
}

fn head(line: &str) -> Head {
    let mut head = Head { end: 0, last: None, counts: false, goes_on: false, spaces: 0 };
    let mut start = 0;
    for _ in 0..MAX_STAMPS {
        let Some(rest) = line.get(start..) else { break };
        let Some(found) = stamp(rest, head.last) else { break };
        head.end = start + found.len;
        head.last = Some(found.form);
        head.counts |= found.form == Form::Counter;
        head.goes_on |= found.form == Form::GoesOn;
        let rest = line.get(head.end..).unwrap_or_default();
        head.spaces = rest.bytes().take_while(|b| *b == b' ').count();
        if head.goes_on || head.spaces > 2 {
            break;
        }
        start = head.end + rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }
    head
}

/// How many spaces set the pieces of each form apart from the text: the fewest that any line has. A
/// log of nothing but kbuild's short lines has their two as well.
fn apart(heads: impl Iterator<Item = (Form, usize)>) -> BTreeMap<Form, usize> {
    let mut fewest = BTreeMap::new();
    for (form, spaces) in heads {
        let known = fewest.entry(form).or_insert(spaces);
        *known = spaces.min(*known);
    }
    fewest.values_mut().filter(|spaces| **spaces > 2).for_each(|spaces| *spaces -= 2);
    fewest
}

fn without_stamps(lines: Vec<Text<'_>>) -> Vec<Text<'_>> {
    let heads: Vec<Head> = lines.iter().map(|text| head(&text.line)).collect();
    if heads.iter().all(|head| head.last.is_none()) {
        return lines;
    }
    let said =
        heads.iter().zip(&lines).filter(|(head, text)| text.line.len() > head.end + head.spaces);
    let width = apart(said.filter_map(|(head, _)| Some((head.last?, head.spaces))));
    let mut out: Vec<Text<'_>> = Vec::with_capacity(lines.len());
    for (mut text, head) in lines.into_iter().zip(heads) {
        let Some(form) = head.last else {
            out.push(text);
            continue;
        };
        let width = width.get(&form).copied().unwrap_or(0).min(head.spaces);
        let end = head.end + if head.goes_on { 0 } else { width };
        text.line = cut(text.line, end);
        if head.counts && !text.line.starts_with(' ') && !is_said(&text.line) {
            text.line = Cow::Owned(format!("  {}", text.line));
        }
        match out.last_mut().filter(|_| head.goes_on) {
            Some(last) => {
                last.line.to_mut().push_str(&text.line);
                last.parts += text.parts;
            }
            None => out.push(text),
        }
    }
    out
}

/// Whether a tool says it: no step that was counted.
fn is_said(line: &str) -> bool {
    super::message::message(line).is_some()
}

fn cut(line: Cow<'_, str>, end: usize) -> Cow<'_, str> {
    match line {
        Cow::Borrowed(line) => Cow::Borrowed(line.get(end..).unwrap_or_default()),
        Cow::Owned(line) => Cow::Owned(line.get(end..).unwrap_or_default().to_owned()),
    }
}

/// Takes away the name of who wrote each line, where nearly all lines begin with one and what follows
/// is a build's: `builder-1  | `, `[branch] `, `kernel-build: `.
fn without_names(lines: Vec<Text<'_>>) -> (Vec<Text<'_>>, bool) {
    let Some((named, width)) = names(&lines) else { return (lines, false) };
    (lines.into_iter().map(|text| without_name(text, named, width)).collect(), true)
}

fn without_name(text: Text<'_>, named: Named, width: usize) -> Text<'_> {
    let Some(len) = named(&text.line) else { return text };
    let rest = text.line.get(len..).unwrap_or_default();
    let spaces = rest.len() - rest.trim_start_matches(' ').len();
    Text { line: cut(text.line, len + spaces.min(width)), ..text }
}

/// Where the name ends that a line begins with.
type Named = fn(&str) -> Option<usize>;

fn names(lines: &[Text<'_>]) -> Option<(Named, usize)> {
    const KINDS: [(Named, usize); 4] = [
        (in_brackets, MAX_NAMES),
        (before_bar, MAX_NAMES),
        (before_colon, 1),
        (before_tab, MAX_NAMES),
    ];
    let all = lines.iter().filter(|text| !text.line.trim().is_empty()).count();
    KINDS.into_iter().find_map(|(kind, most)| {
        let (mut with, mut without, mut builds) = (0_usize, 0_usize, false);
        let (mut different, mut fewest) = (BTreeSet::new(), usize::MAX);
        for text in lines.iter().filter(|text| !text.line.trim().is_empty()) {
            let Some(len) = kind(beginning(&text.line)) else {
                without += 1;
                if without * 10 > all {
                    return None;
                }
                continue;
            };
            with += 1;
            let rest = text.line.get(len..)?;
            different.insert(text.line.get(..len)?.trim_end());
            if different.len() > most {
                return None;
            }
            if !rest.trim().is_empty() {
                fewest = fewest.min(rest.len() - rest.trim_start_matches(' ').len());
            }
            let rest = rest.trim_start();
            builds |= is_of_a_build(rest.get(head(rest).end..)?.trim_start());
        }
        if !builds || with == 0 {
            return None;
        }
        let width = if fewest == usize::MAX { 0 } else { fewest };
        Some((kind, if width > 2 { width - 2 } else { width }))
    })
}

/// As much of a line as a name may be long.
fn beginning(line: &str) -> &str {
    let end = (0..=line.len().min(72)).rev().find(|at| line.is_char_boundary(*at));
    line.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// A line of make's or kbuild's.
fn is_of_a_build(rest: &str) -> bool {
    let first = rest.split(' ').next().unwrap_or_default();
    let is_short = (2..=10).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && rest
            .get(first.len()..)
            .is_some_and(|rest| rest.starts_with("  ") || rest.starts_with(" ["));
    is_short || rest.starts_with("make[") || rest.starts_with("make: ") || rest.starts_with("# ")
}

fn in_brackets(line: &str) -> Option<usize> {
    let (name, _) = line.strip_prefix('[')?.split_once("] ")?;
    is_name(name).then_some(name.len() + 2)
}

fn before_bar(line: &str) -> Option<usize> {
    let (name, _) = line.split_once(" |")?;
    is_name(name.trim_end()).then_some(name.len() + 2)
}

fn before_colon(line: &str) -> Option<usize> {
    const TOOLS: [&str; 9] =
        ["make", "gmake", "error", "warning", "note", "ERROR", "WARNING", "remark", "fatal"];
    let (name, _) = line.split_once(": ")?;
    let known = TOOLS.contains(&name) || super::message::program(name).is_some();
    (is_name(name) && !name.starts_with("make[") && !known).then_some(name.len() + 1)
}

fn before_tab(line: &str) -> Option<usize> {
    let (name, _) = line.split_once('\t')?;
    is_name(name).then_some(name.len() + 1)
}

fn is_name(name: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || "-_./@#:".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(known) && name.contains(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        lines(text).into_iter().map(|text| text.line.into_owned()).collect()
    }

    #[test]
    fn a_carriage_return_ends_a_line_and_what_it_ended_was_overwritten() {
        let found = lines("a 10%\ra 20%\ra done\r\nb\r\n");
        let told: Vec<_> = found.iter().map(|t| (&*t.line, t.at, t.overwritten)).collect();
        let expected =
            [("a 10%", 1, true), ("a 20%", 1, true), ("a done", 1, false), ("b", 2, false)];
        assert_eq!(told, expected);
        let section = "\u{1b}[0Ksection_start:17:make\r\u{1b}[0KHeader\n";
        assert_eq!(read(section), ["section_start:17:make", "Header"]);
    }

    #[test]
    fn the_spaces_of_a_line_are_its_own() {
        let two = "12:34:56  make: x\n12:34:57    CC      a.o\n12:34:57\n";
        assert_eq!(read(two), ["make: x", "  CC      a.o", ""]);
        let one = "12:34:56 make: x\n12:34:57   CC      a.o\n";
        assert_eq!(read(one), ["make: x", "  CC      a.o"]);
        for one in ["12:34:57   CC      a.o\n", "12:34:57    CC      a.o\n"] {
            assert_eq!(read(one), ["  CC      a.o"]);
        }
    }

    #[test]
    fn a_line_that_goes_on_is_one() {
        let text = "2026-01-02T03:04:05.123456Z 01O lib/a.c:1:2: err\n\
                    2026-01-02T03:04:05.223456Z 01O+or: x\n2026-01-02T03:04:05.223456Z 01E   CC      a.o\n";
        assert_eq!(read(text), ["lib/a.c:1:2: error: x", "  CC      a.o"]);
        assert_eq!(lines(text)[0].parts, 2);
    }

    #[test]
    fn names_go_where_all_lines_have_one_and_only_there() {
        let named = "builder-1  | make[1]: Entering directory '/b'\nbuilder-1  |   CC      a.o\n";
        assert_eq!(read(named), ["make[1]: Entering directory '/b'", "  CC      a.o"]);
        let named = "[one]   CC      a.o\n[two]   CC      b.o\n[one] lib/a.c:1:1: error: x\n";
        assert_eq!(read(named)[2], "lib/a.c:1:1: error: x");
        let named = "kernel-build:   CC      a.o\nkernel-build: [12.345] ld.lld: error: x\n";
        assert_eq!(read(named), ["  CC      a.o", "ld.lld: error: x"]);
        for text in
            ["make: a\nmake: b\n", "ld.lld: error: x\nld.lld: error: y\n", "sh: 1: x: not found\n"]
        {
            assert_eq!(read(text), text.lines().collect::<Vec<_>>());
        }
    }

    #[test]
    fn other_encodings_are_read() {
        let wide: Vec<u8> = "\u{feff}a\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide), "a\n");
        assert_eq!(read(&decode(b"\x9b31merror: \x9bmx \xff")), ["error: x \u{fffd}"]);
    }

    #[test]
    fn what_ninja_counts_is_a_step_and_what_it_says_is_none() {
        let text = "[1/2] CC      lib/a.o\n[2/2] ld.lld: error: x\n";
        assert_eq!(read(text), ["  CC      lib/a.o", "ld.lld: error: x"]);
    }
}
