use super::TableEntry;
use super::row::{Reader, Row};
use crate::elf::place::Encoding;
use twinlto_model::Arch;

/// When a fixup is called, in the order of `include/asm-generic/vmlinux.lds.h`, Linux 7.3.
const PASSES: [&str; 8] =
    ["early", "header", "final", "enable", "resume", "suspend", "resume_early", "suspend_late"];

/// `early 8086:1234`, `any` for either, with the function; `class 0x604 shift 8` where only a
/// class of devices is meant. Under LTO the function is a stub (`__UNIQUE_ID_…`).
///
/// Source: `struct pci_fixup` in `include/linux/pci.h`, Linux 6.1 to 7.3: two 16-bit and two
/// 32-bit numbers, then the function: relative on x86 and arm64
/// (`CONFIG_HAVE_ARCH_PREL32_RELOCATIONS`), else an address. A linked kernel has all passes in
/// one section, with symbols between.
pub(super) fn read(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let mut entries = Vec::new();
    for pass in PASSES {
        let spans = reader.named_or_between(
            &format!(".pci_fixup_{pass}"),
            &format!("__start_pci_fixups_{pass}"),
            &format!("__end_pci_fixups_{pass}"),
        )?;
        let spans = reader.spans(spans);
        if spans.is_empty() {
            continue;
        }
        let (encoding, size) = match (reader.arch()?, reader.word()) {
            (Arch::X86_64 | Arch::Arm64, _) => (Encoding::Prel32, 16),
            (_, 8) => (Encoding::Absolute, 24),
            _ => (Encoding::Absolute, 16),
        };
        let at = size - encoding.size(reader.image);
        let read = |row: &Row<'_, '_, '_, '_>| entry(row, pass, at, encoding);
        entries.extend(spans.each(size, read).map_err(|why| format!("{pass}: {why}"))?);
    }
    if entries.is_empty() && !reader.sections(".pci_fixup").is_empty() {
        return Err("no symbols tell its passes apart".to_owned());
    }
    Ok(entries)
}

fn entry(
    row: &Row<'_, '_, '_, '_>,
    pass: &str,
    at: u64,
    encoding: Encoding,
) -> Result<TableEntry, String> {
    // PCI_ANY_ID is ~0, in fields of 16 and of 32 bits.
    let id =
        |number: u64| if number == 0xffff { "any".to_owned() } else { format!("{number:04x}") };
    let (vendor, device) = (id(row.uint(0, 2)?), id(row.uint(2, 2)?));
    let class = match (row.uint(4, 4)?, row.uint(8, 4)?) {
        (0xffff_ffff, 0) => String::new(),
        (class, shift) => format!(" class {class:#x} shift {shift}"),
    };
    let fact = format!("{pass} {vendor}:{device}{class}");
    Ok(TableEntry { fact, symbols: vec![row.function(at, encoding)?], detail: String::new() })
}
