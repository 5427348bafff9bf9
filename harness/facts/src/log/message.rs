//! One line of a log as the message that it is.
//!
//! Sources: clang's and lld's output (LLVM 17 to 24), `tools/objtool/include/objtool/warn.h`,
//! `scripts/mod/modpost.c`, `scripts/kconfig/` (Linux 6.1 to 7.3), GNU make 4.x.

use super::diagnostic::{Diagnostic, Gravity, Tool};
use super::failure::{ignored_failure, make_failure};
use super::find::{find, has, split};
use super::marks::{Mark, mark};
use crate::kbuild::normalize_path;
use crate::program::{Program, is_make, tool_of};
use memchr::memmem;

/// A message, with what is no part of its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// What is said.
    pub(super) said: Diagnostic,
    /// The line of the source that it is about, from 1.
    pub(super) line: Option<u32>,
    /// The object that the tool itself names.
    pub(super) object: Option<String>,
    /// The name of the object without its directory, where the tool tells no more: of a member of
    /// `vmlinux.a` lld 22 has only that.
    pub(super) member: Option<String>,
}

/// What is said where a command failed in a step of a CI, container or service.
pub(super) const STEP: &str = "the command of a step failed";

impl Message {
    fn new(tool: Tool, gravity: Gravity, place: Option<&str>, text: &str) -> Self {
        let said = Diagnostic::new(tool, gravity, place, text.trim());
        Self { said, line: None, object: None, member: None }
    }

    /// A message about an object, in any form of its name.
    fn about(self, name: &str) -> Self {
        match object_in(name) {
            // What LTO as a whole is called.
            Some(object) if object == "ld-temp.o" => self,
            Some(object) if name.contains('(') && !object.contains('/') => {
                Self { member: Some(object), ..self }
            }
            object => Self { object, ..self },
        }
    }
}

/// The message that a line of a log is; none for commands, quoted source and the rest. Jobs share
/// the log: it may stand behind the end of another one's words.
pub(super) fn message(line: &str) -> Option<Message> {
    // `V=1` echoes commands, and those hold anything.
    if line.starts_with("  ")
        || line.starts_with(['#', '+', '\t', '\'', '"']) && mark(line).is_none()
    {
        let quoted = line.starts_with('\'').then(|| recognised(line.trim_end()));
        return quoted.flatten().or_else(|| indented(line));
    }
    let line = line.trim_end();
    match mark(line) {
        Some(Mark::Failed) => Some(Message::new(Tool::Other, Gravity::Error, None, STEP)),
        Some(Mark::Says(gravity, text)) => message(&text)
            .or_else(|| Some(Message::new(Tool::Other, gravity, None, &text)))
            .filter(|_| !text.is_empty()),
        Some(Mark::Own) | None => tools(line),
    }
}

fn tools(line: &str) -> Option<Message> {
    make(line)
        .or_else(|| modpost(line))
        .or_else(|| objtool(line))
        .or_else(|| kconfig(line))
        .or_else(|| rustc(line))
        .or_else(|| small(line))
        .or_else(|| general(line))
}

/// A message that stands apart from the margin, such as `  ERROR: Kernel configuration is invalid.`: it
/// begins with its severity, or with one word and that.
fn indented(line: &str) -> Option<Message> {
    const SIGNS: [&str; 5] = ["error: ", "ERROR: ", "warning: ", "WARNING: ", "Error: "];
    let text = line.trim();
    let begins = |text: &str| SIGNS.iter().any(|sign| text.starts_with(sign));
    let behind = || text.split_once(' ').filter(|(who, _)| who.ends_with(':'));
    let is_word = begins(text) || behind().is_some_and(|(_, rest)| begins(rest));
    // A label in a source that is quoted.
    let is_source = text.ends_with([';', '{', '\\']) || text.starts_with('#');
    (is_word && !is_source && !line.starts_with(['#', '+', '\'', '"'])).then(|| tools(text))?
}

/// `make[2]: *** [Makefile:12: target] Error 1`, `Makefile:12: *** missing separator.  Stop.`
fn make(line: &str) -> Option<Message> {
    if let Some((target, how)) = ignored_failure(line) {
        return Some(Message::new(Tool::Make, Gravity::Warning, Some(target), how));
    }
    let (who, rest) = split(line, ": *** ")?;
    if let Some(failed) = make_failure(line) {
        let place = Some(failed.target.as_str());
        // Its word for it is that of the user's language.
        let how = match failed.code() {
            Some(code) => format!("Error {code}"),
            None => failed.how,
        };
        return Some(Message::new(Tool::Make, Gravity::Error, place, &how));
    }
    let waits = rest.starts_with("Waiting for") || rest.ends_with("...") || rest.ends_with('…');
    if !is_make(who) && position(who).is_none() || waits {
        return None;
    }
    let text = rest.strip_suffix(" Stop.").unwrap_or(rest);
    // How deep in other makes it runs is no part of it.
    let place = position(who).map(|(file, _)| file);
    let message = Message::new(Tool::Make, Gravity::Error, place, text);
    Some(Message { line: position(who).and_then(|(_, number)| number), ..message })
}

/// `error[E0425]: cannot find value …`, whose place stands on the next line.
fn rustc(line: &str) -> Option<Message> {
    let at = find(line, "error[E")?;
    let (code, text) = line.get(at + 7..)?.split_once("]: ")?;
    let apart = line.get(..at)?.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    let is_code = !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit());
    (apart && is_code).then(|| Message::new(Tool::Rustc, Gravity::Error, None, text))
}

/// `WARNING: modpost: vmlinux: section mismatch …`, `ERROR: modpost: "x" [y.ko] undefined!`
fn modpost(line: &str) -> Option<Message> {
    if !has(line, ": modpost: ") {
        return None;
    }
    let (gravity, rest) = [
        ("WARNING: modpost: ", Gravity::Warning),
        ("ERROR: modpost: ", Gravity::Error),
        ("FATAL: modpost: ", Gravity::Error),
    ]
    .iter()
    .find_map(|(sign, gravity)| Some((*gravity, split(line, sign)?.1)))?;
    let place = rest.split_once('[').and_then(|(_, place)| place.split_once(']'));
    let (place, text) = match (place, rest.split_once(": ")) {
        (Some((place, _)), _) => (Some(place), rest),
        (None, Some((place, text))) if !place.contains(' ') => (Some(place), text),
        _ => (None, rest),
    };
    Some(Message::new(Tool::Modpost, gravity, place, text))
}

/// `vmlinux.o: warning: objtool: f+0x12: unreachable instruction`
fn objtool(line: &str) -> Option<Message> {
    if !has(line, ": objtool: ") {
        return None;
    }
    for (sign, gravity) in
        [(": warning: objtool: ", Gravity::Warning), (": error: objtool: ", Gravity::Error)]
    {
        if let Some((place, text)) = split(line, sign) {
            let place = last_word(place);
            let message = Message::new(Tool::Objtool, gravity, Some(place), text);
            return Some(message.about(place));
        }
    }
    None
}

/// `.config:12:warning: override: reassigning to symbol X`,
/// `WARNING: unmet direct dependencies detected for X`
fn kconfig(line: &str) -> Option<Message> {
    if let Some(text) = line.strip_prefix("WARNING: unmet direct dependencies ") {
        let text = format!("unmet direct dependencies {text}");
        return Some(Message::new(Tool::Kconfig, Gravity::Warning, None, &text));
    }
    // scripts/kconfig/merge_config.sh; the first is what fragments are for.
    for (start, gravity) in
        [("Value of CONFIG_", Gravity::Note), ("Value requested for CONFIG_", Gravity::Warning)]
    {
        if line.starts_with(start) {
            return Some(Message::new(Tool::Kconfig, gravity, None, line));
        }
    }
    if !has(line, ": ") {
        return None;
    }
    for (sign, gravity) in [
        (":warning: ", Gravity::Warning),
        (": warning: ", Gravity::Warning),
        (":error: ", Gravity::Error),
        (": error: ", Gravity::Error),
        (": ", Gravity::Error),
    ] {
        let Some((place, text)) = split(line, sign) else { continue };
        let (file, number) = position(place).unwrap_or((place, None));
        let name = file.rsplit('/').next().unwrap_or(file);
        let known = name.starts_with("Kconfig") || name.ends_with(".config") || name == "auto.conf";
        // Without a word of gravity only `FILE:LINE: syntax error` and the like are messages.
        if known && !file.contains(' ') && (sign != ": " || number.is_some()) {
            let message = Message::new(Tool::Kconfig, gravity, Some(file), text);
            return Some(Message { line: number, ..message });
        }
    }
    None
}

/// `fixdep: error opening file: x: …`, `include/x.h:12: syntax error` of genksyms.
fn small(line: &str) -> Option<Message> {
    if let Some((_, text)) = split(line, "fixdep: ") {
        return Some(Message::new(Tool::Fixdep, Gravity::Error, None, text));
    }
    let (place, _) = split(line, ": syntax error")?;
    let (file, number) = position(place)?;
    let message = Message::new(Tool::Genksyms, Gravity::Error, Some(file), "syntax error");
    Some(Message { line: number, ..message })
}

/// `WHO: error: TEXT`, where WHO is a program, a place in a source, both or nothing.
fn general(line: &str) -> Option<Message> {
    const SIGNS: [(&str, Gravity); 15] = [
        ("fatal error: ", Gravity::Error),
        ("error: ", Gravity::Error),
        ("ERROR: ", Gravity::Error),
        ("warning: ", Gravity::Warning),
        ("WARNING: ", Gravity::Warning),
        ("note: ", Gravity::Note),
        ("remark: ", Gravity::Note),
        ("fatal: ", Gravity::Error),
        // dtc, resolve_btfids, shells and interpreters.
        ("Error: ", Gravity::Error),
        ("Warning: ", Gravity::Warning),
        ("FATAL: ", Gravity::Error),
        ("FATAL ERROR: ", Gravity::Error),
        ("FAILED: ", Gravity::Error),
        ("ERROR (", Gravity::Error),
        ("Warning (", Gravity::Warning),
    ];
    // Commands are long, and few have a colon with a blank behind it.
    let has_colon = has(line, ": ");
    let possible = SIGNS.iter().filter(|(sign, _)| has_colon || !sign.ends_with(": "));
    let found = possible.filter_map(|(sign, gravity)| {
        let at = find(line, sign)?;
        // A word of its own: `no_error: ` is none.
        let before = line.get(..at)?;
        let apart = before.trim().is_empty() || before.ends_with(": ") || before.ends_with(':');
        apart.then_some((at, at + sign.len(), *gravity))
    });
    let Some((start, end, gravity)) = found.min_by_key(|(at, ..)| *at) else {
        return recognised(line);
    };
    let (before, text) = (line.get(..start)?.trim_end(), line.get(end..)?);
    let who = last_word(before.strip_suffix(':').unwrap_or(before));
    // A command that is echoed, such as `echo "x: error: y"`.
    if !who.starts_with('<') && who.contains(|c| "\"'`;$={}()|&".contains(c)) {
        return None;
    }
    let (text, option) = controlled(text.trim());
    // lld says where behind its name, and so does a backend: `error: lib/a.c:12:0: text`.
    let inner = text.split_once(": ").and_then(|(place, text)| Some((position(place)?, text)));
    let mut message = match (program(who), inner) {
        (Some(tool), Some(((place, line), text))) => at(tool, gravity, place, line, text),
        (Some(tool), None) => Message::new(tool, gravity, None, text),
        (None, Some(((place, line), text))) if who.is_empty() => {
            at(Tool::Clang, gravity, place, line, text)
        }
        (None, _) => match position(who) {
            Some((place, line)) => {
                let tool = if is_makefile(place) { Tool::Make } else { Tool::Clang };
                at(tool, gravity, place, line, text)
            }
            None if option.is_some() => Message::new(Tool::Clang, gravity, Some(who), text),
            // Scripts shout; a compiler that says nothing of a place is a driver or a backend.
            None if who.is_empty() && !line.contains("WARNING: ") && !line.contains("ERROR: ") => {
                Message::new(Tool::Clang, gravity, None, text)
            }
            None => Message::new(Tool::Other, gravity, Some(speaker(who)), text),
        },
    };
    message.said.option = option;
    // A backend that imports: `linking module 'lib/a.o': …`
    let importer = text.strip_prefix("linking module '").and_then(|rest| rest.split_once('\''));
    match importer.filter(|_| message.object.is_none() && message.member.is_none()) {
        Some((module, _)) => Some(message.about(module)),
        None => Some(message),
    }
}

/// `Makefile`, `scripts/Makefile.build`, `arch/x86/Kbuild`
fn is_makefile(place: &str) -> bool {
    let name = place.rsplit('/').next().unwrap_or(place);
    name.starts_with("Makefile") || name.starts_with("Kbuild")
}

/// A message about a place: `lib/a.c`, `<inline asm>`, `lib/b.o <inline asm>`, `<unknown>`.
fn at(tool: Tool, gravity: Gravity, place: &str, line: Option<u32>, text: &str) -> Message {
    let (object, place) = match place.rsplit_once(" <") {
        Some((object, _)) => (object, place.get(object.len() + 1..).unwrap_or(place)),
        // Of bitcode a backend makes a source of its own, whose lines are none.
        None => (place, place),
    };
    let is_object = place.ends_with(".o") || place.ends_with(')');
    let named = Some(place).filter(|place| *place != "<unknown>" && !is_object);
    let message = Message::new(tool, gravity, named, text).about(object);
    let is_source = !is_object && !place.starts_with('<');
    Message { line: line.filter(|line| is_source && *line > 0), ..message }
}

/// The object that a name is: `lib/b.o`, or a member of a thin archive as lld writes it,
/// `vmlinux.a(lib/b.o at 1234)`.
fn object_in(name: &str) -> Option<String> {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner);
    let path = inner.split([' ', ')']).next()?;
    normalize_path(path).filter(|path| path.ends_with(".o"))
}

/// What is a message without saying of what kind.
fn recognised(line: &str) -> Option<Message> {
    if let Some(at) = find(line, "LLVM ERROR: ") {
        return Some(Message::new(Tool::Clang, Gravity::Error, None, line.get(at + 12..)?));
    }
    // The subtarget's parser, once for every feature and function.
    if has(line, "is not a recognized ")
        && ["feature", "processor"]
            .iter()
            .any(|what| has(line, &format!("is not a recognized {what} for this target")))
    {
        return Some(Message::new(Tool::Clang, Gravity::Warning, None, line));
    }
    for start in ["Error loading index file", "Error running ThinLTO backend"] {
        if line.starts_with(start) {
            return Some(Message::new(Tool::Clang, Gravity::Error, None, line));
        }
    }
    // The shell and coreutils: `sh: 1: llc: not found`, `cat: x: No such file or directory`.
    for end in [": not found", ": command not found", ": Permission denied"] {
        if line.ends_with(end) && plain(line) {
            return Some(Message::new(Tool::Other, Gravity::Error, None, line));
        }
    }
    if let Some(signal) = killed(line) {
        return Some(Message::new(Tool::Other, Gravity::Error, None, signal));
    }
    let missing = ": No such file or directory";
    (line.ends_with(missing) && plain(line))
        .then(|| Message::new(Tool::Other, Gravity::Error, None, line))
}

/// The shell's word for what ended a program: `Segmentation fault (core dumped)`, or with place and
/// process `sh: line 1: 4711 Killed  ld.lld …`.
fn killed(line: &str) -> Option<&'static str> {
    const SIGNALS: [&str; 5] =
        ["Segmentation fault", "Killed", "Aborted", "Bus error", "Illegal instruction"];
    let names_process = has(line, ": line ");
    SIGNALS.into_iter().find(|signal| {
        if !names_process && !line.starts_with(signal) {
            return false;
        }
        let Some((before, after)) = split(line, signal) else { return false };
        let alone = before.is_empty() && matches!(after, "" | " (core dumped)");
        let process = before.trim_end().rsplit(' ').next().unwrap_or_default();
        let by_shell = before.contains(": line ") && process.bytes().all(|b| b.is_ascii_digit());
        alone || by_shell && !process.is_empty()
    })
}

/// Whether a line cannot be a command: nothing in it is the shell's.
fn plain(line: &str) -> bool {
    !line.contains(|c| "\";$={}|&\\".contains(c))
}

/// The tool that speaks by such a name, however it is called.
pub(super) fn program(name: &str) -> Option<Tool> {
    if is_make(name) {
        return Some(Tool::Make);
    }
    if name == "rustc" {
        return Some(Tool::Rustc);
    }
    match tool_of(name)?.program {
        Program::Clang => Some(Tool::Clang),
        Program::Lld | Program::Ld => Some(Tool::Lld),
        Program::Ar => Some(Tool::Ar),
        Program::Genksyms => Some(Tool::Genksyms),
        _ => None,
    }
}

/// A program's plain name, so that two builds with the same tools by other names say the same.
fn speaker(who: &str) -> &str {
    tool_of(who).map_or(who, |called| called.base)
}

/// File and line of `FILE:LINE:COLUMN`, `FILE:LINE`, `<inline asm>:1:2` or `<unknown>:0`.
fn position(place: &str) -> Option<(&str, Option<u32>)> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (rest, last) = place.rsplit_once(':')?;
    // dtc: `x.dts:12.3-45.6`
    let range = |text: &str| {
        let known = |b: u8| b.is_ascii_digit() || b == b'.' || b == b'-';
        text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(known)
    };
    if range(last) && !number(last) && !rest.is_empty() {
        return Some((rest, last.split(['.', '-']).next().and_then(|line| line.parse().ok())));
    }
    if !number(last) || rest.is_empty() {
        return None;
    }
    match rest.rsplit_once(':') {
        Some((file, line)) if number(line) && !file.is_empty() => Some((file, line.parse().ok())),
        _ => Some((rest, last.parse().ok())),
    }
}

/// What stands after the end of another job's words. `<inline asm>` is one word.
fn last_word(before: &str) -> &str {
    if let Some(at) = memmem::rfind(before.as_bytes(), b"<inline asm>") {
        return before.get(at..).unwrap_or(before);
    }
    before.rsplit(' ').next().unwrap_or(before)
}

/// The text without the option that controls it: `text [-Werror,-Wfoo]`.
fn controlled(text: &str) -> (&str, Option<String>) {
    let bracket = text.strip_suffix(']').and_then(|text| text.rsplit_once(" [-"));
    match bracket {
        Some((text, options)) => {
            let last = options.rsplit(',').next().unwrap_or(options);
            (text, Some(format!("-{}", last.trim_start_matches('-'))))
        }
        None => (text, None),
    }
}

#[cfg(test)]
mod tests;
