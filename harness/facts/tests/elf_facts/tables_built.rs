//! Tables as an assembler and a linker make them, in each architecture's way.

use crate::llvm::{Llvm, llvm};
use crate::readelf::scratch;
use twinlto_facts::elf::{Image, tables};

const SHARED: &str = "
.macro object name
.globl \\name
.type \\name,%object
\\name: .quad 0, 0
.size \\name, 16
.endm
.macro function name
.globl \\name
.type \\name,%function
\\name: .long 0, 0, 0, 0
.size \\name, 16
.endm
.text
function first
function second
.section .rodata.names,\"a\"
name: .asciz \"mod.name\"
text: .asciz \"nosmp\"
file: .asciz \"lib/a.c\"
.data
.balign 8
object operations
object key
.section __param,\"a\"
.balign 8
.quad name, 0, operations
.short 0644
.byte -1, 1
.balign 8
.quad key + 8
.section .init.setup,\"aw\"
.balign 8
.quad text, second
.long 1
.balign 8
.section __ex_table,\"a\"
.balign 4
.long first + 4 - ., second - .
.short 2, 0
.section __jump_table,\"aw\"
.balign 8
.long first - ., second + 4 - .
.quad key + 9 - .
.section .static_call_sites,\"a\"
.long first + 8 - ., key + 1 - .
.section .static_call_tramp_key,\"a\"
.long second - ., key - .
.section .export_symbol,\"a\"
.balign 8
__export_symbol_first:
.asciz \"GPL\"
.ascii \"NS\\0\"
.balign 8
.quad first
.balign 8
__export_symbol_outside:
.asciz \"\"
.ascii \"\\0\"
.balign 8
.quad outside
";

const FORMATTED_BUG: &str = "
.section __bug_table,\"aw\"
.balign 4
.long second + 4 - ., text - ., file - .
.short 7, 0x903
";

const BUG: &str = "
.section __bug_table,\"aw\"
.balign 4
.long second + 4 - ., file - .
.short 7, 0x903
";

const RELATIVE_FIXUP: &str = "
.section .pci_fixup_early,\"a\"
.balign 16
.short 0x8086, 0xffff
.long 0xffffffff, 0, second - .
";

const FIXUP: &str = "
.section .pci_fixup_early,\"a\"
.balign 8
.short 0x8086, 0xffff
.long 0xffffffff, 0
.balign 8
.quad second
";

const SCRIPT: &str = "SECTIONS {
. = 0x80000000;
.text : { *(.text) }
.rodata : { *(.rodata.names) . = ALIGN(8);
__start___jump_table = .; *(__jump_table) __stop___jump_table = .;
__start_static_call_sites = .; *(.static_call_sites) __stop_static_call_sites = .;
__start_static_call_tramp_key = .; *(.static_call_tramp_key) __stop_static_call_tramp_key = .; }
__param : { *(__param) }
__ex_table : { *(__ex_table) }
__bug_table : { *(__bug_table) }
.altinstructions : { *(.altinstructions) }
.alternative : { *(.alternative) }
.pci_fixup : { __start_pci_fixups_early = .; *(.pci_fixup_early) __end_pci_fixups_early = .; }
.init.data : { __setup_start = .; *(.init.setup) __setup_end = .; }
.data : { *(.data) }
/DISCARD/ : { *(.export_symbol) *(.eh_frame) *(.riscv.attributes) }
}";

/// Target, further flags, what only it has, and the lines that differ.
const TARGETS: [(&str, &str, &[&str], [&str; 3]); 5] = [
    (
        "x86_64-linux-gnu",
        "",
        &[
            FORMATTED_BUG,
            RELATIVE_FIXUP,
            ".section .altinstructions,\"a\"
            .long first - ., second - .
            .short 3*32+21, 1
            .byte 5, 3\n",
        ],
        [
            "clear",
            ".altinstructions feature 3*32+21 not, 5 to 3 bytes: first",
            "__ex_table fault: first+0x4, second",
        ],
    ),
    (
        "aarch64-linux-gnu",
        "",
        &[
            BUG,
            RELATIVE_FIXUP,
            ".section .altinstructions,\"a\"
            .long first - ., second - .
            .short 0x8000 + 12
            .byte 4, 0\n",
        ],
        [
            "clear",
            ".altinstructions cpucap 12 callback, 4 to 0 bytes: first, second",
            "__ex_table uaccess-err-zero: first+0x4, second",
        ],
    ),
    (
        "riscv64-linux-gnu",
        "-mrelax",
        &[
            BUG,
            FIXUP,
            ".section .alternative,\"a\"
            .long first - ., second - .
            .short 0x489, 4
            .long 7\n",
        ],
        [
            "sums",
            ".altinstructions vendor 0x489 patch 7, 4 bytes: first",
            "__ex_table bpf: first+0x4, second",
        ],
    ),
    (
        "loongarch64-linux-gnusf",
        "",
        &[BUG, FIXUP, LOONGARCH],
        [
            "clear",
            ".altinstructions feature 5, 4 to 4 bytes: first",
            "__ex_table uaccess-err-zero: first+0x4, second",
        ],
    ),
    (
        "loongarch64-linux-gnusf",
        "-mrelax",
        &[BUG, FIXUP, LOONGARCH],
        [
            "clear",
            ".altinstructions feature 5, 4 to 4 bytes: first",
            "__ex_table uaccess-err-zero: first+0x4, second",
        ],
    ),
];

const LOONGARCH: &str = ".section .altinstructions,\"a\"
.long first - ., second - .
.short 5
.byte 4, 4\n";

fn lines(bytes: &[u8]) -> Vec<String> {
    let image = Image::parse(bytes).unwrap();
    let mut lines = Vec::new();
    for (which, table) in tables(&image) {
        lines.extend(table.unwrap().entries.iter().map(|entry| format!("{which} {entry}")));
    }
    lines
}

#[test]
fn linking_changes_no_entry_of_any_architecture() {
    let Some(llvm) = llvm("linking_changes_no_entry_of_any_architecture") else { return };
    for (target, flag, own, [relocations, alternative, fault]) in TARGETS {
        let expected = |linked: bool| {
            let mut lines = vec![
                "__param mod.name 0644 level -1 flags 0x1: operations, key+0x8",
                ".init.setup nosmp early: second",
                fault,
                "__bug_table warn once taint 9 at lib/a.c:7: second+0x4",
                alternative,
                "__jump_table key branch: key+0x8, first, second+0x4",
                ".static_call_sites tail call: key, first+0x8",
                ".static_call_tramp_key trampoline: second, key",
            ];
            if !linked {
                lines.push(".export_symbol first GPL ns NS: first");
                lines.push(".export_symbol outside: outside");
            }
            lines.push(".pci_fixup early 8086:any: second");
            lines
        };
        let (object, image) = build(&llvm, target, flag, own);
        assert_eq!(lines(&object), expected(false), "{target} {flag}, object");
        assert_eq!(lines(&image), expected(true), "{target} {flag}, linked");
        let counts = Image::parse(&object).unwrap().relocation_counts().unwrap();
        let sums = counts.iter().any(|it| it.kind.contains("_SUB32"));
        assert_eq!(if sums { "sums" } else { "clear" }, relocations, "{target} {flag}");
    }
}

/// The object and what it links to.
fn build(llvm: &Llvm, target: &str, flag: &str, own: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let dir = scratch("tables");
    let name = format!("{target}{flag}.s");
    let flags = [format!("--target={target}"), flag.to_owned()];
    let flags: Vec<&str> = flags.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
    let text = [&[SHARED], own].concat().concat();
    let object = llvm.object(&dir, &name, &text, &flags);
    let script = dir.join("script.lds");
    std::fs::write(&script, SCRIPT).unwrap();
    let path = |end: &str| dir.join(format!("{name}.{end}")).to_str().unwrap().to_owned();
    let (input, output) = (path("o"), path("elf"));
    llvm.run("ld.lld", &["-T", script.to_str().unwrap(), &input, "-o", &output, "-e", "first"]);
    (object, std::fs::read(output).unwrap())
}
