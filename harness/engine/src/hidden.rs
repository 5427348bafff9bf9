//! Files that decide what a command makes and that neither its words nor its inputs hold: what
//! assembly includes, profiles, lists, configuration files of the compiler. Whoever keeps what a command
//! has made hashes them; where one cannot be known, nothing is kept.

use crate::fs::read_regular;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use twinlto_facts::asm::AsmFiles;
use twinlto_facts::named::NamedFiles;

/// The files that a command in `dir` reads besides its inputs, as they are named. `words` are those behind the
/// program, `assembly` what it assembles.
///
/// # Errors
///
/// Why they cannot all be known, in one line.
pub(crate) fn files<'a>(
    dir: &Path,
    words: &[&str],
    assembly: impl IntoIterator<Item = &'a AsmFiles>,
) -> Result<BTreeSet<PathBuf>, String> {
    let named = NamedFiles::of(words.iter().copied());
    if let Some(why) = named.unknown {
        return Err(why);
    }
    let mut found = BTreeSet::new();
    for name in &named.certain {
        // Source: `-fprofile-use=` of clang's command line reference, LLVM 17 to 24.
        let path = Path::new(name);
        let path =
            if dir.join(path).is_dir() { path.join("default.profdata") } else { path.into() };
        found.insert(readable(dir, &path)?);
    }
    found.extend(named.possible.iter().map(PathBuf::from).filter(|it| dir.join(it).is_file()));
    let directories = include_directories(words);
    for files in assembly {
        if let Some(why) = &files.unknown {
            return Err(why.clone());
        }
        for file in &files.files {
            let path = PathBuf::from(&file.path);
            let beside = directories.iter().map(|it| Path::new(it).join(&path));
            let is_there = |it: &PathBuf| dir.join(it).is_file();
            let first = std::iter::once(path.clone()).chain(beside).find(is_there);
            found.insert(readable(dir, &first.unwrap_or(path))?);
        }
    }
    Ok(found)
}

fn readable(dir: &Path, path: &Path) -> Result<PathBuf, String> {
    match std::fs::File::open(dir.join(path)) {
        Ok(_) => Ok(path.to_owned()),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Where `.incbin` and `.include` look next. Source: `initTargetOptions` in
/// `clang/lib/CodeGen/BackendUtil.cpp`, LLVM 17 to 24.
fn include_directories(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        for option in ["-I", "-isystem", "-iquote"] {
            match word.strip_prefix(option) {
                Some("") => found.extend(rest.next().map(|it| (*it).to_owned())),
                Some(dir) => found.push(dir.to_owned()),
                None => {}
            }
        }
    }
    found
}

/// Adds names and contents of files to a key; none where one cannot be read.
pub(crate) fn hash(
    dir: &Path,
    files: &BTreeSet<PathBuf>,
    hasher: &mut blake3::Hasher,
) -> Option<()> {
    for file in files {
        hasher.update(file.as_os_str().as_encoded_bytes());
        hasher.update(b"\0");
        hasher.update(blake3::hash(&read_regular(&dir.join(file)).ok()?).as_bytes());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_where_the_command_finds_them() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        };
        for name in ["a.prof", "p/default.profdata", "inc/x.bin", "inc/both", "both", "list"] {
            write(name);
        }
        let asm = |path: &str| {
            let mut files = AsmFiles::default();
            files.read(&format!(".incbin \"{path}\""), false);
            files
        };
        let of = |text: &str, path: &str| {
            let words: Vec<&str> = text.split(' ').collect();
            let found = files(dir.path(), &words, [&asm(path)])?;
            Ok::<_, String>(found.iter().map(|it| it.display().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(of("-O2 -fprofile-use=p", "both").unwrap(), ["both", "p/default.profdata"]);
        assert_eq!(of("-mllvm -x=list -I inc", "x.bin").unwrap(), ["inc/x.bin", "list"]);
        assert_eq!(of("-Iinc -fprofile-sample-use=a.prof", "both").unwrap(), ["a.prof", "both"]);
        assert!(of("-O2", "x.bin").unwrap_err().starts_with("x.bin: "));
        assert!(of("-fprofile-use=gone", "both").unwrap_err().starts_with("gone: "));
        assert!(of("-fpass-plugin=list", "both").unwrap_err().contains("a plugin may read"));
        assert!(of("-O2", "\\file").unwrap_err().contains("its assembly has"));
    }
}
