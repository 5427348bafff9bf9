//! Files that the words of a command name, and that decide what the command makes.
//!
//! A profile, a list of basic blocks or symbols, an ignore list of a sanitizer: the command names the
//! file, and not what is in it. A file is hashed wherever one is named, known option or not; options
//! whose files may name others, and programs that may read any file, are told apart. Source: `Options.td` of
//! clang and `Options.td` of lld/ELF, LLVM 17 to 24.

use std::collections::BTreeSet;

/// What a command's words say of the files that it reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedFiles {
    /// Files that it certainly reads, such as a profile; a directory stands for `default.profdata` in it.
    pub certain: BTreeSet<String>,
    /// What may be the name of a file: where there is one, it counts.
    pub possible: BTreeSet<String>,
    /// Why it may read files that nobody can name.
    pub unknown: Option<String>,
}

/// Options that name a file as their value. `list=` may stand before it.
const FILES: [&str; 24] = [
    "-fprofile-use=",
    "-fprofile-instr-use=",
    "-fprofile-sample-use=",
    "-fauto-profile=",
    "-fmemory-profile-use=",
    "-fprofile-remapping-file=",
    "-fprofile-list=",
    "-fbasic-block-sections=list=",
    "-fsanitize-ignorelist=",
    "-fsanitize-blacklist=",
    "-fsanitize-system-ignorelist=",
    "-fsanitize-system-blacklist=",
    "-fsanitize-coverage-allowlist=",
    "-fsanitize-coverage-whitelist=",
    "-fsanitize-coverage-ignorelist=",
    "-fsanitize-coverage-blacklist=",
    "-fexperimental-sanitize-metadata-ignorelist=",
    "-fxray-always-instrument=",
    "-fxray-never-instrument=",
    "-fxray-attr-list=",
    "--symbol-ordering-file=",
    "--call-graph-ordering-file=",
    "--lto-sample-profile=",
    "--lto-cs-profile-file=",
];

/// Options that read files of which the command names one at most.
const OPEN: [(&str, &str); 10] = [
    ("@", "a response file may name others"),
    ("--config", "a configuration file may name others"),
    ("-fplugin", "a plugin may read any file"),
    ("-fpass-plugin", "a plugin may read any file"),
    ("-load", "a plugin may read any file"),
    ("--load-pass-plugin", "a plugin may read any file"),
    ("-plugin", "a plugin may read any file"),
    ("--plugin", "a plugin may read any file"),
    ("-ivfsoverlay", "an overlay names others"),
    ("-specs", "a specification may name others"),
];

/// Options that name what is written, or a directory.
const WRITTEN: [&str; 6] = ["--lto-obj-path=", "-Wp,-M", "-MF", "--thinlto-cache-dir=", "-I", "-D"];

impl NamedFiles {
    /// Reads the words behind the program. Those that name inputs which are hashed anyway, and the
    /// output, may be among them.
    #[must_use]
    pub fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut named = Self::default();
        let mut is_output = false;
        for word in words {
            if std::mem::take(&mut is_output) {
                continue;
            }
            is_output = matches!(word, "-o" | "-MF" | "-MT" | "-MQ");
            named.word(word);
        }
        named
    }

    fn word(&mut self, word: &str) {
        if let Some((_, why)) = OPEN.iter().find(|(start, _)| opens(word, start)) {
            self.unknown.get_or_insert_with(|| format!("{word}: {why}"));
        }
        if let Some(file) = FILES.iter().find_map(|option| word.strip_prefix(option)) {
            self.certain.insert(file.to_owned());
            return;
        }
        if matches!(word, "-fprofile-use" | "-fprofile-instr-use") {
            self.certain.insert(".".to_owned());
            return;
        }
        if WRITTEN.iter().any(|start| word.starts_with(start)) {
            return;
        }
        if !word.starts_with('-') {
            self.possible.insert(word.to_owned());
        }
        // `-Wa,-I,x`, `-mllvm` with `-option=file`, `list=file`.
        let parts = word.match_indices(['=', ',']).filter_map(|(at, _)| word.get(at + 1..));
        self.possible.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
    }
}

/// Whether an option is this one: by itself, or with a value.
fn opens(word: &str, start: &str) -> bool {
    let Some(rest) = word.strip_prefix(start) else { return false };
    match start {
        "@" => !rest.is_empty(),
        _ => rest.is_empty() || rest.starts_with('='),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> NamedFiles {
        NamedFiles::of(text.split(' '))
    }

    #[test]
    fn options_that_name_a_file_are_known() {
        let named = of("-O2 -fprofile-sample-use=/p/a.prof -fbasic-block-sections=list=b.txt \
                        -fsanitize-ignorelist=c -fprofile-use");
        let certain: Vec<&str> = named.certain.iter().map(String::as_str).collect();
        assert_eq!(certain, [".", "/p/a.prof", "b.txt", "c"]);
        assert_eq!(named.unknown, None);
    }

    #[test]
    fn any_other_word_may_name_one() {
        let named =
            of("-mllvm -some-list=x/y.txt --symbol-ordering-file z -Wl,--option,v -o out.o");
        for file in ["x/y.txt", "z", "--option,v", "v"] {
            assert!(named.possible.contains(file), "{file}: {named:?}");
        }
        assert!(!named.possible.contains("out.o"));
    }

    #[test]
    fn what_may_read_any_file_is_said() {
        for option in [
            "@flags",
            "--config=x.cfg",
            "--config x",
            "-fplugin=x.so",
            "-fpass-plugin=x.so",
            "-Xclang -load -Xclang x.so",
            "--load-pass-plugin=x.so",
            "-ivfsoverlay x.yaml",
        ] {
            assert!(of(&format!("-O2 {option} -g")).unknown.is_some(), "{option}");
        }
        for option in ["-fplugin-arg", "-configure", "a@b", "@", "-loads"] {
            assert_eq!(of(option).unknown, None, "{option}");
        }
    }

    proptest! {
        #[test]
        fn no_words_panic(words in prop::collection::vec("\\PC{0,20}", 0..6)) {
            let _ = NamedFiles::of(words.iter().map(String::as_str));
        }

        /// Whatever an option is called, its value is looked for.
        #[test]
        fn every_value_is_looked_for(option in "-[a-z][a-z-]{2,12}", file in "[a-z/.]{1,12}") {
            let named = of(&format!("{option}={file}"));
            let found = named.certain.contains(&file) || named.possible.contains(&file);
            prop_assert!(found || named.unknown.is_some(), "{:?}", named);
        }
    }
}
