//! How kbuild names the files that belong to an object.

/// The file that keeps the command of a target: `a/.b.o.cmd` for `a/b.o` (`dot-target` in
/// `scripts/Kbuild.include`, Linux 7.3).
#[must_use]
pub fn cmd_path(target: &str) -> String {
    match target.rsplit_once('/') {
        Some((dir, base)) => format!("{dir}/.{base}.cmd"),
        None => format!(".{target}.cmd"),
    }
}

/// The native object of an IR object: `X.thinlto-native.o` for `X.o`
/// (`scripts/Makefile.thinlto`, Linux 7.3).
#[must_use]
pub fn native_path(object: &str) -> String {
    format!("{}.thinlto-native.o", object.strip_suffix(".o").unwrap_or(object))
}

/// The index of an IR object, as lld names it: `X.o.thinlto.bc` for `X.o`.
#[must_use]
pub fn index_path(object: &str) -> String {
    format!("{object}.thinlto.bc")
}
