//! A pocket kernel with an object that includes a file (`.incbin`), as `kernel/configs.c` of Linux does.

use super::edited_tree;
use std::path::{Path, PathBuf};

/// The file in the source tree, of which the build makes the one that is included.
pub const SOURCE: &str = "mm/util.txt";

/// The included file in a build directory.
pub const INCLUDED: &str = "mm/util.bin";

/// Such a tree.
pub fn hidden_tree(name: &str) -> PathBuf {
    let anchor = "# SPDX-License-Identifier: MIT OR Apache-2.0\n";
    // As `kernel/Makefile` of Linux 7.3 has it for `config_data.gz`.
    let rules = format!(
        "{anchor}\n$(obj)/util.o: $(obj)/util.bin\n\
         $(obj)/util.bin: $(srctree)/{SOURCE}\n\tcp $< $@\n"
    );
    let tree = edited_tree(name, &[("mm/Makefile", anchor, &rules)]);
    let path = tree.join("mm/util.c");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str(
        "\nasm(\".pushsection .rodata, \\\"a\\\"\\n\"\n\
         \"util_data: .incbin \\\"mm/util.bin\\\"\\n\"\n\".popsection\\n\");\n",
    );
    std::fs::write(path, text).unwrap();
    put(&tree, "first contents, of some length");
    tree
}

/// Other contents.
pub fn put(tree: &Path, text: &str) {
    std::fs::write(tree.join(SOURCE), text).unwrap();
}
