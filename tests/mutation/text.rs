//! Places in text: the commands that kbuild records, lists, and tables of lines.

use super::{Choice, Place};
use std::ops::Range;

/// Lines without their ends, and where they lie.
fn lines(text: &str) -> Vec<(Range<usize>, &str)> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        lines.push((at..at + bare.len(), bare));
        at += line.len();
    }
    lines
}

/// Words of a command, where blanks in quotes divide nothing.
fn words(line: &Range<usize>, text: &str) -> Vec<Range<usize>> {
    let (mut words, mut start, mut quote) = (Vec::new(), None, None);
    for (at, letter) in text.char_indices() {
        match (letter, quote) {
            (' ', None) => words.extend(start.take().map(|start| start..at)),
            (letter, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(letter);
                start = start.or(Some(at));
            }
            _ => start = start.or(Some(at)),
        }
    }
    words.extend(start.map(|start| start..text.len()));
    words.into_iter().map(|word| line.start + word.start..line.start + word.end).collect()
}

/// Of which kind a word is.
fn kind_of_word(word: &str) -> &'static str {
    match word {
        _ if word.starts_with("-W") && !word.starts_with("-Wa,") && !word.starts_with("-Wp,") => {
            "warning option"
        }
        _ if ["-D", "-U", "-I", "-include", "-isystem", "-nostdinc", "-fmacro-prefix-map"]
            .iter()
            .any(|prefix| word.starts_with(prefix)) =>
        {
            "preprocessor option"
        }
        _ if word.starts_with('-') && word.len() > 1 => "option",
        _ => "other word",
    }
}

/// The last bit of a letter or digit changed: another word of the same form.
fn changed(what: String, name: &str, at: Range<usize>) -> Place {
    Place { what, name: name.to_owned(), choice: Choice::Bit { at, mask: 0x01 } }
}

fn command(text: &str, of: &str, from: Range<usize>, places: &mut Vec<Place>) {
    let words = words(&from, &text[from.clone()]);
    for word in &words {
        let name = &text[word.clone()];
        let kind = kind_of_word(name);
        let behind = &text[word.end..from.end];
        // Where dependencies go, and what a later option overrides, decides nothing.
        if name.starts_with("-Wp,-M") || name == "-fno-lto" && behind.contains(" -flto") {
            continue;
        }
        let spaced = word.start..(word.end + 1).min(from.end);
        places.push(Place::replace(format!("{of}: {kind} dropped"), name, spaced, ""));
        places.push(changed(format!("{of}: {kind} changed"), name, word.clone()));
    }
    for (at, option) in additions(&text[from.clone()]) {
        let at = from.start + at..from.start + at;
        let with = format!(" {option}");
        places.push(Place::replace(format!("{of}: {option} added"), option, at, with));
    }
}

/// Where an option can be added so that it counts: behind all others of a compiler or linker.
fn additions(command: &str) -> Vec<(usize, &'static str)> {
    const COMPILER: [&str; 3] = ["-fwrapv", "-DCONFIG_MUTANT=1", "-O1"];
    const LINKER: [&str; 2] = ["--lto-O0", "--gc-sections"];
    let options: &[&str] = match () {
        () if command.contains("clang") || command.starts_with("-D") => &COMPILER,
        () if command.contains("ld.lld") => &LINKER,
        () => &[],
    };
    let ends = [" -c -o ", " -r -o ", " -o "];
    let at = ends.iter().find_map(|end| command.find(end)).unwrap_or(command.trim_end().len());
    options.iter().map(|option| (at, *option)).collect()
}

/// The places of a `.cmd` file: its command, the flags that it saves, versions, and dependencies.
pub(crate) fn cmd(bytes: &[u8]) -> Vec<Place> {
    let text = String::from_utf8_lossy(bytes);
    let mut places = Vec::new();
    for (range, line) in lines(&text) {
        let whole = range.start..(range.end + 1).min(bytes.len());
        let value = line.find(" := ").map(|at| range.start + at + 4..range.end);
        match (line, value) {
            (_, Some(value)) if line.starts_with("savedcmd_") => {
                command(&text, "command", value, &mut places);
                places.push(Place::replace("command lost", "", whole, ""));
            }
            (_, Some(value)) if line.starts_with("saved_c_flags_") => {
                command(&text, "saved flags", value, &mut places);
                places.push(Place::replace("saved flags lost", "", whole, ""));
            }
            (_, Some(value)) if line.starts_with("source_") => {
                places.push(changed("source changed".to_owned(), "", value));
            }
            _ if line.starts_with("#SYMVER") => {
                let mut parts = words(&range, line).into_iter().skip(1);
                if let (Some(name), Some(crc)) = (parts.next(), parts.next()) {
                    let symbol = &text[name.clone()];
                    places.push(changed("version: CRC changed".to_owned(), symbol, crc));
                    places.push(changed("version: name changed".to_owned(), symbol, name.clone()));
                    places.push(Place::replace("version lost", symbol, whole, ""));
                }
            }
            _ if line.ends_with(" \\") && line.starts_with("  ") => {
                places.push(Place::replace("dependency lost", line.trim(), whole, ""));
            }
            _ => {}
        }
    }
    places
}

/// The fields of lines, divided by `separator`; a line lost, repeated, or, where the order of lines
/// means something, exchanged with the next. Comments are no content, and neither is what says that
/// an option is off.
pub(crate) fn fields(
    bytes: &[u8],
    separator: char,
    names: &[&str],
    is_ordered: bool,
) -> Vec<Place> {
    let text = String::from_utf8_lossy(bytes);
    let all = lines(&text);
    let mut places = Vec::new();
    for (index, (range, line)) in all.iter().enumerate() {
        if line.is_empty() || line.starts_with('#') && !line.starts_with("#define") {
            continue;
        }
        let class = "line";
        let whole = range.start..(range.end + 1).min(bytes.len());
        places.push(Place::replace(format!("{class} lost"), line, whole.clone(), ""));
        places.push(Place::replace(
            format!("{class} repeated"),
            line,
            whole.end..whole.end,
            format!("{line}\n"),
        ));
        let next = all.get(index + 1).filter(|(_, after)| is_ordered && !after.is_empty());
        if let Some((next, after)) = next {
            let with = format!("{after}\n{line}\n");
            let both = range.start..(next.end + 1).min(bytes.len());
            places.push(Place::replace(
                format!("{class} exchanged with the next"),
                line,
                both,
                with,
            ));
        }
        if names.is_empty() {
            places.push(changed(format!("{class} changed"), line, range.clone()));
        }
        let mut at = range.start;
        for (field, name) in line.split(separator).zip(names) {
            if !field.is_empty() {
                let range = at..at + field.len();
                places.push(changed(format!("{name} changed"), field, range));
            }
            at += field.len() + separator.len_utf8();
        }
    }
    places
}

/// Entries that end with a zero byte.
pub(crate) fn entries(bytes: &[u8]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut at = 0;
    for entry in bytes.split_inclusive(|byte| *byte == 0) {
        let name = String::from_utf8_lossy(entry).trim_end_matches('\0').to_owned();
        let range = at..at + entry.len();
        places.push(Place::replace("entry lost", &name, range.clone(), ""));
        places.push(changed("entry changed".to_owned(), &name, range.start..range.end - 1));
        at = range.end;
    }
    places
}
