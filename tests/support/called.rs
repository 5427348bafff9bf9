//! The tools of one LLVM by other names: what a build calls them must not matter.

use super::{kept_dir, program};
use std::path::{Path, PathBuf};

/// One way to call the tools of an LLVM.
pub struct Form {
    /// As `--llvm` takes it.
    pub llvm: String,
    /// `PATH`, in which they are.
    pub path: String,
}

/// By path, by suffix (Debian's and Ubuntu's way) and without either. `llvm` is the one of the tests.
/// Tools with a suffix need not be installed: links are made.
pub fn forms(llvm: &str) -> [Form; 3] {
    let dir = directory(llvm);
    let suffixed = kept_dir("suffixed");
    for entry in std::fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        let link = suffixed.join(format!("{}-22", entry.file_name().to_str().unwrap()));
        // Another run may have made it, of another LLVM.
        let _none = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(entry.path(), &link).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    let first = |dir: &Path| format!("{}:{path}", dir.display());
    [
        Form { llvm: format!("{}/", dir.display()), path: path.clone() },
        Form { llvm: "-22".to_owned(), path: first(&suffixed) },
        Form { llvm: "1".to_owned(), path: first(&dir) },
    ]
}

/// Where the programs of an LLVM are under their plain names.
fn directory(llvm: &str) -> PathBuf {
    let clang = PathBuf::from(program(llvm, "clang"));
    let found = match clang.parent() {
        Some(dir) if dir != Path::new("") => clang,
        _ => std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|dir| dir.join(&clang))
            .find(|path| path.is_file())
            .unwrap(),
    };
    found.canonicalize().unwrap().parent().unwrap().to_owned()
}
