//! Built-in modules: `modules.builtin`, `modules.builtin.ranges` and `-DKBUILD_MODFILE`.

use std::collections::BTreeSet;

/// The modules that `modules.builtin` lists, without `kernel/` and `.ko`
/// (`scripts/Makefile.modinst`, Linux 7.3): `drivers/tty/serial/8250/8250`.
#[must_use]
pub fn built_in_modules(text: &str) -> BTreeSet<String> {
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("kernel/"));
    names.filter_map(|line| line.strip_suffix(".ko")).map(str::to_owned).collect()
}

/// The modules that have a place in `modules.builtin.ranges`, by the last part of their name with
/// `-` for `_` (`scripts/generate_builtin_ranges.awk`, Linux 7.3: `.text 00001000-00002000 a b`;
/// the line with `=` names the anchor of a section).
#[must_use]
pub fn ranges_modules(text: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace().skip(2);
        let Some(first) = words.next().filter(|word| *word != "=") else { continue };
        modules.extend([first].into_iter().chain(words).map(str::to_owned));
    }
    modules
}

/// What the command of an object says about the module that it would be in:
/// `-DKBUILD_MODFILE='"drivers/base/core"'` (`scripts/Makefile.lib`, Linux 7.3).
#[must_use]
pub fn modfile(command: &str) -> Option<&str> {
    let (_, rest) = command.split_once("-DKBUILD_MODFILE=")?;
    let rest = rest.trim_start_matches(['\'', '"', '\\']);
    let end = rest.find(['"', '\'', '\\', ' '])?;
    rest.get(..end).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_name_the_same_modules() {
        let listed = built_in_modules("kernel/lib/crc-x.ko\nkernel/fs/binfmt.ko\n\nodd\n");
        assert_eq!(listed, ["fs/binfmt", "lib/crc-x"].map(str::to_owned).into());
        let text = ".text 00000000-00000000 = _stext\n.text 00000010-00000020 crc_x\n\
            .data 00000000-00000008 a b\n\n.text\n";
        assert_eq!(ranges_modules(text), ["a", "b", "crc_x"].map(str::to_owned).into());
    }

    #[test]
    fn a_command_tells_its_module() {
        assert_eq!(modfile("clang -DKBUILD_MODFILE='\"lib/a\"' -c"), Some("lib/a"));
        assert_eq!(modfile("clang -DKBUILD_MODFILE="), None);
        assert_eq!(modfile("clang -c a.c"), None);
    }
}
