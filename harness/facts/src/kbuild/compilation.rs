use super::normalize_path;
use crate::flags::{compile, lex, parse};
use serde::Deserialize;
use std::borrow::Cow;

/// One entry of a compilation database (`compile_commands.json`; the format is clang's, "JSON
/// Compilation Database Format Specification").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileCommand {
    /// The source file.
    pub file: String,
    /// The object that its command makes; none where it names none.
    pub output: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    #[serde(default)]
    command: String,
    #[serde(default)]
    arguments: Vec<Cow<'static, str>>,
    output: Option<String>,
}

/// Reads a compilation database.
///
/// # Errors
///
/// Where it is no JSON, or no list of entries with a file.
pub fn compile_commands(bytes: &[u8]) -> Result<Vec<CompileCommand>, String> {
    let entries: Vec<Entry> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(entries
        .into_iter()
        .map(|entry| CompileCommand {
            output: entry
                .output
                .or_else(|| output_of(&entry.arguments))
                .or_else(|| output_of_text(&entry.command))
                // kbuild reaches some objects through `..`.
                .map(|output| normalize_path(&output).unwrap_or(output)),
            file: entry.file,
        })
        .collect())
}

fn output_of_text(command: &str) -> Option<String> {
    output_of(&compile(&lex(command).ok()?)?.words)
}

fn output_of(words: &[Cow<'_, str>]) -> Option<String> {
    let mut outputs = parse(words).filter(|option| option.word == "-o");
    outputs.next()?.argument.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_entry_names_its_object_in_any_form() {
        let text = r#"[
            {"file": "/s/a.c", "directory": "/b", "command": "clang -DX='\"y\"' -c -o a.o /s/a.c"},
            {"file": "b.c", "arguments": ["clang", "-o", "b.o", "b.c"]},
            {"file": "c.c", "output": "c.o"},
            {"file": "d.c"}
        ]"#;
        let read = compile_commands(text.as_bytes()).unwrap();
        let outputs: Vec<_> = read.iter().map(|entry| entry.output.as_deref()).collect();
        assert_eq!(outputs, [Some("a.o"), Some("b.o"), Some("c.o"), None]);
        assert!(compile_commands(b"{}").is_err());
        assert!(compile_commands(b"").unwrap_err().contains("EOF"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = compile_commands(&bytes);
        }
    }
}
