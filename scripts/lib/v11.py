"""v11.py TREE: puts the v11 way of handing flags to the backend into a kernel tree.

In version 11 of the series the backend took its options from a make variable named after the
object's path, which the `.cmd` files of the IR objects set. An object that is built under one path
and linked under another (arch/arm64/kvm/../../../virt/kvm/x.o, virt/kvm/x.o) finds none.
The Makefile is replaced, never written in place: TREE may share its files with another one.
Exit status: 0 done, 1 the tree is not one that this edit is for; then it is left as it is.
"""

import os
import re
import sys

EDITS = (
    (
        r"\$\(shell sed -n '/saved_c_flags_/s/\.\*:= //p' \\\n\s*\$\(dir \$\(<\)\)\.\$\(notdir \$\(<\)\)\.cmd\)",
        r"$(saved_c_flags_$(<))",
    ),
    (
        r"-include \$\(foreach f, \$\(existing-targets\),",
        r"-include $(foreach f, $(existing-targets) $(wildcard $(native-objs:.thinlto-native.o=.o)),",
    ),
)


def main(tree):
    """Applies both edits or none."""
    name = os.path.join(tree, "scripts", "Makefile.thinlto")
    with open(name, encoding="utf-8") as file:
        text = file.read()
    for pattern, replacement in EDITS:
        text, times = re.subn(pattern, lambda _, new=replacement: new, text)
        if times != 1:
            print(f"error: {name}: the text to replace is there {times} times, not once\ncause: {pattern}", file=sys.stderr)
            return 1
    with open(name + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(name + ".new", name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
