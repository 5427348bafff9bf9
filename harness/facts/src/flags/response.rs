//! Response files and configuration files: what stands in them belongs into the command.
//!
//! Source: `llvm/lib/Support/CommandLine.cpp` (`TokenizeGNUCommandLine`, `tokenizeConfigFile`,
//! `ExpansionContext`) and `clang/lib/Driver/Driver.cpp` (`loadConfigFiles`,
//! `loadDefaultConfigFiles`), LLVM 17 to 22.

use std::borrow::Cow;
use std::collections::VecDeque;

/// How deep files may name files.
const DEEPEST: usize = 16;

/// How many words a command may become.
const MOST_WORDS: usize = 1 << 16;

/// How many bytes are read for one command.
const MOST_BYTES: usize = 4 << 20;

/// A command with the contents of its files in their places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// Its words.
    pub words: Vec<String>,
    /// The files that were read, as they are found from the command's directory, in order.
    pub files: Vec<String>,
    /// What could not be put in its place, each with the reason.
    pub issues: Vec<String>,
}

/// Where clang looks for configuration files that are named without a directory, and for those
/// that it reads unasked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigHome {
    /// The directory of the compiler; none where it is not known.
    pub driver: Option<String>,
}

/// Reads a file by its path from the command's directory: its bytes; an error with the reason; none
/// where there is no such file.
pub type ReadFile<'r> = dyn FnMut(&str) -> Result<Option<Vec<u8>>, String> + 'r;

/// Whether a command may name files with further words.
#[must_use]
pub fn may_name_files(text: &str) -> bool {
    text.contains('@') || text.contains("--config")
}

/// Puts the contents of `@FILE` and `--config FILE` in their places. `words` are what the compiler
/// is given, without its name.
pub fn expand(words: &[Cow<'_, str>], home: &ConfigHome, read: &mut ReadFile<'_>) -> Expanded {
    let mut work = Work { home, read, expanded: Expanded::default(), bytes: 0 };
    let mut unasked = Vec::new();
    work.default_files(words, &mut unasked);
    let words = words.iter().map(|word| Word { text: word.clone().into_owned(), of: Vec::new() });
    let rest = work.run(words.collect(), None);
    // clang puts what configuration files hold before everything else.
    let (mut front, behind): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(config, _)| *config);
    unasked.append(&mut front);
    let all = unasked.into_iter().chain(behind);
    work.expanded.words = all.map(|(_, text)| text).collect();
    work.expanded
}

/// A word and the files that it came from.
struct Word {
    text: String,
    of: Vec<String>,
}

struct Work<'w, 'r> {
    home: &'w ConfigHome,
    read: &'w mut ReadFile<'r>,
    expanded: Expanded,
    bytes: usize,
}

/// A word and whether it is of a configuration file.
type Told = (bool, String);

impl Work<'_, '_> {
    /// Expands words; those of a configuration file name others from its directory.
    fn run(&mut self, mut words: VecDeque<Word>, config: Option<&str>) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        let is_config = config.is_some();
        while let Some(word) = words.pop_front() {
            if told.len() >= MOST_WORDS {
                self.issue("the command", "it becomes too many words");
                break;
            }
            if let Some(file) = word.text.strip_prefix('@').filter(|file| !file.is_empty()) {
                let path = config.map_or_else(|| file.to_owned(), |of| beside(of, file));
                match self.words_of(&path, &word.of, false) {
                    Some(found) => found.into_iter().rev().for_each(|word| words.push_front(word)),
                    // clang takes it for the name of an input file then.
                    None => told.push((is_config, word.text)),
                }
                continue;
            }
            let named = match word.text.strip_prefix("--config") {
                Some("") => words.pop_front().map(|next| next.text),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None => None,
            };
            match named {
                Some(name) => {
                    let path = self.config_path(&name, config);
                    told.extend(self.config_file(&path, &word.of));
                }
                None => told.push((is_config, word.text)),
            }
        }
        told
    }

    fn config_file(&mut self, path: &str, of: &[String]) -> Vec<Told> {
        match self.words_of(path, of, true) {
            Some(words) => self.run(words.into(), Some(path)),
            None => Vec::new(),
        }
    }

    /// The words of a file; none where it cannot be read, which is said.
    fn words_of(&mut self, path: &str, of: &[String], config: bool) -> Option<Vec<Word>> {
        if of.iter().any(|file| file == path) || of.len() >= DEEPEST {
            self.issue(path, "it names itself, or files are nested too deep");
            return None;
        }
        let bytes = match (self.read)(path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                self.issue(path, "there is no such file");
                return None;
            }
            Err(why) => {
                self.issue(path, &why);
                return None;
            }
        };
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MOST_BYTES {
            self.issue(path, "the files of one command are too large");
            return None;
        }
        if !self.expanded.files.iter().any(|file| file == path) {
            self.expanded.files.push(path.to_owned());
        }
        let text = String::from_utf8_lossy(&bytes);
        let texts = if config { config_words(&text, directory(path)) } else { gnu_words(&text) };
        let mut of = of.to_vec();
        of.push(path.to_owned());
        Some(texts.into_iter().map(|text| Word { text, of: of.clone() }).collect())
    }

    /// Where a configuration file is: as it is named where that is a path, else in the directories
    /// of configuration files.
    fn config_path(&self, name: &str, config: Option<&str>) -> String {
        if name.contains('/') {
            return config.map_or_else(|| name.to_owned(), |of| beside(of, name));
        }
        let home = self.home.driver.as_deref();
        home.map_or_else(|| name.to_owned(), |dir| format!("{dir}/{name}"))
    }

    /// What clang reads unasked: `TRIPLE-clang.cfg`, or `TRIPLE.cfg` and `clang.cfg`.
    fn default_files(&mut self, words: &[Cow<'_, str>], told: &mut Vec<Told>) {
        let Some(dir) = self.home.driver.clone() else { return };
        if words.iter().any(|word| word == "--no-default-config") {
            return;
        }
        let triples = target(words).map(triples).unwrap_or_default();
        for triple in &triples {
            let both = format!("{dir}/{triple}-clang.cfg");
            if self.is_there(&both) {
                told.extend(self.config_file(&both, &[]));
                return;
            }
        }
        let triple = triples.iter().map(|triple| format!("{dir}/{triple}.cfg"));
        let found = triple.into_iter().find(|path| self.is_there(path));
        for path in [Some(format!("{dir}/clang.cfg")), found].into_iter().flatten() {
            if self.is_there(&path) {
                told.extend(self.config_file(&path, &[]));
            }
        }
    }

    fn is_there(&mut self, path: &str) -> bool {
        !matches!((self.read)(path), Ok(None))
    }

    fn issue(&mut self, what: &str, why: &str) {
        self.expanded.issues.push(format!("{what}: {why}"));
    }
}

/// The last target that a command names.
fn target<'w>(words: &'w [Cow<'_, str>]) -> Option<&'w str> {
    let mut joined = words.iter().filter_map(|word| word.strip_prefix("--target="));
    let mut pairs = words.windows(2).filter_map(|pair| match pair {
        [name, value] if name == "-target" => Some(value.as_ref()),
        _ => None,
    });
    joined.next_back().or_else(|| pairs.next_back())
}

/// A triple as it is written and with the vendor that clang puts in.
fn triples(target: &str) -> Vec<String> {
    let mut triples = vec![target.to_owned()];
    let parts: Vec<&str> = target.split('-').collect();
    if let [arch, system, environment] = parts.as_slice() {
        triples.push(format!("{arch}-unknown-{system}-{environment}"));
    }
    triples
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(dir, _)| dir)
}

/// A file that another one names, from the directory of that one.
fn beside(of: &str, file: &str) -> String {
    if file.starts_with('/') || directory(of) == "." {
        return file.to_owned();
    }
    format!("{}/{file}", directory(of))
}

/// The words of a response file: blanks part them, a backslash takes the next character as it is,
/// inside both kinds of quotes as well; empty words are dropped (`cl::TokenizeGNUCommandLine`).
#[must_use]
pub fn gnu_words(text: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (_, '\\') => word.push(chars.next().unwrap_or('\\')),
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ' | '\t' | '\r' | '\n') => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (None, c) => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The words of a configuration file: as of a response file, line by line; `#` at the start of a
/// line begins a comment, a backslash at its end goes on, and `<CFGDIR>` is the file's directory
/// (`cl::tokenizeConfigFile`).
fn config_words(text: &str, dir: &str) -> Vec<String> {
    let (mut words, mut line) = (Vec::new(), String::new());
    for part in text.split('\n') {
        let part = part.strip_suffix('\r').unwrap_or(part);
        if line.is_empty() && part.trim_start().starts_with('#') {
            continue;
        }
        let slashes = part.chars().rev().take_while(|c| *c == '\\').count();
        if slashes % 2 == 1 {
            line.push_str(part.strip_suffix('\\').unwrap_or(part));
            continue;
        }
        line.push_str(part);
        words.extend(gnu_words(&line));
        line.clear();
    }
    words.extend(gnu_words(&line));
    words.into_iter().map(|word| word.replace("<CFGDIR>", dir)).collect()
}

/// A word as a shell takes it for one.
#[must_use]
pub fn shell_quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_=+./,:@%".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn expanded(line: &str, driver: Option<&str>, files: &[(&str, &str)]) -> Expanded {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        let words = lex(line).unwrap().remove(0).words;
        let home = ConfigHome { driver: driver.map(str::to_owned) };
        let mut read = |path: &str| Ok(files.get(path).map(|text| text.as_bytes().to_vec()));
        expand(&words, &home, &mut read)
    }

    #[test]
    fn words_are_split_as_llvm_does() {
        let text = "-Da=b '-Dc=d e'\t\"-Df='g'\"\\ h -D\\'i\n\"\" '\\'' j\\\\k l\\";
        assert_eq!(gnu_words(text), ["-Da=b", "-Dc=d e", "-Df='g' h", "-D'i", "'", "j\\k", "l\\"]);
    }

    #[test]
    fn files_stand_where_they_are_named_and_may_name_others() {
        let found = expanded(
            "-a @x -b '@y z'",
            None,
            &[("x", "-c @sub/n -d"), ("sub/n", "-e\n@m"), ("m", "-f"), ("y z", "'-g h'")],
        );
        assert_eq!(found.words, ["-a", "-c", "-e", "-f", "-d", "-b", "-g h"]);
        assert_eq!(found.files, ["x", "sub/n", "m", "y z"]);
        assert!(found.issues.is_empty());
    }

    #[test]
    fn what_is_not_there_or_without_end_is_said() {
        let found = expanded("-a @gone @loop", None, &[("loop", "-b @loop")]);
        assert_eq!(found.words, ["-a", "@gone", "-b", "@loop"]);
        let [gone, looped] = found.issues.as_slice() else { panic!("{found:?}") };
        assert_eq!(gone, "gone: there is no such file");
        assert!(looped.contains("names itself"));
        let big = "@b ".repeat(40);
        let wide: Vec<(String, String)> =
            (0..20).map(|n| (format!("b{n}"), format!("@b{} ", n + 1).repeat(40))).collect();
        let files: Vec<(&str, &str)> = wide
            .iter()
            .map(|(n, t)| (n.as_str(), t.as_str()))
            .chain([("b", big.as_str())])
            .collect();
        let found = expanded("@b0", None, &files);
        assert!(!found.issues.is_empty() && found.words.len() <= MOST_WORDS + 1);
    }

    #[test]
    fn configuration_files_come_before_everything() {
        let files = [
            ("/opt/bin/own.cfg", "# a comment @x\n-a \\\n-b @n\n-I<CFGDIR>/i"),
            ("/opt/bin/n", "-c"),
            ("dir/x.cfg", "-d"),
        ];
        let found = expanded("-O2 --config=own.cfg --config dir/x.cfg", Some("/opt/bin"), &files);
        assert_eq!(found.words, ["-a", "-b", "-c", "-I/opt/bin/i", "-d", "-O2"]);
        assert_eq!(found.files, ["/opt/bin/own.cfg", "/opt/bin/n", "dir/x.cfg"]);
    }

    #[test]
    fn what_clang_reads_unasked_is_found_beside_it() {
        let of = |line: &str, files: &[(&str, &str)]| expanded(line, Some("/b"), files).words;
        let both = [("/b/clang.cfg", "-a"), ("/b/aarch64-linux-gnu.cfg", "-b")];
        assert_eq!(
            of("-O2 --target=aarch64-linux-gnu", &both),
            ["-a", "-b", "-O2", "--target=aarch64-linux-gnu"]
        );
        assert_eq!(of("-O2 --no-default-config", &both), ["-O2", "--no-default-config"]);
        let one = [("/b/clang.cfg", "-a"), ("/b/x86_64-unknown-linux-gnu-clang.cfg", "-c")];
        assert_eq!(of("-target x86_64-linux-gnu", &one), ["-c", "-target", "x86_64-linux-gnu"]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}", line in "[@a-c =-]{0,30}") {
            let words: Vec<Cow<'_, str>> = line.split(' ').map(Cow::Borrowed).collect();
            let mut read = |_: &str| Ok(Some(text.clone().into_bytes()));
            let _ = expand(&words, &ConfigHome::default(), &mut read);
        }

        /// What is quoted for a shell is one word again.
        #[test]
        fn quoting_brings_words_back(word in "[^\\x00]{0,20}") {
            let line = format!("x {}", shell_quoted(&word));
            let words = lex(&line).unwrap().remove(0).words;
            prop_assert_eq!(words.get(1).map(Cow::as_ref), Some(word.as_str()));
        }
    }
}
