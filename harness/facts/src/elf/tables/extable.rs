use super::TableEntry;
use super::row::Reader;
use crate::elf::place::Encoding;
use twinlto_model::Arch;

/// The type, with the code that may fault and the code that goes on; in detail the registers and
/// values that are kept beside the type.
///
/// Source: `struct exception_table_entry` in `arch/*/include/asm/extable.h`, 12 bytes with two
/// relative words first: x86, arm64 and riscv in Linux 6.1 to 7.3, loongarch from 6.2. The older
/// one of loongarch, which has no types, is refused: its bytes lead to no code.
pub(super) fn read(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let spans = reader.named_or_between("__ex_table", "__start___ex_table", "__stop___ex_table")?;
    let spans = reader.spans(spans);
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let arch = reader.arch()?;
    // x86 has an int, of which the low byte is the type (EX_DATA_TYPE_MASK), the others a short.
    let size = if arch == Arch::X86_64 { 1 } else { 2 };
    spans.each(12, |row| {
        Ok(TableEntry {
            fact: type_name(arch, row.uint(8, size)?),
            symbols: vec![row.code(0, Encoding::Prel32)?, row.code(4, Encoding::Prel32)?],
            detail: format!("{:#x}", row.uint(8, 4)?),
        })
    })
}

/// `EX_TYPE_*` of `extable_fixup_types.h` and `asm-extable.h`, as far as the number has had one
/// meaning from Linux 6.1 to 7.3 (arm64 gave 4 to another type).
fn type_name(arch: Arch, number: u64) -> String {
    let names: &[&str] = match arch {
        Arch::X86_64 => &[
            "none",
            "default",
            "fault",
            "uaccess",
            "",
            "clear-fs",
            "fpu-restore",
            "bpf",
            "wrmsr",
            "rdmsr",
            "wrmsr-safe",
            "rdmsr-safe",
            "wrmsr-in-mce",
            "rdmsr-in-mce",
            "default-mce-safe",
            "fault-mce-safe",
            "pop-reg",
            "imm-reg",
            "fault-sgx",
            "ucopy-len",
            "zeropad",
            "eretu",
        ],
        Arch::Arm64 => &["none", "bpf", "uaccess-err-zero", "kaccess-err-zero"],
        Arch::Riscv => &["none", "fixup", "bpf", "uaccess-err-zero", "load-unaligned-zeropad"],
        Arch::Loongarch => &["none", "fixup", "uaccess-err-zero", "bpf"],
    };
    let name = usize::try_from(number).ok().and_then(|number| names.get(number));
    match name.filter(|name| !name.is_empty()) {
        Some(name) => (*name).to_owned(),
        None => format!("type {number}"),
    }
}
