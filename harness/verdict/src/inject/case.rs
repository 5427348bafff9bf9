use crate::expect::{ExpectError, Glob, LlvmRange, position};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use twinlto_model::{Arch, RenameOption, Severity};

/// One known defect: where it is known from, how it is put into a kernel, and what must be said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// The name of its directory.
    #[serde(skip)]
    pub name: String,
    /// What goes wrong, in one sentence.
    pub title: String,
    /// Where it is known from: a revision of the series, or `seen on …`.
    pub source: String,
    /// Whether nothing must be found: the mutation, if there is one, is harmless.
    #[serde(default)]
    pub negative: bool,
    /// Untouched kernels that are guilty of it, such as `Linux 7.3.4`, or a tool. There it needs no
    /// mutation.
    pub live: Option<String>,
    /// What one would send to the kernel's maintainers of a live one: what, where, how to reproduce
    /// it, on which versions.
    pub report: Option<String>,
    /// Where it can be shown.
    #[serde(default)]
    pub applies: Applies,
    /// What is done.
    #[serde(default)]
    pub inject: Injection,
    /// What must be found.
    #[serde(default)]
    pub expect: Vec<Expected>,
    /// What else may be found: lawful consequences.
    #[serde(default)]
    pub may: Vec<Subject>,
    /// What must not be found, not even as a note.
    #[serde(default, rename = "must_not")]
    pub must_not: Vec<Subject>,
}

/// Where a case can be shown. What is left out stands for everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Applies {
    /// Kernels.
    #[serde(default, deserialize_with = "some")]
    pub kernel: Vec<KernelKind>,
    /// Architectures.
    #[serde(default, deserialize_with = "some")]
    pub arch: Vec<Arch>,
    /// Versions of LLVM: `22`, `>=23`, `<=21` or `17..22`.
    pub llvm: Option<String>,
    /// What becomes of promoted names, as a distributed link of two files shows it.
    #[serde(default, deserialize_with = "some")]
    pub rename_option: Vec<RenameOption>,
    /// Symbols that the configuration must have, without `CONFIG_`.
    #[serde(default, deserialize_with = "some")]
    pub config: Vec<String>,
    /// Whether a second LLVM is needed, of another major version (`--other-llvm`).
    #[serde(default)]
    pub other_llvm: bool,
    /// Whether a ccache that knows backends is needed (4.14 or later, in `PATH`).
    #[serde(default)]
    pub ccache: bool,
}

/// A list that says something: an empty one would stand for everywhere, and read as nowhere.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(from)?;
    match list.is_empty() {
        true => Err(serde::de::Error::custom("the list is empty; leave it out for everywhere")),
        false => Ok(list),
    }
}

/// Which kernel a case or an edit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelKind {
    /// twinlto's own.
    Pocket,
    /// Linux.
    Linux,
}

/// What is done to a kernel and its build, in this order: edits, copy of the build, changes,
/// configuration, removal of objects, make.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Injection {
    /// Whose build it is done to.
    #[serde(default)]
    pub side: Side,
    /// How far is built afterwards.
    #[serde(default)]
    pub goal: Goal,
    /// Edits of the source tree.
    #[serde(default)]
    pub edit: Vec<Edit>,
    /// Changes of the build directory.
    #[serde(default)]
    pub change: Vec<Change>,
    /// Symbols of the configuration, without `CONFIG_`, and their values as `.config` has them.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// Variables on make's command line.
    #[serde(default)]
    pub make: BTreeMap<String, String>,
    /// IR objects that the front end compiles once more.
    #[serde(default)]
    pub redo: Vec<String>,
}

/// Whose build a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The distributed build.
    #[default]
    Distributed,
    /// The in-process build, compared with the untouched distributed one.
    InProcess,
    /// Both builds.
    Both,
    /// The in-process build, switched to distributed mode where it is.
    Switched,
}

/// How far a build goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Nothing is built.
    #[default]
    Nothing,
    /// Nothing: make's dry run tells what the backends would be given (`audit --planned`).
    Planned,
    /// Thin link, backends and archive: `vmlinux_a`.
    Archive,
    /// All of it, compared with the other mode.
    Kernel,
    /// `make clean`, and a look at what is left.
    Clean,
    /// `compile_commands.json`, held against the recorded commands.
    CompileCommands,
}

/// One text of one file of the source tree, replaced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Edit {
    /// The file, relative to the tree.
    pub file: String,
    /// A text that stands in it exactly once.
    pub anchor: String,
    /// What stands there afterwards.
    pub replacement: String,
    /// Only in this kernel.
    pub kernel: Option<KernelKind>,
}

/// One change of a build directory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Change {
    /// The file, relative to the build directory; with [`ChangeKind::RemoveLines`] a pattern.
    pub file: String,
    /// What is done to it.
    #[serde(rename = "do")]
    pub kind: ChangeKind,
    /// The other file of a swap.
    pub with: Option<String>,
    /// A text that stands in the file exactly once; of lines, what they contain.
    pub anchor: Option<String>,
    /// What stands there afterwards.
    pub replacement: Option<String>,
    /// Only in this kernel.
    pub kernel: Option<KernelKind>,
}

/// What is done to a file of a build directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The second half is cut off.
    Truncate,
    /// Nothing is left in it.
    Empty,
    /// It is removed.
    Remove,
    /// It gets the present time.
    Touch,
    /// It changes places with another.
    Swap,
    /// A text is replaced.
    Replace,
    /// Lines that contain the anchor are removed.
    RemoveLines,
    /// Lines that contain the anchor stand twice.
    RepeatLines,
}

/// A finding that must be there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expected {
    /// Its key.
    pub key: String,
    /// Patterns; each subject of the finding matches one of them, and each of them a subject.
    #[serde(default)]
    pub subject: Vec<String>,
    /// What its cause contains.
    pub cause: Option<String>,
    /// What it says somewhere: cause, effect, evidence or remedy.
    #[serde(default)]
    pub says: Vec<String>,
    /// The row of the corpus that it is recognised as.
    pub defect: Option<String>,
    /// Its severity.
    pub severity: Option<Severity>,
    /// Only on these architectures.
    #[serde(default)]
    pub arch: Vec<Arch>,
}

/// Findings by key and subject.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Subject {
    /// Pattern of keys.
    pub key: String,
    /// Pattern of subjects.
    pub subject: Option<String>,
    /// Words that must stand in its cause: a consequence that is told as one.
    pub cause: Option<String>,
    /// Why it may be there, or must not.
    pub reason: String,
}

/// Where to read on.
const MANUAL: &str = "docs/INJECT.md lists every field with an example";

impl Case {
    /// Reads one `case.toml`. `name` is that of its directory, `file` the file's for messages.
    ///
    /// # Errors
    ///
    /// Names line and column of what is no TOML, of an unknown field, or of a case that could say
    /// nothing or anything.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Self, ExpectError> {
        let error = |at: usize, why: String| {
            let (line, column) = position(text, at);
            let (file, hint) = (file.to_owned(), MANUAL.to_owned());
            ExpectError { file, line, column, why, hint }
        };
        let case: Self = toml::from_str(text).map_err(|bad| {
            error(bad.span().map_or(0, |span| span.start), bad.message().to_owned())
        })?;
        match case.mistake() {
            Some((word, why)) => Err(error(text.find(&word).unwrap_or(0), why)),
            None => Ok(Self { name: name.to_owned(), ..case }),
        }
    }

    /// What makes no sense, and a word near which it stands.
    fn mistake(&self) -> Option<(String, String)> {
        let at = |word: &str, why: String| Some((word.to_owned(), why));
        if self.title.trim().is_empty() {
            return at("title", "the title is empty".to_owned());
        }
        if self.source.trim().is_empty() {
            return at("source", "the source is empty".to_owned());
        }
        if self.negative != self.expect.is_empty() {
            let why = match self.negative {
                true => "a negative case expects findings",
                false => "it expects nothing; say negative = true if nothing must be found",
            };
            return at("expect", why.to_owned());
        }
        if self.report.is_some() != self.live.is_some() {
            return at("live", "a live defect has a report, and no other has".to_owned());
        }
        if self.negative && self.inject.is_nothing() && !self.inject.goal.builds() {
            return at("title", "it does nothing and expects nothing".to_owned());
        }
        if !self.negative && self.inject.is_nothing() && self.live.is_none() {
            return at("title", "it changes nothing, and no kernel is said to have it".to_owned());
        }
        if let Some(llvm) = &self.applies.llvm
            && let Err(why) = llvm.parse::<LlvmRange>()
        {
            return at(llvm, why);
        }
        let symbols = self.applies.config.iter().chain(self.inject.config.keys());
        if let Some(symbol) = symbols.into_iter().find(|symbol| symbol.starts_with("CONFIG_")) {
            return at(symbol, format!("{symbol} is named without CONFIG_"));
        }
        for edit in &self.inject.edit {
            if edit.anchor.is_empty() || edit.anchor == edit.replacement {
                return at(&edit.file, format!("the edit of {} changes nothing", edit.file));
            }
        }
        let files = self.inject.edit.iter().map(|edit| &edit.file);
        for file in files.chain(self.inject.change.iter().map(|change| &change.file)) {
            if file.starts_with('/') || file.split('/').any(|part| part == "..") {
                return at(file, format!("{file} is no path below the tree"));
            }
        }
        for change in &self.inject.change {
            if let Some(missing) = change.missing() {
                return at(&change.file, format!("the change of {} needs {missing}", change.file));
            }
        }
        let keys = self.expect.iter().map(|expected| (&expected.key, false));
        let patterns = self.may.iter().chain(&self.must_not).map(|subject| (&subject.key, true));
        for (key, pattern) in keys.chain(patterns) {
            let glob = Glob::new(key);
            let known = |name: &str| if pattern { glob.matches(name) } else { name == key };
            if !crate::expect::every_key().any(known) {
                let close = crate::expect::closest_key(key)
                    .map_or(String::new(), |close| format!("; {close} was meant?"));
                return at(key, format!("no finding has the key {key}{close}"));
            }
        }
        None
    }
}

impl Applies {
    /// Whether the case is for this major version of LLVM.
    #[must_use]
    pub fn takes_llvm(&self, major: u32) -> bool {
        let range = self.llvm.as_deref().and_then(|text| text.parse::<LlvmRange>().ok());
        range.is_none_or(|range| range.contains(major))
    }
}

impl Injection {
    /// Whether nothing at all is changed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.edit.is_empty()
            && self.change.is_empty()
            && self.config.is_empty()
            && self.make.is_empty()
            && self.side != Side::Switched
    }
}

impl Goal {
    /// Whether anything is built.
    #[must_use]
    pub const fn builds(self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

impl Change {
    /// The field that this kind of change needs and has not.
    fn missing(&self) -> Option<&'static str> {
        let empty = |field: &Option<String>| field.as_deref().is_none_or(str::is_empty);
        match self.kind {
            ChangeKind::Swap if empty(&self.with) => Some("with"),
            ChangeKind::Replace if empty(&self.anchor) => Some("anchor"),
            ChangeKind::Replace if self.replacement.is_none() => Some("replacement"),
            ChangeKind::RemoveLines | ChangeKind::RepeatLines if empty(&self.anchor) => {
                Some("anchor")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "title = 'x'\nsource = 'v4'\n[inject]\ngoal = 'archive'\n\
        [[inject.edit]]\nfile = 'Makefile'\nanchor = 'a'\nreplacement = 'b'\n\
        [[expect]]\nkey = 'native.empty'\n";

    fn why(text: &str) -> String {
        Case::parse("x", "case.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn a_case_is_read() {
        let case = Case::parse("x", "case.toml", GOOD).unwrap();
        assert_eq!((case.name.as_str(), case.inject.goal), ("x", Goal::Archive));
        assert_eq!(case.inject.edit.len(), 1);
    }

    #[test]
    fn an_unknown_field_is_an_error_with_its_line() {
        let text = GOOD.replace("goal = 'archive'", "gaol = 'archive'");
        assert!(
            why(&text).starts_with("case.toml, line 4, column 1: unknown field"),
            "{}",
            why(&text)
        );
    }

    #[test]
    fn a_mistyped_key_is_named() {
        let text = GOOD.replace("native.empty", "native.emty");
        assert!(why(&text).contains("native.empty was meant?"), "{}", why(&text));
    }

    #[test]
    fn what_could_say_nothing_is_refused() {
        let nothing = "title = 'x'\nsource = 'y'\n[[expect]]\nkey = 'native.empty'\n";
        assert!(why(nothing).contains("it changes nothing"), "{}", why(nothing));
        let same = GOOD.replace("replacement = 'b'", "replacement = 'a'");
        assert!(why(&same).contains("changes nothing"), "{}", why(&same));
        let silent = "title = 'x'\nsource = 'y'\n[inject]\ngoal = 'archive'\n";
        assert!(why(silent).contains("expects nothing"), "{}", why(silent));
        let outside = GOOD.replace("'Makefile'", "'../Makefile'");
        assert!(why(&outside).contains("no path below the tree"), "{}", why(&outside));
        let llvm = format!("{GOOD}[applies]\nllvm = 'new'\n");
        assert!(why(&llvm).contains("no major version of LLVM"), "{}", why(&llvm));
    }
}
