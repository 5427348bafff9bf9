"""What scripts/acceptance asks of a JSON report of twinlto.

  report.py agree REPORT ARCH...            every ARCH agrees, and the counts are those of a kernel
  report.py matrix REPORT CELLS             that many cells agree, and the rename policy that changes
                                            with LLVM 23 is found and explained
Exit status: 0 yes, 1 no (with one line a reason), 2 not a report.
"""

import json
import sys

SHORT = {"distributed": "dist", "in-process": "in-proc", "reference": "ref"}
# What a tiny Linux 6.12 or 7.3 has: count, its heading, at least, at most.
BOUNDS = (
    ("ir_objects", "  IR", 500, 900),
    ("native_objects", "native", 500, 900),
    ("exports", "exports", 3000, None),
    ("symbols", "symbols", 10001, None),
    ("sections", "sections", 1, None),
    ("initcalls", "initcalls", 101, None),
    ("flags_compared", "  flags", 1, None),
)


def agree(report, arches):
    """Prints the table of counts; yields what is wrong."""
    modes = report.get("comparison", "").split(" against ")
    if len(modes) != 2:
        yield f"it does not compare two modes: {report.get('comparison')}"
        return
    cells = {(c.get("arch"), c.get("mode")): c for c in report.get("cells", [])}
    print(f"{'':<18}" + "".join(f"{heading:>{len(heading) + 2}}" for _, heading, _, _ in BOUNDS) + f"{'seconds':>9}")
    for arch in arches:
        for mode in modes:
            cell = cells.get((arch, mode))
            if cell is None:
                yield f"{arch} {mode}: not in the report"
                continue
            counts = cell.get("counts", {})
            seconds = sum(t.get("seconds", 0) if isinstance(t, dict) else t for t in cell.get("timings", {}).values())
            print(
                f"{arch + ' ' + SHORT.get(mode, mode):<18}"
                + "".join(f"{counts.get(name, '-'):>{len(heading) + 2}}" for name, heading, _, _ in BOUNDS)
                + f"{seconds:>9.0f}"
            )
            if cell.get("outcome") != "agree":
                yield f"{arch} {mode}: outcome is {cell.get('outcome')} {cell.get('why', '')}".rstrip()
    for arch in arches:
        for twin in report.get("twins", []):
            if twin.get("arch") == arch and twin.get("outcome") != "agree":
                yield f"{arch}: outcome is {twin.get('outcome')} {twin.get('why', '')}".rstrip()
        here = [cells[arch, mode].get("counts", {}) for mode in modes if (arch, mode) in cells]
        # The flags and the native objects belong to the distributed build alone.
        for name, _, least, most in BOUNDS:
            value = max((counts.get(name, 0) for counts in here), default=0)
            if value < least:
                yield f"{arch}: {name} is {value}, expected at least {least}"
            if most is not None and value > most:
                yield f"{arch}: {name} is {value}, expected at most {most}"
        for counts in here[:1]:
            if counts.get("ir_objects") != counts.get("native_objects"):
                yield f"{arch}: {counts.get('ir_objects')} IR objects, {counts.get('native_objects')} native objects"
        if "in-process" not in modes:
            natives = here[0].get("natives_identical") if here else None
            print(f"{arch}: {natives} native objects are identical, byte for byte")
            if natives != here[0].get("native_objects"):
                yield f"{arch}: of {here[0].get('native_objects')} native objects {natives} are identical"
        for name in ("exports", "initcalls"):
            if len({counts.get(name) for counts in here}) > 1:
                yield f"{arch}: {name} is not the same in both modes: {[counts.get(name) for counts in here]}"
    if report.get("outcome") != "agree":
        yield f"the outcome is {report.get('outcome')} {report.get('why', '')}".rstrip()


def matrix(report, cells):
    """Yields what is wrong with a matrix over LLVM 22 and 23."""
    outcomes = [c.get("outcome", c.get("state")) for c in report.get("cells", [])]
    if outcomes.count("agree") != cells or len(outcomes) != cells:
        yield f"{cells} cells should agree, and they are {', '.join(map(str, outcomes))}"
    changes = [c for c in report.get("changes", []) if " 22." in c["from"] and " 23." in c["to"]]
    arches = {a for cell in report.get("cells", []) for a in [cell["arch"]]}
    for arch in sorted(arches):
        numbers = [
            n
            for change in changes
            for n in change["numbers"]
            if n["arch"] == arch and n["name"] == "promoted_symbols"
        ]
        fewer = [n for n in numbers if n["mode"] == "in-process" and n["after"] < n["before"]]
        if not fewer:
            yield f"{arch}: fewer promoted names in-process with LLVM 23 are not told"
        for number in fewer:
            print(f"{arch}: in-process promotes {number['after']} names with LLVM 23, {number['before']} with 22")
    new = [f for change in changes for f in change["new"] if f["key"] == "symbol.promotion.policy"]
    if not any("always-rename-promoted-locals" in (f.get("cause") or "") for f in new):
        yield "the rename policy that changes with LLVM 23 is not explained"


def main(argv):
    """Dispatches; the exit status."""
    try:
        with open(argv[1], encoding="utf-8") as file:
            report = json.load(file)
        schema = "twinlto.matrix/1" if argv[0] == "matrix" else "twinlto.report/1"
        if report.get("schema") != schema:
            raise ValueError(f"schema is {report.get('schema')}")
    except (IndexError, OSError, ValueError, AttributeError) as error:
        print(f"error: not a report of twinlto\ncause: {error}", file=sys.stderr)
        return 2
    wrong = list(matrix(report, int(argv[2])) if argv[0] == "matrix" else agree(report, argv[2:]))
    for line in wrong:
        print(f"wrong: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
