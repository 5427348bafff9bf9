//! Which macros of a kernel tree paste `__COUNTER__` or `__LINE__` into a name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One definition of a macro.
struct Macro {
    file: String,
    name: String,
    parameters: Vec<String>,
    body: String,
}

/// Directories that no kernel is built of, or whose programs are not part of it.
const LEFT_OUT: [&str; 6] = [
    "Documentation",
    "tools",
    "samples",
    "drivers/hid/bpf/progs",
    // Tables of registers: 1.5 million lines of numbers.
    "drivers/gpu/drm/amd/include/asic_reg",
    "scripts/dtc/include-prefixes",
];

/// File and name of every macro of a tree that uses `__COUNTER__`, or pastes `__LINE__`.
pub fn pasting(tree: &Path) -> BTreeSet<(String, String)> {
    let mut macros = Vec::new();
    let mut left = vec![tree.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(tree).unwrap().display().to_string();
            if path.is_symlink() || LEFT_OUT.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                left.push(path);
            } else if [".h", ".c", ".S"].iter().any(|end| name.ends_with(end)) {
                macros.extend(definitions(&name, &std::fs::read(&path).unwrap()));
            }
        }
    }
    of(&macros)
}

/// The same of one file.
pub fn pasting_in(file: &str, text: &str) -> BTreeSet<String> {
    of(&definitions(file, text.as_bytes())).into_iter().map(|(_, name)| name).collect()
}

/// Definitions that may have to do with pasting.
fn definitions(file: &str, bytes: &[u8]) -> Vec<Macro> {
    let text = String::from_utf8_lossy(bytes).replace("\\\n", " ");
    let mut macros = Vec::new();
    for line in text.lines() {
        let Some(line) = line.trim_start().strip_prefix('#') else { continue };
        let Some(line) = line.trim_start().strip_prefix("define") else { continue };
        let line = line.trim_start();
        let end = line.find(|c: char| !is_word(c)).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let (parameters, body) = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')'))
        {
            Some((parameters, body)) => (parameters, body),
            None => ("", rest),
        };
        let names = parameters.split(',').map(|name| match name.trim() {
            "..." => "__VA_ARGS__".to_owned(),
            name => name.trim_end_matches("...").trim().to_owned(),
        });
        let body = without_comments(body);
        let hands_on = body.contains("##") || body.contains('(');
        let numbers = body.contains("__LINE__") || body.contains("__COUNTER__");
        if (hands_on && !parameters.is_empty()) || numbers {
            let (file, name) = (file.to_owned(), name.to_owned());
            macros.push(Macro { file, name, parameters: names.collect(), body });
        }
    }
    macros
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn without_comments(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

/// Where a word stands in a text: what is before it, and what is after it.
fn places<'t>(text: &'t str, word: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
    text.match_indices(word).filter_map(move |(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        whole.then_some((before, after))
    })
}

/// Whether a word is pasted with `##`; `, ##args` takes a comma away and pastes nothing.
fn is_pasted(body: &str, word: &str) -> bool {
    places(body, word).any(|(before, after)| {
        let behind = before.trim_end().strip_suffix("##");
        behind.is_some_and(|before| !before.trim_end().ends_with(','))
            || after.trim_start().starts_with("##")
    })
}

/// Macros that are called in a text, with their arguments.
fn calls(body: &str) -> Vec<(&str, Vec<&str>)> {
    let mut calls = Vec::new();
    for (open, _) in body.match_indices('(') {
        let before = body[..open].trim_end();
        let start = before.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1);
        let (mut depth, mut from, mut arguments) = (0, open + 1, Vec::new());
        for (at, c) in body[open..].char_indices().map(|(at, c)| (open + at, c)) {
            depth += i32::from(c == '(') - i32::from(c == ')');
            if depth == 0 || (depth == 1 && c == ',') {
                arguments.push(&body[from..at]);
                from = at + 1;
            }
            if depth == 0 {
                break;
            }
        }
        calls.push((&before[start..], arguments));
    }
    calls
}

/// Which arguments a macro pastes, by the macro's name and file; the file counts outside headers
/// that every file may include.
type Pastes<'m> = BTreeMap<&'m str, BTreeMap<&'m str, BTreeSet<usize>>>;

/// Whether a name that one file uses may be the macro that another file defines.
fn reaches(user: &str, definition: &str) -> bool {
    let directory =
        |file: &str| file.rsplit_once('/').map_or(String::new(), |(dir, _)| dir.to_owned());
    let shared = definition.starts_with("include/") || definition.contains("/include/asm");
    user == definition
        || shared
        || (definition.ends_with(".h") && directory(user) == directory(definition))
}

fn pastes<'m>(of: &Pastes<'m>, user: &str, name: &str, argument: usize) -> bool {
    let files = of.get(name).into_iter().flatten();
    files.filter(|(file, _)| reaches(user, file)).any(|(_, all)| all.contains(&argument))
}

fn of(macros: &[Macro]) -> BTreeSet<(String, String)> {
    let mut known = Pastes::new();
    let called: Vec<_> = macros.iter().map(|it| calls(&it.body)).collect();
    // Each round follows arguments through one more macro.
    loop {
        let mut new = Vec::new();
        for (it, called) in macros.iter().zip(&called) {
            for (at, parameter) in it.parameters.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
                let through = || {
                    called.iter().any(|(name, arguments)| {
                        let uses = |(n, text): (usize, &&str)| {
                            places(text, parameter).next().is_some()
                                && pastes(&known, &it.file, name, n)
                        };
                        arguments.iter().enumerate().any(uses)
                    })
                };
                let is_known = known.get(&*it.name).and_then(|files| files.get(&*it.file));
                if !is_known.is_some_and(|all| all.contains(&at))
                    && (is_pasted(&it.body, parameter) || through())
                {
                    new.push((&*it.name, &*it.file, at));
                }
            }
        }
        if new.is_empty() {
            break;
        }
        for (name, file, at) in new {
            known.entry(name).or_default().entry(file).or_default().insert(at);
        }
    }
    let found = macros.iter().filter(|it| {
        let line = |(n, text): (usize, &&str), name: &str| {
            places(text, "__LINE__").next().is_some() && pastes(&known, &it.file, name, n)
        };
        let passes = |(name, arguments): &(&str, Vec<&str>)| {
            arguments.iter().enumerate().any(|argument| line(argument, name))
        };
        places(&it.body, "__COUNTER__").next().is_some()
            || is_pasted(&it.body, "__LINE__")
            || (it.body.contains("__LINE__") && calls(&it.body).iter().any(passes))
    });
    found.map(|it| (it.file.clone(), it.name.clone())).collect()
}
