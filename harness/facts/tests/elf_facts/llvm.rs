//! LLVM's tools, to make small objects and to hold our reading against.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of an LLVM 22 and what its tools have after their names: `TWINLTO_TEST_LLVM`
/// (`scripts/test` sets it), `PATH`, or what `scripts/fetch-llvm 22` brought.
pub(crate) struct Llvm {
    prefix: String,
    suffix: String,
}

/// None is a skip with a name; where `CI` is set it is a failure.
pub(crate) fn llvm(test: &str) -> Option<Llvm> {
    let found = find();
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{test}: no LLVM 22; scripts/setup brings one");
        skip(test, "no LLVM 22; scripts/setup brings one");
    }
    found
}

/// Names a test that cannot run here, past the capture of test output.
pub(crate) fn skip(test: &str, why: &str) {
    say(&format!("skip: {test}: {why}"));
}

/// Prints a line past the capture of test output.
pub(crate) fn say(line: &str) {
    let _closed = writeln!(std::io::stderr(), "{line}");
}

fn find() -> Option<Llvm> {
    let llvm = |prefix: String, suffix: &str| Llvm { prefix, suffix: suffix.to_owned() };
    match std::env::var("TWINLTO_TEST_LLVM") {
        Ok(it) if it.ends_with('/') => return Some(llvm(it, "")),
        Ok(it) => return Some(llvm(String::new(), &it)),
        Err(_) => {}
    }
    let path = std::env::var_os("PATH")?;
    if std::env::split_paths(&path).any(|dir| dir.join("llvm-readelf-22").is_file()) {
        return Some(llvm(String::new(), "-22"));
    }
    let cache = std::env::var_os("TWINLTO_CACHE")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/twinlto")))?;
    let bin = cache.join("llvm-22/usr/lib/llvm-22/bin");
    bin.join("clang").exists().then(|| llvm(format!("{}/", bin.display()), ""))
}

impl Llvm {
    /// Runs a tool; its output.
    pub(crate) fn run(&self, tool: &str, args: &[&str]) -> Vec<u8> {
        let name = format!("{}{tool}{}", self.prefix, self.suffix);
        let output = Command::new(&name).args(args).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name} {args:?}: {error}");
        output.stdout
    }

    /// Compiles or assembles `source`, a file name in `dir`, and reads what came of it.
    pub(crate) fn object(&self, dir: &Path, source: &str, text: &str, flags: &[&str]) -> Vec<u8> {
        let input = dir.join(source);
        let output = dir.join(format!("{source}.o"));
        std::fs::write(&input, text).unwrap();
        let (input, output) = (input.to_str().unwrap(), output.to_str().unwrap());
        self.run("clang", &[flags, &["-c", input, "-o", output]].concat());
        std::fs::read(output).unwrap()
    }
}
