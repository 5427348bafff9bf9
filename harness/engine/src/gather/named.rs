//! Files that a compiler's command names for further options, put in their places.

use crate::fs::read_text;
use crate::toolchain::find_program;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;
use twinlto_facts::build::{Answer, CommandText, NamedFile, ObjectFacts};
use twinlto_facts::flags::{
    ConfigHome, call, compile, expand, is_compiler, lex, lex_piece, may_name_files, shell_quoted,
};

/// The bytes of a file, none where there is no such file, or why it cannot be read.
type FileRead = Result<Option<Vec<u8>>, String>;

/// The objects of one build whose commands are completed.
pub(crate) struct Named<'d> {
    dir: &'d Path,
    /// Directories of compilers that hold configuration files, by the compiler's name.
    homes: Mutex<HashMap<String, Option<String>>>,
    files: Mutex<HashMap<PathBuf, FileRead>>,
}

/// Puts what their commands name into the commands of all objects.
pub(crate) fn complete(dir: &Path, objects: &mut BTreeMap<String, ObjectFacts>) {
    Named::new(dir).complete_all(objects);
}

/// What the commands of one object named.
#[derive(Default)]
struct Found {
    files: Vec<String>,
    issues: Vec<String>,
}

impl<'d> Named<'d> {
    pub(super) fn new(dir: &'d Path) -> Self {
        Self { dir, homes: Mutex::default(), files: Mutex::default() }
    }

    /// A recorded command with what it names, where it runs a compiler.
    pub(super) fn completed(&self, text: String) -> String {
        self.command(&text, &mut Found::default()).unwrap_or(text)
    }

    /// Puts what their commands name into the commands of all objects.
    pub(super) fn complete_all(&self, objects: &mut BTreeMap<String, ObjectFacts>) {
        objects.par_iter_mut().for_each(|(_, object)| self.complete(object));
    }

    fn complete(&self, object: &mut ObjectFacts) {
        let mut found = Found::default();
        let saved_home = object.front.get().and_then(|front| self.home_of(&front.text));
        for answer in [&mut object.front, &mut object.back] {
            if let Answer::Read(command) = answer
                && let Some(text) = self.command(&command.text, &mut found)
            {
                command.text = text;
            }
        }
        if let Some(saved) = &mut object.saved
            && let Some(text) = self.saved(saved, saved_home)
        {
            saved.text = text;
        }
        found.files.sort();
        found.files.dedup();
        object.named = found
            .files
            .into_iter()
            .map(|path| NamedFile { modified: self.modified(&path), path })
            .collect();
        found.issues.sort();
        found.issues.dedup();
        let issue = |issue: &String| {
            format!("its command names a file of further options, which are not compared: {issue}")
        };
        object.issues.extend(found.issues.iter().map(issue));
    }

    fn modified(&self, path: &str) -> Option<SystemTime> {
        std::fs::metadata(self.dir.join(path)).and_then(|meta| meta.modified()).ok()
    }

    /// A command with the words of its files; none where it names none.
    fn command(&self, text: &str, found: &mut Found) -> Option<String> {
        let home = self.home_of(text);
        if home.is_none() && !may_name_files(text) {
            return None;
        }
        let commands = lex(text).ok()?;
        let command = compile(&commands)?;
        let call = call(&command.words);
        if !is_compiler(call.program) {
            return None;
        }
        let arguments: Vec<Cow<'_, str>> =
            call.arguments.iter().map(|word| Cow::Borrowed(*word)).collect();
        let words = self.expanded(&arguments, home, found)?;
        let own = command.words.len().saturating_sub(call.arguments.len());
        let before = command.words.iter().take(own).map(|word| word_before(word));
        let quoted: Vec<Cow<'_, str>> =
            before.chain(words.iter().map(|word| shell_quoted(word))).collect();
        // The rest of the line stays as it is.
        Some(text.replacen(command.text, &quoted.join(" "), 1))
    }

    /// Saved options, which are a piece of a command.
    fn saved(&self, saved: &CommandText, home: Option<String>) -> Option<String> {
        if home.is_none() && !may_name_files(&saved.text) {
            return None;
        }
        let words = lex_piece(&saved.text)?;
        let mut found = Found::default();
        // What clang reads unasked nobody has to save.
        let words = self.expanded(&words, None, &mut found)?;
        let quoted: Vec<Cow<'_, str>> = words.iter().map(|word| shell_quoted(word)).collect();
        Some(quoted.join(" "))
    }

    /// The words with those of the files; none where no file was read and none is missing.
    fn expanded(
        &self,
        words: &[Cow<'_, str>],
        home: Option<String>,
        found: &mut Found,
    ) -> Option<Vec<String>> {
        let mut read = |path: &str| self.read(path);
        let expanded = expand(words, &ConfigHome { driver: home }, &mut read);
        if expanded.files.is_empty() && expanded.issues.is_empty() {
            return None;
        }
        found.files.extend(expanded.files);
        found.issues.extend(expanded.issues);
        Some(expanded.words)
    }

    fn read(&self, path: &str) -> FileRead {
        let path = self.dir.join(path);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || match read_text(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        files.entry(path.clone()).or_insert_with(read).clone()
    }

    /// The directory of the compiler that a command runs, where configuration files lie in it.
    fn home_of(&self, text: &str) -> Option<String> {
        let program = text.split(' ').take(WORDS_BEFORE).find(|word| is_compiler(word))?;
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = homes.get(program) {
            return known.clone();
        }
        let home = self.with_configuration(program);
        homes.insert(program.to_owned(), home.clone());
        home
    }

    fn with_configuration(&self, program: &str) -> Option<String> {
        let path = match program.contains('/') {
            true => self.dir.join(program),
            false => find_program(program)?,
        };
        // clang looks beside the program itself, and not beside a link to it.
        let dir = path.canonicalize().ok()?.parent()?.to_owned();
        let mut entries = std::fs::read_dir(&dir).ok()?.flatten();
        let is_configuration =
            |name: &std::ffi::OsStr| Path::new(name).extension().is_some_and(|e| e == "cfg");
        entries.any(|entry| is_configuration(&entry.file_name())).then(|| dir.display().to_string())
    }
}

/// Among so many words of a command its compiler is looked for.
const WORDS_BEFORE: usize = 12;

/// A word before the options: of an assignment only the value is quoted.
fn word_before(word: &str) -> Cow<'_, str> {
    match word.split_once('=') {
        Some((name, value)) if twinlto_facts::flags::is_assignment(word) => {
            Cow::Owned(format!("{name}={}", shell_quoted(value)))
        }
        _ => shell_quoted(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(text: &str) -> Answer<CommandText> {
        Answer::Read(CommandText {
            text: text.into(),
            path: ".a.o.cmd".into(),
            target: "a.o".into(),
        })
    }

    #[test]
    fn a_response_file_stands_in_its_place() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("flags"), "-O2 @more '-DA=\"b c\"'").unwrap();
        std::fs::write(dir.path().join("more"), "-fno-PIE").unwrap();
        let object = ObjectFacts {
            front: front("A='b c' clang -g @flags -c -o a.o a.c ; objtool a.o"),
            back: front("clang -g @gone -c -o b a.o"),
            saved: Some(CommandText {
                text: "-g @flags".into(),
                path: ".a.o.cmd".into(),
                target: "a.o".into(),
            }),
            ..ObjectFacts::default()
        };
        let mut objects = BTreeMap::from([("a.o".to_owned(), object)]);
        complete(dir.path(), &mut objects);
        let object = objects.get("a.o").unwrap();
        assert_eq!(
            object.front.get().unwrap().text,
            "A='b c' clang -g -O2 -fno-PIE '-DA=\"b c\"' -c -o a.o a.c ; objtool a.o"
        );
        assert_eq!(object.saved.as_ref().unwrap().text, "-g -O2 -fno-PIE '-DA=\"b c\"'");
        assert_eq!(object.back.get().unwrap().text, "clang -g @gone -c -o b a.o");
        let paths: Vec<&str> = object.named.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["flags", "more"]);
        assert!(object.named.iter().all(|file| file.modified.is_some()));
        let [issue] = object.issues.as_slice() else { panic!("{:?}", object.issues) };
        assert!(issue.ends_with("gone: there is no such file"), "{issue}");
    }

    #[test]
    fn a_linkers_list_of_objects_is_none_of_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("builtin.order"), "a.o\n").unwrap();
        let link = "ld.lld -r -o v @builtin.order".to_owned();
        assert_eq!(Named::new(dir.path()).completed(link.clone()), link);
    }
}
