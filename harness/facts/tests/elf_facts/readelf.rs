use crate::llvm::{llvm, say, skip};
use crate::oracle::{Compared, compare};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use twinlto_facts::elf::{Image, KernelTable, ObjectKind, Table, kind, tables};

const SOURCE: &str = "
extern int printk(const char *, ...) __attribute__((weak));
extern int other;
static int counter[4];
__thread int each;
int common;
int *pointer = &counter[2];
static __attribute__((noinline)) int helper(int n) { return counter[n & 3]++ + other; }
int f(int n) { return helper(n) + (printk ? printk(\"%d\", n) : 0) + each; }
__attribute__((visibility(\"hidden\"))) void g(void) { __builtin_trap(); }
";

/// A section group, a note, a weak alias and sections that only kernels have.
const ASSEMBLY: &str = "
.section .text.one,\"axG\",%progbits,one,comdat
.weak one
one: .long 0
.section .note.twin,\"a\",%note
.long 4, 3, 7
.asciz \"GNU\"
.byte 1, 2, 3, 0
.section __ex_table,\"a\"
.long one - ., undefined - .
.section \"___ksymtab+one\",\"a\"
.long 0
";

const TARGETS: [&str; 7] = [
    "x86_64-linux-gnu",
    "aarch64-linux-gnu",
    "riscv64-linux-gnu",
    "loongarch64-linux-gnusf",
    "i386-linux-gnu",
    "armv7-linux-gnueabi",
    "s390x-linux-gnu",
];

#[test]
fn readelf_reads_small_objects_as_we_do() {
    let test = "readelf_reads_small_objects_as_we_do";
    let Some(llvm) = llvm(test) else { return };
    let dir = scratch("readelf");
    let mut compared = Compared::default();
    for target in TARGETS {
        let target = format!("--target={target}");
        let variants: [(&str, &str, &[&str]); 5] = [
            ("a.c", SOURCE, &["-O2"]),
            ("b.c", SOURCE, &["-O2", "-ffunction-sections", "-fdata-sections", "-fcommon"]),
            ("c.c", SOURCE, &["-O0", "-g", "-gz=zlib", "-fno-addrsig"]),
            ("d.c", SOURCE, &["-O2", "-g", "-Wa,--crel,--allow-experimental-crel"]),
            ("e.s", ASSEMBLY, &[]),
        ];
        for (name, text, flags) in variants {
            let bytes = llvm.object(&dir, name, text, &[&[target.as_str()], flags].concat());
            let path = dir.join(format!("{name}.o"));
            match compare(&llvm, &path, &bytes) {
                Ok(it) => compared += it,
                Err(why) => panic!("{target} {name}: {why}"),
            }
        }
    }
    assert_eq!(compared.files, TARGETS.len() * 5);
    assert!(compared.relocations > 500, "{compared}");
}

/// Over a whole build directory: what `readelf` says of every ELF file, and that every kernel
/// table of them can be decoded.
#[test]
fn readelf_reads_a_build_as_we_do() {
    let test = "readelf_reads_a_build_as_we_do";
    let Some(dir) = std::env::var_os("TWINLTO_READELF_DIR") else {
        return skip(test, "TWINLTO_READELF_DIR names no build directory");
    };
    let Some(llvm) = llvm(test) else { return };
    let mut files = Vec::new();
    walk(Path::new(&dir), &mut files);
    let mut compared = Compared::default();
    let mut wrong = Vec::new();
    let mut decoded: BTreeMap<KernelTable, (usize, usize)> = BTreeMap::new();
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        if !matches!(kind(&bytes), ObjectKind::Elf(_)) {
            continue;
        }
        match compare(&llvm, path, &bytes) {
            Ok(it) => compared += it,
            Err(why) => wrong.push(format!("{}: {why}", path.display())),
        }
        let Ok(image) = Image::parse(&bytes) else { continue };
        for (which, result) in tables(&image) {
            match result {
                Ok(table) if table.entries.is_empty() => {}
                Ok(table) => {
                    let sum = decoded.entry(which).or_default();
                    *sum = (sum.0 + 1, sum.1 + table.entries.len());
                }
                Err(why) => wrong.push(format!("{}: {why}", path.display())),
            }
        }
    }
    say(&format!("{test}: {compared}"));
    for (which, (files, entries)) in decoded {
        say(&format!("  {which}: {entries} entries in {files} files"));
    }
    linking_keeps_tables(Path::new(&dir), &mut wrong);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared.files > 0, "no ELF file in {}", dir.display());
}

/// The linker moves entries of `vmlinux.o` and may sort them; it changes none.
fn linking_keeps_tables(dir: &Path, wrong: &mut Vec<String>) {
    let read = |name: &str| std::fs::read(dir.join(name)).ok();
    let (Some(before), Some(after)) = (read("vmlinux.o"), read("vmlinux")) else { return };
    let tables = |bytes: &[u8]| Some(tables(&Image::parse(bytes).ok()?));
    let (Some(before), Some(after)) = (tables(&before), tables(&after)) else { return };
    for ((which, before), (_, after)) in before.into_iter().zip(after) {
        let (Ok(before), Ok(after)) = (before, after) else { continue };
        say(&format!("  {which}: {} entries linked", after.entries.len()));
        if which != KernelTable::ExportSymbols {
            wrong.extend(first_difference(&before, &after));
        }
    }
}

fn first_difference(before: &Table, after: &Table) -> Option<String> {
    // What arm64's hypervisor takes from the kernel has two names in it, by the linker script
    // (arch/arm64/kernel/image-vars.h, Linux 7.3).
    let tally = |table: &Table| {
        let mut counts = BTreeMap::new();
        for (entry, count) in table.tally() {
            *counts.entry(entry.to_string().replace("__kvm_nvhe_", "")).or_insert(0) += count;
        }
        counts
    };
    let (one, other) = (tally(before), tally(after));
    let lost = one.iter().find(|(entry, count)| other.get(*entry) != Some(count));
    let new = other.iter().find(|(entry, count)| one.get(*entry) != Some(count));
    let line = |it: Option<(&String, &usize)>| {
        it.map_or("-".to_owned(), |(entry, n)| format!("{n} {entry}"))
    };
    (one != other).then(|| format!("{}: {} became {}", before.which, line(lost), line(new)))
}

/// A directory of this test run.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// Objects, modules and `vmlinux`; symbolic links are not followed.
fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() {
            walk(&path, files);
        } else if kind.is_file()
            && (name.ends_with(".o") || name.ends_with(".ko") || name.starts_with("vmlinux"))
        {
            files.push(path);
        }
    }
}
