//! Which LLVM the tests use, for all test binaries (they include this file by its path).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// An LLVM to test with, as `--llvm` takes it: `TWINLTO_TEST_LLVM` (`scripts/test` sets it), an
/// LLVM 22 in `PATH`, or the one that `scripts/fetch-llvm 22` brought.
///
/// None is a skip with a name; where `CI` is set it is a failure.
pub(crate) fn llvm(test: &str) -> Option<&'static str> {
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    let found = FOUND.get_or_init(find);
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{test}: no LLVM 22; scripts/setup brings one");
        skip(test, "no LLVM 22; scripts/setup brings one");
    }
    found.as_deref()
}

fn find() -> Option<String> {
    if let Ok(llvm) = std::env::var("TWINLTO_TEST_LLVM") {
        return Some(llvm);
    }
    let in_path = |dir: PathBuf| dir.join("clang-22").is_file() && dir.join("ld.lld-22").is_file();
    if std::env::split_paths(&std::env::var_os("PATH")?).any(in_path) {
        return Some("-22".to_owned());
    }
    let cache = std::env::var_os("TWINLTO_CACHE")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/twinlto")))?;
    let bin = cache.join("llvm-22/usr/lib/llvm-22/bin");
    bin.join("clang").exists().then(|| format!("{}/", bin.display()))
}

/// One of its tools.
pub(crate) fn program(llvm: &str, tool: &str) -> String {
    match llvm {
        "1" => tool.to_owned(),
        suffix if suffix.starts_with('-') => format!("{tool}{suffix}"),
        dir => Path::new(dir).join(tool).display().to_string(),
    }
}

/// Names a test that cannot run here, past the capture of test output.
pub(crate) fn skip(test: &str, why: &str) {
    say(&format!("skip: {test}: {why}"));
}

/// Prints a line past the capture of test output.
pub(crate) fn say(line: &str) {
    let _closed = writeln!(std::io::stderr(), "{line}");
}
