//! A file with something for every reader: to be damaged, and a seed for the fuzzers.

use crate::dwarf::{linked, unlinked};
use crate::riscv::attributes;
use crate::support::{A, AX, EXEC, FUNC, GLOBAL, LOCAL, NOTYPE, RISCV, SECTION, Shape, WA};

/// Linked or not.
pub(crate) fn rich(shape: Shape, e_type: u16) -> Vec<u8> {
    let mut elf = if e_type == EXEC { linked(shape) } else { unlinked(shape, RISCV, 1) };
    let base = |at: u64| if e_type == EXEC { 0x8000_0000 + at } else { 0 };
    let text = elf.section(".text", AX, base(0x1000), &[0; 16]);
    let word = shape.word() as u64;
    let entry = [base(0x1000), base(0x3000) + 1, base(0x3000)];
    let fields = |values: &[u64]| -> Vec<u8> {
        values.iter().flat_map(|value| shape.int(*value, shape.word())).collect()
    };
    let table = elf.section("__ksymtab", A, base(0x2000), &fields(&entry));
    let strings = elf.section("__ksymtab_strings", A, base(0x3000), b"\0f\0");
    elf.section("__kcrctab", A, base(0x4000), &[1; 4]);
    elf.section("__kflagstab", A, base(0x5000), &[1]);
    let calls = elf.section(".init.data", WA, base(0x6000), &fields(&[base(0x1000)]));
    let function = elf.symbol("f", GLOBAL, FUNC, text, base(0x1000));
    let string = elf.symbol("", LOCAL, SECTION, strings, base(0x3000));
    elf.symbol("__ksymtab_f", LOCAL, NOTYPE, table, base(0x2000));
    elf.symbol("__initcall_start", GLOBAL, NOTYPE, calls, base(0x6000));
    elf.symbol("__initcall_end", GLOBAL, NOTYPE, calls, base(0x6000) + word);
    if e_type == EXEC {
        elf.rela(0, &[(base(0x6000), 0, 3, base(0x1000) as i64)]);
    } else {
        elf.rela(table, &[(0, function, 1, 0), (word, string, 1, 1), (2 * word, string, 1, 0)]);
    }
    let mut version = shape.int(7, shape.word());
    version.extend(b"kfree");
    version.resize(64, 0);
    elf.section("__versions", A, 0, &version);
    elf.machine = RISCV;
    elf.section(".riscv.attributes", 0, 0, &attributes(shape, b"\x04\x10\x05rv64i2p1\0"));
    elf.section(".modinfo", A, 0, b"license=GPL\0");
    elf.bytes()
}
