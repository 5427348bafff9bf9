//! The edits: `tests/edits/*.toml`, one file an area of the build.

use std::path::Path;

/// One edit, and what is expected of it.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// Unique among all edits.
    pub(crate) name: String,
    /// The step of the build that it is about; the file it stands in.
    pub(crate) area: String,
    /// The architecture it is tried on.
    pub(crate) arch: String,
    /// File of the tree, text that stands there once, and what shall stand there.
    pub(crate) changes: Vec<(String, String, String)>,
    /// What twinlto should say of it.
    pub(crate) expect: Expect,
    /// Words of a line about what was not compared, where that is all that is said of it.
    pub(crate) listed: Option<String>,
    /// Whether the second build is made from clean: what no recorded command shows does not make
    /// anything anew in a copy of the first.
    pub(crate) is_separate: bool,
}

/// What twinlto should say of an edit that changes a kernel.
#[derive(Debug, Clone)]
pub(crate) enum Expect {
    /// It changes nothing, or both kernels alike: no alarm.
    Harmless,
    /// A finding that holds all words of one of these lists: the object, section, symbol or file,
    /// and, where there is one, the option.
    About(Vec<Vec<String>>),
}

/// Every edit, in the order of their files and of their places in them.
pub(crate) fn all(dir: &Path) -> Vec<Edit> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "toml"));
    files.sort();
    files.iter().flat_map(|path| of_file(path)).collect()
}

fn of_file(path: &Path) -> Vec<Edit> {
    let text = std::fs::read_to_string(path).unwrap();
    let table: toml::Table =
        text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let area = table["area"].as_str().unwrap();
    let edits = table["edit"].as_array().unwrap();
    edits.iter().map(|edit| of_table(edit.as_table().unwrap(), area)).collect()
}

fn of_table(table: &toml::Table, area: &str) -> Edit {
    let name = table["name"].as_str().unwrap().to_owned();
    let allowed =
        ["name", "arch", "change", "file", "anchor", "replacement", "expect", "listed", "separate"];
    let unknown = table.keys().find(|key| !allowed.contains(&key.as_str()));
    assert!(unknown.is_none(), "{name}: {unknown:?}");
    let text = |table: &toml::Table, key: &str| match &table[key] {
        toml::Value::String(text) => text.clone(),
        other => panic!("{name}: {key} is {other:?}"),
    };
    let change = |table: &toml::Table| {
        (text(table, "file"), text(table, "anchor"), text(table, "replacement"))
    };
    let mut changes = Vec::new();
    if table.contains_key("file") {
        changes.push(change(table));
    }
    for more in table.get("change").and_then(toml::Value::as_array).into_iter().flatten() {
        changes.push(change(more.as_table().unwrap()));
    }
    assert!(!changes.is_empty(), "{name}: changes nothing");
    let arch = table.get("arch").map_or("arm64", |it| it.as_str().unwrap()).to_owned();
    let expect = expectation(&table["expect"], &name);
    let listed = table.get("listed").map(|it| it.as_str().unwrap().to_owned());
    let is_separate = table.get("separate").is_some_and(|it| it.as_bool().unwrap());
    Edit { arch, changes, expect, listed, is_separate, area: area.to_owned(), name }
}

fn expectation(value: &toml::Value, name: &str) -> Expect {
    let words = |value: &toml::Value| match value {
        toml::Value::String(word) => vec![word.clone()],
        toml::Value::Array(words) => {
            words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
        }
        other => panic!("{name}: expects {other:?}"),
    };
    match value {
        toml::Value::String(text) if text == "harmless" => Expect::Harmless,
        toml::Value::Array(lists) if !lists.is_empty() => {
            Expect::About(lists.iter().map(words).collect())
        }
        other => panic!("{name}: expects {other:?}"),
    }
}
