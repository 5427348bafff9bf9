use crate::llvm::llvm;
use crate::oracle::{Compared, compare};
use std::path::{Path, PathBuf};

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

/// A directory of this test run.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
