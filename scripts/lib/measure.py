"""measure.py JOBS LIST OUT BIN...: what scripts/measure-options runs.

For every line of LIST, architecture and LLVM (whose programs are in BIN): two modules compiled to
ThinLTO bitcode with the option, a thin link, and backends with and without it, compared byte for
byte. The sources lie beside LIST. Writes OUT, sorted, and prints how many results of each kind.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

# riscv as the kernel has it: lld learns no ABI with floating point from bitcode, and is told the
# features of what belongs to no function.
TARGETS = {
    "x86_64": ["--target=x86_64-linux-gnu"],
    "arm64": ["--target=aarch64-linux-gnu"],
    "riscv": ["--target=riscv64-linux-gnu", "-march=rv64imac_zicsr_zifencei", "-mabi=lp64"],
    "loongarch": ["--target=loongarch64-linux-gnu"],
}
LINK = {"riscv": ["-mllvm", "-mattr=+c,+relax"]}
# -fno-PIE: what a clang was configured to assume must not decide. The directory of the run must
# not get into debug information.
BASE = ["-O2", "-fno-PIE", "-fdebug-compilation-dir=.", "-Wno-unused-command-line-argument"]
HEADER = """\
# Written by scripts/measure-options from cases/options/list.tsv; docs/OPTIONS.md tells how to read it.
# option\tgiven always\tLLVM\tarchitecture\tresult\tbitcode\tbackend alone\tin-process\tsizes or why not
"""


class Failed(Exception):
    """A program that ended with another status than 0; the first line that says why."""


class Llvm:
    def __init__(self, bin_dir):
        self.bin = bin_dir
        said = subprocess.run([self.program("clang"), "--version"], capture_output=True, text=True, check=True)
        found = re.search(r"version (\d+)\.(\d+)\.(\d+)", said.stdout)
        if not found:
            sys.exit(f"error: no version of clang in {bin_dir}: {said.stdout[:80]!r}")
        self.release = ".".join(found.groups())

    def program(self, name):
        return os.path.join(self.bin, name)


def run(argv, cwd):
    """Runs a program; what it fails with is one line, without the directory of the run."""
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    # clang reports an index that it cannot read, and ends with 0.
    lines = [line for line in done.stderr.splitlines() if "error:" in line]
    if done.returncode or lines:
        lines = lines or done.stderr.splitlines()[:1] or [f"status {done.returncode}"]
        text = re.sub(r"^.*?error: ", "", lines[0])
        text = re.sub(r"/\S*/", "", text)
        raise Failed(" ".join(text.split()))


class Case:
    """One source on one architecture with one LLVM: modules, thin link and backends in a directory
    each, so that every file has the same relative name whatever it was made with."""

    def __init__(self, llvm, arch, source, home):
        self.llvm, self.source, self.home = llvm, source, home
        self.clang = [llvm.program("clang"), *TARGETS[arch], *BASE]
        self.link = LINK.get(arch, [])
        self.counter = 0

    def directory(self):
        self.counter += 1
        path = os.path.join(self.home, str(self.counter))
        os.makedirs(path)
        return path

    def modules(self, options):
        """Bitcode and indexes; gives the directory."""
        cwd = self.directory()
        for output, source in (("main.o", self.source), ("other.o", "other")):
            run([*self.clang, *options, "-flto=thin", "-fsplit-lto-unit", "-c",
                 "-o", output, f"../../src/{source}.c"], cwd)
        run([self.llvm.program("ld.lld"), "-r", "--thinlto-index-only", "-o", "none", "main.o", "other.o"], cwd)
        return cwd

    def backend(self, cwd, options, index=True):
        """The native object, with whatever is written beside it; none before it."""
        for name in ("native.o", "native.dwo"):
            if os.path.exists(os.path.join(cwd, name)):
                os.remove(os.path.join(cwd, name))
        argv = [*self.clang, *options, "-x", "ir", "-fno-lto", "-c", "-o", "native.o", "main.o"]
        if index:
            argv.insert(-4, "-fthinlto-index=main.o.thinlto.bc")
        run(argv, cwd)
        data = read(cwd, "native.o")
        beside = os.path.join(cwd, "native.dwo")
        return data + read(cwd, "native.dwo") if os.path.exists(beside) else data

    def in_process(self, cwd):
        run([self.llvm.program("ld.lld"), "-r", *self.link, "--lto-obj-path=P", "-o", "whole.o", "main.o", "other.o"], cwd)
        return read(cwd, "P1")


def read(cwd, name):
    with open(os.path.join(cwd, name), "rb") as file:
        return file.read()


SECTIONS = ["-ffunction-sections", "-fdata-sections"]


class Base:
    """What is made without the option: bitcode, and the backend of it."""

    def __init__(self, case, given):
        self.cwd = case.modules(given)
        self.bitcode = [read(self.cwd, "main.o"), read(self.cwd, "other.o")]
        self.native = case.backend(self.cwd, given)
        self.in_process = case.backend(self.cwd, [*given, *SECTIONS]) == case.in_process(self.cwd)
        # Where nothing is imported, the index did nothing, and a backend is not what a kernel's is.
        self.imports = case.backend(self.cwd, given, index=False) != self.native


def measure(case, base, option, given):
    """The columns behind the architecture."""
    words = option.split()
    try:
        cwd = case.modules([*given, *words])
    except Failed as why:
        return ["rejected", "-", "-", "-", str(why)]
    bitcode = "same" if [read(cwd, "main.o"), read(cwd, "other.o")] == base.bitcode else "differs"
    try:
        with_it = case.backend(cwd, [*given, *words])
    except Failed as why:
        # An assembler of its own is a matter of the machine, not of the option.
        if "assembler command failed" in str(why) or "no such program" in str(why):
            return ["not measured", bitcode, "-", "-", "no assembler for it on that machine"]
        return ["rejected", bitcode, "-", "-", f"backend: {why}"]
    try:
        without = case.backend(cwd, given)
        sizes = f"{len(with_it)} {len(without)}"
    except Failed as why:
        without, sizes = None, f"without it: {why}"
    if with_it != without:
        # What the same command makes in two ways says nothing of options.
        if case.backend(cwd, [*given, *words]) != with_it:
            sys.exit(f"error: {option}: the same command makes two objects with LLVM {case.llvm.release}")
        result = "changes"
    elif with_it != base.native:
        result = "same"
    else:
        result = "no effect here"
    return [result, bitcode, alone(case, base, [*given, *words]), inside(case, base, cwd, [*given, *words]), sizes]


def alone(case, base, options):
    """What the option does to a backend whose front end had it not."""
    try:
        return "changes" if case.backend(base.cwd, options) != base.native else "same"
    except Failed:
        return "fails"


def inside(case, base, cwd, options):
    """Whether the in-process link, which is told nothing, makes what the backend makes; only where
    it does so without the option too."""
    if not base.in_process:
        return "-"
    try:
        return "same" if case.in_process(cwd) == case.backend(cwd, [*options, *SECTIONS]) else "differs"
    except Failed:
        return "fails"


def group(llvm, arch, source, rows, home):
    """All rows of one source; those with the same context share what is made without the option."""
    case = Case(llvm, arch, source, home)
    bases, found = {}, []
    for option, given in rows:
        words = given.split() if given != "-" else []
        if given not in bases:
            try:
                bases[given] = Base(case, words)
            except Failed as why:
                bases[given] = why
        base = bases[given]
        if isinstance(base, Failed):
            columns = ["rejected", "-", "-", "-", f"without it: {base}"]
        elif not base.imports:
            sys.exit(f"error: nothing is imported into {source}.c on {arch} with LLVM {llvm.release}")
        else:
            columns = measure(case, base, option, words)
        found.append((option, given, llvm.release, arch, *columns))
    shutil.rmtree(home)
    return found


def read_list(path):
    """(option, architectures, source, context) of each line."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 4:
                sys.exit(f"error: {path}:{number}: {len(fields)} fields, not 4")
            archs = list(TARGETS) if fields[1] == "all" else fields[1].split(",")
            unknown = [arch for arch in archs if arch not in TARGETS]
            if unknown:
                sys.exit(f"error: {path}:{number}: unknown architecture {unknown[0]}")
            rows.append((fields[0], archs, fields[2], fields[3]))
    return rows


def number(release):
    return tuple(int(part) for part in release.split("."))


def kept(path, releases):
    """Measurements with LLVMs of other versions that OUT already has."""
    majors = {number(release)[0] for release in releases}
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return [tuple(line) for line in lines if len(line) == 9 and number(line[2])[0] not in majors]


def main(jobs, list_path, out, bins):
    llvms = [Llvm(path) for path in bins]
    rows = read_list(list_path)
    scratch = tempfile.mkdtemp(prefix="twinlto-options.")
    try:
        shutil.copytree(os.path.dirname(list_path), os.path.join(scratch, "src"))
        work = []
        for llvm in llvms:
            for arch in TARGETS:
                for source in sorted({row[2] for row in rows}):
                    mine = [(row[0], row[3]) for row in rows if row[2] == source and arch in row[1]]
                    home = os.path.join(scratch, f"{len(work)}")
                    if mine:
                        work.append((llvm, arch, source, mine, home))
        with ThreadPoolExecutor(jobs) as pool:
            found = [line for lines in pool.map(lambda args: group(*args), work) for line in lines]
    finally:
        shutil.rmtree(scratch)
    mine = {llvm.release for llvm in llvms}
    asked = {(option, given, arch) for option, archs, _, given in rows for arch in archs}
    found += [line for line in kept(out, mine) if (line[0], line[1], line[3]) in asked]
    found.sort(key=lambda line: (line[0], line[1], number(line[2]), list(TARGETS).index(line[3])))
    part = f"{out}.part"
    with open(part, "w", encoding="utf-8") as file:
        file.write(HEADER)
        for line in found:
            file.write("\t".join(line) + "\n")
    os.rename(part, out)
    counts = {}
    for line in found:
        if line[2] in mine:
            counts[line[4]] = counts.get(line[4], 0) + 1
    print(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
